//! Verification: presentations, policies and clocks, and the report that each calls for.

mod credential;
mod decode;
mod holder;
mod issuer;
mod keys;

use std::collections::BTreeMap;

use carnet_proto::anchor::Anchor;
use carnet_proto::cbor::{Encode as _, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::disclosure::Reader;
use carnet_proto::evidence::{Evidence, GatherFor};
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingClaims, KeyBindingToken, Presentation, Presented};
use carnet_proto::profile::{FileKind, Profile, claim};
use carnet_proto::time::{DAY, UnixSeconds};
use carnet_proto::verify::policy::{Accept, Policy};
use carnet_proto::verify::report::{Outcome, Report, Verdict};
use serde_json::{Value as Json, json};

use super::verify_world::{Sealed, Story};
use super::{Case, Cases, WorldFile, hex, int};
use crate::world::AUDIENCE;

/// What is asked of a verifier.
#[derive(Clone)]
pub struct Question {
    /// The presentation, as a file.
    pub file: Vec<u8>,
    /// The verifier's policy.
    pub policy: Policy,
    /// The logs that it knows, by name; all if not said.
    pub logs: Option<Vec<&'static str>>,
    /// The time.
    pub now: UnixSeconds,
}

/// What a case shows: how one check comes out, and why.
pub type Shows = (&'static str, Outcome, &'static str);

/// Makes the cases of verification from one history.
pub struct Maker {
    /// The history.
    pub story: Story,
    cases: Cases,
    mismatches: Vec<String>,
}

/// Every case of verification, and the logs that they refer to.
pub fn cases() -> (Cases, Vec<WorldFile>) {
    let story = Story::new();
    let mut maker = Maker { story, cases: Cases::new("verify"), mismatches: Vec::new() };
    holder::cases(&mut maker);
    credential::cases(&mut maker);
    issuer::cases(&mut maker);
    keys::cases(&mut maker);
    assert!(maker.mismatches.is_empty(), "{}", maker.mismatches.join("\n"));
    let worlds = vec![maker.story.file()];
    (maker.cases, worlds)
}

impl Maker {
    /// When the cases are judged.
    pub fn now(&self) -> UnixSeconds {
        self.story.world.now
    }

    /// States the source of the cases that follow.
    pub fn source(&mut self, source: &'static str) {
        self.cases.source(source);
    }

    /// A credential of the history.
    pub fn sealed(&self, name: &str) -> Sealed {
        self.story.credentials.get(name).unwrap_or_else(|| panic!("no credential {name}")).clone()
    }

    /// What the holder says in answer to the verifier's challenge.
    pub fn answer(&self) -> KeyBindingClaims {
        KeyBindingClaims {
            audience: AUDIENCE.into(),
            expires_at: self.now().plus(300),
            issued_at: self.now(),
            nonce: Some(vec![9; 16]),
            container: None,
        }
    }

    /// What the holder says in a copy for this verifier.
    pub fn copy(&self) -> KeyBindingClaims {
        KeyBindingClaims { nonce: None, expires_at: self.now().plus(30 * DAY), ..self.answer() }
    }

    /// A policy that accepts copies, and views of up to 30 days.
    pub fn copies(&self) -> Policy {
        Policy { accept: Accept::Prepared, ..self.story.world.policy() }
    }

    /// A live answer with one credential, asked of a verifier that knows every log.
    pub fn with(&self, name: &str) -> Question {
        self.showing(&[(self.sealed(name), self.answer())])
    }

    /// Presents credentials, asked of a verifier that knows every log.
    pub fn showing(&self, parts: &[(Sealed, KeyBindingClaims)]) -> Question {
        let presented =
            parts.iter().map(|(sealed, claims)| token(sealed, claims, &SHOWN)).collect();
        self.question(&Presentation { profile: Profile::SdCwt08, presented, evidence: None })
    }

    /// Asks about a presentation.
    pub fn question(&self, presentation: &Presentation) -> Question {
        Question {
            file: presentation.to_file(),
            policy: self.story.world.policy(),
            logs: None,
            now: self.now(),
        }
    }

    /// The evidence that a holder would staple for a credential.
    pub fn evidence(&self, sealed: &Sealed) -> Evidence {
        let world = &self.story.world;
        let replicas: BTreeMap<_, _> =
            world.institutions.values().map(|i| (i.did, i.replica.clone())).collect();
        let issuer = world.did("ph-institute");
        let status_uri = format!("{issuer}/status/0");
        let issuance = sealed.anchor.issuance;
        Evidence::gather(&replicas, &GatherFor { issuer, issuance, status_uri: &status_uri })
    }

    /// Adds a case in which everything holds.
    pub fn valid(&mut self, name: &str, about: &str, question: &Question, shows: Shows) {
        self.add(name, None, about, question, Verdict::Valid, shows, &[]);
    }

    /// Adds a case in which something is wrong.
    pub fn invalid(
        &mut self,
        name: &str,
        base: &str,
        about: &str,
        question: &Question,
        shows: Shows,
    ) {
        self.add(name, Some(base), about, question, Verdict::Invalid, shows, &[]);
    }

    /// Adds a case in which something cannot be told, and the checks that cannot be either for that.
    pub fn unclear(
        &mut self,
        name: &str,
        base: &str,
        about: &str,
        question: &Question,
        shows: Shows,
        also: &[&str],
    ) {
        self.add(name, Some(base), about, question, Verdict::Undetermined, shows, also);
    }

    /// Adds a case.
    #[expect(clippy::too_many_arguments, reason = "one for each field of a case")]
    pub fn add(
        &mut self,
        name: &str,
        base: Option<&str>,
        about: &str,
        question: &Question,
        verdict: Verdict,
        (check, outcome, reason): Shows,
        also: &[&str],
    ) {
        let report = self.judge(question);
        let shown = report.credentials.iter().filter_map(|c| c.check(check));
        if report.verdict != verdict
            || !shown.into_iter().any(|c| (c.outcome, c.reason.id) == (outcome, reason))
        {
            self.mismatches
                .push(format!("{name}: {check} {outcome:?} {reason}\n{}", brief(&report)));
        }
        let mut expect = json!({
            "class": verdict, "check": check, "outcome": outcome, "reason": reason,
            "credentials": report.credentials.iter().map(credential_json).collect::<Vec<_>>(),
        });
        if !also.is_empty() {
            expect["also"] = json!(also);
        }
        self.cases.list.push(Case {
            object: "verify",
            name: name.into(),
            about: about.into(),
            source: self.cases.source.into(),
            base: base.map(Into::into),
            input: json!({ "presentation": hex(&question.file) }),
            context: self.context(question),
            expect,
        });
    }

    fn judge(&self, question: &Question) -> Report {
        let ledger: Ledger = match &question.logs {
            None => self.story.world.ledger(),
            Some(names) => {
                let logs = names.iter().map(|name| &self.story.world.institutions[name].replica);
                let mut ledger: Ledger = logs.map(|replica| replica.view().clone()).collect();
                self.story.world.forks.iter().for_each(|proof| ledger.add_fork(proof));
                ledger
            }
        };
        let body = Presentation::open(&question.file).expect("a presentation file");
        carnet_proto::verify::verify(body, &question.policy, &ledger, question.now)
    }

    fn context(&self, question: &Question) -> Json {
        let mut ledger = json!({ "world": "main" });
        if let Some(names) = &question.logs {
            ledger["logs"] = json!(names);
        }
        json!({ "now": question.now.0, "policy": policy_json(&question.policy), "ledger": ledger })
    }
}

/// The claims that most presentations show.
pub const SHOWN: [i64; 2] = [claim::NAME_LATIN, claim::BIRTH_DATE];

/// A key-binding token that shows some claims of the outermost map, with the anchor.
pub fn token(sealed: &Sealed, claims: &KeyBindingClaims, shown: &[i64]) -> Presented {
    let bytes = shown_of(sealed, shown);
    Presented {
        token: KeyBindingToken::sign(&bytes, claims, &sealed.key),
        anchor: Some(sealed.anchor.clone()),
    }
}

/// A credential with only some claims of the outermost map shown.
pub fn shown_of(sealed: &Sealed, shown: &[i64]) -> Vec<u8> {
    let token = SdCwt::parse(&sealed.sd_cwt, Mode::Strict).expect("a credential");
    let placed = token.restore(Profile::SdCwt08, Reader::Holder).expect("disclosures").placed;
    let is_shown = |place: &[_]| shown.iter().any(|key| place == [int(*key)]);
    token.with_disclosures(|i| placed.iter().any(|p| p.index == i && is_shown(&p.path)))
}

/// A presentation file around any body.
pub fn file_around(body: &[u8]) -> Vec<u8> {
    super::file_around(FileKind::Presentation, body)
}

/// A presentation of one token.
pub fn alone(token: Vec<u8>, anchor: Option<Anchor>, evidence: Option<&Evidence>) -> Presentation {
    Presentation {
        profile: Profile::SdCwt08,
        presented: vec![Presented { token, anchor }],
        evidence: evidence.map(|evidence| evidence.to_cbor()),
    }
}

fn policy_json(policy: &Policy) -> Json {
    let anchors = policy.trust_anchors.iter().map(|anchor| {
        let purposes = anchor.purposes.iter().map(|_| "skill").collect::<Vec<_>>();
        json!({ "did": anchor.did.to_string(), "name": anchor.name.as_str(), "purposes": purposes })
    });
    let accept = match &policy.accept {
        Accept::Prepared => json!("prepared"),
        Accept::Live(nonces) => {
            let nonces = nonces.iter().map(
                |n| json!({ "nonce": hex(&n.nonce), "expires_at": n.expires_at.0, "used": n.used }),
            );
            json!({ "live": nonces.collect::<Vec<_>>() })
        }
    };
    let witnesses = policy.witnesses.as_ref().map(|w| {
        let dids: Vec<_> = w.witnesses.iter().map(ToString::to_string).collect();
        json!({ "witnesses": dids, "quorum": w.quorum })
    });
    json!({
        "trust_anchors": anchors.collect::<Vec<_>>(),
        "audience": policy.audience,
        "accept": accept,
        "witnesses": witnesses,
        "view_age": policy.view_age,
        "clock_skew": policy.clock_skew,
    })
}

/// What a case says of one credential's report.
pub fn credential_json(report: &carnet_proto::verify::report::CredentialReport) -> Json {
    let checks = report.checks.iter().map(|c| json!([c.id, c.outcome, c.reason.id]));
    json!({
        "verdict": report.verdict,
        "checks": checks.collect::<Vec<_>>(),
        "path": report.path.as_ref().map(|path| path.iter().map(|l| l.did().to_string()).collect::<Vec<_>>()),
        "proven_time": report.proven_time.map(|time| time.0),
        "withheld_hashes": report.withheld_hashes,
    })
}

fn brief(report: &Report) -> String {
    let mut lines = vec![format!("  verdict {:?}", report.verdict)];
    for check in report.credentials.iter().flat_map(|c| &c.checks) {
        lines.push(format!(
            "  {} {:?} {} {:?}",
            check.id, check.outcome, check.reason.id, check.reason.args
        ));
    }
    lines.join("\n")
}
