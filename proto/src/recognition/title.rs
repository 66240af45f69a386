//! Titles of qualifications, and what a host country calls the same.

use alloc::vec::Vec;

use super::terms::Citation;
use crate::cbor::record;
use crate::classification::{Country, Occupation};
use crate::credential::skill::Skill;
use crate::text::Line;

/// Most title rows of an agreement.
pub const MAX_TITLE_ROWS: usize = 256;
/// Most units that a row says are missing.
pub const MAX_UNITS: usize = 64;

record! {
    /// A unit of a qualification.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct UnitName {
        /// Its code.
        code [1]: Line,
        /// Its title.
        title [2]: Line,
    }
}

record! {
    /// A title at home, and the title that it leads to in a host country.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct TitleRow {
        /// The home country; absent: every party.
        home [1]: Option<Country>,
        /// The title at home.
        home_title [2]: Line,
        /// Its national code; where it is stated, an attestation with another code is another title.
        home_code [3]: Option<Line>,
        /// The version of the standard that it has to be of; absent: every one.
        standard [4]: Option<Line>,
        /// The host country; absent: every party.
        host [5]: Option<Country>,
        /// The title there.
        host_title [6]: Line,
        /// The occupation that it opens there.
        occupation [7]: Occupation,
        /// Units that the host title has, and the home title has not.
        missing [8; ..MAX_UNITS]: Vec<UnitName>,
        /// Whether without these units the rest of the occupation is open.
        partial [9]: bool,
        /// Where this stands.
        source [10]: Citation,
    }
}

/// How an attestation stands to the home title of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TitleMatch {
    /// It is this title.
    Yes,
    /// It is this title by another version of the standard, or by one that it does not show.
    OtherStandard,
    /// It is another title.
    No,
}

impl TitleRow {
    /// Tells whether the row leads from one country to the other and opens the occupation.
    pub(super) fn leads(&self, home: Country, host: Country, occupation: Occupation) -> bool {
        self.home.is_none_or(|country| country == home)
            && self.host.is_none_or(|country| country == host)
            && occupation.covers(self.occupation)
    }

    /// Compares an attestation with the home title.
    pub(super) fn compare(&self, skill: &Skill) -> TitleMatch {
        let has_title = || skill.title.text == self.home_title;
        let is_title = match (&self.home_code, &skill.national_code) {
            (Some(code), Some(shown)) => code == shown,
            _ => has_title(),
        };
        match &self.standard {
            _ if !is_title => TitleMatch::No,
            Some(standard) if skill.standard.as_ref() != Some(standard) => {
                TitleMatch::OtherStandard
            }
            _ => TitleMatch::Yes,
        }
    }
}
