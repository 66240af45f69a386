//! Levels of frameworks. No row, no correspondence: rows do not chain, and a reference framework
//! between two others maps nothing.

use super::terms::Citation;
use crate::cbor::{codes, record};
use crate::classification::{Country, Framework, Occupation};
use crate::statement::accreditation::Level;
use crate::text::Line;

/// Most level rows of an agreement.
pub const MAX_LEVEL_ROWS: usize = 256;
/// Most demands of host countries in an agreement.
pub const MAX_REQUIREMENTS: usize = 256;

codes! {
    /// How two levels correspond.
    pub enum LevelRelation {
        /// They are the same.
        Equal = 1, "equal";
        /// The first is at least the second.
        AtLeast = 2, "at_least";
        /// The first lies one below the second and is accepted for it; the host may ask for compensation.
        OneBelowAccepted = 3, "one_below_accepted";
    }
}

record! {
    /// A level of one framework and the level of another that it corresponds to.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct LevelRow {
        /// The framework of the attestation.
        from_framework [1]: Framework,
        /// The level in it.
        from_level [2]: Level,
        /// The other framework.
        to_framework [3]: Framework,
        /// The level in that.
        to_level [4]: Level,
        /// How they correspond.
        relation [5]: LevelRelation,
        /// The referencing report or article.
        source [6]: Citation,
    }
}

record! {
    /// What a host country demands of those who come without a title that corresponds.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct HostRequirement {
        /// The country.
        host [1]: Country,
        /// The occupation.
        occupation [2]: Occupation,
        /// What it is called there.
        title [3]: Line,
        /// Whether it is regulated there.
        regulated [4]: bool,
        /// The framework in which the level is stated.
        framework [5]: Framework,
        /// The level.
        level [6]: Level,
        /// Where this stands.
        source [7]: Citation,
    }
}

/// How the level of an attestation compares with the one that is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correspondence<'r> {
    /// Both are levels of one framework, and the level is reached.
    Same,
    /// A row says that it is reached.
    Reached(&'r LevelRow),
    /// A row says that it lies one below and is accepted.
    OneBelow(&'r LevelRow),
    /// It is not reached; the row, unless both are levels of one framework.
    TooLow(Option<&'r LevelRow>),
    /// No row speaks of both.
    NoneAgreed,
}

/// Compares the level of an attestation with the one demanded, by the rows of an agreement alone.
pub fn correspondence<'r>(
    rows: &'r [LevelRow],
    (framework, level): (&Framework, Level),
    (wanted_framework, wanted): (&Framework, Level),
) -> Correspondence<'r> {
    let mine = rows.iter().filter(|row| {
        row.from_framework == *framework
            && row.from_level == level
            && row.to_framework == *wanted_framework
    });
    let reaches = |row: &&LevelRow| row.to_level >= wanted;
    let is_below = |row: &LevelRow| row.relation == LevelRelation::OneBelowAccepted;
    if framework == wanted_framework && level >= wanted {
        Correspondence::Same
    } else if let Some(row) = mine.clone().filter(|row| !is_below(row)).find(reaches) {
        Correspondence::Reached(row)
    } else if let Some(row) = mine.clone().filter(|row| is_below(row)).find(reaches) {
        Correspondence::OneBelow(row)
    } else if let Some(row) = mine.max_by_key(|row| row.to_level) {
        Correspondence::TooLow(Some(row))
    } else if framework == wanted_framework {
        Correspondence::TooLow(None)
    } else {
        Correspondence::NoneAgreed
    }
}
