//! Status lists (draft-ietf-oauth-status-list, CWT form): which credentials are valid, invalid or
//! suspended, by a random index.
//!
//! ```cddl
//! StatusList = { "bits": 1 / 2 / 4 / 8, "lst": bstr, ? "aggregation_uri": tstr }
//! ```

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, Key, Mode, codes};
use crate::cose::{self, Sign1};
use crate::id::{Did, Digest, Kid};
use crate::key::{PublicKey, SigningKey};
use crate::profile::{ALG_ED25519, TYP_STATUS_LIST, claim, header};
use crate::time::UnixSeconds;

/// Most bytes of an inflated list.
pub const MAX_INFLATED_BYTES: usize = 1024 * 1024;
/// Most blocks of a deflated list, besides the last. One of a dozen bytes may bring codes that take as long to set up as
/// a thousand bytes take to inflate; who deflates in earnest fills blocks with thousands of symbols.
pub const MAX_BLOCKS: usize = 256;
/// Most bytes of a token: an incompressible list, and its envelope.
pub const MAX_TOKEN_BYTES: usize = MAX_INFLATED_BYTES + 4096;
/// Entries of the lists that Carnet issuers publish, at least: 2^17.
pub const MIN_ENTRIES: u32 = 1 << 17;
/// Bits of an entry in the lists that Carnet issuers publish.
pub const BITS: u8 = 2;

codes! {
    /// What a list says of a credential.
    pub enum Status {
        /// In force.
        Valid = 0, "valid";
        /// Revoked for good.
        Invalid = 1, "invalid";
        /// Not in force for now.
        Suspended = 2, "suspended";
    }
}

/// The address of a status list: `did:carnet:…/status/<n>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusUri {
    /// The issuer.
    pub issuer: Did,
    /// Which of its lists.
    pub list: u32,
}

impl StatusUri {
    /// Reads the text form, of which there is one.
    pub fn parse(uri: &str) -> Option<Self> {
        let (did, number) = uri.split_once("/status/")?;
        let uri = Self { issuer: Did::parse(did).ok()?, list: number.parse().ok()? };
        (format!("{}", uri.list) == number).then_some(uri)
    }
}

impl fmt::Display for StatusUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/status/{}", self.issuer, self.list)
    }
}

/// A credential's place in a list: claim 65535, `{"status_list": {"idx": uint, "uri": tstr}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReference {
    /// The index in the list.
    pub index: u64,
    /// The list's URI.
    pub uri: String,
}

impl Encode for StatusReference {
    fn encode(&self, e: &mut Encoder) {
        e.map(1).text("status_list").map(2);
        e.text("idx").uint(self.index).text("uri").text(&self.uri);
    }
}

impl<'b> Decode<'b> for StatusReference {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let (mut index, mut uri) = (None, None);
        d.map(|d, key| match key {
            Key::Text("status_list") => d.map(|d, key| {
                match key {
                    Key::Text("idx") => index = Some(d.uint()?),
                    Key::Text("uri") => uri = Some(d.text()?.into()),
                    _ => return Err(d.error(CborErrorKind::ForbiddenKey)),
                }
                Ok(())
            }),
            _ => Err(d.error(CborErrorKind::ForbiddenKey)),
        })?;
        match (index, uri) {
            (Some(index), Some(uri)) => Ok(Self { index, uri }),
            _ => Err(d.error(CborErrorKind::Missing("status_list"))),
        }
    }
}

/// A list of statuses, inflated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bits: u8,
    bytes: Vec<u8>,
}

impl StatusList {
    /// Makes a list of valid entries; their number is rounded up to fill bytes.
    pub fn new(entries: u32) -> Self {
        let bytes = (entries as usize * usize::from(BITS)).div_ceil(8);
        Self { bits: BITS, bytes: alloc::vec![0; bytes] }
    }

    /// Returns the number of entries.
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64 * 8 / u64::from(self.bits)
    }

    /// Returns whether the list has no entries.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the value at an index, or `None` beyond the end. The first entry is in the least
    /// significant bits of the first byte.
    pub fn value(&self, index: u64) -> Option<u8> {
        let bit = index.checked_mul(u64::from(self.bits))?;
        let byte = self.bytes.get(usize::try_from(bit / 8).ok()?)?;
        // The width is 1, 2, 4 or 8, so an entry never crosses a byte.
        let mask = u8::MAX.checked_shr(u32::from(8 - self.bits)).unwrap_or(u8::MAX);
        Some((byte >> (bit % 8)) & mask)
    }

    /// Sets the status at an index; returns whether the list has that entry.
    pub fn set(&mut self, index: u64, status: Status) -> bool {
        let bit = index.saturating_mul(u64::from(self.bits));
        let Some(byte) = usize::try_from(bit / 8).ok().and_then(|at| self.bytes.get_mut(at)) else {
            return false;
        };
        let mask = u8::MAX.checked_shr(u32::from(8 - self.bits)).unwrap_or(u8::MAX);
        *byte &= !(mask << (bit % 8));
        *byte |= (status as u8 & mask) << (bit % 8);
        true
    }
}

impl Encode for StatusList {
    fn encode(&self, e: &mut Encoder) {
        let lst = miniz_oxide::deflate::compress_to_vec_zlib(&self.bytes, 9);
        e.map(2).text("lst").bytes(&lst).text("bits").uint(self.bits.into());
    }
}

impl<'b> Decode<'b> for StatusList {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        Deflated::decode(d)?.inflate()
    }
}

/// A list as it stands in a token.
struct Deflated<'b> {
    bits: u8,
    lst: &'b [u8],
    /// Where it stands.
    at: usize,
}

impl<'b> Decode<'b> for Deflated<'b> {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let at = d.position();
        let (mut bits, mut lst) = (None, None);
        d.map(|d, key| {
            match key {
                Key::Text("bits") => bits = Some(d.uint()?),
                Key::Text("lst") => lst = Some(d.bytes()?),
                Key::Text("aggregation_uri") => d.text().map(|_| ())?,
                _ => return Err(d.error(CborErrorKind::ForbiddenKey)),
            }
            Ok(())
        })?;
        let error = |what| CborError::new(CborErrorKind::Invalid(what), at);
        let bits = match bits {
            Some(bits @ (1 | 2 | 4 | 8)) => bits as u8,
            _ => return Err(error("the entries of a status list have 1, 2, 4 or 8 bits")),
        };
        Ok(Self { bits, lst: lst.ok_or(error("the status list is missing"))?, at })
    }
}

impl Deflated<'_> {
    fn inflate(&self) -> Result<StatusList, CborError> {
        let what = "the status list does not inflate within its limits";
        let error = CborError::new(CborErrorKind::Invalid(what), self.at);
        Ok(StatusList { bits: self.bits, bytes: inflate(self.lst).ok_or(error)? })
    }
}

/// Inflates a zlib stream of at most [`MAX_BLOCKS`] to at most [`MAX_INFLATED_BYTES`].
fn inflate(mut deflated: &[u8]) -> Option<Vec<u8>> {
    let flags = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
        | inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
    let mut inflator = Box::<DecompressorOxide>::default();
    let mut bytes = alloc::vec![0; deflated.len().saturating_mul(2).clamp(1, MAX_INFLATED_BYTES)];
    let (mut len, mut blocks) = (0, 0);
    loop {
        let (status, read, written) = decompress(&mut inflator, deflated, &mut bytes, len, flags);
        deflated = deflated.get(read..)?;
        len += written;
        match status {
            TINFLStatus::Done => {
                bytes.truncate(len);
                return Some(bytes);
            }
            TINFLStatus::BlockBoundary if blocks < MAX_BLOCKS => blocks += 1,
            TINFLStatus::HasMoreOutput if bytes.len() < MAX_INFLATED_BYTES => {
                bytes.resize(bytes.len().saturating_mul(2).min(MAX_INFLATED_BYTES), 0);
            }
            _ => return None,
        }
    }
}

/// A signed status list. Its signature is checked by [`StatusToken::is_signed_by`].
///
/// The list stays deflated: it may be a thousand times as large as the token, and whoever follows an
/// issuer keeps all of the issuer's lists.
#[derive(Clone, Debug)]
pub struct StatusToken {
    /// The list's URI.
    pub uri: String,
    /// When it was signed.
    pub issued_at: UnixSeconds,
    /// Until when it counts.
    pub expires_at: Option<UnixSeconds>,
    /// For how many seconds it may be cached.
    pub ttl: Option<u64>,
    /// The key that signed it.
    pub kid: Option<Kid>,
    /// How many entries the list has; `None` if it was not inflated.
    pub entries: Option<u64>,
    digest: Digest,
    bytes: Vec<u8>,
    is_ed25519: bool,
}

impl StatusToken {
    /// Signs a list.
    pub fn sign(
        uri: &StatusUri,
        list: &StatusList,
        issued_at: UnixSeconds,
        expires_at: UnixSeconds,
        ttl: u64,
        key: &SigningKey,
    ) -> Vec<u8> {
        let mut e = Encoder::new();
        e.map(5).int(claim::SUB.into()).text(&format!("{uri}"));
        e.int(claim::EXP.into()).item(&expires_at);
        e.int(claim::IAT.into()).item(&issued_at);
        e.int(claim::STATUS_LIST.into()).item(list);
        e.int(claim::TTL.into()).uint(ttl);
        let protected = cose::header_with_typ(&key.public().kid(), TYP_STATUS_LIST);
        cose::sign1(&protected, b"\xa0", e.as_bytes(), key)
    }

    /// Reads a token. Carnet's own are read strictly; others' claims may stand in any order.
    ///
    /// # Errors
    /// [`CborError`] if it is too large, or not a status list token (its section 5.2); also if the
    /// list does not inflate within its limits.
    pub fn parse(bytes: &[u8], mode: Mode) -> Result<Self, CborError> {
        let (token, list) = Self::read(bytes, mode)?;
        Ok(Self { entries: Some(list.inflate()?.len()), ..token })
    }

    /// Reads a token as [`StatusToken::parse`] does, but leaves the list as it is: for whoever is
    /// shown many lists and will ask for few, by [`StatusToken::inflate`].
    ///
    /// # Errors
    /// [`CborError`] if it is too large, or not a status list token.
    pub fn parse_deflated(bytes: &[u8], mode: Mode) -> Result<Self, CborError> {
        Self::read(bytes, mode).map(|(token, _)| token)
    }

    /// Inflates the list of a token that was read by [`StatusToken::parse`]. That of another has no
    /// entries here, if it does not inflate.
    pub fn list(&self) -> StatusList {
        self.inflate().unwrap_or_else(|_| StatusList::new(0))
    }

    /// Inflates the list.
    ///
    /// # Errors
    /// [`CborError`] if it does not inflate within its limits, which [`StatusToken::parse`] rules out.
    pub fn inflate(&self) -> Result<StatusList, CborError> {
        // What was read once is read again; strict tokens are a part of the others.
        Self::read(&self.bytes, Mode::Foreign).and_then(|(_, list)| list.inflate())
    }

    fn read(bytes: &[u8], mode: Mode) -> Result<(Self, Deflated<'_>), CborError> {
        if bytes.len() > MAX_TOKEN_BYTES {
            let kind = CborErrorKind::TooLarge { limit: MAX_TOKEN_BYTES, unit: "bytes" };
            return Err(CborError::new(kind, 0));
        }
        let sign1 = Sign1::parse(bytes, mode)?;
        let head = sign1.header()?;
        if head.value::<&str>(header::TYP)? != Some(TYP_STATUS_LIST) {
            return Err(CborError::invalid("the type is not that of a status list token"));
        }
        let labels = [header::ALG, header::TYP];
        if mode == Mode::Strict
            && (!head.has_exactly(&labels, &[header::KID]) || sign1.unprotected != b"\xa0")
        {
            return Err(CborError::invalid("the headers are not those of a status list token"));
        }
        let (mut uri, mut exp, mut iat, mut ttl, mut list) = (None, None, None, None, None);
        let mut d = Decoder::new(sign1.attached()?, mode);
        d.map(|d, key| {
            let Key::Int(key) = key else { return d.skip().map(|_| ()) };
            match i64::try_from(key) {
                Ok(claim::SUB) => uri = Some(String::from(d.text()?)),
                Ok(claim::EXP) => exp = Some(UnixSeconds::decode(d)?),
                Ok(claim::IAT) => iat = Some(UnixSeconds::decode(d)?),
                Ok(claim::TTL) => ttl = Some(d.uint()?),
                Ok(claim::STATUS_LIST) => list = Some(Deflated::decode(d)?),
                _ if mode == Mode::Strict => return Err(d.error(CborErrorKind::UnknownKey(key))),
                _ => d.skip().map(|_| ())?,
            }
            Ok(())
        })?;
        d.finish()?;
        let missing = |what| CborError::new(CborErrorKind::Missing(what), 0);
        let list = list.ok_or(missing("status_list"))?;
        let token = Self {
            uri: uri.ok_or(missing("sub"))?,
            issued_at: iat.ok_or(missing("iat"))?,
            expires_at: exp,
            ttl,
            kid: head.value(header::KID).unwrap_or(None),
            entries: None,
            digest: Digest::of(bytes),
            bytes: bytes.into(),
            is_ed25519: head.value::<i64>(header::ALG)? == Some(ALG_ED25519),
        };
        Ok((token, list))
    }

    /// Returns whether the token is signed by this key.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.is_ed25519
            && Sign1::parse(&self.bytes, Mode::Foreign).is_ok_and(|s| s.is_signed_by(key))
    }

    /// Returns the digest that a standing lists.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns the token as signed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests;
