//! The agreements in logs, with their signatures as the logs of the signatories say them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::outcome::{Ground, SeenSignature, Signatures};
use crate::id::{Did, Digest};
use crate::ledger::Ledger;
use crate::statement::agreement::{Agreement, Party, Signatory};
use crate::statement::standing::State;
use crate::time::UnixSeconds;

/// What the log of a signatory says.
enum Signed {
    /// It has signed.
    Yes(UnixSeconds),
    /// It had signed, and has left.
    Until(UnixSeconds, UnixSeconds),
    /// It has not signed, or its log is not at hand.
    No,
}

/// Returns an agreement with its signatures, if it has rules of recognition and its dates have begun.
///
/// Of two views of one log the stricter counts: what was left out of one cannot hide that somebody left.
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
            let since = match signed(ledger, digest, party, signatory, now) {
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
    !matches!(signed(ledger, digest, party, signatory, now), Signed::No)
}

/// Tells whether an agreement is in force: its dates hold, and every signatory that must has ratified and
/// not left, as far as the logs at hand say.
pub fn is_in_force(
    ledger: &Ledger,
    digest: &Digest,
    agreement: &Agreement,
    now: UnixSeconds,
) -> bool {
    let has_signed = |party: &Party, signatory: &Signatory| {
        matches!(signed(ledger, digest, party, signatory, now), Signed::Yes(_))
    };
    let musts = |party: &Party| {
        party.signatories.iter().filter(|s| s.must).all(|signatory| has_signed(party, signatory))
    };
    agreement.validity.from <= now
        && agreement.validity.until.is_none_or(|until| now <= until)
        && agreement.parties.iter().all(musts)
}

fn signed(
    ledger: &Ledger,
    agreement: &Digest,
    party: &Party,
    signatory: &Signatory,
    now: UnixSeconds,
) -> Signed {
    // By ratification: from when it counts, and the earliest end that a view shows, or that it is void.
    let mut known: BTreeMap<Digest, (UnixSeconds, Option<UnixSeconds>, bool)> = BTreeMap::new();
    for log in ledger.views(&signatory.did) {
        for (digest, held, seat) in log.ratifications(agreement) {
            if (seat.party, seat.role) != (party.country, signatory.role) || seat.since > now {
                continue;
            }
            let (_, end, void) = known.entry(*digest).or_insert((seat.since, None, false));
            match held.state {
                State::InForce => {}
                State::Withdrawn { effective, .. } => {
                    *end = Some(end.map_or(effective, |known| known.min(effective)));
                }
                State::Void => *void = true,
            }
        }
    }
    let mut left = Signed::No;
    for (since, end, _) in known.into_values().filter(|(.., void)| !void) {
        match end.filter(|end| *end <= now) {
            None => return Signed::Yes(since),
            Some(end) => left = Signed::Until(since, end),
        }
    }
    left
}
