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

use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::cell::RefCell;

pub use holder::{Sameness, is_one_person, sameness};

use crate::cbor::Decode as _;
use crate::credential::claims::Claims;
use crate::evidence::Evidence;
use crate::id::Digest;
use crate::ledger::{Cosignatures, Ledger, LogView, ProfileView, Quorums};
use crate::presentation::{KeyBindingToken, Presentation};
use crate::time::UnixSeconds;
use credential::Credential;
use issuer::InflatedLists;
use path::{Indexes, Search};
use policy::Policy;
use report::{
    Check, CredentialReport, Disclosed, Outcome, REPORT_VERSION, Reason, Report, Verdict, check,
    reason,
};

/// Verifies the body of a presentation file ([`Presentation::open`]).
///
/// Evidence stapled to it is checked and added to what `ledger` knows; of two views of one log the
/// larger counts. Nothing in the presentation is a trust anchor. Whoever verifies many presentations
/// keeps a [`Verifier`].
pub fn verify(body: &[u8], policy: &Policy, ledger: &Ledger, now: UnixSeconds) -> Report {
    Verifier::new(policy, ledger).verify(body, now)
}

/// Verifies presentations under one policy with one ledger, and keeps what it found out about the
/// ledger: cosignatures verified, lists inflated, links by where they lead.
///
/// It answers as [`verify`] does: what it keeps makes it faster and changes nothing. It is for one
/// thread; [`verify_many`] uses several.
pub struct Verifier<'l> {
    policy: &'l Policy,
    ledger: &'l Ledger,
    indexes: Rc<Indexes<'l>>,
    cosignatures: Rc<Cosignatures>,
    lists: InflatedLists,
    /// The search at the time last asked for.
    search: RefCell<Option<Rc<Search<'l>>>>,
}

impl<'l> Verifier<'l> {
    /// Makes a verifier that has found out nothing yet.
    pub fn new(policy: &'l Policy, ledger: &'l Ledger) -> Self {
        Self {
            policy,
            ledger,
            indexes: Rc::default(),
            cosignatures: Rc::default(),
            lists: InflatedLists::default(),
            search: RefCell::default(),
        }
    }

    /// Verifies the body of a presentation file, as [`verify`].
    pub fn verify(&self, body: &[u8], now: UnixSeconds) -> Report {
        let malformed = |detail: &dyn core::fmt::Display| {
            undecodable(now, Reason::new(reason::MALFORMED).with("detail", detail))
        };
        let presentation = match Presentation::from_cbor(body) {
            Ok(presentation) if !presentation.presented.is_empty() => presentation,
            Ok(_) => return malformed(&"no credential"),
            Err(error) => return malformed(&error),
        };
        let Some(evidence) = &presentation.evidence else {
            return self.judge(&presentation, &self.search(now));
        };
        match Evidence::from_cbor(evidence) {
            Ok(evidence) => {
                let mut ledger = self.ledger.clone();
                ledger.merge(&evidence.verify().0);
                let quorums = Quorums::new(&ledger, now, self.policy.view_age);
                self.judge(&presentation, &Search::new(quorums, self.policy, Rc::default()))
            }
            Err(error) => {
                let reason = Reason::new(reason::MALFORMED_EVIDENCE);
                undecodable(now, reason.with("detail", error))
            }
        }
    }

    /// Returns the search at a time in the ledger alone.
    fn search(&self, now: UnixSeconds) -> Rc<Search<'l>> {
        let mut search = self.search.borrow_mut();
        match &*search {
            Some(search) if search.quorums.now() == now => Rc::clone(search),
            _ => {
                let known = Rc::clone(&self.cosignatures);
                let quorums = Quorums::with(self.ledger, now, self.policy.view_age, known);
                let indexes = Rc::clone(&self.indexes);
                let anew = Rc::new(Search::new(quorums, self.policy, indexes));
                *search = Some(Rc::clone(&anew));
                anew
            }
        }
    }

    fn judge(&self, presentation: &Presentation, search: &Search<'_>) -> Report {
        let now = search.quorums.now();
        let tokens: Vec<_> =
            presentation.presented.iter().map(|p| KeyBindingToken::parse(&p.token)).collect();
        let digests: Vec<_> = tokens.iter().flatten().map(|t| t.credential.digest()).collect();
        let judge = Judge {
            policy: self.policy,
            quorums: &search.quorums,
            search,
            lists: &self.lists,
            digests: &digests,
            all_decoded: digests.len() == tokens.len(),
        };
        let mut decoded = digests.iter();
        let mut judged: Vec<(Judged, Option<Claims>)> = Vec::new();
        for (presented, token) in presentation.presented.iter().zip(&tokens) {
            judged.push(match token {
                Ok(token) => {
                    let Some(digest) = decoded.next() else { continue };
                    let anchor = presented.anchor.as_ref();
                    let credential = Credential::read(presentation.profile, token, *digest, anchor);
                    let result = judge.credential(&credential);
                    (result, credential.claims.ok())
                }
                Err(error) => (Judged::undecodable(error), None),
            });
        }
        let claims: Vec<_> = judged.iter().map(|(_, claims)| claims.as_ref()).collect();
        let same_subject = holder::same_subject(&claims);
        let mut evidence_age = None;
        let mut credentials = Vec::with_capacity(judged.len());
        for (mut judged, _) in judged {
            let checks = &mut judged.report.checks;
            if let Some(check) = checks.iter_mut().find(|c| c.id == check::SAME_SUBJECT) {
                *check = same_subject.clone();
            }
            judged.report.verdict = verdict_of(&judged.report.checks);
            evidence_age = evidence_age.max(judged.oldest.map(|seen| now.since(seen)));
            credentials.push(judged.report);
        }
        let verdict = credentials.iter().map(|c| c.verdict).max().unwrap_or(Verdict::Invalid);
        Report { version: REPORT_VERSION, verdict, checked_at: now, evidence_age, credentials }
    }
}

impl core::fmt::Debug for Verifier<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Verifier").field("policy", self.policy).finish_non_exhaustive()
    }
}

/// Verifies the bodies of presentation files on several threads, and reports in the order given.
///
/// Each thread has a [`Verifier`] of its own.
#[cfg(feature = "std")]
pub fn verify_many<B: AsRef<[u8]> + Sync>(
    bodies: &[B],
    policy: &Policy,
    ledger: &Ledger,
    now: UnixSeconds,
    threads: core::num::NonZeroUsize,
) -> Vec<Report> {
    let share = bodies.len().div_ceil(threads.get()).max(1);
    let verify_all = |share: &[B]| -> Vec<Report> {
        let verifier = Verifier::new(policy, ledger);
        share.iter().map(|body| verifier.verify(body.as_ref(), now)).collect()
    };
    std::thread::scope(|scope| {
        let shares = bodies.chunks(share);
        let threads: Vec<_> = shares.map(|share| scope.spawn(move || verify_all(share))).collect();
        let reports = threads.into_iter().map(|thread| match thread.join() {
            Ok(reports) => reports,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        reports.flatten().collect()
    })
}

/// A credential's report before it is known whether all credentials are about one person.
struct Judged {
    report: CredentialReport,
    /// The oldest quorum time relied on.
    oldest: Option<UnixSeconds>,
}

/// What one credential is judged with.
struct Judge<'a, 'l> {
    policy: &'a Policy,
    quorums: &'a Quorums<'l>,
    search: &'a Search<'l>,
    lists: &'a InflatedLists,
    /// Digests of all credentials in the container that could be read.
    digests: &'a [Digest],
    all_decoded: bool,
}

impl Judge<'_, '_> {
    fn credential(&self, credential: &Credential<'_>) -> Judged {
        let issuer = self.issuer(credential);
        let status = self.status(credential, &issuer);
        let forks = self.forks(credential, &issuer);
        let checks = Vec::from([
            pass(check::DECODE, Reason::new(reason::OK)),
            self.holder_binding(credential),
            self.container(credential),
            not_checked(check::SAME_SUBJECT),
            issuer.key,
            issuer.signature,
            credential.disclosures_check(),
            self.claim_shape(credential),
            self.time(credential),
            status,
            issuer.anchor,
            issuer.witnesses,
            forks,
            issuer.path_check,
        ]);
        let log = credential.shown.issuer.and_then(|did| self.quorums.ledger().log(&did));
        let report = CredentialReport {
            verdict: Verdict::Invalid,
            id: credential.shown.id,
            issuer: credential.shown.issuer,
            calls_itself: log.and_then(own_name),
            checks,
            path: issuer.links,
            proven_time: issuer.proven,
            disclosed: credential.claims.as_ref().ok().map(|claims| Disclosed {
                person: claims.person.clone(),
                sub: claims.subject.clone(),
                attested: claims.attested.clone(),
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
