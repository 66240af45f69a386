//! What a certificate is worth abroad.

use crate::support::User;
use serde_json::Value;

/// Asks what a certificate is worth abroad, by agreements in files.
pub fn ask(user: &User) {
    // A sentence breaks where the line ends.
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let asked = "recognise copy.carnet --policy copies.toml --destination DE --occupation 7212";
    // Nothing in the logs says anything.
    let none = user.run(&format!("{asked} --json"));
    assert_eq!(none.code, 1, "{}", none.stdout);
    assert_eq!(none.json()["recognition"]["outcome"], "no_agreement");
    // Beside a verdict it changes nothing.
    let beside = asked.replace("recognise", "verify");
    let told = flat(user.run(&beside).ok());
    assert!(told.contains("✓ valid") && told.contains("No agreement on this binds both"), "{told}");
    let json = user.run(&format!("{beside} --json")).json();
    assert_eq!(
        (&json["verdict"], &json["recognition"]["routes"]),
        (&"valid".into(), &Value::Array(vec![]))
    );
    // A built-in model, by another standard.
    let other = user.run(&format!("{asked} --agreement skills-partnership"));
    assert_eq!(other.code, 1, "{}", other.stdout);
    let told = flat(other.stdout);
    assert!(told.contains("by the standard 2020; the attestation shows none"), "{told}");
    // The same as a draft, without the standard, and with the issuer at hand.
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/recognition/skills-partnership.toml");
    let draft = std::fs::read_to_string(model).unwrap();
    let (rules, _) = draft.split_once("[[recognition.sample]]").unwrap();
    let rules = rules.replace("standard = \"2020\"\n", "");
    let rules = rules.replace("name = \"Skills Authority (fictitious)\"", "name = \"Institute\"");
    std::fs::write(user.path("partnership.toml"), rules).unwrap();
    user.run("agreement check partnership.toml").ok();
    let line = format!("{asked} --agreement partnership.toml --html sheet.html");
    let answer = user.run(&format!("{line} --json")).json();
    let route = &answer["recognition"]["routes"][0];
    assert_eq!(route["outcome"], "compensation_required", "{route}");
    assert_eq!(route["host_title"], "Welder of the partnership");
    assert_eq!(route["is_binding"], false);
    let missing: Vec<_> =
        route["missing"].as_array().unwrap().iter().map(|m| &m["evidence"]).collect();
    assert_eq!(missing, ["work-certificate", "language-certificate", "unit-certificate"]);
    // What is there is not written over.
    user.run(&line).fails(2, &["sheet.html"]);
    let told = flat(user.run(&format!("{asked} --agreement partnership.toml")).ok());
    assert!(
        told.contains("Nobody's signature was looked up")
            && told.contains("[partnership, art. 8; made up]"),
        "{told}"
    );
    assert!(told.contains("PQF 2 corresponds to AQRF 2. For reference only"), "{told}");
    let sheet = std::fs::read_to_string(user.path("sheet.html")).unwrap();
    assert!(
        sheet.contains("Recognition Office (fictitious)") && !sheet.contains("<script"),
        "{sheet}"
    );
    // What is not there could not be read, as for a clerk who counts periods.
    user.run(&format!("{asked} --agreement nope")).fails(3, &["there is no agreement nope"]);
    user.run(&format!("{asked} --agreement abcdef")).fails(3, &["there is no agreement abcdef"]);
    let count = "totalise copy.carnet --policy copies.toml --claim-country DE --branch old-age";
    user.run(&format!("{count} --agreement nope")).fails(3, &["nope"]);
    // The other way round: what it opens.
    let opens = user
        .run("recognise copy.carnet --policy copies.toml --agreement partnership.toml --json")
        .json();
    let opened = opens["opens"].as_array().unwrap();
    assert_eq!((opened.len(), &opened[0]["host"]), (1, &"DE".into()));
    // A case that is wrong is named.
    std::fs::write(user.path("wrong.toml"), draft.replace("youngest = 18", "youngest = 17"))
        .unwrap();
    user.run("agreement check wrong.toml").ok();
    std::fs::write(user.path("wrong.toml"), draft.replace("youngest = 18", "youngest = 48"))
        .unwrap();
    let wrong = user.run("agreement check wrong.toml");
    assert_eq!(wrong.code, 1, "{}", wrong.stdout);
    assert!(wrong.stdout.contains("cases come out otherwise"), "{}", wrong.stdout);
}
