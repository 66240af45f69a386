//! Writes what fuzzing begins with: `cargo test -p carnet-tests --test corpora -- --ignored`.

use std::fs;

use carnet_proto::cbor::{Bytes, Decode as _, Encode, Mode};
use carnet_proto::challenge::Challenge;
use carnet_proto::credential::SdCwt;
use carnet_proto::evidence::Evidence;
use carnet_proto::id::{Did, Digest, LeafIndex, TreeSize};
use carnet_proto::issuing::{
    CredentialFile, IssuedBatch, IssuedRow, IssuingOrder, IssuingRow, PersonRow,
};
use carnet_proto::key::{CoseKey, Seed};
use carnet_proto::log::checkpoint::NoteKey;
use carnet_proto::presentation::KeyBindingToken;
use carnet_proto::profile::Profile;
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::fork::Accusation;
use carnet_proto::statement::identity::{Rotation, Succession};
use carnet_proto::statement::{Body, Statement};
use carnet_proto::status::{Status, StatusReference};
use carnet_proto::sync::message::{
    Checkpoints, Cosigned, Entries, ForkShown, ForkWanted, Gossip, Head, Heads, Offer, Peers,
    PeersWanted, Range, Request, Response, Since, StatusPage, StatusTokens,
};
use carnet_proto::time::DAY;
use carnet_tests::world::{AUDIENCE, INSTITUTIONS, World, line, welding, worker};

use super::fuzz;
use super::targets::{Fixture, Log, worst};

/// A small federation with two valid credentials and a revoked one. A witness has replaced its keys,
/// and somebody speaks of another's end and of a fork.
fn world() -> World {
    let mut world = World::usual();
    let witness = "ph-employers";
    let number = INSTITUTIONS.iter().position(|(name, ..)| *name == witness).unwrap() as u8 + 1;
    let [seed, next] = [100, 200].map(|more| Seed::new([number + more; 32]));
    let (keys, next) = (seed.public_key_set(), next.public_key_set().commitment());
    let kept = vec![Digest::of(b"kept")];
    let size = world.institutions[witness].replica.size().0;
    world.institutions.get_mut(witness).unwrap().seed = seed;
    world.say(witness, Rotation { keys, next, repudiated_from: Some(LeafIndex(size)), kept });
    let (institution, closed) = (Did::of_inception(b"a school"), world.now);
    world.say("stranger", Succession { institution, closed, successor: None });
    let proof = carnet_tests::forge::fork::same_size();
    world.say("stranger", Accusation { accused: Did::of_inception(&proof.inception.0), proof });
    world.step(60);
    world.issue("ph-institute", &worker(), welding());
    let revoked = world.issue("ph-institute", &worker(), welding());
    world.step(3600);
    world.set_status("ph-institute", revoked, Status::Invalid);
    world.step(600);
    world
}

fn fixture(world: &mut World) -> Fixture {
    let wallet = Bytes(world.wallet.to_file());
    world.refresh();
    let nonce = Some([9; 16].as_slice());
    let bodies = [
        world.present_as(&[0], AUDIENCE, nonce, true),
        world.present_as(&[0], AUDIENCE, nonce, false),
        world.present_as(&[0, 1], AUDIENCE, nonce, true),
        world.present_as(&[1], AUDIENCE, None, true),
        world.present_as(&[2], AUDIENCE, nonce, true),
    ];
    let mut names: Vec<_> = INSTITUTIONS.iter().map(|(name, ..)| *name).collect();
    names.sort_by_key(|name| *name != "de-ministry");
    let log = |name: &&str| {
        let institution = &world.institutions[*name];
        let view = institution.replica.view();
        Log {
            entries: institution.entries.iter().map(|entry| Bytes(entry.clone())).collect(),
            notes: view.checkpoints.values().map(|checkpoint| checkpoint.note.clone()).collect(),
            tokens: institution.token.iter().map(|token| Bytes(token.clone())).collect(),
        }
    };
    Fixture {
        now: world.now,
        wallet,
        bodies: bodies.iter().map(|body| Bytes(body.to_cbor())).collect(),
        logs: names.iter().map(log).collect(),
    }
}

/// Writes one input: the number by which the target chooses a decoder, and what that reads.
fn seed(target: &str, name: &str, selector: Option<u8>, bytes: &[u8]) {
    let dir = fuzz().join("corpus").join(target);
    fs::create_dir_all(&dir).unwrap();
    let bytes: Vec<u8> = selector.into_iter().chain(bytes.iter().copied()).collect();
    fs::write(dir.join(format!("seed-{name}")), bytes).unwrap();
}

#[test]
#[ignore = "writes the fixture and the seeds, once for each version of the format"]
fn write_the_fixture_and_the_seeds() {
    let mut world = world();
    let fixture = fixture(&mut world);
    fs::create_dir_all(fuzz().join("fixtures")).unwrap();
    fs::write(fuzz().join("fixtures/world.cbor"), fixture.to_cbor()).unwrap();
    statements(&fixture);
    credentials(&fixture, &world);
    logs(&fixture, &world);
    file_bodies(&fixture, &mut world);
    messages(&fixture);
    // Recipes: each genuine presentation, with each ledger, and each kind of change to the first.
    for body in 0..5u8 {
        for settings in 0..2u8 {
            let name = format!("genuine-{body}-{settings}");
            seed("verify", &name, None, &[body, settings | 0x80]);
        }
    }
    for change in 0..16u8 {
        let recipe = [2, change % 2, 0, change, 0x55, 0x36, 0x15, 0x0f, 1, 2, 3, 0xf0];
        seed("verify", &format!("change-{change}"), None, &recipe);
    }
}

#[test]
#[ignore = "writes the presentations that take longest; the fixture has to be there"]
fn write_the_worst() {
    // The others take half as long.
    let kept = ["cosigned-logs", "many-logs", "repeated-lines", "status-lists"];
    for (name, body) in worst::bodies().into_iter().filter(|(name, _)| kept.contains(name)) {
        assert!(body.len() <= worst::MAX_BYTES);
        fs::write(fuzz().join(format!("corpus/verify/worst-{name}")), body).unwrap();
    }
}

fn statements(fixture: &Fixture) {
    for entry in fixture.logs.iter().flat_map(|log| &log.entries) {
        let statement = Statement::parse(&entry.0).unwrap();
        let kind = statement.body().kind();
        let (selector, payload) = match statement.body() {
            Body::Inception(body) => (1, body.to_cbor()),
            Body::Profile(body) => (2, body.to_cbor()),
            Body::Accreditation(body) => (3, body.to_cbor()),
            Body::Withdrawal(body) => (4, body.to_cbor()),
            Body::Agreement(body) => (5, body.to_cbor()),
            Body::Ratification(body) => (6, body.to_cbor()),
            Body::Denunciation(body) => (7, body.to_cbor()),
            Body::Issuance(body) => (8, body.to_cbor()),
            Body::Standing(body) => {
                seed("statement", "key-period", Some(10), &body.keys[0].to_cbor());
                (9, body.to_cbor())
            }
            Body::Rotation(body) => (11, body.to_cbor()),
            Body::Succession(body) => (12, body.to_cbor()),
            Body::Fork(body) => (13, body.to_cbor()),
        };
        seed("cbor", kind, None, &payload);
        seed("statement", kind, Some(selector), &payload);
        seed("statement", &format!("{kind}-signed"), Some(0), statement.entry());
    }
    for (name, text) in [
        ("scalars", b"\x88\x00\x20\xf4\xf6\xf9\x3c\x00\xf8\x3b\x40\x60".as_slice()),
        ("floats", b"\x83\xf9\x7e\x00\xfa\x47\xc3\x50\x00\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a"),
        ("foreign", b"\xa3\x02\x00\x18\x01\x19\x00\x05\x61a\xd8\x20\x60"),
        ("bignum", b"\xc2\x49\x01\0\0\0\0\0\0\0\0"),
    ] {
        seed("cbor", name, None, text);
    }
}

fn credentials(fixture: &Fixture, world: &World) {
    let credential = &world.wallet.credentials()[0];
    let sd_cwt = &credential.sd_cwt.0;
    let token = SdCwt::parse(sd_cwt, Mode::Strict).unwrap();
    let shown = token.with_disclosures(|index| index % 3 == 0);
    seed("credential", "strict", Some(0), sd_cwt);
    seed("credential", "shown", Some(0), &shown);
    seed("credential", "foreign", Some(1), &shown);
    let mut pieces = vec![0];
    for piece in [token.payload().unwrap()].iter().chain(token.disclosures()) {
        pieces.extend_from_slice(&u16::try_from(piece.len()).unwrap().to_be_bytes());
        pieces.extend_from_slice(piece);
    }
    seed("credential", "pieces", Some(2), &pieces);
    for n in 0..8u8 {
        let recipe: Vec<u8> = (0..64u8).map(|i| i.wrapping_mul(37 + 2 * n) ^ (i >> n)).collect();
        seed("credential", &format!("recipe-{n}"), Some(3), &recipe);
    }
    for (name, body) in ["live", "bare", "pair", "prepared", "revoked"].iter().zip(&fixture.bodies)
    {
        if *name != "revoked" && *name != "prepared" {
            seed("presentation", name, Some(0), &body.0);
        }
    }
    let presentation = world.present_as(&[0], AUDIENCE, Some(&[9; 16]), true);
    let presented = &presentation.presented[0];
    let token = KeyBindingToken::parse(&presented.token).unwrap();
    seed("presentation", "token", Some(1), &presented.token);
    seed("presentation", "claims", Some(3), &token.claims.to_cbor());
    seed("presentation", "presented", Some(3), &presented.to_cbor());
    seed("presentation", "anchor", Some(3), &credential.anchor.to_cbor());
    let mut evidence = Evidence::from_cbor(&presentation.evidence.unwrap()).unwrap();
    seed("presentation", "evidence", Some(2), &evidence.to_cbor());
    evidence.logs.truncate(1);
    seed("presentation", "one-log", Some(2), &evidence.to_cbor());
}

fn logs(fixture: &Fixture, world: &World) {
    let institute = &world.institutions["ph-institute"];
    let note = institute.replica.view().newest().unwrap().note.clone();
    let keys = institute.seed.public_key_set();
    let key = NoteKey::of_log(&institute.did, keys.checkpoint);
    let tree = institute.replica.tree();
    let proof = tree.inclusion_proof(LeafIndex(2), tree.size()).unwrap();
    let consistency = tree.consistency_proof(TreeSize(3), tree.size()).unwrap();
    seed("log", "note", Some(0), note.to_string().as_bytes());
    seed("log", "line", Some(1), note.signatures()[1].to_line().as_bytes());
    seed("log", "vkey", Some(2), key.to_vkey().as_bytes());
    seed("log", "body", Some(3), note.body().as_bytes());
    for (name, index, size, hashes) in [
        ("inclusion", 2, tree.size().0, proof.hashes()),
        ("consistency", 3, tree.size().0, consistency.hashes()),
    ] {
        let numbers = [u64::to_be_bytes(index), u64::to_be_bytes(size)].concat();
        seed("log", name, Some(4), &[numbers, hashes.concat()].concat());
    }
    seed("log", "head", Some(5), &tree.head().to_cbor());
    seed("log", "proof", Some(5), &proof.to_cbor());
    seed("log", "cosignature", Some(5), &note.signatures()[1].to_cbor());
    let (uri, token) = (format!("{}/status/0", institute.did), &fixture.logs[4].tokens[0].0);
    seed("status", "token", Some(0), token);
    seed("status", "foreign", Some(1), token);
    seed("status", "list", Some(2), &institute.list.to_cbor());
    seed("status", "small", Some(2), &carnet_proto::status::StatusList::new(64).to_cbor());
    seed("status", "reference", Some(3), &StatusReference { index: 7, uri: uri.clone() }.to_cbor());
    seed("status", "uri", Some(4), uri.as_bytes());
}

fn file_bodies(fixture: &Fixture, world: &mut World) {
    let did = world.did("ph-institute");
    let request = world.wallet.request_key(did, world.now, &mut world.rng).unwrap();
    let key = KeyRequest::open(&request, &did).unwrap().key();
    let credential = &world.wallet.credentials()[0];
    let file = CredentialFile {
        profile: Profile::SdCwt08,
        sd_cwt: credential.sd_cwt.clone(),
        anchor: credential.anchor.clone(),
    };
    let person = worker();
    let person = PersonRow {
        name_native: person.name_native,
        name_latin: person.name_latin,
        name_icao: person.name_icao,
        birth_date: person.birth_date,
        nationality: person.nationality,
        document_number: person.document_number,
        portrait: person.portrait,
    };
    let row = IssuingRow {
        row: line("1"),
        key_request: Bytes(request.clone()),
        person: person.clone(),
        skill: Some(welding()),
        contribution: None,
        expires_at: world.now.plus(DAY),
    };
    let issued = IssuedRow { row: line("1"), file: Bytes(file.to_file()) };
    let batch = IssuedBatch { issuance: credential.anchor.issuance, rows: vec![issued] };
    let challenge = Challenge {
        audience: line(AUDIENCE),
        nonce: Bytes(vec![9; 16]),
        issued_at: world.now,
        expires_at: world.now.plus(300),
        purpose: Some(line("Hiring")),
        wishes: vec![line("name_latin"), line("birth_date")],
    };
    let seeds = world.institutions["ph-institute"].seed.public_key_set();
    for (name, selector, bytes) in [
        ("layer", 0, request.clone()),
        ("wallet", 1, fixture.wallet.0.clone()),
        ("request", 2, request),
        ("credential", 3, file.to_file()),
        ("anchor", 3, credential.anchor.to_cbor()),
        ("order", 4, IssuingOrder { rows: vec![row] }.to_cbor()),
        ("batch", 4, batch.to_cbor()),
        ("challenge", 5, challenge.to_cbor()),
        ("person", 5, person.to_cbor()),
        ("skill", 5, welding().to_cbor()),
        ("did", 6, did.to_cbor()),
        ("key", 6, CoseKey(key).to_cbor()),
        ("keys", 6, seeds.to_cbor()),
        ("name", 6, welding().title.to_cbor()),
        ("did-text", 7, did.to_string().into_bytes()),
        ("date", 7, b"2026-02-28".to_vec()),
        ("level", 7, b"4.5".to_vec()),
        ("code", 7, b"7212".to_vec()),
        ("script", 7, "Jose\u{301} \u{1703}\u{1714}".as_bytes().to_vec()),
    ] {
        seed("files", name, Some(selector), &bytes);
    }
}

fn messages(fixture: &Fixture) {
    let log = &fixture.logs[1];
    let (origin, note) = (log.origin(), log.newest().clone());
    let replica = log.replica();
    let (size, root) = (replica.size(), replica.standing().unwrap());
    let Body::Standing(standing) = root.body() else { panic!("a standing") };
    let root = standing.status_lists.root;
    let heads = Heads {
        epoch: 1,
        heads: vec![Head { origin, size, state: [1; 16], revision: 2, is_forked: true }],
    };
    let proof = replica.tree().consistency_proof(TreeSize(2), size);
    let entries = log.entries.iter().take(2).cloned().collect();
    for (name, request) in [
        ("heads", Request::Heads(heads.clone())),
        ("entries", Request::Entries(Range { origin, from: TreeSize(1), to: size })),
        ("checkpoints", Request::Checkpoints(Since { origin, epoch: 1, revision: 0 })),
        ("status", Request::Status(StatusPage { origin, start: 0, offset: 0 })),
        ("cosign", Request::Cosign(Offer { note: note.clone() })),
        ("peers", Request::Peers(PeersWanted { most: 8 })),
        ("fork", Request::Fork(ForkWanted { origin, note: Some(note.clone()) })),
    ] {
        seed("sync", &format!("ask-{name}"), Some(0), &request.to_cbor());
    }
    let lines = note.signatures().iter().skip(1).take(1).cloned().collect();
    let notes = log.notes.iter().take(1).cloned().collect();
    for (name, response) in [
        ("heads", Response::Heads(heads)),
        ("entries", Response::Entries(Entries { entries, note: note.clone(), proof })),
        (
            "checkpoints",
            Response::Checkpoints(Checkpoints { epoch: 1, revision: 3, notes, more: false }),
        ),
        (
            "status",
            Response::Status(StatusTokens {
                size,
                root,
                start: 0,
                tokens: log.tokens.clone(),
                offset: 0,
                left: 0,
            }),
        ),
        ("cosigned", Response::Cosigned(Cosigned { size, lines, refusal: None })),
        ("peers", Response::Peers(Peers::default())),
        ("fork", Response::Fork(ForkShown { proof: Some(Bytes(vec![1; 40])) })),
    ] {
        seed("sync", &format!("answer-{name}"), Some(1), &response.to_cbor());
    }
    seed("sync", "gossip", Some(2), &Gossip::Checkpoint(Offer { note }).to_cbor());
    for n in 0..8u8 {
        let recipe: Vec<u8> = (0..80u8).map(|i| i.wrapping_mul(29 + 2 * n) ^ (i >> n)).collect();
        seed("sync", &format!("recipe-{n}"), Some(3), &recipe);
    }
    seed("sync", "undisturbed", Some(3), &[0, 1, 2, 8, 9, 9, 9, 5, 0, 0, 11, 0, 0, 5, 10, 0, 1]);
}
