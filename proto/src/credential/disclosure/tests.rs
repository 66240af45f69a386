use alloc::vec;

use super::*;
use crate::cbor::{CborErrorKind, Decode as _, Mode};
use crate::profile::{TAGS_BEFORE_ISSUANCE, claim};
use crate::test_support::SeededRng;

/// The claim that these tests redact; nothing forbids it.
const KEY: i64 = claim::NAME_LATIN;

fn int(n: i64) -> Value {
    Value::Int(n.into())
}

fn map(entries: &[(i64, Value)]) -> Value {
    Value::Map(entries.iter().map(|(k, v)| (int(*k), v.clone())).collect())
}

/// A disclosure as it travels: `parts` after a salt of 16 bytes `salt`.
fn disclosure(salt: u8, parts: &[Value]) -> Vec<u8> {
    let mut contents = vec![Value::Bytes(vec![salt; SALT_BYTES])];
    contents.extend_from_slice(parts);
    encoded(&Value::Array(contents).to_cbor())
}

/// Wraps the contents of a disclosure, whatever they are.
fn encoded(contents: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.bytes(contents);
    e.into_bytes()
}

fn hash(disclosure: &[u8]) -> Value {
    Value::Bytes(Profile::SdCwt08.redacted_claim_hash(disclosure).into())
}

/// An array element in whose place a hash stands.
fn element(disclosure: &[u8]) -> Value {
    Value::Tag(TAG_REDACTED_ELEMENT, hash(disclosure).into())
}

/// A map with open entries, and hashes of redacted ones.
fn redacted(open: &[(i64, Value)], disclosures: &[&[u8]]) -> Value {
    let Value::Map(mut entries) = map(open) else { unreachable!() };
    let hashes = disclosures.iter().map(|d| hash(d)).collect();
    entries.push((Value::Simple(SIMPLE_REDACTED_KEYS), Value::Array(hashes)));
    Value::Map(entries)
}

fn verifier(payload: &Value, disclosures: &[&[u8]]) -> Result<Restored, DisclosureError> {
    let of =
        |mode| restore(Profile::SdCwt08, &payload.to_cbor(), disclosures, Reader::Verifier, mode);
    let strict = of(Mode::Strict);
    // What is wrong with an encoding that is sorted and short is wrong in either mode.
    assert_eq!(strict, of(Mode::Foreign));
    strict
}

impl PartialEq<Value> for RestoredClaims {
    fn eq(&self, other: &Value) -> bool {
        self.as_bytes() == other.to_cbor()
    }
}

fn refusal(payload: &Value, disclosures: &[&[u8]]) -> DisclosureError {
    verifier(payload, disclosures).unwrap_err()
}

fn cbor_refusal(payload: &Value, disclosures: &[&[u8]]) -> CborErrorKind {
    match refusal(payload, disclosures) {
        DisclosureError::Malformed(e) => e.kind,
        other => panic!("{other}"),
    }
}

#[test]
fn a_disclosed_claim_returns_to_its_place_and_a_withheld_one_leaves_no_trace() {
    let a = disclosure(1, &["Malaya".into(), int(KEY)]);
    let b = disclosure(2, &["PH".into(), int(claim::NATIONALITY)]);
    let payload = redacted(&[(1, "x".into())], &[&a, &b]);
    let restored = verifier(&payload, &[&a]).unwrap();
    assert_eq!(restored.claims, map(&[(1, "x".into()), (KEY, "Malaya".into())]));
    assert_eq!(restored.withheld, 1);
    assert_eq!(restored.placed, [Placed { index: 0, path: vec![int(KEY)], parent: None }]);
    assert_eq!(verifier(&payload, &[]).unwrap().claims, map(&[(1, "x".into())]));
    // The order of disclosures means nothing.
    let claims = |disclosures| verifier(&payload, disclosures).unwrap().claims;
    assert_eq!(claims(&[&a, &b]), claims(&[&b, &a]));
}

#[test]
fn a_nested_disclosure_is_refused_without_the_one_that_holds_it() {
    let inner = disclosure(1, &["ca".into(), int(2)]);
    let outer = disclosure(2, &[redacted(&[(1, "us".into())], &[&inner]), int(KEY)]);
    let payload = redacted(&[], &[&outer]);
    assert_eq!(refusal(&payload, &[&inner]), DisclosureError::Unmatched);
    let alone = verifier(&payload, &[&outer]).unwrap();
    assert_eq!(alone.claims, map(&[(KEY, map(&[(1, "us".into())]))]));
    assert_eq!(alone.withheld, 1);
    let both = verifier(&payload, &[&inner, &outer]).unwrap();
    assert_eq!(both.claims, map(&[(KEY, map(&[(1, "us".into()), (2, "ca".into())]))]));
    let place = both.placed.iter().find(|p| p.index == 0).unwrap();
    assert_eq!((place.path.as_slice(), place.parent), ([int(KEY), int(2)].as_slice(), Some(1)));
}

#[test]
fn array_elements_disclosed_one_by_one_keep_their_order() {
    let elements: Vec<_> = (1..=5).map(|n| disclosure(n, &[int(n.into())])).collect();
    let mut items: Vec<_> = elements.iter().map(|d| element(d)).collect();
    items.insert(2, int(100));
    let payload = map(&[(KEY, Value::Array(items))]);
    for chosen in 0..1_u32 << elements.len() {
        // Handed over in the opposite order.
        let shown: Vec<_> = (0..5).rev().filter(|i| chosen & 1 << i != 0).collect();
        let disclosures: Vec<_> = shown.iter().map(|i| elements[*i].as_slice()).collect();
        let restored = verifier(&payload, &disclosures).unwrap();
        let mut expected: Vec<_> = shown.iter().rev().map(|i| int(*i as i64 + 1)).collect();
        expected.insert((chosen & 0b11).count_ones() as usize, int(100));
        assert_eq!(restored.claims, map(&[(KEY, Value::Array(expected))]));
        assert_eq!(restored.withheld, 5 - shown.len());
    }
}

#[test]
fn a_disclosure_that_fits_no_hash_is_refused() {
    let a = disclosure(1, &["Malaya".into(), int(KEY)]);
    for foreign in [
        disclosure(2, &["Malaya".into(), int(KEY)]),
        disclosure(1, &["Malata".into(), int(KEY)]),
        disclosure(1, &["Malaya".into(), int(claim::NAME_ICAO)]),
    ] {
        assert_eq!(refusal(&redacted(&[], &[&a]), &[&foreign]), DisclosureError::Unmatched);
    }
    // The hash over the contents without their head, as two figures of the draft have it.
    let contents = a.strip_prefix(b"\x58\x1e").unwrap();
    let payload = Value::Map(vec![(
        Value::Simple(SIMPLE_REDACTED_KEYS),
        Value::Array(vec![Value::Bytes(crate::id::sha256(contents).into())]),
    )]);
    assert_eq!(refusal(&payload, &[&a]), DisclosureError::Unmatched);
}

#[test]
fn a_hash_or_a_salt_that_occurs_twice_is_refused() {
    let a = disclosure(1, &["Malaya".into(), int(KEY)]);
    for payload in [
        redacted(&[], &[&a, &a]),
        redacted(&[(KEY, redacted(&[], &[&a]))], &[&a]),
        redacted(&[(KEY, Value::Array(vec![element(&a)]))], &[&a]),
    ] {
        // Even if nothing was disclosed for it.
        assert_eq!(refusal(&payload, &[]), DisclosureError::RepeatedHash);
    }
    let b = disclosure(1, &["PH".into(), int(claim::NATIONALITY)]);
    let payload = redacted(&[], &[&a, &b]);
    assert_eq!(refusal(&payload, &[&a, &b]), DisclosureError::RepeatedSalt);
    assert_eq!(refusal(&payload, &[&a, &a]), DisclosureError::RepeatedSalt);
}

#[test]
fn a_disclosure_of_the_wrong_form_for_its_place_is_refused() {
    let claim_form = disclosure(1, &["Malaya".into(), int(KEY)]);
    let element_form = disclosure(2, &["Malaya".into()]);
    let in_array = map(&[(KEY, Value::Array(vec![element(&claim_form)]))]);
    assert_eq!(refusal(&in_array, &[&claim_form]), DisclosureError::WrongForm);
    let in_map = redacted(&[], &[&element_form]);
    assert_eq!(refusal(&in_map, &[&element_form]), DisclosureError::WrongForm);
}

#[test]
fn a_claim_that_stands_there_already_is_refused() {
    let a = disclosure(1, &["Malaya".into(), int(KEY)]);
    let other = disclosure(2, &["Malala".into(), int(KEY)]);
    let open = redacted(&[(KEY, "Amihan".into())], &[&a]);
    assert_eq!(refusal(&open, &[&a]), DisclosureError::DuplicateKey);
    let both = redacted(&[], &[&a, &other]);
    assert_eq!(refusal(&both, &[&a, &other]), DisclosureError::DuplicateKey);
    let nested = map(&[(KEY, redacted(&[(KEY, 1.into())], &[&a]))]);
    assert_eq!(refusal(&nested, &[&a]), DisclosureError::DuplicateKey);
}

#[test]
fn a_claim_that_must_always_show_cannot_be_redacted() {
    for key in claim::NEVER_REDACTED {
        let a = disclosure(1, &["x".into(), int(key)]);
        let redacted_claim = redacted(&[], &[&a]);
        assert_eq!(refusal(&redacted_claim, &[&a]), DisclosureError::NeverRedacted(key.into()));
        // A part of such a claim is the claim, disclosed or not.
        let b = disclosure(2, &["x".into(), int(100)]);
        let c = disclosure(3, &["x".into()]);
        let within_map = map(&[(key, map(&[(5, redacted(&[], &[&b]))]))]);
        let within_array = map(&[(key, Value::Array(vec![element(&c)]))]);
        for (payload, d) in [(within_map, &b), (within_array, &c)] {
            let expected = DisclosureError::NeverRedacted(key.into());
            assert_eq!(refusal(&payload, &[d]), expected);
            assert_eq!(refusal(&payload, &[]), expected);
        }
        // The same number inside another claim is another key.
        assert!(verifier(&map(&[(KEY, redacted(&[], &[&a]))]), &[&a]).is_ok());
    }
}

#[test]
fn marks_from_before_issuance_are_refused_wherever_they_stand() {
    for tag in TAGS_BEFORE_ISSUANCE {
        let marked = Value::Tag(tag, int(7).into());
        let hidden = disclosure(1, &[Value::Array(vec![marked.clone()]), int(KEY)]);
        let key_marked = Value::Map(vec![(marked.clone(), Value::Null)]);
        for (payload, disclosures) in [
            (map(&[(KEY, marked.clone())]), vec![]),
            (map(&[(KEY, Value::Array(vec![marked.clone()]))]), vec![]),
            (map(&[(KEY, Value::Tag(1000, marked.clone().into()))]), vec![]),
            (key_marked.clone(), vec![]),
            (map(&[(KEY, key_marked)]), vec![]),
            (redacted(&[], &[&hidden]), vec![hidden.as_slice()]),
        ] {
            let error = refusal(&payload, &disclosures);
            assert_eq!(error, DisclosureError::MalformedRedaction, "{payload:?}");
        }
        let key = Value::Array(vec![
            Value::Bytes(vec![1; SALT_BYTES]),
            Value::Null,
            Value::Tag(tag, int(7).into()),
        ]);
        let key = encoded(&key.to_cbor());
        assert!(matches!(
            cbor_refusal(&redacted(&[], &[&key]), &[&key]),
            CborErrorKind::Invalid(_)
        ));
    }
}

#[test]
fn redaction_marks_are_refused_where_none_may_be() {
    let simple = Value::Simple(SIMPLE_REDACTED_KEYS);
    let under_mark = |value: Value| Value::Map(vec![(simple.clone(), value)]);
    let tagged = |value: Value| Value::Tag(TAG_REDACTED_ELEMENT, value.into());
    let digest = Value::Bytes(vec![7; 32]);
    for payload in [
        map(&[(KEY, simple.clone())]),
        map(&[(KEY, Value::Array(vec![simple.clone()]))]),
        under_mark(digest.clone()),
        under_mark(Value::Null),
        under_mark(Value::Array(vec![Value::Bytes(vec![7; 31])])),
        under_mark(Value::Array(vec![tagged(digest.clone())])),
        map(&[(KEY, tagged(digest.clone()))]),
        tagged(digest.clone()),
        map(&[(KEY, Value::Array(vec![tagged(Value::Bytes(vec![7; 33]))]))]),
        map(&[(KEY, Value::Array(vec![tagged("x".into())]))]),
        map(&[(KEY, Value::Array(vec![Value::Tag(1000, tagged(digest.clone()).into())]))]),
        Value::Map(vec![(Value::Simple(58), Value::Null)]),
        Value::Map(vec![(Value::Bytes(vec![1]), Value::Null)]),
    ] {
        let error = refusal(&payload, &[]);
        assert_eq!(error, DisclosureError::MalformedRedaction, "{payload:?}");
    }
    let misplaced = disclosure(1, &[simple.clone(), int(KEY)]);
    let error = refusal(&redacted(&[], &[&misplaced]), &[&misplaced]);
    assert_eq!(error, DisclosureError::MalformedRedaction);
}

#[test]
fn a_verifier_refuses_a_decoy_that_the_holder_expects() {
    let decoy = disclosure(1, &[]);
    for payload in
        [redacted(&[], &[&decoy]), map(&[(KEY, Value::Array(vec![int(1), element(&decoy)]))])]
    {
        assert_eq!(refusal(&payload, &[&decoy]), DisclosureError::Decoy);
        let holder =
            restore(Profile::SdCwt08, &payload.to_cbor(), &[&decoy], Reader::Holder, Mode::Strict);
        let holder = holder.unwrap();
        assert_eq!((holder.placed, holder.withheld), (vec![], 0));
        assert_eq!(verifier(&payload, &[]).unwrap().withheld, 1);
    }
}

#[test]
fn malformed_disclosures_are_refused() {
    let contents = |parts: &[Value]| Value::Array(parts.into()).to_cbor();
    let salt = |length| Value::Bytes(vec![1; length]);
    for bad in [
        contents(&[]),
        contents(&[salt(15), "x".into(), int(KEY)]),
        contents(&[salt(17), "x".into(), int(KEY)]),
        contents(&["x".into(), "x".into(), int(KEY)]),
        contents(&[salt(16), "x".into(), int(KEY), Value::Null]),
        contents(&[salt(16), "x".into(), "".into()]),
        contents(&[salt(16), "x".into(), Value::Text("k".repeat(256))]),
        contents(&[salt(16), "x".into(), salt(4)]),
        contents(&[salt(16), "x".into(), Value::Simple(SIMPLE_REDACTED_KEYS)]),
        [contents(&[salt(16), "x".into()]), vec![0]].concat(),
        salt(16).to_cbor(),
        // A value of indefinite length; a map with a key twice.
        [b"\x83\x50".as_slice(), &[1; 16], b"\x9f\xff\x00"].concat(),
        [b"\x83\x50".as_slice(), &[1; 16], b"\xa2\x01\x00\x01\x00\x00"].concat(),
    ] {
        let bad = encoded(&bad);
        assert!(matches!(refusal(&redacted(&[], &[&bad]), &[&bad]), DisclosureError::Malformed(_)));
    }
    // The hash covers the head, so there is one head, and nothing but a byte string.
    let good = disclosure(1, &["x".into(), int(KEY)]);
    let long = [b"\x59\x00".as_slice(), &good[1..]].concat();
    for bad in [long, good[2..].to_vec()] {
        assert!(matches!(refusal(&redacted(&[], &[&bad]), &[&bad]), DisclosureError::Malformed(_)));
    }
}

#[test]
fn more_disclosures_than_the_limit_are_refused() {
    let disclosures: Vec<_> = (0..=MAX_DISCLOSURES as u32)
        .map(|n| {
            let salt = Value::Bytes([n.to_be_bytes(); 4].concat());
            encoded(&Value::Array(vec![salt, "x".into(), int(1000 + i64::from(n))]).to_cbor())
        })
        .collect();
    let mut disclosures: Vec<_> = disclosures.iter().map(Vec::as_slice).collect();
    let payload = redacted(&[], &disclosures);
    assert_eq!(refusal(&payload, &disclosures), DisclosureError::TooMany);
    disclosures.pop();
    let restored = verifier(&payload, &disclosures).unwrap();
    assert_eq!((restored.placed.len(), restored.withheld), (MAX_DISCLOSURES, 1));
}

#[test]
fn claims_nest_sixteen_levels_deep_and_no_deeper() {
    // Disclosures, each in the one before: the innermost value stands at level `depth`.
    let chain = |depth: u8| {
        let mut disclosures = vec![disclosure(depth, &[int(0), int(KEY)])];
        for level in (1..depth).rev() {
            let inner = disclosures.last().unwrap().clone();
            disclosures.push(disclosure(level, &[redacted(&[], &[&inner]), int(KEY)]));
        }
        let payload = redacted(&[], &[disclosures.last().unwrap()]);
        verifier(&payload, &disclosures.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    assert_eq!(chain(MAX_DEPTH).unwrap().placed.len(), usize::from(MAX_DEPTH));
    assert_eq!(chain(MAX_DEPTH + 1), Err(DisclosureError::TooDeep));
    assert_eq!(chain(200), Err(DisclosureError::TooDeep));

    let plain = |depth: u8| {
        let wrap = |value, _| Value::Array(vec![value]);
        map(&[(KEY, (1..depth).fold(int(0), wrap))])
    };
    assert!(verifier(&plain(MAX_DEPTH), &[]).is_ok());
    assert_eq!(cbor_refusal(&plain(MAX_DEPTH + 1), &[]), CborErrorKind::TooDeep);
}

#[test]
fn a_payload_with_a_key_twice_or_of_indefinite_length_is_refused() {
    let read = |payload: &[u8], mode| {
        restore(Profile::SdCwt08, payload, &[], Reader::Verifier, mode).unwrap_err()
    };
    for payload in [b"\xa2\x01\x00\x01\x00".as_slice(), b"\xbf\x01\x00\xff", b"\xa1\x01\x9f\xff"] {
        for mode in [Mode::Strict, Mode::Foreign] {
            assert!(matches!(read(payload, mode), DisclosureError::Malformed(_)));
        }
    }
    // Keys are compared by value.
    assert!(matches!(
        read(b"\xa2\x01\x00\x18\x01\x00", Mode::Foreign),
        DisclosureError::Malformed(e) if e.kind == CborErrorKind::DuplicateKey
    ));
}

#[test]
fn redacting_and_disclosing_everything_gives_the_same_claims() {
    let inner = Node::Map(vec![
        (int(1), Node::Value("open".into()), false),
        (int(2), Node::Array((0..7).map(|n| (Node::Value(int(n)), n % 2 == 0)).collect()), true),
    ]);
    let entries = vec![
        (int(claim::ISS), Node::Value("issuer".into()), false),
        (int(KEY), Node::Value("Malaya".into()), true),
        (int(claim::SKILL), inner, true),
    ];
    let (payload, disclosures) = redact(Profile::SdCwt08, entries, &mut SeededRng(1));
    let disclosures: Vec<_> = disclosures.iter().map(Vec::as_slice).collect();
    let holder = |disclosures: &[&[u8]]| {
        restore(Profile::SdCwt08, &payload, disclosures, Reader::Holder, Mode::Strict)
    };
    let numbers = Value::Array((0..7).map(int).collect());
    let expected = map(&[
        (claim::ISS, "issuer".into()),
        (KEY, "Malaya".into()),
        (claim::SKILL, map(&[(1, "open".into()), (2, numbers)])),
    ]);
    let restored = holder(&disclosures).unwrap();
    assert_eq!(restored.claims, expected);
    assert_eq!(restored.withheld, 0);
    // 2 claims, 1 entry and 4 elements, and decoys in the two maps.
    assert_eq!((disclosures.len(), restored.placed.len()), (12, 7));
}

#[test]
fn the_place_of_a_decoy_among_elements_tells_nothing() {
    let shown_last = (0..64).filter(|seed| {
        let element = (Node::Value(int(0)), true);
        let entries = vec![(int(KEY), Node::Array(vec![element]), false)];
        let (payload, disclosures) = redact(Profile::SdCwt08, entries, &mut SeededRng(*seed));
        let payload = Value::from_cbor(&payload).unwrap();
        let items = payload.at(KEY.into()).unwrap();
        let Value::Array(items) = items else { unreachable!() };
        assert_eq!(items.len(), DECOY_MULTIPLE);
        // An array of two items, salt and value; a decoy has the salt alone.
        let real = disclosures.iter().find(|d| d[1] == 0x82).unwrap();
        items.last() == Some(&self::element(real))
    });
    // One in four, were it random; always or never, were decoys put at an end.
    assert!((4..=32).contains(&shown_last.count()));
}
