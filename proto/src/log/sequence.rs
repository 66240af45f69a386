//! A list whose copies share what they have in common.

use alloc::sync::Arc;
use alloc::vec::Vec;

/// Bits of an index that one level of nodes tells apart.
const BITS: u32 = 4;
/// Most children, or elements, of a node.
const WIDTH: usize = 1 << BITS;

/// A list of elements by index. A clone takes one step, whatever the length; a change of a list that
/// shares its nodes copies one node of [`WIDTH`] on each of its levels.
#[derive(Clone, Debug)]
pub(crate) struct Sequence<T> {
    root: Arc<Node<T>>,
    /// Levels of nodes above the elements' own.
    depth: u32,
    len: usize,
}

#[derive(Clone, Debug)]
enum Node<T> {
    /// Full but for the last.
    Leaf(Vec<T>),
    Branch(Vec<Arc<Node<T>>>),
}

impl<T: Clone> Sequence<T> {
    /// Makes an empty list.
    pub(crate) fn new() -> Self {
        Self { root: Arc::new(Node::Leaf(Vec::new())), depth: 0, len: 0 }
    }

    /// Returns the number of elements.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns an element.
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        if index >= self.len {
            return None;
        }
        let mut node = &*self.root;
        let mut depth = self.depth;
        loop {
            let slot = slot(index, depth);
            match node {
                Node::Leaf(items) => return items.get(slot),
                Node::Branch(children) => node = children.get(slot)?,
            }
            depth = depth.saturating_sub(1);
        }
    }

    /// Returns the elements in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len).filter_map(|index| self.get(index))
    }

    /// Appends an element.
    pub(crate) fn push(&mut self, value: T) {
        if self.len == WIDTH << (BITS * self.depth) {
            self.root = Arc::new(Node::Branch(Vec::from([Arc::clone(&self.root)])));
            self.depth += 1;
        }
        Node::push(&mut self.root, self.depth, self.len, value);
        self.len += 1;
    }

    /// Replaces an element; returns whether there was one.
    pub(crate) fn set(&mut self, index: usize, value: T) -> bool {
        if index >= self.len {
            return false;
        }
        let mut node = &mut self.root;
        let mut depth = self.depth;
        loop {
            let slot = slot(index, depth);
            match Arc::make_mut(node) {
                Node::Leaf(items) => {
                    let found = items.get_mut(slot);
                    return found.map(|item| *item = value).is_some();
                }
                Node::Branch(children) => match children.get_mut(slot) {
                    Some(child) => node = child,
                    None => return false,
                },
            }
            depth = depth.saturating_sub(1);
        }
    }

    /// Forgets the elements from `len` on.
    pub(crate) fn truncate(&mut self, len: usize) {
        if len == 0 {
            *self = Self::new();
        } else if len < self.len {
            Node::truncate(&mut self.root, self.depth, len - 1);
            self.len = len;
        }
    }
}

impl<T: Clone> Default for Sequence<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> Node<T> {
    fn push(node: &mut Arc<Self>, depth: u32, index: usize, value: T) {
        match Arc::make_mut(node) {
            Node::Leaf(items) => {
                items.reserve_exact(WIDTH.saturating_sub(items.len()));
                items.push(value);
            }
            Node::Branch(children) => {
                let slot = slot(index, depth);
                if children.len() == slot {
                    children.reserve_exact(WIDTH.saturating_sub(slot));
                    children.push(Arc::new(match depth {
                        1 => Node::Leaf(Vec::new()),
                        _ => Node::Branch(Vec::new()),
                    }));
                }
                if let Some(child) = children.get_mut(slot) {
                    Self::push(child, depth - 1, index, value);
                }
            }
        }
    }

    fn truncate(node: &mut Arc<Self>, depth: u32, last: usize) {
        let slot = slot(last, depth);
        match Arc::make_mut(node) {
            Node::Leaf(items) => items.truncate(slot + 1),
            Node::Branch(children) => {
                children.truncate(slot + 1);
                if let Some(child) = children.last_mut() {
                    Self::truncate(child, depth - 1, last);
                }
            }
        }
    }
}

fn slot(index: usize, depth: u32) -> usize {
    (index >> (BITS * depth)) % WIDTH
}

#[cfg(test)]
impl<T> Sequence<T> {
    /// Counts the nodes that `self` does not share with an older copy.
    pub(crate) fn nodes_unlike(&self, older: &Self) -> usize {
        fn addresses<T>(node: &Arc<Node<T>>, found: &mut Vec<*const Node<T>>) {
            found.push(Arc::as_ptr(node));
            if let Node::Branch(children) = &**node {
                children.iter().for_each(|child| addresses(child, found));
            }
        }
        let (mut here, mut there) = (Vec::new(), Vec::new());
        addresses(&self.root, &mut here);
        addresses(&older.root, &mut there);
        there.sort_unstable();
        here.iter().filter(|node| there.binary_search(node).is_err()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::SeededRng;

    fn items(sequence: &Sequence<u32>) -> Vec<u32> {
        (0..sequence.len()).map(|index| *sequence.get(index).unwrap()).collect()
    }

    #[test]
    fn it_holds_what_a_vector_would_and_copies_stay_as_they_were() {
        let mut random = SeededRng(1);
        let mut sequence = Sequence::new();
        let mut expected = Vec::new();
        let mut copies = Vec::new();
        for step in 0..6000 {
            match random.below(100) {
                0 => {
                    let len = random.below(expected.len() + 2);
                    sequence.truncate(len);
                    expected.truncate(len);
                }
                1..20 => {
                    let index = random.below(expected.len() + 2);
                    assert_eq!(sequence.set(index, step), index < expected.len());
                    if let Some(item) = expected.get_mut(index) {
                        *item = step;
                    }
                }
                20..22 => copies.push((sequence.clone(), expected.clone())),
                _ => {
                    sequence.push(step);
                    expected.push(step);
                }
            }
            assert_eq!(sequence.len(), expected.len());
            assert_eq!(sequence.get(expected.len()), None);
        }
        copies.push((sequence, expected));
        assert!(copies.len() > 50);
        for (sequence, expected) in copies {
            assert_eq!(items(&sequence), expected);
        }
    }

    #[test]
    fn a_change_copies_a_node_a_level() {
        let mut sequence = Sequence::new();
        (0..100_000).for_each(|n| sequence.push(n));
        let before = sequence.clone();
        assert_eq!(sequence.nodes_unlike(&before), 0);
        assert!(sequence.set(54_321, 0));
        sequence.push(1);
        sequence.truncate(90_000);
        // Five levels, changed in three places.
        assert!(sequence.nodes_unlike(&before) <= 15);
        assert_eq!((before.len(), before.get(54_321)), (100_000, Some(&54_321)));
    }
}
