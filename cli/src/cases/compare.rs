//! Whether a computed answer is the expected one. Only keys that are expected are looked at; ratios are
//! compared by cross-multiplication, numbers by value.

use carnet_proto::totalisation::Rational;
use serde_json::{Map, Value};

/// Keys by which members of a list are told apart, wherever they stand.
const IDENTITY: &[&str] = &["period_id", "country", "unit", "year"];

/// Tells whether there is anything in `expected` that an answer could differ from.
pub fn expects(expected: &Value) -> bool {
    match expected {
        Value::Null => false,
        Value::Object(members) => members.values().any(|member| !is_void(member)),
        _ => true,
    }
}

/// Tells whether no answer differs from an expected member. That something is not there, or is an empty list,
/// can be expected.
fn is_void(member: &Value) -> bool {
    match member {
        Value::Object(members) => members.values().all(is_void),
        Value::Array(members) => !members.is_empty() && members.iter().all(is_void),
        _ => false,
    }
}

/// Lists where the answers differ: the path, what is expected, what was computed.
pub fn differences(expected: &Value, computed: &Value) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    compare("", expected, computed, &mut found);
    found
}

fn compare(
    path: &str,
    expected: &Value,
    computed: &Value,
    found: &mut Vec<(String, Value, Value)>,
) {
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (expected, computed) {
        (Value::Object(wanted), Value::Object(got)) => {
            if let Some(same) = same_ratio(wanted, got) {
                if !same {
                    found.push((path.to_owned(), expected.clone(), computed.clone()));
                }
                return;
            }
            for (key, wanted) in wanted {
                compare(&at(key), wanted, got.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(wanted), Value::Array(got)) => {
            if let Some(keys) = identity(wanted) {
                for member in wanted {
                    let same = |other: &&Value| {
                        keys.iter().all(|key| equal(at_key(member, key), at_key(other, key)))
                    };
                    let other = got.iter().find(same).unwrap_or(&Value::Null);
                    let name =
                        keys.iter().map(|key| at_key(member, key).to_string()).collect::<Vec<_>>();
                    compare(&at(&name.join("/")), member, other, found);
                }
            } else if wanted.len() == got.len() {
                for (index, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                    compare(&at(&index.to_string()), wanted, got, found);
                }
            } else {
                found.push((path.to_owned(), expected.clone(), computed.clone()));
            }
        }
        _ if equal(expected, computed) => {}
        _ => found.push((path.to_owned(), expected.clone(), computed.clone())),
    }
}

/// Returns the keys that tell every member of the list from every other.
fn identity(members: &[Value]) -> Option<Vec<&'static str>> {
    let all_have = |key: &&&str| members.iter().all(|member| member.get(**key).is_some());
    let keys: Vec<&str> = IDENTITY.iter().filter(all_have).copied().collect();
    let names =
        |member: &Value| keys.iter().map(|key| at_key(member, key).to_string()).collect::<Vec<_>>();
    let mut seen: Vec<_> = members.iter().map(names).collect();
    let count = seen.len();
    seen.sort();
    seen.dedup();
    (!members.is_empty() && !keys.is_empty() && seen.len() == count).then_some(keys)
}

/// Returns a member of an object, null if it is not there.
fn at_key<'v>(object: &'v Value, key: &str) -> &'v Value {
    object.get(key).unwrap_or(&Value::Null)
}

fn number(value: &Value) -> Option<Rational> {
    match value {
        Value::Number(number) => Rational::parse_decimal(&number.to_string()),
        Value::String(text) => Rational::parse_decimal(text),
        _ => None,
    }
}

fn equal(expected: &Value, computed: &Value) -> bool {
    match (number(expected), number(computed)) {
        (Some(expected), Some(computed)) => expected == computed,
        _ => expected == computed,
    }
}

/// Tells whether two ratios are the same, if the expected value is one.
fn same_ratio(expected: &Map<String, Value>, computed: &Map<String, Value>) -> Option<bool> {
    let part = |map: &Map<String, Value>, key| map.get(key).and_then(number);
    if expected.len() != 2 {
        return None;
    }
    let (num, den) = (part(expected, "num")?, part(expected, "den")?);
    let Some((other_num, other_den)) = part(computed, "num").zip(part(computed, "den")) else {
        return Some(false);
    };
    Some(matches!((num.times(other_den), other_num.times(den)), (Ok(a), Ok(b)) if a == b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whoever_expects_nothing_is_not_proven_right() {
        for (expected, something) in [
            (json!({}), false),
            (json!(null), false),
            (json!({ "ratio": {} }), false),
            (json!({ "ratio": {}, "list": [{}] }), false),
            (json!({ "ratio": null }), true),
            (json!({ "list": [] }), true),
            (json!({ "list": [{ "own": 1 }] }), true),
            (json!({ "own": 0 }), true),
            (json!([]), true),
        ] {
            assert_eq!(expects(&expected), something, "{expected}");
        }
    }

    #[test]
    fn only_what_is_expected_is_compared_and_by_value() {
        let computed = json!({
            "ratio": { "num": 1, "den": 3, "policy": "total" },
            "amount": "5.00", "own": 7, "reason": null,
            "list": [{ "country": "XB", "own": 2 }, { "country": "XA", "own": 1 }],
            "ranges": [{ "start": "a", "end": "b" }],
        });
        for (expected, same) in [
            (json!({}), true),
            (json!({ "ratio": { "num": 20, "den": 60 } }), true),
            (json!({ "ratio": { "num": 20, "den": 61 } }), false),
            (json!({ "ratio": null }), false),
            (json!({ "reason": null, "absent": null }), true),
            (json!({ "absent": false }), false),
            (json!({ "amount": "5.00" }), true),
            (json!({ "amount": "5.01" }), false),
            (json!({ "own": "7" }), true),
            (json!({ "list": [{ "country": "XA", "own": 1 }] }), true),
            (json!({ "list": [{ "country": "XA", "own": 2 }] }), false),
            (json!({ "list": [{ "country": "XC", "own": 1 }] }), false),
            (json!({ "ranges": [{ "start": "a", "end": "b" }] }), true),
            (json!({ "ranges": [] }), false),
        ] {
            assert_eq!(differences(&expected, &computed).is_empty(), same, "{expected}");
        }
    }
}
