//! Keys: single-purpose Ed25519 keys, derived from one seed and replaced as a set.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signer as _, VerifyingKey};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, Key, codes};
use crate::id::{Commitment, Kid, sha256};

codes! {
    /// What a key may sign, and nothing else.
    pub enum Purpose {
        /// Statements in the own log.
        Statement = 1, "statement";
        /// Credentials.
        Credential = 2, "credential";
        /// Status list tokens.
        Status = 3, "status";
        /// Checkpoints of the own log.
        Checkpoint = 4, "checkpoint";
        /// Receipts (RFC 9942).
        Receipt = 5, "receipt";
        /// Cosignatures of others' checkpoints.
        Witness = 6, "witness";
    }
}

/// An Ed25519 public key: a canonical encoding of a point that is not of low order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why bytes are not an acceptable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not 32 bytes that encode a point of the curve.
    #[error("not an Ed25519 public key")]
    NotAPoint,
    /// A point that has a second encoding, and this is not the canonical one.
    #[error("a non-canonical encoding of an Ed25519 public key")]
    NotCanonical,
    /// A point of low order, for which anyone can make signatures.
    #[error("an Ed25519 public key of low order")]
    LowOrder,
}

impl PublicKey {
    /// Checks and wraps 32 bytes.
    ///
    /// # Errors
    /// [`KeyError`] if they are not a canonical point of large order.
    pub fn new(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        // The other encodings that a point may have: a y of the field's order or above, and a sign of
        // x = 0, which is that of points of low order only.
        if !is_reduced(bytes) {
            return Err(KeyError::NotCanonical);
        }
        if key.is_weak() {
            return Err(KeyError::LowOrder);
        }
        Ok(Self(key))
    }

    /// Returns the 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Returns the thumbprint of the key (RFC 9679, section 3): SHA-256 over the required members
    /// of its `COSE_Key`, `{1: 1, -1: 6, -2: x}`.
    pub fn kid(&self) -> Kid {
        /// All before x.
        const HEAD: &[u8; 8] = b"\xa3\x01\x01\x20\x06\x21\x58\x20";
        let mut key = [0; 40];
        let (head, x) = key.split_at_mut(HEAD.len());
        head.copy_from_slice(HEAD);
        x.copy_from_slice(self.as_bytes());
        Kid::new(sha256(&key))
    }

    /// Verifies a signature by the one rule of the federation: RFC 8032 with S below the group
    /// order, no point of low order, and the cofactorless equation with R compared as bytes.
    ///
    /// It is the rule of `verify_strict`, without decompressing R: the equation holds only for the
    /// canonical encoding of a point, and those of low order are eight.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "what it accepts beyond the rule is refused before"
    )]
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        use ed25519_dalek::Verifier as _;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        // The key itself is of large order: there is none other.
        !is_of_low_order(signature.r_bytes()) && self.0.verify(message, &signature).is_ok()
    }
}

/// Returns whether these bytes are the canonical encoding of a point of low order, with either sign.
fn is_of_low_order(point: &[u8; 32]) -> bool {
    /// The y coordinates of such points, by their order: 1, 2, 4 and twice 8.
    const LOW_ORDER: [[u8; 32]; 5] = [
        *b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        *b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        [0; 32],
        *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
        *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
    ];
    let mut y = *point;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    LOW_ORDER.contains(&y)
}

/// Returns whether the y coordinate is below the order of the field, 2^255 - 19.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = bytes;
    *first < 0xed || middle.iter().any(|byte| *byte != 0xff) || last & 0x7f != 0x7f
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", data_encoding::HEXLOWER.encode(self.as_bytes()))
    }
}

impl Encode for PublicKey {
    fn encode(&self, e: &mut Encoder) {
        e.bytes(self.as_bytes());
    }
}

impl<'b> Decode<'b> for PublicKey {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        let bytes = d.byte_array()?;
        Self::new(&bytes).map_err(|e| {
            let what = match e {
                KeyError::NotAPoint => "not an Ed25519 public key",
                KeyError::NotCanonical => "a non-canonical encoding of an Ed25519 public key",
                KeyError::LowOrder => "an Ed25519 public key of low order",
            };
            CborError::new(CborErrorKind::Invalid(what), start)
        })
    }
}

/// A public key in the form of RFC 9053, section 7.2: `{1: 1, -1: 6, -2: x}`.
///
/// A private part (-4), or any other member but an `alg` (3) of -19, is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoseKey(pub PublicKey);

impl Encode for CoseKey {
    fn encode(&self, e: &mut Encoder) {
        e.map(3).int(1).int(1).int(-1).int(6).int(-2).item(&self.0);
    }
}

impl<'b> Decode<'b> for CoseKey {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        let (mut kty, mut curve, mut x) = (None, None, None);
        d.map(|d, key| {
            match key {
                Key::Int(1) => kty = Some(d.int()?),
                Key::Int(3) if d.int()? == -19 => {}
                Key::Int(-1) => curve = Some(d.int()?),
                Key::Int(-2) => x = Some(PublicKey::decode(d)?),
                _ => {
                    let what = "a key holds only its type, curve and public point";
                    return Err(d.error(CborErrorKind::Invalid(what)));
                }
            }
            Ok(())
        })?;
        match (kty, curve, x) {
            (Some(1), Some(6), Some(x)) => Ok(Self(x)),
            _ => Err(CborError::new(CborErrorKind::Invalid("not an Ed25519 COSE_Key"), start)),
        }
    }
}

/// An Ed25519 signature: 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl Encode for Signature {
    fn encode(&self, e: &mut Encoder) {
        e.bytes(&self.0);
    }
}

impl<'b> Decode<'b> for Signature {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.byte_array().map(Self)
    }
}

/// A secret Ed25519 key. It is wiped when dropped and never printed.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Wraps a secret of 32 bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(secret))
    }

    /// Returns the public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public().kid())
    }
}

/// 32 secret bytes from which keys are derived. Wiped when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Wraps the bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Draws a new seed.
    pub fn generate(rng: &mut impl rand_core::CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Returns the secret bytes, to be stored or shown once as words.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives 32 secret bytes: HKDF-SHA-256 with the seed as input key, `salt` and `info`.
    #[expect(clippy::expect_used, reason = "expansion fails only above 255 blocks of 32 bytes")]
    pub fn derive(&self, salt: &[u8], info: &[u8]) -> Seed {
        let mut out = [0; 32];
        Hkdf::<Sha256>::new(Some(salt), &self.0).expand(info, &mut out).expect("one block");
        Seed(out)
    }

    /// Derives the signing key of a purpose in an institution's key set.
    pub fn signing_key(&self, purpose: Purpose) -> SigningKey {
        let mut info = Vec::from(*b"carnet institution key v1 ");
        info.extend_from_slice(purpose.name().as_bytes());
        SigningKey::new(&self.derive(b"", &info).0)
    }

    /// Derives the key of one credential in a wallet from the random salt kept beside it.
    pub fn credential_key(&self, salt: &[u8; 16]) -> SigningKey {
        SigningKey::new(&self.derive(salt, b"carnet credential key v1").0)
    }

    /// Returns the public key set of an institution with this seed.
    pub fn public_key_set(&self) -> PublicKeySet {
        let key = |purpose| self.signing_key(purpose).public();
        PublicKeySet {
            statement: key(Purpose::Statement),
            credential: key(Purpose::Credential),
            status: key(Purpose::Status),
            checkpoint: key(Purpose::Checkpoint),
            receipt: key(Purpose::Receipt),
            witness: key(Purpose::Witness),
        }
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}

crate::cbor::record! {
    /// The public keys of an institution, one for each purpose: a deterministic map from purpose to
    /// key. All six differ.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PublicKeySet {
        /// Signs statements.
        statement [1]: PublicKey,
        /// Signs credentials.
        credential [2]: PublicKey,
        /// Signs status list tokens.
        status [3]: PublicKey,
        /// Signs checkpoints.
        checkpoint [4]: PublicKey,
        /// Signs receipts.
        receipt [5]: PublicKey,
        /// Cosigns others' checkpoints.
        witness [6]: PublicKey,
    }
    check |keys| {
        let mut all: Vec<_> = Purpose::ALL.iter().map(|p| *keys.key(*p).as_bytes()).collect();
        all.sort_unstable();
        all.dedup();
        if all.len() == Purpose::ALL.len() { Ok(()) } else { Err("one key serves two purposes") }
    }
}

impl PublicKeySet {
    /// Returns the key of a purpose.
    pub fn key(&self, purpose: Purpose) -> &PublicKey {
        match purpose {
            Purpose::Statement => &self.statement,
            Purpose::Credential => &self.credential,
            Purpose::Status => &self.status,
            Purpose::Checkpoint => &self.checkpoint,
            Purpose::Receipt => &self.receipt,
            Purpose::Witness => &self.witness,
        }
    }

    /// Returns SHA-256 over the deterministic map: what the key set before commits to.
    pub fn commitment(&self) -> Commitment {
        Commitment::new(sha256(&self.to_cbor()))
    }
}

/// Returns a fingerprint that people compare by telephone: 8 groups of 4 characters.
pub fn fingerprint(bytes: &[u8]) -> String {
    let text = data_encoding::BASE32_NOPAD.encode(sha256(bytes).get(..20).unwrap_or_default());
    let groups: Vec<String> = text
        .as_bytes()
        .chunks(4)
        .map(|group| group.iter().map(|b| char::from(*b)).collect())
        .collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn thumbprint_is_that_of_rfc_9679() {
        let x = data_encoding::HEXLOWER
            .decode(b"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
            .unwrap();
        let key = PublicKey::new(&x.try_into().unwrap()).unwrap();
        assert_eq!(
            format!("{}", key.kid()),
            "866eefbd6718c8846cd7ddfe43fc74ab1daac4538ff8514ea2ec2d410a415743"
        );
    }

    #[test]
    fn low_order_and_non_canonical_keys_are_refused() {
        let mut identity = [0u8; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::new(&identity), Err(KeyError::LowOrder));
        // y = p + 3 encodes the same point as y = 3.
        let mut high = [0xff; 32];
        high[0] = 0xed + 3;
        high[31] = 0x7f;
        assert!(matches!(PublicKey::new(&high), Err(KeyError::NotCanonical | KeyError::NotAPoint)));
        // Every encoding with y at or above the order: the point is refused, or has another encoding.
        for (low, sign) in (0xed..=0xff).flat_map(|low| [(low, 0x7f), (low, 0xff)]) {
            let mut high = [0xff; 32];
            (high[0], high[31]) = (low, sign);
            assert!(!is_reduced(&high));
            let point = VerifyingKey::from_bytes(&high);
            assert!(point.is_err() || *point.unwrap().to_edwards().compress().as_bytes() != high);
        }
        // And those just below it.
        for byte in 0..=0xff {
            let mut key = [byte; 32];
            key[31] = 0x7f;
            let Ok(point) = VerifyingKey::from_bytes(&key) else { continue };
            let is_canonical = *point.to_edwards().compress().as_bytes() == key;
            assert_eq!(is_reduced(&key), is_canonical, "{byte}");
        }
    }

    #[test]
    fn the_points_of_low_order_are_eight_and_no_others() {
        // Every multiple of a point of order 8, made from the library's own arithmetic: a weak key.
        let found = |y: [u8; 32]| {
            [0, 0x80].into_iter().filter(move |sign| {
                let mut encoded = y;
                encoded[31] |= sign;
                let point = VerifyingKey::from_bytes(&encoded);
                let is_canonical =
                    |p: &VerifyingKey| *p.to_edwards().compress().as_bytes() == encoded;
                point.is_ok_and(|point| point.is_weak() && is_canonical(&point))
            })
        };
        let eighths = [
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ];
        let mut ys =
            eighths.map(|y| data_encoding::HEXLOWER.decode(y.as_bytes()).unwrap()).to_vec();
        ys.extend([[0; 32].to_vec(), [&[1], [0; 31].as_slice()].concat()]);
        ys.push([&[0xec], [0xff; 30].as_slice(), &[0x7f]].concat());
        let ys: Vec<[u8; 32]> = ys.into_iter().map(|y| y.try_into().unwrap()).collect();
        assert_eq!(ys.iter().map(|y| found(*y).count()).sum::<usize>(), 8);
        assert!(ys.iter().all(is_of_low_order));
        // A genuine R is of none of them.
        let key = Seed::new([7; 32]).signing_key(Purpose::Statement);
        let signature = key.sign(b"message");
        assert!(!is_of_low_order(signature.0.first_chunk().unwrap()));
        assert!(key.public().verifies(b"message", &signature));
    }

    #[test]
    fn secrets_do_not_print() {
        let seed = Seed::new([0x5a; 32]);
        assert_eq!(format!("{seed:?}"), "Seed(secret)");
        let key = format!("{:?}", seed.signing_key(Purpose::Statement));
        assert!(key.starts_with("SigningKey(Kid("), "{key}");
        assert!(!key.contains("5a5a"));
    }

    #[test]
    fn purposes_and_salts_give_different_keys() {
        let seed = Seed::new([7; 32]);
        assert!(PublicKeySet::from_cbor(&seed.public_key_set().to_cbor()).is_ok());
        assert_ne!(seed.credential_key(&[0; 16]).public(), seed.credential_key(&[1; 16]).public());
    }

    #[test]
    fn a_key_with_a_private_part_is_refused() {
        let key = Seed::new([7; 32]).credential_key(&[0; 16]).public();
        let mut e = Encoder::new();
        e.map(4).int(1).int(1).int(-1).int(6).int(-2).item(&key).int(-4).bytes(&[0; 32]);
        assert!(CoseKey::from_cbor(e.as_bytes()).is_err());
        assert_eq!(CoseKey::from_cbor(&CoseKey(key).to_cbor()), Ok(CoseKey(key)));
    }
}
