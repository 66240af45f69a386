//! The documents say what the code does: whatever in `docs/` can drift is compared here with the
//! source, or with a report that was really made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use carnet_proto::cbor::Encode as _;
use carnet_proto::evidence::Evidence;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{NONCE_BYTES, Presentation};
use carnet_proto::profile::{
    AUDIENCE_ANYONE, TYP_KEY_BINDING, TYP_KEY_REQUEST, TYP_SD_CWT, TYP_STATUS_LIST, claim, header,
};
use carnet_proto::verify::policy::{Accept, Policy};
use carnet_proto::verify::report::{Report, check, reason};
use carnet_proto::verify::verify;
use carnet_proto::wallet::PresentRequest;
use carnet_tests::world::{World, period_by_year, period_grant, worker};
use serde_json::Value as Json;

#[path = "docs/source.rs"]
mod source;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn doc(name: &str) -> String {
    let path = root().join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Returns the rows of the table behind `<!-- table: name -->`, each as its cells without backticks.
fn table(text: &str, name: &str) -> Vec<Vec<String>> {
    let marker = format!("<!-- table: {name} -->\n");
    let (_, rest) = text.split_once(&marker).unwrap_or_else(|| panic!("no table {name}"));
    rows(rest.lines().take_while(|line| line.starts_with('|')).skip(2))
}

fn rows<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let line = line.trim().trim_start_matches('|').trim_end_matches('|');
        line.split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    lines.map(cells).collect()
}

/// The sections of a document by their headings of the second level.
fn sections(text: &str) -> Vec<(&str, &str)> {
    let parts = text.split("\n## ").skip(1);
    parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect()
}

/// The names in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn number(text: &str) -> i128 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

#[test]
fn every_record_is_described_with_its_fields_types_and_limits() {
    let text = doc("wire-format.md");
    let described = source::described_records(&text);
    let defined = source::records();
    assert!(defined.len() > 50, "{} records", defined.len());
    for (name, fields) in &defined {
        // What a node keeps for itself is no part of the format.
        if name == "last-cosigned" {
            continue;
        }
        let found = described.get(name).unwrap_or_else(|| panic!("{name} is not described"));
        assert_eq!(found, fields, "{name}");
    }
    for name in described.keys() {
        assert!(defined.contains_key(name), "{name} is described and does not exist");
    }
}

#[test]
fn every_code_list_is_described() {
    let described: BTreeMap<_, _> = table(&doc("wire-format.md"), "codes")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let defined = source::codes();
    assert!(defined.len() >= 12, "{} lists", defined.len());
    assert_eq!(described, defined);
}

#[test]
fn every_limit_is_described_with_its_value() {
    let text = doc("wire-format.md");
    let described: BTreeMap<_, _> =
        table(&text, "limits").into_iter().map(|row| (row[0].clone(), number(&row[1]))).collect();
    let defined = source::constants();
    for (name, value) in &described {
        assert_eq!(defined.get(name), Some(value), "{name}");
    }
    let is_limit = |name: &str| {
        name.rsplit("::").next().is_some_and(|n| n.starts_with("MAX_") || n.starts_with("MIN_"))
    };
    for name in defined.keys().filter(|name| is_limit(name)) {
        assert!(described.contains_key(name), "{name} is not described");
    }
    // Two that the compiler knows, so that the search itself is right.
    assert_eq!(
        defined["profile::MAX_PREPARED_SECONDS"],
        i128::from(carnet_proto::profile::MAX_PREPARED_SECONDS)
    );
    assert_eq!(defined["status::MAX_TOKEN_BYTES"], carnet_proto::status::MAX_TOKEN_BYTES as i128);
    let nonce = format!(
        "{} to {} bytes (`presentation::NONCE_BYTES`)",
        NONCE_BYTES.start(),
        NONCE_BYTES.end()
    );
    assert!(text.contains(&nonce));
}

#[test]
fn every_label_claim_and_type_is_described_with_its_number() {
    let text = doc("wire-format.md");
    let described = |name| -> BTreeMap<String, i128> {
        table(&text, name).into_iter().map(|row| (row[1].clone(), number(&row[0]))).collect()
    };
    macro_rules! values {
        ($module:ident: $($name:ident)*) => {
            BTreeMap::from([$((stringify!($name).to_owned(), i128::from($module::$name)),)*])
        };
    }
    let headers = values!(header: ALG KID CWT_CLAIMS TYP KCWT SD_CLAIMS SD_ALG SD_AEAD_CLAIMS RECEIPTS VDS VDP);
    assert_eq!(described("headers"), headers);
    assert_eq!(source::names_in_module("profile.rs", "header"), headers.into_keys().collect());
    let claims = values!(claim: ISS SUB AUD EXP NBF IAT CTI CNF VCT CNONCE STATUS_LIST TTL STATUS
        SKILL CONTRIBUTION CONTAINER NAME_NATIVE NAME_LATIN NAME_ICAO BIRTH_DATE NATIONALITY DOCUMENT_NUMBER
        PORTRAIT);
    assert_eq!(described("claims"), claims);
    assert_eq!(source::names_in_module("profile.rs", "claim"), claims.into_keys().collect());

    let always: BTreeSet<_> = table(&text, "claims")
        .into_iter()
        .filter(|row| row[2] == "always" && !["SKILL", "CONTRIBUTION"].contains(&row[1].as_str()))
        .map(|row| number(&row[0]))
        .collect();
    assert_eq!(always, claim::NEVER_REDACTED.map(i128::from).into());
    let by_choice: BTreeSet<_> = table(&text, "claims")
        .into_iter()
        .filter(|row| row[2] == "by choice")
        .map(|row| row[1].to_lowercase())
        .collect();
    let redactable = carnet_proto::credential::claims::redactable_names();
    assert_eq!(by_choice, redactable.map(ToOwned::to_owned).collect());

    let types: Vec<_> = table(&text, "types").into_iter().map(|row| row[0].clone()).collect();
    let known = [
        TYP_SD_CWT.to_string(),
        TYP_KEY_BINDING.to_string(),
        TYP_STATUS_LIST.into(),
        TYP_KEY_REQUEST.into(),
    ];
    assert_eq!(types[..4], known);
}

#[test]
fn every_kind_of_statement_is_described() {
    let described: Vec<_> = table(&doc("wire-format.md"), "kinds");
    let defined: Vec<_> = source::statement_kinds()
        .into_iter()
        .map(|(kind, subject, payload)| {
            let typ = format!("application/vnd.carnet.{kind}+cose");
            vec![kind, typ, subject, payload]
        })
        .collect();
    assert_eq!(described, defined);
}

#[test]
fn every_kind_of_file_is_described() {
    use carnet_proto::profile::FileKind;
    let described: Vec<_> = table(&doc("wire-format.md"), "file-kinds")
        .into_iter()
        .map(|row| (number(&row[0]), row[1].clone()))
        .collect();
    let defined: Vec<_> =
        FileKind::ALL.iter().map(|kind| (*kind as i128, kind.name().to_owned())).collect();
    assert_eq!(described, defined);
}

#[test]
fn every_check_and_every_reason_is_described_and_none_else() {
    let text = doc("checks.md");
    let mut checks = Vec::new();
    let mut reasons = BTreeSet::from([reason::DEPENDS.to_owned()]);
    for (heading, body) in sections(&text) {
        let Some(id) = quoted(heading).next() else { continue };
        checks.push(id.to_owned());
        let lines = body.lines().skip_while(|line| !line.starts_with("| Reason |"));
        let mut in_section = BTreeSet::new();
        for row in rows(lines.skip(2).take_while(|line| line.starts_with('|'))) {
            assert!(in_section.insert(row[0].clone()), "{id}: {} stands there twice", row[0]);
            assert!(["pass", "fail", "undetermined"].contains(&row[1].as_str()), "{id}: {row:?}");
            reasons.insert(row[0].clone());
        }
        assert!(body.contains("\nTests: "), "{id} names no test");
        assert!(body.contains("\nRule: "), "{id} names no rule");
    }
    assert_eq!(checks, check::ALL);
    assert_eq!(reasons, reason::ALL.iter().map(|id| (*id).to_owned()).collect());
    assert!(text.contains("`depends` can be the reason of any check"));
}

#[test]
fn every_test_that_the_checks_name_exists() {
    let tests = source::test_names();
    let text = doc("checks.md");
    let mut named = 0;
    for part in text.split("\nTests: ").skip(1) {
        for name in quoted(part.split("\n\n").next().unwrap()) {
            assert!(tests.contains(name), "there is no test {name}");
            named += 1;
        }
    }
    assert!(named >= check::ALL.len());
}

/// The keys of a JSON value as paths; the values of a reason differ from reason to reason.
fn paths(at: &str, value: &Json, out: &mut BTreeSet<String>) {
    match value {
        Json::Object(entries) => {
            for (key, value) in entries {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                if !at.ends_with(".reason") || key == "id" {
                    out.insert(path.clone());
                    paths(&path, value, out);
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| paths(&format!("{at}[]"), item, out)),
        _ => {}
    }
}

fn paths_of(value: &Json) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    paths("", value, &mut out);
    out
}

fn report(presentation: &[u8], policy: &Policy, ledger: &Ledger, world: &World) -> Json {
    let report: Report = verify(presentation, policy, ledger, world.now);
    serde_json::to_value(report).unwrap()
}

#[test]
fn the_json_of_a_verification_has_the_shape_that_is_described() {
    let text = doc("verify-json.md");
    let example = text.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let example: Json = serde_json::from_str(example).unwrap();

    let mut world = World::usual();
    let ledger = world.ledger();
    let live = world.present(0);
    let real = report(&live.to_cbor(), &world.policy(), &ledger, &world);
    assert_eq!(paths_of(&example), paths_of(&real), "the example is like this:\n{real:#}");
    let checks = |value: &Json| -> Vec<(Json, Json, Json)> {
        let checks = value["credentials"][0]["checks"].as_array().unwrap().iter();
        checks.map(|c| (c["id"].clone(), c["outcome"].clone(), c["reason"]["id"].clone())).collect()
    };
    assert_eq!(checks(&example), checks(&real));
    assert_eq!((&example["version"], &example["verdict"]), (&real["version"], &real["verdict"]));

    let described: BTreeSet<String> =
        table(&text, "fields").into_iter().map(|row| row[0].clone()).collect();
    world.refresh();
    let copy = world.present_as(&[0], AUDIENCE_ANYONE, None, true);
    let Presentation { profile, presented, evidence } = copy.clone();
    assert!(evidence.is_some_and(|e| Evidence::join_encoded(&[&e]).is_some()));
    let bare = Presentation { profile, presented, evidence: None };
    let prepared = Policy { accept: Accept::Prepared, ..world.policy() };
    let mut periods = World::new();
    periods.accredit_for("ph-ministry", "ph-institute", period_grant(&["PH"]), 0);
    periods.issue("ph-institute", &worker(), period_by_year());
    let names = ["name_latin", "birth_date", "years"].map(String::from);
    let period = periods.wallet.present(
        &[0],
        &PresentRequest {
            audience: AUDIENCE_ANYONE,
            nonce: None,
            issued_at: periods.now,
            expires_at: periods.now.plus(60),
            disclose: &names,
            with_evidence: false,
        },
        Evidence::join_encoded,
    );
    let mut real = paths_of(&real);
    real.extend(paths_of(&report(
        &period.unwrap().to_cbor(),
        &prepared,
        &periods.ledger(),
        &periods,
    )));
    for other in [
        report(&copy.to_cbor(), &prepared, &Ledger::new(), &world),
        report(&bare.to_cbor(), &world.policy(), &Ledger::new(), &world),
        report(b"\xa0", &prepared, &ledger, &world),
    ] {
        real.extend(paths_of(&other));
    }
    // What attestations hold is described as part of the wire format.
    let records = source::described_records(&doc("wire-format.md"));
    let fields: BTreeSet<_> =
        records.values().flatten().map(|(_, _, _, name)| name.as_str()).collect();
    let (skill, real): (BTreeSet<_>, BTreeSet<_>) = real
        .into_iter()
        .partition(|path| path.contains(".skill.") || path.contains(".contribution."));
    for path in &skill {
        let name = path.rsplit(['.', '[']).next().unwrap();
        assert!(fields.contains(name), "{path} is not described");
    }
    let missing: Vec<_> = real.difference(&described).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    for path in described.difference(&real) {
        let is_claim = path.strip_prefix("credentials[].disclosed.");
        let mut known = carnet_proto::credential::claims::redactable_names();
        assert!(is_claim.is_some_and(|name| known.any(|k| k == name)), "{path} does not occur");
    }
}

/// The anchor of a heading as forges make it: lower case, letters, digits, hyphens for spaces.
fn anchor(heading: &str) -> String {
    let kept =
        heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut documents = Vec::new();
    source::files(&root().join("docs"), "md", &mut documents);
    for name in ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
        documents.push(root().join(name));
    }
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).map(|part| part.split(')').next().unwrap()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => document.clone(),
                file => document.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link} does not exist", document.display());
            if !fragment.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                let found = headings.any(|line| anchor(line.trim_start_matches('#')) == fragment);
                assert!(found, "{}: no heading for {link}", document.display());
            }
        }
    }
}

#[test]
fn the_code_map_names_what_is_there() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut named = BTreeSet::new();
    for path in quoted(&text).filter(|path| path.ends_with(".rs") || path.ends_with('/')) {
        let exists = ["", "proto/src", "node/src", "cli/src", "tests"]
            .iter()
            .any(|base| root().join(base).join(path).exists());
        assert!(exists, "{path} is in the code map and does not exist");
        named.insert(path.to_owned());
    }
    for krate in ["proto", "node", "cli"] {
        for entry in fs::read_dir(root().join(krate).join("src")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_module = name.ends_with(".rs") && name != "test_support.rs";
            assert!(
                !is_module || named.contains(&format!("{krate}/src/{name}")),
                "{krate}/src/{name} is not in the code map"
            );
        }
    }
}
