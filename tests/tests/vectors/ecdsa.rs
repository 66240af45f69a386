//! ECDSA with SHA-2 over the bytes that `proto` says are signed. Nothing of ours uses it: it is here to
//! check the signatures of others.

use carnet_proto::cbor::Value;
use carnet_proto::cose::Sign1;
use carnet_proto::profile::header;

/// COSE algorithm numbers (RFC 9053, section 2.1), which most published examples have.
pub const ES256: i64 = -7;
pub const ES384: i64 = -35;

/// A public key that verifies with the hash of its curve's size.
#[derive(Debug, PartialEq)]
pub enum Key {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
}

impl Key {
    /// Makes a key of the curve that has coordinates of this length.
    pub fn new(x: &[u8], y: &[u8]) -> Self {
        let point = [&[4], x, y].concat();
        match x.len() {
            32 => Self::P256(p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap()),
            48 => Self::P384(p384::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap()),
            n => panic!("no curve has {n} bytes"),
        }
    }

    /// Reads a `COSE_Key` (RFC 9053, section 7.1): `{1: 2, -1: curve, -2: x, -3: y}`.
    pub fn from_cose(key: &Value) -> Self {
        assert_eq!(key.at(1), Some(&Value::Int(2)), "a key of two coordinates");
        let coordinate = |label| key.at(label).unwrap().as_bytes().unwrap();
        let key_of_curve = Self::new(coordinate(-2), coordinate(-3));
        let curve = match key_of_curve {
            Self::P256(_) => 1,
            Self::P384(_) => 2,
        };
        assert_eq!(key.at(-1), Some(&Value::Int(curve)));
        key_of_curve
    }

    /// Returns whether an object is of this key's algorithm and signed by it.
    pub fn signed(&self, object: &Sign1<'_>) -> bool {
        let algorithm = match self {
            Self::P256(_) => ES256,
            Self::P384(_) => ES384,
        };
        object.header().is_ok_and(|head| head.value::<i64>(header::ALG) == Ok(Some(algorithm)))
            && self.verifies(&object.to_be_signed(), object.signature)
    }

    /// Returns whether this is the key's signature of a message: r and s, each as long as the field.
    #[expect(clippy::disallowed_methods, reason = "the rule on signatures is about Ed25519")]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        use p256::ecdsa::signature::Verifier as _;
        match self {
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}
