//! The agreements to judge by: files, built-in models, and those in logs that count for this verifier.

use super::read_terms;
use super::shipped;
use super::shown::Accepted;
use crate::commands::institution::only_one;
use crate::error::CliError;
use crate::policy::Rules;
use carnet_proto::id::{Did, Digest};
use carnet_proto::ledger::Ledger;
use carnet_proto::recognition::{Ground, RecognitionTerms, Signatures, ground, has_ratified};
use carnet_proto::statement::agreement::Agreement;
use carnet_proto::statement::profile::Role;
use carnet_proto::statement::standing::State;
use carnet_proto::text::Line;
use carnet_proto::time::UnixSeconds;
use std::path::Path;

/// An agreement that was found.
pub enum Found<'l> {
    /// In a file, or built in.
    File(Box<RecognitionTerms>),
    /// In a log.
    Logged(Ground<'l>),
}

impl Found<'_> {
    /// Returns it as the engine takes it.
    pub fn ground(&self) -> Ground<'_> {
        match self {
            Self::File(terms) => {
                Ground { terms, digest: None, signatures: Signatures::NotChecked, ended: None }
            }
            Self::Logged(ground) => ground.clone(),
        }
    }
}

/// Finds the agreements that are named. If none is, those count that a trust anchor has ratified, in the
/// logs of the node, and those by which something was found valid. Whoever presents can bring along an
/// agreement that names a trust anchor, but not its ratification.
///
/// # Errors
/// Those of reading a form; `agreement-unknown`, `digest-ambiguous`.
pub fn find<'l>(
    named: &[String],
    rules: &Rules,
    accepted: &'l Accepted<'_>,
    now: UnixSeconds,
) -> Result<Vec<Found<'l>>, CliError> {
    if named.is_empty() {
        return Ok(that_count(rules, accepted, now));
    }
    let known = with_terms(&accepted.ledger);
    let mut found = Vec::new();
    for name in named {
        let path = Path::new(name);
        found.push(if path.exists() {
            Found::File(Box::new(read_terms(path)?))
        } else if let Some(terms) = shipped::by_id(name) {
            Found::File(Box::new(terms?))
        } else {
            let digests = known.iter().map(|(digest, _)| *digest);
            let found = only_one(name, digests.filter(|d| d.to_string().starts_with(name)));
            // What is not there could not be read: as for a file, that is no wrong usage.
            let digest = found.map_err(|error| match error.code() {
                "digest-ambiguous" => error,
                _ => CliError::input("agreement-unknown").arg("name", name.clone()),
            })?;
            let agreement = known.iter().find(|(known, _)| *known == digest);
            let found = agreement.and_then(|(_, a)| ground(&accepted.ledger, &digest, a, now));
            Found::Logged(found.ok_or_else(|| {
                CliError::usage("agreement-no-recognition").arg("digest", digest.to_string())
            })?)
        });
    }
    Ok(found)
}

fn that_count<'l>(rules: &Rules, accepted: &'l Accepted<'_>, now: UnixSeconds) -> Vec<Found<'l>> {
    let own = &accepted.fetched;
    let by_anchor = with_terms(own).into_iter().filter(|(digest, agreement)| {
        let has = |did| has_ratified(own, digest, agreement, did, now);
        rules.anchors.iter().any(|anchor| has(&anchor.did))
    });
    let mut found: Vec<(Digest, Found<'l>)> = by_anchor
        .filter_map(|(digest, a)| Some((digest, Found::Logged(ground(own, &digest, a, now)?))))
        .collect();
    for (digest, agreement) in with_terms(&accepted.ledger) {
        let is_new = !found.iter().any(|(known, _)| *known == digest);
        if is_new
            && accepted.by_agreements.contains(&digest)
            && let Some(ground) = ground(&accepted.ledger, &digest, agreement, now)
        {
            found.push((digest, Found::Logged(ground)));
        }
    }
    found.into_iter().map(|(_, found)| found).collect()
}

/// The seat that an agreement gives to an institution.
pub struct Seat {
    /// The institution.
    pub did: Did,
    /// As what it signs.
    pub role: Role,
    /// The agreement's id.
    pub agreement: Line,
}

/// Returns the seats in those of the agreements that stand in a log.
pub fn seats(grounds: &[Ground<'_>], ledger: &Ledger) -> Vec<Seat> {
    let all = ledger.agreements();
    let logged = grounds.iter().filter_map(|ground| {
        let (_, _, agreement) = all.get(&ground.digest?)?;
        Some((ground.terms, *agreement))
    });
    let seats = logged.flat_map(|(terms, agreement)| {
        agreement.signatories().map(|signatory| Seat {
            did: signatory.did,
            role: signatory.role,
            agreement: terms.id.clone(),
        })
    });
    seats.collect()
}

/// Returns the agreements with rules of recognition.
fn with_terms(ledger: &Ledger) -> Vec<(Digest, &Agreement)> {
    let all = ledger.agreements().into_iter();
    all.filter(|(_, (_, held, agreement))| {
        held.state == State::InForce && agreement.recognition.is_some()
    })
    .map(|(digest, (_, _, agreement))| (*digest, agreement))
    .collect()
}
