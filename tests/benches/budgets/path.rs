//! The trust path among 10,000 institutions: what it adds to a verification.

use std::cell::{Cell, LazyCell};
use std::time::Duration;

use carnet_proto::anchor::Batch;
use carnet_proto::cbor::{Bytes, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::issue::Issue;
use carnet_proto::credential::skill::Skill;
use carnet_proto::evidence::Evidence;
use carnet_proto::issuing::CredentialFile;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::Presentation;
use carnet_proto::profile::{Profile, VCT_SKILL};
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::status::{MIN_ENTRIES, StatusList, StatusToken, StatusUri};
use carnet_proto::time::{DAY, UnixSeconds};
use carnet_proto::verify::Verifier;
use carnet_proto::verify::policy::{Accept, IssuedNonce, Policy, TrustAnchor, TrustPurpose};
use carnet_proto::verify::report::Verdict;
use carnet_proto::wallet::{PresentRequest, Wallet};
use carnet_tests::SeededRng;
use carnet_tests::world::{AUDIENCE, line, welding, worker};

use super::bench::{Bench, Spec, time};
use super::federation::{COSIGNED, Federation, Issuing};
use super::samples::Usual;
use super::table::Budget;

/// Issuers of each length of way; they are asked in turn.
const OF_EACH_LENGTH: usize = 24;
const NOW: UnixSeconds = UnixSeconds(COSIGNED.0 + 3600);

/// The big ledger, and presentations of credentials from many issuers in it.
struct Big {
    ledger: Ledger,
    policy: Policy,
    bodies: Vec<Vec<u8>>,
    /// For each presentation, a policy that starts at its issuer, and a ledger of the logs needed then.
    own: Vec<(Policy, Ledger)>,
    accreditations: usize,
}

pub fn rows(bench: &mut Bench) {
    let usual = LazyCell::new(Usual::new);
    let big = LazyCell::new(Big::new);
    let verifier = LazyCell::new(|| Verifier::new(&big.policy, &big.ledger));
    let own = LazyCell::new(|| {
        let own = big.own.iter().map(|(policy, ledger)| Verifier::new(policy, ledger));
        own.collect::<Vec<_>>()
    });
    let turn = Cell::new(0);
    let spec = Spec {
        what: "path: verifying with 10,000 institutions and 100,000 accreditations, less the same \
               with the issuer as trust anchor",
        yardstick: "one strict Ed25519 verification",
        item: "paths",
        items: 1,
        budget: Budget::Times(1.0),
    };
    bench.rounds(spec, || {
        if turn.get() == 0 {
            big.check(&verifier, &own);
        }
        let (mut ours, mut without, mut yardstick) =
            (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        for round in 0..8 {
            let index = turn.get() % big.bodies.len();
            turn.set(turn.get() + 1);
            let body = &big.bodies[index];
            let mut with_path = || ours += time(1, || verifier.verify(body, NOW));
            let mut without_path = || without += time(1, || own[index].verify(body, NOW));
            // Whoever comes first brings the presentation to the processor.
            if round % 2 == 0 {
                with_path();
                without_path();
            } else {
                without_path();
                with_path();
            }
            yardstick += time(1, || usual.signed[0].verify());
        }
        (ours.saturating_sub(without) / 8, yardstick / 8)
    });
}

impl Big {
    fn new() -> Self {
        let federation = Federation::plan();
        let issuers = federation.issuers(OF_EACH_LENGTH);
        let mut rng = SeededRng(5);
        let mut wallet = Wallet::new(Seed::new([0x78; 32]));
        let issuing = issuers
            .iter()
            .map(|issuer| issue(&federation, *issuer, &mut wallet, &mut rng))
            .collect();
        let bodies = (0..issuers.len()).map(|index| present(&wallet, index)).collect();
        let anchor = |number: usize| TrustAnchor {
            did: federation.institutions[number].did,
            name: line(&format!("Institution {number}")),
            purposes: vec![TrustPurpose::Skill],
        };
        let policy = policy(federation.trusted().map(anchor).collect());
        let own: Vec<_> = issuers
            .iter()
            .map(|issuer| {
                let logs = federation.witnesses(*issuer).chain([*issuer]);
                let dids: Vec<_> = logs.map(|log| federation.institutions[log].did).collect();
                (self::policy(vec![anchor(*issuer)]), dids)
            })
            .collect();
        let (ledger, accreditations) = federation.build(issuing);
        let own = own
            .into_iter()
            .map(|(policy, dids)| {
                let logs = dids.iter().filter_map(|did| ledger.log(did));
                (policy, logs.map(|log| std::sync::Arc::new(log.clone())).collect())
            })
            .collect();
        Self { ledger, policy, bodies, own, accreditations }
    }

    /// Asks for everything once, so that it is known afterwards.
    fn check(&self, verifier: &Verifier<'_>, own: &[Verifier<'_>]) {
        let mut lengths = std::collections::BTreeMap::new();
        for (body, own) in self.bodies.iter().zip(own) {
            let report = verifier.verify(body, NOW);
            assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
            assert_eq!(own.verify(body, NOW).verdict, Verdict::Valid);
            let path = report.credentials[0].path.as_ref().expect("a path");
            *lengths.entry(path.len() - 1).or_insert(0) += 1;
        }
        let (logs, count) = (self.ledger.logs().count(), self.accreditations);
        eprintln!(
            "{logs} logs, {count} accreditations; issuers by links of their path: {lengths:?}"
        );
    }
}

fn policy(trust_anchors: Vec<TrustAnchor>) -> Policy {
    Policy {
        trust_anchors,
        audience: AUDIENCE.into(),
        accept: Accept::Live(vec![IssuedNonce {
            nonce: vec![9; 16],
            expires_at: NOW.plus(300),
            used: false,
        }]),
        witnesses: None,
        view_age: DAY,
        clock_skew: 300,
    }
}

/// Issues a welder's credential to the wallet.
fn issue(
    federation: &Federation,
    issuer: usize,
    wallet: &mut Wallet,
    rng: &mut SeededRng,
) -> Issuing {
    let (did, seed) = (federation.institutions[issuer].did, &federation.institutions[issuer].seed);
    let request = wallet.request_key(did, COSIGNED, rng).expect("room for a key");
    let uri = StatusUri { issuer: did, list: 0 };
    let issued = Issue {
        issuer: &did,
        holder_key: KeyRequest::open(&request, &did).expect("a request").key(),
        person: &worker(),
        attested: &Skill { country: federation.country(issuer), ..welding() }.into(),
        issued_at: COSIGNED,
        expires_at: COSIGNED.plus(365 * DAY),
        status: (uri, 5000),
    }
    .sign(&seed.signing_key(Purpose::Credential), rng)
    .expect("a credential");
    let digest = SdCwt::parse(&issued.sd_cwt, Mode::Strict).expect("a credential").digest();
    let batch = Batch::new(&[digest], rng).expect("a batch");
    let issuance = Issuance { credential_type: line(VCT_SKILL), root: batch.root() };
    let statement = carnet_proto::statement::Statement::sign(
        &did,
        issuance.clone(),
        &seed.signing_key(Purpose::Statement),
    );
    let anchor = batch.anchors(statement.expect("a statement").digest()).next().expect("an anchor");
    let file = CredentialFile { profile: Profile::SdCwt08, sd_cwt: Bytes(issued.sd_cwt), anchor };
    wallet.add(file).expect("a credential of this wallet");
    let key = seed.signing_key(Purpose::Status);
    let list = StatusList::new(MIN_ENTRIES);
    let until = COSIGNED.plus(7 * DAY);
    let list = StatusToken::sign(&uri, &list, COSIGNED, until, 3600, &key);
    Issuing { issuer, issuance: issuance.into(), list }
}

fn present(wallet: &Wallet, index: usize) -> Vec<u8> {
    let request = PresentRequest {
        audience: AUDIENCE,
        nonce: Some(&[9; 16]),
        issued_at: NOW,
        expires_at: NOW.plus(300),
        disclose: &["name_latin".into(), "birth_date".into(), "assessment".into()],
        with_evidence: false,
    };
    let presentation =
        wallet.present(&[index], &request, Evidence::join_encoded).expect("a presentation");
    Presentation::open(&presentation.to_file()).expect("a presentation").to_vec()
}
