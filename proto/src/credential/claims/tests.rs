use alloc::vec;

use super::*;
use crate::credential::SdCwt;
use crate::credential::disclosure::Reader;
use crate::profile::Profile;
use crate::test_support::{SeededRng, issue, person, skill};

/// The claims of a good credential, all disclosed.
fn restored() -> Vec<(Value, Value)> {
    let issued = issue(&person(), &skill(), &mut SeededRng(1));
    let token = SdCwt::parse(&issued.sd_cwt, Mode::Strict).unwrap();
    let claims = token.restore(Profile::SdCwt08, Reader::Holder).unwrap().claims;
    claims.to_value().unwrap().as_map().unwrap().to_vec()
}

fn key(n: i64) -> Value {
    Value::Int(n.into())
}

fn without(n: i64) -> Vec<(Value, Value)> {
    restored().into_iter().filter(|(k, _)| *k != key(n)).collect()
}

fn with(n: i64, value: Value) -> Result<Claims, ClaimsError> {
    let mut claims = without(n);
    claims.push((key(n), value));
    Claims::read(&RestoredClaims::of(&Value::Map(claims)))
}

#[test]
fn a_claim_that_the_format_does_not_have_is_refused() {
    for unknown in [
        key(claim::AUD),
        key(claim::CNONCE),
        key(claim::PORTRAIT - 1),
        key(claim::CONTAINER),
        key(500),
        "name".into(),
    ] {
        let mut claims = restored();
        claims.push((unknown, Value::Null));
        let refused = Claims::read(&RestoredClaims::of(&Value::Map(claims))).unwrap_err();
        assert!(matches!(refused, ClaimsError::Unknown(_)), "{refused}");
    }
}

#[test]
fn each_claim_that_must_show_is_missed() {
    use claim::{CNF, CTI, EXP, IAT, ISS, SKILL, STATUS, VCT};
    for (n, name) in [
        (ISS, "iss"),
        (EXP, "exp"),
        (IAT, "iat"),
        (CTI, "cti"),
        (CNF, "cnf"),
        (VCT, "vct"),
        (STATUS, "status"),
        (SKILL, "skill"),
    ] {
        let refused = Claims::read(&RestoredClaims::of(&Value::Map(without(n))));
        assert_eq!(refused, Err(ClaimsError::Missing(name)));
    }
    let nothing = Claims::read(&RestoredClaims::of(&Value::Null));
    assert!(matches!(nothing, Err(ClaimsError::Malformed { claim: "claims", .. })));
}

#[test]
fn a_claim_of_the_wrong_type_is_named() {
    use claim::{BIRTH_DATE, CNF, CTI, EXP, ISS, NAME_LATIN, NATIONALITY, STATUS};
    let private = {
        let mut key = CoseKey(crate::test_support::holder_key().public()).to_cbor();
        key[0] = 0xa4;
        key.extend_from_slice(b"\x23\x58\x20");
        key.extend_from_slice(&[9; 32]);
        Value::Map(vec![(Value::Int(1), Value::from_cbor(&key).unwrap())])
    };
    let thumbprint = Value::Map(vec![(Value::Int(5), Value::Bytes(vec![1; 32]))]);
    for (n, value, name) in [
        (ISS, "https://issuer.example".into(), "iss"),
        (EXP, Value::Float(1.0), "exp"),
        (EXP, Value::Int(-1), "exp"),
        (CTI, Value::Bytes(vec![0; 15]), "cti"),
        (CNF, private, "cnf"),
        (CNF, thumbprint, "cnf"),
        (STATUS, Value::Map(vec![]), "status"),
        (NAME_LATIN, "Malaya\n".into(), "name_latin"),
        (NAME_LATIN, "Jose\u{301}".into(), "name_latin"),
        (BIRTH_DATE, "1993-05-17".into(), "birth_date"),
        (NATIONALITY, "ph".into(), "nationality"),
    ] {
        let refused = with(n, value).unwrap_err();
        assert!(matches!(refused, ClaimsError::Malformed { claim, .. } if claim == name));
    }
}

#[test]
fn a_type_that_this_build_does_not_know_says_so() {
    let later = with(claim::VCT, "urn:carnet:skill:2".into());
    assert_eq!(later, Err(ClaimsError::UnknownType("urn:carnet:skill:2".into())));
}

#[test]
fn what_always_shows_can_be_read_without_the_rest_and_in_part() {
    let issued = issue(&person(), &skill(), &mut SeededRng(1));
    let token = SdCwt::parse(&issued.sd_cwt, Mode::Strict).unwrap();
    let shown = AlwaysShown::read(token.payload().unwrap()).unwrap();
    let claims = Claims::read(&RestoredClaims::of(&Value::Map(restored()))).unwrap();
    assert_eq!(shown.issuer, Some(Did::of_inception(b"an institution")));
    assert_eq!(shown.holder_key, Some(claims.holder_key));
    assert_eq!((shown.expires_at, shown.status), (Some(claims.expires_at), Some(claims.status)));
    let partly = AlwaysShown::read(b"\xa2\x01\x61x\x04\x05").unwrap();
    assert_eq!((partly.issuer, partly.expires_at), (None, Some(UnixSeconds(5))));
    assert!(AlwaysShown::read(b"\x80").is_err());
}
