//! What a body may attest, as TOML.

use super::check::{Found, Key, Value, one, several};
use super::{In, all, broken, broken_rule, read_toml};
use crate::error::CliError;
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::profile::VCT_SKILL;
use carnet_proto::statement::accreditation::{Branch, Grant, Level, LevelRange};
use carnet_proto::text::Line;
use serde::Deserialize;
use std::path::Path;

/// A file of grants to start from.
pub const TEMPLATE: &str = include_str!("grant.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantsForm {
    grant: Vec<GrantForm>,
}

/// One grant. A list that is left out covers nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantForm {
    credential: Option<In<Line>>,
    #[serde(default)]
    occupations: Vec<In<Occupation>>,
    #[serde(default)]
    fields: Vec<In<Field>>,
    #[serde(default)]
    levels: Vec<LevelsForm>,
    #[serde(default)]
    branches: Vec<In<Branch>>,
    #[serde(default)]
    countries: Vec<In<Country>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelsForm {
    framework: In<Framework>,
    lowest: In<Level>,
    highest: In<Level>,
}

const GRANT: &[Key] = &[
    ("credential", false, one::<In<Line>>),
    ("occupations", false, several::<In<Occupation>>),
    ("fields", false, several::<In<Field>>),
    ("levels", false, |value, found| found.each(value, levels)),
    ("branches", false, several::<In<Branch>>),
    ("countries", false, several::<In<Country>>),
];

const LEVELS: &[Key] = &[
    ("framework", true, one::<In<Framework>>),
    ("lowest", true, one::<In<Level>>),
    ("highest", true, one::<In<Level>>),
];

/// Looks at a grant, key by key.
pub fn look(value: &Value<'_>, found: &mut Found<'_>) {
    if found.table(value, GRANT) {
        found.whole::<GrantForm, Grant>(value, GrantForm::into_grant);
    }
}

fn levels(value: &Value<'_>, found: &mut Found<'_>) {
    found.table(value, LEVELS);
}

impl GrantForm {
    /// Returns the grant.
    ///
    /// # Errors
    /// The rule of the format that it breaks.
    pub fn into_grant(self) -> Result<Grant, String> {
        let credential_type = match self.credential {
            Some(In(name)) => name,
            None => Line::parse(VCT_SKILL).map_err(|error| error.to_string())?,
        };
        let level = |form: LevelsForm| LevelRange {
            framework: form.framework.0,
            lowest: form.lowest.0,
            highest: form.highest.0,
        };
        let grant = Grant {
            credential_type,
            occupations: all(self.occupations),
            fields: all(self.fields),
            levels: self.levels.into_iter().map(level).collect(),
            branches: all(self.branches),
            countries: all(self.countries),
        };
        // Reading it again applies the rules of the format.
        Grant::from_cbor(&grant.to_cbor()).map_err(|error| broken_rule(&error))
    }
}

/// Reads a file of grants.
///
/// # Errors
/// As [`read_toml`], or `form-rule`.
pub fn read(path: &Path) -> Result<Vec<Grant>, CliError> {
    let form: GrantsForm = read_toml(path)?;
    if form.grant.is_empty() {
        return Err(broken(path, "no [[grant]] is given"));
    }
    let grants = form.grant.into_iter().map(GrantForm::into_grant).collect::<Result<_, _>>();
    grants.map_err(|reason| broken(path, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("grant.toml");
        std::fs::write(&path, TEMPLATE).unwrap();
        let grants = read(&path).unwrap();
        assert_eq!(grants[0].occupations[0].code(), "721");
        assert_eq!(grants[0].levels[0].highest.to_string(), "4");
        assert!(grants[0].branches.is_empty());
        // What is shown for periods is a grant too.
        let periods = TEMPLATE.split_once("# [[grant]]").unwrap().1.replace("# ", "");
        std::fs::write(&path, format!("[[grant]]{periods}")).unwrap();
        let grants = read(&path).unwrap();
        assert_eq!(grants[0].credential_type.as_str(), "urn:carnet:contribution:1");
        assert_eq!(grants[0].branches, [Branch::OldAge, Branch::Invalidity]);
    }

    #[test]
    fn levels_that_run_backwards_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("grant.toml");
        std::fs::write(&path, TEMPLATE.replace("highest = \"4\"", "highest = \"0\"")).unwrap();
        assert_eq!(read(&path).unwrap_err().code(), "form-rule");
    }
}
