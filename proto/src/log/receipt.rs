//! Receipts: signed proofs about a log's tree (RFC 9942), in the shape that RFC 9943 gives them.
//!
//! ```cddl
//! receipt = #6.18([bstr .cbor receipt-header, { 396: proofs }, nil, bstr .size 64])
//! receipt-header = { 1: -19, 4: kid, 15: { 1: did, 2: tstr }, 395: 1 }
//! proofs = { -1: [bstr .cbor inclusion] } / { -2: [bstr .cbor consistency] }
//! inclusion = [tree-size: uint, leaf-index: uint, path: [*63 hash]]
//! consistency = [older-size: uint, newer-size: uint, path: [*63 hash]]
//! ```
//!
//! What is signed is the root to which the proof leads, and it is not sent along: whoever checks
//! computes it. Size and leaf are not signed: they are claims, of which nothing is known but that the path
//! leads to the root by them, as it may by others too. `iss` is the log; `sub` is that of the statement, or the log again where the receipt
//! is about the log as a whole. A path may be empty, as in a tree of one leaf.
//!
//! [`Receipt`] is ours, read strictly. [`ForeignReceipt`] is what others make of the same RFC.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::merkle::{Hash, Tree, TreeHead, leaf_hash};
use super::proof::{ConsistencyProof, InclusionProof, MAX_PROOF_HASHES, ProofError};
use crate::cbor::{CborError, Decode, Decoder, Encoder, Key, Mode};
use crate::cose::{self, Header, Sign1};
use crate::id::{Did, Kid, LeafIndex, RootHash, TreeSize};
use crate::key::{PublicKey, Signature, SigningKey};
use crate::profile::{ALG_ED25519, claim, header};

mod foreign;
#[cfg(test)]
mod tests;
mod transparent;

pub use foreign::ForeignReceipt;
pub use transparent::{MAX_TRANSPARENT_BYTES, TransparentStatement, attach};

/// Media type of a receipt.
pub const RECEIPT_TYPE: &str = "application/scitt-receipt+cose";
/// Media type of a statement, with or without receipts.
pub const STATEMENT_TYPE: &str = "application/scitt-statement+cose";
/// The verifiable data structure of RFC 9162 with SHA-256; the only one.
pub const RFC9162_SHA256: i64 = 1;
/// Most bytes of a receipt.
pub const MAX_RECEIPT_BYTES: usize = 8 * 1024;
/// Most receipts of a statement.
pub const MAX_RECEIPTS: usize = 16;
/// Most proofs of one kind in a receipt that others made. Ours has one.
pub const MAX_RECEIPT_PROOFS: usize = 16;

/// Labels of the proofs in a receipt.
const INCLUSION: i128 = -1;
const CONSISTENCY: i128 = -2;

/// Why something is not a receipt, or does not prove what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Larger than the limit of its kind.
    #[error("larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not the format.
    #[error("malformed receipt: {0}")]
    Malformed(#[from] CborError),
    /// About another structure than the tree of RFC 9162.
    #[error("a receipt about a structure that is not known here")]
    UnknownStructure,
    /// A proof that is neither of inclusion nor of consistency.
    #[error("a receipt with a proof of a kind that is not known here")]
    UnknownProof,
    /// A header that must be understood and is not.
    #[error("a receipt with a critical header that is not known here")]
    UnknownCritical,
    /// Headers of another kind of object, or not those of our receipts.
    #[error("the headers are not those of a receipt: {0}")]
    Headers(&'static str),
    /// No proof of what was asked for.
    #[error("the receipt has no proof of that kind")]
    NoProof,
    /// The proof does not prove.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// It holds another root than its proof leads to.
    #[error("the receipt holds another root than its proof leads to")]
    OtherRoot,
    /// It names another key.
    #[error("the receipt is signed by another key")]
    OtherKey,
    /// It is about another statement.
    #[error("the receipt is about another subject than the statement")]
    OtherSubject,
    /// The signature is wrong.
    #[error("the signature of the receipt is wrong")]
    WrongSignature,
}

/// A proof that a leaf is in a tree, with the numbers it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Inclusion {
    size: TreeSize,
    index: LeafIndex,
    path: InclusionProof,
}

/// A proof that one tree continues another, with the numbers it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Consistency {
    old: TreeSize,
    new: TreeSize,
    path: ConsistencyProof,
}

impl<'b> Decode<'b> for Inclusion {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.tuple(3, |d| {
            let (size, index) = (TreeSize(d.uint()?), LeafIndex(d.uint()?));
            if !index.is_in(size) {
                return Err(CborError::invalid("the leaf index is not below the tree size"));
            }
            let path = InclusionProof::new(d.list(MAX_PROOF_HASHES)?);
            let path = path.map_err(|_| CborError::invalid("too many hashes"))?;
            Ok(Self { size, index, path })
        })
    }
}

impl<'b> Decode<'b> for Consistency {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.tuple(3, |d| {
            let (old, new) = (TreeSize(d.uint()?), TreeSize(d.uint()?));
            if old.0 == 0 || old > new {
                return Err(CborError::invalid("no proof exists between these sizes"));
            }
            let path = ConsistencyProof::new(d.list(MAX_PROOF_HASHES)?);
            let path = path.map_err(|_| CborError::invalid("too many hashes"))?;
            Ok(Self { old, new, path })
        })
    }
}

/// Makes the receipts of one log.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptIssuer<'k> {
    /// The log.
    pub log: &'k Did,
    /// Its key for receipts, of the set in force after the last leaf of the tree.
    pub key: &'k SigningKey,
}

impl ReceiptIssuer<'_> {
    /// Makes a receipt that a statement is in the tree of this size.
    ///
    /// # Errors
    /// [`ReceiptError::Proof`] if the entry is not the one at this leaf of that tree;
    /// [`ReceiptError::Malformed`] if it is not a statement.
    pub fn inclusion(
        &self,
        tree: &Tree,
        size: TreeSize,
        index: LeafIndex,
        entry: &[u8],
    ) -> Result<Vec<u8>, ReceiptError> {
        let subject = subject(&Sign1::parse(entry, Mode::Strict)?.header()?)?;
        let path = tree.inclusion_proof(index, size).ok_or(ProofError::IndexOutOfRange)?;
        let root = path.root(index, size, leaf_hash(entry))?;
        if tree.root_at(size) != Some(root) {
            return Err(ProofError::WrongRoot.into());
        }
        self.sign(subject, INCLUSION, (size.0, index.0), path.hashes(), &root)
    }

    /// Makes a receipt that the tree of one size is a prefix of that of another.
    ///
    /// # Errors
    /// [`ReceiptError::Proof`] if there is no proof between these sizes of the tree.
    pub fn consistency(
        &self,
        tree: &Tree,
        old: TreeSize,
        new: TreeSize,
    ) -> Result<Vec<u8>, ReceiptError> {
        let path = tree.consistency_proof(old, new).ok_or(ProofError::WrongSizes)?;
        let root = tree.root_at(new).ok_or(ProofError::WrongSizes)?;
        let subject = self.log.to_string();
        self.sign(&subject, CONSISTENCY, (old.0, new.0), path.hashes(), &root)
    }

    fn sign(
        &self,
        subject: &str,
        kind: i128,
        numbers: (u64, u64),
        path: &[Hash],
        root: &RootHash,
    ) -> Result<Vec<u8>, ReceiptError> {
        let mut protected = Encoder::new();
        protected.map(4).int(header::ALG.into()).int(ALG_ED25519.into());
        protected.int(header::KID.into()).item(&self.key.public().kid());
        protected.int(header::CWT_CLAIMS.into()).map(2);
        protected.int(claim::ISS.into()).item(self.log).int(claim::SUB.into()).text(subject);
        protected.int(header::VDS.into()).int(RFC9162_SHA256.into());
        let mut proof = Encoder::new();
        proof.array(3).uint(numbers.0).uint(numbers.1).list(path);
        let mut unprotected = Encoder::new();
        unprotected.map(1).int(header::VDP.into()).map(1);
        unprotected.int(kind).array(1).bytes(proof.as_bytes());
        let (protected, unprotected) = (protected.as_bytes(), unprotected.as_bytes());
        detached(protected, unprotected, root.as_bytes(), self.key)
    }
}

/// Signs a payload and leaves it out.
fn detached(
    protected: &[u8],
    unprotected: &[u8],
    payload: &[u8],
    key: &SigningKey,
) -> Result<Vec<u8>, ReceiptError> {
    let attached = cose::sign1(protected, unprotected, payload, key);
    let mut sign1 = Sign1::parse(&attached, Mode::Foreign)?;
    sign1.payload = None;
    Ok(cose::with_unprotected(&sign1, unprotected))
}

/// A receipt of one of our logs. Nothing in it is trusted before it is verified.
#[derive(Clone, Debug)]
pub struct Receipt<'b> {
    received: ForeignReceipt<'b>,
    log: Did,
    subject: &'b str,
    kid: Kid,
}

impl<'b> Receipt<'b> {
    /// Reads a receipt: deterministic, with exactly our headers, one proof, and the root detached.
    ///
    /// # Errors
    /// [`ReceiptError`]. Neither proof nor signature is checked.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, ReceiptError> {
        let received = ForeignReceipt::parse_in(bytes, Mode::Strict)?;
        let wrong = ReceiptError::Headers;
        let head = received.header();
        let labels = [header::ALG, header::KID, header::CWT_CLAIMS, header::VDS];
        let is_closed = head.has_exactly(&labels, &[])
            && received.unprotected_header()?.has_exactly(&[header::VDP], &[]);
        if !is_closed || !head.is_ed25519() {
            return Err(wrong("labels or algorithm"));
        }
        if received.is_attached() {
            return Err(wrong("the root is not detached"));
        }
        if received.proofs() != 1 {
            return Err(wrong("not one proof"));
        }
        let kid = head.value(header::KID)?.ok_or(wrong("no key identifier"))?;
        let issuer = received.issuer()?.ok_or(wrong("no issuer"))?;
        let log = Did::parse(issuer).map_err(|_| wrong("the issuer is not a log of ours"))?;
        let subject = received.subject()?.ok_or(wrong("no subject"))?;
        if head.value::<Claims<'_>>(header::CWT_CLAIMS)?.is_some_and(|claims| claims.others) {
            return Err(wrong("more claims than issuer and subject"));
        }
        Ok(Self { received, log, subject, kid })
    }

    /// Returns the log that it claims to be of.
    pub fn log(&self) -> &Did {
        &self.log
    }

    /// Returns the key that it claims to be signed by.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Returns the size of the tree that it claims to be about: for consistency, of the newer.
    /// Verifying does not make it true.
    pub fn size(&self) -> TreeSize {
        self.received.size()
    }

    /// Returns the leaf that it claims, if it is about one. Verifying does not make it true.
    pub fn leaf(&self) -> Option<LeafIndex> {
        self.received.leaf()
    }

    /// Checks that the log has this entry, and returns the root of the tree that has it, which is
    /// signed, with the size that the receipt *claims* for it.
    ///
    /// Neither that size nor [`Receipt::leaf`] is signed (RFC 9942): leaf 0 of 3 may be relabelled as
    /// leaf 0 of 4, with the same root. Whoever needs the numbers compares the root with that of a
    /// checkpoint of this size, or of the log itself.
    ///
    /// `key` is the log's key for receipts, of the set in force after the last leaf of that tree.
    /// That the statement in the entry is signed, and in force, is not what a receipt says.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify_inclusion(
        &self,
        entry: &[u8],
        key: &PublicKey,
    ) -> Result<TreeHead, ReceiptError> {
        let statement = Sign1::parse(entry, Mode::Strict)?;
        let head = self.received.head_including(leaf_hash(entry))?;
        if subject(&statement.header()?)? != self.subject {
            return Err(ReceiptError::OtherSubject);
        }
        self.check(&head.root, key)?;
        Ok(head)
    }

    /// Checks that the log continues the tree of this size and root, and returns the root of the
    /// newer one, which is signed, with the size that the receipt *claims* for it.
    ///
    /// As in [`Receipt::verify_inclusion`], nobody has signed that size.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify_consistency(
        &self,
        old: &TreeHead,
        key: &PublicKey,
    ) -> Result<TreeHead, ReceiptError> {
        let head = self.received.head_continuing(old)?;
        if self.subject != self.log.to_string() {
            return Err(ReceiptError::OtherSubject);
        }
        self.check(&head.root, key)?;
        Ok(head)
    }

    fn check(&self, root: &RootHash, key: &PublicKey) -> Result<(), ReceiptError> {
        if self.kid != key.kid() {
            return Err(ReceiptError::OtherKey);
        }
        let signature = self.received.signature().try_into().map(Signature);
        let signature = signature.map_err(|_| ReceiptError::WrongSignature)?;
        if key.verifies(&self.received.to_be_signed(root), &signature) {
            Ok(())
        } else {
            Err(ReceiptError::WrongSignature)
        }
    }
}

/// Issuer and subject in a header, and whether there are other claims.
#[derive(Clone, Copy, Debug, Default)]
struct Claims<'b> {
    issuer: Option<&'b str>,
    subject: Option<&'b str>,
    others: bool,
}

impl<'b> Decode<'b> for Claims<'b> {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let mut claims = Self::default();
        d.map(|d, key| {
            match key {
                Key::Int(n) if n == i128::from(claim::ISS) => claims.issuer = Some(d.text()?),
                Key::Int(n) if n == i128::from(claim::SUB) => claims.subject = Some(d.text()?),
                _ => {
                    claims.others = true;
                    d.skip()?;
                }
            }
            Ok(())
        })?;
        Ok(claims)
    }
}

/// Reads what a statement is about.
fn subject<'b>(head: &Header<'b>) -> Result<&'b str, ReceiptError> {
    let claims: Option<Claims<'b>> = head.value(header::CWT_CLAIMS)?;
    claims.and_then(|claims| claims.subject).ok_or(ReceiptError::Headers("no subject"))
}
