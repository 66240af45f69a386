//! Makes the conformance vectors of `tests/vectors/`: one case a defect, each signed anew behind the
//! defect so that nothing else is wrong with it.
//!
//! Everything is derived from fixed seeds: the same vectors come out in every run. What a case expects
//! is stated by hand beside it, and compared with what this implementation says by
//! `tests/tests/conformance.rs`.

pub mod anchor;
pub mod cbor;
pub mod cose;
pub mod credential;
pub mod credential_claims;
pub mod credential_contribution;
pub mod credential_disclosures;
pub mod credential_headers;
pub mod evidence;
pub mod evidence_keys;
pub mod file;
pub mod fork;
pub mod key_binding;
pub mod log;
pub mod note;
pub mod presentation;
pub mod receipt;
pub mod request;
pub mod statement;
pub mod statement_kinds;
pub mod status;
pub mod token;
pub mod verify;
pub mod verify_world;

use carnet_proto::cbor::{Decode as _, Encode as _, Encoder, Value};

use carnet_proto::profile::FileKind;
use data_encoding::HEXLOWER;
use serde_json::{Value as Json, json};

/// The version of the shape of a case.
pub const FORMAT: u64 = 1;

/// One vector: bytes, what is known besides, and what a reader has to answer.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is read; the directory.
    pub object: &'static str,
    /// The defect; the file's name.
    pub name: String,
    /// What is wrong, or what is shown to be right.
    pub about: String,
    /// The specification and section that says so.
    pub source: String,
    /// The valid case from which this one differs in one way.
    pub base: Option<String>,
    /// What a stranger sends.
    pub input: Json,
    /// What the reader knows.
    pub context: Json,
    /// What the reader has to answer.
    pub expect: Json,
}

impl Case {
    /// The path of its file below `tests/vectors`.
    pub fn path(&self) -> String {
        format!("{}/{}.json", self.object, self.name)
    }

    /// Its file.
    pub fn to_text(&self) -> String {
        let mut fields = vec![
            ("format", json!(FORMAT)),
            ("object", json!(self.object)),
            ("name", json!(self.name)),
            ("about", json!(self.about)),
            ("source", json!(self.source)),
        ];
        fields.extend(self.base.as_ref().map(|base| ("base", json!(base))));
        fields.push(("input", self.input.clone()));
        fields.push(("context", self.context.clone()));
        fields.push(("expect", self.expect.clone()));
        object_text(&fields)
    }
}

/// Collects the cases of one object.
#[derive(Debug)]
pub struct Cases {
    object: &'static str,
    source: &'static str,
    context: Json,
    /// The cases so far.
    pub list: Vec<Case>,
}

impl Cases {
    /// Begins with no case.
    pub fn new(object: &'static str) -> Self {
        Self { object, source: "", context: json!({}), list: Vec::new() }
    }

    /// States the source of the cases that follow.
    pub fn source(&mut self, source: &'static str) -> &mut Self {
        self.source = source;
        self
    }

    /// States what the reader knows in the cases that follow.
    pub fn context(&mut self, context: Json) -> &mut Self {
        self.context = context;
        self
    }

    fn add(&mut self, name: &str, base: Option<&str>, about: &str, input: Json, expect: Json) {
        assert!(!self.source.is_empty(), "{name} has no source");
        self.list.push(Case {
            object: self.object,
            name: name.into(),
            about: about.into(),
            source: self.source.into(),
            base: base.map(Into::into),
            input,
            context: self.context.clone(),
            expect,
        });
    }

    /// Adds a case that a reader accepts, with what it reads.
    pub fn valid(&mut self, name: &str, about: &str, input: Json, mut reads: Json) {
        reads["class"] = json!("valid");
        self.add(name, None, about, input, reads);
    }

    /// Adds a case that a reader refuses.
    pub fn invalid(&mut self, name: &str, base: &str, error: &str, about: &str, input: Json) {
        self.add(name, Some(base), about, input, json!({ "class": "invalid", "error": error }));
    }

    /// Adds a case that is newer than the reader, which says so instead of calling it malformed.
    pub fn refused(&mut self, name: &str, base: &str, error: &str, about: &str, input: Json) {
        self.add(name, Some(base), about, input, json!({ "class": "refused", "error": error }));
    }
}

/// A file of logs that cases refer to.
#[derive(Clone, Debug)]
pub struct WorldFile {
    /// The file's name.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl WorldFile {
    /// The path of its file below `tests/vectors`.
    pub fn path(&self) -> String {
        format!("world/{}.json", self.name)
    }
}

/// Makes every vector: the cases, and the logs that they refer to.
pub fn all() -> (Vec<Case>, Vec<WorldFile>) {
    let (verify, worlds) = verify::cases();
    let parts = [
        cbor::cases(),
        cose::cases(),
        statement::cases(),
        statement_kinds::cases(),
        log::inclusion(),
        log::consistency(),
        note::checkpoints(),
        note::cosignatures(),
        status::cases(),
        token::cases(),
        credential::cases(),
        credential_claims::cases(),
        credential_contribution::cases(),
        key_binding::cases(),
        presentation::cases(),
        anchor::cases(),
        evidence::cases(),
        evidence_keys::cases(),
        file::cases(),
        fork::cases(),
        request::key_requests(),
        request::challenges(),
        receipt::cases(),
        verify,
    ];
    (parts.into_iter().flat_map(|cases| cases.list).collect(), worlds)
}

/// Lower-case hex.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

/// The bytes that a hex text stands for; spaces are for people.
pub fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.replace(' ', "").as_bytes()).expect("hex")
}

/// Entries of a CBOR map, in any order.
pub type Entries = Vec<(Value, Value)>;

/// A file around any body, be it CBOR or not.
pub fn file_around(kind: FileKind, body: &[u8]) -> Vec<u8> {
    struct Raw<'b>(&'b [u8]);
    impl carnet_proto::cbor::Encode for Raw<'_> {
        fn encode(&self, e: &mut Encoder) {
            e.raw(self.0);
        }
    }
    carnet_proto::file::wrap(kind, &Raw(body))
}

/// Decodes a map, lets it be changed, and encodes it again.
pub fn altered_map(bytes: &[u8], alter: impl FnOnce(&mut Entries)) -> Vec<u8> {
    let Value::Map(mut entries) = Value::from_cbor(bytes).expect("CBOR") else { panic!("a map") };
    alter(&mut entries);
    Value::Map(entries).to_cbor()
}

/// A map key or value.
pub fn int(n: i64) -> Value {
    Value::Int(n.into())
}

/// Puts an entry into the place of another with the same key, or adds it.
pub fn set(entries: &mut Entries, key: impl Into<Label>, value: impl Into<Value>) {
    let Label(key) = key.into();
    entries.retain(|(known, _)| *known != key);
    entries.push((key, value.into()));
}

/// Takes an entry out of a map.
pub fn remove(entries: &mut Entries, key: i64) -> Value {
    let at = entries.iter().position(|(known, _)| *known == int(key)).expect("an entry");
    entries.remove(at).1
}

/// A map key: an integer, or any value.
pub struct Label(Value);

impl From<i64> for Label {
    fn from(n: i64) -> Self {
        Self(int(n))
    }
}

impl From<Value> for Label {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

/// Writes the fields of an object, one a line.
fn object_text(fields: &[(&str, Json)]) -> String {
    let lines: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("  {}: {}", json!(name), text(value, 2)))
        .collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// Writes a value with the keys of objects in order, whatever order the library keeps; what is short
/// stays on one line.
pub fn text(value: &Json, indent: usize) -> String {
    let (open, close, items): (_, _, Vec<String>) = match value {
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let items =
                entries.into_iter().map(|(k, v)| format!("{}: {}", json!(k), text(v, indent + 2)));
            ('{', '}', items.collect())
        }
        Json::Array(items) => ('[', ']', items.iter().map(|item| text(item, indent + 2)).collect()),
        plain => return plain.to_string(),
    };
    let short = items.join(", ");
    if short.len() <= 90 && !short.contains('\n') {
        return format!("{open}{short}{close}");
    }
    let (inner, outer) = (" ".repeat(indent + 2), " ".repeat(indent));
    let lines: Vec<_> = items.into_iter().map(|item| format!("{inner}{item}")).collect();
    format!("{open}\n{}\n{outer}{close}", lines.join(",\n"))
}
