//! Claims of a credential as people read them: in a natural order, codes with their titles.

use crate::render::inline;
use carnet_proto::classification::{Country, Field, Occupation};
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
        "country" | "nationality" => Country::parse(code).ok().map(Country::name),
        _ => None,
    };
    match title {
        Some(title) => format!("{code} {title}"),
        None => inline(value),
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
}
