//! The statements that the standing speaks of, by their digests and by what they are about.

use core::ops::Deref;

use super::{DigestMap, Held};
use crate::id::{Did, Digest};
use crate::statement::Body;
use crate::statement::standing::State;

/// Digests in order.
type Digests = DigestMap<Digest, ()>;

/// Accreditations, agreements and ratifications: read as the map of all of them.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    all: DigestMap<Digest, Held>,
    agreements: Digests,
    /// By [`about`] the agreement.
    ratifications: DigestMap<Digest, Digests>,
    /// By [`about`] the subject.
    accreditations: DigestMap<Digest, Digests>,
}

impl Statements {
    /// Adds a statement, or puts it in the place of the one known.
    pub fn insert(&mut self, digest: Digest, held: Held) {
        match held.statement.body() {
            Body::Accreditation(accreditation) => {
                add(&mut self.accreditations, about(accreditation.subject.as_bytes()), digest);
            }
            Body::Ratification(ratification) => {
                add(&mut self.ratifications, about(ratification.agreement.as_bytes()), digest);
            }
            Body::Agreement(_) => {
                self.agreements.insert(digest, ());
            }
            _ => {}
        }
        self.all.insert(digest, held);
    }

    /// Changes the state of a statement.
    pub(super) fn set_state(&mut self, digest: &Digest, state: State) {
        if let Some(held) = self.all.get_mut(digest) {
            held.state = state;
        }
    }

    /// Returns the agreements, in the order of their digests.
    pub(super) fn agreements(&self) -> impl Iterator<Item = (&Digest, &Held)> + Clone {
        self.all_of(Some(&self.agreements))
    }

    /// Returns the ratifications of an agreement, in the order of their digests.
    pub(super) fn ratifications(
        &self,
        agreement: &Digest,
    ) -> impl Iterator<Item = (&Digest, &Held)> + Clone {
        self.all_of(self.ratifications.get(&about(agreement.as_bytes())))
    }

    /// Returns all ratifications, by the agreement.
    pub(super) fn all_ratifications(&self) -> impl Iterator<Item = (&Digest, &Held)> + Clone {
        self.ratifications.values().flat_map(|digests| self.all_of(Some(digests)))
    }

    /// Returns who is accredited.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &Did> + Clone {
        let first = |digests: &Digests| digests.keys().next().copied();
        let held = self.accreditations.values().filter_map(first);
        held.filter_map(|digest| match self.all.get(&digest)?.statement.body() {
            Body::Accreditation(accreditation) => Some(&accreditation.subject),
            _ => None,
        })
    }

    /// Returns the accreditations of an institution, in the order of their digests.
    pub(super) fn accreditations_of(
        &self,
        subject: &Did,
    ) -> impl Iterator<Item = (&Digest, &Held)> + Clone {
        self.all_of(self.accreditations.get(&about(subject.as_bytes())))
    }

    fn all_of<'s>(
        &'s self,
        digests: Option<&'s Digests>,
    ) -> impl Iterator<Item = (&'s Digest, &'s Held)> + Clone {
        digests
            .into_iter()
            .flat_map(Digests::keys)
            .filter_map(|digest| Some((digest, self.all.get(digest)?)))
    }
}

impl Deref for Statements {
    type Target = DigestMap<Digest, Held>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

/// Returns the key under which statements about something are found. Whoever writes a log chooses what
/// its statements are about, so that those names need not spread by themselves.
fn about(name: &[u8; 32]) -> Digest {
    Digest::of(name)
}

fn add(index: &mut DigestMap<Digest, Digests>, about: Digest, digest: Digest) {
    match index.get_mut(&about) {
        Some(digests) => {
            digests.insert(digest, ());
        }
        None => {
            let mut digests = Digests::new();
            digests.insert(digest, ());
            index.insert(about, digests);
        }
    }
}
