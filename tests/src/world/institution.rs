//! One institution of the world.

use carnet_proto::id::{Did, Digest, TreeSize};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::statement::Statement;
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::standing::{empty_head, status_tree};
use carnet_proto::status::{MIN_ENTRIES, StatusList, StatusToken, StatusUri};
use carnet_proto::time::{DAY, UnixSeconds};

/// An institution with its keys, its log and its status list.
#[derive(Clone)]
pub struct Institution {
    pub seed: Seed,
    /// The seed of its next key set.
    pub next: Seed,
    pub did: Did,
    pub replica: Replica,
    /// The entries of its log.
    pub entries: Vec<Vec<u8>>,
    pub list: StatusList,
    /// The token of its list, once published.
    pub token: Option<Vec<u8>>,
    /// The list of an institution that closed, which this one continues, with its token.
    pub continued: Option<(Did, StatusList, Option<Vec<u8>>)>,
    /// Whether its node still runs.
    pub is_silent: bool,
}

impl Institution {
    /// Begins a log with the keys of a number, and nothing else in it.
    pub fn begin(number: u8) -> Self {
        let (seed, next) = (Seed::new([number; 32]), Seed::new([number + 100; 32]));
        let commitment = next.public_key_set().commitment();
        let inception = Inception { keys: seed.public_key_set(), next: commitment };
        let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
        Self {
            seed,
            next,
            did: *inception.issuer(),
            replica: Replica::new(inception.entry()).expect("a log"),
            entries: vec![inception.entry().into()],
            list: StatusList::new(MIN_ENTRIES),
            token: None,
            continued: None,
            is_silent: false,
        }
    }

    /// Signs the status lists anew if wanted, appends the standing and signs the checkpoint.
    pub(super) fn publish(&mut self, now: UnixSeconds, with_status: bool) {
        let key = self.seed.signing_key(Purpose::Status);
        let until = now.plus(7 * DAY);
        let sign = |issuer: Did, list: &StatusList| {
            StatusToken::sign(&StatusUri { issuer, list: 0 }, list, now, until, 3600, &key)
        };
        if with_status {
            if self.continued.is_none() || self.token.is_some() {
                self.token = Some(sign(self.did, &self.list));
            }
            if let Some((issuer, list, token)) = &mut self.continued {
                *token = Some(sign(*issuer, list));
            }
        }
        let own = self.token.as_ref().map(|token| (self.did, token));
        let continued =
            self.continued.iter().filter_map(|(of, _, token)| Some((*of, token.as_ref()?)));
        let mut tokens: Vec<_> = own
            .into_iter()
            .chain(continued)
            .map(|(issuer, token)| (StatusUri { issuer, list: 0 }.to_string(), token.clone()))
            .collect();
        tokens.sort();
        let digests: Vec<_> = tokens.iter().map(|(uri, token)| (uri, Digest::of(token))).collect();
        let lists = match digests.as_slice() {
            [] => empty_head(),
            digests => status_tree(digests.iter().map(|(uri, digest)| (*uri, digest))).head(),
        };
        let standing = self.replica.derive_standing(lists);
        let key = self.seed.signing_key(Purpose::Statement);
        let standing = Statement::sign(&self.did, standing, &key).expect("a standing");
        self.entries.push(standing.entry().into());
        self.replica.append(&[standing]);
        let checkpoint = Checkpoint::new(&self.did, self.replica.tree().head());
        let note = Note::sign(&checkpoint, &self.seed.signing_key(Purpose::Checkpoint));
        self.replica.publish(note).expect("its own checkpoint");
        if !tokens.is_empty() {
            let tokens: Vec<_> = tokens.into_iter().map(|(_, token)| token).collect();
            self.replica.set_status(&tokens).expect("its own lists");
        }
        assert!(self.replica.size() > TreeSize(0) && self.replica.is_in_order().is_ok());
    }
}
