//! Sees what leaves and enters a node, before encryption.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Whether a message left or came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Direction {
    /// From us.
    Sent = 0,
    /// To us.
    Received = 1,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A request of `/carnet/sync/1`.
    Request = 0,
    /// A response of `/carnet/sync/1`.
    Response = 1,
    /// A gossip message.
    Gossip = 2,
}

/// Sees the plaintext of every sync request, sync response and gossip message.
///
/// It is called from the network task and has to be quick. A gossip message counts once when it
/// first comes and once when it is published; forwarding it unchanged is not reported again.
pub trait Tap: Send + Sync {
    /// Takes note of one message.
    fn message(&self, direction: Direction, kind: Kind, bytes: &[u8]);
}

/// A tap that appends every message to a file:
///
/// ```text
/// transcript = *record
/// record     = direction kind length bytes   ; 1, 1 and 4 bytes (big endian), then the message
/// ```
#[derive(Debug)]
pub struct FileTap {
    // None once a write failed: a transcript with a hole would be taken for a whole one.
    file: Mutex<Option<BufWriter<File>>>,
}

impl FileTap {
    /// Opens or creates the transcript at `path` and appends to it.
    ///
    /// # Errors
    /// Whatever the system says about opening the file.
    pub fn append(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file: Mutex::new(Some(BufWriter::new(file))) })
    }
}

impl Tap for FileTap {
    fn message(&self, direction: Direction, kind: Kind, bytes: &[u8]) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = file.as_mut() else { return };
        if let Err(error) = write_record(writer, direction, kind, bytes) {
            tracing::error!(%error, "cannot write the transcript; it ends here");
            *file = None;
        }
    }
}

fn write_record(
    writer: &mut impl Write,
    direction: Direction,
    kind: Kind,
    bytes: &[u8],
) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    writer.write_all(&[direction as u8, kind as u8])?;
    writer.write_all(&length.to_be_bytes())?;
    writer.write_all(bytes)?;
    writer.flush()
}

/// One message of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whether it left or came.
    pub direction: Direction,
    /// What it is.
    pub kind: Kind,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Reads back what a [`FileTap`] wrote.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if a record is cut short or of an unknown kind.
pub fn read_transcript(mut bytes: &[u8]) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (record, rest) = split_record(bytes).ok_or(io::ErrorKind::InvalidData)?;
        records.push(record);
        bytes = rest;
    }
    Ok(records)
}

fn split_record(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let ([direction, kind, length @ ..], rest) = bytes.split_first_chunk::<6>()?;
    let direction = match direction {
        0 => Direction::Sent,
        1 => Direction::Received,
        _ => return None,
    };
    let kind = match kind {
        0 => Kind::Request,
        1 => Kind::Response,
        2 => Kind::Gossip,
        _ => return None,
    };
    let (message, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    Some((Record { direction, kind, bytes: message.to_vec() }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transcript_is_read_back_and_appended_to() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("transcript");
        for _ in 0..2 {
            let tap = FileTap::append(&path).unwrap();
            tap.message(Direction::Sent, Kind::Request, b"ask");
            tap.message(Direction::Received, Kind::Gossip, b"");
        }
        let bytes = std::fs::read(&path).unwrap();
        let records = read_transcript(&bytes).unwrap();
        assert_eq!(records.len(), 4);
        assert_eq!(records[2].bytes, b"ask");
        assert_eq!((records[3].direction, records[3].kind), (Direction::Received, Kind::Gossip));
        assert!(read_transcript(&bytes[..bytes.len() - 7]).is_err());
    }
}
