//! COSE receipts (RFC 9942): signed proofs about a log of five statements.

use carnet_proto::cbor::{Encode as _, Encoder, Value};
use carnet_proto::id::{LeafIndex, RootHash, TreeSize};
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::log::merkle::{Hash, Tree, leaf_hash};
use carnet_proto::profile::VCT_SKILL;
use carnet_proto::statement::issuance::Issuance;
use serde_json::{Value as Json, json};

use super::statement::{issuer, signed};
use super::{Cases, Entries, altered_map, hex, int, remove, set};
use crate::world::line;

/// Verifiable data structure, and the proofs about it.
const VDS: i64 = 395;
const VDP: i64 = 396;

fn key() -> SigningKey {
    Seed::new([8; 32]).signing_key(Purpose::Receipt)
}

fn entry(number: u8) -> Vec<u8> {
    let root = RootHash::new([number; 32]);
    signed(Issuance { credential_type: line(VCT_SKILL), root }).entry().to_vec()
}

fn tree() -> Tree {
    Tree::from_leaves((0..5).map(|number| leaf_hash(&entry(number))))
}

fn root(size: u64) -> Hash {
    *tree().root_at(TreeSize(size)).expect("a root").as_bytes()
}

/// A receipt in parts, each of which can be altered before it is signed.
#[derive(Clone)]
struct Parts {
    tag: Option<u64>,
    protected: Vec<u8>,
    unprotected: Vec<u8>,
    payload: Option<Vec<u8>>,
    root: Hash,
}

fn path_value(hashes: &[Hash]) -> Value {
    Value::Array(hashes.iter().map(|hash| Value::Bytes(hash.to_vec())).collect())
}

fn number(n: u64) -> Value {
    Value::from(n)
}

impl Parts {
    fn new(kind: i64, numbers: (u64, u64), path: &[Hash], root: Hash) -> Self {
        let did = Value::Text(issuer().to_string());
        let claims = Value::Map(vec![(int(1), did.clone()), (int(2), did)]);
        let kid = Value::Bytes(key().public().kid().as_bytes().to_vec());
        let protected =
            vec![(int(1), int(-19)), (int(4), kid), (int(15), claims), (int(VDS), int(1))];
        let proof = Value::Array(vec![number(numbers.0), number(numbers.1), path_value(path)]);
        let parts = Self {
            tag: Some(18),
            protected: Value::Map(protected).to_cbor(),
            unprotected: vec![0xa0],
            payload: None,
            root,
        };
        parts.proofs(vec![(int(kind), Value::Array(vec![Value::Bytes(proof.to_cbor())]))])
    }

    /// The receipt that a statement is in the log.
    fn inclusion(index: u64, size: u64) -> Self {
        let proof = tree().inclusion_proof(LeafIndex(index), TreeSize(size)).expect("a proof");
        Self::new(-1, (size, index), proof.hashes(), root(size))
    }

    /// The receipt that the log continues an earlier tree.
    fn consistency(old: u64, new: u64) -> Self {
        let proof = tree().consistency_proof(TreeSize(old), TreeSize(new)).expect("a proof");
        Self::new(-2, (old, new), proof.hashes(), root(new))
    }

    fn proofs(mut self, proofs: Entries) -> Self {
        self.unprotected = altered_map(&self.unprotected, |u| set(u, VDP, Value::Map(proofs)));
        self
    }

    fn protected(mut self, alter: impl FnOnce(&mut Entries)) -> Self {
        self.protected = altered_map(&self.protected, alter);
        self
    }

    fn unprotected(mut self, alter: impl FnOnce(&mut Entries)) -> Self {
        self.unprotected = altered_map(&self.unprotected, alter);
        self
    }

    fn claims(self, alter: impl FnOnce(&mut Entries)) -> Self {
        self.protected(|header| {
            let Value::Map(mut claims) = remove(header, 15) else { panic!("a map") };
            alter(&mut claims);
            set(header, 15, Value::Map(claims));
        })
    }

    fn sign(&self, key: &SigningKey) -> Vec<u8> {
        let mut to_be_signed = Encoder::new();
        to_be_signed
            .array(4)
            .text("Signature1")
            .bytes(&self.protected)
            .bytes(b"")
            .bytes(&self.root);
        let mut e = Encoder::new();
        if let Some(tag) = self.tag {
            e.tag(tag);
        }
        e.array(4).bytes(&self.protected).raw(&self.unprotected);
        match &self.payload {
            Some(payload) => e.bytes(payload),
            None => e.null(),
        };
        e.item(&key.sign(to_be_signed.as_bytes()));
        e.into_bytes()
    }
}

fn of_entry(receipt: &[u8], entry: &[u8]) -> Json {
    json!({ "receipt": hex(receipt), "entry": hex(entry) })
}

fn of_tree(receipt: &[u8], size: u64, root: &[u8]) -> Json {
    json!({ "receipt": hex(receipt), "old_size": size, "old_root": hex(root) })
}

/// Receipts of inclusion and of consistency.
pub fn cases() -> Cases {
    let mut c = Cases::new("receipt");
    c.context(
        json!({ "log": issuer().to_string(), "receipt_key": hex(key().public().as_bytes()) }),
    );
    c.source("RFC 9942, sections 4 and 5; RFC 9943, section 7");
    let reads = |size: u64| json!({ "size": size, "root": hex(root(size)) });
    for (index, size) in [(2, 5), (4, 5), (0, 3)] {
        let about = format!("Leaf {index} of {size}.");
        let receipt = Parts::inclusion(index, size).sign(&key());
        let input = of_entry(&receipt, &entry(index as u8));
        c.valid(&format!("valid-{index}-of-{size}"), &about, input, reads(size));
    }
    let one = of_entry(&Parts::inclusion(0, 1).sign(&key()), &entry(0));
    c.valid("valid-empty-path", "In a tree of one leaf the path is empty.", one, reads(1));
    for (old, new) in [(3, 5), (4, 5), (5, 5)] {
        let about = format!("A tree of {old} leaves is a prefix of one of {new}.");
        let receipt = Parts::consistency(old, new).sign(&key());
        c.valid(
            &format!("valid-{old}-to-{new}"),
            &about,
            of_tree(&receipt, old, &root(old)),
            reads(new),
        );
    }
    form(&mut c);
    proofs(&mut c);
    consistency(&mut c);
    signatures(&mut c);
    c
}

/// The base of the cases about inclusion.
const BASE: &str = "valid-2-of-5";

fn asked(parts: &Parts) -> Json {
    of_entry(&parts.sign(&key()), &entry(2))
}

fn form(c: &mut Cases) {
    let good = Parts::inclusion(2, 5);
    let with = |label: i64, value: Value| asked(&good.clone().protected(|h| set(h, label, value)));
    let moved = |label: i64| {
        let mut value = Value::Null;
        let parts = good.clone().protected(|h| value = remove(h, label));
        asked(&parts.unprotected(|u| set(u, label, value)))
    };
    let without = |label: i64| asked(&good.clone().protected(|h| drop(remove(h, label))));
    for (name, error, input, about) in [
        (
            "untagged",
            "Malformed:WrongType",
            asked(&Parts { tag: None, ..good.clone() }),
            "The tag of COSE_Sign1 is missing.",
        ),
        (
            "tagged-as-mac0",
            "Malformed:Invalid",
            asked(&Parts { tag: Some(17), ..good.clone() }),
            "The tag is that of a COSE_Mac0.",
        ),
        ("algorithm-unprotected", "Headers", moved(1), "The algorithm is not protected."),
        ("structure-unprotected", "Headers", moved(VDS), "The data structure is not protected."),
        ("structure-missing", "Headers", without(VDS), "No data structure is named."),
        (
            "structure-0",
            "UnknownStructure",
            with(VDS, int(0)),
            "The data structure is 0, which is reserved.",
        ),
        (
            "structure-2",
            "UnknownStructure",
            with(VDS, int(2)),
            "The data structure is one that is not known here.",
        ),
        ("algorithm-missing", "Headers", without(1), "No algorithm is stated."),
        (
            "critical-header",
            "UnknownCritical",
            with(2, Value::Array(vec![int(1000)])),
            "There is a critical header that is not known.",
        ),
    ] {
        c.invalid(name, BASE, error, about, input);
    }
    c.source("wire-format.md, receipts; RFC 9943, section 7");
    let text = |text: &str| Value::from(text);
    for (name, error, input, about) in [
        ("algorithm-eddsa", "Headers", with(1, int(-8)), "The algorithm is EdDSA (-8)."),
        ("algorithm-es256", "Headers", with(1, int(-7)), "The algorithm is ES256 (-7)."),
        ("key-identifier-missing", "Headers", without(4), "The key identifier is missing."),
        ("claims-missing", "Headers", without(15), "There is no issuer and no subject."),
        (
            "issuer-a-url",
            "Headers",
            asked(&good.clone().claims(|c| set(c, 1, text("https://log.example")))),
            "The issuer is not an institution's identifier.",
        ),
        (
            "subject-of-another",
            "OtherSubject",
            asked(&good.clone().claims(|c| set(c, 2, text("urn:x")))),
            "The subject is not that of the statement.",
        ),
        (
            "claim-unknown",
            "Headers",
            asked(&good.clone().claims(|c| set(c, 6, int(1)))),
            "The claims have a time, which receipts here do not.",
        ),
        (
            "root-attached",
            "Headers",
            asked(&Parts { payload: Some(root(5).to_vec()), ..good.clone() }),
            "The root is sent along, though it follows from the proof.",
        ),
        (
            "unprotected-header-unknown",
            "Headers",
            asked(&good.clone().unprotected(|u| set(u, 100, int(1)))),
            "There is an unprotected header that receipts do not have.",
        ),
    ] {
        c.invalid(name, BASE, error, about, input);
    }
}

fn proofs(c: &mut Cases) {
    c.source("RFC 9942, sections 4 and 5; RFC 9162, section 2.1.3.2");
    let good = Parts::inclusion(2, 5);
    let proof = tree().inclusion_proof(LeafIndex(2), TreeSize(5)).expect("a proof");
    let path = proof.hashes().to_vec();
    let encoded = |items: Vec<Value>| Value::Bytes(Value::Array(items).to_cbor());
    let three = |size: u64, index: u64, path: &[Hash]| {
        encoded(vec![number(size), number(index), path_value(path)])
    };
    let with = |proofs: Entries| asked(&good.clone().proofs(proofs));
    let proven = |proof: Value| with(vec![(int(-1), Value::Array(vec![proof]))]);
    let (mut changed, mut swapped, mut longer) = (path.clone(), path.clone(), path.clone());
    changed[0][0] ^= 1;
    swapped.swap(0, 1);
    longer.push([0; 32]);
    let right = three(5, 2, &path);
    let mut short = vec![Value::Bytes(path[0][..31].to_vec())];
    short.extend(path[1..].iter().map(|hash| Value::Bytes(hash.to_vec())));
    let other_kind = with(vec![(int(-3), Value::Array(vec![right.clone()]))]);
    for (name, error, input, about) in [
        (
            "proofs-missing",
            "NoProof",
            asked(&good.clone().unprotected(|u| drop(remove(u, VDP)))),
            "There is no header of proofs.",
        ),
        ("proofs-empty", "NoProof", with(vec![]), "The header of proofs holds none."),
        (
            "proof-list-empty",
            "Malformed:Invalid",
            with(vec![(int(-1), Value::Array(vec![]))]),
            "The list of proofs is empty.",
        ),
        (
            "proof-of-unknown-kind",
            "UnknownProof",
            other_kind,
            "The proof is of a kind that is not known.",
        ),
        (
            "proof-not-wrapped",
            "Malformed:WrongType",
            proven(Value::Array(vec![number(5), number(2), path_value(&path)])),
            "The proof is an array, not a byte string that holds one.",
        ),
        (
            "proof-of-two-items",
            "Malformed:WrongLength",
            proven(encoded(vec![number(5), number(2)])),
            "The proof has no path.",
        ),
        (
            "leaf-index-equal-to-size",
            "Malformed:Invalid",
            proven(three(5, 5, &path)),
            "The leaf index is not below the tree size.",
        ),
        ("tree-empty", "Malformed:Invalid", proven(three(0, 0, &[])), "The tree has no leaves."),
        (
            "path-hash-missing",
            "Proof:WrongLength",
            proven(three(5, 2, &path[..2])),
            "The last hash of the path is missing.",
        ),
        (
            "path-hash-left-over",
            "Proof:WrongLength",
            proven(three(5, 2, &longer)),
            "The path has a hash too many.",
        ),
        (
            "path-empty",
            "Proof:WrongLength",
            proven(three(5, 2, &[])),
            "The path is empty, in a tree of several leaves.",
        ),
        (
            "path-hash-of-31-bytes",
            "Malformed:WrongLength",
            proven(encoded(vec![number(5), number(2), Value::Array(short)])),
            "A hash of the path has 31 bytes.",
        ),
        (
            "path-changed",
            "WrongSignature",
            proven(three(5, 2, &changed)),
            "One bit of the path is another: it leads to a root that nobody signed.",
        ),
        (
            "path-swapped",
            "WrongSignature",
            proven(three(5, 2, &swapped)),
            "Two hashes of the path are in the wrong order.",
        ),
        (
            "index-changed",
            "WrongSignature",
            proven(three(5, 3, &path)),
            "The leaf index is that of the neighbour.",
        ),
    ] {
        c.invalid(name, BASE, error, about, input);
    }
    c.source("wire-format.md, receipts");
    let two = with(vec![(int(-1), Value::Array(vec![right.clone(), right]))]);
    c.invalid("two-proofs", BASE, "Headers", "There are two proofs.", two);
}

fn consistency(c: &mut Cases) {
    c.source("RFC 9942, section 5; RFC 9162, section 2.1.4.2");
    let base = "valid-3-to-5";
    let good = Parts::consistency(3, 5);
    let proof = tree().consistency_proof(TreeSize(3), TreeSize(5)).expect("a proof");
    let path = proof.hashes().to_vec();
    let with = |old: u64, new: u64, path: &[Hash]| {
        let proof = Value::Array(vec![number(old), number(new), path_value(path)]).to_cbor();
        let parts = good.clone().proofs(vec![(int(-2), Value::Array(vec![Value::Bytes(proof)]))]);
        of_tree(&parts.sign(&key()), 3, &root(3))
    };
    let mut changed = path.clone();
    changed[1][0] ^= 1;
    let mut other = root(3);
    other[0] ^= 1;
    let signed = good.sign(&key());
    for (name, error, input, about) in [
        (
            "consistency-from-size-0",
            "Malformed:Invalid",
            with(0, 5, &path),
            "No proof begins at an empty tree.",
        ),
        (
            "consistency-sizes-reversed",
            "Malformed:Invalid",
            with(5, 3, &path),
            "The older tree is the larger.",
        ),
        (
            "consistency-from-another-size",
            "Proof:WrongSizes",
            with(2, 5, &path),
            "The proof begins at another tree than the one that is known.",
        ),
        (
            "consistency-path-cut",
            "Proof:WrongLength",
            with(3, 5, &path[..path.len() - 1]),
            "The last hash is missing.",
        ),
        (
            "consistency-path-changed",
            "WrongSignature",
            with(3, 5, &changed),
            "One bit of the path is another.",
        ),
        (
            "consistency-older-root-another",
            "Proof:WrongRoot",
            of_tree(&signed, 3, &other),
            "The tree that is known has another root: the log forked.",
        ),
    ] {
        c.invalid(name, base, error, about, input);
    }
    c.invalid(
        "inclusion-for-consistency",
        base,
        "NoProof",
        "The receipt is about a leaf, and what is asked is whether the log continues.",
        of_tree(&Parts::inclusion(2, 5).sign(&key()), 3, &root(3)),
    );
    c.invalid(
        "consistency-for-inclusion",
        BASE,
        "NoProof",
        "The receipt is about two trees, and what is asked is whether a statement is in the log.",
        of_entry(&signed, &entry(2)),
    );
}

fn signatures(c: &mut Cases) {
    c.source("RFC 9942, section 5; RFC 9052, section 4.4");
    let good = Parts::inclusion(2, 5);
    let signed = good.sign(&key());
    let mut flipped = signed.clone();
    *flipped.last_mut().expect("a byte") ^= 1;
    let checkpoint = Seed::new([8; 32]).signing_key(Purpose::Checkpoint);
    let kid = Value::Bytes(checkpoint.public().kid().as_bytes().to_vec());
    let under_it = good.clone().protected(|h| set(h, 4, kid));
    let elsewhere = Parts { root: root(4), ..good.clone() };
    for (name, error, input, about) in [
        (
            "signature-wrong",
            "WrongSignature",
            of_entry(&flipped, &entry(2)),
            "One bit of the signature is another.",
        ),
        (
            "signed-by-the-checkpoint-key",
            "WrongSignature",
            of_entry(&good.sign(&checkpoint), &entry(2)),
            "Signed by another key of the log, under the identifier of the right one.",
        ),
        (
            "key-identifier-of-another-key",
            "OtherKey",
            of_entry(&under_it.sign(&checkpoint), &entry(2)),
            "Signed by another key of the log, under its own identifier.",
        ),
        (
            "signature-over-another-root",
            "WrongSignature",
            of_entry(&elsewhere.sign(&key()), &entry(2)),
            "What is signed is the root of another tree.",
        ),
        (
            "another-statement",
            "WrongSignature",
            of_entry(&signed, &entry(3)),
            "The statement is another of the log.",
        ),
        (
            "statement-never-logged",
            "WrongSignature",
            of_entry(&signed, &entry(9)),
            "The statement was never logged.",
        ),
    ] {
        c.invalid(name, BASE, error, about, input);
    }
}
