//! The batches that the register was told of before they were logged.

use std::collections::HashMap;

use super::{Register, RegisterError};
use crate::store::Batch;

/// The digest of a batch's issuance, and the root of the batch.
pub type BatchNames = ([u8; 32], [u8; 32]);

impl Register {
    /// Notes the root of a batch whose indexes are allocated. Done before the root is logged, so that
    /// a root in the log that was not announced shows a register older than the log.
    ///
    /// # Errors
    /// [`RegisterError::Store`].
    pub fn announce(&self, root: &[u8; 32]) -> Result<(), RegisterError> {
        let key = self.sealer.batch_key(root);
        let mut batch = Batch::new();
        batch.put(key.as_slice(), self.sealer.seal(&key, root)?);
        Ok(self.store.apply(batch)?)
    }

    /// Keeps of batches, each the digest of its issuance and its root, those that were neither
    /// announced nor have a record.
    ///
    /// # Errors
    /// [`RegisterError::Store`] or [`RegisterError::Damaged`].
    pub fn unknown(
        &self,
        batches: impl Iterator<Item = BatchNames>,
    ) -> Result<Vec<BatchNames>, RegisterError> {
        let mut unknown = HashMap::new();
        for (issuance, root) in batches {
            let key = self.sealer.batch_key(&root);
            let announced =
                self.store.get(&key)?.and_then(|sealed| self.sealer.open(&key, &sealed));
            if announced.is_none_or(|announced| announced.as_slice() != root) {
                unknown.insert(issuance, root);
            }
        }
        if !unknown.is_empty() {
            // Registers were once written without announcements.
            for record in self.iter(usize::MAX) {
                unknown.remove(&record?.batch);
            }
        }
        Ok(unknown.into_iter().collect())
    }
}
