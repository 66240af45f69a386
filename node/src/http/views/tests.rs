//! A log as tools see it that know C2SP and RFC 9942, and nothing of Carnet.

use std::collections::BTreeMap;

use carnet_proto::key::{PublicKey, Purpose, Seed};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::fork::ForkProof;
use carnet_proto::log::merkle::{Tree, leaf_hash};
use carnet_proto::log::receipt::{Receipt, attach};
use carnet_proto::log::{NoteKey, TreeHead};
use carnet_proto::statement::Body as Statement;
use carnet_proto::statement::issuance::Issuance;
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

use super::*;
use crate::institution::SEED_FILE;
use crate::test_support::{Running, accreditation, line, make};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

fn issuances(from: u64, count: u64) -> Vec<Statement> {
    let issuance = |number: u64| {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&number.to_be_bytes());
        let root = carnet_proto::id::RootHash::new(root);
        Issuance { credential_type: line("urn:carnet:skill:1"), root }.into()
    };
    (from..from + count).map(issuance).collect()
}

async fn append(running: &Running, bodies: Vec<Statement>) {
    running.node.institutions()[0].writer.append(bodies, None).await.unwrap();
}

/// The tree hash of RFC 6962, section 2.1, over leaf hashes.
fn tree_hash(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            sha256(&[&[1], tree_hash(left).as_slice(), &tree_hash(right)].concat())
        }
    }
}

/// `<N>` or `<N>.p/<W>`, as tlog-tiles writes them.
fn named(index: u64, width: u64) -> String {
    let groups = match index {
        0..1000 => format!("{index:03}"),
        _ => format!("x{:03}/{:03}", index / 1000, index % 1000),
    };
    if width == 256 { groups } else { format!("{groups}.p/{width}") }
}

/// Reads a tiled log from its prefix alone, checks everything in it, and returns size and root.
async fn read(running: &Running, prefix: &str) -> (u64, [u8; 32]) {
    let checkpoint = running.get(&format!("{prefix}/checkpoint")).await;
    assert_eq!(checkpoint.header("content-type"), Some("text/plain; charset=utf-8"));
    let note = String::from_utf8(checkpoint.body).unwrap();
    let mut lines = note.lines();
    let (_origin, size) = (lines.next().unwrap(), lines.next().unwrap().parse::<u64>().unwrap());
    let root = BASE64.decode(lines.next().unwrap().as_bytes()).unwrap();
    assert_eq!(lines.next(), Some(""));

    let mut levels: BTreeMap<u32, Vec<[u8; 32]>> = BTreeMap::new();
    for level in (0..8).take_while(|level| size >> (8 * level) > 0) {
        let count = size >> (8 * level);
        let mut hashes = Vec::new();
        for index in 0..count.div_ceil(256) {
            let width = (count - index * 256).min(256);
            let tile = running.get(&format!("{prefix}/tile/{level}/{}", named(index, width))).await;
            assert_eq!((tile.status, tile.body.len() as u64), (200, width * 32));
            assert_eq!(tile.header("content-type"), Some("application/octet-stream"));
            assert_eq!(tile.header("cache-control"), Some(IMMUTABLE));
            hashes.extend(tile.body.as_chunks::<32>().0);
        }
        levels.insert(level, hashes);
    }
    let mut entries = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = (size - index * 256).min(256);
        let bundle = running.get(&format!("{prefix}/tile/entries/{}", named(index, width))).await;
        assert_eq!(bundle.status, 200);
        assert_eq!(bundle.header("content-type"), Some("application/octet-stream"));
        assert_eq!(bundle.header("cache-control"), Some(IMMUTABLE));
        let mut rest = bundle.body.as_slice();
        while let Some((length, behind)) = rest.split_first_chunk::<2>() {
            let (entry, behind) = behind.split_at(u16::from_be_bytes(*length).into());
            entries.push(sha256(&[[0].as_slice(), entry].concat()));
            rest = behind;
        }
        assert!(rest.is_empty());
    }
    assert_eq!(entries, levels[&0], "the entries are those of the leaves");
    for (level, hashes) in &levels {
        let below = level.checked_sub(1).map(|below| &levels[&below]);
        for (hash, tile) in hashes.iter().zip(below.into_iter().flat_map(|b| b.chunks(256))) {
            assert_eq!(*hash, tree_hash(tile), "level {level}");
        }
    }
    let root: [u8; 32] = root.try_into().unwrap();
    assert_eq!(tree_hash(&levels[&0]), root);
    (size, root)
}

#[tokio::test]
async fn an_outside_reader_rebuilds_the_tree_from_tiles_and_reaches_the_root_of_the_checkpoint() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let prefix = format!("/v1/logs/{did}");
    let (small, _) = read(&running, &prefix).await;
    let old = running.get(&format!("{prefix}/tile/0/{}", named(0, small))).await.body;
    append(&running, issuances(0, 256 - small - 1)).await;
    // Exactly one full tile, then the edge of three.
    assert_eq!(read(&running, &prefix).await.0, 256);
    append(&running, issuances(1000, 300)).await;
    let (size, root) = read(&running, &prefix).await;
    assert_eq!(size, 557);
    let head = running.node.logs().get(&did).unwrap().view().newest().unwrap().head;
    assert_eq!((head.size.0, *head.root.as_bytes()), (size, root));
    // A tile that was partial once stays as it was, also when it is full now.
    let again = running.get(&format!("{prefix}/tile/0/{}", named(0, small))).await;
    assert_eq!(again.body, old);
    running.node.stop().await;
}

#[tokio::test]
async fn what_a_cache_has_is_not_sent_again() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let mut tags = Vec::new();
    for path in ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3", "proof?leaf=1"] {
        let path = format!("/v1/logs/{did}/{path}");
        let first = running.get(&path).await;
        let tag = first.header("etag").unwrap().to_owned();
        let again = running.get_unless(&path, &format!("\"x\", W/{tag}")).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
        assert_eq!(running.get_unless(&path, "\"x\"").await.body, first.body);
        tags.push(tag);
    }
    append(&running, Vec::from([accreditation(1).into()])).await;
    let checkpoint = running.get_unless(&format!("/v1/logs/{did}/checkpoint"), &tags[0]).await;
    assert_eq!(checkpoint.status, 200);
    assert_eq!(checkpoint.header("cache-control"), Some("public, max-age=5"));
    let tile = running.get_unless(&format!("/v1/logs/{did}/tile/0/000.p/3"), &tags[1]).await;
    assert_eq!(tile.status, 304);
    running.node.stop().await;
}

#[tokio::test]
async fn what_is_not_in_the_log_or_no_address_is_told_apart() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let other = Did::of_inception(b"other");
    let unknown = "0".repeat(64);
    for (path, status, code) in [
        ("tile/0/000".to_owned(), 404, "no-tile"),
        ("tile/0/000.p/4".into(), 404, "no-tile"),
        ("tile/0/001.p/1".into(), 404, "no-tile"),
        ("tile/1/000.p/1".into(), 404, "no-tile"),
        ("tile/63/000".into(), 404, "no-tile"),
        ("tile/entries/000".into(), 404, "no-tile"),
        ("tile/entries/000.p/4".into(), 404, "no-tile"),
        ("tile/64/000".into(), 400, "tile"),
        ("tile/0/0".into(), 400, "tile"),
        ("tile/0/000.p/0".into(), 400, "tile"),
        ("tile/0/000.p/256".into(), 400, "tile"),
        ("tile/0/x000/000".into(), 400, "tile"),
        ("tile/entries/x1/000".into(), 400, "tile"),
        ("tile/0/000.p/1/2".into(), 400, "tile"),
        ("proof?leaf=3".into(), 404, "beyond"),
        ("proof".into(), 400, "query"),
        (format!("proof?leaf=1&statement={unknown}"), 400, "query"),
        (format!("proof?statement={unknown}"), 404, "unknown-statement"),
        ("proof?statement=abc".into(), 400, "statement"),
        ("receipts/inclusion?leaf=3".into(), 404, "beyond"),
        ("receipts/inclusion?size=3".into(), 400, "query"),
        ("receipts/consistency?from=0".into(), 400, "from"),
        ("receipts/consistency?from=4".into(), 404, "beyond"),
        ("receipts/consistency".into(), 400, "query"),
    ] {
        let answer = running.get(&format!("/v1/logs/{did}/{path}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
        assert_eq!(answer.header("cache-control"), None, "a refusal is not kept");
    }
    for path in ["checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1", "proof?leaf=0"] {
        let answer = running.get(&format!("/v1/logs/{other}/{path}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "unknown-log"), "{path}");
        let answer = running.get(&format!("/v1/logs/did:web:example/{path}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "did"), "{path}");
    }
    running.node.stop().await;
}

/// Returns a key of an institution as anybody learns it: from its resolved identifier.
async fn key(running: &Running, did: &Did, purpose: &str) -> PublicKey {
    let resolved = running.get(&format!("/1.0/identifiers/{did}")).await.json();
    let methods = resolved["didDocument"]["verificationMethod"].as_array().unwrap().clone();
    let id = format!("{did}#{purpose}");
    let method = methods.iter().find(|method| method["id"] == id.as_str()).unwrap();
    let x = method["publicKeyJwk"]["x"].as_str().unwrap();
    PublicKey::new(&BASE64URL_NOPAD.decode(x.as_bytes()).unwrap().try_into().unwrap()).unwrap()
}

#[tokio::test]
async fn each_statement_has_a_receipt_and_a_proof_by_its_leaf_or_digest() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    append(&running, Vec::from([accreditation(1).into(), accreditation(2).into()])).await;
    append(&running, issuances(0, 1)).await;
    let prefix = format!("/v1/logs/{did}");
    let receipt_key = key(&running, &did, "receipt").await;
    let log_key = NoteKey::of_log(&did, key(&running, &did, "checkpoint").await);
    let head = running.node.logs().get(&did).unwrap().view().newest().unwrap().head;
    let entries = running.node.logs().entries(&did, 0, 100, 1 << 20).unwrap();
    assert_eq!((head.size.0, entries.len()), (8, 8));
    for (leaf, entry) in entries.iter().enumerate() {
        let receipt = running.get(&format!("{prefix}/receipts/inclusion?leaf={leaf}")).await;
        assert_eq!(receipt.header("content-type"), Some("application/scitt-receipt+cose"));
        assert_eq!(receipt.header("cache-control"), Some("public, max-age=5"));
        let read = Receipt::parse(&receipt.body).unwrap();
        assert_eq!(read.verify_inclusion(entry, &receipt_key), Ok(head));
        assert!(attach(entry, std::slice::from_ref(&receipt.body)).is_ok());
        let proof = running.get(&format!("{prefix}/proof?leaf={leaf}")).await;
        assert_eq!(proof.header("content-type"), Some("text/plain; charset=utf-8"));
        let read = TlogProof::parse(std::str::from_utf8(&proof.body).unwrap()).unwrap();
        assert_eq!(read.verify(entry, &log_key).unwrap().head, head);
        assert_eq!(read.extra.as_ref(), Some(entry));
        let digest = Digest::of(entry);
        let found = running.get(&format!("{prefix}/receipts/inclusion?statement={digest}")).await;
        match leaf {
            // A standing that is not the newest any more.
            2 => assert_eq!((found.status, found.code().as_str()), (404, "unknown-statement")),
            // The issuance changed nothing that a standing says: the same statement stands at 7.
            5 => assert_eq!(Receipt::parse(&found.body).unwrap().leaf(), Some(LeafIndex(7))),
            _ => assert_eq!(found.body, receipt.body, "leaf {leaf}"),
        }
    }
    for size in 1..=8 {
        let receipt = running.get(&format!("{prefix}/receipts/consistency?from={size}")).await;
        let root = running.node.logs().get(&did).unwrap().tree().root_at(TreeSize(size)).unwrap();
        let old = TreeHead { size: TreeSize(size), root };
        let receipt = Receipt::parse(&receipt.body).unwrap().verify_consistency(&old, &receipt_key);
        assert_eq!(receipt, Ok(head));
    }
    running.node.stop().await;
}

#[tokio::test]
async fn another_node_serves_tiles_and_proofs_of_the_log_and_no_receipts() {
    let parent = tempfile::tempdir().unwrap();
    let (owner, copy) = (parent.path().join("owner"), parent.path().join("copy"));
    let (did, own) = (make(&owner), make(&copy));
    let owner = Running::start(&owner).await;
    append(&owner, Vec::from([accreditation(1).into()])).await;
    let copy = Running::start(&copy).await;
    let entries = owner.node.logs().entries(&did, 0, 100, 1 << 20).unwrap();
    let note = owner.node.logs().notes(&did).unwrap().pop().unwrap();
    // First a part of it: nothing is published before all of it is there.
    let tree = owner.node.logs().get(&did).unwrap();
    let part = tree.tree().consistency_proof(TreeSize(3), TreeSize(5)).unwrap();
    copy.node.logs().extend(&did, &entries[..3], &note, Some(&part)).unwrap();
    let prefix = format!("/v1/logs/{did}");
    assert_eq!(copy.get(&format!("{prefix}/tile/0/000.p/1")).await.code(), "unknown-log");
    copy.node.logs().extend(&did, &entries[3..], &note, None).unwrap();
    assert_eq!(read(&copy, &prefix).await, read(&owner, &prefix).await);
    let proof = copy.get(&format!("{prefix}/proof?leaf=3")).await;
    let key = NoteKey::of_log(&did, key(&copy, &did, "checkpoint").await);
    let proof = TlogProof::parse(std::str::from_utf8(&proof.body).unwrap()).unwrap();
    assert!(proof.verify(&entries[3], &key).is_ok());
    for path in ["receipts/inclusion?leaf=3", "receipts/consistency?from=3"] {
        let refused = copy.get(&format!("{prefix}/{path}")).await;
        assert_eq!((refused.status, refused.code().as_str()), (404, "no-receipts"), "{path}");
    }
    assert_eq!(copy.get(&format!("/v1/logs/{own}/receipts/inclusion?leaf=0")).await.status, 200);
    copy.node.stop().await;
    owner.node.stop().await;
}

#[tokio::test]
async fn the_proof_that_a_log_shows_two_histories_is_shown_to_whoever_asks() {
    let directory = tempfile::tempdir().unwrap();
    let did = make(directory.path());
    let running = Running::start(directory.path()).await;
    append(&running, issuances(0, 3)).await;
    let path = format!("/v1/logs/{did}/fork");
    let none = running.get(&path).await;
    assert_eq!((none.status, none.code()), (404, "no-fork".to_owned()));
    assert_eq!(running.get(&format!("/v1/logs/{did}")).await.json()["forked"], false);
    // The institution's own key signs something else for somebody else.
    let logs = Arc::clone(running.node.logs());
    let replica = logs.get(&did).unwrap();
    let others = [replica.inception().leaf_hash(), leaf_hash(b"something else")];
    let head = Tree::from_leaves(others).head();
    let seed = std::fs::read_to_string(directory.path().join(SEED_FILE)).unwrap();
    let seed: [u8; 32] = HEXLOWER.decode(seed.trim().as_bytes()).unwrap().try_into().unwrap();
    let key = Seed::new(seed).signing_key(Purpose::Checkpoint);
    let note = Note::sign(&Checkpoint::new(&did, head), &key);
    assert!(tokio::task::spawn_blocking(move || logs.accuse(&did, &note)).await.unwrap().unwrap());
    let shown = running.get(&path).await;
    assert_eq!(shown.status, 200);
    let fork = ForkProof::open(&shown.body).unwrap().verify().unwrap();
    assert_eq!((fork.origin, fork.smaller.size.0), (did, 2));
    assert_eq!(running.get(&format!("/v1/logs/{did}")).await.json()["forked"], true);
}
