//! Merkle proofs: one tree of eight leaves, and each way in which a proof can be wrong.

use carnet_proto::id::{LeafIndex, TreeSize};
use carnet_proto::log::merkle::{Hash, Tree, leaf_hash};
use serde_json::{Value as Json, json};

use super::{Cases, hex};

/// The entries of the tree: `leaf 0` to `leaf 7`.
fn entry(index: u64) -> String {
    format!("leaf {index}")
}

fn tree() -> Tree {
    Tree::from_leaves((0..8).map(|i| leaf_hash(entry(i).as_bytes())))
}

fn root(size: u64) -> Hash {
    *tree().root_at(TreeSize(size)).expect("a root").as_bytes()
}

fn hashes(list: &[Hash]) -> Json {
    list.iter().map(hex).collect()
}

/// Proofs that an entry is in a tree.
pub fn inclusion() -> Cases {
    let mut c = Cases::new("inclusion-proof");
    c.source("RFC 9162, section 2.1.3.2");
    let input = |index: u64, entry: &str, path: &[Hash], size: u64, root: &Hash| {
        json!({
            "entry": hex(entry), "leaf_index": index, "path": hashes(path),
            "tree_size": size, "root": hex(root),
        })
    };
    let path = |index, size| {
        let proof = tree().inclusion_proof(LeafIndex(index), TreeSize(size)).expect("a proof");
        proof.hashes().to_vec()
    };
    for (index, size) in [(0, 1), (0, 2), (1, 3), (2, 3), (4, 5), (3, 7), (6, 7), (0, 8), (7, 8)] {
        let case = input(index, &entry(index), &path(index, size), size, &root(size));
        let about = format!("Leaf {index} of {size}.");
        c.valid(&format!("valid-{index}-of-{size}"), &about, case, json!({}));
    }
    c.valid(
        "valid-empty-entry",
        "An entry may be empty: its leaf hash is SHA-256(0x00).",
        input(0, "", &[], 1, leaf_hash(b"").as_bytes()),
        json!({}),
    );
    let right = path(3, 7);
    let (mut swapped, mut changed, mut longer) = (right.clone(), right.clone(), right.clone());
    swapped.swap(0, 1);
    changed[1][31] ^= 1;
    longer.push([0; 32]);
    let wrong = |size: u64| {
        let mut root = root(size);
        root[0] ^= 1;
        root
    };
    let base = "valid-3-of-7";
    for (name, error, case, about) in [
        (
            "another-entry",
            "WrongRoot",
            input(3, "leaf 4", &right, 7, &root(7)),
            "The entry is another.",
        ),
        (
            "another-index",
            "WrongRoot",
            input(2, "leaf 3", &right, 7, &root(7)),
            "The leaf index is another.",
        ),
        (
            "another-root",
            "WrongRoot",
            input(3, "leaf 3", &right, 7, &wrong(7)),
            "One bit of the root is another.",
        ),
        (
            "hashes-swapped",
            "WrongRoot",
            input(3, "leaf 3", &swapped, 7, &root(7)),
            "Two hashes are in the wrong order.",
        ),
        (
            "hash-changed",
            "WrongRoot",
            input(3, "leaf 3", &changed, 7, &root(7)),
            "One bit of a hash is another.",
        ),
        (
            "hash-missing",
            "WrongLength",
            input(3, "leaf 3", &right[..2], 7, &root(7)),
            "The last hash is missing.",
        ),
        (
            "hash-left-over",
            "WrongLength",
            input(3, "leaf 3", &longer, 7, &root(7)),
            "There is a hash too many.",
        ),
        (
            "path-empty",
            "WrongLength",
            input(3, "leaf 3", &[], 7, &root(7)),
            "There are no hashes, in a tree of several leaves.",
        ),
        (
            "index-equal-to-size",
            "IndexOutOfRange",
            input(7, "leaf 3", &right, 7, &root(7)),
            "The leaf index is not below the tree size.",
        ),
        (
            "index-beyond-size",
            "IndexOutOfRange",
            input(u64::MAX, "leaf 3", &right, 7, &root(7)),
            "The leaf index is the largest number there is.",
        ),
    ] {
        c.invalid(name, base, error, about, case);
    }
    c.invalid(
        "tree-empty",
        "valid-0-of-1",
        "IndexOutOfRange",
        "A tree of no leaves holds nothing.",
        input(0, "leaf 0", &[], 0, &root(1)),
    );
    // The sibling's hash, taken for an entry, must not be a leaf: leaves and nodes hash apart.
    c.source("RFC 9162, section 2.1.1");
    let two = [path(0, 2)[0], path(1, 2)[0]];
    let node = [two[1], two[0]].concat();
    let mut case = input(0, "", &path(0, 8)[1..], 4, &root(8));
    case["entry"] = json!(hex(node));
    c.invalid(
        "node-for-a-leaf",
        "valid-0-of-8",
        "WrongRoot",
        "A node of the tree is passed off as an entry: leaves are hashed with 0x00 in front, nodes with 0x01.",
        case,
    );
    c
}

/// Proofs that a tree is a prefix of another.
pub fn consistency() -> Cases {
    let mut c = Cases::new("consistency-proof");
    c.source("RFC 9162, section 2.1.4.2");
    let input = |old: (u64, Hash), new: (u64, Hash), proof: &[Hash]| {
        json!({
            "old_size": old.0, "old_root": hex(old.1), "new_size": new.0, "new_root": hex(new.1),
            "proof": hashes(proof),
        })
    };
    let at = |size: u64| (size, root(size));
    let proof = |old, new| {
        let proof = tree().consistency_proof(TreeSize(old), TreeSize(new)).expect("a proof");
        proof.hashes().to_vec()
    };
    for (old, new) in [(1, 2), (1, 8), (3, 7), (4, 8), (6, 8), (7, 8), (5, 5), (1, 1)] {
        let case = input(at(old), at(new), &proof(old, new));
        let about = match old == new {
            true => {
                format!("Between equal sizes ({old}) the proof is empty and the roots are equal.")
            }
            false => format!("From {old} leaves to {new}."),
        };
        c.valid(&format!("valid-{old}-to-{new}"), &about, case, json!({}));
    }
    let right = proof(3, 7);
    let (mut swapped, mut changed, mut longer) = (right.clone(), right.clone(), right.clone());
    swapped.swap(1, 2);
    changed[2][0] ^= 1;
    longer.push([0; 32]);
    let wrong = |size: u64| {
        let mut root = root(size);
        root[0] ^= 1;
        (size, root)
    };
    for (name, base, error, case, about) in [
        (
            "another-old-root",
            "valid-3-to-7",
            "WrongRoot",
            input(wrong(3), at(7), &right),
            "The older root is another.",
        ),
        (
            "another-new-root",
            "valid-3-to-7",
            "WrongRoot",
            input(at(3), wrong(7), &right),
            "The newer root is another.",
        ),
        (
            "hashes-swapped",
            "valid-3-to-7",
            "WrongRoot",
            input(at(3), at(7), &swapped),
            "Two hashes are in the wrong order.",
        ),
        (
            "hash-changed",
            "valid-3-to-7",
            "WrongRoot",
            input(at(3), at(7), &changed),
            "One bit of a hash is another.",
        ),
        (
            "hash-missing",
            "valid-3-to-7",
            "WrongLength",
            input(at(3), at(7), &right[..3]),
            "The last hash is missing.",
        ),
        (
            "hash-left-over",
            "valid-3-to-7",
            "WrongLength",
            input(at(3), at(7), &longer),
            "There is a hash too many.",
        ),
        (
            "proof-empty",
            "valid-3-to-7",
            "WrongLength",
            input(at(3), at(7), &[]),
            "Between different sizes an empty proof proves nothing.",
        ),
        (
            "proof-empty-from-a-perfect-tree",
            "valid-4-to-8",
            "WrongLength",
            input(at(4), at(8), &[]),
            "The older root stands for the first hash, but the others are missing.",
        ),
        (
            "from-size-0",
            "valid-1-to-8",
            "WrongSizes",
            input((0, root(1)), at(8), &proof(1, 8)),
            "No proof begins at an empty tree.",
        ),
        (
            "sizes-reversed",
            "valid-3-to-7",
            "WrongSizes",
            input((8, root(3)), at(7), &right),
            "The older tree is the larger.",
        ),
        (
            "equal-sizes-with-a-proof",
            "valid-5-to-5",
            "WrongLength",
            input(at(5), at(5), &[root(5)]),
            "Between equal sizes a proof must be empty.",
        ),
        (
            "equal-sizes-with-other-roots",
            "valid-5-to-5",
            "WrongRoot",
            input(at(5), wrong(5), &[]),
            "One size with two roots: the log forked.",
        ),
    ] {
        c.invalid(name, base, error, about, case);
    }
    c.source("wire-format.md, logs; transparency-dev/merkle: hashes have 32 bytes");
    let mut case = input(at(3), at(7), &right);
    case["proof"][0] = json!(hex(&right[0][..31]));
    c.invalid("hash-of-31-bytes", "valid-3-to-7", "HashLength", "A hash has 31 bytes.", case);
    c
}
