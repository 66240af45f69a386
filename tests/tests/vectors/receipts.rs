//! Receipts of RFC 9942's repository, read as others encode them. Their key is not published, so
//! signatures are not checked; but their two proofs are of one tree and have to agree.

use carnet_proto::cbor::{Decode as _, Decoder, Mode, Value};
use carnet_proto::cose::Sign1;
use carnet_proto::id::{LeafHash, RootHash, TreeSize, sha256};
use carnet_proto::log::receipt::{ForeignReceipt, Receipt, ReceiptError};
use carnet_proto::log::{ProofError, TreeHead};
use carnet_proto::profile::header;

use crate::{passed, read};

/// Checks the form of a receipt, and returns the hashes of its proof, read apart from the reader of
/// receipts.
fn checked(bytes: &[u8], kind: i64, numbers: (u64, u64)) -> Vec<[u8; 32]> {
    // The labels stand in the order 1, 4, 395, 15.
    assert!(matches!(Receipt::parse(bytes), Err(ReceiptError::Malformed(_))));
    let receipt = ForeignReceipt::parse(bytes).unwrap();
    assert_eq!(receipt.algorithm(), -7);
    assert_eq!(receipt.issuer(), Ok(Some("https://transparency-service.example.com")));
    assert_eq!(receipt.subject(), Ok(None));
    assert_eq!(receipt.header().value::<i64>(header::VDS), Ok(Some(1)));
    let labels = [header::ALG, header::KID, header::CWT_CLAIMS, header::VDS];
    assert!(receipt.header().has_exactly(&labels, &[]));
    assert!(!receipt.is_attached(), "the root is detached");
    assert_eq!(receipt.signature().len(), 64);

    let sign1 = Sign1::parse(bytes, Mode::Foreign).unwrap();
    let proofs = sign1.unprotected_header().unwrap().raw(header::VDP).unwrap();
    let decode = |bytes| Value::decode(&mut Decoder::new(bytes, Mode::Foreign)).unwrap();
    let Value::Map(proofs) = decode(proofs) else { panic!("proofs are a map") };
    let [(label, Value::Array(proofs))] = proofs.as_slice() else { panic!("of one kind") };
    assert_eq!(*label, Value::Int(kind.into()));
    let [Value::Bytes(proof)] = proofs.as_slice() else { panic!("one proof") };
    let Value::Array(proof) = decode(proof) else { panic!("an array") };
    let [first, second, Value::Array(path)] = proof.as_slice() else { panic!("of three") };
    assert_eq!((first.as_u64(), second.as_u64()), (Some(numbers.0), Some(numbers.1)));
    path.iter().map(|hash| hash.as_bytes().unwrap().try_into().unwrap()).collect()
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha256(&[&[1], left.as_slice(), right].concat())
}

pub fn the_two_proofs_of_a_foreign_tree_lead_to_one_root() {
    let Some(folder) = carnet_tests::vectors("cose-receipts/draft-repo-examples") else { return };
    let inclusion = read(&folder.join("inclusion-receipt.cbor"));
    let consistency = read(&folder.join("consistency-receipt.cbor"));
    let path = checked(&inclusion, -1, (5, 3));
    let hashes = checked(&consistency, -2, (3, 5));
    // From 3 to 5 leaves the proof holds leaves 2 and 3, the node over 0 and 1, and leaf 4.
    let [leaf2, leaf3, node01, leaf4] = hashes.as_slice() else { panic!("four hashes") };
    assert_eq!(path, [*leaf2, *node01, *leaf4]);
    let old = TreeHead { size: TreeSize(3), root: RootHash::new(node(node01, leaf2)) };
    let root = node(&node(node01, &node(leaf2, leaf3)), leaf4);
    let new = TreeHead { size: TreeSize(5), root: RootHash::new(root) };

    let inclusion = ForeignReceipt::parse(&inclusion).unwrap();
    let consistency = ForeignReceipt::parse(&consistency).unwrap();
    assert_eq!(inclusion.head_including(LeafHash::new(*leaf3)), Ok(new));
    assert_eq!(consistency.head_continuing(&old), Ok(new));
    // What their signatures are over ends with that root.
    for receipt in [&inclusion, &consistency] {
        assert!(
            receipt.to_be_signed(&new.root).ends_with(&[b"\x58\x20".as_slice(), &root].concat())
        );
    }

    assert_ne!(inclusion.head_including(LeafHash::new(*leaf2)), Ok(new));
    assert_eq!(inclusion.head_continuing(&old), Err(ReceiptError::NoProof));
    assert_eq!(consistency.head_including(LeafHash::new(*leaf3)), Err(ReceiptError::NoProof));
    let forked = TreeHead { root: RootHash::new([7; 32]), ..old };
    let wrong = |error| Err(ReceiptError::Proof(error));
    assert_eq!(consistency.head_continuing(&forked), wrong(ProofError::WrongRoot));
    assert_eq!(consistency.head_continuing(&new), wrong(ProofError::WrongSizes));
    println!("receipts: signatures are ECDSA of an unpublished key and cannot be checked");
    passed("receipts", 2, 2);
}
