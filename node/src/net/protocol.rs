//! The wire form of `/carnet/sync/1`: one request and one response per stream, each
//!
//! ```text
//! message = length bytes    ; length: 4 bytes, big endian, at most MAX_MESSAGE_BYTES
//! ```
//!
//! A stream that is closed in place of a response means that the request was refused.

use std::io;
use std::sync::Arc;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Name of the protocol.
pub(super) const SYNC_PROTOCOL: StreamProtocol = StreamProtocol::new("/carnet/sync/1");

/// What is set aside at once for a message; the rest grows as its bytes come in, so that an
/// announced length costs nothing.
const FIRST_ALLOCATION_BYTES: usize = 16 << 10;

/// Why a message was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It announced more than the limit.
    TooLarge { bytes: usize },
    /// Too many requests are open.
    Busy,
}

/// A message, or why it was not read. libp2p tells us the sender of the second kind only if it
/// comes as a value, not as an error.
pub(super) type Received = Result<Vec<u8>, Unread>;

/// Reads and writes messages. A clone serves one stream, and holds one of the places for open
/// requests until that stream is done.
#[derive(Debug)]
pub(super) struct SyncCodec {
    max_bytes: usize,
    places: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
}

impl SyncCodec {
    /// `places` requests may be open at once, over all peers.
    pub(super) fn new(max_bytes: usize, places: usize) -> Self {
        Self { max_bytes, places: Arc::new(Semaphore::new(places)), place: None }
    }
}

impl Clone for SyncCodec {
    fn clone(&self) -> Self {
        Self { max_bytes: self.max_bytes, places: Arc::clone(&self.places), place: None }
    }
}

impl Codec for SyncCodec {
    type Protocol = StreamProtocol;
    type Request = Received;
    type Response = Received;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Received>
    where
        T: AsyncRead + Unpin + Send,
    {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => self.place = Some(place),
            Err(_) => return Ok(Err(Unread::Busy)),
        }
        read_message(io, self.max_bytes).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Received>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_message(io, self.max_bytes).await
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Received,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_message(io, request, self.max_bytes).await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Received,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_message(io, response, self.max_bytes).await
    }
}

async fn read_message<T>(io: &mut T, max_bytes: usize) -> io::Result<Received>
where
    T: AsyncRead + Unpin + Send,
{
    let mut length = [0; 4];
    io.read_exact(&mut length).await?;
    let length = u32::from_be_bytes(length);
    let bytes = length as usize;
    if bytes > max_bytes {
        return Ok(Err(Unread::TooLarge { bytes }));
    }
    let mut message = Vec::with_capacity(bytes.min(FIRST_ALLOCATION_BYTES));
    io.take(u64::from(length)).read_to_end(&mut message).await?;
    if message.len() < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Ok(message))
}

async fn write_message<T>(io: &mut T, message: Received, max_bytes: usize) -> io::Result<()>
where
    T: AsyncWrite + Unpin + Send,
{
    let message = message.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let length = u32::try_from(message.len()).map_err(io::Error::other)?;
    if message.len() > max_bytes {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    io.write_all(&length.to_be_bytes()).await?;
    io.write_all(&message).await?;
    io.flush().await
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::io::Cursor;

    use super::*;

    fn read(bytes: &[u8], max_bytes: usize) -> io::Result<Received> {
        block_on(read_message(&mut Cursor::new(bytes), max_bytes))
    }

    #[test]
    fn message_is_read_as_written() {
        let mut wire = Vec::new();
        block_on(write_message(&mut wire, Ok(b"abc".to_vec()), 3)).unwrap();
        assert_eq!(wire, b"\0\0\0\x03abc");
        assert_eq!(read(&wire, 3).unwrap(), Ok(b"abc".to_vec()));
        assert_eq!(read(b"\0\0\0\0", 3).unwrap(), Ok(Vec::new()));
    }

    #[test]
    fn length_over_the_limit_is_refused_before_the_bytes() {
        let announced = read(b"\xff\xff\xff\xff", 3).unwrap();
        assert_eq!(announced, Err(Unread::TooLarge { bytes: 0xffff_ffff }));
        assert!(block_on(write_message(&mut Vec::new(), Ok(vec![0; 4]), 3)).is_err());
    }

    #[test]
    fn message_cut_short_is_an_error() {
        for wire in [&b""[..], b"\0\0\0", b"\0\0\0\x03ab"] {
            assert_eq!(read(wire, 3).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn open_requests_of_all_peers_share_the_places() {
        let codec = SyncCodec::new(8, 1);
        let (mut first, mut second) = (codec.clone(), codec.clone());
        let request = |codec: &mut SyncCodec| {
            block_on(codec.read_request(&SYNC_PROTOCOL, &mut Cursor::new(b"\0\0\0\0"))).unwrap()
        };
        assert_eq!(request(&mut first), Ok(Vec::new()));
        assert_eq!(request(&mut second), Err(Unread::Busy));
        drop(first);
        assert_eq!(request(&mut second), Ok(Vec::new()));
    }
}
