use std::sync::Arc;

use carnet_proto::id::Did;
use carnet_proto::key::SigningKey;
use carnet_proto::status::StatusUri;
use carnet_proto::time::UnixSeconds;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use zeroize::Zeroizing;

use super::super::register::{IssuingRecord, RecordId, RegisterKey, RowLabel};
use super::*;
use crate::store::memory::MemoryStore;

const ENTRIES: u32 = 64;

fn list() -> List {
    List::own(Did::of_inception(b"x"), 1, ENTRIES)
}

fn register() -> Register {
    let key = RegisterKey::from_bytes(Zeroizing::new([7; 32]));
    Register::open(Arc::new(MemoryStore::new()), &key).unwrap()
}

fn record(register: &Register, number: u8, state: RecordState) -> IssuingRecord {
    let rng = &mut UnwrapErr(SysRng);
    let record = IssuingRecord {
        record: RecordId::from_bytes([number; 16]),
        label: RowLabel::parse("row").unwrap(),
        credential: [number; 16],
        credential_digest: [number; 32],
        status_list: 1,
        status_index: register.allocate(1, ENTRIES, rng).unwrap(),
        batch: [number; 32],
        issued_at: 1,
        expires_at: 2,
        state,
    };
    register.put(std::slice::from_ref(&record)).unwrap();
    record
}

fn token(list: &StatusList) -> StatusToken {
    let uri = StatusUri { issuer: Did::of_inception(b"x"), list: 1 };
    let key = SigningKey::new(&[1; 32]);
    let token = StatusToken::sign(&uri, list, UnixSeconds(1), UnixSeconds(2), 3, &key);
    StatusToken::parse(&token, carnet_proto::cbor::Mode::Strict).unwrap()
}

#[test]
fn only_what_is_revoked_for_good_or_has_no_record_keeps_a_list() {
    use RecordState::{Invalid, Suspended, Valid};
    for (before, after, is_kept) in [
        (Valid, Valid, true),
        (Valid, Suspended, true),
        (Valid, Invalid, true),
        (Suspended, Valid, true),
        (Suspended, Suspended, true),
        (Suspended, Invalid, true),
        (Invalid, Valid, false),
        (Invalid, Suspended, false),
        (Invalid, Invalid, true),
    ] {
        let register = register();
        let index = u64::from(record(&register, 1, after).status_index);
        let mut held = StatusList::new(ENTRIES);
        held.set(index, status_of(before));
        let kept = Drawn::up(&register, &list()).unwrap().keeps(&token(&held));
        let taken = OlderRegister::TakesBack { list: 1, count: 1, entries: Vec::from([index]) };
        assert_eq!(kept, if is_kept { Ok(()) } else { Err(taken) }, "{before:?} {after:?}");
    }
    // Without a record nobody can have lifted the suspension.
    for status in [Status::Suspended, Status::Invalid] {
        let mut held = StatusList::new(ENTRIES);
        held.set(9, status);
        let kept = Drawn::up(&register(), &list()).unwrap().keeps(&token(&held));
        assert!(matches!(kept, Err(OlderRegister::TakesBack { count: 1, .. })), "{kept:?}");
    }
}

#[test]
fn the_first_entries_are_named_and_all_are_counted() {
    let mut held = StatusList::new(ENTRIES);
    for index in 10..30 {
        held.set(index, Status::Invalid);
    }
    let refused = Drawn::up(&register(), &list()).unwrap().keeps(&token(&held)).unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains("20 of the revoked")
            && text.contains("(entries 10, 11, 12, 13, 14, 15, 16, 17, …)")
    );
    assert!(text.contains("restore register/ from its newest backup"), "{text}");
}

#[test]
fn a_list_that_would_be_shorter_is_refused() {
    let drawn = Drawn::up(&register(), &list()).unwrap();
    assert_eq!(drawn.keeps(&token(&StatusList::new(ENTRIES))), Ok(()));
    let longer = token(&StatusList::new(ENTRIES + 4));
    assert_eq!(drawn.keeps(&longer), Err(OlderRegister::Shortens { list: 1 }));
}

#[test]
fn a_batch_is_known_by_its_announcement_or_by_a_record() {
    let register = register();
    let batches = || (1..=3).map(|number| ([number; 32], [0x80 | number; 32]));
    assert_eq!(register.unknown(batches()).unwrap().len(), 3);
    register.announce(&[0x81; 32]).unwrap();
    assert_eq!(register.unknown(batches()).unwrap().len(), 2);
    record(&register, 2, RecordState::Valid);
    assert_eq!(register.unknown(batches()).unwrap().len(), 1);
    register.announce(&[0x83; 32]).unwrap();
    assert_eq!(register.unknown(batches()).unwrap().len(), 0);
}
