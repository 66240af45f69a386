//! Answers a case from its JSON alone, through the public interface of `carnet-proto`, as another
//! implementation would.

use std::collections::BTreeMap;
use std::fmt::Debug;

use carnet_proto::anchor::Anchor;
use carnet_proto::cbor::{self, CborError, Decode, Encode as _, Mode};
use carnet_proto::challenge::{Challenge, MAX_CHALLENGE_BYTES};
use carnet_proto::cose::Sign1;
use carnet_proto::credential::claims::{Claims, ClaimsError};
use carnet_proto::credential::disclosure::{DisclosureError, Reader};
use carnet_proto::credential::{CredentialError, SdCwt};
use carnet_proto::evidence::Evidence;
use carnet_proto::file::{self, FileError};
use carnet_proto::id::{Did, Digest, LeafIndex, RootHash, TreeSize};
use carnet_proto::issuing::MAX_CREDENTIAL_FILE_BYTES;
use carnet_proto::key::PublicKey;
use carnet_proto::log::checkpoint::{Note, NoteKey};
use carnet_proto::log::fork::{ForkError, ForkProof, MAX_FORK_BYTES};
use carnet_proto::log::merkle::{TreeHead, leaf_hash};
use carnet_proto::log::proof::{ConsistencyProof, InclusionProof};
use carnet_proto::log::receipt::{Receipt, ReceiptError};
use carnet_proto::presentation::{KeyBindingToken, Presentation, PresentationError};
use carnet_proto::profile::{FileKind, MAX_PRESENTATION_BYTES, Profile};
use carnet_proto::request::{KeyRequest, KeyRequestError, MAX_REQUEST_BYTES};
use carnet_proto::statement::{Statement, StatementError};
use carnet_proto::status::{StatusList, StatusToken};
use carnet_proto::wallet::MAX_WALLET_BYTES;
use data_encoding::HEXLOWER;
use serde_json::{Value as Json, json};

/// An answer: what was read, or the name of an error.
pub type Answer = Result<Json, String>;

/// Answers a case; `None` for an object that is not known.
pub fn answer(object: &str, input: &Json, context: &Json) -> Option<Answer> {
    let run: fn(&Json, &Json) -> Answer = match object {
        "anchor" => anchor,
        "cbor" => cbor,
        "challenge" => challenge,
        "checkpoint" => checkpoint,
        "consistency-proof" => consistency,
        "cose" => cose,
        "cosignature" => cosignature,
        "credential" => credential,
        "evidence" => evidence,
        "file" => any_file,
        "fork-proof" => fork_proof,
        "inclusion-proof" => inclusion,
        "key-binding" => key_binding,
        "key-request" => key_request,
        "presentation" => presentation,
        "receipt" => receipt,
        "statement" => statement,
        "status-list" => status_list,
        "status-token" => status_token,
        _ => return None,
    };
    Some(run(input, context))
}

/// The bytes of a field in hex.
pub fn bytes(value: &Json, field: &str) -> Vec<u8> {
    HEXLOWER.decode(str(value, field).as_bytes()).unwrap()
}

/// The text of a field.
pub fn str<'j>(value: &'j Json, field: &str) -> &'j str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} is not a text in {value}"))
}

fn array<const N: usize>(value: &Json, field: &str) -> [u8; N] {
    bytes(value, field).try_into().unwrap()
}

fn number(value: &Json, field: &str) -> u64 {
    value[field].as_u64().unwrap_or_else(|| panic!("{field} is not a number in {value}"))
}

fn mode(context: &Json) -> Mode {
    match str(context, "mode") {
        "strict" => Mode::Strict,
        "foreign" => Mode::Foreign,
        other => panic!("no mode {other}"),
    }
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

/// The name of an error: that of its variant.
fn named(error: impl Debug) -> String {
    let text = format!("{error:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()
}

fn kind(error: CborError) -> String {
    named(error.kind)
}

/// As [`kind`], with the name of what is missing from a token.
fn kind_and_field(error: CborError) -> String {
    match error.kind {
        cbor::CborErrorKind::Missing(field) => format!("Missing:{field}"),
        kind => named(kind),
    }
}

fn within(stage: &str) -> impl Fn(CborError) -> String {
    move |error| format!("{stage}:{}", kind(error))
}

fn public_key(context: &Json, field: &str) -> Result<PublicKey, String> {
    PublicKey::new(&array(context, field)).map_err(|_| "Key".to_owned())
}

fn signed(is_right: bool) -> Result<(), String> {
    if is_right { Ok(()) } else { Err("Signature".into()) }
}

fn cbor(input: &Json, context: &Json) -> Answer {
    cbor::check(&bytes(input, "bytes"), mode(context)).map_err(kind)?;
    Ok(json!({}))
}

fn cose(input: &Json, context: &Json) -> Answer {
    let key = public_key(context, "key")?;
    let bytes = bytes(input, "sign1");
    let sign1 = Sign1::parse(&bytes, mode(context)).map_err(within("Form"))?;
    let payload = sign1.attached().map_err(|_| "Detached")?;
    let header = sign1.header().map_err(within("Header"))?;
    if !header.is_ed25519() {
        return Err("Algorithm".into());
    }
    signed(sign1.is_signed_by(&key))?;
    Ok(json!({ "payload": hex(payload) }))
}

fn statement(input: &Json, context: &Json) -> Answer {
    let statement = Statement::parse(&bytes(input, "entry")).map_err(|error| match error {
        StatementError::Malformed(error) => within("Malformed")(error),
        other => named(other),
    })?;
    signed(statement.is_signed_by(&public_key(context, "statement_key")?))?;
    Ok(json!({
        "kind": statement.body().kind(),
        "issuer": statement.issuer().to_string(),
        "digest": statement.digest().to_string(),
        "leaf_hash": hex(statement.leaf_hash().as_bytes()),
    }))
}

fn hashes(list: &Json) -> Result<Vec<[u8; 32]>, String> {
    let hash = |text: &Json| HEXLOWER.decode(text.as_str().unwrap().as_bytes()).unwrap().try_into();
    let list: Result<Vec<_>, _> = list.as_array().unwrap().iter().map(hash).collect();
    list.map_err(|_| "HashLength".into())
}

fn head(value: &Json, size: &str, root: &str) -> TreeHead {
    TreeHead { size: TreeSize(number(value, size)), root: RootHash::new(array(value, root)) }
}

fn inclusion(input: &Json, _: &Json) -> Answer {
    let proof = InclusionProof::new(hashes(&input["path"])?).map_err(named)?;
    let leaf = leaf_hash(&bytes(input, "entry"));
    let index = LeafIndex(number(input, "leaf_index"));
    proof.verify(index, leaf, &head(input, "tree_size", "root")).map_err(named)?;
    Ok(json!({}))
}

fn consistency(input: &Json, _: &Json) -> Answer {
    let proof = ConsistencyProof::new(hashes(&input["proof"])?).map_err(named)?;
    let (old, new) = (head(input, "old_size", "old_root"), head(input, "new_size", "new_root"));
    proof.verify(&old, &new).map_err(named)?;
    Ok(json!({}))
}

fn checkpoint(input: &Json, context: &Json) -> Answer {
    let note = Note::parse(str(input, "note")).map_err(named)?;
    let checkpoint = note.checkpoint().map_err(named)?;
    let origin = Did::parse(str(context, "origin")).unwrap();
    if checkpoint.did() != Ok(origin) {
        return Err("OtherLog".into());
    }
    let key = NoteKey::of_log(&origin, public_key(context, "log_key")?);
    assert_eq!(key.to_vkey(), str(context, "vkey"));
    note.verify(&key).map_err(named)?;
    Ok(json!({ "size": checkpoint.head.size.0, "root": hex(checkpoint.head.root.as_bytes()) }))
}

fn cosignature(input: &Json, context: &Json) -> Answer {
    let note = Note::parse(str(input, "note")).map_err(named)?;
    let witness = Did::parse(str(context, "witness")).unwrap();
    let key = NoteKey::of_witness(&witness, public_key(context, "witness_key")?);
    assert_eq!(key.to_vkey(), str(context, "vkey"));
    let times = note.cosignature_times(&key).map_err(named)?;
    Ok(json!({ "times": times.iter().map(|time| time.0).collect::<Vec<_>>() }))
}

/// What a list says; the values of a long one are left out.
fn list_json(list: &StatusList) -> Json {
    let values: Vec<_> = (0..list.len().min(64)).map(|i| list.value(i).unwrap()).collect();
    assert_eq!(list.value(list.len()), None);
    if list.len() > 64 {
        return json!({ "entries": list.len() });
    }
    json!({ "entries": list.len(), "values": values })
}

fn status_list(input: &Json, _: &Json) -> Answer {
    Ok(list_json(&StatusList::from_cbor(&bytes(input, "status_list")).map_err(kind)?))
}

fn status_token(input: &Json, context: &Json) -> Answer {
    let token = StatusToken::parse(&bytes(input, "token"), mode(context)).map_err(kind)?;
    signed(token.is_signed_by(&public_key(context, "status_key")?))?;
    let mut reads = list_json(&token.list());
    reads["sub"] = json!(token.uri);
    reads["iat"] = json!(token.issued_at.0);
    reads["exp"] = json!(token.expires_at.map(|time| time.0));
    reads["ttl"] = json!(token.ttl);
    Ok(reads)
}

fn credential_error(error: CredentialError) -> String {
    match error {
        CredentialError::Malformed(error) => within("Malformed")(error),
        other => named(other),
    }
}

fn credential(input: &Json, context: &Json) -> Answer {
    let reader = match str(context, "reader") {
        "holder" => Reader::Holder,
        "verifier" => Reader::Verifier,
        other => panic!("no reader {other}"),
    };
    let bytes = bytes(input, "sd_cwt");
    let token = SdCwt::parse(&bytes, Mode::Strict).map_err(credential_error)?;
    signed(token.is_signed_by(&public_key(context, "issuer_key")?))?;
    let restored = token.restore(Profile::SdCwt08, reader).map_err(|error| match error {
        DisclosureError::Malformed(error) => within("Malformed")(error),
        other => named(other),
    })?;
    Claims::read(&restored.claims).map_err(|error| match error {
        ClaimsError::Missing(claim) => format!("Missing:{claim}"),
        ClaimsError::Malformed { claim, .. } => format!("Malformed:{claim}"),
        other => named(other),
    })?;
    Ok(json!({
        "digest": token.digest().to_string(),
        "claims": hex(restored.claims.to_cbor()),
        "withheld": restored.withheld,
    }))
}

fn key_binding(input: &Json, context: &Json) -> Answer {
    let bytes = bytes(input, "token");
    let token = KeyBindingToken::parse(&bytes).map_err(|error| match error {
        PresentationError::Malformed(error) => kind_and_field(error),
        PresentationError::Credential(error) => format!("Credential:{}", credential_error(error)),
        other => named(other),
    })?;
    if !token.credential.is_signed_by(&public_key(context, "issuer_key")?) {
        return Err("IssuerSignature".into());
    }
    let restored = token.credential.restore(Profile::SdCwt08, Reader::Verifier).map_err(named)?;
    let holder = Claims::read(&restored.claims).map_err(named)?.holder_key;
    signed(token.is_signed_by(&holder))?;
    Ok(json!({
        "aud": token.claims.audience,
        "iat": token.claims.issued_at.0,
        "exp": token.claims.expires_at.0,
        "cnonce": token.claims.nonce.as_ref().map(hex),
        "container": token.claims.container.map(|digest| digest.to_string()),
        "holder_key": hex(holder.as_bytes()),
    }))
}

fn presentation(input: &Json, _: &Json) -> Answer {
    let bytes = bytes(input, "file");
    let body = Presentation::open(&bytes).map_err(named)?;
    let presentation = Presentation::from_cbor(body).map_err(kind)?;
    if presentation.presented.is_empty() {
        return Err("Empty".into());
    }
    Ok(json!({
        "credentials": presentation.presented.len(),
        "evidence": presentation.evidence.is_some(),
    }))
}

fn anchor(input: &Json, context: &Json) -> Answer {
    let anchor = Anchor::from_cbor(&bytes(input, "anchor")).map_err(kind)?;
    let credential = Digest::new(array(context, "credential"));
    if anchor.root(&credential) != Some(RootHash::new(array(context, "root"))) {
        return Err("WrongRoot".into());
    }
    Ok(json!({ "issuance": anchor.issuance.to_string() }))
}

fn evidence(input: &Json, _: &Json) -> Answer {
    let evidence = Evidence::from_cbor(&bytes(input, "evidence")).map_err(within("Malformed"))?;
    let (ledger, dropped) = evidence.verify();
    if let Some(first) = dropped.first() {
        return Err(format!("Dropped:{}", first.part));
    }
    let count = |of: &dyn Fn(&carnet_proto::ledger::LogView) -> usize| -> usize {
        ledger.logs().map(of).sum()
    };
    let is_known = |log: &carnet_proto::ledger::LogView| {
        matches!(log.profile, carnet_proto::ledger::ProfileView::Known(_))
    };
    Ok(json!({
        "logs": ledger.logs().map(|log| log.origin.to_string()).collect::<Vec<_>>(),
        "statements": count(&|log| log.statements.len()),
        "issuances": count(&|log| log.issuances.len()),
        "status": count(&|log| log.status.len()),
        "checkpoints": count(&|log| log.checkpoints.len()),
        "profile": count(&|log| usize::from(is_known(log))) > 0,
        "key_sets": count(&|log| log.keys.len()),
        "successions": count(&|log| log.successions.len()),
    }))
}

fn any_file(input: &Json, context: &Json) -> Answer {
    let bytes = bytes(input, "file");
    let wanted = str(context, "kind");
    let kind = FileKind::ALL.iter().copied().find(|kind| kind.name() == wanted).unwrap();
    let limits = BTreeMap::from([
        ("presentation", MAX_PRESENTATION_BYTES),
        ("credential", MAX_CREDENTIAL_FILE_BYTES),
        ("key request", MAX_REQUEST_BYTES),
        ("wallet", MAX_WALLET_BYTES),
        ("challenge", MAX_CHALLENGE_BYTES),
        ("fork proof", MAX_FORK_BYTES),
    ]);
    let body = file::unwrap(&bytes, kind, limits[wanted]).map_err(named)?;
    Ok(json!({ "body": hex(body) }))
}

fn fork_proof(input: &Json, _: &Json) -> Answer {
    let proof = ForkProof::open(&bytes(input, "file")).map_err(|error| match error {
        FileError::Malformed { source, .. } => within("Malformed")(source),
        other => named(other),
    })?;
    let fork = proof.verify().map_err(|error| match error {
        ForkError::Keys(error) => named(error),
        other => named(other),
    })?;
    Ok(json!({
        "did": fork.origin.to_string(),
        "smaller": fork.smaller.size.0,
        "larger": fork.larger.size.0,
        "sets": fork.sets,
    }))
}

fn key_request(input: &Json, context: &Json) -> Answer {
    let institution = Did::parse(str(context, "institution")).unwrap();
    let request = KeyRequest::open(&bytes(input, "file"), &institution);
    let request = request.map_err(|error| match error {
        KeyRequestError::Malformed(error) => within("Malformed")(error),
        other => named(other),
    })?;
    Ok(json!({ "key": hex(request.key().as_bytes()) }))
}

fn challenge(input: &Json, _: &Json) -> Answer {
    let bytes = bytes(input, "file");
    let body = file::unwrap(&bytes, FileKind::Challenge, MAX_CHALLENGE_BYTES).map_err(named)?;
    let challenge = Challenge::from_cbor(body).map_err(kind)?;
    Ok(json!({
        "audience": challenge.audience.as_str(),
        "nonce": hex(&challenge.nonce.0),
        "issued_at": challenge.issued_at.0,
        "expires_at": challenge.expires_at.0,
        "wishes": challenge.wishes.len(),
    }))
}

fn receipt_error(error: ReceiptError) -> String {
    match error {
        ReceiptError::Malformed(error) => within("Malformed")(error),
        ReceiptError::Proof(error) => format!("Proof:{}", named(error)),
        other => named(other),
    }
}

fn receipt(input: &Json, context: &Json) -> Answer {
    let bytes = bytes(input, "receipt");
    let receipt = Receipt::parse(&bytes).map_err(receipt_error)?;
    if receipt.log().to_string() != str(context, "log") {
        return Err("OtherLog".into());
    }
    let key = public_key(context, "receipt_key")?;
    let head = match input.get("entry") {
        Some(_) => receipt.verify_inclusion(&self::bytes(input, "entry"), &key),
        None => receipt.verify_consistency(&head(input, "old_size", "old_root"), &key),
    };
    let head = head.map_err(receipt_error)?;
    Ok(json!({ "size": head.size.0, "root": hex(head.root.as_bytes()) }))
}
