//! The examples, by the section of the document in which they stand.

use carnet_proto::cbor::{Bytes, Decode as _, Encode, Encoder, Mode, Value};
use carnet_proto::challenge::Challenge;
use carnet_proto::cose::Sign1;
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::disclosure::Reader;
use carnet_proto::evidence::{EarlierCheckpoint, Evidence, LogEvidence};
use carnet_proto::file;
use carnet_proto::id::{Digest, LeafIndex, TreeSize, sha256};
use carnet_proto::issuing::{
    CredentialFile, IssuedBatch, IssuedRow, IssuingOrder, IssuingRow, PersonRow,
};
use carnet_proto::key::{CoseKey, PublicKeySet, Purpose, Seed, fingerprint};
use carnet_proto::presentation::{KeyBindingClaims, Presentation, container_digest};
use carnet_proto::profile::{FileKind, Profile};
use carnet_proto::request::KeyRequestClaims;
use carnet_proto::statement::standing::{Standing, State, statement_leaf, status_leaf};
use carnet_proto::statement::{Body, Statement};
use carnet_proto::status::{StatusList, StatusReference, StatusToken};
use carnet_proto::text::Line;
use carnet_proto::time::DAY;
use carnet_proto::wallet::{PendingKey, Wallet, WalletBody};
use carnet_tests::world::{START, line};
use data_encoding::HEXLOWER;

use super::example::Example;
use super::period_rules::period_rules;
use super::recognition::rules_of_recognition;
use super::skill::{contributions, skills};
use super::story::{AUDIENCE, Institution, NONCE, Story, person, skill};
use super::sync::replication;
use super::views::{receipts, tlog_proof};

/// What stands behind one marker in the document.
pub enum Group {
    /// Objects in hex.
    Objects(Vec<Example>),
    /// Anything else.
    Text(String),
}

pub fn groups(story: &Story) -> Vec<(&'static str, Group)> {
    let objects = Group::Objects;
    vec![
        ("derivation", Group::Text(derivation(story))),
        ("keys", objects(keys(story))),
        ("statements", objects(statements(story))),
        ("checkpoint", Group::Text(story.ministry.note().to_string())),
        ("proofs", objects(proofs(story))),
        ("standing", objects(standing(story))),
        ("credential", objects(credential(story))),
        ("skill", objects(skills())),
        ("contribution", objects(contributions())),
        ("period-rules", objects(period_rules())),
        ("anchor", objects(anchor(story))),
        ("status", objects(status(story))),
        ("presentation", objects(presentation(story))),
        ("evidence", objects(evidence(story))),
        ("files", objects(files(story))),
        ("wallet", objects(wallet(story))),
        ("issuing", objects(issuing(story))),
        ("replication", objects(replication(story))),
        ("receipts", objects(receipts(story))),
        ("tlog-proof", Group::Text(tlog_proof(story))),
    ]
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn derivation(story: &Story) -> String {
    let mut text =
        String::from("seed 0101010101010101010101010101010101010101010101010101010101010101\n");
    let seed = &story.ministry.seed;
    for purpose in Purpose::ALL {
        let info = format!("carnet institution key v1 {purpose}");
        let secret = seed.derive(b"", info.as_bytes());
        let public = seed.signing_key(*purpose).public();
        text += &format!("\ninfo {info:?}\n  secret {}\n", hex(secret.expose()));
        text += &format!("  public {}\n  kid    {}\n", hex(public.as_bytes()), public.kid());
    }
    let salt = story.wallet.credentials()[0].salt;
    let key = Seed::new([7; 32]).credential_key(&salt).public();
    text += "\nseed 0707070707070707070707070707070707070707070707070707070707070707\n";
    text += &format!("info \"carnet credential key v1\" salt {}\n", hex(&salt));
    text += &format!("  public {}\n  kid    {}\n\n", hex(key.as_bytes()), key.kid());
    for (name, institution) in institutions(story) {
        text += &format!("{name:<10} {}\n", institution.did);
    }
    let print = fingerprint(story.ministry.did.to_string().as_bytes());
    text + &format!("\nfingerprint of the ministry: {print}\n")
}

fn institutions(story: &Story) -> [(&'static str, &Institution); 3] {
    [("ministry", &story.ministry), ("institute", &story.institute), ("partner", &story.partner)]
}

fn keys(story: &Story) -> Vec<Example> {
    let set = story.ministry.seed.public_key_set();
    let next = Seed::new([2; 32]).public_key_set();
    let set_example = |name, about, set: &PublicKeySet| {
        let commitment = set.commitment();
        Example::of(name, about, set).note(format!("commitment: {commitment}"))
    };
    vec![
        Example::of("cose-key", "the ministry's statement key", &CoseKey(set.statement)),
        set_example("public-key-set", "seed 01", &set),
        set_example("public-key-set/next", "seed 02, of the next set", &next),
    ]
}

fn statement(statement: &Statement, about: &str) -> Example {
    let kind = statement.body().kind();
    let payload = match kind {
        "profile" => "institution-profile",
        "fork" => "accusation",
        kind => kind,
    };
    let entry = statement.entry().to_vec();
    assert_eq!(Statement::parse(&entry).unwrap(), *statement);
    let name = format!("{kind}-statement");
    let example = Example::new(&name, about, entry).signed("statement-header", payload);
    example.note(format!("digest: {}", statement.digest()))
}

fn statements(story: &Story) -> Vec<Example> {
    let (ministry, partner) = (&story.ministry, &story.partner);
    let of = |institution: &Institution, kind, about| {
        let example = statement(institution.statement(kind), about);
        match institution.statement(kind).body() {
            Body::Inception(body) => example.holds("public-key-set", &body.keys),
            Body::Profile(body) => example
                .holds("name", &body.names[0])
                .holds("node-address", &body.nodes[0])
                .holds("contact", &body.contacts[0]),
            Body::Accreditation(body) => example
                .holds("grant", &body.grants[0])
                .holds("level-range", &body.grants[0].levels[0])
                .holds("validity", &body.validity),
            Body::Agreement(body) => example
                .holds("party", &body.parties[0])
                .holds("body", &body.parties[0].bodies[0])
                .holds("signatory", &body.parties[0].signatories[0])
                .holds("source-text", &body.texts[0]),
            Body::Rotation(body) => example.holds("public-key-set", &body.keys),
            Body::Fork(body) => example.holds("fork-proof", &body.proof),
            _ => example,
        }
    };
    vec![
        of(ministry, "inception", "leaf 0 of the ministry's log"),
        of(ministry, "profile", "leaf 1"),
        of(ministry, "accreditation", "leaf 2, of the institute"),
        of(ministry, "agreement", "leaf 3"),
        of(ministry, "ratification", "leaf 4"),
        of(partner, "withdrawal", "leaf 2 of the partner's log"),
        of(partner, "denunciation", "leaf 4 of the partner's log"),
        of(&story.institute, "issuance", "leaf 2 of the institute's log"),
        of(&story.academy, "rotation", "leaf 5 of the academy's log, after a theft"),
        of(&story.academy, "fork", "leaf 7, against the institute"),
        of(&story.academy, "succession", "leaf 8, by the academy itself"),
        rules_of_recognition(),
    ]
}

fn proofs(story: &Story) -> Vec<Example> {
    let tree = story.ministry.replica.tree();
    let head = tree.head();
    let inclusion = tree.inclusion_proof(LeafIndex(2), head.size).unwrap();
    let consistency = tree.consistency_proof(TreeSize(3), head.size).unwrap();
    let leaf = tree.leaf(LeafIndex(2)).unwrap();
    let old = tree.root_at(TreeSize(3)).unwrap();
    vec![
        Example::of("tree-head", "the ministry's log", &head),
        Example::of("inclusion-proof", "of its leaf 2 in 6", &inclusion)
            .note(format!("leaf hash: {leaf}")),
        Example::of("consistency-proof", "from 3 to 6", &consistency)
            .note(format!("root of 3: {old}")),
    ]
}

/// A leaf of the first tree, and that the program hashes the same.
fn statement_leaf_of(institution: &Institution, about: &str) -> Example {
    let view = institution.replica.view();
    let digest = institution.statement("accreditation").digest();
    let held = view.statements.get(&digest).unwrap();
    let mut e = Encoder::new();
    e.array(3).item(&held.leaf).item(&digest).item(&held.state);
    let hash = statement_leaf(held.leaf, &digest, &held.state);
    assert_eq!(carnet_proto::log::merkle::leaf_hash(e.as_bytes()), hash);
    let name = match held.state {
        State::InForce => "statement-leaf",
        _ => "statement-leaf/withdrawn",
    };
    Example::new(name, about, e.into_bytes())
        .holds("state", &held.state)
        .note(format!("leaf hash: {hash}"))
}

fn standing(story: &Story) -> Vec<Example> {
    let of = |institution: &Institution, about: &str| {
        let found = institution.statement("standing");
        let Body::Standing(body) = found.body() else { unreachable!() };
        let body: &Standing = body;
        statement(found, about)
            .holds("key-period", &body.keys[0])
            .holds("tree-head", &body.statements)
    };
    let token = Digest::of(story.institute.token.as_ref().unwrap());
    let uri = format!("{}/status/0", story.institute.did);
    let mut list = Encoder::new();
    list.array(2).text(&uri).item(&token);
    assert_eq!(carnet_proto::log::merkle::leaf_hash(list.as_bytes()), status_leaf(&uri, &token));
    let rotated = story.academy.statement("standing");
    let Body::Standing(body) = rotated.body() else { unreachable!() };
    let closing = body.closing.unwrap();
    let replica = &story.academy.replica;
    let states = replica.statement_tree().size();
    assert_eq!((body.statements.size, states), (TreeSize(2), TreeSize(2)));
    let mut rotated = statement(rotated, "leaf 9 of the academy's log: rotated and closed")
        .holds("key-period", &body.keys[0])
        .holds("key-period", &body.keys[1])
        .holds("closing", &closing);
    rotated.name = "standing-statement/rotated".into();
    vec![
        of(&story.ministry, "leaf 5 of the ministry's log"),
        statement_leaf_of(&story.ministry, "the ministry's accreditation, position 0"),
        statement_leaf_of(&story.partner, "the partner's accreditation, position 0"),
        Example::new("status-leaf", "the institute's list, position 0", list.into_bytes())
            .note(format!("leaf hash: {}", status_leaf(&uri, &token))),
        rotated,
    ]
}

fn credential(story: &Story) -> Vec<Example> {
    let bytes = &story.credentials[0];
    let sd_cwt = SdCwt::parse(bytes, Mode::Strict).unwrap();
    let sign1 = *sd_cwt.sign1();
    let mut example = Example::new("sd-cwt", "as issued, all disclosed", bytes.clone())
        .signed("sd-header", "sd-claims")
        .holds_bytes("sd-unprotected", sign1.unprotected)
        .note(format!("digest: {}", sd_cwt.digest()));
    let payload = Value::from_cbor(sign1.payload.unwrap()).unwrap();
    let redacted = payload.at(carnet_proto::profile::claim::SKILL.into()).unwrap();
    example = example.holds_bytes("redacted-skill", &redacted.to_cbor());
    let restored = sd_cwt.restore(Profile::SdCwt08, Reader::Holder).unwrap();
    let name = |path: &[Value]| {
        let step = |value: &Value| match value {
            Value::Int(n) => n.to_string(),
            _ => "element".into(),
        };
        path.iter().map(step).collect::<Vec<_>>().join(" ")
    };
    let mut examples = Vec::new();
    let mut decoy = None;
    for (index, encoded) in sd_cwt.disclosures().iter().enumerate() {
        let inner = Bytes::from_cbor(encoded).unwrap().0;
        let hash = hex(&Profile::SdCwt08.redacted_claim_hash(encoded));
        let Some(placed) = restored.placed.iter().find(|placed| placed.index == index) else {
            decoy = Some((inner, hash));
            continue;
        };
        let last = placed.path.last().unwrap();
        let variant = match last {
            Value::Null => "element".to_owned(),
            last => name(std::slice::from_ref(last)),
        };
        let about = format!("at {}", name(&placed.path));
        examples.push((
            placed.path.len(),
            Example::new(&format!("disclosure/{variant}"), &about, inner)
                .note(format!("hash: {hash}")),
        ));
    }
    examples.sort_by_key(|(depth, example)| (*depth, example.name.clone()));
    let (inner, hash) = decoy.unwrap();
    let decoy = Example::new("disclosure/decoy", "", inner).note(format!("hash: {hash}"));
    let examples = examples.into_iter().map(|(_, example)| example);
    std::iter::once(example).chain(examples).chain([decoy]).collect()
}

fn anchor(story: &Story) -> Vec<Example> {
    let anchor = &story.anchors[0];
    assert_eq!(anchor.root(&story.digests[0]).unwrap().as_bytes(), &story.batch);
    vec![
        Example::of("anchor", "of the credential", anchor)
            .note(format!("root: {}", hex(&story.batch))),
    ]
}

fn status(story: &Story) -> Vec<Example> {
    let bytes = story.institute.token.clone().unwrap();
    let token = StatusToken::parse(&bytes, Mode::Strict).unwrap();
    let list: StatusList = token.list();
    let uri = token.uri.clone();
    vec![
        Example::new("status-token", "2^17 entries; 5 invalid, 1001 suspended", bytes)
            .signed("status-header", "status-claims")
            .holds("status-list", &list)
            .note(format!("digest: {}", token.digest())),
        Example::of(
            "status-reference",
            "of the credential",
            &StatusReference { index: super::story::INDEXES[0], uri },
        ),
    ]
}

fn presentation(story: &Story) -> Vec<Example> {
    let live = story.present(Some(&NONCE), false);
    let token = &live.presented[0].token;
    let sign1 = Sign1::parse(token, Mode::Strict).unwrap();
    let claims = KeyBindingClaims {
        audience: AUDIENCE.into(),
        expires_at: story.now.plus(30 * DAY),
        issued_at: story.now,
        nonce: None,
        container: container_digest(&story.digests),
    };
    let [one, other] = &story.digests[..] else { unreachable!() };
    let shown = SdCwt::parse(&story.credentials[1], Mode::Strict).unwrap();
    assert_eq!(shown.digest(), *other);
    let challenge = challenge(story);
    vec![
        Example::of("presentation", "one credential, live", &live)
            .holds("presented", &live.presented[0])
            .holds_bytes("key-binding-token", token)
            .holds_bytes("kb-header", sign1.protected)
            .holds_bytes("kb-claims", sign1.payload.unwrap())
            .note(format!(
                "signed bytes of the token: SHA-256 {}",
                hex(&sha256(&sign1.to_be_signed()))
            )),
        Example::of("kb-claims/container", "two credentials, prepared", &claims)
            .note(format!("digests: {one}"))
            .note(format!("and {other}")),
        Example::of("challenge", "", &challenge),
    ]
}

fn challenge(story: &Story) -> Challenge {
    Challenge {
        audience: line(AUDIENCE),
        nonce: Bytes(NONCE.into()),
        issued_at: story.now,
        expires_at: story.now.plus(300),
        purpose: Some(line("hiring welders")),
        wishes: vec![line("name_latin"), line("skills")],
    }
}

fn evidence(story: &Story) -> Vec<Example> {
    let evidence = Evidence::from_cbor(&story.evidence).unwrap();
    let (views, dropped) = evidence.verify();
    assert!(dropped.is_empty() && views.logs().count() == 3, "{dropped:?}");
    let of = |institution: &Institution| -> LogEvidence {
        let inception = institution.entries[0].entry();
        evidence.logs.iter().find(|log| log.inception.0 == inception).unwrap().clone()
    };
    let (issuer, ministry) = (of(&story.institute), of(&story.ministry));
    let tree = story.institute.replica.tree();
    let first = story.institute.replica.view().checkpoints.values().next().unwrap();
    let earlier = EarlierCheckpoint {
        note: first.note.to_string(),
        proof: tree.consistency_proof(first.head.size, tree.size()).unwrap(),
    };
    let rotated = story.rotated_evidence();
    let (views, dropped) = rotated.verify();
    assert!(dropped.is_empty() && views.logs().count() == 1, "{dropped:?}");
    let academy = &rotated.logs[0];
    assert_eq!((academy.rotations.len(), academy.successions.len()), (1, 1));
    vec![
        Example::of("evidence", "for the credential: all three logs", &evidence)
            .holds("log-evidence", &issuer)
            .holds("entry-evidence", &issuer.issuances[0])
            .holds("status-evidence", &issuer.status[0])
            .holds("statement-evidence", &ministry.statements[0]),
        Example::of("earlier-checkpoint", "the institute's first, of size 2", &earlier),
        Example::of("evidence/rotated", "for a school that the academy accredits", &rotated)
            .holds("log-evidence", academy)
            .holds("statement-evidence", &academy.statements[0])
            .holds("entry-evidence", &academy.successions[0]),
    ]
}

fn files(story: &Story) -> Vec<Example> {
    let request = &story.requests[0];
    let body = file::unwrap(request, FileKind::KeyRequest, request.len()).unwrap();
    let signed = Bytes::from_cbor(body).unwrap().0;
    let sign1 = Sign1::parse(&signed, Mode::Strict).unwrap();
    let payload = sign1.payload.unwrap();
    KeyRequestClaims::from_cbor(payload).unwrap();
    let credential = CredentialFile {
        profile: Profile::SdCwt08,
        sd_cwt: Bytes(story.credentials[0].clone()),
        anchor: story.anchors[0].clone(),
    };
    let presentation: Presentation = story.present(None, true);
    let challenge = challenge(story);
    assert_eq!(CredentialFile::open(&credential.to_file()).unwrap(), credential);
    let whole = presentation.to_file();
    let read = Presentation::from_cbor(Presentation::open(&whole).unwrap()).unwrap();
    assert_eq!(read, presentation);
    let signed_bytes = hex(&sha256(&sign1.to_be_signed()));
    let fork = story.fork();
    fork.verify().unwrap();
    let rotated = story.rotated_fork();
    assert_eq!(rotated.verify().unwrap().sets, [0, 1]);
    vec![
        Example::new("file/presentation", "prepared, with evidence", whole),
        Example::new("file/credential", "the first credential", credential.to_file())
            .holds("credential-file", &credential),
        Example::new("file/key-request", "for the key of the first credential", request.clone())
            .note(format!("signed bytes: SHA-256 {signed_bytes}"))
            .holds_bytes("key-request", &signed)
            .holds_bytes("key-request-header", sign1.protected)
            .holds_bytes("key-request-claims", payload),
        Example::new("file/challenge", "", file::wrap(FileKind::Challenge, &challenge)),
        Example::new(
            "file/fork-proof",
            "against an institute whose second checkpoint leaves out what its first had",
            fork.to_file(),
        )
        .holds("fork-proof", &fork),
        Example::new(
            "file/fork-proof-rotated",
            "against an academy whose first keys were stolen: the larger is signed by the second",
            rotated.to_file(),
        )
        .holds("fork-proof", &rotated),
    ]
}

fn wallet(story: &Story) -> Vec<Example> {
    let pending = PendingKey {
        salt: story.wallet.credentials()[0].salt,
        institution: story.institute.did,
        created_at: START,
    };
    let body = |credentials, pending| WalletBody { seed: [7; 32], credentials, pending };
    let waiting = body(vec![], vec![pending.clone()]);
    let mut credential = story.wallet.credentials()[1].clone();
    credential.refreshed_at = Some(story.now);
    credential.evidence = Some(Bytes(Evidence::default().to_cbor()));
    let filled = file::wrap(FileKind::Wallet, &body(vec![credential.clone()], vec![]));
    let whole = file::wrap(FileKind::Wallet, &waiting);
    for file in [&filled, &whole] {
        assert_eq!(&Wallet::open(file).unwrap().to_file(), file);
    }
    vec![
        Example::new("file/wallet", "a key that waits for its credential", whole)
            .holds_bytes("wallet-body", &waiting.to_cbor())
            .holds("pending-key", &pending),
        Example::new("file/wallet-filled", "the second credential, with empty evidence", filled)
            .holds("wallet-credential", &credential),
    ]
}

fn issuing(story: &Story) -> Vec<Example> {
    let person = person();
    let person = PersonRow {
        name_native: None,
        name_latin: person.name_latin,
        name_icao: None,
        birth_date: person.birth_date,
        nationality: None,
        document_number: None,
        portrait: None,
    };
    let row: Line = line("SMAW-2026-001");
    let order = IssuingOrder {
        rows: vec![IssuingRow {
            row: row.clone(),
            key_request: Bytes(story.requests[0].clone()),
            person,
            skill: Some(skill()),
            expires_at: START.plus(366 * DAY),
            contribution: None,
        }],
    };
    let credential = CredentialFile {
        profile: Profile::SdCwt08,
        sd_cwt: Bytes(story.credentials[0].clone()),
        anchor: story.anchors[0].clone(),
    };
    let issued = IssuedBatch {
        issuance: story.anchors[0].issuance,
        rows: vec![IssuedRow { row, file: Bytes(credential.to_file()) }],
    };
    vec![
        Example::of("issuing-order", "", &order)
            .holds("issuing-row", &order.rows[0])
            .holds("person-row", &order.rows[0].person)
            .holds("skill", order.rows[0].skill.as_ref().unwrap()),
        Example::of("issued-batch", "", &issued).holds("issued-row", &issued.rows[0]),
    ]
}
