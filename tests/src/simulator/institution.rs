//! Institutions: keys, and what they sign.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use carnet_proto::classification::Country;
use carnet_proto::id::{Did, Digest, RootHash};
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::profile::VCT_SKILL;
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::{InstitutionProfile, Role};
use carnet_proto::statement::standing::{empty_head, status_tree};
use carnet_proto::statement::{Body, Statement};
use carnet_proto::status::{MIN_ENTRIES, StatusList, StatusToken, StatusUri};
use carnet_proto::sync::memory::MemoryArchive;
use carnet_proto::text::{Language, Name};
use carnet_proto::time::{DAY, UnixSeconds};

use crate::world::line;

/// When every simulation begins.
pub const BEGINNING: UnixSeconds = UnixSeconds(1_800_000_000);
/// Status lists that an institution can publish.
pub const LISTS: u32 = 3;

/// Status lists by URI, as signed.
pub type Lists = BTreeMap<String, Vec<u8>>;

/// An institution's keys. Those of one number are always the same.
pub struct Institution {
    /// Who it is.
    pub did: Did,
    inception: Statement,
    statement: SigningKey,
    checkpoint: SigningKey,
    witness: SigningKey,
    lists: Vec<(String, Vec<u8>)>,
}

impl Institution {
    /// Derives the keys of an institution.
    pub fn new(number: u64) -> Self {
        let seed = Seed::new([0x51; 32]).derive(&number.to_be_bytes(), b"simulated institution");
        let next = seed.derive(b"", b"next").public_key_set().commitment();
        let statement = seed.signing_key(Purpose::Statement);
        let inception =
            Statement::incept(Inception { keys: seed.public_key_set(), next }, &statement);
        let did = *inception.issuer();
        let key = seed.signing_key(Purpose::Status);
        let list = StatusList::new(MIN_ENTRIES);
        let lists = (0..LISTS).map(|number| {
            let uri = StatusUri { issuer: did, list: number };
            let until = BEGINNING.plus(7 * DAY);
            let token = StatusToken::sign(&uri, &list, BEGINNING, until, 3600, &key);
            (uri.to_string(), token)
        });
        Self {
            did,
            inception,
            statement,
            checkpoint: seed.signing_key(Purpose::Checkpoint),
            witness: seed.signing_key(Purpose::Witness),
            lists: lists.collect(),
        }
    }

    /// Returns an institution that was made before, if it was.
    pub fn known(number: usize) -> Arc<Self> {
        static KNOWN: [OnceLock<Arc<Institution>>; 16] = [const { OnceLock::new() }; 16];
        match KNOWN.get(number) {
            Some(known) => Arc::clone(known.get_or_init(|| Arc::new(Self::new(number as u64)))),
            None => Arc::new(Self::new(number as u64)),
        }
    }

    /// Begins its log, and cosigns those of others from now on.
    pub fn begin(&self, archive: &mut MemoryArchive) {
        archive.begin(&self.inception).expect("an inception begins a log");
        archive.add_witness(self.did, self.witness.clone());
    }

    /// Appends statements and the standing, with these status lists, and signs the checkpoint.
    pub fn publish(&self, archive: &mut MemoryArchive, bodies: Vec<Body>, lists: &Lists) -> Note {
        let sign = |body| Statement::sign(&self.did, body, &self.statement).expect("a statement");
        let mut statements: Vec<_> = bodies.into_iter().map(sign).collect();
        let digests: BTreeMap<_, _> =
            lists.iter().map(|(uri, token)| (uri.clone(), Digest::of(token))).collect();
        let head = if lists.is_empty() { empty_head() } else { status_tree(&digests).head() };
        let mut replica = archive.replica(&self.did).expect("its own log").clone();
        replica.append(&statements);
        statements.push(sign(replica.derive_standing(head).into()));
        let tokens: Vec<_> = lists.values().cloned().collect();
        archive.publish(&self.did, &statements, &tokens, &self.checkpoint).expect("its own log")
    }

    /// Returns one of its status lists.
    pub fn list(&self, number: u32) -> (String, Vec<u8>) {
        self.lists[(number % LISTS) as usize].clone()
    }

    /// A profile that proposes witnesses.
    pub fn profile(witnesses: Vec<Did>) -> Body {
        let name = Name { language: Language::parse("en").expect("en"), text: line("A body") };
        let quorum = (!witnesses.is_empty()).then_some(1);
        Body::Profile(InstitutionProfile {
            names: vec![name],
            country: Country::parse("PH").expect("PH"),
            role: Role::TrainingBody,
            web: None,
            nodes: Vec::new(),
            contacts: Vec::new(),
            witnesses,
            quorum,
        })
    }

    /// An issuance that no other number gives.
    pub fn issuance(number: u64) -> Body {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&number.to_be_bytes());
        Body::Issuance(Issuance { credential_type: line(VCT_SKILL), root: RootHash::new(root) })
    }

    /// Signs a checkpoint of anything by its witness key: what only a witness that breaks its word
    /// does.
    pub fn cosign_anything(&self, note: &Note, time: UnixSeconds) -> Note {
        let mut note = note.clone();
        note.add(note.cosign(&self.did, &self.witness, time));
        note
    }
}
