//! Status lists (draft-ietf-oauth-status-list, CWT form): which credentials are valid, invalid or
//! suspended, by a random index.
//!
//! ```cddl
//! StatusList = { "bits": 1 / 2 / 4 / 8, "lst": bstr, ? "aggregation_uri": tstr }
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, Key, Mode, codes};
use crate::cose::{self, Sign1};
use crate::id::{Did, Digest, Kid};
use crate::key::{PublicKey, SigningKey};
use crate::profile::{ALG_ED25519, TYP_STATUS_LIST, claim, header};
use crate::time::UnixSeconds;

/// Most bytes of an inflated list.
pub const MAX_INFLATED_BYTES: usize = 1024 * 1024;
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
        let start = d.position();
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
        let error = |what| CborError::new(CborErrorKind::Invalid(what), start);
        let bits = match bits {
            Some(bits @ (1 | 2 | 4 | 8)) => bits as u8,
            _ => return Err(error("the entries of a status list have 1, 2, 4 or 8 bits")),
        };
        let lst = lst.ok_or(error("the status list is missing"))?;
        let bytes =
            miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(lst, MAX_INFLATED_BYTES)
                .map_err(|_| error("the status list does not inflate within its limit"))?;
        Ok(Self { bits, bytes })
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
    /// How many entries the list has.
    pub entries: u64,
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
    /// [`CborError`] if it is too large, or not a status list token (its section 5.2).
    pub fn parse(bytes: &[u8], mode: Mode) -> Result<Self, CborError> {
        Self::read(bytes, mode).map(|(token, _)| token)
    }

    /// Inflates the list.
    pub fn list(&self) -> StatusList {
        // What was read once is read again; strict tokens are a part of the others.
        Self::read(&self.bytes, Mode::Foreign).map_or_else(|_| StatusList::new(0), |(_, list)| list)
    }

    fn read(bytes: &[u8], mode: Mode) -> Result<(Self, StatusList), CborError> {
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
                Ok(claim::STATUS_LIST) => list = Some(StatusList::decode(d)?),
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
            entries: list.len(),
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
mod tests {
    use super::*;
    use crate::key::{Purpose, Seed};

    #[test]
    fn entries_are_packed_from_the_least_significant_bits() {
        let list = StatusList { bits: 2, bytes: Vec::from([0xc9, 0x44, 0xf9]) };
        let values: Vec<_> = (0..12).map(|i| list.value(i).unwrap()).collect();
        assert_eq!(values, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
        assert_eq!(list.value(12), None);
        assert_eq!(list.value(u64::MAX), None);
    }

    #[test]
    fn a_token_round_trips_and_only_its_key_verifies_it() {
        let key = Seed::new([1; 32]).signing_key(Purpose::Status);
        let uri = StatusUri { issuer: Did::of_inception(b"x"), list: 7 };
        assert_eq!(StatusUri::parse(&format!("{uri}")), Some(uri));
        let mut list = StatusList::new(MIN_ENTRIES);
        assert!(list.set(5, Status::Invalid) && list.set(131_071, Status::Suspended));
        assert!(!list.set(131_072, Status::Invalid));
        let token = StatusToken::sign(&uri, &list, UnixSeconds(10), UnixSeconds(20), 60, &key);
        assert!(token.len() < 400, "{}", token.len());
        let token = StatusToken::parse(&token, Mode::Strict).unwrap();
        let list = token.list();
        assert_eq!((list.value(5), list.value(131_071)), (Some(1), Some(2)));
        assert!(token.is_signed_by(&key.public()));
        assert!(!token.is_signed_by(&Seed::new([1; 32]).signing_key(Purpose::Credential).public()));
    }

    #[test]
    fn a_list_that_inflates_beyond_the_limit_is_refused() {
        let lst =
            miniz_oxide::deflate::compress_to_vec_zlib(&alloc::vec![0; MAX_INFLATED_BYTES + 1], 9);
        let mut e = Encoder::new();
        e.map(2).text("lst").bytes(&lst).text("bits").uint(2);
        assert!(StatusList::from_cbor(e.as_bytes()).is_err());
    }

    #[test]
    fn a_status_uri_has_one_form() {
        let did = Did::of_inception(b"x");
        for bad in ["/status/01", "/status/+1", "/status/", "/status/4294967296", "/other/1"] {
            assert_eq!(StatusUri::parse(&format!("{did}{bad}")), None, "{bad}");
        }
    }

    #[test]
    fn a_list_of_exactly_the_limit_is_read_to_its_last_entry() {
        let mut bytes = alloc::vec![0; MAX_INFLATED_BYTES];
        bytes[MAX_INFLATED_BYTES - 1] = 0xff;
        let list = StatusList { bits: 8, bytes };
        let list = StatusList::from_cbor(&list.to_cbor()).unwrap();
        assert_eq!((list.len(), list.value(0)), (1 << 20, Some(0)));
        assert_eq!((list.value((1 << 20) - 1), list.value(1 << 20)), (Some(255), None));
    }

    #[test]
    fn setting_a_status_leaves_its_neighbours_alone() {
        let mut list = StatusList::new(8);
        for index in 0..8 {
            assert!(list.set(index, Status::Suspended));
        }
        assert!(list.set(5, Status::Valid) && list.set(6, Status::Invalid));
        let values: Vec<_> = (0..8).map(|i| list.value(i).unwrap()).collect();
        assert_eq!(values, [2, 2, 2, 2, 2, 0, 1, 2]);
        assert!(!list.set(8, Status::Valid) && !list.set(u64::MAX, Status::Valid));
        assert_eq!(list.len(), 8);
    }

    #[test]
    fn lists_that_are_not_lists_are_refused() {
        let good = StatusList::new(8).to_cbor();
        assert!(StatusList::from_cbor(&good).is_ok());
        let lst = miniz_oxide::deflate::compress_to_vec_zlib(&[0; 2], 9);
        let encoded = |bits: u64, lst: &[u8]| {
            let mut e = Encoder::new();
            e.map(2).text("lst").bytes(lst).text("bits").uint(bits);
            e.into_bytes()
        };
        assert!(StatusList::from_cbor(&encoded(2, &lst)).is_ok());
        for bits in [0, 3, 16, u64::MAX] {
            assert!(StatusList::from_cbor(&encoded(bits, &lst)).is_err(), "{bits}");
        }
        let raw_deflate = miniz_oxide::deflate::compress_to_vec(&[0; 2], 9);
        for bad in [b"".as_slice(), b"\0", &raw_deflate, &lst[..lst.len() - 1]] {
            assert!(StatusList::from_cbor(&encoded(2, bad)).is_err(), "{bad:x?}");
        }
        for bad in [b"\xa0".as_slice(), b"\xa1\x64bits\x02", b"\x80"] {
            assert!(StatusList::from_cbor(bad).is_err(), "{bad:x?}");
        }
    }

    #[test]
    fn a_token_that_was_changed_is_malformed_or_unsigned() {
        let key = Seed::new([1; 32]).signing_key(Purpose::Status);
        let uri = StatusUri { issuer: Did::of_inception(b"x"), list: 7 };
        let list = StatusList::new(64);
        let token = StatusToken::sign(&uri, &list, UnixSeconds(10), UnixSeconds(20), 60, &key);
        for mode in [Mode::Strict, Mode::Foreign] {
            for at in 0..token.len() {
                let mut changed = token.clone();
                changed[at] ^= 1;
                let accepted = StatusToken::parse(&changed, mode)
                    .is_ok_and(|token| token.is_signed_by(&key.public()));
                assert!(!accepted, "byte {at}");
            }
        }
    }

    #[test]
    fn no_other_object_passes_as_a_status_list_token() {
        let key = Seed::new([1; 32]).signing_key(Purpose::Status);
        let mut e = Encoder::new();
        e.map(3).int(claim::SUB.into()).text("x").int(claim::IAT.into()).uint(1);
        e.int(claim::STATUS_LIST.into()).item(&StatusList::new(8));
        let signed = |typ: &str, payload: &[u8], unprotected: &[u8]| {
            let protected = cose::header_with_typ(&key.public().kid(), typ);
            StatusToken::parse(&cose::sign1(&protected, unprotected, payload, &key), Mode::Strict)
        };
        assert!(signed(TYP_STATUS_LIST, e.as_bytes(), b"\xa0").is_ok());
        assert!(signed("application/statuslist+jwt", e.as_bytes(), b"\xa0").is_err());
        assert!(signed("statuslist+cwt", e.as_bytes(), b"\xa0").is_err());
        assert!(signed(TYP_STATUS_LIST, e.as_bytes(), b"\xa1\x18\x64\x00").is_err());
        // Without sub, iat or the list; with a claim that lists do not have.
        for kept in [[false, true, true], [true, false, true], [true, true, false]] {
            let mut e = Encoder::new();
            e.map(2);
            if kept[0] {
                e.int(claim::SUB.into()).text("x");
            }
            if kept[1] {
                e.int(claim::IAT.into()).uint(1);
            }
            if kept[2] {
                e.int(claim::STATUS_LIST.into()).item(&StatusList::new(8));
            }
            assert!(signed(TYP_STATUS_LIST, e.as_bytes(), b"\xa0").is_err(), "{kept:?}");
        }
        let mut e = Encoder::new();
        e.map(4).int(claim::ISS.into()).text("y").int(claim::SUB.into()).text("x");
        e.int(claim::IAT.into()).uint(1).int(claim::STATUS_LIST.into()).item(&StatusList::new(8));
        assert!(signed(TYP_STATUS_LIST, e.as_bytes(), b"\xa0").is_err());
    }

    #[test]
    fn a_token_beyond_the_limit_is_refused_before_it_is_read() {
        let bytes = alloc::vec![0xff; MAX_TOKEN_BYTES + 1];
        for mode in [Mode::Strict, Mode::Foreign] {
            let kind = StatusToken::parse(&bytes, mode).unwrap_err().kind;
            assert!(matches!(kind, CborErrorKind::TooLarge { limit: MAX_TOKEN_BYTES, .. }));
        }
    }
}
