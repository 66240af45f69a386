//! What nodes say to each other about logs: statements, notes and status tokens, nothing else.
//!
//! ```cddl
//! request = [1, heads] / [2, range] / [3, since] / [4, status-page] / [5, offer] / [6, peers-wanted] /
//!           [7, fork-wanted]
//! response = [1, heads] / [2, entries] / [3, checkpoints] / [4, status] / [5, cosigned] /
//!            [6, peers] / [7, refusal] / [8, fork-shown]
//! gossip = [1, offer]
//!
//! heads = { 1: epoch, ? 2: [1*4096 head] }         ; asked: what is wanted, with size 0 if it is
//!                                                 ; not held; answered: what is held of that
//! head = { 1: origin, 2: size, 3: state, 4: revision, 5: is-forked }
//! range = { 1: origin, 2: from, 3: to }
//! entries = { ? 1: [1*1024 bstr], 2: note, ? 3: bstr }     ; entries, newest note, consistency proof
//! since = { 1: origin, 2: epoch, 3: revision }
//! checkpoints = { 1: epoch, 2: revision, ? 3: [1*256 note], 4: more }
//! status-page = { 1: origin, 2: start, 3: offset }
//! status = { 1: size, 2: root, 3: start, ? 4: [1*4096 bstr],  ; tokens in the order of their URIs;
//!            5: offset, 6: left }                             ; or a piece of one, and what is left
//! offer = { 1: note }
//! cosigned = { 1: size, ? 2: [1*64 line], ? 3: 1..6 }
//! peers-wanted = { 1: uint .size 1 }
//! peers = { ? 1: [1*64 { 1: tstr, ? 2: [1*8 tstr] }] }        ; libp2p peer id, multiaddrs
//! refusal = { 1: 1..3 }
//! fork-wanted = { 1: origin, ? 2: note }
//! fork-shown = { ? 1: bstr }                       ; a proof of a fork, as a file
//!
//! origin = tstr        ; did:carnet:...
//! note = tstr          ; a C2SP signed note, at most 32 KiB
//! line = tstr          ; a C2SP cosignature line
//! state = bstr .size 16
//! root = bstr .size 32
//! more = is-forked = bool
//! epoch = size = from = to = revision = start = offset = left = uint
//! ```
//!
//! Every message is deterministic CBOR of at most [`MAX_MESSAGE_BYTES`], gossip of at most
//! [`MAX_GOSSIP_BYTES`].

use alloc::string::ToString as _;
use alloc::vec::Vec;

use crate::cbor::{
    Bytes, CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, codes, record,
};
use crate::id::{Did, RootHash, TreeSize};
use crate::log::checkpoint::{MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteSignature};
use crate::log::fork::MAX_FORK_BYTES;
use crate::log::proof::ConsistencyProof;
use crate::statement::profile::NodeAddress;

/// Most bytes of a request or response.
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// Most bytes of a gossip message.
pub const MAX_GOSSIP_BYTES: usize = 64 << 10;
/// Most logs in one list of heads.
pub const MAX_HEADS: usize = 4096;
/// Most entries of one range.
pub const MAX_RANGE_ENTRIES: usize = 1024;
/// Most bytes of the entries, tokens or notes of one response, so that it fits with all else.
pub const MAX_PART_BYTES: usize = 900 << 10;
/// Most checkpoints of one response.
pub const MAX_NOTES: usize = 256;
/// Most status tokens of one response.
pub const MAX_TOKENS: usize = 4096;
/// Most nodes of one response.
pub const MAX_PEERS: usize = 64;
/// Most bytes of a cosignature line.
const MAX_LINE_BYTES: usize = 1024;

impl Encode for Note {
    fn encode(&self, e: &mut Encoder) {
        e.text(&self.to_string());
    }
}

impl<'b> Decode<'b> for Note {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        let text = d.text()?;
        if text.len() > MAX_NOTE_BYTES {
            let kind = CborErrorKind::TooLarge { limit: MAX_NOTE_BYTES, unit: "bytes" };
            return Err(CborError::new(kind, start));
        }
        let invalid = CborErrorKind::Invalid("not a signed note");
        Self::parse(text).map_err(|_| CborError::new(invalid, start))
    }
}

impl Encode for NoteSignature {
    fn encode(&self, e: &mut Encoder) {
        e.text(&self.to_line());
    }
}

impl<'b> Decode<'b> for NoteSignature {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        let line = d.text()?;
        if line.len() > MAX_LINE_BYTES || line.contains('\n') {
            let kind = CborErrorKind::TooLarge { limit: MAX_LINE_BYTES, unit: "bytes" };
            return Err(CborError::new(kind, start));
        }
        let invalid = CborErrorKind::Invalid("not a signature line");
        Self::parse(line).map_err(|_| CborError::new(invalid, start))
    }
}

record! {
    /// What a node holds of one log.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Head {
        /// The log.
        origin [1]: Did,
        /// The size of its newest checkpoint there; 0 if it is not held.
        size [2]: TreeSize,
        /// Equal for two nodes that hold the same checkpoints with the same cosignatures.
        state [3]: [u8; 16],
        /// Grows with every change of a checkpoint there.
        revision [4]: u64,
        /// Whether a proof that the log shows two histories is kept there.
        is_forked [5]: bool,
    }
}

record! {
    /// What a node holds of the logs that the asking one wants, in the order of the identifiers'
    /// hashes. So the traffic grows with what one follows, not with what the other does.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Heads {
        /// Names one run of the node: its revisions mean nothing in another.
        epoch [1]: u64,
        /// The logs, in ascending order.
        heads [2; ..MAX_HEADS]: Vec<Head>,
    }
    check |heads| {
        let pairs = heads.heads.iter().zip(heads.heads.iter().skip(1));
        if pairs.into_iter().all(|(a, b)| a.origin < b.origin) {
            Ok(())
        } else {
            Err("heads are in ascending order")
        }
    }
}

record! {
    /// Asks for entries.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Range {
        /// The log.
        origin [1]: Did,
        /// The first entry wanted.
        from [2]: TreeSize,
        /// The first that is not wanted any more.
        to [3]: TreeSize,
    }
}

record! {
    /// Entries of a log, and what proves them.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Entries {
        /// The entries from the first that was asked for; none if there are none yet.
        entries [1; ..MAX_RANGE_ENTRIES]: Vec<Bytes>,
        /// The newest checkpoint.
        note [2]: Note,
        /// If the entries end before the checkpoint: that their tree is a prefix of its tree.
        proof [3]: Option<ConsistencyProof>,
    }
}

record! {
    /// Asks for checkpoints that changed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Since {
        /// The log.
        origin [1]: Did,
        /// The run of the node that the revision is of.
        epoch [2]: u64,
        /// The last revision known; 0 for all.
        revision [3]: u64,
    }
}

record! {
    /// Checkpoints with the cosignatures known, in the order in which they changed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Checkpoints {
        /// The run of the node.
        epoch [1]: u64,
        /// The revision up to which these are all.
        revision [2]: u64,
        /// The notes.
        notes [3; ..MAX_NOTES]: Vec<Note>,
        /// Whether more follow.
        more [4]: bool,
    }
}

record! {
    /// Asks for the status lists of the newest standing.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatusPage {
        /// The log.
        origin [1]: Did,
        /// How many are known already.
        start [2]: u64,
        /// How many bytes of the next one are.
        offset [3]: u64,
    }
}

record! {
    /// Status lists of the newest standing, in the order of their URIs. One that does not fit into a
    /// message comes alone, in pieces.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatusTokens {
        /// How many there are in all.
        size [1]: TreeSize,
        /// The root that the standing gives for them.
        root [2]: RootHash,
        /// How many come before these.
        start [3]: u64,
        /// The tokens.
        tokens [4; ..MAX_TOKENS]: Vec<Bytes>,
        /// How many bytes of the first come before these.
        offset [5]: u64,
        /// How many bytes of the last come after these; then it is the only one.
        left [6]: u64,
    }
    check |s| if (s.left == 0 && s.offset == 0) || s.tokens.len() <= 1 {
        Ok(())
    } else {
        Err("a piece of a token comes alone")
    }
}

record! {
    /// A checkpoint, to be cosigned or made known.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Offer {
        /// The note with the cosignatures known.
        note [1]: Note,
    }
}

codes! {
    /// Why a witness does not cosign.
    pub enum CosignRefusal {
        /// It does not follow the log.
        NotFollowed = 1, "not-followed";
        /// Not yet: it does not hold the log up to this size, but up to the size it names.
        Behind = 2, "behind";
        /// It knows a larger tree, of the size it names.
        Ahead = 3, "ahead";
        /// The standing is not what the entries call for, or the status lists are missing.
        NotInOrder = 4, "not-in-order";
        /// It knows another root for this size.
        OtherRoot = 5, "other-root";
        /// Its clock or its memory fails it.
        Unable = 6, "unable";
    }
}

record! {
    /// A witness's answer.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Cosigned {
        /// The size that the witness holds.
        size [1]: TreeSize,
        /// Its cosignatures; none if it hosts no witness.
        lines [2; ..MAX_SIGNATURES]: Vec<NoteSignature>,
        /// Why there are none.
        refusal [3]: Option<CosignRefusal>,
    }
}

record! {
    /// Asks for addresses of nodes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PeersWanted {
        /// How many at most.
        most [1]: u8,
    }
}

record! {
    /// Nodes that are known to serve logs.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Peers {
        /// The nodes.
        nodes [1; ..MAX_PEERS]: Vec<NodeAddress>,
    }
}

codes! {
    /// Why a request is not answered.
    pub enum RefusalReason {
        /// The log is not held here.
        NotHeld = 1, "not-held";
        /// What is asked for does not fit into a message.
        TooLarge = 2, "too-large";
        /// It cannot be read at the moment.
        Unavailable = 3, "unavailable";
    }
}

record! {
    /// A request is not answered.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Refusal {
        /// Why.
        reason [1]: RefusalReason,
    }
}

record! {
    /// Asks for a proof that a log shows two histories.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ForkWanted {
        /// The log.
        origin [1]: Did,
        /// A checkpoint, signed by the log, that the history held by the other seems to contradict.
        note [2]: Option<Note>,
    }
}

record! {
    /// A proof that a log shows two histories.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ForkShown {
        /// The proof as a file; none if there is none. Nothing is believed of it before it is verified.
        proof [1]: Option<Bytes>,
    }
    check |f| if f.proof.as_ref().is_none_or(|proof| proof.0.len() <= MAX_FORK_BYTES) {
        Ok(())
    } else {
        Err("a proof that is too large")
    }
}

/// Defines a union of records: `[code, record]`.
macro_rules! union {
    ($(#[$meta:meta])* pub enum $name:ident, $limit:ident { $($(#[$vmeta:meta])* $variant:ident($body:ty) = $code:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $variant($body),)* }

        impl $name {
            /// Reads a message.
            ///
            /// # Errors
            /// [`CborError`] if it is too large or not the format.
            pub fn parse(bytes: &[u8]) -> Result<Self, CborError> {
                if bytes.len() > $limit {
                    let kind = CborErrorKind::TooLarge { limit: $limit, unit: "bytes" };
                    return Err(CborError::new(kind, 0));
                }
                Self::from_cbor(bytes)
            }
        }

        impl Encode for $name {
            fn encode(&self, e: &mut Encoder) {
                match self { $($name::$variant(body) => e.array(2).uint($code).item(body),)* };
            }
        }

        impl<'b> Decode<'b> for $name {
            fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
                let start = d.position();
                d.tuple(2, |d| match d.uint()? {
                    $($code => Decode::decode(d).map($name::$variant),)*
                    _ => Err(CborError::new(CborErrorKind::OutOfRange, start)),
                })
            }
        }
    };
}

union! {
    /// What one node asks another.
    pub enum Request, MAX_MESSAGE_BYTES {
        /// What do you hold of these? This is what I hold.
        Heads(Heads) = 1;
        /// Give me entries.
        Entries(Range) = 2;
        /// Give me checkpoints that changed.
        Checkpoints(Since) = 3;
        /// Give me status lists.
        Status(StatusPage) = 4;
        /// Cosign this checkpoint.
        Cosign(Offer) = 5;
        /// Whom do you know?
        Peers(PeersWanted) = 6;
        /// Prove that this log shows two histories.
        Fork(ForkWanted) = 7;
    }
}

union! {
    /// What the other answers.
    pub enum Response, MAX_MESSAGE_BYTES {
        /// What it holds.
        Heads(Heads) = 1;
        /// Entries.
        Entries(Entries) = 2;
        /// Checkpoints.
        Checkpoints(Checkpoints) = 3;
        /// Status lists.
        Status(StatusTokens) = 4;
        /// Cosignatures, or why there are none.
        Cosigned(Cosigned) = 5;
        /// Nodes.
        Peers(Peers) = 6;
        /// No answer.
        Refused(Refusal) = 7;
        /// A proof of a fork, or that there is none.
        Fork(ForkShown) = 8;
    }
}

union! {
    /// What a node tells all that listen.
    pub enum Gossip, MAX_GOSSIP_BYTES {
        /// A checkpoint.
        Checkpoint(Offer) = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Purpose, Seed};
    use crate::log::checkpoint::Checkpoint;
    use crate::log::merkle::{Tree, leaf_hash};

    fn note() -> Note {
        let head = Tree::from_leaves([leaf_hash(b"a")]).head();
        let key = Seed::new([3; 32]).signing_key(Purpose::Checkpoint);
        Note::sign(&Checkpoint::new(&Did::of_inception(b"x"), head), &key)
    }

    #[test]
    fn messages_round_trip_and_nothing_may_follow() {
        let request = Request::Cosign(Offer { note: note() });
        let mut bytes = request.to_cbor();
        assert_eq!(Request::parse(&bytes), Ok(request));
        bytes.push(0);
        assert!(Request::parse(&bytes).is_err());
        let entries =
            Entries { entries: Vec::from([Bytes(Vec::from(*b"e"))]), note: note(), proof: None };
        let response = Response::Entries(entries);
        assert_eq!(Response::parse(&response.to_cbor()), Ok(response));
    }

    #[test]
    fn limits_hold_before_anything_is_read() {
        let too_large = alloc::vec![0; MAX_MESSAGE_BYTES + 1];
        let error = Response::parse(&too_large).unwrap_err();
        assert!(matches!(error.kind, CborErrorKind::TooLarge { .. }));
        let entries = alloc::vec![Bytes::default(); MAX_RANGE_ENTRIES + 1];
        let response = Response::Entries(Entries { entries, note: note(), proof: None });
        let error = Response::parse(&response.to_cbor()).unwrap_err();
        assert!(matches!(error.kind, CborErrorKind::TooLarge { unit: "items", .. }));
        let gossip = Gossip::parse(&alloc::vec![0; MAX_GOSSIP_BYTES + 1]).unwrap_err();
        assert!(matches!(gossip.kind, CborErrorKind::TooLarge { .. }));
    }

    #[test]
    fn unknown_messages_are_refused() {
        for bytes in [b"\x82\x09\xa0".as_slice(), b"\x82\x00\xa0", b"\x81\x01", b"\xa0"] {
            assert!(Request::parse(bytes).is_err());
            assert!(Response::parse(bytes).is_err());
        }
    }
}
