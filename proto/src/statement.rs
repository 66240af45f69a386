//! Statements: what institutions say in public, as SCITT-shaped signed entries of their logs.
//!
//! ```cddl
//! statement = #6.18([bstr .cbor statement-header, {}, bstr .cbor payload, bstr .size 64])
//! statement-header = { 1: -19, 4: bstr .size 32, 15: { 1: tstr, 2: tstr }, 16: tstr }
//! ```
//!
//! The entry of a log is the statement as signed. `iss` is the institution, `sub` what the statement
//! is about, `typ` its kind. Every payload is a closed deterministic map with integer keys.

pub mod accreditation;
pub mod agreement;
pub mod fork;
pub mod identity;
pub mod issuance;
pub mod profile;
pub mod standing;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use accreditation::{Accreditation, Withdrawal};
use agreement::{Agreement, Denunciation, Ratification};
use fork::Accusation;
use identity::{INCEPTION, Inception, Rotation, Succession};
use issuance::Issuance;
use profile::InstitutionProfile;
use standing::Standing;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, Key, Mode};
use crate::cose::{self, Sign1};
use crate::id::{Did, Digest, Kid, LeafHash};
use crate::key::{PublicKey, SigningKey};
use crate::log::merkle::leaf_hash;
use crate::profile::{ALG_ED25519, claim, header};

/// Most bytes of a statement, envelope included.
pub const MAX_STATEMENT_BYTES: usize = 60 * 1024;

/// Why an entry is not a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Larger than [`MAX_STATEMENT_BYTES`].
    #[error("a statement has at most {MAX_STATEMENT_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// Not the format.
    #[error("malformed statement: {0}")]
    Malformed(#[from] CborError),
    /// A kind that this build does not know.
    #[error("unknown kind of statement `{0}`: update carnet")]
    Unsupported(String),
}

/// Defines the body of a statement: one variant a kind, with its media type and subject. What is rare and
/// large is held apart, so that the others stay small.
macro_rules! kinds {
    (@held $body:ty) => { $body };
    (@held $body:ty, apart) => { Box<$body> };
    ($($(#[$meta:meta])* $kind:ident($body:ty $(, $apart:ident)?), $name:literal, $subject:expr;)*) => {
        /// What a statement says.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Body { $($(#[$meta])* $kind(kinds!(@held $body $(, $apart)?)),)* }

        impl Body {
            /// Returns the name of the kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Body::$kind(_) => $name,)* }
            }

            /// Returns what the statement is about: its `sub`.
            fn subject(&self, issuer: &str) -> String {
                match self { $(Body::$kind(body) => {
                    let subject: fn(&$body, &str) -> String = $subject;
                    subject(body, issuer)
                })* }
            }

            fn payload(&self) -> Vec<u8> {
                match self { $(Body::$kind(body) => body.to_cbor(),)* }
            }

            fn parse(kind: &str, payload: &[u8]) -> Result<Self, StatementError> {
                match kind {
                    $($name => Ok(Body::$kind(<$body>::from_cbor(payload)?.into())),)*
                    _ => Err(StatementError::Unsupported(kind.chars().take(80).collect())),
                }
            }
        }

        $(impl From<$body> for Body {
            fn from(body: $body) -> Self {
                Body::$kind(body.into())
            }
        })*
    };
}

kinds! {
    /// Begins a log.
    Inception(Inception, apart), "inception", |_, _| INCEPTION.into();
    /// Replaces the key set.
    Rotation(Rotation, apart), "rotation", |_, issuer| issuer.into();
    /// Ends an institution.
    Succession(Succession), "succession", |s, _| s.institution.to_string();
    /// Who the institution says it is.
    Profile(InstitutionProfile), "profile", |_, issuer| issuer.into();
    /// Lets another issue or accredit.
    Accreditation(Accreditation), "accreditation", |a, _| a.subject.to_string();
    /// Ends an accreditation.
    Withdrawal(Withdrawal), "withdrawal", |w, _| statement_urn(&w.target);
    /// The text of an agreement between parties.
    Agreement(Agreement, apart), "agreement", |_, issuer| issuer.into();
    /// A signatory's yes to an agreement.
    Ratification(Ratification), "ratification", |r, _| statement_urn(&r.agreement);
    /// A signatory's leaving of an agreement.
    Denunciation(Denunciation), "denunciation", |d, _| statement_urn(&d.agreement);
    /// That a batch of credentials existed.
    Issuance(Issuance), "issuance", |_, issuer| issuer.into();
    /// That another log shows two histories.
    Fork(Accusation), "fork", |a, _| a.accused.to_string();
    /// All that is in force.
    Standing(Standing), "standing", |_, issuer| issuer.into();
}

/// Names a statement by its digest.
pub fn statement_urn(digest: &Digest) -> String {
    format!("urn:carnet:statement:{digest}")
}

/// The media type of a kind of statement.
fn media_type(kind: &str) -> String {
    format!("application/vnd.carnet.{kind}+cose")
}

fn kind_of(media_type: &str) -> Option<&str> {
    media_type.strip_prefix("application/vnd.carnet.")?.strip_suffix("+cose")
}

/// A statement as signed, with what was read from it; clones share it. The signature is checked by
/// [`Statement::is_signed_by`], once it is known which key was in force.
#[derive(Clone, Debug)]
pub struct Statement(Arc<Contents>);

#[derive(Debug)]
struct Contents {
    entry: Vec<u8>,
    digest: Digest,
    issuer: Did,
    kid: Kid,
    body: Body,
    /// The key whose signature it is, where that is known.
    signed_by: Option<PublicKey>,
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        self.0.entry == other.0.entry
    }
}

impl Eq for Statement {}

impl Statement {
    /// Signs the statement that begins a log; its digest becomes the institution's identifier.
    pub fn incept(inception: Inception, key: &SigningKey) -> Self {
        let body = Body::from(inception);
        let public = key.public();
        let kid = public.kid();
        let entry = sign(INCEPTION, &body, &body.payload(), &kid, key);
        let (issuer, digest) = (Did::of_inception(&entry), Digest::of(&entry));
        Self(Arc::new(Contents { entry, digest, issuer, kid, body, signed_by: Some(public) }))
    }

    /// Signs a statement.
    ///
    /// # Errors
    /// [`StatementError::TooLarge`]; [`StatementError::Malformed`] if the body breaks a rule of its
    /// own format, so that nothing is ever signed that would not be read again.
    pub fn sign(
        issuer: &Did,
        body: impl Into<Body>,
        key: &SigningKey,
    ) -> Result<Self, StatementError> {
        let body = body.into();
        if matches!(body, Body::Inception(_)) {
            let what = "an inception names no issuer";
            return Err(StatementError::Malformed(CborError::invalid(what)));
        }
        let payload = body.payload();
        // Only what it says can break a rule of the format; the envelope is made here.
        let body = Body::parse(body.kind(), &payload)?;
        let (public, issuer) = (key.public(), *issuer);
        let kid = public.kid();
        let entry = sign(&issuer.to_string(), &body, &payload, &kid, key);
        if entry.len() > MAX_STATEMENT_BYTES {
            return Err(StatementError::TooLarge(entry.len()));
        }
        let digest = Digest::of(&entry);
        Ok(Self(Arc::new(Contents { entry, digest, issuer, kid, body, signed_by: Some(public) })))
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// [`StatementError`]. The signature is not checked.
    pub fn parse(entry: &[u8]) -> Result<Self, StatementError> {
        if entry.len() > MAX_STATEMENT_BYTES {
            return Err(StatementError::TooLarge(entry.len()));
        }
        Self::read(entry)
    }

    /// Reads an entry and remembers whether the signature is that of a key, so that
    /// [`Statement::is_signed_by`] need not compute it again for that one.
    ///
    /// # Errors
    /// [`StatementError`]. A wrong signature is no error here.
    pub fn parse_signed_by(entry: &[u8], key: &PublicKey) -> Result<Self, StatementError> {
        let mut statement = Self::parse(entry)?;
        if statement.is_signed_by(key)
            && let Some(contents) = Arc::get_mut(&mut statement.0)
        {
            contents.signed_by = Some(*key);
        }
        Ok(statement)
    }

    fn read(entry: &[u8]) -> Result<Self, StatementError> {
        let sign1 = Sign1::parse(entry, Mode::Strict)?;
        let head = sign1.header()?;
        let invalid = |what| StatementError::Malformed(CborError::invalid(what));
        let typ = head.value::<&str>(header::TYP)?.ok_or(invalid("the type is missing"))?;
        let kind = kind_of(typ)
            .ok_or_else(|| StatementError::Unsupported(typ.chars().take(80).collect()))?;
        let labels = [header::ALG, header::KID, header::CWT_CLAIMS, header::TYP];
        if !head.has_exactly(&labels, &[]) || !head.is_ed25519() || sign1.unprotected != b"\xa0" {
            return Err(invalid("the headers are not those of a statement"));
        }
        let kid = head.value(header::KID)?.ok_or(invalid("the key identifier is missing"))?;
        let claims: Claims =
            head.value(header::CWT_CLAIMS)?.ok_or(invalid("the claims are missing"))?;
        let body = Body::parse(kind, sign1.attached()?)?;
        let issuer = if matches!(body, Body::Inception(_)) {
            if claims.issuer != INCEPTION {
                return Err(invalid("an inception names no issuer"));
            }
            Did::of_inception(entry)
        } else {
            Did::parse(claims.issuer).map_err(|_| invalid("the issuer is not an institution"))?
        };
        if claims.subject != body.subject(claims.issuer) {
            return Err(invalid("the subject is not what the payload is about"));
        }
        let (entry, digest) = (entry.to_vec(), Digest::of(entry));
        Ok(Self(Arc::new(Contents { entry, digest, issuer, kid, body, signed_by: None })))
    }

    /// Returns whether the statement is signed by this key and names it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.0.signed_by.as_ref() == Some(key)
            || key.kid() == self.0.kid
                && Sign1::parse(&self.0.entry, Mode::Strict).is_ok_and(|s| s.is_signed_by(key))
    }

    /// Returns the entry: the statement as signed.
    pub fn entry(&self) -> &[u8] {
        &self.0.entry
    }

    /// Returns the institution that says it.
    pub fn issuer(&self) -> &Did {
        &self.0.issuer
    }

    /// Returns what it says.
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// Returns SHA-256 over the entry, by which other statements name this one.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// Returns the hash of the entry as a leaf of its log.
    pub fn leaf_hash(&self) -> LeafHash {
        leaf_hash(&self.0.entry)
    }
}

struct Claims<'b> {
    issuer: &'b str,
    subject: &'b str,
}

impl<'b> Decode<'b> for Claims<'b> {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let (mut issuer, mut subject) = (None, None);
        d.map(|d, key| {
            match key {
                Key::Int(n) if n == i128::from(claim::ISS) => issuer = Some(d.text()?),
                Key::Int(n) if n == i128::from(claim::SUB) => subject = Some(d.text()?),
                _ => return Err(d.error(CborErrorKind::ForbiddenKey)),
            }
            Ok(())
        })?;
        match (issuer, subject) {
            (Some(issuer), Some(subject)) => Ok(Self { issuer, subject }),
            _ => Err(d.error(CborErrorKind::Missing("iss and sub"))),
        }
    }
}

fn sign(issuer: &str, body: &Body, payload: &[u8], kid: &Kid, key: &SigningKey) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(4).int(header::ALG.into()).int(ALG_ED25519.into());
    e.int(header::KID.into()).item(kid);
    e.int(header::CWT_CLAIMS.into()).map(2);
    e.int(claim::ISS.into()).text(issuer).int(claim::SUB.into()).text(&body.subject(issuer));
    e.int(header::TYP.into()).text(&media_type(body.kind()));
    cose::sign1(e.as_bytes(), b"\xa0", payload, key)
}
