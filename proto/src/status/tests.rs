use super::*;
use crate::key::{Purpose, Seed};

#[test]
fn entries_are_packed_from_the_least_significant_bits() {
    let list = StatusList { bits: 2, bytes: Vec::from([0xc9, 0x44, 0xf9]) };
    let values: Vec<_> = (0..12).map(|i| list.value(i).unwrap()).collect();
    assert_eq!(values, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    assert_eq!(list.value(12), None);
    assert_eq!(list.value(u64::MAX), None);
}

#[test]
fn a_token_round_trips_and_only_its_key_verifies_it() {
    let key = Seed::new([1; 32]).signing_key(Purpose::Status);
    let uri = StatusUri { issuer: Did::of_inception(b"x"), list: 7 };
    assert_eq!(StatusUri::parse(&format!("{uri}")), Some(uri));
    let mut list = StatusList::new(MIN_ENTRIES);
    assert!(list.set(5, Status::Invalid) && list.set(131_071, Status::Suspended));
    assert!(!list.set(131_072, Status::Invalid));
    let token = StatusToken::sign(&uri, &list, UnixSeconds(10), UnixSeconds(20), 60, &key);
    assert!(token.len() < 400, "{}", token.len());
    let token = StatusToken::parse(&token, Mode::Strict).unwrap();
    let list = token.list();
    assert_eq!((list.value(5), list.value(131_071)), (Some(1), Some(2)));
    assert!(token.is_signed_by(&key.public()));
    assert!(!token.is_signed_by(&Seed::new([1; 32]).signing_key(Purpose::Credential).public()));
}

#[test]
fn a_list_that_inflates_beyond_the_limit_is_refused() {
    let lst =
        miniz_oxide::deflate::compress_to_vec_zlib(&alloc::vec![0; MAX_INFLATED_BYTES + 1], 9);
    let mut e = Encoder::new();
    e.map(2).text("lst").bytes(&lst).text("bits").uint(2);
    assert!(StatusList::from_cbor(e.as_bytes()).is_err());
}

#[test]
fn a_list_of_more_blocks_than_a_compressor_makes_is_refused() {
    // A stored block of one byte: not the last, its length, and what is left of that to all ones.
    let stream = |blocks: usize| {
        let mut lst = Vec::from([0x78, 0x01]);
        lst.extend([0, 1, 0, 0xfe, 0xff, 0].repeat(blocks));
        lst.extend([1, 0, 0, 0xff, 0xff]);
        // Adler-32 of zeros: the sum of the sums, and one.
        lst.extend([(blocks >> 8) as u8, blocks as u8, 0, 1]);
        lst
    };
    let bytes = inflate(&stream(MAX_BLOCKS)).unwrap();
    assert_eq!(bytes, [0; MAX_BLOCKS]);
    assert_eq!(inflate(&stream(MAX_BLOCKS + 1)), None);
}

#[test]
fn a_list_that_does_not_compress_has_room() {
    let mut state = 1u32;
    let noise = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let list = StatusList { bits: 8, bytes: (0..MAX_INFLATED_BYTES).map(noise).collect() };
    for level in [0, 1, 6, 9] {
        let lst = miniz_oxide::deflate::compress_to_vec_zlib(&list.bytes, level);
        assert!(inflate(&lst).is_some_and(|bytes| bytes == list.bytes), "level {level}");
    }
}

#[test]
fn whether_a_list_inflates_is_asked_when_the_token_is_read_or_later() {
    let key = Seed::new([1; 32]).signing_key(Purpose::Status);
    let token = |lst: &[u8]| {
        let mut e = Encoder::new();
        e.map(3).int(claim::SUB.into()).text("x").int(claim::IAT.into()).uint(1);
        e.int(claim::STATUS_LIST.into()).map(2);
        e.text("lst").bytes(lst).text("bits").uint(2);
        let protected = cose::header_with_typ(&key.public().kid(), TYP_STATUS_LIST);
        cose::sign1(&protected, b"\xa0", e.as_bytes(), &key)
    };
    let good = token(&miniz_oxide::deflate::compress_to_vec_zlib(&[0; 2], 9));
    let bad = token(b"no stream");
    for mode in [Mode::Strict, Mode::Foreign] {
        let entries = |token: &[u8]| StatusToken::parse(token, mode).map(|t| t.entries);
        assert_eq!(entries(&good), Ok(Some(8)));
        assert!(matches!(entries(&bad).unwrap_err().kind, CborErrorKind::Invalid(_)));
        let later = StatusToken::parse_deflated(&good, mode).unwrap();
        assert_eq!((later.entries, later.inflate().unwrap().len()), (None, 8));
        let later = StatusToken::parse_deflated(&bad, mode).unwrap();
        assert!(later.inflate().is_err() && later.list().is_empty());
    }
}

#[test]
fn a_status_uri_has_one_form() {
    let did = Did::of_inception(b"x");
    for bad in ["/status/01", "/status/+1", "/status/", "/status/4294967296", "/other/1"] {
        assert_eq!(StatusUri::parse(&format!("{did}{bad}")), None, "{bad}");
    }
}

#[test]
fn a_list_of_exactly_the_limit_is_read_to_its_last_entry() {
    let mut bytes = alloc::vec![0; MAX_INFLATED_BYTES];
    bytes[MAX_INFLATED_BYTES - 1] = 0xff;
    let list = StatusList { bits: 8, bytes };
    let list = StatusList::from_cbor(&list.to_cbor()).unwrap();
    assert_eq!((list.len(), list.value(0)), (1 << 20, Some(0)));
    assert_eq!((list.value((1 << 20) - 1), list.value(1 << 20)), (Some(255), None));
}

#[test]
fn setting_a_status_leaves_its_neighbours_alone() {
    let mut list = StatusList::new(8);
    for index in 0..8 {
        assert!(list.set(index, Status::Suspended));
    }
    assert!(list.set(5, Status::Valid) && list.set(6, Status::Invalid));
    let values: Vec<_> = (0..8).map(|i| list.value(i).unwrap()).collect();
    assert_eq!(values, [2, 2, 2, 2, 2, 0, 1, 2]);
    assert!(!list.set(8, Status::Valid) && !list.set(u64::MAX, Status::Valid));
    assert_eq!(list.len(), 8);
}

#[test]
fn lists_that_are_not_lists_are_refused() {
    let good = StatusList::new(8).to_cbor();
    assert!(StatusList::from_cbor(&good).is_ok());
    let lst = miniz_oxide::deflate::compress_to_vec_zlib(&[0; 2], 9);
    let encoded = |bits: u64, lst: &[u8]| {
        let mut e = Encoder::new();
        e.map(2).text("lst").bytes(lst).text("bits").uint(bits);
        e.into_bytes()
    };
    assert!(StatusList::from_cbor(&encoded(2, &lst)).is_ok());
    for bits in [0, 3, 16, u64::MAX] {
        assert!(StatusList::from_cbor(&encoded(bits, &lst)).is_err(), "{bits}");
    }
    let raw_deflate = miniz_oxide::deflate::compress_to_vec(&[0; 2], 9);
    for bad in [b"".as_slice(), b"\0", &raw_deflate, &lst[..lst.len() - 1]] {
        assert!(StatusList::from_cbor(&encoded(2, bad)).is_err(), "{bad:x?}");
    }
    for bad in [b"\xa0".as_slice(), b"\xa1\x64bits\x02", b"\x80"] {
        assert!(StatusList::from_cbor(bad).is_err(), "{bad:x?}");
    }
}

#[test]
fn a_token_that_was_changed_is_malformed_or_unsigned() {
    let key = Seed::new([1; 32]).signing_key(Purpose::Status);
    let uri = StatusUri { issuer: Did::of_inception(b"x"), list: 7 };
    let list = StatusList::new(64);
    let token = StatusToken::sign(&uri, &list, UnixSeconds(10), UnixSeconds(20), 60, &key);
    for mode in [Mode::Strict, Mode::Foreign] {
        for at in 0..token.len() {
            let mut changed = token.clone();
            changed[at] ^= 1;
            let accepted = StatusToken::parse(&changed, mode)
                .is_ok_and(|token| token.is_signed_by(&key.public()));
            assert!(!accepted, "byte {at}");
        }
    }
}

#[test]
fn no_other_object_passes_as_a_status_list_token() {
    let key = Seed::new([1; 32]).signing_key(Purpose::Status);
    let mut e = Encoder::new();
    e.map(3).int(claim::SUB.into()).text("x").int(claim::IAT.into()).uint(1);
    e.int(claim::STATUS_LIST.into()).item(&StatusList::new(8));
    let signed = |typ: &str, payload: &[u8], unprotected: &[u8]| {
        let protected = cose::header_with_typ(&key.public().kid(), typ);
        StatusToken::parse(&cose::sign1(&protected, unprotected, payload, &key), Mode::Strict)
    };
    assert!(signed(TYP_STATUS_LIST, e.as_bytes(), b"\xa0").is_ok());
    assert!(signed("application/statuslist+jwt", e.as_bytes(), b"\xa0").is_err());
    assert!(signed("statuslist+cwt", e.as_bytes(), b"\xa0").is_err());
    assert!(signed(TYP_STATUS_LIST, e.as_bytes(), b"\xa1\x18\x64\x00").is_err());
    // Without sub, iat or the list; with a claim that lists do not have.
    for kept in [[false, true, true], [true, false, true], [true, true, false]] {
        let mut e = Encoder::new();
        e.map(2);
        if kept[0] {
            e.int(claim::SUB.into()).text("x");
        }
        if kept[1] {
            e.int(claim::IAT.into()).uint(1);
        }
        if kept[2] {
            e.int(claim::STATUS_LIST.into()).item(&StatusList::new(8));
        }
        assert!(signed(TYP_STATUS_LIST, e.as_bytes(), b"\xa0").is_err(), "{kept:?}");
    }
    let mut e = Encoder::new();
    e.map(4).int(claim::ISS.into()).text("y").int(claim::SUB.into()).text("x");
    e.int(claim::IAT.into()).uint(1).int(claim::STATUS_LIST.into()).item(&StatusList::new(8));
    assert!(signed(TYP_STATUS_LIST, e.as_bytes(), b"\xa0").is_err());
}

#[test]
fn a_token_beyond_the_limit_is_refused_before_it_is_read() {
    let bytes = alloc::vec![0xff; MAX_TOKEN_BYTES + 1];
    for mode in [Mode::Strict, Mode::Foreign] {
        let kind = StatusToken::parse(&bytes, mode).unwrap_err().kind;
        assert!(matches!(kind, CborErrorKind::TooLarge { limit: MAX_TOKEN_BYTES, .. }));
    }
}
