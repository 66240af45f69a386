//! The little federation behind the examples: three logs, one credential, nothing drawn by chance.

use std::collections::BTreeMap;

use carnet_proto::anchor::{Anchor, Batch};
use carnet_proto::cbor::{Encode as _, Mode};
use carnet_proto::classification::Country;
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::issue::Issue;
use carnet_proto::credential::skill::Skill;
use carnet_proto::evidence::{Evidence, GatherFor};
use carnet_proto::id::{Did, Digest, LeafIndex};
use carnet_proto::issuing::CredentialFile;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::fork::ForkProof;
use carnet_proto::log::merkle::{Tree, leaf_hash};
use carnet_proto::presentation::Presentation;
use carnet_proto::profile::{Profile, VCT_SKILL};
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::accreditation::{Accreditation, Withdrawal, WithdrawalReason};
use carnet_proto::statement::agreement::{
    Agreement, AgreementKind, Body as AgreementBody, Denunciation, Party, Ratification, Signatory,
    SourceText,
};
use carnet_proto::statement::fork::Accusation;
use carnet_proto::statement::identity::{Inception, Rotation, Succession};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::{Contact, InstitutionProfile, NodeAddress, Role};
use carnet_proto::statement::standing::{empty_head, status_tree};
use carnet_proto::statement::{Body, Statement};
use carnet_proto::status::{MIN_ENTRIES, Status, StatusList, StatusToken, StatusUri};
use carnet_proto::text::{Language, Name};
use carnet_proto::time::{DAY, Date, UnixSeconds, Validity};
use carnet_proto::wallet::{PresentRequest, Wallet};
use carnet_tests::SeededRng;
use carnet_tests::world::{START, grant, line, welding};

/// Status indexes of the two credentials.
pub const INDEXES: [u64; 2] = [1000, 1001];
/// For whom the presentation is.
pub const AUDIENCE: &str = "urn:carnet:verifier:example";
/// The verifier's nonce.
pub const NONCE: [u8; 16] = [9; 16];

/// An institution: its seed, its log, and the statements in it.
pub struct Institution {
    pub seed: Seed,
    pub did: Did,
    pub replica: Replica,
    pub entries: Vec<Statement>,
    pub token: Option<Vec<u8>>,
}

/// Everything the examples are taken from.
pub struct Story {
    pub ministry: Institution,
    pub institute: Institution,
    pub partner: Institution,
    /// Its keys were stolen and replaced; then it closed.
    pub academy: Institution,
    pub wallet: Wallet,
    /// The requests for the keys of the two credentials, as files.
    pub requests: Vec<Vec<u8>>,
    pub credentials: Vec<Vec<u8>>,
    pub digests: Vec<Digest>,
    pub anchors: Vec<Anchor>,
    /// The root of the batch.
    pub batch: [u8; 32],
    pub evidence: Vec<u8>,
    pub now: UnixSeconds,
}

pub fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

pub fn name(language: &str, text: &str) -> Name {
    Name { language: Language::parse(language).unwrap(), text: line(text) }
}

/// Who the credentials are about.
pub fn person() -> Person {
    Person {
        name_latin: Some(line("Ligaya Halimbawa")),
        birth_date: Date::parse("1994-05-17"),
        ..Person::default()
    }
}

/// What they attest: as little as shows every form of redaction.
pub fn skill() -> Skill {
    let mut skill = welding();
    skill.skills.truncate(1);
    skill.learning = None;
    skill
}

impl Institution {
    fn new(seed: u8, next: u8) -> Self {
        let seed = Seed::new([seed; 32]);
        let next = Seed::new([next; 32]).public_key_set().commitment();
        let inception = Inception { keys: seed.public_key_set(), next };
        let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
        let replica = Replica::new(inception.entry()).unwrap();
        let did = *inception.issuer();
        Self { seed, did, replica, entries: vec![inception], token: None }
    }

    fn say(&mut self, body: impl Into<Body>) -> Digest {
        let key = self.seed.signing_key(Purpose::Statement);
        let statement = Statement::sign(&self.did, body, &key).unwrap();
        let digest = statement.digest();
        self.replica.append(std::slice::from_ref(&statement));
        self.entries.push(statement);
        digest
    }

    /// Appends the standing and signs the checkpoint; a witness cosigns it.
    fn publish(&mut self, witness: &Did, witness_seed: &Seed, at: UnixSeconds) {
        let uri = format!("{}/status/0", self.did);
        let digest = self.token.as_deref().map(Digest::of);
        let lists = digest.map_or_else(empty_head, |digest| status_tree([(&uri, &digest)]).head());
        self.say(self.replica.derive_standing(lists));
        let checkpoint = Checkpoint::new(&self.did, self.replica.tree().head());
        let mut note = Note::sign(&checkpoint, &self.seed.signing_key(Purpose::Checkpoint));
        note.add(note.cosign(witness, &witness_seed.signing_key(Purpose::Witness), at));
        self.replica.publish(note.clone()).unwrap();
        self.replica.add_checkpoint(&note, |_, _| true).unwrap();
        if let Some(token) = &self.token {
            self.replica.set_status(std::slice::from_ref(token)).unwrap();
        }
        self.replica.is_in_order().unwrap();
    }

    /// The proof that three other entries were shown to somebody else.
    fn fork(&self, signer: &Seed) -> ForkProof {
        let first = self.replica.inception().leaf_hash();
        let others = [b"something".as_slice(), b"else"].map(leaf_hash);
        let head = Tree::from_leaves([first].into_iter().chain(others)).head();
        let key = signer.signing_key(Purpose::Checkpoint);
        let note = Note::sign(&Checkpoint::new(&self.did, head), &key);
        ForkProof::of(&self.replica, &note).unwrap()
    }

    /// The newest checkpoint.
    pub fn note(&self) -> Note {
        self.replica.view().newest().unwrap().note.clone()
    }

    /// The newest statement of a kind.
    pub fn statement(&self, kind: &str) -> &Statement {
        self.entries.iter().rfind(|entry| entry.body().kind() == kind).unwrap()
    }
}

impl Story {
    /// The proof that the institute showed somebody else three other entries.
    pub fn fork(&self) -> ForkProof {
        self.institute.fork(&self.institute.seed)
    }

    /// The proof that somebody who has the academy's first keys showed another history.
    pub fn rotated_fork(&self) -> ForkProof {
        self.academy.fork(&Seed::new([8; 32]))
    }

    /// Evidence of the academy's log, for a school that it accredits.
    pub fn rotated_evidence(&self) -> Evidence {
        let replicas = BTreeMap::from([(self.academy.did, self.academy.replica.clone())]);
        let issuance = Digest::of(b"nothing");
        Evidence::gather(&replicas, &GatherFor { issuer: school(), issuance, status_uri: "" })
    }

    pub fn tell() -> Self {
        let mut ministry = Institution::new(1, 2);
        let mut institute = Institution::new(3, 4);
        let mut partner = Institution::new(5, 6);
        let now = START.plus(DAY);

        ministry.say(profile(&partner.did));
        ministry.say(accreditation(&institute.did, 0));
        let agreement = ministry.say(agreement(&ministry.did, &partner.did));
        let ratification = |party: &str| Ratification {
            agreement,
            party: country(party),
            role: Role::Ministry,
            since: START,
        };
        ministry.say(ratification("PH"));
        ministry.publish(&partner.did, &partner.seed, START.plus(60));

        let target = partner.say(accreditation(&institute.did, 1));
        partner.say(Withdrawal {
            target,
            effective: START.plus(10),
            reason: WithdrawalReason::GrantedInError,
            retroactive: true,
        });
        partner.say(ratification("DE"));
        partner.say(Denunciation {
            agreement,
            party: country("DE"),
            role: Role::Ministry,
            effective: START.plus(30 * DAY),
        });
        partner.publish(&ministry.did, &ministry.seed, START.plus(90));
        institute.publish(&partner.did, &partner.seed, START.plus(120));

        let mut wallet = Wallet::new(Seed::new([7; 32]));
        let mut rng = SeededRng(42);
        let mut requests = Vec::new();
        let mut credentials = Vec::new();
        for index in INDEXES {
            let request = wallet.request_key(institute.did, START, &mut rng).unwrap();
            let issued = Issue {
                issuer: &institute.did,
                holder_key: KeyRequest::open(&request, &institute.did).unwrap().key(),
                person: &person(),
                attested: &skill().into(),
                issued_at: now,
                expires_at: now.plus(365 * DAY),
                status: (StatusUri { issuer: institute.did, list: 0 }, index),
            };
            let key = institute.seed.signing_key(Purpose::Credential);
            credentials.push(issued.sign(&key, &mut rng).unwrap().sd_cwt);
            requests.push(request);
        }
        let digests: Vec<_> = credentials
            .iter()
            .map(|bytes| SdCwt::parse(bytes, Mode::Strict).unwrap().digest())
            .collect();
        let batch = Batch::new(&digests, &mut rng).unwrap();
        let credential_type = line(VCT_SKILL);
        let issuance = institute.say(Issuance { credential_type, root: batch.root() });
        let anchors: Vec<_> = batch.anchors(issuance).collect();
        for (sd_cwt, anchor) in credentials.iter().zip(&anchors) {
            let sd_cwt = carnet_proto::cbor::Bytes(sd_cwt.clone());
            let file = CredentialFile { profile: Profile::SdCwt08, sd_cwt, anchor: anchor.clone() };
            wallet.add(file).unwrap();
        }
        institute.token = Some(status_token(&institute, now));
        institute.publish(&partner.did, &partner.seed, now.plus(60));

        let academy = academy(&ministry, &institute);
        let mut story = Self {
            ministry,
            institute,
            partner,
            academy,
            wallet,
            requests,
            credentials,
            digests,
            anchors,
            batch: *batch.root().as_bytes(),
            evidence: vec![],
            now: now.plus(3600),
        };
        story.gather(issuance);
        story
    }

    fn gather(&mut self, issuance: Digest) {
        let replicas: BTreeMap<_, _> = [&self.ministry, &self.institute, &self.partner]
            .map(|institution| (institution.did, institution.replica.clone()))
            .into();
        let status_uri = &format!("{}/status/0", self.institute.did);
        let wanted = GatherFor { issuer: self.institute.did, issuance, status_uri };
        self.evidence = Evidence::gather(&replicas, &wanted).to_cbor();
        self.wallet.set_evidence(0, self.evidence.clone(), self.now);
    }

    /// The first credential, its name and its assessment shown.
    pub fn present(&self, nonce: Option<&[u8]>, with_evidence: bool) -> Presentation {
        let request = PresentRequest {
            audience: AUDIENCE,
            nonce,
            issued_at: self.now,
            expires_at: self.now.plus(300),
            disclose: &["name_latin".into(), "skills".into()],
            with_evidence,
        };
        self.wallet.present(&[0], &request, Evidence::join_encoded).unwrap()
    }
}

/// A school that the academy accredits.
fn school() -> Did {
    Did::of_inception(b"a school")
}

/// A thief says that the school has closed. The academy replaces its keys, keeps what it said itself
/// meanwhile, says when the school closed and that the institute shows two histories, and closes.
fn academy(ministry: &Institution, institute: &Institution) -> Institution {
    let mut academy = Institution::new(8, 9);
    let (witness, seed) = (&ministry.did, &ministry.seed);
    let ended = |closed| Succession { institution: school(), closed, successor: None };
    academy.say(accreditation(&school(), 0));
    academy.say(ended(START));
    let kept = academy.say(accreditation(&school(), 1));
    academy.publish(witness, seed, START.plus(60));
    let [second, third] = [9, 10].map(|n| Seed::new([n; 32]));
    let (keys, next) = (second.public_key_set(), third.public_key_set().commitment());
    academy.seed = second;
    let repudiated_from = Some(LeafIndex(2));
    academy.say(Rotation { keys, next, repudiated_from, kept: vec![kept] });
    academy.say(ended(START.plus(DAY)));
    academy.say(Accusation { accused: institute.did, proof: institute.fork(&institute.seed) });
    let (institution, successor) = (academy.did, Some(ministry.did));
    academy.say(Succession { institution, closed: START.plus(2 * DAY), successor });
    academy.publish(witness, seed, START.plus(2 * DAY));
    academy
}

fn profile(witness: &Did) -> InstitutionProfile {
    InstitutionProfile {
        names: vec![name("en", "Fictitious Ministry of Trades")],
        country: country("PH"),
        role: Role::Ministry,
        web: Some(line("https://trades.example")),
        nodes: vec![NodeAddress {
            peer: line("12D3KooWExampleOnly"),
            addresses: vec![line("/dns4/node.trades.example/tcp/4001")],
        }],
        contacts: vec![Contact {
            role: line("verification desk"),
            address: line("desk@trades.example"),
        }],
        witnesses: vec![*witness],
        quorum: Some(1),
    }
}

fn accreditation(subject: &Did, may_accredit: u8) -> Accreditation {
    Accreditation {
        subject: *subject,
        name: line("Fictitious Welding Institute"),
        grants: vec![grant(&["72"])],
        may_accredit,
        validity: Validity { from: START, until: Some(START.plus(3650 * DAY)) },
        legal_basis: None,
        appeal_body: Some(line("Appeals Office")),
    }
}

fn agreement(ministry: &Did, partner: &Did) -> Agreement {
    let party = |code, signatory: &Did, witness: &Did, bodies| Party {
        country: country(code),
        bodies,
        signatories: vec![Signatory {
            did: *signatory,
            name: line("Ministry"),
            role: Role::Ministry,
            must: true,
        }],
        witnesses: vec![*witness],
        quorum: Some(1),
    };
    let body = AgreementBody {
        did: *ministry,
        name: line("Fictitious Ministry of Trades"),
        grants: vec![grant(&["7"])],
        may_accredit: 1,
    };
    Agreement {
        kind: AgreementKind::Skills,
        titles: vec![name("en", "Welders' Recognition Agreement")],
        parties: vec![
            party("PH", ministry, partner, vec![body]),
            party("DE", partner, ministry, vec![]),
        ],
        validity: Validity { from: START, until: None },
        chains: false,
        texts: vec![SourceText {
            language: Language::parse("en").unwrap(),
            digest: Digest::of(b"text"),
            address: None,
        }],
        periods: None,
        recognition: None,
    }
}

fn status_token(institute: &Institution, now: UnixSeconds) -> Vec<u8> {
    let mut list = StatusList::new(MIN_ENTRIES);
    assert!(list.set(INDEXES[1], Status::Suspended) && list.set(5, Status::Invalid));
    let uri = StatusUri { issuer: institute.did, list: 0 };
    let key = institute.seed.signing_key(Purpose::Status);
    StatusToken::sign(&uri, &list, now, now.plus(7 * DAY), 3600, &key)
}
