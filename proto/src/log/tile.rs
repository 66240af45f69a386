//! Tiles: the tree in pieces of at most 256 hashes that any cache can keep (c2sp.org/tlog-tiles).
//!
//! The tile `index` at `level` holds, for i from 0 to its width, the root over the 256^level leaves
//! from (256 * index + i) * 256^level on. A tile of width 256 is full and never changes; a narrower
//! one is what a tree of some size has at its right edge.

use alloc::vec::Vec;
use core::fmt;

use super::merkle::{Hash, Tree};
use crate::id::TreeSize;

/// Hashes of a full tile.
pub const TILE_WIDTH: u16 = 256;
/// Levels of the tree that one level of tiles spans.
const TILE_HEIGHT: u32 = 8;
/// Highest level that a path can name. No log of fewer than 2^64 leaves has one above 7.
pub const MAX_TILE_LEVEL: u8 = 63;
/// Most bytes of a path: seven groups of an index, a level and a width.
pub const MAX_TILE_PATH_BYTES: usize = 64;

/// Why a text is not the path of a tile, or bytes are not a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// Not the one form of a path.
    #[error("not the path of a tile or entry bundle, such as tile/0/x001/x234/067.p/8")]
    Path,
    /// Above [`MAX_TILE_LEVEL`].
    #[error("the level of a tile is 0 to {MAX_TILE_LEVEL}")]
    Level,
    /// Not 1 to [`TILE_WIDTH`].
    #[error("a tile holds 1 to {TILE_WIDTH} hashes")]
    Width,
    /// Another number of bytes than the width calls for.
    #[error("a tile of this width has {expected} bytes, this one has {found}")]
    Length {
        /// 32 times the width.
        expected: usize,
        /// The bytes there are.
        found: usize,
    },
}

/// What is served in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileKind {
    /// Hashes of a level, counted in steps of 256 from the leaves at 0.
    Hashes(u8),
    /// Entries, in the places of the leaves.
    Entries,
}

/// Which tile or entry bundle: what stands behind the prefix of a log in its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl TilePath {
    /// Names a tile or bundle of `width` hashes or entries.
    ///
    /// # Errors
    /// [`TileError::Level`], [`TileError::Width`].
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, TileError> {
        if matches!(kind, TileKind::Hashes(level) if level > MAX_TILE_LEVEL) {
            return Err(TileError::Level);
        }
        if !(1..=TILE_WIDTH).contains(&width) {
            return Err(TileError::Width);
        }
        Ok(Self { kind, index, width })
    }

    /// Reads `tile/<level>/<index>[.p/<width>]` or `tile/entries/<index>[.p/<width>]`. The index is
    /// written in groups of three digits, all but the last behind an `x`. There is one form only.
    ///
    /// # Errors
    /// [`TileError::Path`], [`TileError::Level`], [`TileError::Width`].
    pub fn parse(path: &str) -> Result<Self, TileError> {
        if path.len() > MAX_TILE_PATH_BYTES {
            return Err(TileError::Path);
        }
        let rest = path.strip_prefix("tile/").ok_or(TileError::Path)?;
        let (kind, rest) = rest.split_once('/').ok_or(TileError::Path)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(level.parse().map_err(|_| TileError::Path)?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().map_err(|_| TileError::Path)?),
            None => (rest, TILE_WIDTH),
        };
        let mut index: u64 = 0;
        for group in groups.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            let number: u64 = digits.parse().map_err(|_| TileError::Path)?;
            let next = index.checked_mul(1000).and_then(|index| index.checked_add(number));
            index = next.ok_or(TileError::Path)?;
        }
        let parsed = Self::new(kind, index, width)?;
        // Signs, zeros too many or too few, a group without its `x`, a full tile with its width.
        if alloc::format!("{parsed}") == path { Ok(parsed) } else { Err(TileError::Path) }
    }

    /// Returns the tiles of hashes, at every level, that a tree of this size has; those at its right
    /// edge as wide as it is.
    pub fn tiles(size: TreeSize) -> impl Iterator<Item = Self> {
        let levels = (0..8u8).take_while(move |level| nodes(*level, size) > 0);
        levels.flat_map(move |level| Self::cover(TileKind::Hashes(level), nodes(level, size)))
    }

    /// Returns the entry bundles that a log of this size has.
    pub fn bundles(size: TreeSize) -> impl Iterator<Item = Self> {
        Self::cover(TileKind::Entries, size.0)
    }

    fn cover(kind: TileKind, count: u64) -> impl Iterator<Item = Self> {
        (0..count.div_ceil(TILE_WIDTH.into())).map(move |index| {
            let width = (count - index * u64::from(TILE_WIDTH)).min(TILE_WIDTH.into());
            Self { kind, index, width: u16::try_from(width).unwrap_or(TILE_WIDTH) }
        })
    }

    /// Returns whether it is hashes or entries.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Returns its place in its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Returns the number of its hashes or entries, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Returns whether it is as wide as a tile can be.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Returns the first of its hashes, or entries, in its level.
    pub fn first(&self) -> u64 {
        self.index.saturating_mul(TILE_WIDTH.into())
    }

    /// Returns whether a tree of this size has it; of a partial one, whether that tree or a smaller
    /// one has.
    pub fn is_in(&self, size: TreeSize) -> bool {
        let level = match self.kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries => 0,
        };
        let end = self.first().checked_add(self.width.into());
        end.is_some_and(|end| end <= nodes(level, size))
    }

    /// Returns the bytes of a tile of hashes as a tree of this size has it; `None` for an entry
    /// bundle, or if that tree does not have it.
    pub fn hashes(&self, tree: &Tree, size: TreeSize) -> Option<Vec<u8>> {
        let TileKind::Hashes(level) = self.kind else { return None };
        if size > tree.size() || !self.is_in(size) {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::from(self.width) * 32);
        for index in (self.first()..).take(self.width.into()) {
            bytes.extend_from_slice(&tree.perfect(TILE_HEIGHT * u32::from(level), index)?);
        }
        Some(bytes)
    }

    /// Splits the bytes of this tile into its hashes.
    ///
    /// # Errors
    /// [`TileError::Length`].
    pub fn split(&self, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
        let expected = usize::from(self.width) * 32;
        match bytes.as_chunks::<32>() {
            (hashes, []) if bytes.len() == expected => Ok(hashes.to_vec()),
            _ => Err(TileError::Length { expected, found: bytes.len() }),
        }
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/")?;
        match self.kind {
            TileKind::Hashes(level) => write!(f, "{level}/")?,
            TileKind::Entries => f.write_str("entries/")?,
        }
        let mut groups = alloc::format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups = alloc::format!("x{:03}/{groups}", rest % 1000);
            rest /= 1000;
        }
        f.write_str(&groups)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Returns how many hashes a level of tiles has in a tree of this size.
fn nodes(level: u8, size: TreeSize) -> u64 {
    size.0.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::super::merkle::leaf_hash;
    use super::*;

    fn tree(size: u64) -> Tree {
        Tree::from_leaves((0..size).map(|n| leaf_hash(&n.to_be_bytes())))
    }

    #[test]
    fn a_path_has_one_form() {
        for path in [
            "tile/0/000",
            "tile/0/000.p/1",
            "tile/3/999.p/255",
            "tile/entries/x001/x234/067",
            "tile/63/x001/000.p/12",
            "tile/entries/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(TilePath::parse(path).unwrap().to_string(), path);
        }
        let parsed = TilePath::parse("tile/entries/x001/x234/067.p/8").unwrap();
        assert_eq!((parsed.kind(), parsed.index()), (TileKind::Entries, 1_234_067));
        assert_eq!((parsed.width(), parsed.is_full()), (8, false));
        for path in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000",
            "tile/0/x000/067",
            "tile/0/001/067",
            "tile/0/x001/x067",
            "tile/0/+01",
            "tile/00/000",
            "tile/+0/000",
            "tile/0/000/",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/01",
            "tile/0/000.p/+1",
            "tile/0/000.p/256",
            "tile/0/000.p/1/2",
            "tile/Entries/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "/tile/0/000",
            "tile/0/000 ",
            "tile/entries/x001/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(TilePath::parse(path), Err(TileError::Path), "{path}");
        }
        assert_eq!(TilePath::parse("tile/64/000"), Err(TileError::Level));
        assert_eq!(TilePath::parse("tile/0/000.p/0"), Err(TileError::Width));
        assert_eq!(TilePath::parse("tile/0/000.p/257"), Err(TileError::Width));
    }

    #[test]
    fn a_tree_of_70000_has_the_tiles_that_the_specification_counts() {
        let all: Vec<_> = TilePath::tiles(TreeSize(70_000)).collect();
        let count = |level, full| {
            let wanted = |t: &&TilePath| t.kind() == TileKind::Hashes(level) && t.is_full() == full;
            all.iter().filter(wanted).count()
        };
        assert_eq!((count(0, true), count(0, false)), (273, 1));
        assert_eq!((count(1, true), count(1, false)), (1, 1));
        assert_eq!((count(2, true), count(2, false)), (0, 1));
        let partial = all.iter().filter(|t| !t.is_full()).map(ToString::to_string);
        let partial: Vec<_> = partial.collect();
        assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        let of_256: Vec<_> = TilePath::tiles(TreeSize(256)).map(|t| t.to_string()).collect();
        assert_eq!(of_256, ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(TilePath::tiles(TreeSize(0)).count(), 0);
        assert!(TilePath::tiles(TreeSize(u64::MAX)).take(3).all(|t| t.is_in(TreeSize(u64::MAX))));
    }

    #[test]
    fn a_tile_is_there_as_soon_as_a_tree_has_it_and_stays() {
        let path = |text| TilePath::parse(text).unwrap();
        for (text, from) in [
            ("tile/0/000.p/3", 3),
            ("tile/0/000", 256),
            ("tile/0/001.p/1", 257),
            ("tile/1/000.p/2", 512),
            ("tile/entries/001.p/8", 264),
            ("tile/2/000.p/1", 65_536),
        ] {
            assert!(!path(text).is_in(TreeSize(from - 1)), "{text}");
            assert!(path(text).is_in(TreeSize(from)) && path(text).is_in(TreeSize(from + 500)));
        }
        assert!(!path("tile/8/000.p/1").is_in(TreeSize(u64::MAX)));
        assert!(!path("tile/63/000").is_in(TreeSize(u64::MAX)));
    }

    #[test]
    fn each_level_holds_the_roots_of_the_full_tiles_below() {
        let all = tree(1000);
        let size = TreeSize(1000);
        for path in TilePath::tiles(size) {
            let TileKind::Hashes(level) = path.kind() else { panic!("of hashes") };
            let bytes = path.hashes(&all, size).unwrap();
            for (at, hash) in (path.first()..).zip(path.split(&bytes).unwrap()) {
                let leaves = 1 << (8 * u32::from(level));
                let below = (at * leaves..(at + 1) * leaves).map(|n| leaf_hash(&n.to_be_bytes()));
                assert_eq!(*Tree::from_leaves(below).head().root.as_bytes(), hash, "{path} {at}");
            }
            assert!(path.split(&bytes[1..]).is_err());
        }
        // What is beyond the published size is not served, though the tree has it.
        let edge = TilePath::parse("tile/0/003.p/232").unwrap();
        assert!(edge.hashes(&all, size).is_some() && edge.hashes(&all, TreeSize(999)).is_none());
        assert!(edge.hashes(&all, TreeSize(1001)).is_none());
    }
}
