//! What an institution says about itself beyond name, country and role, as TOML.

use super::agreement::names;
use super::{In, all, broken, maybe, read_toml};
use crate::error::CliError;
use carnet_proto::id::Did;
use carnet_proto::statement::profile::Contact;
use carnet_proto::text::{Line, Name};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What the file of `--profile` adds.
#[derive(Debug, Default)]
pub struct ProfileAdditions {
    /// Further names by language.
    pub names: Vec<Name>,
    /// Web address.
    pub web: Option<Line>,
    /// Whom to ask.
    pub contacts: Vec<Contact>,
    /// Witnesses that it proposes.
    pub witnesses: Vec<Did>,
    /// How many of them make a quorum.
    pub quorum: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileForm {
    #[serde(default)]
    names: BTreeMap<String, In<Line>>,
    web: Option<In<Line>>,
    #[serde(default)]
    contact: Vec<ContactForm>,
    #[serde(default)]
    witnesses: Vec<In<Did>>,
    quorum: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactForm {
    role: In<Line>,
    address: In<Line>,
}

/// Reads the file.
///
/// # Errors
/// As [`read_toml`], or `form-rule`.
pub fn read(path: &Path) -> Result<ProfileAdditions, CliError> {
    let form: ProfileForm = read_toml(path)?;
    let contact = |form: ContactForm| Contact { role: form.role.0, address: form.address.0 };
    Ok(ProfileAdditions {
        names: names(form.names).map_err(|reason| broken(path, reason))?,
        web: maybe(form.web),
        contacts: form.contact.into_iter().map(contact).collect(),
        witnesses: all(form.witnesses),
        quorum: form.quorum,
    })
}
