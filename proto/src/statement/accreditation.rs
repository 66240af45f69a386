//! Accreditations, their scope, and how they end.

use alloc::vec::Vec;
use core::fmt;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, codes, record};
use crate::classification::{Country, Field, Framework, Occupation};
use crate::id::{Did, Digest};
use crate::text::Line;
use crate::time::{UnixSeconds, Validity};

/// Most grants of an accreditation.
pub const MAX_GRANTS: usize = 64;
/// Most codes in one list of a grant.
pub const MAX_CODES: usize = 512;

/// A level of a qualification framework in tenths, so that half levels are exact: 4.5 is 45.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u16);

impl Level {
    /// Reads a decimal number with at most one place, 0 to 99.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |t: &str, max| (1..=max).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole, 2) || !digits(tenth, 1) {
            return None;
        }
        Some(Self(whole.parse::<u16>().ok()? * 10 + tenth.parse::<u16>().ok()?))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}", self.0 / 10),
            tenth => write!(f, "{}.{tenth}", self.0 / 10),
        }
    }
}

impl Encode for Level {
    fn encode(&self, e: &mut Encoder) {
        e.uint(self.0.into());
    }
}

impl<'b> Decode<'b> for Level {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        match u16::decode(d)? {
            tenths @ 0..=999 => Ok(Self(tenths)),
            _ => Err(CborError::new(CborErrorKind::OutOfRange, start)),
        }
    }
}

impl serde::Serialize for Level {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

record! {
    /// A range of levels of one framework, both ends included.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LevelRange {
        /// The framework.
        framework [1]: Framework,
        /// The lowest level.
        lowest [2]: Level,
        /// The highest level.
        highest [3]: Level,
    }
    check |range| if range.lowest <= range.highest { Ok(()) } else { Err("levels run from low to high") }
}

codes! {
    /// A branch of social security.
    pub enum Branch {
        /// Old age.
        OldAge = 1, "old-age";
        /// Invalidity.
        Invalidity = 2, "invalidity";
        /// Survivors.
        Survivors = 3, "survivors";
        /// Sickness.
        Sickness = 4, "sickness";
        /// Maternity.
        Maternity = 5, "maternity";
        /// Employment injury.
        EmploymentInjury = 6, "employment-injury";
        /// Unemployment.
        Unemployment = 7, "unemployment";
        /// Family.
        Family = 8, "family";
        /// Death grant.
        DeathGrant = 9, "death-grant";
    }
}

record! {
    /// What may be attested. A code in a list covers every code that begins with it. A list that is
    /// left out covers nothing: whoever means all occupations lists the ten major groups.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Grant {
        /// The credential type, such as `urn:carnet:skill:1`.
        credential_type [1]: Line,
        /// Occupations of ISCO-08.
        occupations [2; ..MAX_CODES]: Vec<Occupation>,
        /// Fields of ISCED-F 2013.
        fields [3; ..MAX_CODES]: Vec<Field>,
        /// Levels, by framework.
        levels [4; ..MAX_CODES]: Vec<LevelRange>,
        /// Branches of social security.
        branches [5; ..MAX_CODES]: Vec<Branch>,
        /// Countries whose qualifications or periods are attested.
        countries [6; ..MAX_CODES]: Vec<Country>,
    }
}

/// What a credential claims to be about, as far as grants speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The credential type.
    pub credential_type: &'static str,
    /// The occupation.
    pub occupation: Option<Occupation>,
    /// The field of education.
    pub field: Option<Field>,
    /// The framework and level.
    pub level: Option<(Framework, Level)>,
    /// The branches of social security.
    pub branches: Vec<Branch>,
    /// The country whose qualification or periods it attests.
    pub country: Country,
}

/// Which part of a scope no grant covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the parts of a scope")]
pub enum OutsideScope {
    CredentialType,
    Occupation,
    Field,
    Level,
    Branch,
    Country,
}

impl OutsideScope {
    /// Returns the name of the part.
    pub fn name(self) -> &'static str {
        match self {
            OutsideScope::CredentialType => "credential-type",
            OutsideScope::Occupation => "occupation",
            OutsideScope::Field => "field",
            OutsideScope::Level => "level",
            OutsideScope::Branch => "branch",
            OutsideScope::Country => "country",
        }
    }
}

impl Grant {
    /// Checks that the grant covers a scope whole.
    ///
    /// # Errors
    /// The first part that it does not cover.
    pub fn covers(&self, scope: &Scope) -> Result<(), OutsideScope> {
        if self.credential_type.as_str() != scope.credential_type {
            return Err(OutsideScope::CredentialType);
        }
        if scope.occupation.is_some_and(|o| !self.occupations.iter().any(|g| g.covers(o))) {
            return Err(OutsideScope::Occupation);
        }
        if scope.field.is_some_and(|f| !self.fields.iter().any(|g| g.covers(f))) {
            return Err(OutsideScope::Field);
        }
        let in_range = |(framework, level): &(Framework, Level)| {
            self.levels
                .iter()
                .any(|r| r.framework == *framework && (r.lowest..=r.highest).contains(level))
        };
        if scope.level.as_ref().is_some_and(|level| !in_range(level)) {
            return Err(OutsideScope::Level);
        }
        if scope.branches.iter().any(|branch| !self.branches.contains(branch)) {
            return Err(OutsideScope::Branch);
        }
        if self.countries.contains(&scope.country) { Ok(()) } else { Err(OutsideScope::Country) }
    }
}

/// Checks that one of the grants covers a scope whole.
///
/// # Errors
/// What the grant that came furthest does not cover.
pub fn any_covers(grants: &[Grant], scope: &Scope) -> Result<(), OutsideScope> {
    let mut furthest = OutsideScope::CredentialType;
    for grant in grants {
        match grant.covers(scope) {
            Ok(()) => return Ok(()),
            Err(outside) if outside as u8 >= furthest as u8 => furthest = outside,
            Err(_) => {}
        }
    }
    Err(furthest)
}

record! {
    /// One institution lets another issue credentials, or accredit in turn, within a scope.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Accreditation {
        /// The institution that is accredited.
        subject [1]: Did,
        /// The name it goes by, which reports use.
        name [2]: Line,
        /// What it may attest.
        grants [3; ..MAX_GRANTS]: Vec<Grant>,
        /// How many further steps of accreditation may follow; 0: it may only issue.
        may_accredit [4]: u8,
        /// When it holds.
        validity [5]: Validity,
        /// The law or regulation it rests on.
        legal_basis [6]: Option<Line>,
        /// Where to appeal.
        appeal_body [7]: Option<Line>,
    }
    check |a| if a.grants.is_empty() {
        Err("an accreditation grants something")
    } else if a.may_accredit > 8 {
        Err("at most 8 further steps of accreditation")
    } else {
        Ok(())
    }
}

codes! {
    /// Why an accreditation ends.
    pub enum WithdrawalReason {
        /// Certificates were issued or obtained by fraud.
        Fraud = 1, "fraud";
        /// It should not have been given.
        GrantedInError = 2, "granted-in-error";
        /// The body ceased its activity.
        Ceased = 3, "ceased";
        /// The body no longer meets the conditions.
        NotCompliant = 4, "not-compliant";
        /// The body asked for it.
        OwnRequest = 5, "own-request";
        /// Another accreditation takes its place.
        Replaced = 6, "replaced";
    }
}

record! {
    /// Ends an accreditation of the same log.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Withdrawal {
        /// The accreditation's digest.
        target [1]: Digest,
        /// From when it no longer holds.
        effective [2]: UnixSeconds,
        /// Why.
        reason [3]: WithdrawalReason,
        /// Whether what was attested before is in doubt too; only for fraud or an error.
        retroactive [4]: bool,
    }
    check |w| match w.reason {
        WithdrawalReason::Fraud | WithdrawalReason::GrantedInError => Ok(()),
        _ if w.retroactive => Err("only fraud or an error makes a withdrawal retroactive"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn grant() -> Grant {
        Grant {
            credential_type: Line::parse("urn:carnet:skill:1").unwrap(),
            occupations: Vec::from([Occupation::parse("721").unwrap()]),
            fields: Vec::from([Field::parse("0715").unwrap()]),
            levels: Vec::from([LevelRange {
                framework: Framework::parse("PQF").unwrap(),
                lowest: Level::parse("1").unwrap(),
                highest: Level::parse("4").unwrap(),
            }]),
            branches: Vec::new(),
            countries: Vec::from([Country::parse("PH").unwrap()]),
        }
    }

    fn scope(occupation: &str, level: &str) -> Scope {
        Scope {
            credential_type: "urn:carnet:skill:1",
            occupation: Some(Occupation::parse(occupation).unwrap()),
            field: Some(Field::parse("0715").unwrap()),
            level: Some((Framework::parse("PQF").unwrap(), Level::parse(level).unwrap())),
            branches: Vec::new(),
            country: Country::parse("PH").unwrap(),
        }
    }

    #[test]
    fn a_grant_covers_what_begins_with_its_codes_and_nothing_else() {
        assert_eq!(any_covers(&[grant()], &scope("7212", "2")), Ok(()));
        assert_eq!(any_covers(&[grant()], &scope("2221", "2")), Err(OutsideScope::Occupation));
        assert_eq!(any_covers(&[grant()], &scope("7212", "4.5")), Err(OutsideScope::Level));
        assert_eq!(any_covers(&[], &scope("7212", "2")), Err(OutsideScope::CredentialType));
        let mut silent = grant();
        silent.occupations.clear();
        assert_eq!(any_covers(&[silent], &scope("7212", "2")), Err(OutsideScope::Occupation));
        let mut branch = scope("7212", "2");
        branch.branches.push(Branch::OldAge);
        assert_eq!(any_covers(&[grant()], &branch), Err(OutsideScope::Branch));
    }

    #[test]
    fn levels_are_exact_to_a_tenth() {
        assert_eq!(Level::parse("4.5").unwrap().to_string(), "4.5");
        assert_eq!(Level::parse("4").unwrap().to_string(), "4");
        for bad in ["", "4.", ".5", "4.55", "-1", "100", "4,5"] {
            assert_eq!(Level::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_fraud_or_error_reaches_back() {
        let mut w = Withdrawal {
            target: Digest::of(b""),
            effective: UnixSeconds(5),
            reason: WithdrawalReason::Ceased,
            retroactive: true,
        };
        assert!(Withdrawal::from_cbor(&w.to_cbor()).is_err());
        w.reason = WithdrawalReason::Fraud;
        assert_eq!(Withdrawal::from_cbor(&w.to_cbor()), Ok(w));
    }
}
