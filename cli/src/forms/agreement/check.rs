//! Every mistake in the text of an agreement, each with its line.

use super::{AgreementForm, BodyForm, PartyForm, SignatoryForm, TextForm, period_rules};
use crate::error::Mistake;
use crate::forms::check::{self, Found, Key, Value, list, one, several, version};
use crate::forms::{In, grant, recognition};
use carnet_proto::classification::Country;
use carnet_proto::id::{Did, Digest};
use carnet_proto::statement::agreement::{AgreementKind, Body, Party, Signatory, SourceText};
use carnet_proto::statement::profile::Role;
use carnet_proto::text::{Language, Line};
use carnet_proto::time::Date;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;
use toml::de::DeTable;

const HEAD: &[Key] = &[
    ("version", true, version),
    ("kind", true, one::<In<AgreementKind>>),
    ("titles", true, one::<BTreeMap<String, In<Line>>>),
    ("from", true, one::<In<Date>>),
    ("until", false, one::<In<Date>>),
    ("chains", false, one::<bool>),
    ("party", true, |value, found| found.each(value, party)),
    ("text", false, |value, found| found.each(value, source)),
    ("periods", false, one::<String>),
    ("recognition", false, recognition::look),
];

const PARTY: &[Key] = &[
    ("country", true, one::<In<Country>>),
    ("body", false, |value, found| found.each(value, body)),
    ("signatory", true, |value, found| found.each(value, signatory)),
    ("witnesses", false, several::<In<Did>>),
    ("quorum", false, one::<u8>),
];

const BODY: &[Key] = &[
    ("did", true, one::<In<Did>>),
    ("name", true, one::<In<Line>>),
    ("may_accredit", true, one::<u8>),
    ("grant", true, |value, found| found.each(value, grant::look)),
];

const SIGNATORY: &[Key] = &[
    ("did", true, one::<In<Did>>),
    ("name", true, one::<In<Line>>),
    ("role", true, one::<In<Role>>),
    ("must", true, one::<bool>),
];

const TEXT: &[Key] = &[
    ("language", true, one::<In<Language>>),
    ("digest", true, one::<In<Digest>>),
    ("address", false, one::<In<Line>>),
];

/// Returns everything that is wrong with the text of an agreement; `path` is where the rules on periods that it
/// names are looked for.
pub fn mistakes(path: &Path, text: &str) -> Vec<Mistake> {
    check::mistakes(text, |document, found| {
        if found.keys(document, 0..0, HEAD) {
            together(path, document, found);
        }
    })
}

/// Looks at what only the whole text can break.
fn together(path: &Path, document: &DeTable<'_>, found: &mut Found<'_>) {
    let read = |found: &Found<'_>| toml::from_str::<AgreementForm>(found.text);
    let at = |place: Option<&Value<'_>>| place.map_or(0..0, Spanned::span);
    match read(found).map(|form| form.into_agreement(None)) {
        Err(error) => return found.error(0..0, &error),
        Ok(Err(reason)) => {
            let first = list(document.get("party")).first();
            return found.at(at(first), reason);
        }
        Ok(Ok(_)) => {}
    }
    let name = document.get("periods").and_then(|value| value.get_ref().as_str());
    // Rules that cannot be read are a mistake of another file.
    let Some(Ok(rules)) = name.map(|name| period_rules(path, name)) else { return };
    if let Ok(Err(reason)) = read(found).map(|form| form.into_agreement(Some(rules))) {
        found.at(at(document.get("periods")), reason);
    }
}

fn party(value: &Value<'_>, found: &mut Found<'_>) {
    if found.table(value, PARTY) {
        found.whole::<PartyForm, Party>(value, super::party);
    }
}

fn body(value: &Value<'_>, found: &mut Found<'_>) {
    if found.table(value, BODY) {
        found.whole::<BodyForm, Body>(value, super::body);
    }
}

fn signatory(value: &Value<'_>, found: &mut Found<'_>) {
    if found.table(value, SIGNATORY) {
        found.whole::<SignatoryForm, Signatory>(value, |form| Ok(super::signatory(form)));
    }
}

fn source(value: &Value<'_>, found: &mut Found<'_>) {
    if found.table(value, TEXT) {
        found.whole::<TextForm, SourceText>(value, |form| Ok(super::source(form)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::agreement::TEMPLATE;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let mistakes = mistakes(Path::new("agreement.toml"), text).into_iter();
        mistakes.map(|mistake| (mistake.line, mistake.reason)).collect()
    }

    #[test]
    fn every_mistake_in_parties_and_roles_is_named_with_its_line() {
        assert_eq!(lines(TEMPLATE), []);
        let wrong = TEMPLATE
            .replacen("role = \"regulator\"", "role = \"regulater\"", 1)
            .replacen("country = \"DE\"", "country = \"De\"", 1)
            .replacen("may_accredit = 1", "may_acredit = 1", 1)
            .replacen("lowest = \"2\"", "lowest = \"x\"", 1);
        let line =
            |part: &str| wrong.lines().position(|line| line.contains(part)).unwrap() as u64 + 1;
        let found = lines(&wrong);
        for (at, says) in [
            (line("regulater"), "a role: one of"),
            (line("\"De\""), "De"),
            (line("may_acredit"), "there is no key \"may_acredit\" here"),
            (line("[[party.body]]"), "the key \"may_accredit\" is missing"),
            (line("\"x\""), "a level such as"),
        ] {
            let is_it = |(line, said): &(u64, String)| *line == at && said.contains(says);
            assert!(found.iter().any(is_it), "{says} in {at}: {found:?}");
        }
        assert_eq!(found.len(), 5, "{found:?}");
    }

    #[test]
    fn what_the_whole_text_breaks_has_a_line_too() {
        let first = TEMPLATE.lines().position(|line| line == "[[party]]").unwrap() as u64 + 1;
        let found = lines(&TEMPLATE.replace("must = true", "must = false"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0 == first && found[0].1.contains("must ratify"), "{found:?}");
        let periods = TEMPLATE.replace("kind = \"skills\"", "kind = \"contributions\"");
        let periods = periods.replacen("\n[[", "\nperiods = \"eu-883\"\n\n[[", 1);
        let line = periods.lines().position(|line| line.starts_with("periods")).unwrap() as u64 + 1;
        let found = lines(&periods);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0 == line && found[0].1.contains("which is no party"), "{found:?}");
    }
}
