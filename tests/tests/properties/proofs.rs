//! Proofs over trees of some thousand leaves, against the definitions of RFC 9162, section 2.1, written
//! down once more as they stand there: from the root downwards.

use std::sync::OnceLock;

use carnet_proto::id::{LeafHash, LeafIndex, RootHash, TreeSize, sha256};
use carnet_proto::log::{ConsistencyProof, InclusionProof, Tree, TreeHead};
use proptest::prelude::*;

use crate::cases;

/// Leaves of the largest tree tried.
const MAX_SIZE: usize = 3000;

type Hash = [u8; 32];

/// One long row of leaves, no two alike; a tree is a beginning of it.
fn leaves() -> &'static [Hash] {
    static LEAVES: OnceLock<Vec<Hash>> = OnceLock::new();
    LEAVES.get_or_init(|| (0..MAX_SIZE).map(|n| sha256(&n.to_le_bytes())).collect())
}

/// Our tree over all of them.
fn tree() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| Tree::from_leaves(leaves().iter().copied().map(LeafHash::new)))
}

fn node(left: Hash, right: Hash) -> Hash {
    sha256(&[&[1], left.as_slice(), &right].concat())
}

/// The largest power of two below `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// MTH (section 2.1.1).
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(root(left), root(right))
        }
    }
}

/// PATH (section 2.1.3.1).
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if index < k {
        (path(index, left), root(right))
    } else {
        (path(index - k, right), root(left))
    };
    path.push(sibling);
    path
}

/// SUBPROOF (section 2.1.4.1).
fn subproof(old: usize, leaves: &[Hash], is_known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if is_known { Vec::new() } else { vec![root(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = if old <= k {
        (subproof(old, left, is_known), root(right))
    } else {
        (subproof(old - k, right, false), root(left))
    };
    proof.push(sibling);
    proof
}

/// The root to which a path leads, or nothing if it is too short.
fn root_of_path(index: usize, size: usize, leaf: Hash, path: &mut Vec<Hash>) -> Option<Hash> {
    if size == 1 {
        return Some(leaf);
    }
    let (k, sibling) = (split(size), path.pop()?);
    Some(if index < k {
        node(root_of_path(index, k, leaf, path)?, sibling)
    } else {
        node(sibling, root_of_path(index - k, size - k, leaf, path)?)
    })
}

fn includes(index: usize, leaf: Hash, head: &TreeHead, mut path: Vec<Hash>) -> bool {
    let size = head.size.0 as usize;
    let found = (index < size).then(|| root_of_path(index, size, leaf, &mut path)).flatten();
    path.is_empty() && found == Some(*head.root.as_bytes())
}

/// Both roots to which a proof of consistency leads.
fn roots_of_proof(
    old: usize,
    new: usize,
    known: Option<Hash>,
    proof: &mut Vec<Hash>,
) -> Option<(Hash, Hash)> {
    if old == new {
        let root = match known {
            Some(root) => root,
            None => proof.pop()?,
        };
        return Some((root, root));
    }
    let (k, sibling) = (split(new), proof.pop()?);
    Some(if old <= k {
        let (before, after) = roots_of_proof(old, k, known, proof)?;
        (before, node(after, sibling))
    } else {
        let (before, after) = roots_of_proof(old - k, new - k, None, proof)?;
        (node(sibling, before), node(sibling, after))
    })
}

fn is_consistent(old: &TreeHead, new: &TreeHead, mut proof: Vec<Hash>) -> bool {
    if old.size.0 == 0 || old.size > new.size {
        return false;
    }
    let (before, after) = (*old.root.as_bytes(), *new.root.as_bytes());
    let (m, n) = (old.size.0 as usize, new.size.0 as usize);
    let found = roots_of_proof(m, n, Some(before), &mut proof);
    proof.is_empty() && found == Some((before, after))
}

fn head(size: usize) -> TreeHead {
    TreeHead { size: TreeSize(size as u64), root: RootHash::new(root(&leaves()[..size])) }
}

/// One way to spoil a list of hashes.
fn spoil(hashes: &[Hash], how: u8, at: usize, bit: usize) -> Vec<Hash> {
    let mut hashes = hashes.to_vec();
    let at = at % (hashes.len() + usize::from(how == 1));
    match how {
        0 => hashes[at][bit / 8] ^= 1 << (bit % 8),
        1 => hashes.insert(at, [7; 32]),
        2 => drop(hashes.remove(at)),
        _ => {
            let next = (at + 1) % hashes.len();
            hashes.swap(at, next);
        }
    }
    hashes
}

fn flipped(root: RootHash, bit: usize) -> RootHash {
    let mut bytes = *root.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    RootHash::new(bytes)
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_tree_has_the_root_of_its_definition_at_every_size(size in 0..=MAX_SIZE, old in 0..=MAX_SIZE) {
        let mut tree = tree().clone();
        prop_assert_eq!(tree.root_at(TreeSize(size as u64)), Some(head(size).root));
        tree.truncate(TreeSize(size as u64));
        prop_assert_eq!(tree.head(), head(size));
        prop_assert_eq!(tree.root_at(TreeSize(old as u64)).is_some(), old <= size);
    }

    #[test]
    fn an_inclusion_proof_holds_if_and_only_if_it_is_the_right_one(
        size in 1..=MAX_SIZE, index in any::<usize>(), other in 0..=MAX_SIZE, larger in 1..=2 * MAX_SIZE,
        how in 0..4_u8, at in any::<usize>(), bit in 0..256_usize,
    ) {
        let index = index % size;
        let head = head(size);
        let right = path(index, &leaves()[..size]);
        let place = LeafIndex(index as u64);
        let made = tree().inclusion_proof(place, head.size).unwrap();
        prop_assert_eq!(made.hashes(), right.as_slice());
        let leaf = leaves()[index];
        let holds = |hashes: &[Hash], index: usize, leaf: Hash, head: &TreeHead| {
            let proof = InclusionProof::new(hashes.to_vec()).unwrap();
            let holds = proof.verify(LeafIndex(index as u64), LeafHash::new(leaf), head).is_ok();
            assert_eq!(holds, includes(index, leaf, head, hashes.to_vec()), "{index} {head:?}");
            holds
        };
        prop_assert!(holds(&right, index, leaf, &head));
        prop_assert_eq!(holds(&right, other, leaf, &head), other == index);
        prop_assert_eq!(holds(&right, index, leaves()[other % size], &head), other % size == index);
        let wrong = TreeHead { root: flipped(head.root, bit), ..head };
        prop_assert!(!holds(&right, index, leaf, &wrong));
        // A root says nothing of the size, so a path of the same form leads there from another size
        // too: both must agree on when it does, and a tree of that size has another root.
        holds(&right, index, leaf, &TreeHead { size: TreeSize(larger as u64), ..head });
        if other >= 1 && other != size {
            prop_assert!(!holds(&right, index, leaf, &self::head(other)));
        }
        if !right.is_empty() || how == 1 {
            let spoilt = spoil(&right, how, at, bit);
            prop_assert_eq!(holds(&spoilt, index, leaf, &head), spoilt == right);
        }
    }

    #[test]
    fn a_consistency_proof_holds_if_and_only_if_it_is_the_right_one(
        new in 1..=MAX_SIZE, old in any::<usize>(), other in 0..=MAX_SIZE,
        how in 0..4_u8, at in any::<usize>(), bit in 0..256_usize,
    ) {
        let old = old % new + 1;
        let (before, after) = (head(old), head(new));
        let right = subproof(old, &leaves()[..new], true);
        let made = tree().consistency_proof(before.size, after.size).unwrap();
        prop_assert_eq!(made.hashes(), right.as_slice());
        let holds = |hashes: &[Hash], old: &TreeHead, new: &TreeHead| {
            let proof = ConsistencyProof::new(hashes.to_vec()).unwrap();
            let holds = proof.verify(old, new).is_ok();
            assert_eq!(holds, is_consistent(old, new, hashes.to_vec()), "{old:?} {new:?}");
            holds
        };
        prop_assert!(holds(&right, &before, &after));
        prop_assert_eq!(holds(&right, &after, &before), old == new);
        let wrong = |head: TreeHead| TreeHead { root: flipped(head.root, bit), ..head };
        prop_assert!(!holds(&right, &wrong(before), &after));
        prop_assert!(!holds(&right, &before, &wrong(after)));
        // Sizes alone: judged alike. Sizes with their roots: never taken for the right ones.
        let sized = |head: TreeHead| TreeHead { size: TreeSize(other as u64), ..head };
        holds(&right, &sized(before), &after);
        holds(&right, &before, &sized(after));
        if other != old {
            prop_assert!(!holds(&right, &head(other), &after));
        }
        if other != new {
            prop_assert!(!holds(&right, &before, &head(other)));
        }
        if !right.is_empty() || how == 1 {
            let spoilt = spoil(&right, how, at, bit);
            prop_assert_eq!(holds(&spoilt, &before, &after), spoilt == right);
        }
    }
}
