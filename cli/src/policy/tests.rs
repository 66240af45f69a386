use super::*;

fn path() -> &'static Path {
    Path::new("trust.toml")
}

fn did(name: &str) -> Did {
    Did::of_inception(name.as_bytes())
}

fn rules(text: &str) -> Result<Rules, &'static str> {
    parse(path(), text).map_err(|error| error.code())
}

fn full() -> String {
    let text = with_anchor(
        &template("https://employer.example"),
        &did("a"),
        &Line::parse("A \"b\"").unwrap(),
        &[TrustPurpose::Skill],
    );
    with_witnesses(&text, &[did("w"), did("x")], 2)
}

#[test]
fn every_rule_is_read() {
    let rules = rules(&full()).unwrap();
    assert_eq!(rules.audience.as_str(), "https://employer.example");
    assert_eq!((rules.accepts, rules.view_age, rules.clock_skew), (Accepts::Live, 86_400, 300));
    assert_eq!(rules.anchors[0].name.as_str(), "A \"b\"");
    assert_eq!(rules.witnesses.as_ref().unwrap().quorum, 2);
    assert_eq!(rules.policy(Vec::new()).accept, Accept::Live(Vec::new()));
}

#[test]
fn a_rule_that_is_missing_unknown_or_wrong_refuses() {
    for line in ["version = 1", "accept = \"live\"", "view_age = \"24h\"", "clock_skew = 300"] {
        assert_eq!(rules(&full().replace(line, "")).unwrap_err(), "form", "without {line}");
    }
    let text = full();
    for (from, to) in [
        ("accept = \"live\"", "accept = \"any\""),
        ("view_age = \"24h\"", "view_age = \"24\""),
        ("view_age = \"24h\"", "view_age = \"400d\""),
        ("clock_skew = 300", "clock_skew = -1"),
        ("clock_skew = 300", "clock_skew = 300\nskip_status = true"),
        ("purposes = [\"skill\"]", "purposes = [\"everything\"]"),
        ("version = 1", "version = 2"),
        ("[witnesses]", "[recognition]\ndestination = \"DE\"\n[witnesses]"),
    ] {
        assert_eq!(rules(&text.replacen(from, to, 1)).unwrap_err(), "form", "{to}");
    }
    for (from, to) in [
        ("clock_skew = 300", "clock_skew = 3000"),
        ("quorum = 2", "quorum = 3"),
        ("quorum = 2", "quorum = 0"),
    ] {
        assert_eq!(rules(&text.replacen(from, to, 1)).unwrap_err(), "form-rule", "{to}");
    }
    let twice =
        with_anchor(&text, &did("a"), &Line::parse("again").unwrap(), &[TrustPurpose::Skill]);
    assert_eq!(rules(&twice).unwrap_err(), "form-rule");
}

#[test]
fn adding_and_removing_an_anchor_keeps_the_rest_as_it_was() {
    let name = Line::parse("B").unwrap();
    let start = full().replace("version = 1", "version = 1 # mine");
    let more = with_anchor(&start, &did("b"), &name, &[TrustPurpose::Contribution]);
    assert_eq!(rules(&more).unwrap().anchors.len(), 2);
    let less = without_anchor(&more, &did("a")).unwrap();
    let left = rules(&less).unwrap();
    assert_eq!(left.anchors.len(), 1);
    assert_eq!(left.anchors[0].did, did("b"));
    assert!(left.witnesses.is_some());
    assert!(less.contains("version = 1 # mine"));
    assert_eq!(without_anchor(&more, &did("w")), None, "a witness is no anchor");
    assert!(rules(&without_anchor(&less, &did("b")).unwrap()).unwrap().anchors.is_empty());
}
