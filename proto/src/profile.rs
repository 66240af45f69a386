//! Every label, tag, type and hash rule of the formats, in one place.
//!
//! The credential format follows a draft (SD-CWT, draft-ietf-spice-sd-cwt-08) whose numbers are
//! early allocations. A later draft becomes another value of [`Profile`]; a credential keeps the
//! profile it was issued under.

use coset::iana;

use crate::cbor::codes;
use crate::id::sha256;

codes! {
    /// A version of the credential format.
    pub enum Profile {
        /// SD-CWT draft -08 with Ed25519 and SHA-256.
        SdCwt08 = 1, "sd-cwt-08";
    }
}

impl Profile {
    /// Computes the redacted claim hash of a disclosure: SHA-256 over the CBOR encoding of the byte
    /// string, its head included, as received (what the signed examples of the draft use; two of its
    /// figures show the hash of the contents alone).
    pub fn redacted_claim_hash(self, encoded_bstr: &[u8]) -> [u8; 32] {
        match self {
            Profile::SdCwt08 => sha256(encoded_bstr),
        }
    }
}

/// Header labels (RFC 9052, 9597, 9596, 9528, 9942; SD-CWT).
pub mod header {
    use super::iana::HeaderParameter;

    /// Signature algorithm.
    pub const ALG: i64 = HeaderParameter::Alg as i64;
    /// Key identifier.
    pub const KID: i64 = HeaderParameter::Kid as i64;
    /// CWT claims in a header.
    pub const CWT_CLAIMS: i64 = HeaderParameter::CwtClaims as i64;
    /// Type of the whole object.
    pub const TYP: i64 = 16;
    /// The SD-CWT inside a key-binding token.
    pub const KCWT: i64 = 13;
    /// Disclosures.
    pub const SD_CLAIMS: i64 = 17;
    /// Hash algorithm of redacted claims.
    pub const SD_ALG: i64 = 170;
    /// Encrypted disclosures, which this profile refuses.
    pub const SD_AEAD_CLAIMS: i64 = 171;
    /// Receipts of a statement (RFC 9942).
    pub const RECEIPTS: i64 = 394;
    /// Verifiable data structure of a receipt (RFC 9942).
    pub const VDS: i64 = 395;
    /// Proofs of a receipt (RFC 9942).
    pub const VDP: i64 = 396;
}

/// CWT claim keys (RFC 8392, 8747; SD-CWT; Token Status List) and those private to Carnet.
pub mod claim {
    use super::iana::CwtClaimName;

    /// Issuer.
    pub const ISS: i64 = CwtClaimName::Iss as i64;
    /// Subject.
    pub const SUB: i64 = CwtClaimName::Sub as i64;
    /// Audience.
    pub const AUD: i64 = CwtClaimName::Aud as i64;
    /// Expiry.
    pub const EXP: i64 = CwtClaimName::Exp as i64;
    /// Not before.
    pub const NBF: i64 = CwtClaimName::Nbf as i64;
    /// Issued at.
    pub const IAT: i64 = CwtClaimName::Iat as i64;
    /// Identifier of the token.
    pub const CTI: i64 = CwtClaimName::Cti as i64;
    /// Confirmation key.
    pub const CNF: i64 = CwtClaimName::Cnf as i64;
    /// Credential type.
    pub const VCT: i64 = 11;
    /// Nonce of the verifier.
    pub const CNONCE: i64 = 39;
    /// The status list in a status list token.
    pub const STATUS_LIST: i64 = 65533;
    /// Seconds for which a status list token may be cached.
    pub const TTL: i64 = 65534;
    /// Where a credential's status stands.
    pub const STATUS: i64 = 65535;
    /// The skill claims: a map with small unsigned keys.
    pub const SKILL: i64 = -65537;
    /// The contribution claims: a map with small unsigned keys.
    pub const CONTRIBUTION: i64 = -65538;
    /// Digest over all SD-CWTs of a container with several.
    pub const CONTAINER: i64 = -65539;
    /// Name in the holder's own script.
    pub const NAME_NATIVE: i64 = -65540;
    /// Name in Latin letters.
    pub const NAME_LATIN: i64 = -65541;
    /// Name as in the machine-readable zone of a travel document (ICAO 9303).
    pub const NAME_ICAO: i64 = -65542;
    /// Birth date, days since 1970-01-01.
    pub const BIRTH_DATE: i64 = -65543;
    /// Nationality, ISO 3166-1 alpha-2.
    pub const NATIONALITY: i64 = -65544;
    /// Number of an identity document.
    pub const DOCUMENT_NUMBER: i64 = -65545;
    /// SHA-256 of a portrait.
    pub const PORTRAIT: i64 = -65546;

    /// Claims that an issuer never redacts.
    pub const NEVER_REDACTED: [i64; 10] = [ISS, AUD, EXP, NBF, IAT, CTI, CNF, VCT, CNONCE, STATUS];
}

/// COSE algorithm Ed25519 (RFC 9864); the only one.
pub const ALG_ED25519: i64 = -19;
/// COSE algorithm SHA-256.
pub const ALG_SHA256: i64 = -16;

/// CBOR tag of a COSE_Sign1.
pub const TAG_SIGN1: u64 = iana::CborTag::CoseSign1 as u64;
/// CBOR tag of a redacted array element (SD-CWT).
pub const TAG_REDACTED_ELEMENT: u64 = 60;
/// CBOR tags that stand only before issuance: to be redacted, to be decoy.
pub const TAGS_BEFORE_ISSUANCE: [u64; 2] = [58, 62];
/// The map key, a simple value, under which the hashes of redacted entries stand.
pub const SIMPLE_REDACTED_KEYS: u8 = 59;

/// Content format of an SD-CWT, `application/sd-cwt`.
pub const TYP_SD_CWT: u64 = 293;
/// Content format of a key-binding token, `application/kb+cwt`.
pub const TYP_KEY_BINDING: u64 = 294;
/// Media type of a status list token.
pub const TYP_STATUS_LIST: &str = "application/statuslist+cwt";
/// Media type of a signed request for a credential to a key.
pub const TYP_KEY_REQUEST: &str = "application/vnd.carnet.key-request+cose";

/// The audience of a prepared presentation that anyone may read.
pub const AUDIENCE_ANYONE: &str = "urn:carnet:anyone";
/// Credential type of a skill attestation.
pub const VCT_SKILL: &str = "urn:carnet:skill:1";
/// Credential type of a contribution attestation.
pub const VCT_CONTRIBUTION: &str = "urn:carnet:contribution:1";

/// Most bytes of a credential.
pub const MAX_CREDENTIAL_BYTES: usize = 64 * 1024;
/// Most bytes of a presentation with its evidence.
pub const MAX_PRESENTATION_BYTES: usize = 4 * 1024 * 1024;
/// Most credentials in a presentation.
pub const MAX_CREDENTIALS: usize = 32;
/// Most disclosures of a credential.
pub const MAX_DISCLOSURES: usize = 256;
/// Seconds by which two clocks may differ.
pub const CLOCK_SKEW: u64 = 300;
/// Longest life of a live key-binding token, in seconds.
pub const MAX_LIVE_SECONDS: u64 = 300;
/// Longest life of a prepared key-binding token, in seconds.
pub const MAX_PREPARED_SECONDS: u64 = 90 * crate::time::DAY;

codes! {
    /// The kind of a file, written behind the word `carnet` at its start.
    pub enum FileKind {
        /// Key-binding tokens with their anchors, and perhaps evidence.
        Presentation = 1, "presentation";
        /// A credential as it leaves the issuer, with all its disclosures.
        Credential = 2, "credential";
        /// A holder's signed request for a credential to a key.
        KeyRequest = 3, "key request";
        /// A holder's credentials and the seed of their keys; always encrypted.
        Wallet = 4, "wallet";
        /// A verifier's audience, nonce and wishes.
        Challenge = 5, "challenge";
        /// What is stapled to a presentation, by itself.
        Evidence = 6, "evidence";
        /// Two checkpoints of one log that cannot both be true.
        Fork = 7, "fork proof";
    }
}
