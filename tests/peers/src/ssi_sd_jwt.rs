//! SD-JWT with `ssi`.

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use ssi::JWK;
use ssi::claims::jws::{sign_bytes, verify_bytes};
use ssi::claims::jwt::{AnyClaims, JWTClaims};
use ssi::claims::sd_jwt::{ConcealJwtClaims as _, KbJwtPayload, SdAlg, SdJwt, SdJwtBuf};
use ssi::claims::{JwsPayload as _, VerificationParameters};
use ssi::dids::{AnyDidMethod, DIDJWK, DIDResolver as _};
use ssi::jwk::{Algorithm, JWKResolver};
use ssi::verification_methods::AnyJwkMethod;
use ssi::{JsonPointerBuf, status};
use tokio::runtime::{Builder, Runtime};

use crate::worker::{self, HOLDER_SECRET, ISSUER_SECRET, REDACTABLE, SHOWN, STRANGER_SECRET};
use crate::{AUDIENCE, Peer, nonce_text};

/// An issuer, a holder and a verifier who knows the issuer's key.
pub struct Ssi {
    runtime: Runtime,
    issuer: JWK,
    issuer_public: JWK,
    holder: JWK,
    claims: JWTClaims<AnyClaims>,
    redactable: Vec<JsonPointerBuf>,
    shown: Vec<JsonPointerBuf>,
}

fn key(secret: &[u8; 32]) -> JWK {
    let public = carnet_proto::key::SigningKey::new(secret).public();
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
        "x": BASE64URL_NOPAD.encode(public.as_bytes()), "d": BASE64URL_NOPAD.encode(secret),
    });
    serde_json::from_value(jwk).expect("a key")
}

fn pointers(places: &[&[&str]]) -> Vec<JsonPointerBuf> {
    let pointer =
        |place: &&[&str]| JsonPointerBuf::new(format!("/{}", place.join("/"))).expect("a pointer");
    places.iter().map(pointer).collect()
}

fn claims(issuer: &str, holder: &JWK) -> JWTClaims<AnyClaims> {
    let mut claims = worker::json(issuer);
    claims["cnf"] = json!({ "jwk": holder.to_public() });
    serde_json::from_value(claims).expect("claims")
}

impl Default for Ssi {
    fn default() -> Self {
        Self::new()
    }
}

impl Ssi {
    /// With fixed keys.
    #[must_use]
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let issuer = key(&ISSUER_SECRET);
        let issuer_public = issuer.to_public();
        let holder = key(&HOLDER_SECRET);
        let claims = claims("did:web:institute.example", &holder);
        let (redactable, shown) = (pointers(&REDACTABLE), pointers(&SHOWN));
        Self { runtime, issuer, issuer_public, holder, claims, redactable, shown }
    }

    fn sign_claims(&self, claims: &JWTClaims<AnyClaims>, key: &JWK) -> Vec<u8> {
        let signed = claims.conceal_and_sign(SdAlg::Sha256, &self.redactable, key);
        self.runtime.block_on(signed).expect("a credential").into_bytes()
    }

    fn issue_as(&self, issuer: &str, key: &JWK) -> Vec<u8> {
        self.sign_claims(&claims(issuer, &self.holder), key)
    }

    /// A credential of somebody unknown, whose key is named by a `did:jwk`.
    #[must_use]
    pub fn issue_as_stranger(&self) -> Vec<u8> {
        let mut key = key(&STRANGER_SECRET);
        let url = DIDJWK::generate_url(&key).to_string();
        key.key_id = Some(url.clone());
        self.issue_as(url.split('#').next().expect("a DID"), &key)
    }

    /// A credential of an issuer whose key is published at a `did:web`.
    #[must_use]
    pub fn issue_as_web(&self, did: &str) -> Vec<u8> {
        let mut key = self.issuer.clone();
        key.key_id = Some(format!("{did}#key-1"));
        self.issue_as(did, &key)
    }

    /// Binds an SD-JWT with chosen disclosures to the verifier, with the holder's key.
    #[must_use]
    pub fn bind(&self, mut shown: SdJwtBuf) -> Vec<u8> {
        let kb = KbJwtPayload::new(AUDIENCE.into(), nonce_text(), SdAlg::Sha256, &shown);
        let kb = self.runtime.block_on(kb.sign(&self.holder)).expect("a signature");
        shown.set_kb(&kb);
        shown.into_bytes()
    }

    /// Verifies with any source of keys.
    ///
    /// # Errors
    /// What `ssi` says against it, or the comparisons that it leaves to its caller.
    pub fn verify_with(
        &self,
        presentation: &[u8],
        resolver: impl JWKResolver,
    ) -> Result<(), String> {
        let params = VerificationParameters::from_resolver(resolver);
        self.runtime.block_on(check(presentation, &params))
    }

    /// Verifies with the resolver of DIDs that `ssi` offers.
    ///
    /// # Errors
    /// As [`Self::verify_with`].
    pub fn verify_with_dids(&self, presentation: &[u8]) -> Result<(), String> {
        let resolver = AnyDidMethod::default().into_vm_resolver::<AnyJwkMethod>();
        self.verify_with(presentation, resolver)
    }

    /// Fetches a status list as `ssi` does.
    ///
    /// # Errors
    /// What `ssi` says.
    pub fn fetch_status(&self, url: &str) -> Result<(), String> {
        use status::client::{HttpClient, StatusMapProvider as _};
        let uri = iref::Uri::new(url).map_err(|e| e.to_string())?;
        let params = VerificationParameters::from_resolver(self.issuer_public.clone());
        let client = HttpClient::new(params);
        let list =
            self.runtime.block_on(client.get::<status::token_status_list::StatusListToken>(uri));
        list.map(|_| ()).map_err(|e| e.to_string())
    }
}

async fn check<P>(presentation: &[u8], params: &P) -> Result<(), String>
where
    P: ssi::claims::ResolverProvider<Resolver: JWKResolver> + ssi::claims::DateTimeProvider,
{
    let sd_jwt = SdJwt::new(presentation).map_err(|_| "not an SD-JWT")?;
    let checked = sd_jwt.decode_reveal_verify_any(params).await;
    let (revealed, verification) = checked.map_err(|e| e.to_string())?;
    verification.map_err(|e| e.to_string())?;
    // From here on it is the caller who knows what to compare.
    let kb = sd_jwt.decode_kb().map_err(|e| e.to_string())?.ok_or("no key binding")?;
    let said = &kb.signing_bytes.payload;
    if said.aud != AUDIENCE || said.nonce.0 != nonce_text() {
        return Err("for another verifier".into());
    }
    if !said.sd_hash.verify(revealed.sd_alg, sd_jwt) {
        return Err("for another presentation".into());
    }
    let holder = revealed.claims().private.get("cnf").ok_or("no holder")?["jwk"].clone();
    let holder: JWK = serde_json::from_value(holder).map_err(|e| e.to_string())?;
    let bound = kb.verify(&holder).await.map_err(|e| e.to_string())?;
    bound.map_err(|e| e.to_string())
}

impl Peer for Ssi {
    fn name(&self) -> &'static str {
        "ssi"
    }

    fn algorithm(&self) -> &'static str {
        "EdDSA (ed25519-dalek 2)"
    }

    fn issue(&self) -> Vec<u8> {
        self.sign_claims(&self.claims, &self.issuer)
    }

    fn present(&self, credential: &[u8]) -> Vec<u8> {
        let sd_jwt = SdJwt::new(credential).expect("an SD-JWT");
        let revealed = sd_jwt.decode_reveal_any().expect("disclosures that fit");
        self.bind(revealed.retaining(&self.shown).into_encoded())
    }

    fn verify(&self, presentation: &[u8]) -> Result<(), String> {
        self.runtime.block_on(check(presentation, &self.issuer_public))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        sign_bytes(Algorithm::EdDSA, message, &self.issuer).expect("a signature")
    }

    fn verify_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        verify_bytes(Algorithm::EdDSA, message, &self.issuer_public, signature).is_ok()
    }
}
