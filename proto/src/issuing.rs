//! What the issuing desk takes in and hands out: orders for credentials, and credential files.

use alloc::vec::Vec;

use crate::anchor::Anchor;
use crate::cbor::{Bytes, CborError, Decode as _, record};
use crate::classification::Country;
use crate::credential::attested::Attested;
use crate::credential::claims::Person;
use crate::credential::contribution::Contribution;
use crate::credential::skill::Skill;
use crate::file::{self, FileError};
use crate::id::Digest;
use crate::profile::{FileKind, MAX_CREDENTIAL_BYTES, Profile, VCT_CONTRIBUTION, VCT_SKILL};
use crate::text::Line;
use crate::time::{Date, UnixSeconds};

/// Most rows of one order.
pub const MAX_ROWS: usize = 10_000;
/// Most bytes of a credential file: the credential, its anchor and the outer layer.
pub const MAX_CREDENTIAL_FILE_BYTES: usize = MAX_CREDENTIAL_BYTES + 2048;

record! {
    /// Who a credential is to be about.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PersonRow {
        /// Name in the own script.
        name_native [1]: Option<Line>,
        /// Name in Latin letters.
        name_latin [2]: Option<Line>,
        /// Name as in a travel document.
        name_icao [3]: Option<Line>,
        /// Birth date.
        birth_date [4]: Option<Date>,
        /// Nationality.
        nationality [5]: Option<Country>,
        /// Number of an identity document.
        document_number [6]: Option<Line>,
        /// SHA-256 of a portrait.
        portrait [7]: Option<Digest>,
    }
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Self {
            name_native: row.name_native,
            name_latin: row.name_latin,
            name_icao: row.name_icao,
            birth_date: row.birth_date,
            nationality: row.nationality,
            document_number: row.document_number,
            portrait: row.portrait,
        }
    }
}

record! {
    /// One credential to be issued.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct IssuingRow {
        /// The clerk's key for the row, by which its status is set later; unique at the desk.
        row [1]: Line,
        /// The holder's key request, as a file.
        key_request [2]: Bytes,
        /// Who it is about.
        person [3]: PersonRow,
        /// What it attests, if that is a skill.
        skill [4]: Option<Skill>,
        /// Until when it counts.
        expires_at [5]: UnixSeconds,
        /// What it attests, if that is a contribution period.
        contribution [6]: Option<Contribution>,
    }
    check |row| if row.skill.is_some() == row.contribution.is_some() {
        Err("a row attests a skill or a contribution period, one of them")
    } else {
        Ok(())
    }
}

impl IssuingOrder {
    /// Returns the type of the credentials that are ordered.
    pub fn credential_type(&self) -> &'static str {
        match self.rows.first() {
            Some(row) if row.contribution.is_some() => VCT_CONTRIBUTION,
            _ => VCT_SKILL,
        }
    }
}

impl IssuingRow {
    /// Returns what the row attests.
    pub fn attested(&self) -> Option<Attested> {
        let skill = self.skill.clone().map(Attested::from);
        skill.or_else(|| self.contribution.clone().map(Attested::from))
    }

    /// Puts what is attested into the row.
    #[must_use]
    pub fn attesting(mut self, attested: Attested) -> Self {
        (self.skill, self.contribution) = match attested {
            Attested::Skill(skill) => (Some(skill), None),
            Attested::Contribution(contribution) => (None, Some(contribution)),
        };
        self
    }
}

record! {
    /// A class to be certified: all rows or none.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct IssuingOrder {
        /// The rows.
        rows [1; ..MAX_ROWS]: Vec<IssuingRow>,
    }
    check |order| if order.rows.is_empty() {
        Err("an order has at least one row")
    } else if order.rows.windows(2).any(|rows| {
        matches!(rows, [a, b] if a.skill.is_some() != b.skill.is_some())
    }) {
        Err("an order is for credentials of one type")
    } else {
        Ok(())
    }
}

record! {
    /// One credential that was issued.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct IssuedRow {
        /// The clerk's key for the row.
        row [1]: Line,
        /// The credential as a file of kind 2.
        file [2]: Bytes,
    }
}

record! {
    /// A class that was certified.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct IssuedBatch {
        /// Digest of the issuance statement.
        issuance [1]: Digest,
        /// The credentials, in the order of the rows.
        rows [2; ..MAX_ROWS]: Vec<IssuedRow>,
    }
}

record! {
    /// The body of a file of kind 2: a credential with all its disclosures, for its holder alone.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CredentialFile {
        /// The format of the credential.
        profile [1]: Profile,
        /// The SD-CWT.
        sd_cwt [2]: Bytes,
        /// What proves when it existed.
        anchor [3]: Anchor,
    }
}

/// Why bytes are not a credential file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialFileError {
    /// Not a file of this kind.
    #[error(transparent)]
    File(#[from] FileError),
    /// Malformed.
    #[error("malformed credential file: {0}")]
    Malformed(#[from] CborError),
}

impl CredentialFile {
    /// Returns the file.
    pub fn to_file(&self) -> Vec<u8> {
        file::wrap(FileKind::Credential, self)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`CredentialFileError`]. The credential in it is not verified.
    pub fn open(bytes: &[u8]) -> Result<Self, CredentialFileError> {
        let body = file::unwrap(bytes, FileKind::Credential, MAX_CREDENTIAL_FILE_BYTES)?;
        Ok(Self::from_cbor(body)?)
    }
}
