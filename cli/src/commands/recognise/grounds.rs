//! The agreements to judge by: files, built-in models, and those in logs that a trust anchor has signed.

use super::read_terms;
use super::shipped;
use super::shown::Accepted;
use crate::commands::institution::only_one;
use crate::error::CliError;
use crate::policy::Rules;
use carnet_proto::id::Digest;
use carnet_proto::ledger::Ledger;
use carnet_proto::recognition::{Ground, RecognitionTerms, SeenSignature, Signatures};
use carnet_proto::statement::agreement::{Agreement, Party, Signatory};
use carnet_proto::statement::standing::State;
use carnet_proto::time::{Date, UnixSeconds};
use std::path::Path;

/// An agreement that was found.
pub struct Found {
    terms: RecognitionTerms,
    digest: Option<Digest>,
    signatures: Signatures,
    ended: Option<Date>,
}

impl Found {
    /// Returns it as the engine takes it.
    pub fn ground(&self) -> Ground<'_> {
        Ground {
            terms: &self.terms,
            digest: self.digest,
            signatures: self.signatures.clone(),
            ended: self.ended,
        }
    }

    const fn file(terms: RecognitionTerms) -> Self {
        Self { terms, digest: None, signatures: Signatures::NotChecked, ended: None }
    }
}

/// Finds the agreements that are named; if none is, those in the logs that count here.
///
/// # Errors
/// Those of reading a form; `digest-unknown` and its like.
pub fn find(
    named: &[String],
    rules: &Rules,
    accepted: &Accepted<'_>,
    now: UnixSeconds,
) -> Result<Vec<Found>, CliError> {
    let known = accepted.ledger.agreements();
    let with_terms = || {
        known.iter().filter_map(|(digest, (_, held, agreement))| {
            (held.state == State::InForce).then_some((**digest, *agreement))
        })
    };
    if named.is_empty() {
        let counts = |(digest, agreement): &(Digest, &Agreement)| {
            accepted.by_agreements.contains(digest)
                || rules.anchors.iter().any(|anchor| agreement.signatory(&anchor.did).is_some())
        };
        let counted = with_terms().filter(counts);
        return Ok(counted
            .filter_map(|(digest, agreement)| logged(digest, agreement, &accepted.ledger, now))
            .collect());
    }
    let mut found = Vec::new();
    for name in named {
        let path = Path::new(name);
        found.push(if path.exists() {
            Found::file(read_terms(path)?)
        } else if let Some(terms) = shipped::by_id(name) {
            Found::file(terms?)
        } else {
            let digests = with_terms().map(|(digest, _)| digest);
            let digest = only_one(name, digests.filter(|d| d.to_string().starts_with(name)))?;
            let agreement = with_terms().find(|(known, _)| *known == digest);
            let found = agreement.and_then(|(_, a)| logged(digest, a, &accepted.ledger, now));
            found.ok_or_else(|| {
                CliError::usage("agreement-no-recognition").arg("digest", digest.to_string())
            })?
        });
    }
    Ok(found)
}

/// Returns an agreement in a log with its signatures, if it has rules of recognition and its dates have
/// begun.
fn logged(
    digest: Digest,
    agreement: &Agreement,
    ledger: &Ledger,
    now: UnixSeconds,
) -> Option<Found> {
    let terms = agreement.recognition.clone()?;
    if agreement.validity.from > now {
        return None;
    }
    let over = agreement.validity.until.filter(|until| *until < now);
    let mut ended = over.map(|until| until.plus(1).date());
    let mut seen = Vec::new();
    for party in &agreement.parties {
        for signatory in &party.signatories {
            let signed = signed(&digest, party, signatory, ledger, now);
            let since = match signed {
                Signed::Yes(since) => Some(since),
                Signed::Until(since, end) if signatory.must => {
                    let end = end.date();
                    ended = Some(ended.map_or(end, |known| known.min(end)));
                    Some(since)
                }
                Signed::Until(..) | Signed::No => None,
            };
            seen.push(SeenSignature {
                country: party.country,
                role: signatory.role,
                name: signatory.name.clone(),
                must: signatory.must,
                since,
            });
        }
    }
    let signatures = Signatures::Seen(seen);
    Some(Found { terms, digest: Some(digest), signatures, ended })
}

/// What the log of a signatory says.
enum Signed {
    /// It has signed.
    Yes(UnixSeconds),
    /// It had signed, and has left.
    Until(UnixSeconds, UnixSeconds),
    /// It has not signed, or its log is not at hand.
    No,
}

fn signed(
    agreement: &Digest,
    party: &Party,
    signatory: &Signatory,
    ledger: &Ledger,
    now: UnixSeconds,
) -> Signed {
    let mut best = Signed::No;
    for log in ledger.views(&signatory.did) {
        for (_, held, seat) in log.ratifications(agreement) {
            if (seat.party, seat.role) != (party.country, signatory.role) || seat.since > now {
                continue;
            }
            match held.state {
                State::InForce => return Signed::Yes(seat.since),
                State::Withdrawn { effective, .. } if effective > now => {
                    return Signed::Yes(seat.since);
                }
                State::Withdrawn { effective, .. } => best = Signed::Until(seat.since, effective),
                State::Void => {}
            }
        }
    }
    best
}
