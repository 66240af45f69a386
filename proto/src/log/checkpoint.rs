//! Checkpoints as C2SP signed notes, and witnesses' cosignatures on them.
//!
//! A note is text: the body, an empty line, and one line a signature (c2sp.org/signed-note). The body
//! of a checkpoint is origin, size and root, a line each (c2sp.org/tlog-checkpoint). A cosignature
//! states the time at which the witness had seen no larger tree (c2sp.org/tlog-cosignature).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write as _;

use data_encoding::BASE64;

use super::merkle::TreeHead;
use super::text::{decimal, from_base64};
use crate::id::{Did, RootHash, TreeSize, sha256};
use crate::key::{PublicKey, Signature, SigningKey};
use crate::time::UnixSeconds;

/// Most bytes of a note.
pub const MAX_NOTE_BYTES: usize = 32 * 1024;
/// Most signature lines of a note.
pub const MAX_SIGNATURES: usize = 64;

/// Why a text is not a note, or not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than [`MAX_NOTE_BYTES`].
    #[error("a note has at most {MAX_NOTE_BYTES} bytes")]
    TooLarge,
    /// More than [`MAX_SIGNATURES`] signature lines, or none.
    #[error("a note has 1 to {MAX_SIGNATURES} signature lines")]
    SignatureCount,
    /// Not the lines of a signed note.
    #[error("not a signed note")]
    Malformed,
    /// The body is not origin, size and root.
    #[error("the body of the note is not a checkpoint")]
    NotACheckpoint,
    /// A known key's signature is wrong.
    #[error("a signature of a known key is wrong")]
    WrongSignature,
    /// No known key signed.
    #[error("no known key signed the note")]
    NotSigned,
}

/// What kind of key signs a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKeyKind {
    /// The log's own Ed25519 key (type 0x01).
    Log,
    /// A witness's Ed25519 key (type 0x04).
    Cosignature,
}

/// A key that signs notes, under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: NoteKeyKind,
    key: PublicKey,
}

impl NoteKey {
    /// Names a key.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] if the name is empty or holds a space or `+`.
    pub fn new(name: &str, kind: NoteKeyKind, key: PublicKey) -> Result<Self, NoteError> {
        if is_key_name(name) {
            Ok(Self { name: name.into(), kind, key })
        } else {
            Err(NoteError::Malformed)
        }
    }

    /// Returns the checkpoint key of a log.
    pub fn of_log(origin: &Did, key: PublicKey) -> Self {
        Self { name: origin.to_string(), kind: NoteKeyKind::Log, key }
    }

    /// Returns the witness key of an institution.
    pub fn of_witness(witness: &Did, key: PublicKey) -> Self {
        Self { name: witness.to_string(), kind: NoteKeyKind::Cosignature, key }
    }

    /// Reads a verifier key: `name+id+base64(type | key)`.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let (name, rest) = vkey.split_once('+').ok_or(NoteError::Malformed)?;
        let (id, encoded) = rest.split_once('+').ok_or(NoteError::Malformed)?;
        let bytes = from_base64(encoded).ok_or(NoteError::Malformed)?;
        let (kind, key) = bytes.split_first().ok_or(NoteError::Malformed)?;
        let kind = match kind {
            1 => NoteKeyKind::Log,
            4 => NoteKeyKind::Cosignature,
            _ => return Err(NoteError::Malformed),
        };
        let key = key.try_into().map_err(|_| NoteError::Malformed)?;
        let key = PublicKey::new(key).map_err(|_| NoteError::Malformed)?;
        let key = Self::new(name, kind, key)?;
        if data_encoding::HEXLOWER.encode(&key.id()) == id {
            Ok(key)
        } else {
            Err(NoteError::Malformed)
        }
    }

    /// Returns the verifier key text.
    pub fn to_vkey(&self) -> String {
        let mut bytes = Vec::from([self.type_byte()]);
        bytes.extend_from_slice(self.key.as_bytes());
        let id = data_encoding::HEXLOWER.encode(&self.id());
        format!("{}+{id}+{}", self.name, BASE64.encode(&bytes))
    }

    fn type_byte(&self) -> u8 {
        match self.kind {
            NoteKeyKind::Log => 1,
            NoteKeyKind::Cosignature => 4,
        }
    }

    /// Returns the key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what kind of key it is.
    pub fn kind(&self) -> NoteKeyKind {
        self.kind
    }

    /// Returns the short id on signature lines: the first four bytes of SHA-256 over name, newline,
    /// type and key.
    pub fn id(&self) -> [u8; 4] {
        let mut input = Vec::from(self.name.as_bytes());
        input.extend_from_slice(&[b'\n', self.type_byte()]);
        input.extend_from_slice(self.key.as_bytes());
        let [a, b, c, d, ..] = sha256(&input);
        [a, b, c, d]
    }
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control())
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteSignature {
    /// The key's name.
    pub name: String,
    /// The key's short id.
    pub id: [u8; 4],
    /// The signature: 64 bytes, or 8 bytes of time and 64 bytes for a cosignature.
    pub bytes: Vec<u8>,
}

impl NoteSignature {
    /// Reads a line, without its newline.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let rest = line.strip_prefix("— ").ok_or(NoteError::Malformed)?;
        let (name, encoded) = rest.split_once(' ').ok_or(NoteError::Malformed)?;
        let bytes = from_base64(encoded).ok_or(NoteError::Malformed)?;
        let (id, bytes) = bytes.split_first_chunk::<4>().ok_or(NoteError::Malformed)?;
        if !is_key_name(name) || bytes.is_empty() {
            return Err(NoteError::Malformed);
        }
        Ok(Self { name: name.into(), id: *id, bytes: bytes.into() })
    }

    /// Returns the line, without a newline.
    pub fn to_line(&self) -> String {
        let mut bytes = Vec::from(self.id);
        bytes.extend_from_slice(&self.bytes);
        format!("— {} {}", self.name, BASE64.encode(&bytes))
    }

    /// Splits a cosignature into its time and signature.
    pub fn cosignature(&self) -> Option<(UnixSeconds, Signature)> {
        let (time, signature) = self.bytes.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let signature = signature.try_into().ok()?;
        (time <= 1 << 40).then_some((UnixSeconds(time), Signature(signature)))
    }
}

/// A signed note: a body that ends in a newline, and signatures of which some may be of keys that
/// are not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    body: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Signs a checkpoint with the log's own key.
    pub fn sign(checkpoint: &Checkpoint, key: &SigningKey) -> Self {
        let body = checkpoint.to_body();
        let id =
            NoteKey { name: checkpoint.origin.clone(), kind: NoteKeyKind::Log, key: key.public() }
                .id();
        let bytes = key.sign(body.as_bytes()).0.to_vec();
        let signature = NoteSignature { name: checkpoint.origin.clone(), id, bytes };
        Self { body, signatures: Vec::from([signature]) }
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError`] if the text is too long or not a signed note. Signatures are not checked.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge);
        }
        if text.contains(|c: char| c.is_control() && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let at = text.rfind("\n\n").ok_or(NoteError::Malformed)?;
        let (body, rest) = text.split_at(at + 1);
        let lines = rest.strip_prefix('\n').and_then(|r| r.strip_suffix('\n'));
        let signatures = lines
            .ok_or(NoteError::Malformed)?
            .split('\n')
            .map(NoteSignature::parse)
            .collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::SignatureCount);
        }
        Ok(Self { body: body.into(), signatures })
    }

    /// Returns the body.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature line, unless it is there already or the note is full.
    pub fn add(&mut self, signature: NoteSignature) {
        if !self.signatures.contains(&signature) && self.signatures.len() < MAX_SIGNATURES {
            self.signatures.push(signature);
        }
    }

    /// Returns the note with only the signatures that satisfy a condition.
    #[must_use]
    pub fn retain(mut self, keep: impl FnMut(&NoteSignature) -> bool) -> Self {
        self.signatures.retain(keep);
        self
    }

    /// Reads the body as a checkpoint.
    ///
    /// # Errors
    /// [`NoteError::NotACheckpoint`].
    pub fn checkpoint(&self) -> Result<Checkpoint, NoteError> {
        Checkpoint::parse_body(&self.body)
    }

    /// Checks the signature of a log's own key. A key makes one signature of one body, so another line
    /// of it is wrong without being checked: a note may have dozens.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`]; [`NoteError::WrongSignature`].
    pub fn verify(&self, key: &NoteKey) -> Result<(), NoteError> {
        let mut lines = self.lines_of(key);
        let first = lines.next().ok_or(NoteError::NotSigned)?;
        let signature = first.bytes.as_slice().try_into().map_err(|_| NoteError::WrongSignature)?;
        let is_one = lines.all(|line| line.bytes == first.bytes);
        if is_one && key.key.verifies(self.body.as_bytes(), &Signature(signature)) {
            Ok(())
        } else {
            Err(NoteError::WrongSignature)
        }
    }

    /// Returns whether this note has the signature of a log's own key that another one has, and no other
    /// of that key.
    pub(crate) fn is_signed_as(&self, other: &Self, key: &NoteKey) -> bool {
        let mut lines = self.lines_of(key).peekable();
        let signed = other.lines_of(key).next().map(|line| &line.bytes);
        signed.is_some() && lines.peek().is_some() && lines.all(|line| Some(&line.bytes) == signed)
    }

    /// Returns the times at which a witness cosigned, having checked each signature.
    ///
    /// # Errors
    /// [`NoteError::WrongSignature`] if a line of this key does not verify.
    pub fn cosignature_times(&self, key: &NoteKey) -> Result<Vec<UnixSeconds>, NoteError> {
        self.lines_of(key)
            .map(|line| {
                let (time, signature) = line.cosignature().ok_or(NoteError::WrongSignature)?;
                let message = cosigned_message(time, &self.body);
                if key.key.verifies(message.as_bytes(), &signature) {
                    Ok(time)
                } else {
                    Err(NoteError::WrongSignature)
                }
            })
            .collect()
    }

    fn lines_of(&self, key: &NoteKey) -> impl Iterator<Item = &NoteSignature> {
        let id = key.id();
        self.signatures.iter().filter(move |line| line.name == key.name && line.id == id)
    }

    /// Makes a witness's cosignature line for this note at a time.
    pub fn cosign(&self, witness: &Did, key: &SigningKey, time: UnixSeconds) -> NoteSignature {
        let id = NoteKey::of_witness(witness, key.public()).id();
        let mut bytes = Vec::from(time.0.to_be_bytes());
        bytes.extend_from_slice(&key.sign(cosigned_message(time, &self.body).as_bytes()).0);
        NoteSignature { name: witness.to_string(), id, bytes }
    }
}

impl core::fmt::Display for Note {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.body)?;
        f.write_char('\n')?;
        for signature in &self.signatures {
            writeln!(f, "{}", signature.to_line())?;
        }
        Ok(())
    }
}

fn cosigned_message(time: UnixSeconds, body: &str) -> String {
    format!("cosignature/v1\ntime {}\n{body}", time.0)
}

/// What a note states about a log: its origin, size and root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name; for ours, the institution's identifier.
    pub origin: String,
    /// Size and root.
    pub head: TreeHead,
}

impl Checkpoint {
    /// Makes the checkpoint of an institution's log.
    pub fn new(origin: &Did, head: TreeHead) -> Self {
        Self { origin: origin.to_string(), head }
    }

    /// Returns the origin as an institution's identifier.
    ///
    /// # Errors
    /// [`NoteError::NotACheckpoint`] if it is another log's name.
    pub fn did(&self) -> Result<Did, NoteError> {
        Did::parse(&self.origin).map_err(|_| NoteError::NotACheckpoint)
    }

    /// Reads origin, size and root; extension lines are refused.
    ///
    /// # Errors
    /// [`NoteError::NotACheckpoint`].
    pub fn parse_body(body: &str) -> Result<Self, NoteError> {
        match Self::parse_extended(body)? {
            (checkpoint, None) => Ok(checkpoint),
            (_, Some(_)) => Err(NoteError::NotACheckpoint),
        }
    }

    /// Reads origin, size and root, and returns the extension lines that others' logs may have
    /// behind them, without the last newline.
    ///
    /// # Errors
    /// [`NoteError::NotACheckpoint`].
    pub fn parse_extended(body: &str) -> Result<(Self, Option<&str>), NoteError> {
        let mut lines = body.strip_suffix('\n').ok_or(NoteError::NotACheckpoint)?.splitn(4, '\n');
        let mut line = || lines.next().ok_or(NoteError::NotACheckpoint);
        let (origin, size, root) = (line()?, line()?, line()?);
        let extensions = lines.next();
        if origin.is_empty() || extensions.is_some_and(|rest| rest.split('\n').any(str::is_empty)) {
            return Err(NoteError::NotACheckpoint);
        }
        let size = decimal(size).ok_or(NoteError::NotACheckpoint)?;
        let root = from_base64(root).ok_or(NoteError::NotACheckpoint)?;
        let root = root.try_into().map_err(|_| NoteError::NotACheckpoint)?;
        let head = TreeHead { size: TreeSize(size), root: RootHash::new(root) };
        Ok((Self { origin: origin.into(), head }, extensions))
    }

    /// Returns the body of its note.
    pub fn to_body(&self) -> String {
        let root = BASE64.encode(self.head.root.as_bytes());
        format!("{}\n{}\n{root}\n", self.origin, self.head.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Purpose, Seed};
    use crate::log::merkle::{Tree, leaf_hash};

    fn note() -> (Note, Seed, Did) {
        let seed = Seed::new([3; 32]);
        let did = Did::of_inception(b"x");
        let head = Tree::from_leaves([leaf_hash(b"a")]).head();
        let key = seed.signing_key(Purpose::Checkpoint);
        (Note::sign(&Checkpoint::new(&did, head), &key), seed, did)
    }

    #[test]
    fn a_note_round_trips_and_verifies_with_its_cosignature() {
        let (mut note, seed, did) = note();
        let witness = Did::of_inception(b"w");
        let key = seed.signing_key(Purpose::Witness);
        note.add(note.cosign(&witness, &key, UnixSeconds(1_700_000_000)));
        let again = Note::parse(&note.to_string()).unwrap();
        assert_eq!(again, note);
        let keys = seed.public_key_set();
        assert_eq!(again.verify(&NoteKey::of_log(&did, keys.checkpoint)), Ok(()));
        assert_eq!(
            again.cosignature_times(&NoteKey::of_witness(&witness, keys.witness)),
            Ok(Vec::from([UnixSeconds(1_700_000_000)]))
        );
        assert_eq!(again.checkpoint().unwrap().did(), Ok(did));
    }

    #[test]
    fn a_log_signs_a_note_once() {
        let (mut note, seed, did) = note();
        let key = NoteKey::of_log(&did, seed.public_key_set().checkpoint);
        let line = note.signatures()[0].to_line();
        let repeated = Note::parse(&alloc::format!("{note}{line}\n")).unwrap();
        assert_eq!((repeated.signatures().len(), repeated.verify(&key)), (2, Ok(())));
        let mut other = note.signatures()[0].clone();
        other.bytes[0] ^= 1;
        note.add(other);
        assert_eq!(note.verify(&key), Err(NoteError::WrongSignature));
    }

    #[test]
    fn a_signature_line_has_one_text() {
        let (note, ..) = note();
        let signature = &note.signatures()[0];
        let parts = [signature.id.as_slice(), &signature.bytes].map(|part| BASE64.encode(part));
        let line = alloc::format!("— {} {}", signature.name, parts.concat());
        assert_eq!(NoteSignature::parse(&line), Err(NoteError::Malformed));
        assert_eq!(NoteSignature::parse(&signature.to_line()).as_ref(), Ok(signature));
    }

    #[test]
    fn a_cosignature_is_not_valid_for_another_time() {
        let (mut note, seed, _) = note();
        let witness = Did::of_inception(b"w");
        let mut line = note.cosign(&witness, &seed.signing_key(Purpose::Witness), UnixSeconds(9));
        line.bytes[7] ^= 1;
        note.add(line);
        let key = NoteKey::of_witness(&witness, seed.public_key_set().witness);
        assert_eq!(note.cosignature_times(&key), Err(NoteError::WrongSignature));
    }

    #[test]
    fn sizes_have_one_decimal_form_and_extension_lines_are_refused() {
        let (note, ..) = note();
        let body = note.body().to_string();
        assert!(Checkpoint::parse_body(&body).is_ok());
        for bad in [
            body.replace("\n1\n", "\n01\n"),
            body.replace("\n1\n", "\n+1\n"),
            body.replace("\n1\n", "\n\n"),
            format!("{body}extension\n"),
            body.trim_end().into(),
        ] {
            assert_eq!(Checkpoint::parse_body(&bad), Err(NoteError::NotACheckpoint), "{bad:?}");
        }
    }

    #[test]
    fn unknown_keys_are_ignored_and_a_missing_own_signature_is_named() {
        let (note, seed, did) = note();
        let other = NoteKey::of_log(&did, seed.public_key_set().witness);
        assert_eq!(note.verify(&other), Err(NoteError::NotSigned));
    }
}
