//! The agreements and levels that are built in: models, from `data/recognition/`.

use crate::error::{CliError, Mistake};
use crate::forms::check::{Key, version};
use crate::forms::recognition::{self, LevelForm, RecognitionForm};
use crate::forms::{self, In, agreement, all, broken, parse_toml};
use carnet_proto::classification::{Country, Framework};
use carnet_proto::recognition::{Citation, LevelRow, RecognitionTerms};
use carnet_proto::statement::accreditation::Level;
use carnet_proto::text::Line;
use serde::Deserialize;
use std::path::Path;

macro_rules! built_in {
    ($($id:literal)*) => {
        /// The agreements, by id.
        pub const ALL: &[(&str, &str)] = &[$(
            ($id, include_str!(concat!("../../../../data/recognition/", $id, ".toml"))),
        )*];
    };
}
built_in! { "asean-nursing" "asean-tourism" "general-system" "skills-partnership" }

const FRAMEWORKS: &str = include_str!("../../../../data/recognition/frameworks.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(deserialize_with = "crate::forms::version_one")]
    #[expect(dead_code, reason = "read to be checked")]
    version: (),
    recognition: RecognitionForm,
}

/// Reads the rules in a file: the table `[recognition]`, alone or in the text of an agreement.
///
/// # Errors
/// `form` with the place, `form-rule`, or `agreement-of-periods`.
pub fn parse(path: &Path, text: &str) -> Result<RecognitionTerms, CliError> {
    let table: toml::Table = parse_toml(path, text)?;
    if table.contains_key("party") {
        let agreement = agreement::parse(path, text)?;
        return agreement.recognition.ok_or_else(|| broken(path, "it has no [recognition]"));
    }
    let kind = table.get("kind").and_then(toml::Value::as_str);
    if kind == Some("periods") && !table.contains_key("recognition") {
        return Err(super::grounds::of_periods(&path.display().to_string()));
    }
    let file: File = parse_toml(path, text)?;
    file.recognition.into_terms().map_err(|reason| broken(path, reason))
}

const FILE: &[Key] = &[("version", true, version), ("recognition", true, recognition::look)];

/// Returns everything that is wrong with a file that holds rules of recognition alone.
pub fn mistakes(text: &str) -> Vec<Mistake> {
    forms::check::mistakes(text, |document, found| {
        found.keys(document, 0..0, FILE);
    })
}

/// Returns the text of a built-in agreement, or of the levels.
pub fn text(id: &str) -> Option<&'static str> {
    let known = ALL.iter().copied().chain([("frameworks", FRAMEWORKS)]);
    known.into_iter().find(|(known, _)| *known == id).map(|(_, text)| text)
}

/// Returns a built-in agreement.
///
/// # Errors
/// None that a build with passing tests has.
pub fn by_id(id: &str) -> Option<Result<RecognitionTerms, CliError>> {
    ALL.iter().find(|(known, _)| *known == id).map(|(_, text)| parse(Path::new(id), text))
}

/// A framework, and what its levels are called.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameworkForm {
    code: In<Framework>,
    country: Option<In<Country>>,
    levels: Vec<In<Level>>,
    #[serde(default)]
    types: Vec<In<Line>>,
    source: crate::forms::recognition::Cited,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoneForm {
    between: Vec<In<Framework>>,
    note: In<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelsForm {
    #[serde(default)]
    framework: Vec<FrameworkForm>,
    #[serde(default)]
    row: Vec<LevelForm>,
    #[serde(default)]
    none: Vec<NoneForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelsFile {
    #[serde(deserialize_with = "crate::forms::version_one")]
    #[expect(dead_code, reason = "read to be checked")]
    version: (),
    levels: LevelsForm,
}

/// A framework.
pub struct KnownFramework {
    /// Its code.
    pub code: Framework,
    /// Its country, unless it is a reference framework.
    pub country: Option<Country>,
    /// Where its levels stand.
    pub source: Citation,
}

/// Levels that correspond by an adopted report, and pairs of frameworks of which none do.
pub struct Levels {
    /// The frameworks.
    pub frameworks: Vec<KnownFramework>,
    /// The rows.
    pub rows: Vec<LevelRow>,
    /// Pairs of frameworks without an agreed correspondence, and what is known of it.
    pub none: Vec<(Framework, Framework, Line)>,
}

/// Reads a file of levels.
///
/// # Errors
/// `form` with the place, or `form-rule`.
pub fn parse_levels(path: &Path, text: &str) -> Result<Levels, CliError> {
    let file: LevelsFile = parse_toml(path, text)?;
    let refused = |reason: String| broken(path, reason);
    let mut frameworks = Vec::new();
    let mut known: Vec<(Framework, Vec<Level>)> = Vec::new();
    for form in file.levels.framework {
        let (code, levels) = (form.code.0, all(form.levels));
        if known.iter().any(|(other, _)| *other == code) {
            return Err(refused(format!("{code} is named twice")));
        }
        if !form.types.is_empty() && form.types.len() != levels.len() {
            return Err(refused(format!("{code} has not as many types as levels")));
        }
        let country = crate::forms::maybe(form.country);
        let source = form.source.into();
        frameworks.push(KnownFramework { code: code.clone(), country, source });
        known.push((code, levels));
    }
    let rows: Vec<LevelRow> = file.levels.row.into_iter().map(LevelRow::from).collect();
    let has = |framework: &Framework, level: &Level| {
        known.iter().any(|(code, levels)| code == framework && levels.contains(level))
    };
    for row in &rows {
        for (framework, level) in
            [(&row.from_framework, &row.from_level), (&row.to_framework, &row.to_level)]
        {
            if !has(framework, level) {
                return Err(refused(format!("{framework} has no level {level}")));
            }
        }
    }
    let mut none = Vec::new();
    for form in file.levels.none {
        let [a, b] = <[Framework; 2]>::try_from(all(form.between))
            .map_err(|_| refused("`between` names two frameworks".to_owned()))?;
        let joins = |row: &LevelRow| {
            [(&a, &b), (&b, &a)].contains(&(&row.from_framework, &row.to_framework))
        };
        if rows.iter().any(joins) {
            return Err(refused(format!("{a} and {b} have rows, and are said to have none")));
        }
        none.push((a, b, form.note.0));
    }
    Ok(Levels { frameworks, rows, none })
}

/// Returns the built-in levels.
///
/// # Errors
/// None that a build with passing tests has.
pub fn levels() -> Result<Levels, CliError> {
    parse_levels(Path::new("frameworks"), FRAMEWORKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnet_proto::recognition::{RecognitionOutcome, check_cases};

    #[test]
    fn every_shipped_agreement_is_right_and_answers_its_cases() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/recognition");
        let mut on_disk = 0;
        for entry in std::fs::read_dir(dir).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let id = name.strip_suffix(".toml").unwrap();
            on_disk += usize::from(id != "frameworks");
            assert!(id == "frameworks" || ALL.iter().any(|(known, _)| *known == id), "{id}");
        }
        assert_eq!(on_disk, ALL.len());
        let mut outcomes = Vec::new();
        for (id, _) in ALL {
            let terms = by_id(id).unwrap().unwrap();
            assert_eq!(terms.id.as_str(), *id);
            assert!(terms.cases.len() >= 8, "{id}");
            assert_eq!(check_cases(&terms), [], "{id}");
            outcomes.extend(terms.cases.iter().map(|case| case.outcome));
        }
        for outcome in RecognitionOutcome::ALL {
            assert!(outcomes.contains(outcome), "no case comes out {outcome}");
        }
    }

    #[test]
    fn a_shipped_agreement_fits_into_a_statement() {
        use carnet_proto::cbor::Encode as _;
        for (id, _) in ALL {
            let bytes = by_id(id).unwrap().unwrap().to_cbor().len();
            assert!(bytes < 48 * 1024, "{id}: {bytes}");
        }
    }

    #[test]
    fn the_frameworks_agree_with_what_the_program_knows_of_them() {
        let levels = levels().unwrap();
        for framework in &levels.frameworks {
            let code = &framework.code;
            assert_eq!(code.country(), framework.country, "{code}");
            assert!(code.levels().is_some(), "{code}");
        }
        let pair =
            |a: &str, b: &str| levels.none.iter().any(|(x, y, _)| x.code() == a && y.code() == b);
        assert!(pair("EQF", "AQRF"), "nobody has agreed on this");
    }

    #[test]
    fn rows_of_frameworks_that_contradict_themselves_are_refused() {
        for (text, change) in [
            ("to = \"AQRF 8\"", "to = \"AQRF 9\""),
            ("code = \"DQR\"", "code = \"PQF\""),
            ("between = [\"EQF\", \"AQRF\"]", "between = [\"AQRF\", \"PQF\"]"),
            ("between = [\"EQF\", \"AQRF\"]", "between = [\"EQF\"]"),
        ] {
            assert!(FRAMEWORKS.contains(text));
            let changed = FRAMEWORKS.replace(text, change);
            assert!(parse_levels(Path::new("x"), &changed).is_err(), "{change}");
        }
    }

    #[test]
    fn a_wrong_case_is_found() {
        let (_, text) = ALL.iter().find(|(id, _)| *id == "asean-nursing").unwrap();
        let changed = text.replace("length = \"3 years\"", "length = \"4 years\"");
        let terms = parse(Path::new("x"), &changed).unwrap();
        let wrong: Vec<_> = check_cases(&terms).iter().map(|m| m.case.to_string()).collect();
        assert!(wrong.contains(&"everything".to_owned()), "{wrong:?}");
    }
}
