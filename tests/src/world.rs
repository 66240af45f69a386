//! A federation in memory: fixed keys, a clock that only moves when told, no network.
//!
//! Two countries, each with a ministry, a union and an employers' body who witness each other with
//! quorum 2, and one institute. Everything is signed and checked by the code that nodes run.

use std::collections::BTreeMap;

use carnet_proto::anchor::Batch;
use carnet_proto::cbor::Mode;
use carnet_proto::classification::Country;
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::issue::Issue;
use carnet_proto::evidence::{Evidence, GatherFor};
use carnet_proto::id::{Did, Digest, LeafIndex};
use carnet_proto::issuing::CredentialFile;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::Ledger;
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::fork::ForkProof;
use carnet_proto::presentation::Presentation;
use carnet_proto::profile::Profile;
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::accreditation::{Accreditation, Grant, Withdrawal, WithdrawalReason};
use carnet_proto::statement::agreement::{
    Agreement, AgreementKind, Body as AgreementBody, Party, Ratification, Signatory,
};
use carnet_proto::statement::identity::{Rotation, Succession};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::{InstitutionProfile, Role};
use carnet_proto::statement::{Body, Statement};
use carnet_proto::status::{Status, StatusUri};
use carnet_proto::text::{Language, Name};
use carnet_proto::time::{DAY, UnixSeconds, Validity};
use carnet_proto::verify::policy::{Accept, IssuedNonce, Policy, TrustAnchor, TrustPurpose};
use carnet_proto::wallet::{PresentRequest, Wallet, contents_of};

mod institution;
mod samples;

pub use institution::Institution;
pub use samples::{grant, line, months, period, period_by_year, period_grant, welding, worker};

use crate::SeededRng;

/// When the world begins: 2026-03-02, a Monday.
pub const START: UnixSeconds = UnixSeconds(1_772_409_600);
/// The verifier's own name.
pub const AUDIENCE: &str = "urn:carnet:verifier:nordwerft";

/// The institutions' names in this world, and their roles and countries.
pub const INSTITUTIONS: [(&str, &str, Role); 8] = [
    ("ph-ministry", "PH", Role::Ministry),
    ("ph-union", "PH", Role::Union),
    ("ph-employers", "PH", Role::EmployersBody),
    ("ph-institute", "PH", Role::TrainingBody),
    ("de-ministry", "DE", Role::Ministry),
    ("de-union", "DE", Role::Union),
    ("de-employers", "DE", Role::EmployersBody),
    ("stranger", "PH", Role::TrainingBody),
];

/// The federation, a worker's wallet, and the time.
pub struct World {
    pub now: UnixSeconds,
    pub rng: SeededRng,
    pub institutions: BTreeMap<&'static str, Institution>,
    pub agreement: Option<Digest>,
    pub wallet: Wallet,
    /// Proofs that logs show two histories.
    pub forks: Vec<ForkProof>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Institutions with profiles, and nothing else.
    pub fn new() -> Self {
        let mut world = Self {
            now: START,
            rng: SeededRng(7),
            institutions: BTreeMap::new(),
            agreement: None,
            wallet: Wallet::new(Seed::new([0x77; 32])),
            forks: Vec::new(),
        };
        for (number, (name, ..)) in (1..).zip(INSTITUTIONS) {
            let institution = Institution::begin(number);
            world.institutions.insert(name, institution);
        }
        for (name, country, role) in INSTITUTIONS {
            let home = if country == "PH" { "ph" } else { "de" };
            let witnesses = world.witnesses(home);
            world.say(
                name,
                InstitutionProfile {
                    names: vec![Name {
                        language: Language::parse("en").expect("language"),
                        text: line(&format!("Fictitious {name}")),
                    }],
                    country: Country::parse(country).expect("country"),
                    role,
                    web: None,
                    nodes: vec![],
                    contacts: vec![],
                    witnesses,
                    quorum: Some(2),
                },
            );
        }
        world.cosign_all();
        world
    }

    /// The usual story: the institute is accredited for welding, the agreement is ratified by all,
    /// and the worker has one credential.
    pub fn usual() -> Self {
        let mut world = Self::new();
        world.accredit("ph-ministry", "ph-institute", &["72"], 0);
        world.agree();
        for name in
            ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
        {
            world.ratify(name);
        }
        world.step(DAY);
        world.issue("ph-institute", &worker(), welding());
        world.step(3600);
        world
    }

    pub fn did(&self, name: &str) -> Did {
        self.institutions[name].did
    }

    /// The three witnesses of a country.
    pub fn witnesses(&self, home: &str) -> Vec<Did> {
        ["ministry", "union", "employers"].map(|r| self.did(&format!("{home}-{r}"))).into()
    }

    /// Appends a statement with the standing behind it, and signs the checkpoint. Nobody cosigns.
    pub fn say(&mut self, name: &str, body: impl Into<Body>) -> Digest {
        let now = self.now;
        let i = self.institutions.get_mut(name).expect("an institution");
        let key = i.seed.signing_key(Purpose::Statement);
        let statement = Statement::sign(&i.did, body, &key).expect("a statement");
        let digest = statement.digest();
        i.entries.push(statement.entry().into());
        i.replica.append(&[statement]);
        i.publish(now, false);
        digest
    }

    /// Publishes the status lists of an institution anew.
    pub fn publish_status(&mut self, name: &str) {
        let now = self.now;
        self.institutions.get_mut(name).expect("an institution").publish(now, true);
    }

    /// Sets the status of an institution's credential and publishes.
    pub fn set_status(&mut self, name: &str, index: u64, status: Status) {
        assert!(self.institutions.get_mut(name).expect("an institution").list.set(index, status));
        self.publish_status(name);
    }

    /// Every ministry, union and employers' body cosigns the newest checkpoint of every log.
    pub fn cosign_all(&mut self) {
        let names: Vec<_> = self.institutions.keys().copied().collect();
        for name in names {
            self.cosign(name);
        }
    }

    /// The witnesses cosign the newest checkpoint of one log.
    pub fn cosign(&mut self, name: &str) {
        let Some(newest) = self.institutions[name].replica.view().newest() else { return };
        let note = self.cosigned(&newest.note);
        let i = self.institutions.get_mut(name).expect("an institution");
        i.replica.add_checkpoint(&note, |_, _| true).expect("a checkpoint of this log");
    }

    /// A note with the cosignatures of every ministry, union and employers' body.
    fn cosigned(&self, bare: &Note) -> Note {
        let mut note = bare.clone();
        for witness in self.witnesses("ph").into_iter().chain(self.witnesses("de")) {
            let w = self.institutions.values().find(|i| i.did == witness).expect("a witness");
            note.add(bare.cosign(&witness, &w.seed.signing_key(Purpose::Witness), self.now));
        }
        note
    }

    /// Signs two histories of a log that differ in one status; the second is only seen, and cosigned by
    /// the witnesses too or by nobody.
    pub fn fork(&mut self, name: &str, both_cosigned: bool) -> ForkProof {
        let mut second = self.institutions[name].clone();
        assert!(second.list.set(7, Status::Invalid));
        second.publish(self.now, true);
        let mut note = second.replica.view().newest().expect("a checkpoint").note.clone();
        if both_cosigned {
            note = self.cosigned(&note);
        }
        let institution = self.institutions.get_mut(name).expect("an institution");
        institution.publish(self.now, institution.token.is_some());
        self.cosign(name);
        let institution = self.institutions.get_mut(name).expect("an institution");
        let proof = ForkProof::of(&institution.replica, &note).expect("a fork");
        institution.replica.learn_fork(&proof);
        self.forks.push(proof.clone());
        proof
    }

    /// Lets time pass; logs are cosigned and status lists published at the end of it.
    pub fn step(&mut self, seconds: u64) {
        self.now = self.now.plus(seconds);
        let issuers: Vec<_> = self
            .institutions
            .iter()
            .filter(|(_, i)| !i.is_silent && (i.token.is_some() || i.continued.is_some()))
            .map(|(name, _)| *name)
            .collect();
        for name in issuers {
            self.publish_status(name);
        }
        self.cosign_all();
    }

    pub fn accredit(&mut self, by: &str, subject: &str, occupations: &[&str], steps: u8) -> Digest {
        self.accredit_for(by, subject, grant(occupations), steps)
    }

    /// Accredits a body for whatever a grant covers.
    pub fn accredit_for(&mut self, by: &str, subject: &str, grant: Grant, steps: u8) -> Digest {
        let accreditation = Accreditation {
            subject: self.did(subject),
            name: line(&format!("Institute {subject}")),
            grants: vec![grant],
            may_accredit: steps,
            validity: Validity { from: START, until: None },
            legal_basis: None,
            appeal_body: Some(line("Appeals Office")),
        };
        self.say(by, accreditation)
    }

    /// Replaces the keys of an institution by those that it has committed to; what was stated from a
    /// leaf on is void then, but what is kept. Nobody cosigns.
    pub fn rotate(&mut self, name: &str, repudiated_from: Option<u64>, kept: &[Digest]) -> Digest {
        let i = self.institutions.get_mut(name).expect("an institution");
        let following = i.next.derive(b"", b"next");
        let mut kept = kept.to_vec();
        kept.sort_unstable();
        let rotation = Rotation {
            keys: i.next.public_key_set(),
            next: following.public_key_set().commitment(),
            repudiated_from: repudiated_from.map(LeafIndex),
            kept,
        };
        i.seed = std::mem::replace(&mut i.next, following);
        let digest = self.say(name, rotation);
        if self.institutions[name].token.is_some() {
            self.publish_status(name);
        }
        digest
    }

    /// States the end of an institution.
    pub fn succeed(&mut self, by: &str, institution: &str, successor: Option<&str>) -> Digest {
        let succession = Succession {
            institution: self.did(institution),
            closed: self.now,
            successor: successor.map(|name| self.did(name)),
        };
        self.say(by, succession)
    }

    /// Has an institution continue the status list of one that closed.
    pub fn continue_list(&mut self, name: &str, closed: &str) {
        let continued = (self.did(closed), self.institutions[closed].list.clone(), None);
        self.institutions.get_mut(name).expect("an institution").continued = Some(continued);
        self.publish_status(name);
    }

    pub fn withdraw(&mut self, by: &str, target: Digest, retroactive: bool) {
        let withdrawal = Withdrawal {
            target,
            effective: self.now,
            reason: WithdrawalReason::Fraud,
            retroactive,
        };
        self.say(by, withdrawal);
    }

    /// The German ministry logs an agreement: Germany accepts what the Philippine ministry's bodies
    /// attest in welding.
    pub fn agree(&mut self) -> Digest {
        let party = |world: &Self, home: &str, country: &str, bodies| Party {
            country: Country::parse(country).expect("country"),
            bodies,
            signatories: [
                ("ministry", Role::Ministry),
                ("union", Role::Union),
                ("employers", Role::EmployersBody),
            ]
            .map(|(name, role)| Signatory {
                did: world.did(&format!("{home}-{name}")),
                name: line(&format!("{home} {name}")),
                role,
                must: true,
            })
            .into(),
            witnesses: world.witnesses(home),
            quorum: Some(2),
        };
        let bodies = vec![AgreementBody {
            did: self.did("ph-ministry"),
            name: line("Skills Authority of the Philippines"),
            grants: vec![grant(&["7"])],
            may_accredit: 1,
        }];
        let agreement = Agreement {
            kind: AgreementKind::Skills,
            titles: vec![Name {
                language: Language::parse("en").expect("language"),
                text: line("Welders' Recognition Agreement"),
            }],
            parties: vec![party(self, "ph", "PH", bodies), party(self, "de", "DE", vec![])],
            validity: Validity { from: START, until: None },
            chains: false,
            texts: vec![],
            periods: None,
            recognition: None,
        };
        let digest = self.say("de-ministry", agreement);
        self.agreement = Some(digest);
        digest
    }

    pub fn ratify(&mut self, name: &str) -> Digest {
        let (home, role) = name.split_once('-').expect("a country and a role");
        let role = match role {
            "ministry" => Role::Ministry,
            "union" => Role::Union,
            _ => Role::EmployersBody,
        };
        let party = Country::parse(if home == "ph" { "PH" } else { "DE" }).expect("country");
        let agreement = self.agreement.expect("an agreement");
        self.say(name, Ratification { agreement, party, role, since: self.now })
    }

    /// Issues a credential to the world's wallet, for a year; returns its status index.
    pub fn issue(&mut self, name: &str, person: &Person, attested: impl Into<Attested>) -> u64 {
        self.issue_with(name, person, attested, self.now.plus(365 * DAY), None)
    }

    /// Issues a credential, signed by another institution's key if one is given.
    pub fn issue_with(
        &mut self,
        name: &str,
        person: &Person,
        attested: impl Into<Attested>,
        expires_at: UnixSeconds,
        forger: Option<&Seed>,
    ) -> u64 {
        let attested: Attested = attested.into();
        let did = self.did(name);
        let request =
            self.wallet.request_key(did, self.now, &mut self.rng).expect("room for a key");
        let holder_key = KeyRequest::open(&request, &did).expect("a request").key();
        let index = 1000 + self.wallet.credentials().len() as u64;
        let institution = &self.institutions[name];
        let key = forger.unwrap_or(&institution.seed).signing_key(Purpose::Credential);
        let issued = Issue {
            issuer: &did,
            holder_key,
            person,
            attested: &attested,
            issued_at: self.now,
            expires_at,
            status: (StatusUri { issuer: did, list: 0 }, index),
        }
        .sign(&key, &mut self.rng)
        .expect("a credential");
        let digest = SdCwt::parse(&issued.sd_cwt, Mode::Strict).expect("a credential").digest();
        let batch = Batch::new(&[digest], &mut self.rng).expect("a batch");
        let issuance = self.say(
            name,
            Issuance { credential_type: line(attested.credential_type()), root: batch.root() },
        );
        self.publish_status(name);
        self.cosign(name);
        let anchor = batch.anchors(issuance).next().expect("an anchor");
        let file = CredentialFile {
            profile: Profile::SdCwt08,
            sd_cwt: carnet_proto::cbor::Bytes(issued.sd_cwt),
            anchor,
        };
        self.wallet.add(file).expect("a credential of this wallet");
        index
    }

    /// Every log whole, as a node knows it.
    pub fn ledger(&self) -> Ledger {
        let views = self.institutions.values().map(|i| i.replica.view().clone());
        let mut ledger: Ledger = views.collect();
        self.forks.iter().for_each(|proof| ledger.add_fork(proof));
        ledger
    }

    /// Fetches evidence for every credential of the wallet.
    pub fn refresh(&mut self) {
        let replicas: BTreeMap<_, _> =
            self.institutions.values().map(|i| (i.did, i.replica.clone())).collect();
        for index in 0..self.wallet.credentials().len() {
            let credential = &self.wallet.credentials()[index];
            let claims = contents_of(credential).expect("readable").claims;
            let evidence = Evidence::gather(
                &replicas,
                &GatherFor {
                    issuer: claims.issuer,
                    issuance: credential.anchor.issuance,
                    status_uri: &claims.status.uri,
                },
            );
            let evidence = carnet_proto::cbor::Encode::to_cbor(&evidence);
            self.wallet.set_evidence(index, evidence, self.now);
        }
    }

    /// Answers the verifier's challenge with three claims of the credential at an index.
    pub fn present(&self, index: usize) -> Presentation {
        self.present_as(&[index], AUDIENCE, Some(&[9; 16]), false)
    }

    /// Presents credentials; with evidence if wanted.
    pub fn present_as(
        &self,
        indexes: &[usize],
        audience: &str,
        nonce: Option<&[u8]>,
        with_evidence: bool,
    ) -> Presentation {
        let request = PresentRequest {
            audience,
            nonce,
            issued_at: self.now,
            expires_at: self.now.plus(if nonce.is_some() { 300 } else { 30 * DAY }),
            disclose: &["name_latin".into(), "birth_date".into(), "assessment".into()],
            with_evidence,
        };
        self.wallet.present(indexes, &request, Evidence::join_encoded).expect("a presentation")
    }

    /// The German employer's policy: it trusts its ministry, and has handed out one nonce.
    pub fn policy(&self) -> Policy {
        Policy {
            trust_anchors: vec![TrustAnchor {
                did: self.did("de-ministry"),
                name: line("Federal Office"),
                purposes: vec![TrustPurpose::Skill],
            }],
            audience: AUDIENCE.into(),
            accept: Accept::Live(vec![IssuedNonce {
                nonce: vec![9; 16],
                expires_at: self.now.plus(300),
                used: false,
            }]),
            witnesses: None,
            view_age: DAY,
            clock_skew: 300,
        }
    }
}
