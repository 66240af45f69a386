//! CBOR examples of RFC 7049, RFC 8949 and the drafts on deterministic serialization.

use std::path::Path;

use carnet_proto::cbor::{CborErrorKind, Decode as _, Decoder, Encode as _, Mode, Value, check};
use serde_json::Value as Json;

use crate::{fields, files, hex, json, passed, read};

fn foreign(bytes: &[u8]) -> Result<Value, CborErrorKind> {
    let mut d = Decoder::new(bytes, Mode::Foreign);
    let value = Value::decode(&mut d).map_err(|e| e.kind)?;
    d.finish().map_err(|e| e.kind)?;
    Ok(value)
}

fn strict(bytes: &[u8]) -> Result<Value, CborErrorKind> {
    Value::from_cbor(bytes).map_err(|e| e.kind)
}

/// Both ways of reading, into a tree and over it, judge alike.
fn judged_alike(bytes: &[u8]) {
    assert_eq!(check(bytes, Mode::Foreign).map_err(|e| e.kind).err(), foreign(bytes).err());
    assert_eq!(check(bytes, Mode::Strict).map_err(|e| e.kind).err(), strict(bytes).err());
}

pub fn appendix_a_of_rfc_7049_is_read_and_written() {
    let Some(path) = carnet_tests::vectors("cbor/rfc7049-appendix-a/appendix_a.json") else {
        return;
    };
    let cases = json(&path);
    let cases = cases.as_array().unwrap();
    let mut indefinite = 0;
    for case in cases {
        let text = case["hex"].as_str().unwrap();
        let bytes = hex(text);
        let is_float = ["f9", "fa", "fb"].contains(&&text[..2]);
        judged_alike(&bytes);
        match foreign(&bytes) {
            // RFC 8949, section 3.3, withdrew the long form of simple values below 32.
            Err(CborErrorKind::Malformed) => assert_eq!(text, "f818"),
            Err(kind) => {
                assert_eq!(kind, CborErrorKind::IndefiniteLength, "{text}");
                assert!(case["roundtrip"] == false && !is_float, "{text}");
                indefinite += 1;
            }
            Ok(value) if case["roundtrip"] == true => {
                assert_eq!(value.to_cbor(), bytes, "{text}");
                assert!(strict(&bytes).is_ok(), "{text}");
                assert!(case.get("decoded").is_none_or(|json| same(&value, json)), "{text}");
            }
            Ok(value) => {
                assert!(is_float, "{text}");
                assert!(value.to_cbor().len() < bytes.len(), "{text}");
                assert_eq!(strict(&bytes), Err(CborErrorKind::NotShortest), "{text}");
            }
        }
    }
    assert_eq!(indefinite, 11, "indefinite lengths");
    passed("cbor rfc7049 appendix A", cases.len(), 82);
}

fn same(value: &Value, json: &Json) -> bool {
    match (value, json) {
        (Value::Int(n), Json::Number(j)) if !j.is_f64() => {
            j.as_i64().map(i128::from).or(j.as_u64().map(i128::from)) == Some(*n)
        }
        (Value::Int(n), _) => near(*n as f64, json),
        (Value::Float(f), _) => near(*f, json),
        (Value::Tag(tag @ (2 | 3), content), _) => {
            let bytes = content.as_bytes().unwrap();
            let n = bytes.iter().fold(0.0, |n, byte| n * 256.0 + f64::from(*byte));
            near(if *tag == 2 { n } else { -1.0 - n }, json)
        }
        (Value::Text(text), _) => json == text.as_str(),
        (Value::Bool(b), _) => json == b,
        (Value::Null, _) => json.is_null(),
        (Value::Array(items), Json::Array(j)) => {
            items.len() == j.len() && items.iter().zip(j).all(|(item, j)| same(item, j))
        }
        (Value::Map(entries), Json::Object(j)) => {
            entries.len() == j.len()
                && entries.iter().all(|(key, value)| same(value, &j[key.as_text().unwrap()]))
        }
        _ => false,
    }
}

/// The JSON reader rounds the last bit of a double.
fn near(n: f64, json: &Json) -> bool {
    json.as_f64().is_some_and(|j| (j - n).abs() <= n.abs() * 1e-15)
}

/// Splits one item into its members and returns its length: a reader without limits, for files that
/// hold more than ours takes.
fn split(bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let (major, info) = (bytes[0] >> 5, bytes[0] & 31);
    let extra = if (24..28).contains(&info) { 1 << (info - 24) } else { 0 };
    let number = bytes[1..=extra].iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
    let number = if extra == 0 { usize::from(info) } else { number };
    let count = match major {
        2 | 3 if info < 31 => return (Vec::new(), 1 + extra + number),
        0 | 1 | 7 => return (Vec::new(), 1 + extra),
        _ if info == 31 => usize::MAX,
        4 => number,
        5 => 2 * number,
        _ => 1,
    };
    let (mut members, mut at) = (Vec::new(), 1 + extra);
    while members.len() < count {
        if count == usize::MAX && bytes[at] == 0xff {
            at += 1;
            break;
        }
        let length = split(&bytes[at..]).1;
        members.push(&bytes[at..at + length]);
        at += length;
    }
    (members, at)
}

/// Returns the value under a text key of an encoded map.
fn member<'b>(map: &'b [u8], key: &str) -> Option<&'b [u8]> {
    let key = key.to_owned().to_cbor();
    split(map).0.chunks(2).find(|entry| entry[0] == key).map(|entry| entry[1])
}

fn text(map: &[u8], key: &str) -> String {
    String::from_cbor(member(map, key).unwrap()).unwrap()
}

/// Judges one case of the working group's files, and returns by what it was refused.
fn judge(file: &str, case: &[u8], bad: bool) -> Option<CborErrorKind> {
    use CborErrorKind::{ForbiddenKey, IndefiniteLength, Malformed, TooDeep};
    let name = text(case, "description");
    let Ok(Value::Bytes(bytes)) = foreign(member(case, "encoded").unwrap()) else {
        panic!("{file}: {name}")
    };
    judged_alike(&bytes);
    let read = foreign(&bytes);
    if bad {
        // A generic decoder does not judge what is inside a tag.
        assert_eq!(read.is_ok(), name.starts_with("date: unexpected object"), "{file}: {name}");
        return read.err();
    }
    match &read {
        Err(IndefiniteLength) => assert_eq!(file, "streaming", "{name}"),
        // Deeper than 16 levels.
        Err(TooDeep) => assert!(name.contains("deeply-nested"), "{file}: {name}"),
        // Our map keys are scalars, as those of every format we read.
        Err(ForbiddenKey) => {
            let names = ["Map: interesting keys", "map: deeply-nested key"];
            assert!(names.contains(&name.as_str()), "{file}: {name}");
        }
        Err(kind) => panic!("{file}: {name}: {kind}"),
        Ok(value) => {
            let decoded = foreign(member(case, "decoded").unwrap()).unwrap();
            assert_eq!(value.to_cbor(), decoded.to_cbor(), "{file}: {name}");
            // Strict mode takes the one encoding that we write, and no other.
            assert_eq!(strict(&bytes).is_ok(), value.to_cbor() == bytes, "{file}: {name}");
            let roundtrip = member(case, "roundtrip").is_none_or(|value| value == [0xf5]);
            assert!(strict(&bytes).is_ok() || !roundtrip || name.contains("not preferred"));
        }
    }
    assert_ne!(read.as_ref().err(), Some(&Malformed));
    read.err()
}

fn run(directory: &Path) -> Vec<Option<CborErrorKind>> {
    let mut outcomes = Vec::new();
    for path in files(directory, "cbor") {
        let file = path.file_stem().unwrap().to_str().unwrap();
        let bytes = read(&path);
        // The files are CBOR too, of an ordinary encoder.
        assert_eq!(
            foreign(&bytes).err(),
            match file {
                // The first of several such cases, with what it decodes to.
                "good" => Some(CborErrorKind::ForbiddenKey),
                "streaming" => Some(CborErrorKind::IndefiniteLength),
                _ => None,
            },
            "{file}"
        );
        let bad = member(&bytes, "fail").is_some_and(|fail| fail == [0xf5]);
        let cases = split(member(&bytes, "tests").unwrap()).0;
        outcomes.extend(cases.into_iter().map(|case| judge(file, case, bad)));
    }
    outcomes
}

pub fn appendix_a_of_rfc_8949_is_read_and_written() {
    let Some(directory) = carnet_tests::vectors("cbor/cbor-wg-test-vectors/rfc8949-appendixA")
    else {
        return;
    };
    let outcomes = run(&directory);
    let refused = outcomes.iter().flatten().count();
    println!("cbor rfc8949 appendix A: {refused} of indefinite length refused");
    assert_eq!(refused, 11);
    passed("cbor rfc8949 appendix A", outcomes.len(), 81);
}

pub fn good_is_read_and_bad_is_refused() {
    let Some(directory) = carnet_tests::vectors("cbor/cbor-wg-test-vectors/rfc8949") else {
        return;
    };
    let outcomes = run(&directory);
    let count = |kind: CborErrorKind| outcomes.iter().flatten().filter(|o| **o == kind).count();
    println!(
        "cbor rfc8949 good and bad: {} deeper than our 16 levels refused, {} with a container in a key",
        count(CborErrorKind::TooDeep),
        count(CborErrorKind::ForbiddenKey)
    );
    passed("cbor rfc8949 good and bad", outcomes.len(), 130);
}

/// Returns the hexadecimal strings of one list of an `.edn` file.
fn edn_list(edn: &str, key: &str) -> Vec<Vec<u8>> {
    let (_, rest) = edn.split_once(&format!("\"{key}\"")).unwrap();
    let (list, _) = rest.split_once(']').unwrap();
    list.split("h'").skip(1).map(|item| hex(item.split('\'').next().unwrap())).collect()
}

pub fn strict_mode_takes_the_deterministic_form_alone() {
    let Some(directory) = carnet_tests::vectors("cbor/deterministic-serialization") else { return };
    let (mut taken, mut refused) = (0, 0);
    for path in files(&directory, "edn") {
        let edn = crate::text(&path);
        let deterministic = edn_list(&edn, "deterministic-serialization");
        // A NaN with a payload has none.
        assert!(deterministic.len() == 1 || path.ends_with("float_nan_payload.edn"), "{path:?}");
        for bytes in edn_list(&edn, "general-serializations") {
            judged_alike(&bytes);
            if deterministic.contains(&bytes) {
                assert_eq!(strict(&bytes).unwrap().to_cbor(), bytes, "{path:?}");
                taken += 1;
                continue;
            }
            let kind = strict(&bytes).unwrap_err();
            match foreign(&bytes) {
                Ok(value) => {
                    use CborErrorKind::{NotShortest, UnsortedKeys};
                    assert!(matches!(kind, NotShortest | UnsortedKeys), "{path:?} {bytes:x?}");
                    // What is read is the same value; but a bignum stays one, a tag to us.
                    if !matches!(value, Value::Tag(2 | 3, _)) && !deterministic.is_empty() {
                        assert_eq!(value.to_cbor(), deterministic[0], "{path:?} {bytes:x?}");
                    }
                }
                Err(other) => assert_eq!(
                    (kind, other),
                    (CborErrorKind::IndefiniteLength, CborErrorKind::IndefiniteLength),
                    "{path:?} {bytes:x?}"
                ),
            }
            refused += 1;
        }
    }
    println!("cbor deterministic: {taken} deterministic forms taken, {refused} others refused");
    assert_eq!(taken, 24);
    passed("cbor deterministic", taken + refused, 80);
}

pub fn the_table_of_common_deterministic_encoding_holds() {
    let Some(path) = carnet_tests::vectors("cbor/cde-table/example-table-input.csv") else {
        return;
    };
    let table = crate::text(&path);
    let mut cases = 0;
    for line in table.lines().filter(|line| !line.is_empty()) {
        let bytes = hex(&fields(line)[2]);
        judged_alike(&bytes);
        if line.starts_with("bad,") {
            assert!(strict(&bytes).is_err(), "{line}");
        } else if line.contains("NaN with non-zero payload") {
            // The draft that replaces this table has no NaN but f97e00, nor have we.
            assert_eq!(strict(&bytes), Err(CborErrorKind::NotShortest));
        } else {
            assert_eq!(strict(&bytes).unwrap().to_cbor(), bytes, "{line}");
        }
        cases += 1;
    }
    passed("cbor cde table", cases, 76);
}
