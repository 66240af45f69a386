//! The public code lists that scopes and credentials are written in: occupations (ISCO-08), fields of
//! education and training (ISCED-F 2013), countries (ISO 3166-1) and qualification frameworks.
//!
//! A code that is not in its list does not become a value, so a scope cannot name an occupation that
//! does not exist. Codes of ISCO-08 and ISCED-F are hierarchical by prefix: `721` covers `7212`.

mod isced_f;
mod isco08;
mod iso3166;
mod wire;

use alloc::{borrow::ToOwned, string::String};
use core::fmt;
use serde::{Serialize, Serializer};

/// Longest framework code, in bytes.
pub const MAX_FRAMEWORK_CODE_BYTES: usize = 16;

/// How much of a refused code an error repeats, in characters.
const MAX_QUOTED_CHARS: usize = 24;

/// Why a text is not a code of the list it was read for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassificationError {
    /// The text does not have the shape of such a code.
    #[error("{code:?} is not {list}: {rule}")]
    Shape {
        /// The list, with its article: "an ISCO-08 occupation".
        list: &'static str,
        /// The text as given, shortened.
        code: String,
        /// What a code of this list looks like.
        rule: &'static str,
    },
    /// The shape is right, no such code exists, and a group above it does.
    #[error("{code} is not {list}; the nearest group that exists is {parent} ({title})")]
    UnknownInGroup {
        /// The list, with its article.
        list: &'static str,
        /// The code as given.
        code: String,
        /// The longest existing code that is a prefix of it.
        parent: &'static str,
        /// The English title of `parent`.
        title: &'static str,
    },
    /// The shape is right, but neither the code nor a group above it exists.
    #[error("{code} is not {list}")]
    Unknown {
        /// The list, with its article.
        list: &'static str,
        /// The code as given.
        code: String,
    },
}

/// One row of a list. Rows are compared by code, which comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    code: &'static str,
    title: &'static str,
}

struct List {
    name: &'static str,
    rule: &'static str,
    table: &'static [(&'static str, &'static str)],
    well_formed: fn(&str) -> bool,
}

const OCCUPATIONS: List = List {
    name: "an ISCO-08 occupation",
    rule: "one to four digits, such as 7212",
    table: isco08::TABLE,
    well_formed: |code| digits(code, 1),
};

const FIELDS: List = List {
    name: "an ISCED-F 2013 field",
    rule: "two to four digits, such as 0715",
    table: isced_f::TABLE,
    well_formed: |code| digits(code, 2),
};

const COUNTRIES: List = List {
    name: "an ISO 3166-1 country",
    rule: "two capital letters, such as PH",
    table: iso3166::TABLE,
    well_formed: |code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()),
};

fn digits(code: &str, at_least: usize) -> bool {
    (at_least..=4).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit())
}

fn quoted(code: &str) -> String {
    code.chars().take(MAX_QUOTED_CHARS).collect()
}

impl List {
    fn find(&self, code: &str) -> Option<Row> {
        let index = self.table.binary_search_by(|(known, _)| (*known).cmp(code)).ok()?;
        self.table.get(index).map(|&(code, title)| Row { code, title })
    }

    fn parse(&self, code: &str) -> Result<Row, ClassificationError> {
        let list = self.name;
        if !(self.well_formed)(code) {
            return Err(ClassificationError::Shape { list, code: quoted(code), rule: self.rule });
        }
        self.find(code).ok_or_else(|| {
            let parent = (1..code.len()).rev().find_map(|end| self.find(code.get(..end)?));
            let code = code.to_owned();
            match parent {
                Some(Row { code: parent, title }) => {
                    ClassificationError::UnknownInGroup { list, code, parent, title }
                }
                None => ClassificationError::Unknown { list, code },
            }
        })
    }
}

macro_rules! listed_code {
    ($(#[$doc:meta])* $name:ident, $list:ident, $title:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Row);

        impl $name {
            /// Reads a code exactly as the list writes it, without spaces.
            ///
            /// # Errors
            /// [`ClassificationError`] if the text is no code of this list; it names the nearest
            /// existing group where there is one.
            pub fn parse(code: &str) -> Result<Self, ClassificationError> {
                $list.parse(code).map(Self)
            }

            /// Returns the code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                self.0.code
            }

            /// Returns the English title.
            #[must_use]
            pub const fn $title(self) -> &'static str {
                self.0.title
            }

            /// Returns the whole list, sorted by code as text.
            pub fn all() -> impl Iterator<Item = Self> {
                $list.table.iter().map(|&(code, title)| Self(Row { code, title }))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.code)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.code)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.code)
            }
        }
    };
}

listed_code! {
    /// A group of ISCO-08, the ILO's classification of occupations: one digit (major group) to four
    /// (unit group).
    Occupation, OCCUPATIONS, title
}

listed_code! {
    /// A field of education and training of ISCED-F 2013: two digits (broad), three (narrow) or four
    /// (detailed).
    Field, FIELDS, title
}

listed_code! {
    /// A country or territory of ISO 3166-1 by its two-letter code.
    Country, COUNTRIES, name
}

impl Occupation {
    /// Tells whether this group is `other` or contains it.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other.code().starts_with(self.code())
    }
}

impl Field {
    /// Tells whether this field is `other` or contains it.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other.code().starts_with(self.code())
    }
}

/// The code of a qualification framework, national or regional: `PQF`, `DQR`, `EQF`.
///
/// Frameworks are an open list, since countries found new ones: any code of 2 to
/// [`MAX_FRAMEWORK_CODE_BYTES`] capital letters, digits and inner hyphens that starts with a letter is
/// read. [`Framework::title`] and [`Framework::levels`] know the common ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Framework(String);

impl Framework {
    /// Reads the code of a framework.
    ///
    /// # Errors
    /// [`ClassificationError::Shape`] if the text does not look like one.
    pub fn parse(code: &str) -> Result<Self, ClassificationError> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        let well_formed = (2..=MAX_FRAMEWORK_CODE_BYTES).contains(&code.len())
            && code.bytes().all(allowed)
            && code.starts_with(|c: char| c.is_ascii_uppercase())
            && !code.ends_with('-');
        if well_formed {
            Ok(Self(code.to_owned()))
        } else {
            Err(ClassificationError::Shape {
                list: "a qualification framework",
                code: quoted(code),
                rule: "2 to 16 capital letters, digits or inner hyphens, such as PQF or NVQ-LK",
            })
        }
    }

    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0
    }

    /// Returns the English title, if the framework is one of the common ones.
    #[must_use]
    pub fn title(&self) -> Option<&'static str> {
        self.known().map(|known| known.title)
    }

    /// Returns the country of a common national framework; none for a regional or an unknown one.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        self.known().and_then(|known| Country::parse(known.country?).ok())
    }

    /// Returns the levels of a common framework, lowest first.
    #[must_use]
    pub fn levels(&self) -> Option<&'static [&'static str]> {
        self.known().map(|known| known.levels)
    }

    fn known(&self) -> Option<&'static KnownFramework> {
        FRAMEWORKS.iter().find(|known| known.code == self.0)
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Framework {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

struct KnownFramework {
    code: &'static str,
    title: &'static str,
    country: Option<&'static str>,
    levels: &'static [&'static str],
}

const ONE_TO_SEVEN: &[&str] = &["1", "2", "3", "4", "5", "6", "7"];
const ONE_TO_EIGHT: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8"];
const ONE_TO_TEN: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
const NSQF_LEVELS: &[&str] =
    &["1", "2", "2.5", "3", "3.5", "4", "4.5", "5", "5.5", "6", "6.5", "7", "7.5", "8"];
const RQF_LEVELS: &[&str] = &["E1", "E2", "E3", "1", "2", "3", "4", "5", "6", "7", "8"];

const fn known(
    code: &'static str,
    title: &'static str,
    country: Option<&'static str>,
    levels: &'static [&'static str],
) -> KnownFramework {
    KnownFramework { code, title, country, levels }
}

const FRAMEWORKS: &[KnownFramework] = &[
    known("ACQF", "African Continental Qualifications Framework", None, ONE_TO_TEN),
    known("AQRF", "ASEAN Qualifications Reference Framework", None, ONE_TO_EIGHT),
    known("DQR", "German Qualifications Framework", Some("DE"), ONE_TO_EIGHT),
    known("EQF", "European Qualifications Framework", None, ONE_TO_EIGHT),
    known("NFQ-IE", "Irish National Framework of Qualifications", Some("IE"), ONE_TO_TEN),
    known("NSQF", "National Skills Qualifications Framework", Some("IN"), NSQF_LEVELS),
    known("NVQ-LK", "National Vocational Qualifications of Sri Lanka", Some("LK"), ONE_TO_SEVEN),
    known("PQF", "Philippine Qualifications Framework", Some("PH"), ONE_TO_EIGHT),
    known("RQF-UK", "Regulated Qualifications Framework", Some("GB"), RQF_LEVELS),
    known("SADCQF", "SADC Qualifications Framework", None, ONE_TO_TEN),
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_group_covers_what_is_below_it_and_nothing_else() {
        let welders = Occupation::parse("7212").unwrap();
        assert_eq!(welders.title(), "Welders and flamecutters");
        for group in ["7", "72", "721", "7212"] {
            assert!(Occupation::parse(group).unwrap().covers(welders), "{group}");
        }
        for other in ["8", "722", "7213"] {
            assert!(!Occupation::parse(other).unwrap().covers(welders), "{other}");
        }
        assert!(!welders.covers(Occupation::parse("721").unwrap()));
        assert!(Field::parse("07").unwrap().covers(Field::parse("0715").unwrap()));
    }

    #[test]
    fn an_unknown_code_is_refused_with_the_nearest_group() {
        assert_eq!(
            Occupation::parse("7219").unwrap_err().to_string(),
            "7219 is not an ISCO-08 occupation; the nearest group that exists is 721 \
             (Sheet and structural metal workers, moulders and welders, and related workers)"
        );
        assert_eq!(
            Field::parse("6666").unwrap_err().to_string(),
            "6666 is not an ISCED-F 2013 field"
        );
        assert_eq!(
            Country::parse("UK").unwrap_err().to_string(),
            "UK is not an ISO 3166-1 country"
        );
    }

    #[test]
    fn a_code_is_read_exactly_as_the_list_writes_it() {
        for bad in ["", " 7212", "7212 ", "72 12", "72125", "welder", "٧٢١٢", "-1"] {
            assert!(
                matches!(Occupation::parse(bad), Err(ClassificationError::Shape { .. })),
                "{bad:?}"
            );
        }
        assert!(matches!(Field::parse("7"), Err(ClassificationError::Shape { .. })));
        assert!(matches!(Country::parse("ph"), Err(ClassificationError::Shape { .. })));
        assert!(matches!(Country::parse("PHL"), Err(ClassificationError::Shape { .. })));
    }

    #[test]
    fn a_long_wrong_code_is_not_repeated_in_full() {
        let error = Occupation::parse(&"9".repeat(10_000)).unwrap_err().to_string();
        assert!(error.len() < 120, "{error}");
    }

    #[test]
    fn lists_are_sorted_and_every_code_has_its_parent() {
        for list in [&OCCUPATIONS, &FIELDS, &COUNTRIES] {
            assert!(list.table.windows(2).all(|pair| pair[0].0 < pair[1].0), "{}", list.name);
        }
        for (list, shortest) in [(&OCCUPATIONS, 1), (&FIELDS, 2)] {
            for (code, _) in list.table.iter().filter(|(code, _)| code.len() > shortest) {
                assert!(list.find(&code[..code.len() - 1]).is_some(), "{code} has no parent");
            }
        }
    }

    #[test]
    fn frameworks_are_an_open_list_with_known_levels() {
        let nsqf = Framework::parse("NSQF").unwrap();
        assert_eq!(nsqf.levels().map(<[_]>::len), Some(14));
        assert_eq!(nsqf.country(), Country::parse("IN").ok());
        let unheard = Framework::parse("QQF-9").unwrap();
        assert_eq!((unheard.title(), unheard.levels()), (None, None));
        assert_eq!(Framework::parse("EQF").unwrap().country(), None);
        for bad in ["", "P", "pqf", "9QF", "PQF-", "P QF", "ABCDEFGHIJKLMNOPQ"] {
            assert!(Framework::parse(bad).is_err(), "{bad:?}");
        }
        for known in FRAMEWORKS {
            let framework = Framework::parse(known.code).unwrap();
            assert_eq!(framework.country().is_some(), known.country.is_some(), "{framework}");
        }
    }
}
