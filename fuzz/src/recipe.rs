//! Input read as instructions. It never runs dry: what is missing reads as zero, so that every input
//! is a recipe and a shorter one means less.
//!
//! It is written out here, and not a derive, because the meaning of a committed corpus must not
//! change with the version of a crate.

/// Reads instructions from the front of the input.
pub struct Recipe<'d>(&'d [u8]);

impl<'d> Recipe<'d> {
    pub fn new(data: &'d [u8]) -> Self {
        Self(data)
    }

    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// Chooses an index below `count`; 0 if there is nothing to choose from.
    pub fn index(&mut self, count: usize) -> usize {
        let chosen = if count > 256 { usize::from(self.word()) } else { usize::from(self.byte()) };
        chosen % count.max(1)
    }

    /// Takes up to `most` bytes, as many as the next word says.
    pub fn piece(&mut self, most: usize) -> &'d [u8] {
        let length = usize::from(self.word()).min(most).min(self.0.len());
        let (piece, rest) = self.0.split_at(length);
        self.0 = rest;
        piece
    }

    /// Changes bytes: flips bits of one, cuts, or puts others in. Returns whether anything changed.
    pub fn tamper(&mut self, bytes: &mut Vec<u8>) -> bool {
        let before = bytes.clone();
        let at = self.index(bytes.len());
        match self.byte() % 4 {
            0 | 1 => {
                let bits = self.byte();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
            }
            2 => bytes.truncate(at),
            _ => {
                let piece = self.piece(64).to_vec();
                let end = bytes.len().min(at + usize::from(self.byte()));
                bytes.splice(at.min(end)..end, piece);
            }
        }
        *bytes != before
    }
}
