//! The institute's log as others read it.

use carnet_proto::cbor::{Mode, Value};
use carnet_proto::cose::Sign1;
use carnet_proto::id::{LeafIndex, TreeSize};
use carnet_proto::key::Purpose;
use carnet_proto::log::receipt::{self, Receipt, ReceiptIssuer, TransparentStatement};
use carnet_proto::log::tlog_proof::TlogProof;
use carnet_proto::profile::header;
use data_encoding::HEXLOWER;

use super::example::Example;
use super::story::Story;

/// The issuance in the institute's log.
const ISSUANCE: LeafIndex = LeafIndex(2);

pub fn receipts(story: &Story) -> Vec<Example> {
    let log = &story.institute;
    let (tree, size) = (log.replica.tree(), log.replica.size());
    let key = log.seed.signing_key(Purpose::Receipt);
    let issuer = ReceiptIssuer { log: &log.did, key: &key };
    let entry = log.entries[2].entry();
    let inclusion = issuer.inclusion(tree, size, ISSUANCE, entry).unwrap();
    let read = Receipt::parse(&inclusion).unwrap();
    assert_eq!(read.verify_inclusion(entry, &key.public()), Ok(tree.head()));
    let old = TreeSize(2);
    let consistency = issuer.consistency(tree, old, size).unwrap();
    let transparent = receipt::attach(entry, std::slice::from_ref(&inclusion)).unwrap();
    assert_eq!(TransparentStatement::parse(&transparent).unwrap().entry(), entry);
    let root = tree.head().root;
    let signed = |bytes: &[u8]| {
        let mut sign1 = Sign1::parse(bytes, Mode::Strict).unwrap();
        sign1.payload = Some(root.as_bytes());
        HEXLOWER.encode(&carnet_proto::id::sha256(&sign1.to_be_signed()))
    };
    let of = |name: &str, about: &str, bytes: &[u8], proofs, proof| {
        let sign1 = Sign1::parse(bytes, Mode::Strict).unwrap();
        let unprotected = sign1.unprotected_header().unwrap();
        let map = unprotected.raw(header::VDP).unwrap();
        let Value::Map(entries) = carnet_proto::cbor::Decode::from_cbor(map).unwrap() else {
            panic!("a map");
        };
        let [(_, Value::Array(list))] = entries.as_slice() else { panic!("of one kind") };
        Example::detached(name, about, bytes.to_vec())
            .note(format!("signed bytes: SHA-256 {}", signed(bytes)))
            .holds_bytes("receipt-header", sign1.protected)
            .holds_bytes(proofs, map)
            .holds_bytes(proof, list[0].as_bytes().unwrap())
    };
    vec![
        of(
            "inclusion-receipt",
            "of the issuance, leaf 2 of the institute's log",
            &inclusion,
            "inclusion-proofs",
            "inclusion",
        )
        .note(format!("root: {root}")),
        of(
            "consistency-receipt",
            "of the same tree, from size 2",
            &consistency,
            "consistency-proofs",
            "consistency",
        )
        .note(format!("root of 2: {}", tree.root_at(old).unwrap())),
        Example::new("transparent-statement", "the issuance with its receipt", transparent)
            .holds_bytes("inclusion-receipt", &inclusion),
    ]
}

pub fn tlog_proof(story: &Story) -> String {
    let log = &story.institute;
    let entry = log.entries[2].entry();
    let proof = TlogProof::new(log.replica.tree(), ISSUANCE, entry, &log.note()).unwrap();
    assert_eq!(TlogProof::parse(&proof.to_string()), Ok(proof.clone()));
    proof.to_string()
}
