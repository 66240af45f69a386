//! Receipts of RFC 9942's repository, read as others encode them. Their key is not published, so
//! signatures are not checked; but their two proofs are of one tree and have to agree.

use carnet_proto::cbor::{Decode as _, Decoder, Mode, Value};
use carnet_proto::cose::Sign1;
use carnet_proto::id::{LeafHash, LeafIndex, RootHash, TreeSize, sha256};
use carnet_proto::log::{ConsistencyProof, InclusionProof, ProofError, TreeHead};
use carnet_proto::profile::header;

use crate::{passed, read};

/// Header labels of receipts (RFC 9942, section 4) and the one data structure that has a number.
const VDS: i64 = 395;
const VDP: i64 = 396;
const RFC9162_SHA256: i64 = 1;

/// Reads a receipt with one proof of a kind: two sizes, or a size and an index, and the path.
fn proof(name: &str, kind: i64) -> Option<(u64, u64, Vec<[u8; 32]>)> {
    let path = carnet_tests::vectors("cose-receipts/draft-repo-examples")?.join(name);
    let bytes = read(&path);
    // The labels stand in the order 1, 4, 395, 15.
    assert!(Sign1::parse(&bytes, Mode::Strict).unwrap().header().is_err());
    let receipt = Sign1::parse(&bytes, Mode::Foreign).unwrap();
    let head = receipt.header().unwrap();
    assert_eq!(head.value::<i64>(header::ALG), Ok(Some(-7)));
    assert_eq!(head.value::<i64>(VDS), Ok(Some(RFC9162_SHA256)));
    assert!(head.has_exactly(&[header::ALG, header::KID, header::CWT_CLAIMS, VDS], &[]));
    assert!(receipt.payload.is_none() && receipt.attached().is_err(), "the root is detached");
    assert_eq!(receipt.signature.len(), 64);
    let proofs = receipt.unprotected_header().unwrap().raw(VDP).unwrap();
    let decode = |bytes| Value::decode(&mut Decoder::new(bytes, Mode::Foreign)).unwrap();
    let Value::Map(proofs) = decode(proofs) else { panic!("proofs are a map") };
    let [(label, Value::Array(proofs))] = proofs.as_slice() else { panic!("of one kind") };
    assert_eq!(*label, Value::Int(kind.into()));
    let [Value::Bytes(proof)] = proofs.as_slice() else { panic!("one proof") };
    let Value::Array(proof) = decode(proof) else { panic!("an array") };
    let [first, second, Value::Array(path)] = proof.as_slice() else { panic!("of three") };
    let hashes = path.iter().map(|hash| hash.as_bytes().unwrap().try_into().unwrap());
    Some((first.as_u64().unwrap(), second.as_u64().unwrap(), hashes.collect()))
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha256(&[&[1], left.as_slice(), right].concat())
}

pub fn the_two_proofs_of_a_foreign_tree_lead_to_one_root() {
    let Some((size, index, path)) = proof("inclusion-receipt.cbor", -1) else { return };
    let Some((old, new, hashes)) = proof("consistency-receipt.cbor", -2) else { return };
    assert_eq!((size, index, old, new), (5, 3, 3, 5));
    // From 3 to 5 leaves the proof holds leaves 2 and 3, the node over 0 and 1, and leaf 4.
    let [leaf2, leaf3, node01, leaf4] = hashes.as_slice() else { panic!("four hashes") };
    assert_eq!(path, [*leaf2, *node01, *leaf4]);
    let old = TreeHead { size: TreeSize(3), root: RootHash::new(node(node01, leaf2)) };
    let root = node(&node(node01, &node(leaf2, leaf3)), leaf4);
    let new = TreeHead { size: TreeSize(5), root: RootHash::new(root) };

    let inclusion = InclusionProof::new(path.clone()).unwrap();
    let leaf = LeafHash::new(*leaf3);
    assert_eq!(inclusion.verify(LeafIndex(index), leaf, &new), Ok(()));
    let consistency = ConsistencyProof::new(hashes.clone()).unwrap();
    assert_eq!(consistency.verify(&old, &new), Ok(()));

    assert!(inclusion.verify(LeafIndex(2), leaf, &new).is_err());
    let outside = inclusion.verify(LeafIndex(5), leaf, &new);
    assert_eq!(outside, Err(ProofError::IndexOutOfRange));
    assert!(consistency.verify(&new, &old).is_err());
    let forked = TreeHead { root: RootHash::new([7; 32]), ..old };
    assert_eq!(consistency.verify(&forked, &new), Err(ProofError::WrongRoot));
    println!("receipts: signatures are ECDSA of an unpublished key and cannot be checked");
    passed("receipts", 2, 2);
}
