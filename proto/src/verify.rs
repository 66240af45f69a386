//! Verification: from the bytes of a presentation to a report of every check.
//!
//! ```text
//! verify(presentation, &policy, &ledger, now) -> Report
//! ```
//!
//! It is a pure function. Each check has an id (`verify::report::check`), described in
//! `docs/checks.md`. A check that needs what an earlier one did not find is reported as not made; all
//! others are made even if an earlier one failed.

mod credential;
mod holder;
mod issuer;
pub mod path;
pub mod policy;
pub mod report;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::cbor::Decode as _;
use crate::credential::claims::Claims;
use crate::evidence::Evidence;
use crate::id::Digest;
use crate::ledger::{Ledger, LogView, ProfileView, Quorums};
use crate::presentation::{KeyBindingToken, Presentation};
use crate::time::UnixSeconds;
use credential::Credential;
use path::Search;
use policy::Policy;
use report::{
    Check, CredentialReport, Disclosed, Outcome, REPORT_VERSION, Reason, Report, Verdict, check,
    reason,
};

/// Verifies the body of a presentation file ([`Presentation::open`]).
///
/// Evidence stapled to it is checked and added to what `ledger` knows; of two views of one log the
/// larger counts. Nothing in the presentation is a trust anchor.
pub fn verify(body: &[u8], policy: &Policy, ledger: &Ledger, now: UnixSeconds) -> Report {
    let presentation = match Presentation::from_cbor(body) {
        Ok(presentation) if !presentation.presented.is_empty() => presentation,
        Ok(_) => {
            return undecodable(
                now,
                Reason::new(reason::MALFORMED).with("detail", "no credential"),
            );
        }
        Err(error) => {
            return undecodable(now, Reason::new(reason::MALFORMED).with("detail", error));
        }
    };
    let mut ledger = ledger.clone();
    if let Some(evidence) = &presentation.evidence {
        match Evidence::from_cbor(evidence) {
            Ok(evidence) => ledger.merge(&evidence.verify().0),
            Err(error) => {
                let reason = Reason::new(reason::MALFORMED_EVIDENCE);
                return undecodable(now, reason.with("detail", error));
            }
        }
    }
    let quorums = Quorums::new(&ledger, now, policy.view_age);
    let search = Search::new(&quorums, policy);

    let tokens: Vec<_> =
        presentation.presented.iter().map(|p| KeyBindingToken::parse(&p.token)).collect();
    let digests: Vec<_> = tokens.iter().flatten().map(|t| t.credential.digest()).collect();
    let mut judged: Vec<(Judged, Option<Claims>)> = Vec::new();
    for (presented, token) in presentation.presented.iter().zip(&tokens) {
        judged.push(match token {
            Ok(token) => {
                let credential =
                    Credential::read(presentation.profile, token, presented.anchor.as_ref());
                let judge = Judge {
                    policy,
                    quorums: &quorums,
                    search: &search,
                    digests: &digests,
                    all_decoded: digests.len() == tokens.len(),
                };
                let result = judge.credential(&credential);
                (result, credential.claims.ok())
            }
            Err(error) => (Judged::undecodable(error), None),
        });
    }
    let claims: Vec<_> = judged.iter().map(|(_, claims)| claims.as_ref()).collect();
    let same_subject = holder::same_subject(&claims);
    let mut evidence_age = None;
    let mut credentials = Vec::new();
    for (mut judged, _) in judged {
        if let Some(check) = judged.report.checks.iter_mut().find(|c| c.id == check::SAME_SUBJECT) {
            *check = same_subject.clone();
        }
        judged.report.verdict = verdict_of(&judged.report.checks);
        evidence_age = evidence_age.max(judged.oldest.map(|seen| now.since(seen)));
        credentials.push(judged.report);
    }
    let verdict = credentials.iter().map(|c| c.verdict).max().unwrap_or(Verdict::Invalid);
    Report { version: REPORT_VERSION, verdict, checked_at: now, evidence_age, credentials }
}

/// A credential's report before it is known whether all credentials are about one person.
struct Judged {
    report: CredentialReport,
    /// The oldest quorum time relied on.
    oldest: Option<UnixSeconds>,
}

/// What one credential is judged with.
struct Judge<'a> {
    policy: &'a Policy,
    quorums: &'a Quorums<'a>,
    search: &'a Search<'a>,
    /// Digests of all credentials in the container that could be read.
    digests: &'a [Digest],
    all_decoded: bool,
}

impl Judge<'_> {
    fn credential(&self, credential: &Credential<'_>) -> Judged {
        let issuer = self.issuer(credential);
        let checks = Vec::from([
            pass(check::DECODE, Reason::new(reason::OK)),
            self.holder_binding(credential),
            self.container(credential),
            not_checked(check::SAME_SUBJECT),
            issuer.key.clone(),
            issuer.signature.clone(),
            credential.disclosures_check(),
            self.claim_shape(credential),
            self.time(credential),
            self.status(credential, &issuer),
            issuer.anchor.clone(),
            issuer.witnesses.clone(),
            issuer.path_check.clone(),
        ]);
        let log = credential.issuer.and_then(|did| self.quorums.ledger().log(&did));
        let report = CredentialReport {
            verdict: Verdict::Invalid,
            id: credential.claims.as_ref().ok().map(|claims| claims.id),
            issuer: credential.issuer,
            calls_itself: log.and_then(own_name),
            checks,
            path: issuer.links,
            proven_time: issuer.proven,
            disclosed: credential.claims.as_ref().ok().map(|claims| Disclosed {
                person: claims.person.clone(),
                sub: claims.subject.clone(),
                skill: claims.skill.clone(),
                issued_at: claims.issued_at,
                expires_at: claims.expires_at,
            }),
            withheld: credential.withheld(),
            withheld_hashes: credential.withheld_hashes(),
            prepared: credential.token.claims.nonce.is_none(),
        };
        Judged { report, oldest: issuer.oldest }
    }
}

impl Judged {
    fn undecodable(error: &impl core::fmt::Display) -> Self {
        let reason = Reason::new(reason::MALFORMED).with("detail", error);
        Self { report: malformed_credential(reason), oldest: None }
    }
}

fn undecodable(now: UnixSeconds, reason: Reason) -> Report {
    Report {
        version: REPORT_VERSION,
        verdict: Verdict::Invalid,
        checked_at: now,
        evidence_age: None,
        credentials: Vec::from([malformed_credential(reason)]),
    }
}

fn malformed_credential(reason: Reason) -> CredentialReport {
    let mut checks = Vec::from([fail(check::DECODE, reason)]);
    checks.extend(check::ALL.iter().skip(1).map(|id| not_checked(id)));
    CredentialReport {
        verdict: Verdict::Invalid,
        id: None,
        issuer: None,
        calls_itself: None,
        checks,
        path: None,
        proven_time: None,
        disclosed: None,
        withheld: Vec::new(),
        withheld_hashes: 0,
        prepared: false,
    }
}

fn verdict_of(checks: &[Check]) -> Verdict {
    checks
        .iter()
        .map(|check| match check.outcome {
            Outcome::Pass => Verdict::Valid,
            Outcome::Fail => Verdict::Invalid,
            Outcome::Undetermined | Outcome::NotChecked => Verdict::Undetermined,
        })
        .max()
        .unwrap_or(Verdict::Invalid)
}

fn made(id: &'static str, outcome: Outcome, reason: Reason) -> Check {
    Check { id, outcome, reason, statements: Vec::new() }
}

fn pass(id: &'static str, reason: Reason) -> Check {
    made(id, Outcome::Pass, reason)
}

fn fail(id: &'static str, reason: Reason) -> Check {
    made(id, Outcome::Fail, reason)
}

fn undetermined(id: &'static str, reason: Reason) -> Check {
    made(id, Outcome::Undetermined, reason)
}

fn not_checked(id: &'static str) -> Check {
    made(id, Outcome::NotChecked, Reason::new(reason::DEPENDS))
}

/// Returns what an institution calls itself.
fn own_name(log: &LogView) -> Option<crate::text::Line> {
    match &log.profile {
        ProfileView::Known(profile) => crate::text::choose(&profile.names, "en").cloned(),
        ProfileView::None | ProfileView::NotShown => None,
    }
}

/// Returns what to call a log in a reason: what it calls itself, else its short identifier.
fn called(log: &LogView) -> String {
    own_name(log).map_or_else(|| log.origin.short(), |name| name.to_string())
}
