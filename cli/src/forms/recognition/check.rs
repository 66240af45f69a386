//! Every mistake in the rules of recognition, each with its line.

use super::{
    CaseForm, CompensationForm, ConditionForm, FrameworkLevel, LevelForm, Names, PartyForm,
    RecognitionForm, RequirementForm, SampleForm, SampleSkill, ScopeForm, SigningForm,
    SupervisionForm, TextForm, TitleForm,
};
use super::{Cited, Country, In, Line, Occupation, Skill};
use crate::forms::check::{Found, Key, Value, deserialize, list, one, read};
use carnet_proto::recognition::{Acquired, HostRequirement, LevelRelation, LevelRow};
use std::collections::BTreeMap;
use toml::de::DeTable;

/// A part of the rules whose mistakes are told one by one.
pub(super) trait Looked {
    /// Looks at a part, key by key.
    fn look(value: &Value<'_>, found: &mut Found<'_>);
}

/// Looks at a list of parts.
pub(super) fn parts<T: Looked>(value: &Value<'_>, found: &mut Found<'_>) {
    found.each(value, T::look);
}

impl Looked for SampleSkill {
    fn look(value: &Value<'_>, found: &mut Found<'_>) {
        found.whole::<Self, Skill>(value, Skill::try_from);
    }
}

impl Looked for LevelForm {
    fn look(value: &Value<'_>, found: &mut Found<'_>) {
        const KEYS: &[Key] = &[
            ("from", true, one::<In<FrameworkLevel>>),
            ("to", true, one::<In<FrameworkLevel>>),
            ("relation", true, one::<In<LevelRelation>>),
            ("source", true, one::<Cited>),
        ];
        if found.table(value, KEYS) {
            found.whole::<Self, LevelRow>(value, |form| Ok(form.into()));
        }
    }
}

impl Looked for RequirementForm {
    fn look(value: &Value<'_>, found: &mut Found<'_>) {
        const KEYS: &[Key] = &[
            ("host", true, one::<In<Country>>),
            ("occupation", true, one::<In<Occupation>>),
            ("title", true, one::<In<Line>>),
            ("regulated", false, one::<bool>),
            ("level", true, one::<In<FrameworkLevel>>),
            ("source", true, one::<Cited>),
        ];
        if found.table(value, KEYS) {
            found.whole::<Self, HostRequirement>(value, |form| Ok(form.into()));
        }
    }
}

/// The keys of the table `[recognition]`.
const KEYS: &[Key] = &[
    ("id", true, one::<In<Line>>),
    ("version", true, one::<In<Line>>),
    ("titles", true, one::<Names>),
    ("text", false, parts::<TextForm>),
    ("party", true, parts::<PartyForm>),
    ("scope", true, <ScopeForm as Looked>::look),
    ("requirement", false, parts::<RequirementForm>),
    ("level", false, parts::<LevelForm>),
    ("title", false, parts::<TitleForm>),
    ("condition", false, parts::<ConditionForm>),
    ("compensation", false, <CompensationForm as Looked>::look),
    ("acquired", true, one::<In<Acquired>>),
    ("supervision", false, <SupervisionForm as Looked>::look),
    ("signing", false, <SigningForm as Looked>::look),
    ("sample", false, parts::<SampleForm>),
    ("case", false, parts::<CaseForm>),
];

/// Looks at the table `[recognition]`: first key by key, then at what parts say of each other.
pub fn look(value: &Value<'_>, found: &mut Found<'_>) {
    let is_well = found.table(value, KEYS);
    let Some(table) = value.get_ref().as_table() else { return };
    let before = found.mistakes.len();
    together(table, found);
    if is_well && found.mistakes.len() == before {
        let terms = deserialize::<RecognitionForm>(value).map(RecognitionForm::into_terms);
        if let Ok(Err(reason)) = terms {
            found.at(value.span(), reason);
        }
    }
}

/// Names what parts say of countries that are no party, of samples that are not there, and what has one id.
fn together(table: &DeTable<'_>, found: &mut Found<'_>) {
    let countries = list(table.get("party")).iter().filter_map(|party| member(party, "country"));
    let parties: Vec<Country> = countries.filter_map(read).collect();
    let party = |value: &Value<'_>, what: &str, found: &mut Found<'_>| {
        if let Some(country) = read::<Country>(value)
            && !parties.contains(&country)
        {
            found.at(value.span(), format!("{what} names {}, which is no party", country.code()));
        }
    };
    for (part, what, keys) in
        [("title", "a row", &["home", "host"][..]), ("requirement", "a requirement", &["host"][..])]
    {
        for row in list(table.get(part)) {
            for value in keys.iter().filter_map(|key| member(row, key)) {
                party(value, what, found);
            }
        }
    }
    for condition in list(table.get("condition")) {
        for value in ["hosts", "homes"].iter().flat_map(|key| list(member(condition, key))) {
            party(value, "a condition", found);
        }
    }
    if let Some(scope) = table.get("scope") {
        for (part, what) in
            [("issuers", "an issuer of the scope"), ("national_titles", "a title of the scope")]
        {
            let all = list(member(scope, part)).iter();
            for value in all.filter_map(|entry| member(entry, "country")) {
                party(value, what, found);
            }
        }
    }
    for part in ["condition", "sample", "case"] {
        twice(list(table.get(part)), part, found);
    }
    let samples: Vec<&str> =
        list(table.get("sample")).iter().filter_map(|sample| text(member(sample, "id")?)).collect();
    for shown in list(table.get("case")).iter().flat_map(|case| list(member(case, "show"))) {
        if let Some(id) = text(shown).filter(|id| !samples.contains(id)) {
            found.at(shown.span(), format!("a case shows the sample {id:?}, which is not there"));
        }
    }
}

/// Names every part whose id another has.
fn twice(parts: &[Value<'_>], what: &str, found: &mut Found<'_>) {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for value in parts.iter().filter_map(|part| member(part, "id")) {
        let Some(id) = text(value) else { continue };
        let line = found.line(value.span().start);
        match first.get(id) {
            Some(line) => {
                found.at(value.span(), format!("the {what} {id:?} stands in line {line} already"));
            }
            None => {
                first.insert(id, line);
            }
        }
    }
}

fn member<'v, 't>(value: &'v Value<'t>, key: &str) -> Option<&'v Value<'t>> {
    value.get_ref().as_table()?.get(key)
}

fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    value.get_ref().as_str()
}

#[cfg(test)]
mod tests {
    use crate::commands::recognise::shipped;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let mistakes = shipped::mistakes(text).into_iter();
        mistakes.map(|mistake| (mistake.line, mistake.reason)).collect()
    }

    #[test]
    fn every_mistake_in_rules_of_recognition_is_named_with_its_line() {
        let right = shipped::text("skills-partnership").unwrap();
        assert_eq!(lines(right), []);
        let line = |text: &str, part: &str| {
            text.lines().position(|line| line.contains(part)).unwrap() as u64 + 1
        };
        let wrong = right
            .replacen("acquired = ", "aquired = ", 1)
            .replacen("payer = \"employer\"", "payer = \"nobody\"", 1)
            .replacen("\nkind = \"experience\"", "\nkind = \"experiense\"", 1);
        assert_ne!(wrong, right);
        let found = lines(&wrong);
        for (part, says) in [
            ("aquired = ", "there is no key \"aquired\" here"),
            ("[recognition]", "the key \"acquired\" is missing"),
            ("payer = \"nobody\"", "a fee that nobody pays is zero"),
            ("\"experiense\"", "a kind of condition: one of"),
        ] {
            let line = line(&wrong, part);
            let is_it = |(at, reason): &(u64, String)| *at == line && reason.contains(says);
            assert!(found.iter().any(is_it), "{says} in {line}: {found:?}");
        }
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn what_parts_say_of_each_other_is_looked_at_too() {
        let right = shipped::text("skills-partnership").unwrap();
        let host = right.lines().find(|line| line.starts_with("host = ")).unwrap();
        let strange = right.replacen(host, "host = \"FR\"", 1);
        let line = strange.lines().position(|line| line == "host = \"FR\"").unwrap() as u64 + 1;
        let found = lines(&strange);
        assert!(
            found.iter().any(|(at, said)| *at == line && said.contains("names FR, which is no")),
            "{found:?}"
        );
        let case = right.rfind("[[recognition.case]]").unwrap();
        let twice = format!("{right}\n{}", &right[case..]);
        let found = lines(&twice);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].1.contains("stands in line"), "{found:?}");
    }
}
