//! The text of an agreement, as TOML.

mod check;

pub use check::mistakes;

use super::grant::GrantForm;
use super::periods::PeriodFile;
use super::recognition::RecognitionForm;
use super::{In, all, broken, broken_rule, maybe, parse_toml};
use crate::agreements;
use crate::error::CliError;
use crate::files;
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::classification::Country;
use carnet_proto::id::{Did, Digest};
use carnet_proto::statement::agreement::{
    Agreement, AgreementKind, Body, Party, Signatory, SourceText,
};
use carnet_proto::statement::profile::Role;
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{Date, Validity};
use carnet_proto::totalisation::{PeriodRules, StateCode};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An agreement to start from.
pub const TEMPLATE: &str = include_str!("agreement.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementForm {
    #[serde(deserialize_with = "super::version_one")]
    #[expect(dead_code, reason = "read to be checked")]
    version: (),
    kind: In<AgreementKind>,
    titles: BTreeMap<String, In<Line>>,
    from: In<Date>,
    until: Option<In<Date>>,
    #[serde(default)]
    chains: bool,
    party: Vec<PartyForm>,
    #[serde(default)]
    text: Vec<TextForm>,
    /// Rules on periods: those of a shipped agreement by its name, or of a file beside this one.
    periods: Option<String>,
    recognition: Option<RecognitionForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyForm {
    country: In<Country>,
    #[serde(default)]
    body: Vec<BodyForm>,
    signatory: Vec<SignatoryForm>,
    #[serde(default)]
    witnesses: Vec<In<Did>>,
    quorum: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyForm {
    did: In<Did>,
    name: In<Line>,
    may_accredit: u8,
    grant: Vec<GrantForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatoryForm {
    did: In<Did>,
    name: In<Line>,
    role: In<Role>,
    must: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextForm {
    language: In<Language>,
    digest: In<Digest>,
    address: Option<In<Line>>,
}

/// Reads the text of an agreement.
///
/// # Errors
/// Those of reading, `form` with the place, or `form-rule` if it breaks a rule of agreements.
pub fn read(path: &Path) -> Result<Agreement, CliError> {
    parse(path, &files::read_text(path, super::MAX_FORM_BYTES)?)
}

/// Reads the text of an agreement that is in memory; `path` is for the error only.
///
/// # Errors
/// `form` with the place, or `form-rule`.
pub fn parse(path: &Path, text: &str) -> Result<Agreement, CliError> {
    let form: AgreementForm = parse_toml(path, text)?;
    let periods = form.periods.as_deref().map(|name| period_rules(path, name)).transpose()?;
    form.into_agreement(periods).map_err(|reason| broken(path, reason))
}

/// Returns the rules on periods that the text of an agreement names, with their cases.
///
/// # Errors
/// As [`parse`].
pub fn names_periods(
    path: &Path,
    text: &str,
) -> Result<Option<(PeriodFile, PeriodRules)>, CliError> {
    let form: AgreementForm = parse_toml(path, text)?;
    let Some(name) = form.periods else { return Ok(None) };
    match agreements::by_id(&name)? {
        Some(file) => Ok(Some((file.clone(), agreements::complete(path, file)?))),
        None => agreements::read(&beside(path, &name)).map(Some),
    }
}

/// Returns the rules on periods that an agreement names: those of a shipped one, else of a file in the
/// directory of the agreement's own.
fn period_rules(path: &Path, name: &str) -> Result<PeriodRules, CliError> {
    match agreements::by_id(name)? {
        Some(file) => agreements::complete(path, file),
        None => agreements::read(&beside(path, name)).map(|(_, rules)| rules),
    }
}

/// Returns the file of rules on periods that the text of an agreement names.
pub fn beside(path: &Path, name: &str) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join(name)
}

impl AgreementForm {
    fn into_agreement(self, periods: Option<PeriodRules>) -> Result<Agreement, String> {
        let is_party = |state: &StateCode| {
            self.party.iter().any(|party| party.country.0.code() == state.country())
        };
        let strange = |rules: &PeriodRules| {
            rules.parties.iter().find(|state| !is_party(state)).map(|state| (rules.id, *state))
        };
        if let Some((rules, state)) = periods.as_ref().and_then(strange) {
            return Err(format!("the rules on periods {rules} name {state}, which is no party"));
        }
        let agreement = Agreement {
            kind: self.kind.0,
            titles: names(self.titles)?,
            parties: self.party.into_iter().map(party).collect::<Result<_, _>>()?,
            validity: validity(self.from.0, maybe(self.until)),
            chains: self.chains,
            texts: self.text.into_iter().map(source).collect(),
            periods,
            recognition: self.recognition.map(RecognitionForm::into_terms).transpose()?,
        };
        Agreement::from_cbor(&agreement.to_cbor()).map_err(|error| broken_rule(&error))
    }
}

fn source(form: TextForm) -> SourceText {
    SourceText { language: form.language.0, digest: form.digest.0, address: maybe(form.address) }
}

fn body(form: BodyForm) -> Result<Body, String> {
    let grants = form.grant.into_iter().map(GrantForm::into_grant);
    Ok(Body {
        did: form.did.0,
        name: form.name.0,
        grants: grants.collect::<Result<_, _>>()?,
        may_accredit: form.may_accredit,
    })
}

fn signatory(form: SignatoryForm) -> Signatory {
    Signatory { did: form.did.0, name: form.name.0, role: form.role.0, must: form.must }
}

fn party(form: PartyForm) -> Result<Party, String> {
    Ok(Party {
        country: form.country.0,
        bodies: form.body.into_iter().map(body).collect::<Result<_, _>>()?,
        signatories: form.signatory.into_iter().map(signatory).collect(),
        witnesses: all(form.witnesses),
        quorum: form.quorum,
    })
}

/// Returns names by language.
///
/// # Errors
/// The language that is none.
pub fn names(by_language: BTreeMap<String, In<Line>>) -> Result<Vec<Name>, String> {
    let name = |(language, In(text)): (String, In<Line>)| {
        let language = <Language as super::FromText>::from_text(&language)?;
        Ok(Name { language, text })
    };
    by_language.into_iter().map(name).collect()
}

/// Returns the time from the first second of one day to the last second of another.
pub fn validity(from: Date, until: Option<Date>) -> Validity {
    Validity { from: from.start(), until: until.map(|day| day.start().end_of_day()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Agreement, CliError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agreement.toml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn the_template_is_an_agreement() {
        let agreement = read_text(TEMPLATE).unwrap();
        assert_eq!(agreement.parties.len(), 2);
        assert_eq!(agreement.signatories().filter(|s| s.must).count(), 3);
    }

    #[test]
    fn an_agreement_takes_the_rules_on_periods_that_it_names() {
        let with = |name: &str| {
            let text = TEMPLATE.replace("kind = \"skills\"", "kind = \"contributions\"");
            text.replacen("\n[[", &format!("\nperiods = \"{name}\"\n\n[["), 1)
        };
        let rules = read_text(&with("de-ph")).unwrap().periods.unwrap();
        assert_eq!(rules.id.as_str(), "DE-PH");
        assert!(rules.rules.iter().any(|rule| rule.id.as_str() == "G-UNITS"), "sets are included");
        let texts = crate::text::Texts::load(Some("en"));
        let message = |text: &str| read_text(text).unwrap_err().message(&texts);
        assert!(message(&with("jp-gb")).contains("JP-GB name JP, which is no party"));
        assert!(message(&with("eu-883")).contains("EU-883 name AT, which is no party"));
        assert!(message(&with("no-such-rules.toml")).contains("no-such-rules.toml"));
    }

    #[test]
    fn an_agreement_that_breaks_a_rule_says_which() {
        let one_side = TEMPLATE.split("[[party]]\ncountry = \"DE\"").next().unwrap();
        for (text, rule) in [
            (one_side.to_owned(), "two parties"),
            (TEMPLATE.replace("must = true", "must = false"), "must ratify"),
            (TEMPLATE.replace("quorum = 2", "quorum = 4"), "quorum"),
            (TEMPLATE.replace("did:carnet:e", "did:carnet:c"), "named twice"),
        ] {
            let error = read_text(&text).unwrap_err();
            let message = error.message(&crate::text::Texts::load(Some("en")));
            assert!(message.contains(rule), "{message}");
        }
        assert_eq!(
            read_text(&TEMPLATE.replace("version = 1", "version = 2")).unwrap_err().code(),
            "form"
        );
    }
}
