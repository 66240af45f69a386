//! Who has cosigned a log, as far as the witnesses' own logs are held here.

use carnet_proto::id::{Did, TreeSize};
use carnet_proto::ledger::{CheckpointView, Ledger, LogView, ProfileView};
use carnet_proto::log::checkpoint::NoteKey;
use carnet_proto::statement::profile::InstitutionProfile;
use carnet_proto::text::choose;
use carnet_proto::time::UnixSeconds;

/// Returns the witnesses that cosigned a checkpoint with their current keys, and when last.
pub(super) fn cosignatures(
    ledger: &Ledger,
    checkpoint: &CheckpointView,
) -> Vec<(Did, UnixSeconds)> {
    let names = checkpoint.note.signatures().iter().map(|line| line.name.as_str());
    let mut witnesses: Vec<_> = names.filter_map(|name| Did::parse(name).ok()).collect();
    witnesses.sort_unstable();
    witnesses.dedup();
    let cosigned = witnesses.into_iter().filter_map(|witness| {
        let keys = ledger.log(&witness)?.current_keys()?.keys;
        let key = NoteKey::of_witness(&witness, keys.witness);
        let last = checkpoint.note.cosignature_times(&key).ok()?.into_iter().max()?;
        Some((witness, last))
    });
    cosigned.collect()
}

/// Returns whether a quorum of the witnesses that the log's own profile proposes has cosigned a
/// checkpoint of at least this size; false where it proposes none.
pub(super) fn has_quorum(ledger: &Ledger, log: &LogView, size: TreeSize) -> bool {
    let Some(profile) = profile(log) else { return false };
    let Some(quorum) = profile.quorum else { return false };
    log.checkpoints.range(size..).any(|(_, checkpoint)| {
        let cosigned = cosignatures(ledger, checkpoint);
        let counted = cosigned
            .iter()
            .filter(|(witness, _)| *witness != log.origin && profile.witnesses.contains(witness));
        counted.count() >= usize::from(quorum)
    })
}

/// Returns the newest profile of a log, if it is known.
pub(super) fn profile(log: &LogView) -> Option<&InstitutionProfile> {
    match &log.profile {
        ProfileView::Known(profile) => Some(profile),
        ProfileView::None | ProfileView::NotShown => None,
    }
}

/// Returns the name that a log's profile gives.
pub(super) fn name(ledger: &Ledger, did: &Did) -> Option<String> {
    let profile = profile(ledger.log(did)?)?;
    choose(&profile.names, "en").map(|name| name.as_str().to_owned())
}
