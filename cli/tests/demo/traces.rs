//! Everything about the workers of a class that would give one of them away, and the search for it.

use carnet_proto::cbor::{Decoder, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::Claims;
use carnet_proto::credential::disclosure::Reader;
use carnet_proto::issuing::CredentialFile;
use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL, Encoding, HEXLOWER, HEXUPPER};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

/// Fewest bytes of a trace: what is shorter may stand anywhere by chance.
const MIN_BYTES: usize = 8;

/// Byte strings to look for, each with what it is.
#[derive(Default)]
pub struct Traces {
    /// What a trace is of, such as "Latin name", and its bytes.
    pub all: Vec<(&'static str, Vec<u8>)>,
    by_start: HashMap<[u8; MIN_BYTES], Vec<usize>>,
}

impl Traces {
    /// Takes a trace up, unless it is too short.
    pub fn add(&mut self, kind: &'static str, bytes: &[u8]) {
        let Some(start) = bytes.first_chunk::<MIN_BYTES>() else { return };
        self.by_start.entry(*start).or_default().push(self.all.len());
        self.all.push((kind, bytes.to_vec()));
    }

    /// Takes a byte string up raw and in the texts that it may be written as.
    fn add_binary(&mut self, kind: &'static str, bytes: &[u8]) {
        self.add(kind, bytes);
        self.add(kind, HEXLOWER.encode(bytes).as_bytes());
        self.add(kind, HEXUPPER.encode(bytes).as_bytes());
        self.add(kind, BASE32_NOPAD.encode(bytes).as_bytes());
        self.add(kind, BASE32_NOPAD.encode(bytes).to_lowercase().as_bytes());
        for shift in 0..3 {
            self.add(kind, &inner_base64(&BASE64, shift, bytes));
            self.add(kind, &inner_base64(&BASE64URL, shift, bytes));
        }
    }

    /// Takes up all that the class list and the credentials issued for it say about the workers.
    pub fn of_class(class: &Path) -> Self {
        let mut traces = Self::default();
        let mut list = csv::Reader::from_path(class.join("class.csv")).unwrap();
        let columns = [
            ("row", "row key"),
            ("name_native", "native name"),
            ("name_latin", "Latin name"),
            ("name_icao", "ICAO name"),
            ("birth_date", "birth date"),
            ("document_number", "document number"),
        ];
        for row in list.deserialize() {
            let row: BTreeMap<String, String> = row.unwrap();
            for (column, kind) in columns {
                traces.add(kind, row[column].as_bytes());
                traces.add(kind, row[column].to_uppercase().as_bytes());
            }
            let file = class.join("issued").join(format!("{}.carnet", row["row"]));
            traces.add_credential(&std::fs::read(file).unwrap());
        }
        traces
    }

    /// Takes up all that a credential file says of a worker.
    pub fn add_credential(&mut self, file: &[u8]) {
        let file = CredentialFile::open(file).unwrap();
        let sd_cwt = SdCwt::parse(&file.sd_cwt.0, Mode::Strict).unwrap();
        let restored = sd_cwt.restore(file.profile, Reader::Holder).unwrap();
        let claims = Claims::read(&restored.claims).unwrap();
        self.add_binary("holder key", claims.holder_key.as_bytes());
        self.add_binary("key identifier", claims.holder_key.kid().as_bytes());
        self.add_binary("credential id", claims.id.as_bytes());
        self.add_binary("credential digest", sd_cwt.digest().as_bytes());
        if let Some(contribution) = claims.contribution() {
            for employer in &contribution.employers {
                let lines = [Some(&employer.name), employer.reference.as_ref()];
                lines.iter().flatten().for_each(|l| self.add("employer", l.as_str().as_bytes()));
            }
            for known in &contribution.insurance_numbers {
                self.add("insurance number", known.number.as_str().as_bytes());
            }
        }
        for work in claims.skill().iter().flat_map(|skill| &skill.experience) {
            if let Some(employer) = &work.employer {
                self.add("employer", employer.as_str().as_bytes());
            }
        }
        for disclosure in sd_cwt.disclosures() {
            self.add("redacted claim", Decoder::new(disclosure, Mode::Strict).bytes().unwrap());
            let hash = file.profile.redacted_claim_hash(disclosure);
            self.add("redacted claim hash", &hash);
            self.add("redacted claim hash", HEXLOWER.encode(&hash).as_bytes());
        }
    }

    /// Returns the traces that stand in a byte string, by their places in [`Self::all`].
    pub fn found_in(&self, hay: &[u8]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for (at, window) in hay.windows(MIN_BYTES).enumerate() {
            let Some(candidates) = window.first_chunk().and_then(|start| self.by_start.get(start))
            else {
                continue;
            };
            let fits = |trace: &&usize| hay[at..].starts_with(&self.all[**trace].1);
            found.extend(candidates.iter().filter(fits));
        }
        found
    }

    /// Returns what was found in any of many byte strings, in words. Equal ones are read once.
    pub fn search<'h>(&self, hays: impl IntoIterator<Item = &'h [u8]>) -> BTreeSet<String> {
        let different: HashSet<&[u8]> = hays.into_iter().collect();
        let found = different.into_iter().flat_map(|hay| self.found_in(hay));
        found.map(|trace| self.in_words(trace)).collect()
    }

    /// Says what a trace is.
    pub fn in_words(&self, trace: usize) -> String {
        let (kind, bytes) = &self.all[trace];
        format!("{kind} {}", bytes.escape_ascii())
    }
}

/// Base64 of `bytes` where they stand in the midst of something longer, `shift` bytes after a
/// multiple of three: only the characters that depend on nothing else.
fn inner_base64(encoding: &Encoding, shift: usize, bytes: &[u8]) -> Vec<u8> {
    let whole = encoding.encode(&[vec![0; shift].as_slice(), bytes].concat()).into_bytes();
    whole[(shift * 8).div_ceil(6)..(shift + bytes.len()) * 8 / 6].to_vec()
}
