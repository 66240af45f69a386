//! Claims of a credential as people read them: in a natural order, codes with their titles.

use crate::render::inline;
use crate::text::{Args, Texts};
use carnet_proto::classification::{Country, Field, Occupation};
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::contribution::PeriodType;
use carnet_proto::credential::{self, contribution, skill};
use serde_json::Value;

/// Claims in the order in which they are shown; others follow.
const ORDER: &[&str] = &[
    "name_latin",
    "name_native",
    "name_icao",
    "birth_date",
    "nationality",
    "document_number",
    "portrait",
    "institution",
    "legislation",
    "legislation_part",
    "scheme",
    "branches",
    "kind",
    "period_type",
    "start",
    "end",
    "dates_uncertain",
    "mode",
    "value",
    "years",
    "total",
    "day_basis",
    "counts_for_right",
    "counts_for_amount",
    "refunded",
    "refund_date",
    "category",
    "as_of",
    "complete",
    "complete_up_to",
    "scheme_totals",
    "first_day",
    "last_day",
    "national_right",
    "scheme_class",
    "special_scheme",
    "title",
    "claim_type",
    "national_code",
    "standard",
    "occupation",
    "esco_occupation",
    "framework",
    "level",
    "isced_level",
    "field",
    "country",
    "award_date",
    "valid_until",
    "renewal",
    "skills",
    "assessment",
    "learning",
    "experience",
    "licence",
    "prior_learning",
    "languages",
    "employers",
    "earnings",
    "insurance_numbers",
    "sex",
    "series",
    "sequence",
    "supersedes",
    "endorsements",
    "sub",
];

/// Returns where a claim stands in the order; `skills.2` stands with `skills`.
pub fn rank(name: &str) -> usize {
    let base = name.split('.').next().unwrap_or(name);
    ORDER.iter().position(|known| *known == base).unwrap_or(ORDER.len())
}

/// Returns the names of the claims that a holder discloses by name, so that a verifier can ask for them.
pub fn to_ask() -> Vec<&'static str> {
    let all = credential::claims::redactable_names()
        .chain(skill::redactable_names())
        .chain(contribution::redactable_names());
    let mut names: Vec<&str> = all.collect();
    names.sort_by_key(|name| (rank(name), *name));
    names.dedup();
    names
}

/// Tells whether a claim that is asked for, written as a wallet writes it, is a claim of this name or a part of
/// it: who asks for `years` asks for `years.2` too.
pub fn asks_for(wish: &str, name: &str) -> bool {
    wish == name || name.strip_prefix(wish).is_some_and(|rest| rest.starts_with('.'))
}

/// Returns the entries of a map in the order in which they are shown, each on one line.
pub fn ordered(claims: &Value) -> Vec<(String, String)> {
    let entries = claims.as_object().into_iter().flatten();
    let mut rows: Vec<_> =
        entries.map(|(name, value)| (name.clone(), for_people(name, value))).collect();
    rows.sort_by_key(|(name, _)| rank(name));
    rows
}

/// Returns a claim on one line; a code with its title.
pub fn for_people(name: &str, value: &Value) -> String {
    let code = value.as_str().unwrap_or_default();
    let title = match name {
        "occupation" => Occupation::parse(code).ok().map(Occupation::title),
        "field" => Field::parse(code).ok().map(Field::title),
        "country" | "nationality" | "legislation" => Country::parse(code).ok().map(Country::name),
        _ => None,
    };
    match (title, name.split('.').next().unwrap_or(name)) {
        (Some(title), _) => format!("{code} {title}"),
        (None, "value" | "total") => quantity(value),
        (None, "scheme_totals") => parts(value, &["right", "amount"]),
        (None, "years") => each(value, |item| year(item, "value")),
        (None, "earnings") => each(value, |item| year(item, "base")),
        (None, "period_type") => period_type(code),
        (None, _) => inline(value),
    }
}

fn each(value: &Value, one: impl Fn(&Value) -> String) -> String {
    match value {
        Value::Array(items) => items.iter().map(one).collect::<Vec<_>>().join("; "),
        one_item => one(one_item),
    }
}

/// Returns a certified number as people say it: `2 years, 1 month`.
fn quantity(value: &Value) -> String {
    let parts = ["years", "quarters", "months", "weeks", "days"].into_iter().filter_map(|unit| {
        let number = value.get(unit)?.as_str()?;
        let unit = if number == "1" { unit.trim_end_matches('s') } else { unit };
        Some(format!("{number} {unit}"))
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn parts(value: &Value, names: &[&str]) -> String {
    let parts =
        names.iter().filter_map(|name| Some(format!("{name} {}", quantity(value.get(name)?))));
    parts.collect::<Vec<_>>().join("; ")
}

/// Returns what belongs to one year: a certified number, or earnings.
fn year(item: &Value, of: &str) -> String {
    let year = item.get("year").map(inline).unwrap_or_default();
    if of == "value" {
        return format!("{year}: {}", item.get(of).map(quantity).unwrap_or_default());
    }
    let rest = item.as_object().into_iter().flatten().filter(|(name, _)| *name != "year");
    let rest = rest.map(|(name, value)| format!("{name} {}", inline(value)));
    format!("{year}: {}", rest.collect::<Vec<_>>().join(", "))
}

/// Returns a type of period with its number in SED P5000.
fn period_type(name: &str) -> String {
    match PeriodType::from_name(name) {
        Some(known) => format!("{} {name}", known.code()),
        None => name.to_owned(),
    }
}

/// Returns what a credential is called in lists: its title, or State, scheme and months.
pub fn title(attested: &Attested, texts: &Texts) -> String {
    match attested {
        Attested::Skill(skill) => skill.title.text.to_string(),
        Attested::Contribution(contribution) => {
            let args = Args::new()
                .with("country", contribution.legislation.name())
                .with("scheme", contribution.scheme.to_string())
                .with("start", contribution.start.to_string())
                .with("end", contribution.end.to_string());
            texts.get("contribution-title", &args)
        }
    }
}

/// Returns what a credential comes to in lists: framework and level, or the certified number.
pub fn extent(attested: &Attested) -> String {
    match attested {
        Attested::Skill(skill) => format!("{} {}", skill.framework, skill.level),
        Attested::Contribution(contribution) => {
            let certified = contribution.total.or_else(|| contribution.shown_quantity());
            certified.map(|quantity| quantity.to_string()).unwrap_or_default()
        }
    }
}

/// Returns the claims of what is attested, as JSON.
///
/// # Errors
/// If they cannot be written, which is a bug.
pub fn to_json(attested: &Attested) -> Result<Value, serde_json::Error> {
    match attested {
        Attested::Skill(skill) => serde_json::to_value(skill),
        Attested::Contribution(contribution) => serde_json::to_value(contribution),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_comes_first_and_codes_have_titles() {
        let claims = serde_json::json!({ "occupation": "7212", "birth_date": "1998-02-17", "name_latin": "Ana" });
        let rows = ordered(&claims);
        let names: Vec<_> = rows.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["name_latin", "birth_date", "occupation"]);
        assert_eq!(rows[2].1, "7212 Welders and flamecutters");
        assert!(rank("skills.2") == rank("skills") && rank("new") > rank("sub"));
    }

    #[test]
    fn every_claim_that_is_disclosed_by_name_can_be_asked_for_and_no_other() {
        let names = to_ask();
        for name in ["name_latin", "birth_date", "skills", "assessment", "years", "scheme_totals"] {
            assert!(names.contains(&name), "{name}");
        }
        // Always shown, or nothing at all.
        for name in ["scheme", "branches", "title", "contribution", "nonsense"] {
            assert!(!names.contains(&name), "{name}");
        }
        assert!(asks_for("years", "years.2") && asks_for("years", "years"));
        assert!(!asks_for("years.1", "years.2") && !asks_for("year", "years"));
    }

    #[test]
    fn numbers_of_a_period_read_as_they_are_said() {
        let quantity = serde_json::json!({ "years": "2", "months": "1", "days": "4.5" });
        assert_eq!(for_people("value", &quantity), "2 years, 1 month, 4.5 days");
        let year = serde_json::json!({ "year": 2014, "value": { "months": "10" } });
        assert_eq!(for_people("years.1", &year), "2014: 10 months");
        let years = serde_json::json!([year, { "year": 2015, "value": { "months": "1" } }]);
        assert_eq!(for_people("years", &years), "2014: 10 months; 2015: 1 month");
        let totals = serde_json::json!({ "right": { "weeks": "9" }, "amount": { "weeks": "8" } });
        assert_eq!(for_people("scheme_totals", &totals), "right 9 weeks; amount 8 weeks");
        assert_eq!(for_people("period_type", &"child-care".into()), "45 child-care");
        let earnings = serde_json::json!({ "year": 2014, "base": "100.5", "currency": "NOK" });
        assert_eq!(for_people("earnings.1", &earnings), "2014: base 100.5, currency NOK");
    }
}
