use super::*;
use crate::cbor::{Bytes, CborErrorKind, Value};
use crate::key::{Purpose, Seed};
use crate::statement::Statement;
use crate::statement::identity::Inception;
use crate::statement::issuance::Issuance;
use crate::text::Line;

struct Log {
    did: Did,
    entries: Vec<Vec<u8>>,
    tree: Tree,
    key: SigningKey,
}

fn log(size: u8) -> Log {
    let seed = Seed::new([5; 32]);
    let key = seed.signing_key(Purpose::Statement);
    let next = Seed::new([6; 32]).public_key_set().commitment();
    let inception = Statement::incept(Inception { keys: seed.public_key_set(), next }, &key);
    let did = *inception.issuer();
    let mut entries = Vec::from([inception.entry().to_vec()]);
    for number in 1..size {
        let credential_type = Line::parse("urn:carnet:skill:1").unwrap();
        let issuance = Issuance { credential_type, root: RootHash::new([number; 32]) };
        entries.push(Statement::sign(&did, issuance, &key).unwrap().entry().to_vec());
    }
    let tree = Tree::from_leaves(entries.iter().map(|entry| leaf_hash(entry)));
    Log { did, entries, tree, key: seed.signing_key(Purpose::Receipt) }
}

impl Log {
    fn issuer(&self) -> ReceiptIssuer<'_> {
        ReceiptIssuer { log: &self.did, key: &self.key }
    }

    fn head(&self, size: u64) -> TreeHead {
        TreeHead { size: TreeSize(size), root: self.tree.root_at(TreeSize(size)).unwrap() }
    }

    fn inclusion(&self, size: u64, index: u64) -> Vec<u8> {
        let entry = &self.entries[usize::try_from(index).unwrap()];
        self.issuer().inclusion(&self.tree, TreeSize(size), LeafIndex(index), entry).unwrap()
    }
}

#[test]
fn each_leaf_of_each_tree_has_a_receipt_and_no_other_entry_fits_it() {
    let log = log(9);
    let key = log.key.public();
    for size in 1..=9 {
        for index in 0..size {
            let bytes = log.inclusion(size, index);
            assert!(bytes.len() <= MAX_RECEIPT_BYTES);
            let receipt = Receipt::parse(&bytes).unwrap();
            assert_eq!((receipt.log(), *receipt.kid()), (&log.did, key.kid()));
            assert_eq!((receipt.size().0, receipt.leaf()), (size, Some(LeafIndex(index))));
            for (other, entry) in (0..).zip(&log.entries) {
                let shown = receipt.verify_inclusion(entry, &key);
                if other == index {
                    assert_eq!(shown, Ok(log.head(size)));
                } else {
                    assert!(shown.is_err(), "leaf {index} of {size} with entry {other}");
                }
            }
        }
    }
    // A tree of one leaf has an empty path, which RFC 9942's own CDDL forgets.
    assert!(log.inclusion(1, 0).windows(5).any(|five| five == b"\x44\x83\x01\x00\x80"));
    let outside = log.issuer().inclusion(&log.tree, TreeSize(3), LeafIndex(3), &log.entries[3]);
    assert_eq!(outside, Err(ReceiptError::Proof(ProofError::IndexOutOfRange)));
    let other = log.issuer().inclusion(&log.tree, TreeSize(3), LeafIndex(1), &log.entries[2]);
    assert_eq!(other, Err(ReceiptError::Proof(ProofError::WrongRoot)));
}

#[test]
fn each_tree_continues_each_smaller_one_and_no_other() {
    let log = log(9);
    let key = log.key.public();
    for new in 1..=9 {
        for old in 1..=new {
            let bytes = log.issuer().consistency(&log.tree, TreeSize(old), TreeSize(new)).unwrap();
            let receipt = Receipt::parse(&bytes).unwrap();
            assert_eq!((receipt.size().0, receipt.leaf()), (new, None));
            assert_eq!(receipt.verify_consistency(&log.head(old), &key), Ok(log.head(new)));
            let forked = TreeHead { root: RootHash::new([9; 32]), ..log.head(old) };
            assert!(receipt.verify_consistency(&forked, &key).is_err(), "{old} {new}");
            let resized = TreeHead { size: TreeSize(old + 1), ..log.head(old) };
            assert!(receipt.verify_consistency(&resized, &key).is_err());
            assert_eq!(receipt.verify_inclusion(&log.entries[0], &key), Err(ReceiptError::NoProof));
        }
    }
    for (old, new) in [(0, 4), (5, 4), (4, 10)] {
        assert!(log.issuer().consistency(&log.tree, TreeSize(old), TreeSize(new)).is_err());
    }
}

#[test]
fn a_receipt_with_any_bit_changed_is_refused() {
    let log = log(6);
    let (bytes, key) = (log.inclusion(6, 4), log.key.public());
    let verifies = |bytes: &[u8]| {
        Receipt::parse(bytes).and_then(|r| r.verify_inclusion(&log.entries[4], &key)).is_ok()
    };
    assert!(verifies(&bytes));
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!verifies(&changed), "bit {bit}");
    }
}

/// The limit of RFC 9942 that the documentation of `verify_inclusion` speaks of.
#[test]
fn the_root_of_a_receipt_is_signed_and_its_numbers_are_only_claimed() {
    let log = log(3);
    let mut bytes = log.inclusion(3, 0);
    let at = bytes.windows(4).position(|four| four == b"\x83\x03\x00\x82").unwrap();
    bytes[at + 1] = 4;
    let relabelled = Receipt::parse(&bytes).unwrap();
    let shown = relabelled.verify_inclusion(&log.entries[0], &log.key.public());
    assert_eq!(shown, Ok(TreeHead { size: TreeSize(4), root: log.tree.head().root }));
    // The log itself tells: it never had such a tree.
    assert_ne!(self::log(4).head(4), shown.unwrap());
}

#[test]
fn a_receipt_of_another_key_log_or_subject_is_refused() {
    let log = log(4);
    let entry = &log.entries[2];
    let other = Seed::new([9; 32]).signing_key(Purpose::Receipt);
    let bytes = log.inclusion(4, 2);
    let receipt = Receipt::parse(&bytes).unwrap();
    let refused = receipt.verify_inclusion(entry, &other.public());
    assert_eq!(refused, Err(ReceiptError::OtherKey));
    // The right root, signed by the wrong key under the right name.
    let sign1 = Sign1::parse(&bytes, Mode::Strict).unwrap();
    let root = log.tree.head().root;
    let forged = detached(sign1.protected, sign1.unprotected, root.as_bytes(), &other).unwrap();
    let refused = Receipt::parse(&forged).unwrap().verify_inclusion(entry, &log.key.public());
    assert_eq!(refused, Err(ReceiptError::WrongSignature));
    let subject = ReceiptIssuer { log: &log.did, key: &log.key };
    let path = log.tree.inclusion_proof(LeafIndex(2), TreeSize(4)).unwrap();
    let renamed = subject.sign("urn:other", INCLUSION, (4, 2), path.hashes(), &root).unwrap();
    let refused = Receipt::parse(&renamed).unwrap().verify_inclusion(entry, &log.key.public());
    assert_eq!(refused, Err(ReceiptError::OtherSubject));
}

/// Makes receipts out of parts, signed over a root.
struct Parts {
    protected: Vec<(i128, Value)>,
    proofs: Vec<(i128, Vec<Vec<u8>>)>,
    payload: Option<Vec<u8>>,
}

impl Parts {
    fn usual(log: &Log) -> Self {
        let claims = [(1, log.did.to_string()), (2, log.did.to_string())];
        let claims = claims.map(|(key, text)| (Value::Int(key), Value::Text(text)));
        Self {
            protected: Vec::from([
                (1, Value::Int(-19)),
                (4, Value::Bytes(log.key.public().kid().as_bytes().to_vec())),
                (15, Value::Map(claims.into())),
                (395, Value::Int(1)),
            ]),
            proofs: Vec::from([(-1, Vec::from([proof(1, 0, &[])]))]),
            payload: None,
        }
    }

    /// Writes the parts in the order in which they stand.
    fn signed(&self, log: &Log) -> Vec<u8> {
        let mut protected = Encoder::new();
        protected.map(self.protected.len());
        for (label, value) in &self.protected {
            protected.int(*label).item(value);
        }
        let mut unprotected = Encoder::new();
        unprotected.map(1).int(396).map(self.proofs.len());
        for (label, proofs) in &self.proofs {
            let proofs: Vec<Bytes> = proofs.iter().cloned().map(Bytes).collect();
            unprotected.int(*label).list(&proofs);
        }
        let (protected, unprotected) = (protected.as_bytes(), unprotected.as_bytes());
        let root = log.head(1).root;
        match &self.payload {
            Some(payload) => cose::sign1(protected, unprotected, payload, &log.key),
            None => detached(protected, unprotected, root.as_bytes(), &log.key).unwrap(),
        }
    }
}

fn proof(first: u64, second: u64, path: &[Hash]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.array(3).uint(first).uint(second).list(path);
    e.into_bytes()
}

fn changed(log: &Log, change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts::usual(log);
    change(&mut parts);
    parts.signed(log)
}

#[test]
fn what_is_not_a_receipt_is_refused_by_both_readers() {
    let log = log(1);
    let refused = |what: &str, bytes: &[u8], error: Option<ReceiptError>| {
        assert!(Receipt::parse(bytes).is_err(), "{what}");
        let foreign = ForeignReceipt::parse(bytes).map(|_| ()).unwrap_err();
        assert!(error.is_none_or(|error| error == foreign), "{what}: {foreign}");
    };
    assert!(Receipt::parse(&Parts::usual(&log).signed(&log)).is_ok());
    let structure = |vds| changed(&log, |parts| parts.protected[3].1 = Value::Int(vds));
    refused("unregistered structure", &structure(2), Some(ReceiptError::UnknownStructure));
    refused("reserved structure", &structure(0), Some(ReceiptError::UnknownStructure));
    let no_structure = changed(&log, |parts| drop(parts.protected.pop()));
    refused("no structure", &no_structure, None);
    let no_algorithm = changed(&log, |parts| drop(parts.protected.remove(0)));
    refused("no algorithm", &no_algorithm, None);
    let critical = changed(&log, |parts| {
        parts.protected.insert(1, (2, Value::Array(Vec::from([Value::Int(99)]))));
    });
    refused("critical header", &critical, Some(ReceiptError::UnknownCritical));
    let unknown = changed(&log, |parts| parts.proofs.push((-3, Vec::from([Vec::from([0xf6])]))));
    refused("unknown proof", &unknown, Some(ReceiptError::UnknownProof));
    let none = changed(&log, |parts| parts.proofs.clear());
    refused("no proofs", &none, Some(ReceiptError::NoProof));
    let empty = changed(&log, |parts| parts.proofs[0].1.clear());
    refused("an empty list", &empty, None);
    for (what, proof) in [
        ("leaf beyond the tree", proof(1, 1, &[])),
        ("empty tree", proof(0, 0, &[])),
        ("too many hashes", proof(1, 0, &[[0; 32]; 64])),
        ("bytes behind", [proof(1, 0, &[]), Vec::from([0])].concat()),
        ("a short hash", Vec::from(*b"\x83\x01\x00\x81\x41\x00")),
        ("two numbers", Vec::from(*b"\x82\x01\x00")),
    ] {
        refused(what, &changed(&log, |parts| parts.proofs[0].1[0] = proof), None);
    }
    let backwards = changed(&log, |parts| {
        parts.proofs[0] = (-2, Vec::from([proof(2, 1, &[])]));
    });
    refused("from larger to smaller", &backwards, None);
    let many = changed(&log, |parts| {
        parts.proofs[0].1 = Vec::from([const { Vec::new() }; MAX_RECEIPT_PROOFS + 1]);
    });
    refused("too many proofs", &many, None);
    let bytes = Parts::usual(&log).signed(&log);
    refused("no tag", &bytes[1..], None);
    refused("another tag", &[[0xd1].as_slice(), &bytes[1..]].concat(), None);
    let large = changed(&log, |parts| parts.payload = Some(Vec::from([0; MAX_RECEIPT_BYTES])));
    let limit = MAX_RECEIPT_BYTES;
    refused("too large", &large, Some(ReceiptError::TooLarge { limit }));
}

#[test]
fn what_others_may_do_and_we_do_not_is_read_as_foreign_only() {
    let log = log(1);
    let leaf = leaf_hash(&log.entries[0]);
    let read = |what: &str, bytes: &[u8]| {
        assert!(Receipt::parse(bytes).is_err(), "{what}");
        let receipt = ForeignReceipt::parse(bytes).unwrap_or_else(|e| panic!("{what}: {e}"));
        let head = receipt.head_including(leaf);
        assert_eq!(head, Ok(log.head(1)), "{what}");
        let signature = Signature(receipt.signature().try_into().unwrap());
        assert!(log.key.public().verifies(&receipt.to_be_signed(&log.head(1).root), &signature));
    };
    read("unsorted labels", &changed(&log, |parts| parts.protected.swap(0, 3)));
    let other = changed(&log, |parts| parts.protected[0].1 = Value::Int(-7));
    read("another algorithm", &other);
    assert_eq!(ForeignReceipt::parse(&other).unwrap().algorithm(), -7);
    read("no claims", &changed(&log, |parts| drop(parts.protected.remove(2))));
    let dated = changed(&log, |parts| {
        let Value::Map(claims) = &mut parts.protected[2].1 else { panic!("a map") };
        claims.push((Value::Int(6), Value::Int(1)));
    });
    read("a time", &dated);
    let root = log.head(1).root.as_bytes().to_vec();
    read("root attached", &changed(&log, |parts| parts.payload = Some(root.clone())));
    read("two proofs", &changed(&log, |parts| parts.proofs[0].1.push(proof(1, 0, &[]))));
    // Lengths and numbers that are longer than they need to be.
    let long = changed(&log, |parts| {
        parts.proofs[0].1[0] = Vec::from(*b"\x83\x18\x01\x18\x00\x80");
    });
    read("long heads", &long);
}

#[test]
fn a_root_that_is_sent_along_and_several_proofs_have_to_agree() {
    let log = log(1);
    let leaf = leaf_hash(&log.entries[0]);
    let attached = changed(&log, |parts| parts.payload = Some(Vec::from([7; 32])));
    let attached = ForeignReceipt::parse(&attached).unwrap();
    assert!(attached.is_attached());
    assert_eq!(attached.head_including(leaf), Err(ReceiptError::OtherRoot));
    let second = proof(2, 0, &[[7; 32]]);
    let two = changed(&log, |parts| parts.proofs[0].1.push(second));
    let two = ForeignReceipt::parse(&two).unwrap();
    assert_eq!(two.head_including(leaf), Err(ReceiptError::OtherRoot));
}

#[test]
fn a_transparent_statement_is_the_entry_with_its_receipts() {
    let log = log(5);
    let (entry, receipt) = (&log.entries[3], log.inclusion(5, 3));
    let bytes = attach(entry, &[receipt.clone(), log.inclusion(4, 3)]).unwrap();
    // With them, it is no entry of a log.
    assert!(Statement::parse(&bytes).is_err());
    let read = TransparentStatement::parse(&bytes).unwrap();
    assert_eq!(read.entry(), entry);
    assert_eq!(read.receipts().next(), Some(receipt.as_slice()));
    let heads = read.receipts().map(|receipt| {
        let receipt = Receipt::parse(receipt).unwrap();
        receipt.verify_inclusion(read.entry(), &log.key.public()).unwrap().size.0
    });
    assert_eq!(heads.collect::<Vec<_>>(), [5, 4]);

    let headers = |error| matches!(error, ReceiptError::Headers(_));
    assert!(headers(attach(entry, &[]).unwrap_err()));
    assert!(headers(attach(&bytes, core::slice::from_ref(&receipt)).unwrap_err()));
    assert!(headers(attach(entry, &[const { Vec::new() }; MAX_RECEIPTS + 1]).unwrap_err()));
    assert!(headers(TransparentStatement::parse(entry).unwrap_err()));
    let sign1 = Sign1::parse(entry, Mode::Strict).unwrap();
    let mut unprotected = Encoder::new();
    unprotected.map(2).int(33).bytes(b"chain").int(394).list(&[Bytes(receipt)]);
    let more = cose::with_unprotected(&sign1, unprotected.as_bytes());
    assert!(headers(TransparentStatement::parse(&more).unwrap_err()));
    let foreign = TransparentStatement::parse_foreign(&more).unwrap();
    assert_eq!(foreign.entry(), entry);
    let many = [const { Bytes(Vec::new()) }; MAX_RECEIPTS + 1];
    let mut unprotected = Encoder::new();
    unprotected.map(1).int(394).list(&many);
    let many = cose::with_unprotected(&sign1, unprotected.as_bytes());
    let refused = TransparentStatement::parse(&many).unwrap_err();
    let ReceiptError::Malformed(CborError { kind, .. }) = refused else { panic!("{refused}") };
    assert!(matches!(kind, CborErrorKind::TooLarge { .. }));
    assert!(TransparentStatement::parse(&attach(entry, &[Vec::new()]).unwrap()).is_ok());
}
