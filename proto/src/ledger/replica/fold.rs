//! How an entry changes what is known of its log.

use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Ignored, MAX_ACCUSATIONS, MAX_IGNORED, Replica};
use crate::id::{Digest, LeafIndex};
use crate::key::PublicKey;
use crate::ledger::{Held, ProfileView, about};
use crate::log::checkpoint::{Note, NoteSignature};
use crate::statement::agreement::Denunciation;
use crate::statement::standing::{State, statement_leaf};
use crate::statement::{Body, Statement, StatementError};

impl Replica {
    /// Has entries read with the key that is in force before them.
    pub(super) fn read(
        &self,
        entries: &[Vec<u8>],
        read: impl FnOnce(&[Vec<u8>], &PublicKey) -> Vec<Result<Statement, StatementError>>,
    ) -> Vec<Result<Statement, StatementError>> {
        self.view
            .current_keys()
            .map_or_else(Vec::new, |period| read(entries, &period.keys.statement))
    }

    /// Applies entries that are in the tree already, in their order.
    pub(super) fn fold_all(
        &mut self,
        statements: Vec<Result<Statement, StatementError>>,
        entries: &[Vec<u8>],
    ) {
        let mut statements = statements.into_iter();
        for entry in entries {
            self.fold(statements.next().unwrap_or_else(|| Statement::parse(entry)), entry);
        }
    }

    /// Applies the next entry, which is in the tree already. An entry that breaks a rule is ignored
    /// with a reason.
    pub(super) fn fold(&mut self, read: Result<Statement, StatementError>, entry: &[u8]) {
        let leaf = LeafIndex(self.folded);
        self.folded += 1;
        self.standing_is_right = false;
        let result = match read {
            Err(StatementError::Unsupported(kind)) => {
                // Whatever it says might change what stands after it.
                self.unsupported.push((leaf, Digest::of(entry)));
                Arc::make_mut(&mut self.view).unsupported_from.get_or_insert(leaf);
                Err(alloc::format!("unknown kind `{kind}`"))
            }
            Err(error) => Err(error.to_string()),
            Ok(statement) => self.apply(leaf, statement).map_err(String::from),
        };
        if let Err(reason) = result
            && self.ignored.len() < MAX_IGNORED
        {
            Arc::make_mut(&mut self.ignored).push(Ignored { leaf, reason });
        }
    }

    fn apply(&mut self, leaf: LeafIndex, statement: Statement) -> Result<(), &'static str> {
        if *statement.issuer() != self.view.origin {
            return Err("a statement of another institution");
        }
        if let Body::Rotation(rotation) = statement.body() {
            return self.rotate(leaf, &statement, rotation);
        }
        let period = self.view.keys_before(leaf).ok_or("no keys")?;
        if !statement.is_signed_by(&period.keys.statement) {
            return Err("not signed by the statement key in force");
        }
        match statement.body() {
            Body::Standing(standing) => {
                let right = *standing == self.derive_standing(standing.status_lists);
                Arc::make_mut(&mut self.view).standing = Some(standing.clone());
                self.standing = Some(statement);
                self.standing_is_right = right;
                if right { Ok(()) } else { Err("a standing that the entries do not call for") }
            }
            Body::Issuance(_)
            | Body::Accreditation(_)
            | Body::Agreement(_)
            | Body::Ratification(_)
                if self.view.closing.is_none() =>
            {
                self.count(leaf, statement)
            }
            _ => {
                self.journal.push((leaf, statement.clone()));
                self.count(leaf, statement)
            }
        }
    }

    /// Applies a statement that is neither a rotation nor a standing, once its signature is checked.
    pub(super) fn count(
        &mut self,
        leaf: LeafIndex,
        statement: Statement,
    ) -> Result<(), &'static str> {
        if self.view.closing.is_some() {
            return Err("the institution has closed");
        }
        let digest = statement.digest();
        let is_void = self.view.is_void(leaf, &digest);
        match statement.body() {
            Body::Issuance(_) => {
                // Whether it is void is asked of each when it matters.
                Arc::make_mut(&mut self.view).issuances.add_first(digest, leaf, statement);
                Ok(())
            }
            Body::Accreditation(_) | Body::Agreement(_) | Body::Ratification(_) => {
                if self.view.statements.contains_key(&digest) {
                    return Err("the same statement again");
                }
                let state = if is_void { State::Void } else { State::InForce };
                self.states.push(statement_leaf(leaf, &digest, &state));
                self.leaves.push(leaf);
                let held = Held { leaf, statement, state };
                Arc::make_mut(&mut self.view).statements.insert(digest, held);
                Ok(())
            }
            _ if is_void => Err("void: stated with keys that were repudiated"),
            Body::Profile(profile) => {
                Arc::make_mut(&mut self.view).profile = ProfileView::Known(profile.clone());
                self.profile = Some(statement);
                Ok(())
            }
            Body::Withdrawal(withdrawal) => {
                let state = State::Withdrawn {
                    effective: withdrawal.effective,
                    by: leaf,
                    retroactive: withdrawal.retroactive,
                };
                let target = withdrawal.target;
                self.end(&target, state, |body| matches!(body, Body::Accreditation(_)))
            }
            Body::Denunciation(denunciation) => self.denounce(leaf, denunciation),
            Body::Succession(succession) => {
                let view = Arc::make_mut(&mut self.view);
                if succession.institution == view.origin {
                    view.closing = Some(succession.closing(leaf));
                    return Ok(());
                }
                let about = about(&succession.institution);
                if view.successions.contains_key(&about) {
                    return Err("the end of this institution was stated before");
                }
                view.successions.insert(about, (leaf, statement));
                Ok(())
            }
            Body::Fork(accusation) => {
                let about = about(&accusation.accused);
                if self.view.accusations.contains_key(&about) {
                    return Err("a fork of this log was proven before");
                }
                if self.view.accusations.len() == MAX_ACCUSATIONS {
                    return Err("more proofs of forks than a log may state");
                }
                let Ok(fork) = accusation.proof.verify() else {
                    return Err("a proof that proves nothing");
                };
                let proven = Arc::new((accusation.proof.clone(), fork));
                Arc::make_mut(&mut self.view).accusations.insert(about, (leaf, proven));
                Ok(())
            }
            Body::Inception(_) => Err("an inception after the first entry"),
            Body::Rotation(_) | Body::Standing(_) => Ok(()),
        }
    }

    fn denounce(
        &mut self,
        leaf: LeafIndex,
        denunciation: &Denunciation,
    ) -> Result<(), &'static str> {
        let (party, role) = (denunciation.party, denunciation.role);
        let target = self
            .view
            .ratifications(&denunciation.agreement)
            .find(|(_, held, r)| held.state == State::InForce && (r.party, r.role) == (party, role))
            .map(|(digest, ..)| *digest);
        let target = target.ok_or("denounces an agreement that is not ratified")?;
        let effective = denunciation.effective;
        let state = State::Withdrawn { effective, by: leaf, retroactive: false };
        self.end(&target, state, |body| matches!(body, Body::Ratification(_)))
    }

    fn end(
        &mut self,
        target: &Digest,
        state: State,
        is_right_kind: impl Fn(&Body) -> bool,
    ) -> Result<(), &'static str> {
        let held = self.view.statements.get(target).ok_or("its target is not in this log")?;
        if !is_right_kind(held.statement.body()) {
            return Err("its target is of another kind");
        }
        let state = joined_state(&held.state, &state).ok_or("its target has ended already")?;
        let position = self.position(target).ok_or("its target has no place in the standing")?;
        self.states.set(position, statement_leaf(held.leaf, target, &state));
        Arc::make_mut(&mut self.view).statements.set_state(target, state);
        Ok(())
    }
}

/// Joins what two withdrawals of one statement say; `None` if the second says nothing more. The
/// result holds from the earlier time, is announced by the first leaf, and is retroactive if either
/// is: so nobody can put off an end by stating a late one first, and no end is taken back.
pub fn joined_state(known: &State, new: &State) -> Option<State> {
    match (*known, *new) {
        (State::InForce, new) => Some(new),
        (
            State::Withdrawn { effective, by, retroactive },
            State::Withdrawn { effective: earlier, retroactive: doubted, .. },
        ) if earlier < effective || (doubted && !retroactive) => Some(State::Withdrawn {
            effective: effective.min(earlier),
            by,
            retroactive: retroactive || doubted,
        }),
        _ => None,
    }
}

/// Adds a cosignature to a note, keeping the first and the last of each key.
pub(super) fn merge_line(note: &mut Note, line: &NoteSignature) -> bool {
    let Some((time, _)) = line.cosignature() else { return false };
    let same_key = |other: &NoteSignature| other.name == line.name && other.id == line.id;
    let times: Vec<_> = note
        .signatures()
        .iter()
        .filter(|other| same_key(other))
        .filter_map(|other| other.cosignature().map(|(time, _)| time))
        .collect();
    let (first, last) = (times.iter().min().copied(), times.iter().max().copied());
    let is_new = match (first, last) {
        (Some(first), Some(last)) => time < first || time > last,
        _ => true,
    };
    if !is_new {
        return false;
    }
    if times.len() >= 2 {
        // The one that is neither first nor last any more makes room.
        let replaced = if Some(time) < first { first } else { last };
        let kept = note.clone().retain(|other| {
            !same_key(other) || other.cosignature().map(|(time, _)| time) != replaced
        });
        *note = kept;
    }
    let before = note.signatures().len();
    note.add(line.clone());
    note.signatures().len() > before
}
