//! A log that a stranger made, with everything in it that a stranger can sign.

use std::collections::BTreeSet;

use carnet_proto::anchor::{Anchor, Batch};
use carnet_proto::cbor::{Bytes, Decode, Decoder, Encode, Encoder, Mode, Value};
use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::cose::sign1;
use carnet_proto::credential::SdCwt;
use carnet_proto::evidence::{EntryEvidence, LogEvidence, StatementEvidence, StatusEvidence};
use carnet_proto::id::{Did, Digest, Kid, LeafIndex, RootHash};
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::fork::ForkProof;
use carnet_proto::log::merkle::{Tree, TreeHead};
use carnet_proto::profile::{
    ALG_ED25519, ALG_SHA256, TYP_SD_CWT, TYP_STATUS_LIST, VCT_SKILL, claim, header,
};
use carnet_proto::statement::accreditation::{Accreditation, Grant, Level, LevelRange};
use carnet_proto::statement::agreement::{
    Agreement, AgreementKind, Body as AgreementBody, Party, Ratification, Signatory,
};
use carnet_proto::statement::fork::Accusation;
use carnet_proto::statement::identity::{Inception, Rotation, Succession};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::{InstitutionProfile, Role};
use carnet_proto::statement::standing::{empty_head, status_tree};
use carnet_proto::statement::{Body, Statement};
use carnet_proto::status::{StatusList, StatusToken, StatusUri};
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{UnixSeconds, Validity};

use super::super::fixture::SeededRng;

/// A stranger's institution. It signs what it likes, but nobody's witness cosigns it.
pub struct Adversary {
    pub seed: Seed,
    pub did: Did,
    replica: Replica,
    said: Vec<Digest>,
    tokens: Vec<Vec<u8>>,
}

pub fn line(text: &str) -> Line {
    Line::parse(text).expect("a line")
}

fn country() -> Country {
    Country::parse("PH").expect("a country")
}

fn names() -> Vec<Name> {
    vec![Name { language: Language::parse("en").expect("a language"), text: line("Stranger") }]
}

fn grant() -> Grant {
    let level = |text| Level::parse(text).expect("a level");
    Grant {
        credential_type: line(VCT_SKILL),
        occupations: vec![Occupation::parse("7").expect("ISCO-08")],
        fields: vec![Field::parse("07").expect("ISCED-F")],
        levels: vec![LevelRange {
            framework: Framework::parse("PQF").expect("a framework"),
            lowest: level("1"),
            highest: level("4"),
        }],
        branches: vec![],
        countries: vec![country()],
    }
}

/// The seed to whose keys those of a seed are committed.
fn next(seed: &Seed) -> Seed {
    Seed::new(*Digest::of(seed.public_key_set().statement.as_bytes()).as_bytes())
}

impl Adversary {
    pub fn new(seed: Seed) -> Self {
        let keys = seed.public_key_set();
        let next = next(&seed).public_key_set().commitment();
        let inception = Inception { keys, next };
        let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
        let replica = Replica::new(inception.entry()).expect("a log");
        Self { seed, did: *inception.issuer(), replica, said: Vec::new(), tokens: Vec::new() }
    }

    pub fn say(&mut self, body: impl Into<Body>) -> Digest {
        let key = self.seed.signing_key(Purpose::Statement);
        let statement = Statement::sign(&self.did, body, &key).expect("a statement");
        let digest = statement.digest();
        self.replica.append(&[statement]);
        self.said.push(digest);
        digest
    }

    pub fn introduce(&mut self, witnesses: Vec<Did>) {
        let quorum = (!witnesses.is_empty()).then_some(1);
        self.say(InstitutionProfile {
            names: names(),
            country: country(),
            role: Role::Ministry,
            web: None,
            nodes: vec![],
            contacts: vec![],
            witnesses,
            quorum,
        });
    }

    /// Replaces the keys, and declares void what was said from a leaf on but for some of it.
    pub fn rotate(&mut self, from: Option<u64>) {
        self.seed = next(&self.seed);
        let (keys, next) = (self.seed.public_key_set(), next(&self.seed).public_key_set());
        let size = self.replica.size().0;
        let repudiated_from = from.map(|from| LeafIndex(1 + from % size));
        let kept = self.said.iter().step_by(2).copied().collect::<BTreeSet<_>>();
        let kept = kept.into_iter().filter(|_| from.is_some()).take(8).collect();
        self.say(Rotation { keys, next: next.commitment(), repudiated_from, kept });
    }

    /// Says that an institution has closed, itself perhaps.
    pub fn end(&mut self, institution: Did, closed: UnixSeconds, successor: Option<Did>) {
        let successor = successor.filter(|did| *did != institution);
        self.say(Succession { institution, closed, successor });
    }

    /// Proves that its own log shows two histories.
    pub fn confess(&mut self) {
        let key = self.seed.signing_key(Purpose::Checkpoint);
        let size = self.replica.size();
        let [smaller, larger] = [[1; 32], [2; 32]].map(|root| {
            let head = TreeHead { size, root: RootHash::new(root) };
            Note::sign(&Checkpoint::new(&self.did, head), &key)
        });
        let inception = Bytes(self.replica.inception().entry().into());
        let rotations = self.replica.view().chain.rotations().iter();
        let rotations = rotations.map(|rotation| Bytes(rotation.entry().into())).collect();
        let proof = ForkProof { inception, smaller, larger, root: None, proof: None, rotations };
        self.say(Accusation { accused: self.did, proof });
    }

    pub fn accredit(&mut self, subject: Did, from: UnixSeconds) {
        self.say(Accreditation {
            subject,
            name: line("Friend"),
            grants: vec![grant()],
            may_accredit: 7,
            validity: Validity { from, until: None },
            legal_basis: None,
            appeal_body: None,
        });
    }

    /// Writes an agreement by which a party that others sign for accepts what this one attests, and
    /// ratifies it.
    pub fn agree(&mut self, signatories: &[Did], witnesses: Vec<Did>, from: UnixSeconds) {
        let signatory = |did: &Did| Signatory {
            did: *did,
            name: line("Signatory"),
            role: Role::Union,
            must: true,
        };
        let quorum = (!witnesses.is_empty()).then_some(1);
        let party = |home, bodies, signatories| Party {
            country: Country::parse(home).expect("a country"),
            bodies,
            signatories,
            witnesses: witnesses.clone(),
            quorum,
        };
        let body = AgreementBody {
            did: self.did,
            name: line("Stranger"),
            grants: vec![grant()],
            may_accredit: 1,
        };
        let homes = signatories.iter().map(signatory).collect();
        let agreement = Agreement {
            kind: AgreementKind::Skills,
            titles: names(),
            parties: vec![
                party("DE", vec![], homes),
                party("PH", vec![body], vec![signatory(&self.did)]),
            ],
            validity: Validity { from, until: None },
            chains: true,
            texts: vec![],
            periods: None,
            recognition: None,
        };
        let agreement = self.say(agreement);
        self.say(Ratification { agreement, party: country(), role: Role::Union, since: from });
    }

    /// Publishes status lists, all with every credential valid.
    pub fn lists(&mut self, count: u32, entries: u32, at: UnixSeconds) {
        let key = self.seed.signing_key(Purpose::Status);
        let list = StatusList::new(entries);
        self.tokens = (0..count)
            .map(|number| {
                let uri = StatusUri { issuer: self.did, list: number };
                StatusToken::sign(&uri, &list, at, at.plus(86_400), 60, &key)
            })
            .collect();
    }

    /// Publishes lists of its own making, deflated in a way of its own.
    pub fn deflated_lists(&mut self, lists: &[Vec<u8>], at: UnixSeconds) {
        let key = self.seed.signing_key(Purpose::Status);
        let did = self.did;
        let token = |(number, lst): (usize, &Vec<u8>)| {
            let uri = StatusUri { issuer: did, list: number as u32 };
            let mut e = Encoder::new();
            e.map(4).int(claim::SUB.into()).text(&uri.to_string());
            e.int(claim::EXP.into()).item(&at.plus(86_400)).int(claim::IAT.into()).item(&at);
            e.int(claim::STATUS_LIST.into()).map(2);
            e.text("lst").bytes(lst).text("bits").uint(2);
            let mut protected = Encoder::new();
            protected.map(3).int(header::ALG.into()).int(ALG_ED25519.into());
            protected.int(header::KID.into()).item(&key.public().kid());
            protected.int(header::TYP.into()).text(TYP_STATUS_LIST);
            sign1(protected.as_bytes(), b"\xa0", e.as_bytes(), &key)
        };
        self.tokens = lists.iter().enumerate().map(token).collect();
    }

    /// Signs a credential like another, in its own name, and logs its batch; `None` if the claims of
    /// the other cannot be read.
    pub fn issue(&mut self, like: &SdCwt<'_>) -> Option<(Vec<u8>, Anchor)> {
        let payload = like.payload().ok()?;
        let payload = Value::decode(&mut Decoder::new(payload, Mode::Strict)).ok()?;
        let mut entries = payload.as_map()?.to_vec();
        let status = StatusUri { issuer: self.did, list: 0 };
        for (key, value) in &mut entries {
            if *key == Value::Int(claim::ISS.into()) {
                *value = Value::Text(self.did.to_string());
            } else if *key == Value::Int(claim::STATUS.into()) {
                let reference =
                    carnet_proto::status::StatusReference { index: 5, uri: status.to_string() };
                *value = Value::from_cbor(&reference.to_cbor()).expect("a value");
            }
        }
        let key = self.seed.signing_key(Purpose::Credential);
        let bytes = forge(like, &Value::Map(entries).to_cbor(), &key);
        let digest = SdCwt::parse(&bytes, Mode::Strict).expect("a credential").digest();
        let batch = Batch::new(&[digest], &mut SeededRng(1)).expect("a batch");
        let root = batch.root();
        let issuance = self.say(Issuance { credential_type: line(VCT_SKILL), root });
        let anchor = batch.anchors(issuance).next().expect("an anchor");
        Some((bytes, anchor))
    }

    /// Ends with a standing and a checkpoint, cosigned by whoever is named, and proves all of it.
    pub fn evidence(mut self, cosigners: &[(Did, SigningKey)], at: UnixSeconds) -> LogEvidence {
        let parsed: Vec<_> = self
            .tokens
            .iter()
            .map(|token| StatusToken::parse_deflated(token, Mode::Strict).expect("its own list"))
            .collect();
        // The order of the URIs is that of their texts.
        let uris: BTreeSet<_> = parsed.iter().map(|token| &token.uri).collect();
        let sorted: Vec<_> =
            uris.iter().filter_map(|uri| parsed.iter().find(|t| t.uri == **uri)).collect();
        let lists = status_tree(sorted.iter().map(|token| (&token.uri, token.digest())));
        let head = if sorted.is_empty() { empty_head() } else { lists.head() };
        let standing = self.replica.derive_standing(head);
        self.say(standing);
        let tree = self.replica.tree();
        let head = tree.head();
        let key = self.seed.signing_key(Purpose::Checkpoint);
        let mut note = Note::sign(&Checkpoint::new(&self.did, head), &key);
        for (witness, key) in cosigners {
            note.add(note.cosign(witness, key, at));
        }
        let path = |tree: &Tree, leaf| {
            tree.inclusion_proof(leaf, tree.size()).expect("a leaf of the tree")
        };
        let view = self.replica.view();
        let statements = self.replica.statement_tree();
        let of_statement = |digest: &Digest| {
            let (held, position) = (view.statements.get(digest)?, self.replica.position(digest)?);
            Some(StatementEvidence {
                entry: Bytes(held.statement.entry().into()),
                leaf: held.leaf,
                state: held.state,
                position,
                path: path(statements, position),
            })
        };
        let of_entry = |(leaf, statement): &(LeafIndex, Statement)| EntryEvidence {
            entry: Bytes(statement.entry().into()),
            leaf: *leaf,
            path: path(tree, *leaf),
        };
        let rotations = view.chain.rotations().iter();
        let of_list = |(position, token): (u64, &&StatusToken)| StatusEvidence {
            token: Bytes(token.as_bytes().into()),
            position: LeafIndex(position),
            path: path(&lists, LeafIndex(position)),
        };
        LogEvidence {
            inception: Bytes(self.replica.inception().entry().into()),
            note: note.to_string(),
            standing: Bytes(self.replica.standing().expect("said").entry().into()),
            standing_path: path(tree, LeafIndex(head.size.0 - 1)),
            earlier: vec![],
            statements: self.said.iter().filter_map(of_statement).collect(),
            issuances: self
                .said
                .iter()
                .filter_map(|said| Some(of_entry(view.issuances.get(said)?)))
                .collect(),
            status: (0..).zip(&sorted).map(of_list).collect(),
            profile: self.replica.profile().map(|profile| Bytes(profile.entry().into())),
            rotations: rotations.map(|rotation| Bytes(rotation.entry().into())).collect(),
            successions: view.successions.iter().map(|(_, s)| of_entry(s)).collect(),
        }
    }
}

/// Signs other claims under the headers of a credential, with its disclosures.
pub fn forge(like: &SdCwt<'_>, payload: &[u8], key: &SigningKey) -> Vec<u8> {
    sign1(&protected(&key.public().kid()), like.sign1().unprotected, payload, key)
}

fn protected(kid: &Kid) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(4).int(header::ALG.into()).int(ALG_ED25519.into());
    e.int(header::KID.into()).item(kid);
    e.int(header::TYP.into()).uint(TYP_SD_CWT);
    e.int(header::SD_ALG.into()).int(ALG_SHA256.into());
    e.into_bytes()
}
