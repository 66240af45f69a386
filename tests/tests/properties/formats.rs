//! Every object of the formats: written and read back it is the same; its encoding is the one that
//! strict decoding takes; and whatever is taken at all encodes to the very same bytes.

use carnet_proto::cbor::{Decode, Encode, Mode, Value, check};
use carnet_proto::file;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::profile::FileKind;
use carnet_proto::statement::{self, Statement};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::cases;
use crate::draw::{Draw, Source};

/// Most bytes that a value is drawn from.
const MAX_BYTES: usize = 320;

type Property = fn(&[u8], &[(u16, u8)]) -> Result<(), TestCaseError>;

/// Draws a value and reads it as it was written, in an encoding that strict decoding takes.
fn written<T>(drawn: &[u8]) -> Result<Vec<u8>, TestCaseError>
where
    T: Draw + Encode + PartialEq + for<'b> Decode<'b>,
{
    let value: T = Source(drawn).draw();
    let bytes = value.to_cbor();
    match T::from_cbor(&bytes) {
        Ok(read) => prop_assert!(read == value, "another value is read from {bytes:02x?}"),
        Err(error) => prop_assert!(false, "{error}: {bytes:02x?}"),
    }
    prop_assert_eq!(check(&bytes, Mode::Strict), Ok(()));
    prop_assert_eq!(Value::from_cbor(&bytes).map(|value| value.to_cbor()), Ok(bytes.clone()));
    Ok(bytes)
}

/// The same for a list of statuses, which another compressor writes otherwise: the token that holds it
/// is kept as it was signed.
fn compressed(drawn: &[u8], _: &[(u16, u8)]) -> Result<(), TestCaseError> {
    written::<carnet_proto::status::StatusList>(drawn).map(drop)
}

/// Judges what becomes of an encoding with some bytes changed: it is refused, or the one encoding of
/// something else.
fn holds<T>(drawn: &[u8], changes: &[(u16, u8)]) -> Result<(), TestCaseError>
where
    T: Draw + Encode + PartialEq + for<'b> Decode<'b>,
{
    let bytes = written::<T>(drawn)?;
    for (at, byte) in changes {
        let at = usize::from(*at) % bytes.len();
        let mut changed = bytes.clone();
        changed[at] = *byte;
        let longer = [&bytes[..at], &[*byte], &bytes[at..]].concat();
        let shorter = [&bytes[..at], &bytes[at + 1..]].concat();
        for changed in [changed, longer, shorter] {
            if let Ok(read) = T::from_cbor(&changed) {
                prop_assert_eq!(read.to_cbor(), changed);
            }
        }
    }
    Ok(())
}

/// Every other record of the formats is a part of one of these.
const FORMATS: &[(&str, Property)] = &{
    use carnet_proto::*;
    macro_rules! formats {
        ($($($path:ident)::+,)*) => { [$((stringify!($($path)::+), holds::<$($path)::+> as Property)),*] };
    }
    formats![
        anchor::Anchor,
        challenge::Challenge,
        credential::contribution::Contribution,
        credential::skill::Skill,
        evidence::Evidence,
        id::Did,
        issuing::CredentialFile,
        issuing::IssuedBatch,
        issuing::IssuingOrder,
        key::CoseKey,
        key::PublicKeySet,
        log::checkpoint::Note,
        log::fork::ForkProof,
        log::proof::ConsistencyProof,
        log::proof::InclusionProof,
        presentation::KeyBindingClaims,
        presentation::Presentation,
        recognition::RecognitionTerms,
        request::KeyRequestClaims,
        statement::accreditation::Accreditation,
        statement::accreditation::Withdrawal,
        statement::agreement::Agreement,
        statement::agreement::Denunciation,
        statement::agreement::Ratification,
        statement::fork::Accusation,
        statement::identity::Inception,
        statement::identity::Rotation,
        statement::identity::Succession,
        statement::issuance::Issuance,
        statement::profile::InstitutionProfile,
        statement::standing::Standing,
        statement::standing::State,
        status::StatusReference,
        sync::message::Gossip,
        sync::message::Request,
        sync::message::Response,
        time::Validity,
        wallet::WalletBody,
    ]
};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..MAX_BYTES)
}

fn changes() -> impl Strategy<Value = Vec<(u16, u8)>> {
    proptest::collection::vec(any::<(u16, u8)>(), 8)
}

#[test]
fn every_object_is_read_as_it_was_written_and_has_one_encoding() {
    let formats = FORMATS.iter().copied().chain([("status::StatusList", compressed as Property)]);
    for (name, property) in formats {
        let outcome = TestRunner::new(cases(64))
            .run(&(bytes(), changes()), |(drawn, changes)| property(&drawn, &changes));
        assert!(outcome.is_ok(), "{name}: {}", outcome.unwrap_err());
    }
}

/// Draws what a statement says, of any kind but the one that begins a log.
fn body(s: &mut Source<'_>) -> statement::Body {
    match s.below(11) {
        0 => s.draw::<statement::profile::InstitutionProfile>().into(),
        1 => s.draw::<statement::accreditation::Accreditation>().into(),
        2 => s.draw::<statement::accreditation::Withdrawal>().into(),
        3 => s.draw::<statement::agreement::Agreement>().into(),
        4 => s.draw::<statement::agreement::Ratification>().into(),
        5 => s.draw::<statement::agreement::Denunciation>().into(),
        6 => s.draw::<statement::issuance::Issuance>().into(),
        7 => s.draw::<statement::identity::Rotation>().into(),
        8 => s.draw::<statement::identity::Succession>().into(),
        9 => s.draw::<statement::fork::Accusation>().into(),
        _ => s.draw::<statement::standing::Standing>().into(),
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn a_statement_is_read_as_it_was_signed_and_has_one_form(drawn in bytes(), changes in changes()) {
        let s = &mut Source(&drawn);
        let (issuer, key) = (s.draw(), Seed::new(s.draw()).signing_key(Purpose::Statement));
        let signed = Statement::sign(&issuer, body(s), &key).unwrap();
        let entry = signed.entry();
        prop_assert_eq!(Statement::parse(entry), Ok(signed.clone()));
        prop_assert!(signed.is_signed_by(&key.public()));
        let kid = entry.windows(32).position(|w| w == key.public().kid().as_bytes()).unwrap();
        for (at, byte) in changes {
            let mut changed = entry.to_vec();
            let at = usize::from(at) % changed.len();
            changed[at] = byte;
            let Ok(read) = Statement::parse(&changed) else { continue };
            prop_assert_eq!(read.is_signed_by(&key.public()), changed == entry);
            // What it says is signed anew as the same bytes, but for key and signature.
            let again = Statement::sign(read.issuer(), read.body().clone(), &key).unwrap();
            changed[kid..kid + 32].copy_from_slice(key.public().kid().as_bytes());
            let signature = changed.len() - 64;
            prop_assert_eq!(&again.entry()[..again.entry().len() - 64], &changed[..signature]);
        }
    }

    #[test]
    fn a_note_has_one_text(drawn in bytes(), changes in changes()) {
        let note: Note = Source(&drawn).draw();
        let text = note.to_string();
        prop_assert_eq!(Note::parse(&text), Ok(note));
        for (at, byte) in changes {
            let mut changed = text.clone().into_bytes();
            let at = usize::from(at) % changed.len();
            changed[at] = byte;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            if let Ok(read) = Note::parse(&changed) {
                prop_assert_eq!(read.to_string(), changed);
            }
        }
    }

    #[test]
    fn a_file_holds_what_was_put_into_it(drawn in bytes(), kind in 0..FileKind::ALL.len(), other in 0..FileKind::ALL.len()) {
        let body: carnet_proto::challenge::Challenge = Source(&drawn).draw();
        let (kind, other) = (FileKind::ALL[kind], FileKind::ALL[other]);
        let bytes = file::wrap(kind, &body);
        prop_assert_eq!(file::unwrap(&bytes, kind, bytes.len()).map(<[u8]>::to_vec), Ok(body.to_cbor()));
        prop_assert_eq!(file::unwrap(&bytes, other, bytes.len()).is_ok(), kind == other);
        prop_assert!(file::unwrap(&bytes, kind, bytes.len() - 1).is_err());
    }
}
