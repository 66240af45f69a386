use carnet_proto::statement::profile::MAX_ADDRESSES;
use serde::Deserialize as _;
use serde::de::{Deserializer, Error as _, Visitor};

use super::*;
use crate::desk::register::MAX_LIST_ENTRIES;
use crate::desk::status::{LIST_LIFETIME, MAX_LISTS};
use crate::logs::MAX_FOLLOWS;
use crate::net::{REDIAL_FIRST, REDIAL_LONGEST};
use crate::test_support::ForeignLog;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("carnet.toml")).map_err(|error| error.to_string())
}

#[test]
fn what_is_written_is_read_again() {
    assert_eq!(parse("").unwrap(), Config::default());
    let config = Config {
        announce: Announce::Listening,
        peers: Vec::from(["/dns4/node.example/tcp/7879".parse().unwrap()]),
        follows: Vec::from([Did::of_inception(b"x")]),
        institutions: Vec::from([PathBuf::from("a \"b\"")]),
        witnessed: Vec::from([ForeignLog::new(1).listed(), ForeignLog::new(1).listed()]),
        log_format: LogFormat::Json,
        log_level: LogLevel::Debug,
        ..Config::default()
    };
    assert_eq!(parse(&config.to_toml()).unwrap(), config);
    let config = Config {
        announce: Announce::Addresses(Config::default().listen),
        institutions: Vec::new(),
        ..config
    };
    assert_eq!(parse(&config.to_toml()).unwrap(), config);
}

#[test]
fn only_a_log_of_others_is_listed_and_only_with_a_key_of_a_log() {
    let vkey = ForeignLog::new(1).vkey();
    assert!(WitnessedLog::new("log.example/other", &vkey).is_ok());
    let did = Did::of_inception(b"x").to_string();
    for origin in [did.as_str(), "", "two\nlines"] {
        assert_eq!(WitnessedLog::new(origin, &vkey), Err(NoteError::Malformed), "{origin:?}");
    }
    let key = carnet_proto::key::Seed::new([1; 32]).public_key_set().witness;
    let key = NoteKey::new("w.example", NoteKeyKind::Cosignature, key).unwrap();
    let refused = WitnessedLog::new("log.example", &key.to_vkey());
    assert_eq!(refused, Err(NoteError::Malformed));
}

#[test]
fn a_mistake_is_named_with_its_file_line_and_key() {
    for (text, line, parts) in [
        ("http = \"127.0.0.1\"", 1, ["`http`", "127.0.0.1"]),
        ("\n\nlisten = [\"/ip4/1.2.3\"]", 3, ["`listen`", "/ip4/1.2.3"]),
        ("htttp = 1", 1, ["no key `htttp`", "did you mean `http`?"]),
        ("peers = []\nstatus_shedule_seconds = 5", 2, ["no key", "`status_schedule_seconds`?"]),
        ("quorum = 1", 1, ["no key `quorum`", "anti_entropy_seconds, "]),
        ("\nstatus_list_entries = 1000", 2, ["`status_list_entries`", "131072"]),
        ("anti_entropy_seconds = 0", 1, ["`anti_entropy_seconds`", "from 1 to 604800"]),
        ("cache_mebibytes = -1", 1, ["`cache_mebibytes`", "-1"]),
        ("log_level = \"loud\"", 1, ["`log_level`", "error, warn, info, debug"]),
        ("announce = \"everything\"", 1, ["`announce`", "listening"]),
        ("follows = [\"did:web:x\"]", 1, ["`follows`", "did:web:x"]),
        ("institutions = [\"../other\"]", 1, ["`institutions`", "../other"]),
        (
            "\n[[witnessed]]\norigin = \"log.example\"\nkey = \"log.example+0+AQ==\"",
            2,
            ["log.example", "NAME+ID"],
        ),
        ("\n[[witnessed]]\norigin = \"log.example\"", 2, ["missing", "key"]),
        ("[[witnessed]]\norigin = \"a\"\nkeys = \"b\"", 3, ["no key `keys`", "mean `key`?"]),
        ("http =", 1, ["", ""]),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.starts_with(&format!("carnet.toml, line {line}: ")), "{text}: {error}");
        assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
    }
}

/// Asks a type for its fields, and gives it nothing.
struct Fields<'f>(&'f mut Vec<&'static str>);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.extend(fields);
        Err(Self::Error::custom("seen"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[test]
fn the_template_has_every_key_that_is_read_and_no_other() {
    let mut fields = Vec::new();
    assert!(wire::Wire::deserialize(Fields(&mut fields)).is_err());
    let described: Vec<_> = keys::KEYS.iter().map(|key| key.name).collect();
    assert_eq!(described.len(), fields.len());
    assert!(fields.iter().all(|field| described.contains(field)), "{fields:?}");
    let template = Config::default().to_toml();
    for name in described {
        let line = match name {
            "witnessed" => "# [[witnessed]]\n".to_owned(),
            "store" => "\n[store]\nkind = ".to_owned(),
            name => format!("\n{name} = "),
        };
        assert!(template.contains(&line), "{name}");
    }
}

#[test]
fn the_template_says_the_limits_and_defaults_of_the_code() {
    let words = Config::default().to_toml().replace("\n# ", " ");
    let most = MAX_LISTED;
    for part in [
        format!("multiaddresses; at most {most}."),
        format!("At most {most} here, of which a profile names the first {MAX_ADDRESSES}."),
        format!("at most {most} here, and {MAX_FOLLOWS} with those."),
        format!("dialled again after {} second,", REDIAL_FIRST.as_secs()),
        format!("at last every {} seconds.", REDIAL_LONGEST.as_secs()),
        format!("comparisons with a random peer, from 1 to {MAX_SECONDS}."),
        format!("publications of the status lists, from 1 to {MAX_SECONDS}."),
        format!("runs out {} days after it was signed", LIST_LIFETIME / DAY),
        format!("from {MIN_ENTRIES} to {MAX_LIST_ENTRIES}."),
        format!("there are at most {MAX_LISTS},"),
        format!("in MiB, from 1 to {MAX_CACHE_MEBIBYTES},"),
        "find it. Default: 30\nanti_entropy_seconds = 30\n".to_owned(),
    ] {
        assert!(words.contains(&part), "{part}: {words}");
    }
    for (key, value) in [("anti_entropy_seconds", MAX_SECONDS), ("cache_mebibytes", 1 << 20)] {
        assert!(parse(&format!("{key} = {value}")).is_ok());
        assert!(parse(&format!("{key} = {}", value + 1)).is_err());
    }
}
