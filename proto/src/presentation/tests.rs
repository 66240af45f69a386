use alloc::vec;

use super::*;
use crate::anchor::Batch;
use crate::test_support::{NOW, SeededRng, holder_key, issue, issuer_key, person, skill};

fn sd_cwt(seed: u64) -> Vec<u8> {
    let issued = issue(&person(), &skill(), &mut SeededRng(seed)).sd_cwt;
    SdCwt::parse(&issued, Mode::Strict).unwrap().with_disclosures(|i| i < 3)
}

fn claims() -> KeyBindingClaims {
    KeyBindingClaims {
        audience: "urn:example:employer".into(),
        expires_at: NOW.plus(300),
        issued_at: NOW,
        nonce: Some(vec![9; 16]),
        container: None,
    }
}

/// A token with any headers and claims, signed by the holder.
fn token(protected: &[(i64, &[u8])], unprotected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(protected.len());
    for (label, value) in protected {
        e.int((*label).into()).raw(value);
    }
    cose::sign1(e.as_bytes(), unprotected, payload, &holder_key())
}

fn headers(sd_cwt: &[u8]) -> [(i64, &[u8]); 3] {
    [(header::ALG, b"\x32"), (header::KCWT, sd_cwt), (header::TYP, b"\x19\x01\x26")]
}

#[test]
fn a_verifier_reads_what_the_holder_signed() {
    let token = KeyBindingToken::sign(&sd_cwt(1), &claims(), &holder_key());
    let read = KeyBindingToken::parse(&token).unwrap();
    assert_eq!(read.claims, claims());
    assert!(read.is_signed_by(&holder_key().public()));
    assert!(!read.is_signed_by(&issuer_key().public()));
    assert!(read.credential.is_signed_by(&issuer_key().public()));
    assert_eq!(read.credential.disclosures().len(), 3);
    let prepared = KeyBindingClaims { nonce: None, ..claims() };
    let token = KeyBindingToken::sign(&sd_cwt(1), &prepared, &holder_key());
    assert_eq!(KeyBindingToken::parse(&token).unwrap().claims, prepared);
}

#[test]
fn no_byte_of_a_token_can_be_changed() {
    let token = KeyBindingToken::sign(&sd_cwt(1), &claims(), &holder_key());
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] ^= 1;
        let accepted = KeyBindingToken::parse(&changed)
            .is_ok_and(|token| token.is_signed_by(&holder_key().public()));
        assert!(!accepted, "byte {at}");
    }
}

#[test]
fn headers_that_a_key_binding_token_does_not_have_are_refused() {
    let (sd_cwt, payload) = (sd_cwt(1), claims().to_cbor());
    let good = headers(&sd_cwt);
    let parse = |headers: &[(i64, &[u8])], unprotected: &[u8]| {
        KeyBindingToken::parse(&token(headers, unprotected, &payload)).map(|_| ())
    };
    assert_eq!(parse(&good, b"\xa0"), Ok(()));
    for (at, value) in [
        // EdDSA (-8); the type of a credential, in text form, none.
        (0, b"\x27".as_slice()),
        (2, b"\x19\x01\x25"),
        (2, b"\x72application/kb+cwt"),
        (2, b"\xf6"),
    ] {
        let mut headers = good;
        headers[at].1 = value;
        assert_eq!(parse(&headers, b"\xa0"), Err(PresentationError::WrongHeaders));
    }
    for left_out in 0..good.len() {
        let mut headers = Vec::from(good);
        headers.remove(left_out);
        assert_eq!(parse(&headers, b"\xa0"), Err(PresentationError::WrongHeaders));
    }
    // A critical label, a key identifier, CWT claims.
    for (label, value, at) in [
        (2, b"\x81\x01".as_slice(), 1),
        (header::KID, b"\x41x", 1),
        (header::CWT_CLAIMS, b"\xa0", 2),
    ] {
        let mut headers = Vec::from(good);
        headers.insert(at, (label, value));
        assert_eq!(parse(&headers, b"\xa0"), Err(PresentationError::WrongHeaders));
    }
    for unprotected in [b"\xa1\x11\x81\x41\x00".as_slice(), b"\xa1\x18\x64\x00"] {
        assert_eq!(parse(&good, unprotected), Err(PresentationError::WrongHeaders));
    }
}

#[test]
fn the_credential_in_a_token_is_a_whole_one() {
    let payload = claims().to_cbor();
    let parse = |sd_cwt: &[u8]| {
        KeyBindingToken::parse(&token(&headers(sd_cwt), b"\xa0", &payload)).unwrap_err()
    };
    let mut wrapped = Encoder::new();
    wrapped.bytes(&sd_cwt(1));
    let inner_token = KeyBindingToken::sign(&sd_cwt(1), &claims(), &holder_key());
    assert_eq!(parse(&inner_token), PresentationError::Credential(CredentialError::WrongType));
    for bad in [wrapped.as_bytes(), b"\xf6", b"\xa0"] {
        let refused = parse(bad);
        assert!(matches!(refused, PresentationError::Credential(CredentialError::Malformed(_))));
    }
}

/// Claims of a token, each left out where there is no value.
fn payload(entries: &[(i64, Option<&[u8]>)]) -> Result<(), PresentationError> {
    let entries: Vec<_> =
        entries.iter().filter_map(|(key, value)| value.map(|v| (*key, v))).collect();
    let mut e = Encoder::new();
    e.map(entries.len());
    for (key, value) in entries {
        e.int(key.into()).raw(value);
    }
    KeyBindingToken::parse(&token(&headers(&sd_cwt(1)), b"\xa0", e.as_bytes())).map(|_| ())
}

#[test]
fn a_token_without_audience_or_times_is_refused() {
    let good = [
        (claim::AUD, Some(b"\x61x".as_slice())),
        (claim::EXP, Some(b"\x02")),
        (claim::IAT, Some(b"\x01")),
    ];
    assert_eq!(payload(&good), Ok(()));
    for (left_out, name) in ["aud", "exp", "iat"].into_iter().enumerate() {
        let mut claims = good;
        claims[left_out].1 = None;
        let Err(PresentationError::Malformed(e)) = payload(&claims) else { panic!("{name}") };
        assert_eq!(e.kind, CborErrorKind::Missing(name));
    }
    for (at, bad) in
        [(0, b"\x81\x61x".as_slice()), (1, b"\x20"), (1, b"\xf9\x3c\x00"), (2, b"\xf6")]
    {
        let mut claims = good;
        claims[at].1 = Some(bad);
        assert!(matches!(payload(&claims), Err(PresentationError::Malformed(_))));
    }
}

#[test]
fn a_token_that_says_more_than_the_format_has_is_refused() {
    let good = [
        (claim::AUD, Some(b"\x61x".as_slice())),
        (claim::EXP, Some(b"\x02")),
        (claim::IAT, Some(b"\x01")),
    ];
    for (at, key, value) in [
        (0, claim::ISS, b"\x61x".as_slice()),
        (0, claim::SUB, b"\x61x"),
        (2, claim::NBF, b"\x01"),
        (3, claim::CTI, b"\x41x"),
        (3, claim::CNF, b"\xa0"),
        (3, claim::SKILL, b"\xa0"),
    ] {
        let mut claims = Vec::from(good);
        claims.insert(at, (key, Some(value)));
        let Err(PresentationError::Malformed(e)) = payload(&claims) else { panic!("{key}") };
        assert_eq!(e.kind, CborErrorKind::UnknownKey(key.into()));
    }
    // Redacted claims, in a place where nothing is redacted.
    let bytes = b"\xa4\x03\x61x\x04\x02\x06\x01\xf8\x3b\x80";
    let token = token(&headers(&sd_cwt(1)), b"\xa0", bytes);
    let Err(PresentationError::Malformed(e)) = KeyBindingToken::parse(&token) else { panic!() };
    assert_eq!(e.kind, CborErrorKind::ForbiddenKey);
}

#[test]
fn a_nonce_too_short_to_be_unguessable_or_too_long_is_refused() {
    for (length, accepted) in [(0, false), (15, false), (16, true), (64, true), (65, false)] {
        let claims = KeyBindingClaims { nonce: Some(vec![7; length]), ..claims() };
        let token = KeyBindingToken::sign(&sd_cwt(1), &claims, &holder_key());
        assert_eq!(KeyBindingToken::parse(&token).is_ok(), accepted, "{length}");
    }
}

#[test]
fn the_digest_of_a_container_names_its_credentials_in_any_order() {
    let [a, b, c] = [b"a", b"b", b"c"].map(|id| Digest::of(id));
    assert_eq!((container_digest(&[]), container_digest(&[a])), (None, None));
    let of_three = container_digest(&[a, b, c]);
    assert_eq!(of_three, container_digest(&[c, a, b]));
    assert!(of_three.is_some() && of_three != container_digest(&[a, b]));
    assert_ne!(container_digest(&[a, b]), container_digest(&[a, c]));
}

fn presentation(count: u64) -> Presentation {
    let tokens: Vec<_> = (0..count).map(|seed| sd_cwt(seed + 1)).collect();
    let digests: Vec<_> =
        tokens.iter().map(|t| SdCwt::parse(t, Mode::Strict).unwrap().digest()).collect();
    let batch = Batch::new(&digests, &mut SeededRng(1)).unwrap();
    let claims = KeyBindingClaims { container: container_digest(&digests), ..claims() };
    let presented = tokens.iter().zip(batch.anchors(Digest::of(b"issuance")));
    let presented = presented.map(|(token, anchor)| Presented {
        token: KeyBindingToken::sign(token, &claims, &holder_key()),
        anchor: Some(anchor),
    });
    let evidence = Some(vec![0xa1, 0x01, 0x80]);
    Presentation { profile: Profile::SdCwt08, presented: presented.collect(), evidence }
}

#[test]
fn a_file_gives_back_the_presentation() {
    for sent in
        [presentation(1), presentation(3), Presentation { evidence: None, ..presentation(1) }]
    {
        let file = sent.to_file();
        let received = Presentation::from_cbor(Presentation::open(&file).unwrap()).unwrap();
        assert_eq!(received, sent);
        for presented in &received.presented {
            assert!(KeyBindingToken::parse(&presented.token).is_ok());
        }
    }
}

#[test]
fn a_file_of_another_kind_or_version_says_what_it_is() {
    let file = presentation(1).to_file();
    let (wanted, found) = (FileKind::Presentation, FileKind::Challenge);
    let other = file::wrap(found, &1_u64);
    assert_eq!(Presentation::open(&other), Err(FileError::OtherKind { wanted, found }));
    let mut later = file.clone();
    assert_eq!(later[..10], *b"\x84\x66carnet\x01\x01");
    later[9] = 2;
    let unsupported = FileError::Unsupported { kind: wanted, found: 2 };
    assert_eq!(Presentation::open(&later), Err(unsupported));
    assert_eq!(Presentation::open(b"PDF"), Err(FileError::NotCarnet));
    let size = MAX_PRESENTATION_BYTES + 1;
    let refused = Presentation::open(&vec![0; size]).unwrap_err();
    let limit = MAX_PRESENTATION_BYTES;
    assert_eq!(refused, FileError::TooLarge { kind: wanted, size, limit });
}

#[test]
fn more_credentials_than_the_limit_are_refused() {
    let one = presentation(1).presented.remove(0);
    for (count, accepted) in [(MAX_CREDENTIALS, true), (MAX_CREDENTIALS + 1, false)] {
        let presented = vec![one.clone(); count];
        let sent = Presentation { presented, ..presentation(1) };
        assert_eq!(Presentation::from_cbor(&sent.to_cbor()).is_ok(), accepted, "{count}");
    }
}
