//! Receipts that others made: keys in any order, long heads, the root attached or not, any algorithm.

use alloc::vec::Vec;

use super::{
    CONSISTENCY, Claims, Consistency, INCLUSION, Inclusion, MAX_RECEIPT_BYTES, MAX_RECEIPT_PROOFS,
    RFC9162_SHA256, ReceiptError,
};
use crate::cbor::{CborError, Decode, Decoder, Key, Mode};
use crate::cose::{Header, Sign1};
use crate::id::{LeafHash, LeafIndex, RootHash, TreeSize};
use crate::log::merkle::TreeHead;
use crate::log::proof::ProofError;
use crate::profile::header;

/// Label of the headers that must be understood (RFC 9052, section 3.1).
const CRIT: i64 = 2;

/// A receipt as received. Nothing in it is trusted; the signature is checked by the caller, who knows
/// the algorithm.
#[derive(Clone, Debug)]
pub struct ForeignReceipt<'b> {
    sign1: Sign1<'b>,
    header: Header<'b>,
    algorithm: i64,
    inclusions: Vec<Inclusion>,
    consistencies: Vec<Consistency>,
}

impl<'b> ForeignReceipt<'b> {
    /// Reads a receipt.
    ///
    /// # Errors
    /// [`ReceiptError`]: malformed, of another structure than RFC 9162's tree with SHA-256, with
    /// proofs of an unknown kind or none, or with a critical header.
    pub fn parse(bytes: &'b [u8]) -> Result<Self, ReceiptError> {
        Self::parse_in(bytes, Mode::Foreign)
    }

    pub(super) fn parse_in(bytes: &'b [u8], mode: Mode) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptError::TooLarge { limit: MAX_RECEIPT_BYTES });
        }
        let sign1 = Sign1::parse(bytes, mode)?;
        let header = sign1.header()?;
        if header.raw(CRIT).is_some() {
            return Err(ReceiptError::UnknownCritical);
        }
        let algorithm = header.value(header::ALG)?.ok_or(ReceiptError::Headers("no algorithm"))?;
        match header.value::<i64>(header::VDS)? {
            Some(RFC9162_SHA256) => {}
            Some(_) => return Err(ReceiptError::UnknownStructure),
            None => return Err(ReceiptError::Headers("no verifiable data structure")),
        }
        let proofs = sign1.unprotected_header()?;
        let proofs = proofs.raw(header::VDP).ok_or(ReceiptError::NoProof)?;
        let (mut inclusions, mut consistencies) = (Vec::new(), Vec::new());
        let mut is_known = true;
        let mut d = Decoder::new(proofs, mode);
        d.map(|d, key| {
            match key {
                Key::Int(INCLUSION) => inclusions = embedded(d)?,
                Key::Int(CONSISTENCY) => consistencies = embedded(d)?,
                _ => {
                    is_known = false;
                    d.skip()?;
                }
            }
            Ok(())
        })?;
        if !is_known {
            return Err(ReceiptError::UnknownProof);
        }
        if inclusions.is_empty() && consistencies.is_empty() {
            return Err(ReceiptError::NoProof);
        }
        Ok(Self { sign1, header, algorithm, inclusions, consistencies })
    }

    /// Returns the protected header.
    pub fn header(&self) -> &Header<'b> {
        &self.header
    }

    pub(super) fn unprotected_header(&self) -> Result<Header<'b>, CborError> {
        self.sign1.unprotected_header()
    }

    /// Returns the COSE algorithm of the signature.
    pub fn algorithm(&self) -> i64 {
        self.algorithm
    }

    /// Returns the log that it claims to be of, if it says so.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`].
    pub fn issuer(&self) -> Result<Option<&'b str>, ReceiptError> {
        Ok(self.claims()?.issuer)
    }

    /// Returns what it claims to be about, if it says so.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`].
    pub fn subject(&self) -> Result<Option<&'b str>, ReceiptError> {
        Ok(self.claims()?.subject)
    }

    fn claims(&self) -> Result<Claims<'b>, ReceiptError> {
        Ok(self.header.value(header::CWT_CLAIMS)?.unwrap_or_default())
    }

    /// Returns the signature as received.
    pub fn signature(&self) -> &'b [u8] {
        self.sign1.signature
    }

    /// Returns whether the root was sent along.
    pub fn is_attached(&self) -> bool {
        self.sign1.payload.is_some()
    }

    pub(super) fn proofs(&self) -> usize {
        self.inclusions.len() + self.consistencies.len()
    }

    pub(super) fn size(&self) -> TreeSize {
        let included = self.inclusions.iter().map(|proof| proof.size);
        included.chain(self.consistencies.iter().map(|proof| proof.new)).max().unwrap_or_default()
    }

    pub(super) fn leaf(&self) -> Option<LeafIndex> {
        self.inclusions.first().map(|proof| proof.index)
    }

    /// Returns size and root of the tree to which every proof of inclusion leads from this leaf.
    /// It has shown nothing before the signature over [`ForeignReceipt::to_be_signed`] is checked.
    ///
    /// # Errors
    /// [`ReceiptError::NoProof`], [`ReceiptError::Proof`], [`ReceiptError::OtherRoot`].
    pub fn head_including(&self, leaf: LeafHash) -> Result<TreeHead, ReceiptError> {
        let heads = self.inclusions.iter().map(|proof| {
            let root = proof.path.root(proof.index, proof.size, leaf)?;
            Ok(TreeHead { size: proof.size, root })
        });
        self.one(heads)
    }

    /// Returns size and root of the tree to which every proof of consistency leads from this older
    /// one. It has shown nothing before the signature over [`ForeignReceipt::to_be_signed`] is
    /// checked.
    ///
    /// # Errors
    /// [`ReceiptError::NoProof`], [`ReceiptError::Proof`], [`ReceiptError::OtherRoot`].
    pub fn head_continuing(&self, old: &TreeHead) -> Result<TreeHead, ReceiptError> {
        let heads = self.consistencies.iter().map(|proof| {
            if proof.old != old.size {
                return Err(ProofError::WrongSizes.into());
            }
            let root = proof.path.root(old, proof.new)?;
            Ok(TreeHead { size: proof.new, root })
        });
        self.one(heads)
    }

    /// One signature covers one root: all proofs lead there, and so does what was sent along.
    fn one(
        &self,
        mut heads: impl Iterator<Item = Result<TreeHead, ReceiptError>>,
    ) -> Result<TreeHead, ReceiptError> {
        let first = heads.next().ok_or(ReceiptError::NoProof)??;
        for head in heads {
            if head? != first {
                return Err(ReceiptError::OtherRoot);
            }
        }
        match self.sign1.payload {
            Some(payload) if payload != first.root.as_bytes() => Err(ReceiptError::OtherRoot),
            _ => Ok(first),
        }
    }

    fn attached<'r>(&'r self, root: &'r [u8]) -> Sign1<'r> {
        let mut sign1 = self.sign1;
        sign1.payload = Some(root);
        sign1
    }

    /// Returns the bytes that are signed if the proofs lead to this root.
    pub fn to_be_signed(&self, root: &RootHash) -> Vec<u8> {
        self.attached(root.as_bytes()).to_be_signed()
    }
}

/// Reads proofs, each in a byte string of its own.
fn embedded<'b, T: Decode<'b>>(d: &mut Decoder<'b>) -> Result<Vec<T>, CborError> {
    let mode = d.mode();
    d.array(|d, count| {
        if count == 0 || count > MAX_RECEIPT_PROOFS {
            return Err(CborError::invalid("a receipt has 1 to 16 proofs of a kind"));
        }
        let proof = |d: &mut Decoder<'b>| {
            let mut inner = Decoder::new(d.bytes()?, mode);
            let proof = T::decode(&mut inner)?;
            inner.finish()?;
            Ok(proof)
        };
        (0..count).map(|_| proof(d)).collect()
    })
}
