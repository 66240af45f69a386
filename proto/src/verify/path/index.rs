//! Which links lead to whom, so that a search looks only at those that can end at the issuer.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::{MAX_DEPTH, Pass};
use crate::classification::{Country, Occupation};
use crate::id::{Did, Digest};
use crate::ledger::{Held, Ledger, LogView};
use crate::statement::accreditation::{Accreditation, Grant, Scope, any_covers};
use crate::statement::agreement::{self, Agreement};

/// A body that links lead to or from, by number.
pub(super) type BodyNumber = u32;

/// An agreement with the log and the entry that hold it.
#[derive(Clone, Copy)]
pub(super) struct Logged<'l> {
    pub digest: &'l Digest,
    pub holder: &'l LogView,
    pub held: &'l Held,
    pub agreement: &'l Agreement,
}

/// What makes a link.
#[derive(Clone, Copy)]
pub(super) enum Via<'l> {
    Accreditation {
        log: &'l LogView,
        digest: &'l Digest,
        held: &'l Held,
        accreditation: &'l Accreditation,
    },
    /// A body that an agreement names for a party other than the one of the signatory.
    Agreement { logged: Logged<'l>, party: usize, country: Country, body: &'l agreement::Body },
}

/// A link from one body to another.
#[derive(Clone, Copy)]
pub(super) struct Edge<'l> {
    pub from: BodyNumber,
    pub by: Did,
    pub to: BodyNumber,
    pub via: Via<'l>,
    /// What it could cover.
    outline: Outline,
    /// Its place among the links from the same body: accreditations of the verifier's own view, then
    /// of the one shown, then agreements, each in the order of the digests.
    place: u32,
}

impl Edge<'_> {
    pub fn statement(&self) -> &Digest {
        match &self.via {
            Via::Accreditation { digest, .. } => digest,
            Via::Agreement { logged, .. } => logged.digest,
        }
    }

    /// Returns whether a link that leads to the issuer after `further` more could hold, going by what
    /// its statement says alone.
    fn could_hold(&self, scope: Option<&Scope>, further: u8) -> bool {
        if self.outline.may_accredit < further {
            return false;
        }
        let grants = || self.via.grants().0;
        scope.is_none_or(|scope| {
            self.outline.could_cover(scope) && any_covers(grants(), scope).is_ok()
        })
    }
}

impl<'l> Via<'l> {
    /// Returns what a link's statement grants, and how many further steps of accreditation.
    fn grants(&self) -> (&'l [Grant], u8) {
        match *self {
            Via::Accreditation { accreditation, .. } => {
                (&accreditation.grants, accreditation.may_accredit)
            }
            Via::Agreement { body, .. } => (&body.grants, body.may_accredit),
        }
    }
}

/// The sum of some grants, kept beside a link: of the many that lead to a body, most cover another
/// occupation or country, and are passed over without looking at their statements.
#[derive(Clone, Copy)]
struct Outline {
    may_accredit: u8,
    /// A bit for each sub-major group of ISCO-08 (two digits) of which something is covered.
    occupations: u128,
    /// A bit for each country; several share one.
    countries: u64,
}

impl Outline {
    fn of(grants: &[Grant], may_accredit: u8) -> Self {
        let occupations = grants.iter().flat_map(|grant| &grant.occupations);
        let countries = grants.iter().flat_map(|grant| &grant.countries);
        Self {
            may_accredit,
            occupations: occupations.fold(0, |sum, one| sum | sub_majors(*one)),
            countries: countries.fold(0, |sum, one| sum | country_bit(*one)),
        }
    }

    /// Returns `false` only if nothing covers the scope.
    fn could_cover(&self, scope: &Scope) -> bool {
        scope.occupation.is_none_or(|one| self.occupations & sub_majors(one) != 0)
            && self.countries & country_bit(scope.country) != 0
    }
}

/// Returns the sub-major groups that a group of ISCO-08 lies in or contains.
fn sub_majors(occupation: Occupation) -> u128 {
    let digit = |byte: u8| u32::from(byte.wrapping_sub(b'0') % 10);
    match *occupation.code().as_bytes() {
        [major] => 0x3ff << (digit(major) * 10),
        [major, sub_major, ..] => 1 << (digit(major) * 10 + digit(sub_major)),
        [] => u128::MAX,
    }
}

fn country_bit(country: Country) -> u64 {
    let sum = country.code().bytes().fold(0, |sum, byte| sum * 26 + u32::from(byte));
    1 << (sum % 64)
}

/// The links of a ledger.
#[derive(Default)]
pub(in crate::verify) struct Index<'l> {
    numbers: BTreeMap<Did, BodyNumber>,
    /// By body: the links that lead to it.
    into: Vec<Vec<Edge<'l>>>,
    /// By body: the fewest links from a trust anchor, whether they hold or not; absent if there is no
    /// way.
    distance: Vec<Option<u8>>,
}

impl<'l> Index<'l> {
    pub fn new(ledger: &'l Ledger, trust_anchors: impl Iterator<Item = Did>) -> Self {
        let mut index = Self::default();
        let mut places: BTreeMap<BodyNumber, u32> = BTreeMap::new();
        let mut onward: Vec<Vec<BodyNumber>> = Vec::new();
        let mut add = |index: &mut Self, by: Did, to: Did, via: Via<'l>| {
            let (from, to) = (index.number(by), index.number(to));
            let place = places.entry(from).or_default();
            *place = place.saturating_add(1);
            let (grants, may_accredit) = via.grants();
            let outline = Outline::of(grants, may_accredit);
            let edge = Edge { from, by, to, via, outline, place: *place };
            let at = |number: BodyNumber| usize::try_from(number).unwrap_or(usize::MAX);
            onward.resize_with(index.into.len(), Vec::new);
            if let (Some(into), Some(onward)) =
                (index.into.get_mut(at(to)), onward.get_mut(at(from)))
            {
                into.push(edge);
                onward.push(to);
            }
        };
        for log in ledger.all_views() {
            for (digest, held, accreditation) in log.accreditations() {
                let via = Via::Accreditation { log, digest, held, accreditation };
                add(&mut index, log.origin, accreditation.subject, via);
            }
        }
        for (digest, (holder, held, agreement)) in ledger.agreements() {
            let logged = Logged { digest, holder, held, agreement };
            // A body that signs for several parties is led on from by the first.
            let mut signatories = BTreeSet::new();
            for signatory in agreement.signatories() {
                let Some((home, _)) = agreement.signatory(&signatory.did) else { continue };
                if !signatories.insert(signatory.did) {
                    continue;
                }
                for (party, named) in agreement.parties.iter().enumerate() {
                    for body in named.bodies.iter().filter(|_| party != home) {
                        let country = named.country;
                        let via = Via::Agreement { logged, party, country, body };
                        add(&mut index, signatory.did, body.did, via);
                    }
                }
            }
        }
        let mut frontier: Vec<_> = trust_anchors.map(|did| index.number(did)).collect();
        index.distance.resize(index.into.len(), None);
        for distance in 0..=MAX_DEPTH as u8 {
            let mut next = Vec::new();
            for body in frontier {
                let at = usize::try_from(body).unwrap_or(usize::MAX);
                if let Some(known @ None) = index.distance.get_mut(at) {
                    *known = Some(distance);
                    next.extend(onward.get(at).into_iter().flatten());
                }
            }
            frontier = next;
        }
        index
    }

    fn number(&mut self, did: Did) -> BodyNumber {
        let next = BodyNumber::try_from(self.into.len()).unwrap_or(BodyNumber::MAX);
        let number = *self.numbers.entry(did).or_insert(next);
        if number == next {
            self.into.push(Vec::new());
        }
        number
    }

    /// Returns the number of a body that has links or is a trust anchor.
    pub fn body(&self, did: &Did) -> Option<BodyNumber> {
        self.numbers.get(did).copied()
    }

    /// Returns the fewest links that lead from a trust anchor to a body.
    pub fn distance(&self, body: BodyNumber) -> Option<u8> {
        *self.distance.get(usize::try_from(body).ok()?)?
    }

    /// Returns the links that can be part of a way of at most `longest` links to the issuer, by the
    /// body that they lead from. All that a pass of the search would follow on such a way are among
    /// them.
    pub(super) fn towards(
        &self,
        issuer: BodyNumber,
        scope: Option<&Scope>,
        pass: Pass,
        longest: u8,
    ) -> Vec<&Edge<'l>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([issuer]);
        let mut frontier = Vec::from([issuer]);
        for further in 0..longest {
            let mut next = Vec::new();
            for body in frontier {
                let into = usize::try_from(body).ok().and_then(|body| self.into.get(body));
                for edge in into.into_iter().flatten() {
                    let is_near = self
                        .distance(edge.from)
                        .is_some_and(|distance| distance.saturating_add(further) < longest);
                    if !is_near || (pass != Pass::All && !edge.could_hold(scope, further)) {
                        continue;
                    }
                    found.push(edge);
                    if seen.insert(edge.from) {
                        next.push(edge.from);
                    }
                }
            }
            frontier = next;
        }
        found.sort_unstable_by_key(|edge| (edge.from, edge.place));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_covered_is_passed_over() {
        let parse = |code: &str| Occupation::parse(code).ok();
        let all: Vec<_> = (0..10_000)
            .flat_map(|n| (1..=4).map(move |digits| alloc::format!("{n:0digits$}")))
            .filter_map(|code| parse(&code))
            .collect();
        assert!(all.len() > 500);
        for one in &all {
            for length in 1..=one.code().len() {
                let Some(group) = parse(&one.code()[..length]) else { continue };
                assert!(group.covers(*one));
                assert_ne!(sub_majors(group) & sub_majors(*one), 0, "{group} and {one}");
            }
        }
        let (welders, nurses) = (parse("7212").unwrap(), parse("2221").unwrap());
        assert_eq!(sub_majors(welders) & sub_majors(nurses), 0, "others are");
    }
}
