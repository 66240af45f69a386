//! Takes over published status lists: one's own after the register was lost or put back from a backup,
//! and those of a closed institution that names this one as its successor.
//!
//! What is published stays as it is and is signed anew with the others; new credentials get new lists.

use std::sync::Arc;

use carnet_proto::id::Did;
use carnet_proto::ledger::{Ledger, LogView};
use carnet_proto::statement::Body;
use carnet_proto::status::{Status, StatusUri};

use super::older::unknown_issuances;
use super::register::{MAX_RECORDS_AT_ONCE, RecordState, Register};
use super::status::{Published, lists_of};
use super::{Desk, DeskError};
use crate::writer::{Phase, WriterError};

/// What was taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Status lists.
    pub lists: usize,
    /// Batches of the log that the register did not know: their records are lost.
    pub lost_batches: usize,
    /// Records whose state was brought in line with what is published.
    pub records: usize,
}

/// Takes over the lists that a log has published, as they are, into a register that is older or new.
///
/// # Errors
/// [`DeskError::Register`].
pub fn adopt_own(register: &Register, view: &LogView) -> Result<Adopted, DeskError> {
    let mut adopted = Adopted::default();
    let mut changes = Vec::new();
    for list in lists_of(view) {
        let Some(token) = view.status.get(&list.uri.to_string()) else { continue };
        let Ok(held) = token.inflate() else { continue };
        if list.is_own() {
            for slot in register.records_of_list(list.uri.list) {
                let (index, record, state) = slot?;
                let published = match held.value(index.into()) {
                    Some(1) => RecordState::Invalid,
                    Some(2) => RecordState::Suspended,
                    _ => continue,
                };
                if state == RecordState::Valid {
                    changes.push((record, published));
                }
            }
        }
        register.adopt(&list.uri, &held)?;
        adopted.lists += 1;
    }
    for changes in changes.chunks(MAX_RECORDS_AT_ONCE) {
        register.set_states(changes)?;
    }
    adopted.records = changes.len();
    // Last, so that whoever is stopped before begins again.
    for (_, root) in unknown_issuances(register, view)? {
        register.announce(&root)?;
        adopted.lost_batches += 1;
    }
    Ok(adopted)
}

impl Desk {
    /// Takes over the lists that the own log has published, after the register was lost or put back
    /// from a backup, and publishes them. The operator has to know that this is what happened.
    ///
    /// # Errors
    /// [`DeskError::Register`]; [`DeskError::Writer`] if the log is not known to be the newest.
    pub async fn adopt_own(self: &Arc<Self>) -> Result<(Adopted, Published), DeskError> {
        let adopted = {
            let _turn = self.turn.lock().await;
            self.is_newest()?;
            self.blocking(|desk| adopt_own(&desk.register, &*desk.view()?)).await?
        };
        self.look_again().await;
        Ok((adopted, self.publish_status().await?))
    }

    /// Takes over the lists of an institution that has closed and named this one as its successor, and
    /// publishes them.
    ///
    /// # Errors
    /// [`DeskError::NotSuccessor`], [`DeskError::TooManyLists`], [`DeskError::Register`],
    /// [`DeskError::Writer`].
    pub async fn adopt_from(
        self: &Arc<Self>,
        closed: Did,
    ) -> Result<(Adopted, Published), DeskError> {
        let adopted = {
            let _turn = self.turn.lock().await;
            self.is_newest()?;
            self.blocking(move |desk| desk.take_over(&closed)).await?
        };
        Ok((adopted, self.publish_status().await?))
    }

    /// Changes an entry of a list that was taken over; returns the status before. The next publication
    /// of the status lists shows it.
    ///
    /// # Errors
    /// [`DeskError::UnknownEntry`]; [`DeskError::Register`].
    pub async fn set_entry(
        self: &Arc<Self>,
        uri: StatusUri,
        index: u64,
        state: RecordState,
    ) -> Result<RecordState, DeskError> {
        self.blocking(move |desk| {
            let status = match state {
                RecordState::Valid => Status::Valid,
                RecordState::Invalid => Status::Invalid,
                RecordState::Suspended => Status::Suspended,
            };
            let before = desk.register.set_adopted(&uri, index, status)?;
            let before = before.ok_or(DeskError::UnknownEntry)?;
            Ok(match before {
                0 => RecordState::Valid,
                2 => RecordState::Suspended,
                _ => RecordState::Invalid,
            })
        })
        .await
    }

    pub(super) fn is_newest(&self) -> Result<(), DeskError> {
        match self.writer.phase() {
            Phase::Writing => Ok(()),
            Phase::Waiting => Err(WriterError::Unconfirmed.into()),
            Phase::CatchingUp => Err(WriterError::CatchingUp.into()),
        }
    }

    fn take_over(&self, closed: &Did) -> Result<Adopted, DeskError> {
        let ledger = self.logs.ledger();
        let view = ledger.log(closed).filter(|view| view.has_newest_status());
        let view = view.filter(|_| succeeds(&ledger, &self.did, closed));
        let view = view.ok_or(DeskError::NotSuccessor(*closed))?;
        let mut adopted = Adopted::default();
        let known = self.register.all_adopted()?;
        for list in lists_of(view) {
            // What was changed here since it was taken over stays changed.
            if known.iter().any(|(uri, _)| *uri == list.uri) {
                continue;
            }
            let token = view.status.get(&list.uri.to_string());
            let Some(held) = token.and_then(|token| token.inflate().ok()) else { continue };
            self.has_room(adopted.lists + 1)?;
            self.register.adopt(&list.uri, &held)?;
            adopted.lists += 1;
        }
        Ok(adopted)
    }
}

/// Returns whether an institution is named to continue the lists of another: by that one's own log,
/// else by a body that has accredited it.
fn succeeds(ledger: &Ledger, successor: &Did, closed: &Did) -> bool {
    let own = ledger.log(closed).and_then(|view| view.closing);
    if let Some(closing) = own {
        return closing.successor == Some(*successor);
    }
    ledger.logs().any(|view| {
        let stated = view.succession_of(closed).map(|(_, _, succession)| succession.successor);
        let accredits = view
            .accreditations_of(closed)
            .any(|(_, held, _)| matches!(held.statement.body(), Body::Accreditation(_)));
        stated == Some(Some(*successor)) && accredits
    })
}
