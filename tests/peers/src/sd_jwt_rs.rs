//! SD-JWT with `sd-jwt-rs`.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::crypto;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use sd_jwt_rs::{
    ClaimsForSelectiveDisclosureStrategy, SDJWTHolder, SDJWTIssuer, SDJWTSerializationFormat,
    SDJWTVerifier,
};
use serde_json::{Map, Value, json};

use crate::worker::{self, HOLDER_SECRET, ISSUER_SECRET, REDACTABLE, STRANGER_SECRET};
use crate::{AUDIENCE, Peer, nonce_text};

/// What stands before an Ed25519 secret key in PKCS#8 (RFC 8410).
const PKCS8_ED25519: [u8; 16] = *b"\x30\x2e\x02\x01\0\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
const EDDSA: &str = "EdDSA";

/// An issuer, a holder and a verifier who knows the issuer's key.
pub struct SdJwtRs {
    claims: Value,
    paths: Vec<String>,
    public: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

fn encoding_key(secret: &[u8; 32]) -> EncodingKey {
    EncodingKey::from_ed_der(&[PKCS8_ED25519.as_slice(), secret].concat())
}

fn public(secret: &[u8; 32]) -> String {
    let key = carnet_proto::key::SigningKey::new(secret).public();
    BASE64URL_NOPAD.encode(key.as_bytes())
}

fn decoding_key(public: &str) -> DecodingKey {
    DecodingKey::from_ed_components(public).expect("a key")
}

impl Default for SdJwtRs {
    fn default() -> Self {
        Self::new()
    }
}

impl SdJwtRs {
    /// With fixed keys.
    #[must_use]
    pub fn new() -> Self {
        let public = public(&ISSUER_SECRET);
        Self {
            claims: worker::json("https://institute.example"),
            paths: REDACTABLE.iter().map(|place| format!("$.{}", place.join("."))).collect(),
            signing: encoding_key(&ISSUER_SECRET),
            verifying: decoding_key(&public),
            public,
        }
    }

    fn issue_with(&self, claims: Value, secret: &[u8; 32]) -> Vec<u8> {
        let holder = json!({
            "kty": "OKP", "crv": "Ed25519", "alg": EDDSA, "x": public(&HOLDER_SECRET),
        });
        let paths = self.paths.iter().map(String::as_str).collect();
        SDJWTIssuer::new(encoding_key(secret), Some(EDDSA.into()))
            .issue_sd_jwt(
                claims,
                ClaimsForSelectiveDisclosureStrategy::Custom(paths),
                Some(serde_json::from_value(holder).expect("a key")),
                false,
                SDJWTSerializationFormat::Compact,
            )
            .expect("a credential")
            .into_bytes()
    }

    /// A credential of somebody unknown.
    #[must_use]
    pub fn issue_as_stranger(&self) -> Vec<u8> {
        self.issue_with(worker::json("https://stranger.example"), &STRANGER_SECRET)
    }

    /// Verifies, and returns what the verifier is shown.
    ///
    /// # Errors
    /// What `sd-jwt-rs` says against it.
    pub fn read(&self, presentation: &[u8]) -> Result<Value, String> {
        let presentation = String::from_utf8(presentation.into()).map_err(|e| e.to_string())?;
        let key = self.public.clone();
        // The callback is given the issuer's name and has to return a key: it cannot say that it
        // knows none.
        let verified = SDJWTVerifier::new(
            presentation,
            Box::new(move |_, _| decoding_key(&key)),
            Some(AUDIENCE.into()),
            Some(nonce_text()),
            SDJWTSerializationFormat::Compact,
        );
        verified.map(|verified| verified.verified_claims).map_err(|e| e.to_string())
    }
}

impl Peer for SdJwtRs {
    fn name(&self) -> &'static str {
        "sd-jwt-rs"
    }

    fn algorithm(&self) -> &'static str {
        "EdDSA (ring)"
    }

    fn issue(&self) -> Vec<u8> {
        self.issue_with(self.claims.clone(), &ISSUER_SECRET)
    }

    fn present(&self, credential: &[u8]) -> Vec<u8> {
        let credential = String::from_utf8(credential.into()).expect("text");
        let show = json!({
            "name_latin": true, "birth_date": true, "skill": { "assessment": true },
        });
        let show: Map<String, Value> = show.as_object().expect("a map").clone();
        SDJWTHolder::new(credential, SDJWTSerializationFormat::Compact)
            .expect("an SD-JWT")
            .create_presentation(
                show,
                Some(nonce_text()),
                Some(AUDIENCE.into()),
                Some(encoding_key(&HOLDER_SECRET)),
                Some(EDDSA.into()),
            )
            .expect("a presentation")
            .into_bytes()
    }

    fn verify(&self, presentation: &[u8]) -> Result<(), String> {
        self.read(presentation).map(|_| ())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signed = crypto::sign(message, &self.signing, Algorithm::EdDSA);
        signed.expect("a signature").into_bytes()
    }

    fn verify_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = str::from_utf8(signature).expect("text");
        crypto::verify(signature, message, &self.verifying, Algorithm::EdDSA).unwrap_or(false)
    }
}
