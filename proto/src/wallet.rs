//! The wallet: a holder's credentials, and the seed from which their keys are derived.
//!
//! The layout is CBOR; on disk it is always encrypted (`age`, passphrase). The key of a credential is
//! derived from the seed and a random salt kept beside the credential, so that the seed and the file
//! together restore everything.

mod preset;

pub use preset::{Preset, PresetError};

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroize as _;

use crate::anchor::Anchor;
use crate::cbor::{Bytes, CborError, Decode as _, Mode, Value, record};
use crate::credential::attested::entry_name;
use crate::credential::claims::{Claims, ClaimsError, claim_name};
use crate::credential::disclosure::{DisclosureError, Placed, Reader};
use crate::credential::{CredentialError, SdCwt};
use crate::file::{self, FileError};
use crate::id::{CredentialId, Did};
use crate::issuing::CredentialFile;
use crate::key::{Seed, SigningKey};
use crate::presentation::{
    KeyBindingClaims, KeyBindingToken, Presentation, Presented, container_digest,
};
use crate::profile::{FileKind, Profile};
use crate::request::KeyRequest;
use crate::time::UnixSeconds;

/// Most bytes of a wallet, decrypted.
pub const MAX_WALLET_BYTES: usize = 64 * 1024 * 1024;
/// Most credentials, or keys waiting for one.
pub const MAX_ITEMS: usize = 4096;

record! {
    /// A key for which a credential was requested.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PendingKey {
        /// From which the key is derived.
        salt [1]: [u8; 16],
        /// Who was asked.
        institution [2]: Did,
        /// When.
        created_at [3]: UnixSeconds,
    }
}

record! {
    /// A credential in a wallet.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct WalletCredential {
        /// Its format.
        profile [1]: Profile,
        /// The SD-CWT, with all its disclosures.
        sd_cwt [2]: Bytes,
        /// What proves when it existed.
        anchor [3]: Anchor,
        /// From which its key is derived.
        salt [4]: [u8; 16],
        /// Evidence to staple to presentations, encoded.
        evidence [5]: Option<Bytes>,
        /// When the evidence was fetched.
        refreshed_at [6]: Option<UnixSeconds>,
    }
}

record! {
    /// The contents as they are encoded; [`Wallet`] is what programs use.
    #[derive(Clone, PartialEq, Eq)]
    pub struct WalletBody {
        /// The seed.
        seed [1]: [u8; 32],
        /// Credentials.
        credentials [2; ..MAX_ITEMS]: Vec<WalletCredential>,
        /// Keys that wait for a credential.
        pending [3; ..MAX_ITEMS]: Vec<PendingKey>,
    }
}

impl Drop for WalletBody {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

/// A holder's credentials and the seed of their keys. Never printed.
#[derive(Clone)]
pub struct Wallet {
    seed: Seed,
    credentials: Vec<WalletCredential>,
    pending: Vec<PendingKey>,
}

impl core::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Wallet({} credentials)", self.credentials.len())
    }
}

/// What went wrong with a wallet, or with what was to be put into it or taken out of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// Not a wallet of a known version.
    #[error(transparent)]
    File(#[from] FileError),
    /// Malformed contents.
    #[error("malformed: {0}")]
    Malformed(#[from] CborError),
    /// A credential that is malformed.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A credential whose disclosures do not fit it.
    #[error(transparent)]
    Disclosure(#[from] DisclosureError),
    /// A credential whose claims are malformed.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// A credential for a key of another wallet.
    #[error("the credential is for a key that this wallet did not request")]
    NotOurs,
    /// A credential of which something was kept from its holder.
    #[error("{0} of its claims or decoys are hidden from its holder: ask the issuer for a new one")]
    Hidden(usize),
    /// A credential that is in the wallet already.
    #[error("the credential is in the wallet already")]
    Duplicate,
    /// Too many credentials or keys.
    #[error("a wallet holds at most {MAX_ITEMS} credentials and {MAX_ITEMS} keys")]
    Full,
    /// A claim name that the credential does not have.
    #[error("the credential has no claim `{claim}` to disclose; it has: {known}")]
    UnknownClaim {
        /// The name given.
        claim: String,
        /// The names there are.
        known: String,
    },
    /// No credential was chosen, or one that the wallet does not have.
    #[error("no credential was chosen, or one that is not in the wallet")]
    Nothing,
}

/// What a presentation is to be.
#[derive(Clone, Debug)]
pub struct PresentRequest<'a> {
    /// For whom.
    pub audience: &'a str,
    /// The verifier's nonce; none for a prepared presentation.
    pub nonce: Option<&'a [u8]>,
    /// Now.
    pub issued_at: UnixSeconds,
    /// Until when it counts.
    pub expires_at: UnixSeconds,
    /// Names of the claims to disclose; each must occur in at least one of the credentials.
    pub disclose: &'a [String],
    /// Whether to staple evidence.
    pub with_evidence: bool,
}

impl Wallet {
    /// Makes an empty wallet.
    pub fn new(seed: Seed) -> Self {
        Self { seed, credentials: Vec::new(), pending: Vec::new() }
    }

    /// Reads a decrypted wallet.
    ///
    /// # Errors
    /// [`WalletError`]; of a newer version, [`FileError::Unsupported`].
    pub fn open(bytes: &[u8]) -> Result<Self, WalletError> {
        let body = file::unwrap(bytes, FileKind::Wallet, MAX_WALLET_BYTES)?;
        let mut body = WalletBody::from_cbor(body)?;
        Ok(Self {
            seed: Seed::new(body.seed),
            credentials: core::mem::take(&mut body.credentials),
            pending: core::mem::take(&mut body.pending),
        })
    }

    /// Returns the wallet to be encrypted. The caller wipes the bytes.
    pub fn to_file(&self) -> Vec<u8> {
        let body = WalletBody {
            seed: *self.seed.expose(),
            credentials: self.credentials.clone(),
            pending: self.pending.clone(),
        };
        file::wrap(FileKind::Wallet, &body)
    }

    /// Returns the credentials.
    pub fn credentials(&self) -> &[WalletCredential] {
        &self.credentials
    }

    /// Returns the keys that wait for a credential.
    pub fn pending(&self) -> &[PendingKey] {
        &self.pending
    }

    /// Derives a new key and returns a signed request for a credential to it, as a file.
    ///
    /// # Errors
    /// [`WalletError::Full`].
    pub fn request_key(
        &mut self,
        institution: Did,
        now: UnixSeconds,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, WalletError> {
        if self.pending.len() >= MAX_ITEMS {
            return Err(WalletError::Full);
        }
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        self.pending.push(PendingKey { salt, institution, created_at: now });
        Ok(KeyRequest::sign(institution, &self.seed.credential_key(&salt), now))
    }

    /// Adds a credential, having checked that each disclosure fits and none is missing (a hash without
    /// one could hide a claim from its subject), and that it is for a key of this wallet. The issuer is judged when evidence is fetched.
    ///
    /// # Errors
    /// [`WalletError`]; the wallet is unchanged then.
    pub fn add(&mut self, file: CredentialFile) -> Result<CredentialId, WalletError> {
        let contents = read(file.profile, &file.sd_cwt.0)?;
        if contents.withheld > 0 {
            return Err(WalletError::Hidden(contents.withheld));
        }
        if self.credentials.len() >= MAX_ITEMS {
            return Err(WalletError::Full);
        }
        for known in &self.credentials {
            if contents_of(known)?.claims.id == contents.claims.id {
                return Err(WalletError::Duplicate);
            }
        }
        let is_for = |pending: &PendingKey| {
            self.seed.credential_key(&pending.salt).public() == contents.claims.holder_key
        };
        let at = self.pending.iter().position(is_for).ok_or(WalletError::NotOurs)?;
        let salt = self.pending.remove(at).salt;
        self.credentials.push(WalletCredential {
            profile: file.profile,
            sd_cwt: file.sd_cwt,
            anchor: file.anchor,
            salt,
            evidence: None,
            refreshed_at: None,
        });
        Ok(contents.claims.id)
    }

    /// Keeps evidence for the credential at an index.
    pub fn set_evidence(&mut self, index: usize, evidence: Vec<u8>, now: UnixSeconds) {
        if let Some(credential) = self.credentials.get_mut(index) {
            credential.evidence = Some(Bytes(evidence));
            credential.refreshed_at = Some(now);
        }
    }

    /// Presents credentials with chosen claims. Evidence is that of the credential refreshed last,
    /// or what `merge` makes of several.
    ///
    /// # Errors
    /// [`WalletError`].
    pub fn present(
        &self,
        indexes: &[usize],
        request: &PresentRequest<'_>,
        merge: impl FnOnce(&[&[u8]]) -> Option<Vec<u8>>,
    ) -> Result<Presentation, WalletError> {
        let each: Vec<_> = indexes.iter().map(|index| (*index, Vec::new())).collect();
        self.present_each(&each, request, merge)
    }

    /// Presents credentials as [`Wallet::present`] does, each also with claims of its own.
    ///
    /// # Errors
    /// [`WalletError`].
    pub fn present_each(
        &self,
        each: &[(usize, Vec<String>)],
        request: &PresentRequest<'_>,
        merge: impl FnOnce(&[&[u8]]) -> Option<Vec<u8>>,
    ) -> Result<Presentation, WalletError> {
        // What is asked for is presented whole or not at all.
        let mut opened = Vec::new();
        let mut own = Vec::new();
        for (index, names) in each {
            let credential = self.credentials.get(*index).ok_or(WalletError::Nothing)?;
            let sd_cwt = SdCwt::parse(&credential.sd_cwt.0, Mode::Strict)?;
            let contents = contents(&sd_cwt, credential.profile)?;
            let known =
                |name: &&String| contents.disclosures.iter().any(|d| is_chosen(&d.name, name));
            if let Some(unknown) = names.iter().find(|name| !known(name)) {
                return Err(unknown_claim(unknown, contents.disclosures.iter()));
            }
            own.push([request.disclose, names.as_slice()].concat());
            opened.push((credential, sd_cwt, contents));
        }
        let profile = opened.first().ok_or(WalletError::Nothing)?.0.profile;
        for claim in request.disclose {
            let all = || opened.iter().flat_map(|(_, _, contents)| &contents.disclosures);
            if !all().any(|disclosure| is_chosen(&disclosure.name, claim)) {
                return Err(unknown_claim(claim, all()));
            }
        }
        let digests: Vec<_> = opened.iter().map(|(_, sd_cwt, _)| sd_cwt.digest()).collect();
        let claims = KeyBindingClaims {
            audience: request.audience.into(),
            expires_at: request.expires_at,
            issued_at: request.issued_at,
            nonce: request.nonce.map(Vec::from),
            container: container_digest(&digests),
        };
        let mut presented = Vec::new();
        for ((credential, sd_cwt, contents), names) in opened.iter().zip(&own) {
            let keep = contents.with_parents(names);
            let shown = sd_cwt.with_disclosures(|index| keep.contains(&index));
            let token = KeyBindingToken::sign(&shown, &claims, &self.key(credential));
            presented.push(Presented { token, anchor: Some(credential.anchor.clone()) });
        }
        let evidence: Vec<_> = opened
            .iter()
            .filter(|_| request.with_evidence)
            .filter_map(|(credential, ..)| credential.evidence.as_ref().map(|e| e.0.as_slice()))
            .collect();
        Ok(Presentation { profile, presented, evidence: merge(&evidence) })
    }

    /// Returns the signing key of a credential.
    pub fn key(&self, credential: &WalletCredential) -> SigningKey {
        self.seed.credential_key(&credential.salt)
    }
}

/// What a credential says to its holder.
#[derive(Clone, Debug)]
pub struct Contents {
    /// All claims.
    pub claims: Claims,
    /// What may be disclosed.
    pub disclosures: Vec<NamedDisclosure>,
    /// Hashes for which the issuer gave no disclosure.
    pub withheld: usize,
}

/// A claim that may be disclosed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedDisclosure {
    /// Its name: `birth_date`, `assessment`, or `skills.1` for the first element of a list.
    pub name: String,
    index: usize,
    parent: Option<usize>,
}

impl Contents {
    /// Returns the positions of the chosen disclosures and of those that hold them.
    fn with_parents(&self, chosen: &[String]) -> Vec<usize> {
        let mut keep: Vec<usize> = self
            .disclosures
            .iter()
            .filter(|d| chosen.iter().any(|claim| is_chosen(&d.name, claim)))
            .flat_map(|d| core::iter::once(d.index).chain(d.parent))
            .collect();
        keep.sort_unstable();
        keep.dedup();
        keep
    }
}

fn unknown_claim<'a>(claim: &str, known: impl Iterator<Item = &'a NamedDisclosure>) -> WalletError {
    let mut names: Vec<_> = known.map(|disclosure| disclosure.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    WalletError::UnknownClaim { claim: claim.into(), known: names.join(", ") }
}

/// A whole list is chosen by its name, one element by name and number.
fn is_chosen(name: &str, claim: &str) -> bool {
    let claim = claim.replace('-', "_");
    name == claim || name.strip_prefix(claim.as_str()).is_some_and(|rest| rest.starts_with('.'))
}

/// Reads a credential of the wallet with everything in it.
///
/// # Errors
/// [`WalletError`] if it is malformed or its disclosures do not fit.
pub fn contents_of(credential: &WalletCredential) -> Result<Contents, WalletError> {
    read(credential.profile, &credential.sd_cwt.0)
}

fn read(profile: Profile, sd_cwt: &[u8]) -> Result<Contents, WalletError> {
    contents(&SdCwt::parse(sd_cwt, Mode::Strict)?, profile)
}

fn contents(sd_cwt: &SdCwt<'_>, profile: Profile) -> Result<Contents, WalletError> {
    let restored = sd_cwt.restore(profile, Reader::Holder)?;
    let claims = Claims::read(&restored.claims)?;
    let mut disclosures = Vec::new();
    for placed in &restored.placed {
        let elements = disclosures
            .iter()
            .filter(|d: &&NamedDisclosure| placed.parent.is_some() && d.parent == placed.parent);
        let number = elements.count() + 1;
        if let Some(name) = name_of(placed, number) {
            disclosures.push(NamedDisclosure { name, index: placed.index, parent: placed.parent });
        }
    }
    Ok(Contents { claims, disclosures, withheld: restored.withheld })
}

fn name_of(placed: &Placed, number: usize) -> Option<String> {
    match placed.path.as_slice() {
        [key] => claim_name(key).map(ToString::to_string),
        [outer, key] => entry_name(outer, key).map(ToString::to_string),
        [outer, key, Value::Null] => entry_name(outer, key).map(|name| format!("{name}.{number}")),
        _ => None,
    }
}
