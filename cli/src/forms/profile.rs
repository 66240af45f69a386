//! What an institution says about itself beyond name, country and role, as TOML.

use super::agreement::names;
use super::{In, all, broken, maybe, read_toml};
use crate::error::CliError;
use carnet_proto::id::Did;
use carnet_proto::statement::profile::{Contact, InstitutionProfile};
use carnet_proto::text::{Line, Name};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A file to start from.
pub const TEMPLATE: &str = include_str!("profile.toml");

/// What the file says. What it leaves out stays as it was.
#[derive(Debug, Default)]
pub struct ProfileChanges {
    names: Vec<Name>,
    web: Option<Line>,
    contacts: Option<Vec<Contact>>,
    witnesses: Option<(Vec<Did>, Option<u8>)>,
}

impl ProfileChanges {
    /// Puts the changes into a profile.
    pub fn apply(self, profile: &mut InstitutionProfile) {
        for name in self.names {
            profile.names.retain(|known| known.language != name.language);
            profile.names.push(name);
        }
        profile.web = self.web.or(profile.web.take());
        if let Some(contacts) = self.contacts {
            profile.contacts = contacts;
        }
        if let Some((witnesses, quorum)) = self.witnesses {
            profile.witnesses = witnesses;
            profile.quorum = quorum;
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileForm {
    #[serde(default)]
    names: BTreeMap<String, In<Line>>,
    web: Option<In<Line>>,
    contact: Option<Vec<ContactForm>>,
    witnesses: Option<Vec<In<Did>>>,
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
pub fn read(path: &Path) -> Result<ProfileChanges, CliError> {
    let form: ProfileForm = read_toml(path)?;
    if form.quorum.is_some() && form.witnesses.is_none() {
        return Err(broken(path, "a quorum is given without witnesses"));
    }
    let contact = |form: ContactForm| Contact { role: form.role.0, address: form.address.0 };
    Ok(ProfileChanges {
        names: names(form.names).map_err(|reason| broken(path, reason))?,
        web: maybe(form.web),
        contacts: form.contact.map(|forms| forms.into_iter().map(contact).collect()),
        witnesses: form.witnesses.map(|witnesses| (all(witnesses), form.quorum)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnet_proto::classification::Country;
    use carnet_proto::statement::profile::Role;
    use carnet_proto::text::Language;

    #[test]
    fn what_a_file_leaves_out_stays_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("profile.toml");
        let name = |language: &str, text: &str| Name {
            language: Language::parse(language).unwrap(),
            text: Line::parse(text).unwrap(),
        };
        let mut profile = InstitutionProfile {
            names: vec![name("en", "Institute")],
            country: Country::parse("PH").unwrap(),
            role: Role::TrainingBody,
            web: Some(Line::parse("https://a.example").unwrap()),
            nodes: Vec::new(),
            contacts: Vec::new(),
            witnesses: vec![Did::of_inception(b"w")],
            quorum: Some(1),
        };
        std::fs::write(&path, TEMPLATE).unwrap();
        let before = profile.clone();
        read(&path).unwrap().apply(&mut profile);
        assert_eq!(profile, before, "the template by itself changes nothing");
        let mut text = TEMPLATE.replace("# names", "names");
        for line in ["[[contact]]", "role =", "address ="] {
            text = text.replace(&format!("# {line}"), line);
        }
        std::fs::write(&path, text).unwrap();
        read(&path).unwrap().apply(&mut profile);
        assert_eq!(profile.names.len(), 2);
        assert_eq!(profile.contacts.len(), 1);
        assert!(profile.web.is_some() && profile.quorum == Some(1));
        std::fs::write(&path, "quorum = 2").unwrap();
        assert_eq!(read(&path).unwrap_err().code(), "form-rule");
    }
}
