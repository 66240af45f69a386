//! What the source of `carnet-proto` defines, read as text: macros leave no list behind that a test
//! could ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Key, whether it may be absent, type with its limit, and name of each field.
pub type Fields = Vec<(i128, bool, String, String)>;

fn proto() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/src")
}

/// Collects the files below a directory, at any depth, with this extension.
pub fn files(directory: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(directory).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, extension, out);
        } else if path.extension().is_some_and(|e| e == extension) {
            out.push(path);
        }
    }
}

/// Returns the module path and text, without inline tests, of every source file of `carnet-proto`.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(&proto(), "rs", &mut found);
    let read = |path: &PathBuf| {
        let module = path.strip_prefix(proto()).unwrap().with_extension("");
        let module = module.to_str().unwrap().replace(['/', '\\'], "::");
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
        (module, code)
    };
    found.iter().map(read).collect()
}

/// `AgreementKind` as `agreement-kind`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The name that CDDL has for a type of the code.
fn cddl(rust: &str) -> String {
    match rust {
        "UnixSeconds" => "unix-time",
        "Digest" | "Commitment" => "digest",
        "RootHash" => "hash",
        "u8" => "uint8",
        "u16" => "uint16",
        "u32" => "uint32",
        "u64" | "TreeSize" | "LeafIndex" => "uint",
        "String" => "tstr",
        "Bytes" => "bstr",
        "CredentialId" | "[u8; 16]" => "bytes16",
        "[u8; 32]" => "bytes32",
        other => return kebab(other),
    }
    .to_owned()
}

/// The bodies of the blocks that begin with `macro! {`, comments and attributes left out.
fn blocks<'t>(code: &'t str, start: &str) -> Vec<Vec<&'t str>> {
    let mut found = Vec::new();
    for part in code.split(start).skip(1) {
        let end = part.find("\n}").unwrap_or(part.len());
        let lines = part[..end].lines().map(str::trim);
        let kept = lines.filter(|l| !l.is_empty() && !l.starts_with("//") && !l.starts_with("#["));
        found.push(kept.collect());
    }
    found
}

/// Every `record!` of the source by its name in CDDL.
pub fn records() -> BTreeMap<String, Fields> {
    let constants = constants();
    let mut found = BTreeMap::new();
    for (module, code) in sources() {
        for block in blocks(&code, "record! {\n") {
            let Some(name) = block[0].strip_prefix("pub struct ") else { continue };
            let name = kebab(name.trim_end_matches(" {"));
            let lines = block[1..].iter().take_while(|line| **line != "}");
            let fields = lines.map(|line| field(line, &module, &constants)).collect();
            assert_eq!(found.insert(name.clone(), fields), None, "two records {name}");
        }
    }
    found
}

/// Reads `name [1; ..LIMIT]: Type,`.
fn field(
    line: &str,
    module: &str,
    constants: &BTreeMap<String, i128>,
) -> (i128, bool, String, String) {
    let (name, rest) = line.split_once(" [").unwrap_or_else(|| panic!("{module}: {line}"));
    let (key, rust) = rest.split_once("]: ").unwrap();
    let rust = rust.trim_end_matches(',');
    let inner = |outer: &str| rust.strip_prefix(outer).and_then(|r| r.strip_suffix('>'));
    let name = name.to_owned();
    if let Some((key, limit)) = key.split_once("; ..") {
        let limit = limit.parse().unwrap_or_else(|_| resolve(limit, module, constants));
        let item = cddl(inner("Vec<").unwrap());
        return (key.parse().unwrap(), true, format!("[1*{limit} {item}]"), name);
    }
    let key = key.parse().unwrap();
    match inner("Option<") {
        Some(inner) => (key, true, cddl(inner), name),
        None => (key, false, cddl(rust), name),
    }
}

/// Every record that a document describes: rules of the form `name = {` with a comment a field.
pub fn described_records(text: &str) -> BTreeMap<String, Fields> {
    let mut found = BTreeMap::new();
    for fence in text.split("```cddl\n").skip(1) {
        let mut lines = fence.split("```").next().unwrap().lines();
        while let Some(line) = lines.next() {
            let Some(name) = line.strip_suffix(" = {") else { continue };
            let fields: Fields = lines
                .by_ref()
                .take_while(|line| *line != "}")
                .map(|line| {
                    let (rule, comment) = line.split_once(';').expect("a comment");
                    let (key, rule) = rule.split_once(':').expect("a key");
                    let rule = rule.trim().trim_end_matches(',').to_owned();
                    let key = key.trim();
                    // A list may be one that a rule demands.
                    let optional = key.starts_with('?') || rule.starts_with('[');
                    let name = comment.split(':').next().unwrap().trim().to_owned();
                    (key.trim_start_matches("? ").parse().expect("a number"), optional, rule, name)
                })
                .collect();
            assert_eq!(found.insert(name.to_owned(), fields), None, "{name} stands there twice");
        }
    }
    found
}

/// Every `codes!` of the source by its name in CDDL, as `1 first, 2 second`.
pub fn codes() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (_, code) in sources() {
        for block in blocks(&code, "codes! {\n") {
            let Some(name) = block[0].strip_prefix("pub enum ") else { continue };
            let values: Vec<_> = block[1..]
                .iter()
                .filter_map(|line| line.split_once(" = "))
                .map(|(_, value)| {
                    let (code, name) = value.trim_end_matches(';').split_once(", ").unwrap();
                    format!("{code} {}", name.trim_matches('"'))
                })
                .collect();
            found.insert(kebab(name.trim_end_matches(" {")), values.join(", "));
        }
    }
    found
}

/// Every public number constant by its path.
pub fn constants() -> BTreeMap<String, i128> {
    let mut texts = BTreeMap::new();
    for (module, code) in sources() {
        for line in code.lines() {
            let Some(rest) = line.strip_prefix("pub const ") else { continue };
            let Some((name, rest)) = rest.split_once(": ") else { continue };
            let Some((of, value)) = rest.split_once(" = ") else { continue };
            if ["usize", "u8", "u16", "u32", "u64"].contains(&of) {
                texts.insert(format!("{module}::{name}"), value.trim_end_matches(';').to_owned());
            }
        }
    }
    let mut values = BTreeMap::new();
    // A constant may be made of others; none is made of more than two of them.
    for _ in 0..3 {
        for (path, text) in &texts {
            let module = path.rsplit_once("::").unwrap().0;
            if let Some(value) = evaluate(text, module, &values) {
                values.insert(path.clone(), value);
            }
        }
    }
    let is_limit = |path: &str| path.contains("::MAX_") || path.contains("::MIN_");
    for (path, text) in texts.iter().filter(|(path, _)| is_limit(path)) {
        assert!(values.contains_key(path), "{path} cannot be read: {text}");
    }
    values
}

/// Evaluates sums, products and shifts, from left to right as they occur.
fn evaluate(text: &str, module: &str, known: &BTreeMap<String, i128>) -> Option<i128> {
    let mut words = text.split_whitespace();
    let term = |word: &str| -> Option<i128> {
        let digits = word.replace('_', "");
        digits.parse().ok().or_else(|| find(word, module, known))
    };
    let mut value = term(words.next()?)?;
    while let Some(operator) = words.next() {
        let right = term(words.next()?)?;
        value = match operator {
            "*" => value * right,
            "+" => value + right,
            "<<" => value << right,
            other => panic!("{text}: {other}"),
        };
    }
    Some(value)
}

fn find(word: &str, module: &str, known: &BTreeMap<String, i128>) -> Option<i128> {
    let name = word.rsplit("::").next()?;
    if let Some(value) = known.get(&format!("{module}::{name}")) {
        return Some(*value);
    }
    let mut others = known.iter().filter(|(path, _)| path.rsplit("::").next() == Some(name));
    let found = others.next().map(|(_, value)| *value);
    assert!(others.next().is_none(), "{module}: {name} is ambiguous");
    found
}

fn resolve(name: &str, module: &str, constants: &BTreeMap<String, i128>) -> i128 {
    find(name, module, constants).unwrap_or_else(|| panic!("{module}: no constant {name}"))
}

/// The names of the number constants in an inline module.
pub fn names_in_module(file: &str, module: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(proto().join(file)).unwrap();
    let (_, rest) = text.split_once(&format!("pub mod {module} {{")).unwrap();
    let body = rest.split("\n}").next().unwrap();
    body.lines()
        .filter_map(|line| line.trim().strip_prefix("pub const "))
        .filter_map(|line| line.split_once(": i64 "))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Kind, subject and payload of every statement.
pub fn statement_kinds() -> Vec<(String, String, String)> {
    let text = fs::read_to_string(proto().join("statement.rs")).unwrap();
    let block = blocks(&text, "\nkinds! {\n").remove(0);
    let kind = |line: &&str| {
        let (_, rest) = line.split_once('(').unwrap();
        let (payload, rest) = rest.split_once("), \"").unwrap();
        let payload = payload.trim_end_matches(", apart");
        let (kind, rest) = rest.split_once("\", ").unwrap();
        let (_, expression) = rest.trim_end_matches(';').rsplit_once("| ").unwrap();
        let subject = match expression {
            "INCEPTION.into()" => carnet_proto::statement::identity::INCEPTION.to_owned(),
            "issuer.into()" => "iss".to_owned(),
            other => {
                let (function, field) = other.split_once('.').unwrap_or_else(|| panic!("{line}"));
                match (function, field.strip_suffix(".to_string()")) {
                    ("statement_urn(&w" | "statement_urn(&r" | "statement_urn(&d", None) => {
                        format!("URN of {}", field.trim_end_matches(')'))
                    }
                    (_, Some(field)) => field.to_owned(),
                    _ => panic!("{line}"),
                }
            }
        };
        (kind.to_owned(), subject, kebab(payload))
    };
    block.iter().map(kind).collect()
}

/// The names of all tests here and in `carnet-proto`.
pub fn test_names() -> BTreeSet<String> {
    let mut found = Vec::new();
    files(&proto(), "rs", &mut found);
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), "rs", &mut found);
    let mut names = BTreeSet::new();
    for path in found {
        let text = fs::read_to_string(path).unwrap();
        for part in text.split("#[test]\n").skip(1) {
            if let Some((_, rest)) = part.split_once("fn ") {
                names.insert(rest.split('(').next().unwrap().to_owned());
            }
        }
    }
    names
}
