//! The federation that the cases of verification are about: one history, in which everything happens
//! that a verifier has to judge.

use std::collections::BTreeMap;

use carnet_proto::anchor::{Anchor, Batch};
use carnet_proto::cbor::{Decode as _, Encode as _, Mode, Value};
use carnet_proto::classification::Country;
use carnet_proto::cose;
use carnet_proto::credential::SdCwt;
use carnet_proto::id::Digest;
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::profile::{VCT_SKILL, claim};
use carnet_proto::statement::accreditation::{Accreditation, Withdrawal, WithdrawalReason};
use carnet_proto::statement::agreement::{
    Agreement, AgreementKind, Body as AgreementBody, Party, Ratification, Signatory,
};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::Role;
use carnet_proto::status::{MIN_ENTRIES, Status, StatusList};
use carnet_proto::text::{Language, Name};
use carnet_proto::time::{DAY, UnixSeconds, Validity};
use serde_json::{Value as Json, json};

use super::{Entries, WorldFile, hex, int, remove, set, text};
use crate::world::{Institution, START, World, grant, line, welding, worker};

/// Institutions beside those of [`World`], each with one thing about its accreditation.
const OTHERS: [&str; 18] = [
    "ended",
    "late",
    "withdrawn",
    "doubtful",
    "unclear",
    "unratified",
    "lapsed",
    "unknown",
    "rotated",
    "robbed",
    "void",
    "closed",
    "wound-up",
    "heir",
    "forked",
    "quiet",
    "branch",
    "under",
];

/// A credential with all its disclosures, its anchor and its holder's key.
#[derive(Clone)]
pub struct Sealed {
    /// The SD-CWT.
    pub sd_cwt: Vec<u8>,
    /// What proves when it existed.
    pub anchor: Anchor,
    /// The key in `cnf`.
    pub key: SigningKey,
}

/// The history, told to its end.
pub struct Story {
    /// The federation; its time is when the cases are judged.
    pub world: World,
    /// Credentials by what is special about them.
    pub credentials: BTreeMap<&'static str, Sealed>,
    /// The anchor of a batch that was logged for another type of credential.
    pub of_another_type: Sealed,
}

impl Story {
    /// Tells the history.
    pub fn new() -> Self {
        let mut world = World::new();
        for (number, name) in (21..).zip(OTHERS) {
            add(&mut world, number, name);
        }
        let accreditations = accreditations(&mut world);
        agreements(&mut world);
        world.step(DAY);
        let mut credentials = BTreeMap::new();
        issue(&mut world, &mut credentials, "plain", "ph-institute");
        withdraw(&mut world, accreditations["withdrawn"], 0, false);
        world.step(3600);
        for name in [
            "withdrawn",
            "doubtful",
            "ended",
            "late",
            "unratified",
            "lapsed",
            "unknown",
            "stranger",
        ] {
            issue(&mut world, &mut credentials, name, name);
        }
        issue(&mut world, &mut credentials, "second", "ph-institute");
        world.step(3600);
        // From here to the withdrawal no witness looks at the log of the ministry.
        world.now = world.now.plus(60);
        issue(&mut world, &mut credentials, "unclear", "unclear");
        world.now = world.now.plus(60);
        withdraw(&mut world, accreditations["unclear"], 120, false);
        withdraw(&mut world, accreditations["doubtful"], 0, true);
        world.step(60);
        keys_and_ends(&mut world, &mut credentials);
        world.now = START.plus(2 * DAY + DAY / 2);
        let of_another_type = craft(&mut world, &mut credentials);
        world.cosign_all();
        Self { world, credentials, of_another_type }
    }

    /// Every log, as a file.
    pub fn file(&self) -> WorldFile {
        let logs: Vec<Json> =
            self.world.institutions.iter().map(|(name, i)| log(name, i)).collect();
        let json = json!({
            "format": super::FORMAT,
            "name": "main",
            "about": "Every log whole: entries in hex, checkpoints with their cosignatures, newest status lists; and the proofs that logs show two histories, as files in hex.",
            "logs": logs,
            "forks": self.world.forks.iter().map(|proof| hex(proof.to_file())).collect::<Vec<_>>(),
        });
        WorldFile { name: "main".into(), text: text(&json, 0) + "\n" }
    }
}

impl Default for Story {
    fn default() -> Self {
        Self::new()
    }
}

fn log(name: &str, institution: &Institution) -> Json {
    let view = institution.replica.view();
    let newest = view.newest().map(|checkpoint| checkpoint.head.size);
    // A checkpoint that nobody cosigned proves nothing, unless it is the newest.
    let notes = view.checkpoints.values().filter(|checkpoint| {
        checkpoint.note.signatures().len() > 1 || Some(checkpoint.head.size) == newest
    });
    json!({
        "name": name,
        "did": institution.did.to_string(),
        "entries": institution.entries.iter().map(hex).collect::<Vec<_>>(),
        "checkpoints": notes.map(|checkpoint| checkpoint.note.to_string()).collect::<Vec<_>>(),
        "status": view.status.values().map(|token| hex(token.as_bytes())).collect::<Vec<_>>(),
    })
}

/// Adds an institution without a profile.
fn add(world: &mut World, number: u8, name: &'static str) {
    world.institutions.insert(name, Institution::begin(number));
}

fn accreditations(world: &mut World) -> BTreeMap<&'static str, Digest> {
    let always = Validity { from: START, until: None };
    let mut digests = BTreeMap::new();
    for (name, validity) in [
        ("ph-institute", always),
        ("ended", Validity { from: START, until: Some(START.plus(3600)) }),
        ("late", Validity { from: START.plus(2 * DAY), until: None }),
        ("withdrawn", always),
        ("doubtful", always),
        ("unclear", always),
    ] {
        let accreditation = Accreditation {
            subject: world.did(name),
            name: line(&format!("Institute {name}")),
            grants: vec![grant(&["72"])],
            may_accredit: 0,
            validity,
            legal_basis: None,
            appeal_body: None,
        };
        digests.insert(name, world.say("ph-ministry", accreditation));
    }
    // The institute may only issue.
    world.accredit("ph-institute", "stranger", &["72"], 0);
    digests
}

fn withdraw(world: &mut World, target: Digest, seconds_ago: u64, retroactive: bool) {
    let effective = world.now.minus(seconds_ago);
    let reason = WithdrawalReason::Fraud;
    world.say("ph-ministry", Withdrawal { target, effective, reason, retroactive });
}

/// Institutions that replaced their keys, closed, or signed two histories.
fn keys_and_ends(world: &mut World, credentials: &mut BTreeMap<&'static str, Sealed>) {
    for name in ["rotated", "robbed", "closed", "wound-up", "forked", "quiet"] {
        world.accredit("ph-ministry", name, &["72"], 0);
    }
    world.accredit("ph-ministry", "branch", &["72"], 1);
    world.accredit("branch", "under", &["72"], 0);
    let stolen = world.institutions["ph-ministry"].replica.size().0;
    world.accredit("ph-ministry", "void", &["72"], 0);
    world.step(60);
    for name in ["rotated", "robbed", "closed", "wound-up", "forked", "quiet", "under", "void"] {
        issue(world, credentials, name, name);
    }
    for name in ["closed", "wound-up"] {
        world.institutions.get_mut(name).expect("an institution").is_silent = true;
    }
    world.step(60);
    world.rotate("ph-ministry", Some(stolen), &[]);
    let replaced = world.institutions["rotated"].seed.clone();
    world.rotate("rotated", None, &[]);
    world.step(60);
    let until = world.now.plus(365 * DAY);
    world.issue_with("rotated", &worker(), welding(), until, Some(&replaced));
    keep(world, credentials, "with-replaced-keys");
    let issuance = credentials["robbed"].anchor.issuance;
    let view = world.institutions["robbed"].replica.view();
    let (from, _) = view.issuance(&issuance).expect("an issuance");
    world.rotate("robbed", Some(from.0), &[]);
    world.succeed("closed", "closed", None);
    world.succeed("ph-ministry", "wound-up", Some("heir"));
    world.continue_list("heir", "wound-up");
    world.fork("forked", true);
    world.fork("quiet", false);
    world.fork("branch", true);
    world.step(60);
}

/// The agreement between the two countries; one that nobody ratified for the other side; one that has
/// lapsed.
fn agreements(world: &mut World) {
    world.agree();
    for name in
        ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
    {
        world.ratify(name);
    }
    let one_day = Validity { from: START, until: Some(START.plus(DAY)) };
    for (name, title, validity) in [
        ("unratified", "A draft", Validity { from: START, until: None }),
        ("lapsed", "A pilot", one_day),
    ] {
        let party = |country: &str, signatory: &str, role, bodies, witnesses| Party {
            country: Country::parse(country).expect("a country"),
            bodies,
            signatories: vec![Signatory {
                did: world.did(signatory),
                name: line(signatory),
                role,
                must: true,
            }],
            witnesses,
            quorum: Some(2),
        };
        let body = AgreementBody {
            did: world.did(name),
            name: line(name),
            grants: vec![grant(&["7"])],
            may_accredit: 0,
        };
        let agreement = Agreement {
            kind: AgreementKind::Skills,
            titles: vec![Name {
                language: Language::parse("en").expect("a language"),
                text: line(title),
            }],
            parties: vec![
                party("DE", "de-ministry", Role::Ministry, vec![], world.witnesses("de")),
                party("PH", name, Role::TrainingBody, vec![body], world.witnesses("ph")),
            ],
            validity,
            chains: false,
            texts: vec![],
            periods: None,
            recognition: None,
        };
        let agreement = world.say("de-ministry", agreement);
        let (home, role, since) = (Country::parse("DE").expect("a country"), Role::Ministry, START);
        world.say("de-ministry", Ratification { agreement, party: home, role, since });
        if name == "lapsed" {
            let party = Country::parse("PH").expect("a country");
            world.say(name, Ratification { agreement, party, role: Role::TrainingBody, since });
        }
    }
}

/// Has an institution issue a credential as it always does.
fn issue(
    world: &mut World,
    into: &mut BTreeMap<&'static str, Sealed>,
    name: &'static str,
    issuer: &str,
) {
    let mut person = worker();
    if name == "second" {
        // Of the second credential some cases show a name that differs in Latin letters.
        person.name_native = Some(line("Ligaya H. Halimbawa"));
        // And a document that was renewed.
        person.document_number = Some(line("X0000018"));
    }
    world.issue(issuer, &person, welding());
    keep(world, into, name);
}

/// Keeps the newest credential of the worker under a name.
fn keep(world: &World, into: &mut BTreeMap<&'static str, Sealed>, name: &'static str) {
    let credential = world.wallet.credentials().last().expect("a credential");
    let sealed = Sealed {
        sd_cwt: credential.sd_cwt.0.clone(),
        anchor: credential.anchor.clone(),
        key: world.wallet.key(credential),
    };
    into.insert(name, sealed);
}

/// What a status list says at an index of the cases.
const REVOKED: u64 = 2001;
const SUSPENDED: u64 = 2002;
const MEANINGLESS: u64 = 2003;

/// Has the institute issue credentials with one thing special about each, in one batch.
fn craft(world: &mut World, into: &mut BTreeMap<&'static str, Sealed>) -> Sealed {
    let plain = into["plain"].clone();
    let key = world.institutions["ph-institute"].seed.signing_key(Purpose::Credential);
    let forger = Seed::new([0xee; 32]).signing_key(Purpose::Credential);
    let mut made = Vec::new();
    for (name, alter) in crafted(world) {
        let signer = if name == "signed-by-a-forger" { &forger } else { &key };
        made.push((name, altered(&plain.sd_cwt, signer, alter)));
    }
    made.push(("under-a-forgers-key", under_key(&plain.sd_cwt, &forger)));
    statuses(world);
    let digest = |sd_cwt: &[u8]| SdCwt::parse(sd_cwt, Mode::Strict).expect("a credential").digest();
    let digests: Vec<_> = made.iter().map(|(_, sd_cwt)| digest(sd_cwt)).collect();
    let batch = Batch::new(&digests, &mut world.rng).expect("a batch");
    let issuance = Issuance { credential_type: line(VCT_SKILL), root: batch.root() };
    let issuance = world.say("ph-institute", issuance);
    for ((name, sd_cwt), anchor) in made.into_iter().zip(batch.anchors(issuance)) {
        into.insert(name, Sealed { sd_cwt, anchor, key: plain.key.clone() });
    }
    let of_another_type = altered(&plain.sd_cwt, &key, |_| {});
    let batch = Batch::new(&[digest(&of_another_type)], &mut world.rng).expect("a batch");
    let issuance = Issuance { credential_type: line("urn:carnet:other:1"), root: batch.root() };
    let issuance = world.say("ph-institute", issuance);
    world.publish_status("ph-institute");
    let anchor = batch.anchors(issuance).next().expect("an anchor");
    Sealed { sd_cwt: of_another_type, anchor, ..plain }
}

/// Sets the statuses that the cases need; 3 has no meaning, and is written as two entries of one bit.
fn statuses(world: &mut World) {
    let institute = world.institutions.get_mut("ph-institute").expect("the institute");
    let with_bits = |list: &StatusList, bits: u8| {
        let mut bytes = list.to_cbor();
        *bytes.last_mut().expect("a byte") = bits;
        StatusList::from_cbor(&bytes).expect("a list")
    };
    let list = &mut institute.list;
    assert!(list.set(REVOKED, Status::Invalid) && list.set(SUSPENDED, Status::Suspended));
    let mut bits = with_bits(list, 1);
    assert!(
        bits.set(2 * MEANINGLESS, Status::Invalid)
            && bits.set(2 * MEANINGLESS + 1, Status::Invalid)
    );
    *list = with_bits(&bits, 2);
}

type Alter = Box<dyn FnOnce(&mut Entries)>;

/// The credentials of the batch, and what each alters in the claims of a plain one.
fn crafted(world: &World) -> Vec<(&'static str, Alter)> {
    let now = world.now;
    let institute = world.did("ph-institute");
    let stranger = world.did("stranger");
    let status = |index: u64, uri: String| -> Alter {
        let list = Value::Map(vec![("idx".into(), index.into()), ("uri".into(), Value::Text(uri))]);
        Box::new(move |c| set(c, claim::STATUS, Value::Map(vec![("status_list".into(), list)])))
    };
    let own = format!("{institute}/status/0");
    let put = |key: i64, value: Value| -> Alter { Box::new(move |c| set(c, key, value)) };
    let time = |key: i64, at: UnixSeconds| put(key, at.0.into());
    let skill = |key: i64, value: Value| -> Alter {
        Box::new(move |c| {
            let Value::Map(mut skill) = remove(c, claim::SKILL) else { panic!("a map") };
            set(&mut skill, key, value);
            set(c, claim::SKILL, Value::Map(skill));
        })
    };
    let day = START.plus(DAY);
    vec![
        ("crafted", Box::new(|_| {})),
        ("signed-by-a-forger", Box::new(|_| {})),
        ("with-nbf", time(claim::NBF, day)),
        ("nbf-after-iat", time(claim::NBF, day.plus(1))),
        ("exp-at-iat", time(claim::EXP, day)),
        ("exp-before-iat", time(claim::EXP, day.minus(1))),
        ("expired", time(claim::EXP, now.minus(300))),
        ("expires-now", time(claim::EXP, now.minus(299))),
        ("iat-at-the-skew", time(claim::IAT, now.plus(300))),
        ("iat-beyond-the-skew", time(claim::IAT, now.plus(301))),
        ("iat-after-a-clock-behind", time(claim::IAT, now.plus(150))),
        ("qualification-ended", skill(12, Value::Int(START.date().0.into()))),
        ("qualification-ends-today", skill(12, Value::Int(now.date().0.into()))),
        ("nursing", skill(5, "2221".into())),
        ("another-country", skill(14, "DE".into())),
        ("level-5", skill(8, int(50))),
        ("last-index", status(u64::from(MIN_ENTRIES) - 1, own.clone())),
        ("index-beyond", status(MIN_ENTRIES.into(), own.clone())),
        ("revoked", status(REVOKED, own.clone())),
        ("suspended", status(SUSPENDED, own.clone())),
        ("status-3", status(MEANINGLESS, own)),
        ("second-list", status(1000, format!("{institute}/status/1"))),
        ("list-of-another", status(1000, format!("{stranger}/status/0"))),
        ("list-on-the-web", status(1000, "https://status.example/0".into())),
        ("unknown-claim", put(500, Value::Null)),
        ("aud", put(claim::AUD, "urn:carnet:anyone".into())),
        ("later-type", put(claim::VCT, "urn:carnet:skill:2".into())),
        ("never-logged", Box::new(|_| {})),
    ]
}

/// A credential with other claims, for the same key, signed under the headers of the first.
fn altered(sd_cwt: &[u8], signer: &SigningKey, alter: impl FnOnce(&mut Entries)) -> Vec<u8> {
    let token = SdCwt::parse(sd_cwt, Mode::Strict).expect("a credential");
    let payload = super::altered_map(token.payload().expect("claims"), alter);
    cose::sign1(token.sign1().protected, token.sign1().unprotected, &payload, signer)
}

/// A credential signed by another key, under the identifier of that key.
fn under_key(sd_cwt: &[u8], signer: &SigningKey) -> Vec<u8> {
    let token = SdCwt::parse(sd_cwt, Mode::Strict).expect("a credential");
    let kid = Value::Bytes(signer.public().kid().as_bytes().to_vec());
    let protected = super::altered_map(token.sign1().protected, |h| set(h, 4, kid));
    let payload = token.payload().expect("claims");
    cose::sign1(&protected, token.sign1().unprotected, payload, signer)
}
