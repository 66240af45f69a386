//! Statements of every kind, and the rules of their payloads.

use carnet_proto::cbor::Value;
use carnet_proto::classification::Country;
use carnet_proto::id::{Did, Digest, LeafIndex, RootHash};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::profile::VCT_SKILL;
use carnet_proto::statement::accreditation::{Withdrawal, WithdrawalReason};
use carnet_proto::statement::agreement::{Denunciation, Ratification};
use carnet_proto::statement::fork::Accusation;
use carnet_proto::statement::identity::{Inception, MAX_KEPT, Rotation, Succession};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::{Contact, NodeAddress, Role};
use carnet_proto::statement::{Body, Statement};
use serde_json::Value as Json;

use super::cose::Forged;
use super::statement::{accreditation, context, input, issuer, key, reads, signed, subject};
use super::{Cases, Entries, fork, int, remove, set};
use crate::world::{START, World, line};

mod ends;

use ends::{accusation, ends, inception, rotation, succession};

/// The statements that the cases are made of.
struct Good {
    world: World,
}

impl Good {
    fn profile(&self) -> Body {
        let Body::Profile(mut profile) = self.world.institutions["de-ministry"]
            .replica
            .profile()
            .expect("a profile")
            .body()
            .clone()
        else {
            panic!("a profile")
        };
        profile.web = Some(line("https://ministry.example"));
        profile.nodes = vec![NodeAddress {
            peer: line("12D3KooWexample"),
            addresses: vec![line("/ip4/192.0.2.1/tcp/4001")],
        }];
        profile.contacts = vec![Contact {
            role: line("verification desk"),
            address: line("desk@ministry.example"),
        }];
        Body::Profile(profile)
    }

    fn agreement(&self) -> Body {
        let view = self.world.institutions["de-ministry"].replica.view();
        let (_, _, agreement) = view.agreements().next().expect("an agreement");
        Body::from(agreement.clone())
    }

    fn standing(&self) -> Body {
        let standing = self.world.institutions["de-ministry"].replica.standing();
        standing.expect("a standing").body().clone()
    }
}

fn withdrawal() -> Withdrawal {
    Withdrawal {
        target: Digest::of(b"an accreditation"),
        effective: START,
        reason: WithdrawalReason::Fraud,
        retroactive: true,
    }
}

/// One statement of each kind, and what breaks the rules of its payload.
pub fn cases() -> Cases {
    let mut c = Cases::new("statement");
    c.context(context(&key())).source("wire-format.md, kinds");
    let mut world = World::new();
    world.agree();
    let good = Good { world };
    let agreement = Digest::of(b"an agreement");
    let party = Country::parse("DE").expect("a country");
    let role = Role::Union;
    let bodies: [Body; 11] = [
        good.profile(),
        accreditation().into(),
        withdrawal().into(),
        good.agreement(),
        Ratification { agreement, party, role, since: START }.into(),
        Denunciation { agreement, party, role, effective: START }.into(),
        Issuance { credential_type: line(VCT_SKILL), root: RootHash::new([7; 32]) }.into(),
        good.standing(),
        rotation().into(),
        succession().into(),
        accusation().into(),
    ];
    for body in &bodies {
        let statement = signed(body.clone());
        let kind = body.kind();
        let article = if kind.starts_with('a') || kind.starts_with('i') { "An" } else { "A" };
        let about = format!("{article} {kind}.");
        c.valid(&format!("valid-{kind}"), &about, input(statement.entry()), reads(&statement));
    }
    let forged = |at: usize| Forged::of(signed(bodies[at].clone()).entry());
    profile(&mut c, &forged(0));
    accreditations(&mut c, &forged(1));
    withdrawals(&mut c, &forged(2));
    agreements(&mut c, &forged(3));
    others(&mut c, &forged(4), &forged(6), &forged(7));
    ends(&mut c, &forged(8), &forged(9), &forged(10));
    inception(&mut c);
    c
}

/// The input of a case whose payload was altered.
fn altered(good: &Forged, alter: impl FnOnce(&mut Entries)) -> Json {
    input(&good.clone().payload(alter).sign(&key()))
}

/// The only element of a list in a map.
fn first(entries: &mut Entries, key: i64, alter: impl FnOnce(&mut Entries)) {
    let Value::Array(mut list) = remove(entries, key) else { panic!("a list") };
    let Some(Value::Map(first)) = list.first_mut() else { panic!("a map") };
    alter(first);
    set(entries, key, Value::Array(list));
}

fn list_of(value: Value, count: usize) -> Value {
    Value::Array(vec![value; count])
}

fn profile(c: &mut Cases, good: &Forged) {
    c.source("wire-format.md, profile");
    for (name, error, input, about) in [
        (
            "profile-without-names",
            "Invalid",
            altered(good, |p| set(p, 1, Value::Array(vec![]))),
            "A profile has at least one name.",
        ),
        (
            "profile-country-unknown",
            "Invalid",
            altered(good, |p| set(p, 2, "ZZ")),
            "The country is not in ISO 3166-1.",
        ),
        (
            "profile-role-unknown",
            "OutOfRange",
            altered(good, |p| set(p, 3, int(99))),
            "The role has no such number.",
        ),
        (
            "profile-quorum-0",
            "Invalid",
            altered(good, |p| set(p, 8, int(0))),
            "A quorum is at least 1.",
        ),
        (
            "profile-quorum-above-its-witnesses",
            "Invalid",
            altered(good, |p| set(p, 8, int(4))),
            "A quorum is at most the number of witnesses.",
        ),
        (
            "profile-quorum-without-witnesses",
            "Invalid",
            altered(good, |p| drop(remove(p, 7))),
            "There is a quorum of no witnesses.",
        ),
        (
            "profile-witness-twice",
            "Invalid",
            altered(good, |p| {
                let Value::Array(mut list) = remove(p, 7) else { panic!("a list") };
                list[1] = list[0].clone();
                set(p, 7, Value::Array(list));
            }),
            "A witness stands there twice.",
        ),
        (
            "profile-unknown-member",
            "UnknownKey",
            altered(good, |p| set(p, 9, Value::Null)),
            "There is a member that profiles do not have.",
        ),
        (
            "profile-17-nodes",
            "TooLarge",
            altered(good, |p| {
                let Value::Array(list) = remove(p, 5) else { panic!("a list") };
                set(p, 5, list_of(list[0].clone(), 17));
            }),
            "There are more nodes than a profile may have.",
        ),
    ] {
        c.invalid(name, "valid-profile", &format!("Malformed:{error}"), about, input);
    }
}

fn accreditations(c: &mut Cases, good: &Forged) {
    c.source("wire-format.md, accreditation");
    for (name, error, input, about) in [
        (
            "accreditation-without-grants",
            "Invalid",
            altered(good, |p| set(p, 3, Value::Array(vec![]))),
            "An accreditation has at least one grant.",
        ),
        (
            "accreditation-9-steps",
            "Invalid",
            altered(good, |p| set(p, 4, int(9))),
            "At most 8 further steps may follow.",
        ),
        (
            "accreditation-ends-before-it-begins",
            "Invalid",
            altered(good, |p| {
                set(
                    p,
                    5,
                    Value::Map(vec![
                        (int(1), Value::from(START.0)),
                        (int(2), Value::from(START.0 - 1)),
                    ]),
                );
            }),
            "It ends before it begins.",
        ),
        (
            "accreditation-occupation-unknown",
            "Invalid",
            altered(good, |p| first(p, 3, |g| set(g, 2, list_of("9999".into(), 1)))),
            "An occupation is not in ISCO-08.",
        ),
        (
            "accreditation-levels-reversed",
            "Invalid",
            altered(good, |p| first(p, 3, |g| first(g, 4, |l| set(l, 2, int(50))))),
            "The lowest level is above the highest.",
        ),
        (
            "accreditation-empty-list",
            "Invalid",
            altered(good, |p| first(p, 3, |g| set(g, 6, Value::Array(vec![])))),
            "An empty list is written instead of left out.",
        ),
        (
            "accreditation-65-grants",
            "TooLarge",
            altered(good, |p| {
                let Value::Array(list) = remove(p, 3) else { panic!("a list") };
                set(p, 3, list_of(list[0].clone(), 65));
            }),
            "There are more grants than an accreditation may have.",
        ),
        (
            "accreditation-name-with-control-character",
            "Invalid",
            altered(good, |p| set(p, 2, "Institute\u{1b}[2J")),
            "The name holds a control character.",
        ),
        (
            "accreditation-name-with-space-at-the-end",
            "Invalid",
            altered(good, |p| set(p, 2, "Institute ")),
            "The name ends with a space.",
        ),
        (
            "accreditation-name-of-257-bytes",
            "Invalid",
            altered(good, |p| set(p, 2, Value::Text("I".repeat(257)))),
            "The name is longer than 256 bytes.",
        ),
    ] {
        c.invalid(name, "valid-accreditation", &format!("Malformed:{error}"), about, input);
    }
}

fn withdrawals(c: &mut Cases, good: &Forged) {
    c.source("wire-format.md, withdrawal");
    c.invalid(
        "withdrawal-retroactive-without-fraud",
        "valid-withdrawal",
        "Malformed:Invalid",
        "Only for fraud or an error is a withdrawal retroactive.",
        altered(good, |p| set(p, 3, int(3))),
    );
    c.invalid(
        "withdrawal-reason-unknown",
        "valid-withdrawal",
        "Malformed:OutOfRange",
        "The reason has no such number.",
        altered(good, |p| set(p, 3, int(99))),
    );
}

fn agreements(c: &mut Cases, good: &Forged) {
    c.source("wire-format.md, agreement, ratification, denunciation");
    let seats = |party: &mut Entries| {
        let Value::Array(list) = remove(party, 3) else { panic!("a list") };
        list
    };
    for (name, input, about) in [
        (
            "agreement-without-title",
            altered(good, |p| set(p, 2, Value::Array(vec![]))),
            "An agreement has at least one title.",
        ),
        (
            "agreement-of-one-party",
            altered(good, |p| {
                let Value::Array(list) = remove(p, 3) else { panic!("a list") };
                set(p, 3, list_of(list[0].clone(), 1));
            }),
            "An agreement has at least two parties.",
        ),
        (
            "agreement-signatory-twice",
            altered(good, |p| {
                first(p, 3, |party| {
                    let mut list = seats(party);
                    list[1] = list[0].clone();
                    set(party, 3, Value::Array(list));
                })
            }),
            "An institution signs twice.",
        ),
        (
            "agreement-party-that-nobody-must-ratify-for",
            altered(good, |p| {
                first(p, 3, |party| {
                    let mut list = seats(party);
                    for seat in &mut list {
                        let Value::Map(seat) = seat else { panic!("a map") };
                        set(seat, 4, Value::Bool(false));
                    }
                    set(party, 3, Value::Array(list));
                })
            }),
            "Every party has a signatory whose ratification is needed.",
        ),
        (
            "agreement-quorum-above-its-witnesses",
            altered(good, |p| first(p, 3, |party| set(party, 5, int(4)))),
            "A party's quorum is at most the number of its witnesses.",
        ),
    ] {
        c.invalid(name, "valid-agreement", "Malformed:Invalid", about, input);
    }
}

fn others(c: &mut Cases, ratification: &Forged, issuance: &Forged, standing: &Forged) {
    c.source("wire-format.md, agreement, ratification, denunciation");
    c.invalid(
        "ratification-role-unknown",
        "valid-ratification",
        "Malformed:OutOfRange",
        "The role has no such number.",
        altered(ratification, |p| set(p, 3, int(99))),
    );
    c.source("wire-format.md, issuance");
    c.invalid(
        "issuance-root-of-31-bytes",
        "valid-issuance",
        "Malformed:WrongLength",
        "The root has 31 bytes.",
        altered(issuance, |p| set(p, 2, Value::Bytes(vec![7; 31]))),
    );
    c.invalid(
        "issuance-with-a-count",
        "valid-issuance",
        "Malformed:UnknownKey",
        "A batch does not tell how many credentials it holds.",
        altered(issuance, |p| set(p, 3, int(1))),
    );
    c.source("wire-format.md, standing");
    c.invalid(
        "standing-without-keys",
        "valid-standing",
        "Malformed:Invalid",
        "A standing names at least one key set.",
        altered(standing, |p| set(p, 1, Value::Array(vec![]))),
    );
}
