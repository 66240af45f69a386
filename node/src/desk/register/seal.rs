//! Encryption of the register: XChaCha20-Poly1305 for what it holds, HMAC-SHA256 for where.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{RecordId, RegisterError};

/// Prefix of the entries that are records.
pub(super) const RECORDS: &[u8] = b"r";
/// Prefix of the entries that are lists taken over.
pub(super) const ADOPTED: &[u8] = b"a";

const NONCE_BYTES: usize = 24;

/// The key of a register: 32 random bytes. Erased when dropped, never printed.
pub struct RegisterKey(Zeroizing<[u8; 32]>);

impl RegisterKey {
    /// Takes the bytes of a key.
    #[must_use]
    pub fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for RegisterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegisterKey(..)")
    }
}

/// Seals values under the key they are stored at, and finds that key.
///
/// `sealed = nonce (24 random bytes) | XChaCha20-Poly1305(value; associated data: store key)`
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    lookup: Zeroizing<[u8; 32]>,
}

impl Sealer {
    pub(super) fn new(key: &RegisterKey) -> Self {
        let seal = Zeroizing::new(mac(&key.0, &[b"carnet register 1 seal"]));
        let lookup = Zeroizing::new(mac(&key.0, &[b"carnet register 1 lookup"]));
        Self { cipher: XChaCha20Poly1305::new((&*seal).into()), lookup }
    }

    pub(super) fn seal(&self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, RegisterError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(RegisterError::NoRandomness)?;
        let payload = Payload { msg: value, aad: key };
        #[expect(clippy::expect_used, reason = "fails only beyond 256 GiB")]
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).expect("short message");
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Returns what was sealed, or `None` if it was not sealed with this key for this place.
    pub(super) fn open(&self, key: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, msg) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad: key });
        opened.ok().map(Zeroizing::new)
    }

    pub(super) fn record_key(&self, id: &RecordId) -> Vec<u8> {
        [RECORDS, &self.lookup(b"r", id.as_bytes())].concat()
    }

    pub(super) fn credential_key(&self, credential: &[u8; 16]) -> Vec<u8> {
        [b"c".as_slice(), &self.lookup(b"c", credential)].concat()
    }

    pub(super) fn holder_key(&self, holder: &[u8; 32]) -> Vec<u8> {
        [b"h".as_slice(), &self.lookup(b"h", holder)].concat()
    }

    pub(super) fn batch_key(&self, root: &[u8; 32]) -> Vec<u8> {
        [b"b".as_slice(), &self.lookup(b"b", root)].concat()
    }

    pub(super) fn adopted_key(&self, uri: &str) -> Vec<u8> {
        [ADOPTED, &self.lookup(b"a", uri.as_bytes())].concat()
    }

    /// The id of the record of the row with this label.
    pub(super) fn id_of_label(&self, label: &str) -> RecordId {
        let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            self.lookup(b"n", label.as_bytes());
        RecordId::from_bytes(id)
    }

    /// Start of the keys of all slots of `list`.
    pub(super) fn list_prefix(&self, list: u32) -> Vec<u8> {
        let list = self.lookup(b"l", &list.to_be_bytes());
        let (list, _) = list.split_at(16);
        [b"s", list].concat()
    }

    pub(super) fn slot_key(&self, list: u32, index: u32) -> Vec<u8> {
        let slot = [list.to_be_bytes(), index.to_be_bytes()].concat();
        [self.list_prefix(list), self.lookup(b"s", &slot).to_vec()].concat()
    }

    fn lookup(&self, tag: &[u8; 1], value: &[u8]) -> [u8; 32] {
        mac(&self.lookup, &[tag, value])
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
