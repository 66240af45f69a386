//! Issues a class: every row of an order, or none.
//!
//! 1. Every row is checked, and all that is wrong is told at once.
//! 2. Random status indexes are taken in one list, and the credentials are signed.
//! 3. The root of the batch goes into the register, so that a register that lacks one of the log's is
//!    known to be older than the log, and issues nothing.
//! 4. The root is logged; with it, if the list is new, the list.
//! 5. The records go into the register.
//! 6. The credentials are handed out.
//!
//! If the machine stops between 4 and 5, the log holds the root of a batch that nobody has, which
//! says nothing and harms nobody; the same rows can be issued again.

use std::collections::HashMap;
use std::sync::Arc;

use carnet_proto::anchor::Batch;
use carnet_proto::cbor::{Bytes, CborError, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::issue::{Issue, IssueError};
use carnet_proto::id::Digest;
use carnet_proto::issuing::{CredentialFile, IssuedBatch, IssuedRow, IssuingOrder, IssuingRow};
use carnet_proto::key::PublicKey;
use carnet_proto::profile::Profile;
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::Body;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::status::StatusUri;
use carnet_proto::text::Line;
use carnet_proto::time::UnixSeconds;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;

use super::register::{IssuingRecord, RecordState, RowLabel};
use super::{Desk, DeskError, RowError};
use crate::writer::WriterError;

/// What a dry run answers instead of an issuance: nothing was logged.
pub const NO_ISSUANCE: Digest = Digest::new([0; 32]);

/// A credential that was signed and is not logged yet.
struct Signed {
    sd_cwt: Vec<u8>,
    digest: Digest,
    holder: PublicKey,
    /// As it will stand in the register, but for the batch.
    record: IssuingRecord,
}

impl Desk {
    /// Issues an order. A caller that no longer waits takes nothing back.
    ///
    /// # Errors
    /// [`DeskError::Rows`] with every row that cannot be issued: then nothing was.
    /// [`DeskError::Older`] if the register is older than what was published.
    pub async fn issue(self: &Arc<Self>, order: IssuingOrder) -> Result<IssuedBatch, DeskError> {
        let desk = Arc::clone(self);
        // On its own, so that it is finished even if the caller goes away.
        let issued = tokio::spawn(async move { desk.issue_all(order).await }).await;
        issued.unwrap_or(Err(DeskError::Stopped))
    }

    /// Checks an order as [`Desk::issue`] does, and issues nothing.
    ///
    /// # Errors
    /// As [`Desk::issue`].
    pub async fn check(self: &Arc<Self>, order: IssuingOrder) -> Result<IssuedBatch, DeskError> {
        self.blocking(move |desk| {
            desk.may_issue()?;
            let now = desk.clock.now();
            let ready = desk.check_rows(&order, now)?;
            let indexes: Vec<_> = (0..ready.len()).map(|index| index as u32).collect();
            desk.sign_rows(order, &ready, 0, &indexes, now)?;
            Ok(IssuedBatch { issuance: NO_ISSUANCE, rows: Vec::new() })
        })
        .await
    }

    async fn issue_all(self: &Arc<Self>, order: IssuingOrder) -> Result<IssuedBatch, DeskError> {
        let _turn = self.turn.lock().await;
        let credential_type =
            Line::parse(order.credential_type()).map_err(|_| DeskError::Stopped)?;
        let (signed, batch, tokens) = self.blocking(move |desk| desk.prepare(order)).await?;
        let issuance = Body::Issuance(Issuance { credential_type, root: batch.root() });
        let logged = self.writer.append(Vec::from([issuance]), tokens).await?;
        let issuance = logged.first().ok_or(WriterError::Stopped)?.digest;
        self.blocking(move |desk| desk.record(signed, &batch, issuance)).await
    }

    /// Steps 1 to 3; also the tokens of all lists if the list is new.
    #[expect(clippy::type_complexity, reason = "passed on at once")]
    fn prepare(
        &self,
        order: IssuingOrder,
    ) -> Result<(Vec<Signed>, Batch, Option<Vec<Vec<u8>>>), DeskError> {
        self.may_issue()?;
        let now = self.clock.now();
        let ready = self.check_rows(&order, now)?;
        let list = self.list_for(ready.len())?;
        let rng = &mut UnwrapErr(SysRng);
        let indexes = self.register.allocate_many(list.uri.list, list.entries, ready.len(), rng)?;
        let signed = self.sign_rows(order, &ready, list.uri.list, &indexes, now)?;
        let digests: Vec<_> = signed.iter().map(|signed| signed.digest).collect();
        let batch = Batch::new(&digests, rng)?;
        let tokens = if list.is_new { Some(self.tokens(now, Some(&list))?) } else { None };
        self.register.announce(batch.root().as_bytes())?;
        Ok((signed, batch, tokens))
    }

    /// Steps 5 and 6.
    fn record(
        &self,
        signed: Vec<Signed>,
        batch: &Batch,
        issuance: Digest,
    ) -> Result<IssuedBatch, DeskError> {
        let mut records = Vec::with_capacity(signed.len());
        let mut rows = Vec::with_capacity(signed.len());
        let holders: Vec<_> = signed.iter().map(|signed| *signed.holder.as_bytes()).collect();
        for (signed, anchor) in signed.into_iter().zip(batch.anchors(issuance)) {
            let file =
                CredentialFile { profile: Profile::SdCwt08, sd_cwt: Bytes(signed.sd_cwt), anchor };
            let row = Line::parse(signed.record.label.as_str()).map_err(|_| DeskError::Stopped)?;
            rows.push(IssuedRow { row, file: Bytes(file.to_file()) });
            records.push(IssuingRecord { batch: *issuance.as_bytes(), ..signed.record });
        }
        self.register.put_for(&records, &holders)?;
        Ok(IssuedBatch { issuance, rows })
    }

    /// Checks every row, and returns the holders' keys and the labels.
    fn check_rows(
        &self,
        order: &IssuingOrder,
        now: UnixSeconds,
    ) -> Result<Vec<(PublicKey, RowLabel)>, DeskError> {
        let mut errors = Vec::new();
        let mut ready = Vec::with_capacity(order.rows.len());
        let (mut labels, mut keys) = (HashMap::new(), HashMap::new());
        for (row, given) in order.rows.iter().enumerate() {
            let before = errors.len();
            let mut wrong = |field, message: String| errors.push(RowError { row, field, message });
            let label = RowLabel::parse(given.row.as_str());
            match &label {
                Err(error) => wrong("row", error.to_string()),
                Ok(_) if let Some(first) = labels.insert(given.row.as_str(), row) => {
                    wrong("row", format!("the row key is that of row {first} of this order too"));
                }
                Ok(label) => {
                    let id = self.register.id_of_label(label);
                    if self.register.find_by_record(&id)?.is_some() {
                        let row = given.row.as_str();
                        let message = "was issued before; a correction needs a row key of its own";
                        wrong("row", format!("`{row}` {message}"));
                    }
                }
            }
            let request = KeyRequest::open(&given.key_request.0, &self.did);
            match &request {
                Err(error) => wrong("key_request", error.to_string()),
                Ok(request) => {
                    if let Some(first) = keys.insert(*request.key().as_bytes(), row) {
                        let message = "every credential has a key of its own; this is that of row";
                        wrong("key_request", format!("{message} {first}"));
                    } else if self.register.knows_holder(request.key().as_bytes())? {
                        let message = "every credential has a key of its own; this one was used for a \
                                       credential of this institution before: ask for a new request";
                        wrong("key_request", message.to_owned());
                    }
                }
            }
            let person = Person::from(given.person.clone());
            if !person.has_name() {
                wrong("person", "a name is missing".to_owned());
            }
            if person.birth_date.is_none() {
                wrong("birth_date", "the birth date is missing".to_owned());
            }
            if given.expires_at.start_of_day() <= now.start_of_day() {
                wrong("expires_at", format!("{} has passed", given.expires_at));
            }
            if let (Ok(request), Ok(label)) = (request, label)
                && errors.len() == before
            {
                ready.push((request.key(), label));
            }
        }
        if errors.is_empty() { Ok(ready) } else { Err(DeskError::Rows(errors)) }
    }

    fn sign_rows(
        &self,
        order: IssuingOrder,
        ready: &[(PublicKey, RowLabel)],
        list: u32,
        indexes: &[u32],
        now: UnixSeconds,
    ) -> Result<Vec<Signed>, DeskError> {
        let mut errors = Vec::new();
        let mut signed = Vec::with_capacity(order.rows.len());
        let places = ready.iter().zip(indexes);
        for ((row, given), ((key, label), index)) in order.rows.into_iter().enumerate().zip(places)
        {
            let attested = if given.contribution.is_some() { "contribution" } else { "skill" };
            match self.sign_row(given, *key, label.clone(), (list, *index), now) {
                Ok(credential) => signed.push(credential),
                Err(error) => {
                    let field = match error {
                        IssueError::Expired(_) => "expires_at",
                        IssueError::NoName => "person",
                        _ => attested,
                    };
                    errors.push(RowError { row, field, message: error.to_string() });
                }
            }
        }
        if errors.is_empty() { Ok(signed) } else { Err(DeskError::Rows(errors)) }
    }

    fn sign_row(
        &self,
        row: IssuingRow,
        holder_key: PublicKey,
        label: RowLabel,
        (list, index): (u32, u32),
        now: UnixSeconds,
    ) -> Result<Signed, IssueError> {
        let Some(attested) = row.attested() else {
            let what = "a row attests a skill or a contribution period";
            return Err(IssueError::Malformed(CborError::invalid(what)));
        };
        let issue = Issue {
            issuer: &self.did,
            holder_key,
            person: &row.person.into(),
            attested: &attested,
            issued_at: now,
            expires_at: row.expires_at,
            status: (StatusUri { issuer: self.did, list }, index.into()),
        };
        let issued = issue.sign(&self.credential_key, &mut UnwrapErr(SysRng))?;
        let digest = match SdCwt::parse(&issued.sd_cwt, Mode::Strict) {
            Ok(credential) => credential.digest(),
            // What is read here is what was just written.
            Err(_) => {
                let what = "the credential cannot be read again";
                return Err(IssueError::Malformed(CborError::invalid(what)));
            }
        };
        let record = IssuingRecord {
            record: self.register.id_of_label(&label),
            label,
            credential: *issued.id.as_bytes(),
            credential_digest: *digest.as_bytes(),
            status_list: list,
            status_index: index,
            batch: *NO_ISSUANCE.as_bytes(),
            issued_at: now.start_of_day().0,
            expires_at: row.expires_at.start_of_day().0,
            state: RecordState::Valid,
        };
        Ok(Signed { sd_cwt: issued.sd_cwt, digest, holder: holder_key, record })
    }
}
