//! Decoders whose input is one object: what they accept they must write again as it was.

use carnet_proto::anchor::Anchor;
use carnet_proto::cbor::{self as codec, Decode, Decoder, Encode, Mode, Value};
use carnet_proto::challenge::{Challenge, MAX_CHALLENGE_BYTES};
use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::credential::contribution::Contribution;
use carnet_proto::credential::skill::Skill;
use carnet_proto::file;
use carnet_proto::id::{CredentialId, Did, Digest, LeafHash, LeafIndex, TreeSize};
use carnet_proto::issuing::{CredentialFile, IssuedBatch, IssuingOrder, PersonRow};
use carnet_proto::key::{CoseKey, PublicKey, PublicKeySet, Purpose, Seed, Signature};
use carnet_proto::log::checkpoint::{Checkpoint, Note, NoteKey, NoteSignature};
use carnet_proto::log::fork::ForkProof;
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::log::proof::{ConsistencyProof, InclusionProof};
use carnet_proto::profile::FileKind;
use carnet_proto::recognition::{RecognitionOutcome, RecognitionTerms};
use carnet_proto::request::{KeyRequest, KeyRequestClaims};
use carnet_proto::statement::accreditation::{Accreditation, Grant, Level, Withdrawal};
use carnet_proto::statement::agreement::{Agreement, Denunciation, Ratification};
use carnet_proto::statement::fork::Accusation;
use carnet_proto::statement::identity::{Inception, Rotation, Succession};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::InstitutionProfile;
use carnet_proto::statement::standing::{KeyPeriod, Standing, State};
use carnet_proto::statement::{Body, MAX_STATEMENT_BYTES, Statement, StatementError};
use carnet_proto::status::{StatusList, StatusReference, StatusToken, StatusUri};
use carnet_proto::sync::witness::LastCosigned;
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{Date, UnixSeconds, Validity};
use carnet_proto::totalisation::Rational;
use carnet_proto::totalisation::quarters::Quarter;
use carnet_proto::wallet::{Wallet, WalletBody};

/// Reads a type in strict mode; what it accepts has one encoding, the one that was read.
pub(super) fn strict<T: for<'b> Decode<'b> + Encode>(data: &[u8]) -> Option<T> {
    let value = T::from_cbor(data).ok()?;
    assert_eq!(value.to_cbor(), data, "a value has one strict encoding");
    Some(value)
}

/// Reads a type that several encodings stand for; the one written is read again as the same.
fn lenient<T: for<'b> Decode<'b> + Encode + PartialEq>(data: &[u8]) {
    if let Ok(value) = T::from_cbor(data) {
        assert!(T::from_cbor(&value.to_cbor()).is_ok_and(|again| again == value));
    }
}

/// Reads a text that names something; it has one form.
fn text<T: ToString>(data: &[u8], parse: impl Fn(&str) -> Option<T>) {
    if let Ok(text) = str::from_utf8(data)
        && let Some(value) = parse(text)
    {
        assert_eq!(value.to_string(), text);
    }
}

/// Any CBOR, strictly and as others write it.
pub fn cbor(data: &[u8]) {
    let value = |mode| {
        let mut d = Decoder::new(data, mode);
        Value::decode(&mut d).and_then(|value| d.finish().map(|()| value)).ok()
    };
    let (strict, foreign) = (value(Mode::Strict), value(Mode::Foreign));
    // To check is to read without keeping.
    assert_eq!(codec::check(data, Mode::Strict).is_ok(), strict.is_some());
    assert_eq!(codec::check(data, Mode::Foreign).is_ok(), foreign.is_some());
    if let Some(value) = &strict {
        assert_eq!(value.to_cbor(), data, "a value has one strict encoding");
        assert!(foreign.is_some(), "what is strict is no less to others");
    }
    if let Some(value) = foreign {
        // Compared as bytes: a NaN is not equal to itself.
        let written = value.to_cbor();
        let mut d = Decoder::new(&written, Mode::Foreign);
        let again = Value::decode(&mut d).expect("what was written can be read");
        assert_eq!(again.to_cbor(), written);
    }
}

/// Statements as signed, and the body of each kind.
pub fn statement(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else { return };
    match selector % 14 {
        0 => {
            if let Ok(statement) = Statement::parse(rest) {
                assert_eq!(statement.entry(), rest);
            }
        }
        1 => body::<Inception>(rest),
        2 => body::<InstitutionProfile>(rest),
        3 => body::<Accreditation>(rest),
        4 => body::<Withdrawal>(rest),
        5 => {
            body::<Agreement>(rest);
            rules(Agreement::from_cbor(rest).ok().and_then(|agreement| agreement.recognition));
        }
        6 => body::<Ratification>(rest),
        7 => body::<Denunciation>(rest),
        8 => body::<Issuance>(rest),
        9 => body::<Standing>(rest),
        11 => body::<Rotation>(rest),
        12 => body::<Succession>(rest),
        13 => body::<Accusation>(rest),
        _ => {
            strict::<KeyPeriod>(rest);
            strict::<State>(rest);
            strict::<Grant>(rest);
            strict::<Level>(rest);
            strict::<Validity>(rest);
        }
    }
}

/// A body that can be read can be signed, and the statement read again says the same.
fn body<T: for<'b> Decode<'b> + Encode + Into<Body>>(data: &[u8]) {
    let Some(read) = strict::<T>(data) else { return };
    let body: Body = read.into();
    let key = Seed::new([1; 32]).signing_key(Purpose::Statement);
    if let Body::Inception(inception) = body {
        let statement = Statement::incept(*inception, &key);
        assert_eq!(Statement::parse(statement.entry()), Ok(statement));
        return;
    }
    match Statement::sign(&Did::of_inception(b"x"), body.clone(), &key) {
        Ok(statement) => {
            assert_eq!(statement.body(), &body);
            assert!(statement.is_signed_by(&key.public()));
        }
        Err(StatementError::TooLarge(size)) => assert!(size > MAX_STATEMENT_BYTES),
        Err(error) => panic!("what was read cannot be signed: {error}"),
    }
}

/// Rules that were read are followed: their own cases have an answer, whatever it is, and the same twice.
fn rules(terms: Option<RecognitionTerms>) {
    let Some(terms) = terms else { return };
    for case in terms.cases.iter().take(4) {
        let answer = case.answer(&terms);
        assert_eq!(answer, case.answer(&terms));
        let best = answer.routes.iter().map(|route| route.outcome).min();
        assert_eq!(best.unwrap_or(RecognitionOutcome::NoAgreement), answer.outcome);
    }
}

/// Status list tokens, lists and what points at them.
pub fn status(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else { return };
    match selector % 5 {
        0 => token(rest, Mode::Strict),
        1 => token(rest, Mode::Foreign),
        2 => {
            if let Ok(list) = StatusList::from_cbor(rest) {
                assert_eq!(list.value(list.len()), None);
                assert!(list.is_empty() || list.value(list.len() - 1).is_some());
                // Deflated anew the bytes may differ, but not what they say.
                if list.len() <= 1 << 12 {
                    assert_eq!(StatusList::from_cbor(&list.to_cbor()), Ok(list));
                }
            }
        }
        3 => drop(strict::<StatusReference>(rest)),
        _ => text(rest, StatusUri::parse),
    }
}

fn token(data: &[u8], mode: Mode) {
    let Ok(token) = StatusToken::parse(data, mode) else { return };
    assert_eq!(token.as_bytes(), data);
    assert_eq!(*token.digest(), Digest::of(data));
    assert_eq!(Some(token.list().len()), token.entries, "what was read once is read again");
    assert!(StatusToken::parse_deflated(data, mode).is_ok());
    if mode == Mode::Strict {
        assert!(StatusToken::parse(data, Mode::Foreign).is_ok());
    }
}

/// Notes, checkpoints, cosignatures, keys of notes, and proofs.
pub fn log(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else { return };
    match selector % 7 {
        0 => note(rest),
        1 => {
            if let Ok(line) = str::from_utf8(rest)
                && let Ok(signature) = NoteSignature::parse(line)
            {
                assert_eq!(signature.to_line(), line);
                signature.cosignature();
            }
        }
        2 => {
            if let Ok(vkey) = str::from_utf8(rest)
                && let Ok(key) = NoteKey::parse(vkey)
            {
                assert_eq!(key.to_vkey(), vkey);
            }
        }
        3 => {
            if let Ok(body) = str::from_utf8(rest)
                && let Ok(checkpoint) = Checkpoint::parse_body(body)
            {
                assert_eq!(checkpoint.to_body(), body);
            }
        }
        4 => proof(rest),
        6 => super::views::views(rest),
        _ => {
            strict::<TreeHead>(rest);
            strict::<InclusionProof>(rest);
            strict::<ConsistencyProof>(rest);
            strict::<Note>(rest);
            strict::<NoteSignature>(rest);
            strict::<LastCosigned>(rest);
        }
    }
}

fn note(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(note) = Note::parse(text) else { return };
    assert_eq!(note.to_string(), text);
    let Ok(checkpoint) = note.checkpoint() else { return };
    assert_eq!(checkpoint.to_body(), note.body());
    let (seed, witness) = (Seed::new([5; 32]), Did::of_inception(b"w"));
    let stranger = Seed::new([99; 32]).public_key_set();
    let keys = seed.public_key_set();
    for key in [
        NoteKey::of_witness(&witness, keys.witness),
        NoteKey::of_witness(&witness, stranger.witness),
    ] {
        let count = note.signatures().iter().filter(|line| line.name == key.name()).count();
        assert!(note.cosignature_times(&key).map_or(true, |times| times.len() <= count));
    }
    if let Ok(did) = checkpoint.did() {
        assert!(note.verify(&NoteKey::of_log(&did, stranger.checkpoint)).is_err());
    }
}

/// Proofs at any size: they hold for nothing but what they were made for, and never panic.
fn proof(data: &[u8]) {
    let Some((numbers, hashes)) = data.split_first_chunk::<16>() else { return };
    let (index, size) = numbers.split_at(8);
    let number = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().unwrap_or_default());
    let (index, size) = (number(index), TreeSize(number(size)));
    let hashes: Vec<[u8; 32]> = hashes.as_chunks::<32>().0.to_vec();
    let leaf = LeafHash::new([7; 32]);
    if let Ok(proof) = InclusionProof::new(hashes.clone())
        && let Ok(root) = proof.root(LeafIndex(index), size, leaf)
    {
        let head = TreeHead { size, root };
        assert_eq!(proof.verify(LeafIndex(index), leaf, &head), Ok(()));
        assert!(proof.verify(LeafIndex(index), LeafHash::new([8; 32]), &head).is_err());
    }
    if let Ok(proof) = ConsistencyProof::new(hashes) {
        let root = |byte| carnet_proto::id::RootHash::new([byte; 32]);
        let head = |size, byte| TreeHead { size: TreeSize(size), root: root(byte) };
        assert!(proof.verify(&head(index, 1), &head(size.0, 2)).is_err());
    }
}

/// Files: the outermost layer, and the body of each kind; and the texts in them.
pub fn files(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else { return };
    match selector % 8 {
        0 => {
            for kind in FileKind::ALL {
                let _ = file::unwrap(rest, *kind, MAX_CHALLENGE_BYTES);
            }
        }
        1 => {
            if let Ok(wallet) = Wallet::open(rest) {
                assert_eq!(wallet.to_file(), rest);
            }
            drop(strict::<WalletBody>(rest));
        }
        2 => {
            let _ = KeyRequest::open(rest, &Did::of_inception(b"x"));
            lenient::<KeyRequestClaims>(rest);
        }
        3 => {
            if let Ok(file) = CredentialFile::open(rest) {
                assert_eq!(file.to_file(), rest);
            }
            if let Ok(fork) = ForkProof::open(rest) {
                assert_eq!(fork.to_file(), rest);
                let _ = fork.verify();
            }
            drop(strict::<Anchor>(rest));
        }
        4 => {
            drop(strict::<IssuingOrder>(rest));
            drop(strict::<IssuedBatch>(rest));
        }
        5 => {
            drop(strict::<Challenge>(rest));
            drop(strict::<PersonRow>(rest));
            drop(strict::<Skill>(rest));
            drop(strict::<Contribution>(rest));
        }
        6 => {
            strict::<Did>(rest);
            strict::<CredentialId>(rest);
            strict::<UnixSeconds>(rest);
            strict::<Date>(rest);
            strict::<PublicKey>(rest);
            strict::<PublicKeySet>(rest);
            strict::<Signature>(rest);
            lenient::<CoseKey>(rest);
            strict::<Name>(rest);
        }
        _ => texts(rest),
    }
}

fn texts(data: &[u8]) {
    text(data, |t| Did::parse(t).ok());
    text(data, Date::parse);
    text(data, |t| Language::parse(t).map(|tag| tag.as_str().to_owned()));
    text(data, |t| Country::parse(t).ok());
    text(data, |t| Occupation::parse(t).ok());
    text(data, |t| Field::parse(t).ok());
    text(data, |t| Framework::parse(t).ok());
    text(data, Quarter::parse);
    if let Ok(text) = str::from_utf8(data) {
        if let Some(number) = Rational::parse_decimal(text) {
            assert_eq!(number.minus(number).ok(), Some(Rational::ZERO));
        }
        if let Some(level) = Level::parse(text) {
            assert_eq!(Level::parse(&level.to_string()), Some(level));
        }
        if let Ok(line) = Line::parse(text) {
            // What was brought into its form is in its form, and so may be sent.
            assert_eq!(Line::parse(line.as_str()).as_ref(), Ok(&line));
            assert_eq!(Line::from_cbor(&line.to_cbor()), Ok(line));
        }
    }
}
