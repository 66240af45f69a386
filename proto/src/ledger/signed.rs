//! Who has signed an agreement, as the logs of the signatories say it.

use alloc::collections::BTreeMap;

use super::Ledger;
use crate::id::Digest;
use crate::statement::agreement::{Agreement, Party, Signatory};
use crate::statement::standing::State;
use crate::time::UnixSeconds;

/// What is known of a signatory's ratification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// It has ratified.
    Yes {
        /// The ratification.
        ratification: Digest,
        /// Since when it counts.
        since: UnixSeconds,
        /// When it ends, if that is stated already.
        leaves: Option<UnixSeconds>,
    },
    /// It had ratified, and has left.
    Left {
        /// Since when it counted.
        since: UnixSeconds,
        /// When it ended.
        end: UnixSeconds,
    },
    /// Its log is at hand and says nothing of it, or that it is void.
    No,
    /// Its log is not at hand.
    NotAtHand,
}

impl Signed {
    /// Tells whether it has ratified, be it that it left later.
    pub const fn ever(&self) -> bool {
        matches!(self, Self::Yes { .. } | Self::Left { .. })
    }
}

impl Ledger {
    /// Returns what the log of a signatory says of its ratification. Of two views of one log the stricter
    /// counts: what was left out of one cannot hide that somebody left. Whether a quorum has cosigned it
    /// is asked where a path leads through the agreement, not here.
    pub fn signed(
        &self,
        agreement: &Digest,
        party: &Party,
        signatory: &Signatory,
        now: UnixSeconds,
    ) -> Signed {
        // By ratification: from when it counts, and the earliest end that a view shows, or that it is void.
        let mut known: BTreeMap<Digest, (UnixSeconds, Option<UnixSeconds>, bool)> = BTreeMap::new();
        let mut found = Signed::NotAtHand;
        for log in self.views(&signatory.did) {
            found = Signed::No;
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
        for (ratification, (since, end, _)) in known.into_iter().filter(|(_, (.., void))| !void) {
            match end {
                None => return Signed::Yes { ratification, since, leaves: None },
                Some(end) if end > now => {
                    found = Signed::Yes { ratification, since, leaves: Some(end) };
                }
                Some(_) if matches!(found, Signed::Yes { .. }) => {}
                Some(end) => found = Signed::Left { since, end },
            }
        }
        found
    }

    /// Tells whether an agreement is in force: its dates hold, and every signatory that must has ratified
    /// and not left. `None`: that cannot be told, as the log of one is not at hand.
    pub fn in_force(
        &self,
        digest: &Digest,
        agreement: &Agreement,
        now: UnixSeconds,
    ) -> Option<bool> {
        if !agreement.validity.contains(now) {
            return Some(false);
        }
        let mut in_force = Some(true);
        for party in &agreement.parties {
            for signatory in party.signatories.iter().filter(|signatory| signatory.must) {
                match self.signed(digest, party, signatory, now) {
                    Signed::Yes { .. } => {}
                    Signed::Left { .. } | Signed::No => return Some(false),
                    Signed::NotAtHand => in_force = None,
                }
            }
        }
        in_force
    }
}
