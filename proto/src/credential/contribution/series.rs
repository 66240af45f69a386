//! Which of several attestations count: a newer one replaces an older one, and never both count.

use alloc::vec::Vec;

use super::Contribution;
use crate::id::{CredentialId, Did};

/// An attestation and what names it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its issuer. Nobody replaces what another issued.
    pub issuer: Did,
    /// Its identifier.
    pub id: CredentialId,
    /// What it attests.
    pub contribution: &'a Contribution,
}

/// Why an attestation does not count beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// A newer one of the same issuer takes its place.
    By(CredentialId),
    /// It is the same credential as one before.
    SameAs(CredentialId),
}

/// Returns, for each attestation, whether another of them takes its place: one that says so, one of the
/// same series with a larger number, or the same credential before it. Series, number and what is
/// replaced count as far as they are shown.
pub fn replaced(places: &[Place<'_>]) -> Vec<Option<Replaced>> {
    let one = |(index, place): (usize, &Place<'_>)| {
        let earlier = places.iter().take(index);
        if earlier.clone().any(|other| other.issuer == place.issuer && other.id == place.id) {
            return Some(Replaced::SameAs(place.id));
        }
        let newer = places.iter().filter(|other| other.issuer == place.issuer);
        let newest = newer
            .filter(|other| other.id != place.id && replaces(other.contribution, place))
            .max_by_key(|other| (other.contribution.sequence, other.contribution.as_of, other.id));
        newest.map(|other| Replaced::By(other.id))
    };
    places.iter().enumerate().map(one).collect()
}

fn replaces(newer: &Contribution, place: &Place<'_>) -> bool {
    let older = place.contribution;
    let same_series = newer.series.is_some() && newer.series == older.series;
    newer.supersedes == Some(place.id)
        || (same_series && newer.sequence.is_some() && newer.sequence > older.sequence)
}
