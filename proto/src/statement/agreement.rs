//! Agreements between parties, and how they come into force and end.

use alloc::vec::Vec;

use super::accreditation::{Grant, MAX_GRANTS};
use super::profile::{MAX_WITNESSES, Role, check_quorum};
use crate::cbor::{codes, record};
use crate::classification::Country;
use crate::id::{Did, Digest};
use crate::recognition::RecognitionTerms;
use crate::text::{Language, Line, MAX_NAMES, Name};
use crate::time::{UnixSeconds, Validity};
use crate::totalisation::{PeriodRules, StateCode};

/// Most parties of an agreement.
pub const MAX_PARTIES: usize = 64;
/// Most bodies, or signatories, of a party.
pub const MAX_BODIES: usize = 64;

codes! {
    /// What an agreement is about.
    pub enum AgreementKind {
        /// Recognition of skills.
        Skills = 1, "skills";
        /// Contribution periods.
        Contributions = 2, "contributions";
    }
}

record! {
    /// A body of a party, with grants as in an accreditation.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Body {
        /// The institution.
        did [1]: Did,
        /// The name it goes by, which reports use.
        name [2]: Line,
        /// What it may attest.
        grants [3; ..MAX_GRANTS]: Vec<Grant>,
        /// How many further steps of accreditation may follow; 0: it may only issue.
        may_accredit [4]: u8,
    }
}

record! {
    /// An institution whose ratification the agreement foresees.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Signatory {
        /// The institution.
        did [1]: Did,
        /// The name it goes by.
        name [2]: Line,
        /// As what it signs.
        role [3]: Role,
        /// Whether the agreement is in force only with its ratification.
        must [4]: bool,
    }
}

record! {
    /// One side of an agreement.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Party {
        /// Its country.
        country [1]: Country,
        /// Bodies whose attestations the other sides accept.
        bodies [2; ..MAX_BODIES]: Vec<Body>,
        /// Who ratifies for it.
        signatories [3; ..MAX_BODIES]: Vec<Signatory>,
        /// Whose cosignatures prove this party's logs to the other sides.
        witnesses [4; ..MAX_WITNESSES]: Vec<Did>,
        /// How many of them make a quorum.
        quorum [5]: Option<u8>,
    }
    check |party| check_quorum(&party.witnesses, party.quorum)
}

record! {
    /// The text for people that this agreement restates.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SourceText {
        /// Its language.
        language [1]: Language,
        /// SHA-256 over the document.
        digest [2]: Digest,
        /// Where it is published.
        address [3]: Option<Line>,
    }
}

record! {
    /// Parties agree to accept each other's attestations. It counts from the log of any of its
    /// signatories, and is named by the digest of that statement.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Agreement {
        /// What it is about.
        kind [1]: AgreementKind,
        /// Titles by language.
        titles [2; ..MAX_NAMES]: Vec<Name>,
        /// Its sides.
        parties [3; ..MAX_PARTIES]: Vec<Party>,
        /// When it holds, once ratified.
        validity [4]: Validity,
        /// Whether a path may lead from this agreement into another that says the same.
        chains [5]: bool,
        /// The texts for people.
        texts [6; ..MAX_NAMES]: Vec<SourceText>,
        /// The rules by which contribution periods are added.
        periods [8]: Option<PeriodRules>,
        /// The rules of recognition.
        recognition [9]: Option<RecognitionTerms>,
    }
    check |agreement| agreement.check()
}

impl Agreement {
    fn check(&self) -> Result<(), &'static str> {
        if self.titles.is_empty() {
            return Err("an agreement has a title");
        }
        if self.parties.len() < 2 {
            return Err("an agreement has at least two parties");
        }
        let mut seats: Vec<_> =
            self.parties.iter().flat_map(|p| p.signatories.iter().map(|s| s.did)).collect();
        let signatories = seats.len();
        seats.sort_unstable();
        seats.dedup();
        if seats.len() != signatories {
            return Err("a signatory is named twice");
        }
        if self.parties.iter().any(|p| !p.signatories.iter().any(|s| s.must)) {
            return Err("every party has a signatory that must ratify");
        }
        if let Some(terms) = &self.recognition {
            if self.kind != AgreementKind::Skills {
                return Err("rules of recognition stand in an agreement on skills");
            }
            let is_party = |country| self.parties.iter().any(|party| party.country == country);
            if !terms.parties.iter().all(|party| is_party(party.country)) {
                return Err("rules of recognition name a country that is no party");
            }
            if self.parties.iter().any(|party| terms.party(party.country).is_none()) {
                return Err("rules of recognition leave a party out");
            }
        }
        let Some(periods) = &self.periods else { return Ok(()) };
        if self.kind != AgreementKind::Contributions {
            return Err("rules on periods stand in an agreement on contributions");
        }
        let is_of = |state: &StateCode, party: &Party| state.country() == party.country.code();
        if self.parties.iter().any(|party| !periods.parties.iter().any(|s| is_of(s, party))) {
            return Err("the rules on periods leave a party out");
        }
        if periods.parties.iter().any(|s| !self.parties.iter().any(|party| is_of(s, party))) {
            return Err("the rules on periods name a State that is no party");
        }
        Ok(())
    }

    /// Returns the index of the party for which an institution signs, and its entry there.
    pub fn signatory(&self, did: &Did) -> Option<(usize, &Signatory)> {
        self.parties.iter().enumerate().find_map(|(index, party)| {
            party.signatories.iter().find(|s| s.did == *did).map(|s| (index, s))
        })
    }

    /// Returns all signatories.
    pub fn signatories(&self) -> impl Iterator<Item = &Signatory> {
        self.parties.iter().flat_map(|party| &party.signatories)
    }
}

record! {
    /// A signatory's yes. It counts only from the institution that the agreement names for this
    /// party and role. The time tells it from an earlier one that was denounced.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Ratification {
        /// The agreement's digest.
        agreement [1]: Digest,
        /// The party's country.
        party [2]: Country,
        /// As what it signs.
        role [3]: Role,
        /// From when.
        since [4]: UnixSeconds,
    }
}

record! {
    /// A signatory leaves. The agreement is no longer in force from then on if its ratification is
    /// one that must be there.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Denunciation {
        /// The agreement's digest.
        agreement [1]: Digest,
        /// The party's country.
        party [2]: Country,
        /// As what it signed.
        role [3]: Role,
        /// From when.
        effective [4]: UnixSeconds,
    }
}
