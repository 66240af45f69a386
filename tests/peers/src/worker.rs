//! The worker and her credential: twelve claims that can be withheld, and what is always shown. All of
//! it is made up.

use std::sync::LazyLock;

use carnet_proto::classification::Country;
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::skill::{Experience, LanguageSkill, Skill};
use carnet_proto::id::Digest;
use carnet_proto::profile::VCT_SKILL;
use carnet_proto::text::Language;
use carnet_proto::time::{DAY, Date};
use serde_json::{Value, json};

use crate::federation::world::{self, START, line};

/// Secret key of the issuer, for peers.
pub const ISSUER_SECRET: [u8; 32] = [0x21; 32];
/// Secret key of the holder, for peers.
pub const HOLDER_SECRET: [u8; 32] = [0x43; 32];
/// Secret key of somebody whom no verifier knows.
pub const STRANGER_SECRET: [u8; 32] = [0x65; 32];
/// Issued on.
pub const ISSUED_AT: u64 = START.0;
/// Long enough for peers that ask the clock of the machine.
pub const EXPIRES_AT: u64 = START.0 + 3650 * DAY;
/// The name that the holder has in this credential only.
pub const SUBJECT: &str = "urn:carnet:holder:5b0f6c0ce4a94f6f9d2a1c7e83b4d011";

/// The claims that can be withheld, by their place.
pub const REDACTABLE: [&[&str]; 12] = [
    &["sub"],
    &["name_native"],
    &["name_latin"],
    &["name_icao"],
    &["birth_date"],
    &["nationality"],
    &["document_number"],
    &["portrait"],
    &["skill", "assessment"],
    &["skill", "learning"],
    &["skill", "experience"],
    &["skill", "languages"],
];

/// The three that are shown.
pub const SHOWN: [&[&str]; 3] = [&["name_latin"], &["birth_date"], &["skill", "assessment"]];

/// Who the credential is about.
pub static PERSON: LazyLock<Person> = LazyLock::new(|| Person {
    name_native: Some(line("ᜎᜒᜄᜌ ᜑᜎᜒᜋ᜔ᜊᜏ")),
    portrait: Some(Digest::new([0x5a; 32])),
    nationality: Country::parse("PH").ok(),
    ..world::worker()
});

/// What it attests.
pub static SKILL: LazyLock<Skill> = LazyLock::new(|| Skill {
    skills: vec![],
    experience: vec![Experience {
        role: line("Welder"),
        start: Date::parse("2021-02-01").expect("a date"),
        end: Date::parse("2025-11-30"),
        hours: Some(8600),
        supervised: None,
        employer: Some(line("Fictitious Shipyard 3")),
    }],
    languages: vec![LanguageSkill {
        language: Language::parse("de").expect("a language"),
        level: line("B1"),
    }],
    ..world::welding()
});

/// The claims as JSON, for an issuer of this name. The holder's key is left to the peer.
#[must_use]
pub fn json(issuer: &str) -> Value {
    let mut claims = json!({
        "iss": issuer,
        "iat": ISSUED_AT,
        "exp": EXPIRES_AT,
        "jti": data_encoding::BASE64URL_NOPAD.encode(&[0x6c; 16]),
        "vct": VCT_SKILL,
        "status": { "status_list": { "idx": 1000, "uri": format!("{issuer}/status/0") } },
        "sub": SUBJECT,
        "skill": &*SKILL,
    });
    let person = serde_json::to_value(&*PERSON).expect("a person");
    let all = claims.as_object_mut().expect("a map");
    all.extend(person.as_object().expect("a map").clone());
    // As short as the bytes of the digest allow.
    all["portrait"] = data_encoding::BASE64URL_NOPAD.encode(&[0x5a; 32]).into();
    claims
}

/// Returns what stands at a place.
#[must_use]
pub fn at<'v>(claims: &'v Value, place: &[&str]) -> &'v Value {
    place.iter().fold(claims, |value, key| &value[*key])
}
