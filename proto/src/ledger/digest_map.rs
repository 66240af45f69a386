//! A map from hashes whose copies share what they have in common.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::slice;

use crate::id::{Digest, RootHash};

/// What a [`DigestMap`] is keyed by: SHA-256 of something, so that keys spread by themselves. Whoever
/// makes them share their beginnings gains a level for every 4 bits found, 64 levels at most.
pub trait Hashed: Copy + Ord {
    /// Returns the hash.
    fn hash(&self) -> &[u8; 32];
}

impl Hashed for Digest {
    fn hash(&self) -> &[u8; 32] {
        self.as_bytes()
    }
}

impl Hashed for RootHash {
    fn hash(&self) -> &[u8; 32] {
        self.as_bytes()
    }
}

/// Children of a branch: one for every half byte of a key.
const WIDTH: usize = 16;

/// A map in the order of its keys. A clone takes one step, whatever the size; a change of a map that
/// shares its nodes copies the branches above one key.
#[derive(Clone, Debug)]
pub struct DigestMap<K, V> {
    root: Slot<K, V>,
    len: usize,
}

#[derive(Clone, Debug)]
enum Slot<K, V> {
    Empty,
    /// The only key that begins as the way to here.
    Leaf(Arc<(K, V)>),
    Branch(Arc<[Self; WIDTH]>),
}

impl<K: Hashed, V: Clone> DigestMap<K, V> {
    /// Makes an empty map.
    pub fn new() -> Self {
        Self { root: Slot::Empty, len: 0 }
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let mut slot = &self.root;
        let mut depth = 0;
        loop {
            match slot {
                Slot::Empty => return None,
                Slot::Leaf(leaf) => return (leaf.0 == *key).then_some(&leaf.1),
                Slot::Branch(children) => slot = children.get(nibble(key, depth))?,
            }
            depth += 1;
        }
    }

    /// Returns whether a key is there.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Sets the value of a key; returns the one before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let mut slot = &mut self.root;
        let mut depth = 0;
        loop {
            if let Slot::Leaf(leaf) = slot
                && leaf.0 != key
            {
                let mut children = [const { Slot::Empty }; WIDTH];
                if let Some(child) = children.get_mut(nibble(&leaf.0, depth)) {
                    *child = Slot::Leaf(Arc::clone(leaf));
                }
                *slot = Slot::Branch(Arc::new(children));
            }
            match slot {
                Slot::Empty => {
                    *slot = Slot::Leaf(Arc::new((key, value)));
                    self.len += 1;
                    return None;
                }
                Slot::Leaf(leaf) => {
                    return Some(core::mem::replace(&mut Arc::make_mut(leaf).1, value));
                }
                Slot::Branch(children) => {
                    slot = Arc::make_mut(children).get_mut(nibble(&key, depth))?;
                }
            }
            depth += 1;
        }
    }

    /// Returns the value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        // What is not there must not cost a copy.
        if !self.contains_key(key) {
            return None;
        }
        let mut slot = &mut self.root;
        let mut depth = 0;
        loop {
            match slot {
                Slot::Empty => return None,
                Slot::Leaf(leaf) => return Some(&mut Arc::make_mut(leaf).1),
                Slot::Branch(children) => {
                    slot = Arc::make_mut(children).get_mut(nibble(key, depth))?;
                }
            }
            depth += 1;
        }
    }

    /// Returns keys and values, in the order of the keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { stack: Vec::from([slice::from_ref(&self.root).iter()]) }
    }

    /// Returns the keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// Returns the values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Hashed, V: Clone> Default for DigestMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'m, K: Hashed, V: Clone> IntoIterator for &'m DigestMap<K, V> {
    type Item = (&'m K, &'m V);
    type IntoIter = Iter<'m, K, V>;

    fn into_iter(self) -> Iter<'m, K, V> {
        self.iter()
    }
}

/// Iterator of [`DigestMap::iter`].
#[derive(Debug)]
pub struct Iter<'m, K, V> {
    /// What is left of each branch on the way down.
    stack: Vec<slice::Iter<'m, Slot<K, V>>>,
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { stack: self.stack.clone() }
    }
}

impl<'m, K, V> Iterator for Iter<'m, K, V> {
    type Item = (&'m K, &'m V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.stack.last_mut()?.next() {
                None => {
                    self.stack.pop();
                }
                Some(Slot::Empty) => {}
                Some(Slot::Leaf(leaf)) => return Some((&leaf.0, &leaf.1)),
                Some(Slot::Branch(children)) => self.stack.push(children.iter()),
            }
        }
    }
}

/// Returns half a byte of a key; two keys that are not equal differ in one of the first 64.
fn nibble<K: Hashed>(key: &K, depth: usize) -> usize {
    let byte = key.hash().get(depth / 2).copied().unwrap_or_default();
    usize::from(if depth.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::test_support::SeededRng;

    /// A digest; many begin alike, some to the last half byte.
    fn digest(rng: &mut SeededRng) -> Digest {
        let mut bytes = [0; 32];
        let at = [0, 1, 2, 30, 31][rng.below(5)];
        bytes[at] = rng.below(256) as u8;
        bytes[31] ^= rng.below(256) as u8;
        Digest::new(bytes)
    }

    fn addresses<K, V>(slot: &Slot<K, V>, found: &mut Vec<usize>) {
        match slot {
            Slot::Empty => {}
            Slot::Leaf(leaf) => found.push(Arc::as_ptr(leaf).addr()),
            Slot::Branch(children) => {
                found.push(Arc::as_ptr(children).addr());
                children.iter().for_each(|child| addresses(child, found));
            }
        }
    }

    #[test]
    fn it_holds_what_a_sorted_map_would_and_copies_stay_as_they_were() {
        let mut rng = SeededRng(2);
        let mut map = DigestMap::new();
        let mut expected = BTreeMap::new();
        let mut copies = Vec::new();
        for step in 0..5000 {
            let key = digest(&mut rng);
            match rng.below(100) {
                0 => copies.push((map.clone(), expected.clone())),
                1..30 => {
                    let (here, there) = (map.get_mut(&key), expected.get_mut(&key));
                    assert_eq!(here, there);
                    for value in here.into_iter().chain(there) {
                        *value = step;
                    }
                }
                _ => assert_eq!(map.insert(key, step), expected.insert(key, step)),
            }
            let key = digest(&mut rng);
            assert_eq!(map.get(&key), expected.get(&key));
        }
        copies.push((map, expected));
        for (map, expected) in copies {
            assert_eq!(map.len(), expected.len());
            assert!(map.iter().eq(expected.iter()));
        }
    }

    #[test]
    fn a_change_copies_the_branches_above_one_key() {
        let mut map = DigestMap::new();
        for n in 0..50_000u32 {
            map.insert(Digest::of(&n.to_be_bytes()), n);
        }
        let before = map.clone();
        *map.get_mut(&Digest::of(&7u32.to_be_bytes())).unwrap() = 8;
        map.insert(Digest::of(b"one more"), 9);
        assert!(map.get_mut(&Digest::of(b"not there")).is_none());
        let (mut here, mut there) = (Vec::new(), Vec::new());
        addresses(&map.root, &mut here);
        addresses(&before.root, &mut there);
        there.sort_unstable();
        let copied = here.iter().filter(|node| there.binary_search(node).is_err()).count();
        assert!(copied <= 2 * 8, "{copied} of {}", here.len());
        assert_eq!((before.len(), map.len()), (50_000, 50_001));
    }
}
