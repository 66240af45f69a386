//! SD-CWT with the `sd-cwt` crate and `cose2`.
//!
//! The crate redacts and restores; key-binding tokens are left to the caller, and made here with `cose2`.
//! Signatures are computed by Carnet's keys, so that the formats alone differ.

use ::sd_cwt::{
    CWT_CLAIM_CNONCE, CWT_CLAIM_VCT, Disclosure, DisclosureKind, DisclosureSet, HEADER_KCWT,
    RedactionHasher, RestoreMode, RestoreReport, SdCwtValidationOptions, Sha256RedactionHasher,
    TO_BE_REDACTED_TAG, disclosures_from_unprotected, issue_from_preissuance,
    restore_payload_with_disclosures, set_disclosures, set_kb_cwt_typ, set_sd_alg, set_sd_cwt_typ,
    verify_and_decode_sd_cwt, verify_validate_and_restore_sd_cwt,
};
use carnet_proto::cbor::Encode as _;
use carnet_proto::key::{CoseKey, PublicKey, Signature, SigningKey};
use carnet_proto::profile::{VCT_SKILL, claim, header};
use cbor2::Value;
use cose2::{Error, Header, Label, Sign1Message, Signer, Verifier, iana};

use crate::worker::{
    self, EXPIRES_AT, HOLDER_SECRET, ISSUED_AT, ISSUER_SECRET, STRANGER_SECRET, SUBJECT,
};
use crate::{AUDIENCE, NONCE, Peer};

/// The first key of the part of a skill that can be withheld.
const FIRST_REDACTABLE: i64 = 20;
/// The key of the assessment in it.
const ASSESSMENT: i64 = 24;

const INSTITUTE: &str = "https://institute.example";

/// The rule that the draft's signed examples follow, and Carnet: SHA-256 over the encoded byte string,
/// its head included. The crate hashes the contents alone.
pub struct EncodedByteString;

impl RedactionHasher for EncodedByteString {
    fn algorithm(&self) -> i64 {
        Sha256RedactionHasher.algorithm()
    }

    fn digest(&self, contents: &[u8]) -> Vec<u8> {
        let encoded = cbor2::to_vec(&Value::Bytes(contents.into())).expect("CBOR");
        Sha256RedactionHasher.digest(&encoded)
    }
}

/// Carnet's keys for `cose2`.
pub struct Key(pub SigningKey);

impl Signer for Key {
    fn alg(&self) -> Option<Label> {
        Some(iana::AlgorithmEd25519.into())
    }

    fn sign(&self, data: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.0.sign(data).0.to_vec())
    }
}

/// Carnet's public keys for `cose2`.
pub struct Public(pub PublicKey);

impl Verifier for Public {
    fn alg(&self) -> Option<Label> {
        Some(iana::AlgorithmEd25519.into())
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), Error> {
        let signature = signature.try_into().map_err(|_| Error::verify("64 bytes"))?;
        let fits = self.0.verifies(data, &Signature(signature));
        if fits { Ok(()) } else { Err(Error::verify("wrong signature")) }
    }
}

/// An issuer, a holder and a verifier who knows the issuer's key.
pub struct SdCwtCrate {
    /// The issuer's key.
    pub issuer: Key,
    holder: Key,
    claims: Value,
}

fn key(secret: &[u8; 32]) -> Key {
    Key(SigningKey::new(secret))
}

fn reencoded(encoded: Vec<u8>) -> Value {
    cbor2::from_slice(&encoded).expect("CBOR")
}

/// The worker's claims before issuance, under the labels that Carnet uses.
fn preissued(issuer: &str, holder: &SigningKey) -> Value {
    let redacted = |key: i64| Value::Tag(TO_BE_REDACTED_TAG, Box::new(Value::from(key)));
    let person = worker::PERSON.clone();
    let Value::Map(skill) = reencoded(worker::SKILL.to_cbor()) else { panic!("a map") };
    let skill = skill.into_iter().map(|(key, value)| match &key {
        Value::Integer(n) if i64::try_from(*n).is_ok_and(|n| n >= FIRST_REDACTABLE) => {
            (Value::Tag(TO_BE_REDACTED_TAG, Box::new(key)), value)
        }
        _ => (key, value),
    });
    let list = Value::Map(vec![
        (Value::from("idx"), Value::from(1000)),
        (Value::from("uri"), Value::from(format!("{issuer}/status/0"))),
    ]);
    let holder = reencoded(CoseKey(holder.public()).to_cbor());
    let mut claims = vec![
        (Value::from(claim::ISS), Value::from(issuer)),
        (redacted(claim::SUB), Value::from(SUBJECT)),
        (Value::from(claim::EXP), Value::from(EXPIRES_AT)),
        (Value::from(claim::IAT), Value::from(ISSUED_AT)),
        (Value::from(claim::CTI), Value::Bytes(vec![0x6c; 16])),
        (Value::from(claim::CNF), Value::Map(vec![(Value::from(1), holder)])),
        (Value::from(CWT_CLAIM_VCT), Value::from(VCT_SKILL)),
        (Value::from(claim::STATUS), Value::Map(vec![(Value::from("status_list"), list)])),
        (Value::from(claim::SKILL), Value::Map(skill.collect())),
    ];
    let mut push = |key: i64, encoded: Option<Vec<u8>>| {
        claims.push((redacted(key), reencoded(encoded.expect("a claim"))));
    };
    push(claim::NAME_NATIVE, person.name_native.map(|v| v.to_cbor()));
    push(claim::NAME_LATIN, person.name_latin.map(|v| v.to_cbor()));
    push(claim::NAME_ICAO, person.name_icao.map(|v| v.to_cbor()));
    push(claim::BIRTH_DATE, person.birth_date.map(|v| v.to_cbor()));
    push(claim::NATIONALITY, person.nationality.map(|v| v.to_cbor()));
    push(claim::DOCUMENT_NUMBER, person.document_number.map(|v| v.to_cbor()));
    push(claim::PORTRAIT, person.portrait.map(|v| v.to_cbor()));
    Value::Map(claims)
}

impl Default for SdCwtCrate {
    fn default() -> Self {
        Self::new()
    }
}

impl SdCwtCrate {
    /// With fixed keys.
    #[must_use]
    pub fn new() -> Self {
        let (issuer, holder) = (key(&ISSUER_SECRET), key(&HOLDER_SECRET));
        let claims = preissued(INSTITUTE, &holder.0);
        Self { issuer, holder, claims }
    }

    /// The issuer's public key.
    #[must_use]
    pub fn issuer_key(&self) -> PublicKey {
        self.issuer.0.public()
    }

    /// Issues under any hash rule, with the key's identifier in the header if one is given.
    #[must_use]
    pub fn issue_hashed(
        &self,
        issuer: &str,
        key: &Key,
        kid: Option<&[u8]>,
        hasher: &dyn RedactionHasher,
    ) -> Vec<u8> {
        let mut salts = || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).expect("randomness");
            salt
        };
        let is_usual = issuer == INSTITUTE;
        let claims = if is_usual { self.claims.clone() } else { preissued(issuer, &self.holder.0) };
        let issued = issue_from_preissuance(claims, &mut salts, hasher).expect("claims");
        // In canonical order, as Carnet demands it; the crate keeps the order of its caller.
        let payload = cbor2::to_canonical_vec(&issued.value).expect("CBOR");
        let mut message = Sign1Message::new(Some(payload));
        if let Some(kid) = kid {
            message.protected.insert(header::KID, Value::Bytes(kid.into()));
        }
        set_sd_cwt_typ(&mut message.protected);
        set_sd_alg(&mut message.protected, hasher.algorithm());
        set_disclosures(&mut message.unprotected, issued.disclosures.as_slice());
        message.sign_and_encode(key, None).expect("a credential")
    }

    /// A credential of somebody unknown.
    #[must_use]
    pub fn issue_as_stranger(&self) -> Vec<u8> {
        let (issuer, key) = ("https://stranger.example", key(&STRANGER_SECRET));
        self.issue_hashed(issuer, &key, None, &Sha256RedactionHasher)
    }

    /// Signs a key-binding token around what is shown.
    fn bind(&self, shown: &[u8]) -> Vec<u8> {
        let claims = Value::Map(vec![
            (Value::from(claim::AUD), Value::from(AUDIENCE)),
            (Value::from(claim::EXP), Value::from(ISSUED_AT + 300)),
            (Value::from(claim::IAT), Value::from(ISSUED_AT)),
            (Value::from(CWT_CLAIM_CNONCE), Value::Bytes(NONCE.into())),
        ]);
        let mut token = Sign1Message::new(Some(cbor2::to_vec(&claims).expect("CBOR")));
        token.protected.insert(HEADER_KCWT, reencoded(shown.into()));
        set_kb_cwt_typ(&mut token.protected);
        token.sign_and_encode(&self.holder, None).expect("a token")
    }

    /// A presentation in which the disclosed value of one claim is another.
    #[must_use]
    pub fn altered(&self, presentation: &[u8], key: i64, value: &str) -> Vec<u8> {
        let token = Sign1Message::from_slice(presentation).expect("a token");
        let mut inner = inner(&token.protected).expect("a credential");
        let shown = disclosures_from_unprotected(&inner.unprotected).expect("disclosures");
        let altered: Vec<_> = shown
            .into_iter()
            .map(|disclosure| match disclosure.kind() {
                DisclosureKind::Claim { salt, key: Label::Int(k), .. } if *k == key => {
                    Disclosure::claim(salt.clone(), key, value).expect("a disclosure")
                }
                _ => disclosure,
            })
            .collect();
        set_disclosures(&mut inner.unprotected, &altered);
        // The holder alters what is shown, and signs it.
        self.bind(&inner.to_vec().expect("a credential"))
    }
}

/// The credential within a key-binding token.
fn inner(protected: &Header) -> Result<Sign1Message, String> {
    let inner = protected.get(HEADER_KCWT).ok_or("no credential")?;
    let inner = cbor2::to_vec(inner).map_err(|e| e.to_string())?;
    Sign1Message::from_slice(&inner).map_err(|e| e.to_string())
}

/// Returns the claim under a number.
#[must_use]
pub fn claim_of(claims: &Value, label: i64) -> Option<&Value> {
    let Value::Map(entries) = claims else { return None };
    entries.iter().find(|(key, _)| *key == Value::from(label)).map(|(_, value)| value)
}

/// Restores a credential under any hash rule, its signature checked; the crate's own checks of claims
/// are tied to its own rule.
///
/// # Errors
/// What the crate says.
pub fn restore_hashed(
    key: PublicKey,
    credential: &[u8],
    hasher: &dyn RedactionHasher,
    mode: RestoreMode,
) -> Result<RestoreReport, Error> {
    let limits = SdCwtValidationOptions::default().limits;
    let message = verify_and_decode_sd_cwt(&Public(key), credential, None, limits)?;
    let disclosures = DisclosureSet::from_unprotected(&message.unprotected)?;
    let disclosures = disclosures.as_slice().to_vec();
    restore_payload_with_disclosures(&message, disclosures, hasher, mode)
}

/// Checks a presentation: the credential as told, and what the crate leaves to its caller: the holder's
/// key, the token, audience and nonce.
///
/// # Errors
/// What the crates say, or the comparisons here.
pub fn check(
    presentation: &[u8],
    restore: impl Fn(&[u8]) -> Result<RestoreReport, Error>,
) -> Result<RestoreReport, String> {
    let token = Sign1Message::from_slice(presentation).map_err(|e| e.to_string())?;
    let credential = token.protected.get(HEADER_KCWT).ok_or("no credential")?;
    let credential = cbor2::to_vec(credential).map_err(|e| e.to_string())?;
    let restored = restore(&credential).map_err(|e| e.to_string())?;
    let holder = claim_of(&restored.value, claim::CNF).ok_or("no holder")?;
    let holder = claim_of(holder, 1).and_then(|key| claim_of(key, -2));
    let Some(Value::Bytes(holder)) = holder else { return Err("no holder".into()) };
    let holder = holder.as_slice().try_into().map_err(|_| "no key")?;
    let holder = PublicKey::new(holder).map_err(|e| e.to_string())?;
    token.verify(&Public(holder), None).map_err(|e| e.to_string())?;
    let said = token.payload.as_deref().ok_or("no claims")?;
    let said: Value = cbor2::from_slice(said).map_err(|e| e.to_string())?;
    let for_us = claim_of(&said, claim::AUD) == Some(&Value::from(AUDIENCE))
        && claim_of(&said, CWT_CLAIM_CNONCE) == Some(&Value::Bytes(NONCE.into()));
    if for_us { Ok(restored) } else { Err("for another verifier".into()) }
}

impl Peer for SdCwtCrate {
    fn name(&self) -> &'static str {
        "sd-cwt"
    }

    fn algorithm(&self) -> &'static str {
        "Ed25519 (Carnet's)"
    }

    fn issue(&self) -> Vec<u8> {
        self.issue_hashed(INSTITUTE, &self.issuer, None, &Sha256RedactionHasher)
    }

    fn present(&self, credential: &[u8]) -> Vec<u8> {
        let mut message = Sign1Message::from_slice(credential).expect("a credential");
        let all = disclosures_from_unprotected(&message.unprotected).expect("disclosures");
        let wanted = [claim::NAME_LATIN, claim::BIRTH_DATE, ASSESSMENT];
        let is_wanted = |disclosure: &Disclosure| {
            matches!(disclosure.kind(), DisclosureKind::Claim { key: Label::Int(key), .. }
                if wanted.contains(key))
        };
        let shown: Vec<_> = all.into_iter().filter(is_wanted).collect();
        set_disclosures(&mut message.unprotected, &shown);
        self.bind(&message.to_vec().expect("a credential"))
    }

    fn verify(&self, presentation: &[u8]) -> Result<(), String> {
        let key = Public(self.issuer.0.public());
        let restored = check(presentation, |credential| {
            let (mode, options) = (RestoreMode::Verifier, SdCwtValidationOptions::default());
            verify_validate_and_restore_sd_cwt(&key, credential, None, mode, options)
                .map(|(_, restored)| restored)
        });
        restored.map(|_| ())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.issuer.0.sign(message).0.to_vec()
    }

    fn verify_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = signature.try_into().expect("64 bytes");
        self.issuer.0.public().verifies(message, &Signature(signature))
    }
}
