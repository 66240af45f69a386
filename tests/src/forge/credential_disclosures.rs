//! Credentials: disclosures, and the hashes that they fit.

use carnet_proto::cbor::Value;
use carnet_proto::profile::claim;

use super::credential::{BASE, Parts, disclosure, hash, hashes, salt};
use super::{Cases, Entries, int, remove, set};

/// Disclosures that do not fit.
pub fn disclosures(c: &mut Cases, good: &Parts) {
    c.source("SD-CWT -08, section 9, step 8");
    let changed = |alter: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut parts = good.clone();
        alter(&mut parts.disclosures);
        parts.input()
    };
    // The shown parts, by their place: which is which depends on the issuer's shuffling.
    let at = |wanted: &[u8]| {
        let found =
            good.disclosures.iter().position(|d| d.windows(wanted.len()).any(|w| w == wanted));
        found.expect("a disclosure")
    };
    let name = at(b"Ligaya Halimbawa");
    let item = good.disclosures.iter().map(Vec::len).enumerate();
    let list = item.max_by_key(|(_, length)| *length).expect("the list of skills").0;
    let sub = |salt: Value| [salt, "urn:carnet:holder:x".into(), int(claim::SUB)];
    for (file, error, input, about) in [
        (
            "disclosure-altered",
            "Unmatched",
            changed(&|d| *d[name].last_mut().expect("a byte") ^= 2),
            "A shown claim is another than was signed.",
        ),
        (
            "disclosure-of-another-credential",
            "Unmatched",
            changed(&|d| d.push(disclosure(&sub(salt(9))))),
            "A disclosure fits no hash of this credential.",
        ),
        (
            "disclosure-without-what-holds-it",
            "Unmatched",
            changed(&|d| drop(d.remove(list))),
            "An element of a redacted list is shown without the list.",
        ),
        (
            "disclosure-twice",
            "RepeatedSalt",
            changed(&|d| d.push(d[name].clone())),
            "One disclosure stands there twice.",
        ),
    ] {
        c.invalid(file, BASE, error, about, input);
    }
    c.source("SD-CWT -08, section 9, step 8; wire-format.md, redaction");
    let base = "valid-sub-disclosed";
    let with = |contents: &[Value]| good.clone().redacted(contents).input();
    for (file, error, input, about) in [
        ("decoy-disclosed", "Decoy", with(&[salt(1)]), "A decoy is shown to a verifier."),
        (
            "disclosure-for-an-element",
            "WrongForm",
            with(&[salt(1), "urn:carnet:holder:x".into()]),
            "A claim is disclosed in the form of an array element.",
        ),
        (
            "disclosed-key-exists",
            "DuplicateKey",
            with(&[salt(1), int(0), int(claim::SKILL)]),
            "A disclosed claim stands there already.",
        ),
        (
            "salt-of-15-bytes",
            "Malformed:WrongLength",
            with(&[Value::Bytes(vec![1; 15]), "x".into(), int(2)]),
            "A salt has 15 bytes.",
        ),
        (
            "salt-of-17-bytes",
            "Malformed:WrongLength",
            with(&[Value::Bytes(vec![1; 17]), "x".into(), int(2)]),
            "A salt has 17 bytes.",
        ),
        (
            "disclosure-empty",
            "Malformed:WrongType",
            {
                let mut parts = good.clone().redacted(&[salt(1)]);
                *parts.disclosures.last_mut().expect("one") = vec![0x41, 0xa0];
                let hash = hash(&[0x41, 0xa0]);
                parts.claims(|claims| *hashes(claims).last_mut().expect("one") = hash).input()
            },
            "A disclosure holds a map instead of an array.",
        ),
        (
            "disclosure-of-four",
            "Malformed:Invalid",
            with(&[salt(1), "x".into(), int(2), Value::Null]),
            "A disclosure has four elements.",
        ),
        (
            "disclosed-key-a-byte-string",
            "Malformed:Invalid",
            with(&[salt(1), "x".into(), Value::Bytes(vec![2])]),
            "The key of a disclosed claim is a byte string.",
        ),
        (
            "disclosed-key-tagged-to-be-redacted",
            "Malformed:Invalid",
            with(&[salt(1), "x".into(), Value::Tag(58, int(2).into())]),
            "The key of a disclosed claim bears tag 58.",
        ),
        (
            "disclosed-value-with-tag-58",
            "MalformedRedaction",
            with(&[salt(1), Value::Tag(58, int(2).into()), int(2)]),
            "A disclosed value bears tag 58, which stands only before issuance.",
        ),
    ] {
        c.invalid(file, base, error, about, input);
    }
    let twice = good.clone().redacted(&sub(salt(1))).redacted(&[
        salt(1),
        "X1".into(),
        int(claim::DOCUMENT_NUMBER),
    ]);
    c.invalid("salt-twice", base, "RepeatedSalt", "Two disclosures have one salt.", twice.input());

    c.source("SD-CWT -08, section 9, step 8; examples of the draft");
    let encoded = disclosure(&sub(salt(1)));
    let contents_alone = Value::Bytes(carnet_proto::id::sha256(&encoded[2..]).into());
    let mut parts = good.clone().claims(|claims| hashes(claims).push(contents_alone));
    parts.disclosures.push(encoded.clone());
    c.invalid(
        "hash-over-the-contents-alone",
        base,
        "Unmatched",
        "The hash leaves out the head of the byte string, as two figures of the draft show it.",
        parts.input(),
    );
    let long = [&[0x59, 0x00], &encoded[1..]].concat();
    let mut parts = good.clone().claims(|claims| hashes(claims).push(hash(&long)));
    parts.disclosures.push(long);
    c.invalid(
        "disclosure-head-too-long",
        base,
        "Malformed:NotShortest",
        "A disclosure has a longer head than it needs, and the hash covers it.",
        parts.input(),
    );
}

/// Marks of redaction where none may be.
pub fn redactions(c: &mut Cases, good: &Parts) {
    c.source("SD-CWT -08, sections 4.1, 5.3 and 11");
    let with =
        |key: i64, value: Value| good.clone().claims(|claims| set(claims, key, value)).input();
    let skill = |alter: &dyn Fn(&mut Entries)| {
        let altered = |claims: &mut Entries| {
            let Value::Map(mut skill) = remove(claims, claim::SKILL) else { panic!("a map") };
            alter(&mut skill);
            set(claims, claim::SKILL, Value::Map(skill));
        };
        good.clone().claims(altered).input()
    };
    let list = |alter: &dyn Fn(&mut Vec<Value>)| {
        good.clone().claims(|claims| alter(hashes(claims))).input()
    };
    for (name, error, input, about) in [
        (
            "tag-58-on-a-key",
            "MalformedRedaction",
            good.clone()
                .claims(|claims| set(claims, Value::Tag(58, int(500).into()), Value::Null))
                .input(),
            "A claim key bears tag 58, which stands only before issuance.",
        ),
        (
            "tag-58-on-a-value",
            "MalformedRedaction",
            with(500, Value::Tag(58, int(1).into())),
            "A value bears tag 58.",
        ),
        (
            "tag-58-on-an-element",
            "MalformedRedaction",
            with(500, Value::Array(vec![Value::Tag(58, int(1).into())])),
            "An array element bears tag 58.",
        ),
        (
            "tag-62-on-a-key",
            "MalformedRedaction",
            good.clone()
                .claims(|claims| set(claims, Value::Tag(62, int(1).into()), Value::Null))
                .input(),
            "A claim key bears tag 62, which stands only before issuance.",
        ),
        (
            "tag-62-on-an-element",
            "MalformedRedaction",
            with(500, Value::Array(vec![Value::Tag(62, int(1).into())])),
            "An array element bears tag 62.",
        ),
        (
            "tag-60-outside-an-array",
            "MalformedRedaction",
            with(500, Value::Tag(60, Value::Bytes(vec![0; 32]).into())),
            "The mark of a redacted element stands in the place of a value.",
        ),
        (
            "tag-60-on-31-bytes",
            "MalformedRedaction",
            with(500, Value::Array(vec![Value::Tag(60, Value::Bytes(vec![0; 31]).into())])),
            "The hash of a redacted element has 31 bytes.",
        ),
        (
            "tag-60-on-a-text",
            "MalformedRedaction",
            with(500, Value::Array(vec![Value::Tag(60, Value::Text("x".into()).into())])),
            "The hash of a redacted element is a text.",
        ),
        (
            "hash-of-31-bytes",
            "MalformedRedaction",
            list(&|l| l.push(Value::Bytes(vec![0; 31]))),
            "The hash of a redacted claim has 31 bytes.",
        ),
        (
            "hash-a-text",
            "MalformedRedaction",
            list(&|l| l.push("x".into())),
            "The hash of a redacted claim is a text.",
        ),
        (
            "hashes-a-byte-string",
            "MalformedRedaction",
            good.clone()
                .claims(|claims| set(claims, Value::Simple(59), Value::Bytes(vec![0; 32])))
                .input(),
            "The hashes of redacted claims are no array.",
        ),
        (
            "simple-59-as-a-value",
            "MalformedRedaction",
            with(500, Value::Simple(59)),
            "simple(59) stands as a value.",
        ),
        (
            "hash-twice-in-one-map",
            "RepeatedHash",
            list(&|l| l.push(l[0].clone())),
            "One hash stands twice.",
        ),
        (
            "hash-twice-in-two-maps",
            "RepeatedHash",
            {
                let again = {
                    let mut p = good.clone();
                    let mut h = Value::Null;
                    p.forged = p.forged.payload(|c| h = hashes(c)[0].clone());
                    h
                };
                skill(&|s| hashes(s).push(again.clone()))
            },
            "One hash stands in two maps.",
        ),
    ] {
        let base = BASE;
        c.invalid(name, base, error, about, input);
    }

    c.source("SD-CWT -08, section 6; wire-format.md, claims");
    for (claim, name) in [
        (claim::ISS, "iss"),
        (claim::EXP, "exp"),
        (claim::IAT, "iat"),
        (claim::CTI, "cti"),
        (claim::CNF, "cnf"),
        (claim::VCT, "vct"),
        (claim::STATUS, "status"),
    ] {
        let mut value = Value::Null;
        let parts = good.clone().claims(|claims| value = remove(claims, claim));
        let parts = parts.redacted(&[salt(1), value, int(claim)]);
        let about = format!("`{name}` is redacted and disclosed; it must always show.");
        c.invalid(&format!("{name}-redacted"), BASE, "NeverRedacted", &about, parts.input());
    }
    let parts = good.clone().claims(|claims| {
        let Value::Map(mut cnf) = remove(claims, claim::CNF) else { panic!("a map") };
        cnf.push((Value::Simple(59), Value::Array(vec![Value::Bytes(vec![0; 32])])));
        set(claims, claim::CNF, Value::Map(cnf));
    });
    c.invalid(
        "part-of-cnf-redacted",
        BASE,
        "NeverRedacted",
        "A part of `cnf` is redacted.",
        parts.input(),
    );

    c.source("SD-CWT -08, section 5.5; wire-format.md, encoding");
    // In its own encoding the value is within the limit; in its place it is a level too deep.
    let nested = (0..15).fold(int(1), |value, _| Value::Array(vec![value]));
    let deep = disclosure(&[salt(1), nested, int(25)]);
    let hash = hash(&deep);
    let mut parts = good.clone().claims(|claims| {
        let Value::Map(mut skill) = remove(claims, claim::SKILL) else { panic!("a map") };
        hashes(&mut skill).push(hash);
        set(claims, claim::SKILL, Value::Map(skill));
    });
    parts.disclosures.push(deep);
    c.invalid(
        "nested-17-deep-after-restoring",
        BASE,
        "TooDeep",
        "A disclosed value is nested deeper than 16 levels in its place.",
        parts.input(),
    );
}
