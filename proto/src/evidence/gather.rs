//! Which parts of which logs a verifier needs.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::{
    EarlierCheckpoint, EntryEvidence, Evidence, LogEvidence, MAX_ITEMS, StatementEvidence,
    StatusEvidence,
};
use crate::cbor::Bytes;
use crate::id::{Did, Digest, LeafIndex, TreeSize};
use crate::ledger::{LogView, ProfileView, Replica};
use crate::statement::Statement;
use crate::statement::standing::{State, status_tree};

/// Most logs that evidence shows.
pub const MAX_LOGS: usize = 256;

/// What evidence is wanted for.
#[derive(Clone, Debug)]
pub struct GatherFor<'a> {
    /// The issuer.
    pub issuer: Did,
    /// The issuance that anchors the credential.
    pub issuance: Digest,
    /// The status list of the credential.
    pub status_uri: &'a str,
}

/// What is needed of one log.
#[derive(Default)]
struct Need {
    statements: BTreeSet<Digest>,
    /// Leaves whose time of existence matters.
    leaves: BTreeSet<LeafIndex>,
    /// Institutions of whose end the log speaks.
    ended: BTreeSet<Did>,
}

impl Evidence {
    /// Gathers what a verifier needs who starts from any trust anchor that leads to the issuer: the
    /// accreditations above it, the agreements that name it or those, their ratifications, the
    /// witnesses' logs, the issuance and the status list.
    pub fn gather(replicas: &BTreeMap<Did, Replica>, wanted: &GatherFor<'_>) -> Self {
        let mut needs = needs_above(replicas, wanted.issuer);
        let issuance = replicas
            .get(&wanted.issuer)
            .and_then(|replica| replica.view().issuances.get(&wanted.issuance));
        if let Some((leaf, _)) = issuance {
            needs.entry(wanted.issuer).or_default().leaves.insert(*leaf);
        }
        // Whoever continues the issuer's lists says what is revoked now.
        let successor = successor(replicas, &wanted.issuer);
        if let Some(successor) = successor {
            needs.entry(successor).or_default();
        }
        let logs = needs.iter().take(MAX_LOGS).filter_map(|(did, need)| {
            let replica = replicas.get(did)?;
            let mut log = of_log(replica, need)?;
            if *did == wanted.issuer || Some(*did) == successor {
                log.status = status_of(replica, wanted.status_uri).into_iter().collect();
            }
            if *did == wanted.issuer {
                log.issuances = issuance
                    .and_then(|(leaf, statement)| {
                        let size = replica.view().newest()?.head.size;
                        let path = replica.tree().inclusion_proof(*leaf, size)?;
                        let entry = Bytes(statement.entry().into());
                        Some(EntryEvidence { entry, leaf: *leaf, path })
                    })
                    .into_iter()
                    .collect();
            }
            Some(log)
        });
        Self { logs: logs.collect() }
    }
}

/// Returns who continues the status lists of an institution that closed.
fn successor(replicas: &BTreeMap<Did, Replica>, issuer: &Did) -> Option<Did> {
    let own = replicas.get(issuer)?.view().closing;
    let stated = || {
        let mut views = replicas.values().map(Replica::view);
        views.find_map(|view| {
            let (leaf, _, succession) = view.succession_of(issuer)?;
            Some(succession.closing(leaf))
        })
    };
    own.or_else(stated)?.successor
}

/// Walks upwards from the issuer: who accredits it, which agreements name it, who ratified them, and
/// who witnesses all these logs.
fn needs_above(replicas: &BTreeMap<Did, Replica>, issuer: Did) -> BTreeMap<Did, Need> {
    let mut needs: BTreeMap<Did, Need> = BTreeMap::new();
    let mut seen = BTreeSet::from([issuer]);
    let mut queue = Vec::from([issuer]);
    let mut witnesses = BTreeSet::new();
    needs.entry(issuer).or_default();
    while let Some(body) = queue.pop() {
        if seen.len() > MAX_LOGS {
            break;
        }
        for (did, replica) in replicas {
            let view = replica.view();
            for (digest, held, _) in view.accreditations_of(&body) {
                let need = needs.entry(*did).or_default();
                need.ended.insert(body);
                need.statements.insert(*digest);
                if let State::Withdrawn { by, .. } = held.state {
                    need.leaves.insert(by);
                }
                if seen.insert(*did) {
                    queue.push(*did);
                }
            }
            for (digest, _, agreement) in view.agreements() {
                let names = agreement.parties.iter().flat_map(|p| &p.bodies);
                if !names.clone().any(|b| b.did == body) {
                    continue;
                }
                needs.entry(*did).or_default().statements.insert(*digest);
                for party in &agreement.parties {
                    witnesses.extend(party.witnesses.iter().copied());
                }
                for signatory in agreement.signatories() {
                    let Some(theirs) = replicas.get(&signatory.did) else { continue };
                    let need = needs.entry(signatory.did).or_default();
                    let ratifications = theirs.view().ratifications(digest);
                    need.statements.extend(ratifications.map(|(ratification, ..)| *ratification));
                    if seen.insert(signatory.did) {
                        queue.push(signatory.did);
                    }
                }
            }
        }
    }
    for did in needs.keys() {
        if let Some(ProfileView::Known(profile)) = replicas.get(did).map(|r| &r.view().profile) {
            witnesses.extend(profile.witnesses.iter().copied());
        }
    }
    for witness in witnesses {
        needs.entry(witness).or_default();
    }
    needs
}

fn of_log(replica: &Replica, need: &Need) -> Option<LogEvidence> {
    let view = replica.view();
    let newest = view.newest()?;
    let size = newest.head.size;
    let tree = replica.statement_tree();
    let states = tree.size();
    let statements = need.statements.iter().take(MAX_ITEMS).filter_map(|digest| {
        let position = replica.position(digest)?;
        let held = view.statements.get(digest)?;
        Some(StatementEvidence {
            entry: Bytes(held.statement.entry().into()),
            leaf: held.leaf,
            state: held.state,
            position,
            path: tree.inclusion_proof(position, states)?,
        })
    });
    let last = LeafIndex(size.0.checked_sub(1)?);
    let successions = need.ended.iter().filter_map(|institution| {
        let (leaf, statement, _) = view.succession_of(institution)?;
        let path = replica.tree().inclusion_proof(leaf, size)?;
        Some(EntryEvidence { entry: Bytes(statement.entry().into()), leaf, path })
    });
    Some(LogEvidence {
        inception: Bytes(replica.inception().entry().into()),
        note: newest.note.to_string(),
        standing: Bytes(replica.standing()?.entry().into()),
        standing_path: replica.tree().inclusion_proof(last, size)?,
        earlier: earlier(replica, view, size, &need.leaves),
        statements: statements.collect(),
        issuances: Vec::new(),
        status: Vec::new(),
        profile: replica.profile().map(|p: &Statement| Bytes(p.entry().into())),
        rotations: view.chain.rotations().iter().map(|r| Bytes(r.entry().into())).collect(),
        successions: successions.take(MAX_ITEMS).collect(),
    })
}

/// Chooses the checkpoints that prove when a leaf was there, and until when it was not: the last
/// before it and the first two behind it.
fn earlier(
    replica: &Replica,
    view: &LogView,
    newest: TreeSize,
    leaves: &BTreeSet<LeafIndex>,
) -> Vec<EarlierCheckpoint> {
    let mut sizes = replica.forked_at().clone();
    for leaf in leaves {
        let size = TreeSize(leaf.0);
        sizes.extend(view.checkpoints.range(..=size).next_back().map(|(size, _)| *size));
        sizes.extend(view.checkpoints.range(TreeSize(leaf.0 + 1)..).take(2).map(|(size, _)| *size));
    }
    sizes.remove(&newest);
    sizes
        .iter()
        .take(MAX_ITEMS)
        .filter_map(|size| {
            Some(EarlierCheckpoint {
                note: view.checkpoints.get(size)?.note.to_string(),
                proof: replica.tree().consistency_proof(*size, newest)?,
            })
        })
        .collect()
}

fn status_of(replica: &Replica, uri: &str) -> Option<StatusEvidence> {
    let lists = &replica.view().status;
    let position = lists.keys().position(|known| known == uri)?;
    let position = LeafIndex(position as u64);
    let tree = status_tree(lists.iter().map(|(uri, token)| (uri, token.digest())));
    Some(StatusEvidence {
        token: Bytes(lists.get(uri)?.as_bytes().into()),
        position,
        path: tree.inclusion_proof(position, tree.size())?,
    })
}
