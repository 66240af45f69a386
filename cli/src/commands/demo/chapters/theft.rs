//! A thief: keys that are stolen and replaced, a second history, and an institute that closes.

use super::Play;
use crate::commands::demo::trouble;
use crate::error::CliError;
use crate::text::Args;
use carnet_proto::id::{LeafIndex, RootHash, TreeSize};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::add_checkpoint::AddCheckpoint;
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::log::proof::ConsistencyProof;
use carnet_proto::statement::identity::Succession;
use carnet_proto::verify::report::check;

/// The worker who has bought a certificate from the thief.
const BUYER: usize = 7;
/// Longest answer of a witness, in bytes.
const MAX_ANSWER: u64 = 4096;

impl Play<'_, '_> {
    /// Somebody has copied the institute's keys, and issues; the institute replaces them.
    pub(super) fn theft(&mut self) -> Result<Seed, CliError> {
        self.story.chapter("theft")?;
        self.go_to_day(23)?;
        let stolen = self.stage.seed("ph-institute")?;
        self.issue_to(BUYER, "bought", |_| {})?;
        self.settle()?;
        self.judge("bought", "valid", BUYER, 1)?;

        let leaf = self.leaf_of(BUYER, 1)?;
        let rotated = self.stage.rotate("ph-institute", leaf)?;
        let got = format!("{} batch void, {} kept", rotated.void, rotated.kept);
        let args = Args::new().with("leaf", leaf.0);
        self.story.step("rotate", &args, "1 batch void, 0 kept", got)?;
        self.stage.start()?;
        self.settle()?;
        self.judge("stolen", "invalid: issuer-key", BUYER, 1)?;
        self.judge("before-the-theft", "valid", 0, 0)?;
        Ok(stolen)
    }

    /// Returns the leaf of the issuance that anchors a worker's credential.
    fn leaf_of(&self, worker: usize, credential: usize) -> Result<LeafIndex, CliError> {
        let credentials = self.worker(worker)?.wallet.credentials();
        let anchor = &credentials.get(credential).ok_or_else(|| CliError::bug("demo"))?.anchor;
        let fetched = self.stage.fetch("ph-institute")?;
        let log = fetched.replicas.get(&self.stage.did("ph-institute")?);
        let issuance = log.and_then(|log| log.view().issuance(&anchor.issuance));
        issuance.map(|(leaf, _)| leaf).ok_or_else(|| CliError::bug("demo"))
    }

    /// The thief signs another history with the keys that were replaced, and asks a witness to cosign.
    pub(super) fn histories(&mut self, stolen: &Seed) -> Result<(), CliError> {
        self.story.chapter("histories")?;
        let did = self.stage.did("ph-institute")?;
        let leaf = self.leaf_of(BUYER, 1)?;
        let head = TreeHead { size: TreeSize(leaf.0), root: RootHash::new([0x5c; 32]) };
        let checkpoint = Checkpoint::new(&did, head);
        let note = Note::sign(&checkpoint, &stolen.signing_key(Purpose::Checkpoint));
        let proof = ConsistencyProof::new(Vec::new()).map_err(trouble)?;
        let asked = AddCheckpoint::new(TreeSize(0), proof, note).map_err(trouble)?;
        let witness = self.stage.client("ph-union")?;
        let path = "/v1/witness/add-checkpoint";
        let answer = witness.post_cbor(path, asked.to_string().as_bytes(), MAX_ANSWER);
        let got = if answer.is_ok() { "cosigned" } else { "refused" };
        self.story.step("second-history", &Args::new(), "refused", got)?;

        let holding = self.stage.hold_fork(&did)?;
        let got = format!("{holding} nodes hold the proof");
        self.story.step("fork-proven", &Args::new(), "8 nodes hold the proof", got)?;
        let ledger = self.ledger()?;
        let proven = ledger.forks(&did).next().map(|(_, fork)| fork.origin) == Some(did);
        let got = if proven { "two histories" } else { "nothing" };
        self.story.step("fork-verified", &Args::new(), "two histories", got)?;
        self.judge("fork-harmless", "valid", 0, 0)
    }

    /// The institute closes for good; nobody continues its lists.
    pub(super) fn closing(&mut self) -> Result<(), CliError> {
        self.story.chapter("closing")?;
        self.go_to_day(27)?;
        self.settle()?;
        let (institution, closed) = (self.stage.did("ph-institute")?, self.stage.now());
        let succession = Succession { institution, closed, successor: None };
        self.stage.state("ph-institute", "succession", &succession)?;
        self.stage.converge()?;
        self.stage.stop_one("ph-institute");
        let closing = self.ledger()?.log(&institution).and_then(|log| log.closing);
        let got = if closing.is_some() { "closed" } else { "open" };
        self.story.step("close", &Args::new(), "closed", got)?;

        self.go_to_day(29)?;
        self.stage.converge()?;
        let presentation = self.meet(&[0], false)?;
        let report = self.employer.judge(&presentation, &self.ledger()?, self.stage.now())?;
        let status = report.credentials.first().and_then(|c| c.check(check::STATUS));
        let got = status.map_or("?", |check| check.reason.id);
        self.story.verdict("graduate", &Args::new(), "valid", &report)?;
        self.story.step("last-list", &Args::new(), "issuer-closed", got)?;
        self.judge("revoked-before-closing", "invalid: status", 2, 0)
    }
}
