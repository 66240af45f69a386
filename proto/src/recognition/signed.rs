//! The agreements in logs, with their signatures as the logs of the signatories say them.

use alloc::vec::Vec;

use super::outcome::{Ground, SeenSignature, Signatures};
use crate::id::{Did, Digest};
use crate::ledger::{Ledger, Signed};
use crate::statement::agreement::Agreement;
use crate::time::UnixSeconds;

/// Returns an agreement with its signatures, if it has rules of recognition and its dates have begun.
pub fn ground<'l>(
    ledger: &Ledger,
    digest: &Digest,
    agreement: &'l Agreement,
    now: UnixSeconds,
) -> Option<Ground<'l>> {
    let terms = agreement.recognition.as_ref()?;
    if agreement.validity.from > now {
        return None;
    }
    let over = agreement.validity.until.filter(|until| *until < now);
    let mut ended = over.map(|until| until.plus(1).date());
    let mut seen = Vec::new();
    for party in &agreement.parties {
        for signatory in &party.signatories {
            let since = match ledger.signed(digest, party, signatory, now) {
                Signed::Yes { since, .. } => Some(since),
                Signed::Left { since, end } if signatory.must => {
                    let end = end.date();
                    ended = Some(ended.map_or(end, |known| known.min(end)));
                    Some(since)
                }
                Signed::Left { .. } | Signed::No | Signed::NotAtHand => None,
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
    Some(Ground { terms, digest: Some(*digest), signatures: Signatures::Seen(seen), ended })
}

/// Tells whether an institution has ratified an agreement, be it that it left later. An agreement that merely
/// names it says nothing: anybody can write one.
pub fn has_ratified(
    ledger: &Ledger,
    digest: &Digest,
    agreement: &Agreement,
    did: &Did,
    now: UnixSeconds,
) -> bool {
    let Some((party, signatory)) = agreement.signatory(did) else { return false };
    let Some(party) = agreement.parties.get(party) else { return false };
    ledger.signed(digest, party, signatory, now).ever()
}
