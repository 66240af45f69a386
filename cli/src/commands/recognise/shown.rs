//! What was found valid, as the engine takes it.

use crate::commands::verify::Verified;
use carnet_proto::cbor::Decode as _;
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::skill::{ClaimType, Endorsed, Skill};
use carnet_proto::evidence::Evidence;
use carnet_proto::id::{CredentialId, Did, Digest};
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::Presentation;
use carnet_proto::recognition::Shown;
use carnet_proto::time::Date;
use carnet_proto::verify::report::{CredentialReport, Disclosed, Link, Verdict};
use carnet_proto::verify::{Sameness, sameness};

/// An attestation that is valid.
pub struct Attestation<'j> {
    disclosed: &'j Disclosed,
    skill: &'j Skill,
    id: Option<CredentialId>,
    issuer: Option<Did>,
    issuer_name: Option<&'j str>,
    accredited_from: Option<Date>,
    accredited_until: Option<Date>,
}

/// Everything that is valid, and what is known of logs by it.
pub struct Accepted<'j> {
    attestations: Vec<Attestation<'j>>,
    /// Whether one was left out because a newer one replaces it.
    pub has_superseded: bool,
    /// The agreements by which something was found valid.
    pub by_agreements: Vec<Digest>,
    /// Logs, as the node has them.
    pub fetched: Ledger,
    /// Logs, those of the stapled evidence included.
    pub ledger: Ledger,
    sameness: Sameness,
}

impl<'j> Accepted<'j> {
    /// Takes what is valid.
    pub fn of(verified: &Verified<'j>) -> Self {
        let (judged, fetched) = (verified.judged, verified.ledger.clone());
        let mut ledger = fetched.clone();
        let valid = || judged.iter().filter(|judged| judged.report.verdict == Verdict::Valid);
        for judged in valid() {
            let evidence = Presentation::from_cbor(&judged.body).ok().and_then(|p| p.evidence);
            if let Some(evidence) = evidence.and_then(|bytes| Evidence::from_cbor(&bytes).ok()) {
                ledger.merge(&evidence.verify().0);
            }
        }
        let reports: Vec<&CredentialReport> =
            valid().flat_map(|judged| &judged.report.credentials).collect();
        let mut attestations: Vec<Attestation<'j>> =
            reports.iter().filter_map(|report| attestation(report, &ledger)).collect();
        let before = attestations.len();
        // Nobody but its issuer replaces an attestation.
        let superseded: Vec<(Option<Did>, CredentialId)> =
            attestations.iter().filter_map(|a| Some((a.issuer, a.skill.supersedes?))).collect();
        attestations.retain(|a| a.id.is_none_or(|id| !superseded.contains(&(a.issuer, id))));
        // The same attestation in two presentations counts once.
        attestations.sort_by_key(|a| (a.id, a.issuer));
        attestations.dedup_by(|a, b| a.id.is_some() && (a.id, a.issuer) == (b.id, b.issuer));
        let people: Vec<&Person> =
            reports.iter().filter_map(|report| Some(&report.disclosed.as_ref()?.person)).collect();
        let links = reports.iter().flat_map(|report| report.path.iter().flatten());
        let by_agreements = links.filter_map(|link| match link {
            Link::Agreement { statement, .. } => Some(*statement),
            _ => None,
        });
        Self {
            has_superseded: attestations.len() < before,
            by_agreements: by_agreements.collect(),
            sameness: if valid().count() < 2 { Sameness::One } else { sameness(&people) },
            attestations,
            fetched,
            ledger,
        }
    }

    /// Tells whether anything is valid.
    pub fn is_any(&self) -> bool {
        !self.attestations.is_empty()
    }

    /// Tells whether all of it is shown to be of one person.
    pub fn is_one_person(&self) -> bool {
        self.sameness == Sameness::One
    }

    /// Tells how it is shown to be of one person, or not.
    pub const fn sameness(&self) -> Sameness {
        self.sameness
    }

    /// Returns the birth date, if one is shown.
    pub fn birth_date(&self) -> Option<Date> {
        self.attestations.iter().find_map(|a| a.disclosed.person.birth_date)
    }

    /// Returns the attestations.
    pub fn shown(&self) -> Vec<Shown<'_>> {
        let one = |a: &'_ Attestation<'j>| Shown {
            skill: a.skill,
            id: a.id,
            issuer: a.issuer,
            issuer_name: a.issuer_name,
            issued: a.disclosed.issued_at.date(),
            accredited_from: a.accredited_from,
            accredited_until: a.accredited_until,
        };
        self.attestations.iter().map(one).collect()
    }

    /// Returns who endorses an attestation of an issuer. Nobody endorses its own.
    pub fn endorsements(
        &self,
        id: Option<CredentialId>,
        issuer: Option<Did>,
    ) -> Vec<Endorsing<'_>> {
        let others = self.attestations.iter().filter(|a| a.issuer != issuer);
        let endorsing = others.filter_map(|a| {
            let skill = a.skill;
            let endorsed = skill.endorses.as_ref()?;
            let is_it =
                skill.claim_type == ClaimType::Endorsement && Some(endorsed.credential) == id;
            is_it.then_some(Endorsing {
                by: a.issuer,
                name: a.issuer_name.unwrap_or("?"),
                endorsed,
            })
        });
        endorsing.collect()
    }
}

/// An endorsement.
pub struct Endorsing<'a> {
    /// Whose it is.
    pub by: Option<Did>,
    /// The name that the way from a trust anchor gives it.
    pub name: &'a str,
    /// What it says. The role is its own claim.
    pub endorsed: &'a Endorsed,
}

/// Returns the attestation of a report, with the time during which its issuer was accredited.
fn attestation<'j>(report: &'j CredentialReport, ledger: &Ledger) -> Option<Attestation<'j>> {
    let disclosed = report.disclosed.as_ref()?;
    let skill = disclosed.attested.skill()?;
    let path = report.path.as_deref().unwrap_or_default();
    let (mut from, mut until): (Option<Date>, Option<Date>) = (None, None);
    for link in path {
        let Link::Accreditation { by, statement, .. } = link else { continue };
        let known = ledger.views(by).find_map(|log| {
            let mut all = log.accreditations();
            all.find_map(|(digest, _, accreditation)| {
                (digest == statement).then_some(accreditation.validity)
            })
        });
        let Some(validity) = known else { continue };
        from = from.max(Some(validity.from.date()));
        let end = validity.until.map(|until| until.date());
        until = match (until, end) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Some(Attestation {
        disclosed,
        skill,
        id: report.id,
        issuer: report.issuer,
        issuer_name: path.last().map(|link| link.name().as_str()),
        accredited_from: from,
        accredited_until: until,
    })
}
