//! Status lists that are continued as they were published: those of a log that was restored, and those
//! of an institution that this one succeeds. Nothing more is drawn from them.
//!
//! `"a" | register-key("a", URI) -> sealed [URI, status list]`

use carnet_proto::cbor::{Decode as _, Decoder, Encoder, Mode};
use carnet_proto::status::{Status, StatusList, StatusUri};

use super::{Register, RegisterError, damaged, entries, seal};
use crate::store::Batch;

impl Register {
    /// Takes over a published list; one that was taken over before is replaced.
    ///
    /// # Errors
    /// [`RegisterError::Store`].
    pub fn adopt(&self, uri: &StatusUri, list: &StatusList) -> Result<(), RegisterError> {
        let _unchanged = self.lock();
        self.put_adopted(uri, list)
    }

    /// Returns what was taken over of a list.
    ///
    /// # Errors
    /// [`RegisterError::Store`] or [`RegisterError::Damaged`].
    pub fn adopted(&self, uri: &StatusUri) -> Result<Option<StatusList>, RegisterError> {
        let key = self.sealer.adopted_key(&uri.to_string());
        match self.store.get(&key)? {
            Some(sealed) => self.read_adopted(&key, &sealed).map(|(_, list)| Some(list)),
            None => Ok(None),
        }
    }

    /// Returns every list that was taken over, with the number of its entries.
    ///
    /// # Errors
    /// [`RegisterError::Store`] or [`RegisterError::Damaged`].
    pub fn all_adopted(&self) -> Result<Vec<(StatusUri, u64)>, RegisterError> {
        let found = entries(&*self.store, seal::ADOPTED).map(|found| {
            let (key, sealed) = found?;
            let (uri, list) = self.read_adopted(&key, &sealed)?;
            Ok((uri, list.len()))
        });
        found.collect()
    }

    /// Changes an entry of a list that was taken over, and returns its value before; `None` if there is
    /// no such list or entry.
    ///
    /// # Errors
    /// [`RegisterError::FinalEntry`] if it is invalid and would no longer be;
    /// [`RegisterError::Store`], [`RegisterError::Damaged`].
    pub fn set_adopted(
        &self,
        uri: &StatusUri,
        index: u64,
        status: Status,
    ) -> Result<Option<u8>, RegisterError> {
        let _unchanged = self.lock();
        let Some(mut list) = self.adopted(uri)? else { return Ok(None) };
        let Some(before) = list.value(index) else { return Ok(None) };
        if before == Status::Invalid as u8 && status != Status::Invalid {
            return Err(RegisterError::FinalEntry { index });
        }
        list.set(index, status);
        self.put_adopted(uri, &list)?;
        Ok(Some(before))
    }

    fn put_adopted(&self, uri: &StatusUri, list: &StatusList) -> Result<(), RegisterError> {
        let key = self.sealer.adopted_key(&uri.to_string());
        let mut e = Encoder::new();
        e.array(2).text(&uri.to_string()).item(list);
        let mut batch = Batch::new();
        batch.put(key.as_slice(), self.sealer.seal(&key, e.as_bytes())?);
        Ok(self.store.apply(batch)?)
    }

    fn read_adopted(
        &self,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<(StatusUri, StatusList), RegisterError> {
        let plain = self.sealer.open(key, sealed).ok_or(damaged("adopted list"))?;
        let mut d = Decoder::new(&plain, Mode::Strict);
        let read = d.array(|d, _| Ok((d.text()?.to_owned(), StatusList::decode(d)?)));
        let (uri, list) = read.map_err(|_| damaged("adopted list"))?;
        let uri = StatusUri::parse(&uri).ok_or(damaged("adopted list"))?;
        Ok((uri, list))
    }
}
