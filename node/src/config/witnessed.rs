//! The part of the configuration that lists logs of others.

use carnet_proto::id::DID_PREFIX;
use carnet_proto::log::checkpoint::{NoteError, NoteKey, NoteKeyKind};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::MAX_LISTED;

/// A log that is not of Carnet, and a key that signs its checkpoints. Several may share an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessedLog {
    origin: String,
    key: NoteKey,
}

impl WitnessedLog {
    /// Names a log by its origin, one line, and a verifier key as in C2SP signed-note.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] if the origin is empty, has control characters or is a DID of
    /// Carnet, whose logs are followed instead; or if the key is not an Ed25519 key of a log.
    pub fn new(origin: &str, vkey: &str) -> Result<Self, NoteError> {
        let key = NoteKey::parse(vkey)?;
        let is_origin = !origin.is_empty() && !origin.contains(char::is_control);
        if is_origin && !origin.starts_with(DID_PREFIX) && key.kind() == NoteKeyKind::Log {
            Ok(Self { origin: origin.to_owned(), key })
        } else {
            Err(NoteError::Malformed)
        }
    }

    /// Returns the first line of its checkpoints.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the key.
    pub fn key(&self) -> &NoteKey {
        &self.key
    }
}

pub(super) fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<WitnessedLog>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        origin: String,
        key: String,
    }
    let tables = Vec::<Table>::deserialize(d)?;
    if tables.len() > MAX_LISTED {
        return Err(D::Error::custom(format!("{} logs, more than {MAX_LISTED}", tables.len())));
    }
    let logs = tables.iter().map(|Table { origin, key }| {
        let expected = "expected an origin that is not a DID, and an Ed25519 key as NAME+ID+KEY";
        WitnessedLog::new(origin, key)
            .map_err(|_| D::Error::custom(format!("`{origin}`, `{key}`: {expected}")))
    });
    logs.collect()
}
