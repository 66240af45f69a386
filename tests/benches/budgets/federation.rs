//! A federation of eight countries: 10,000 institutions and 100,000 accreditations, all signed.
//!
//! In each country a ministry, a union and an employers' body witness every log with quorum 2. The
//! ministry accredits regulators, those accredit awarding bodies, those institutes, and some of these
//! their branches: two to five links. Every institute has several accreditors with different scopes.

use std::collections::VecDeque;
use std::sync::Arc;

use carnet_proto::classification::{Country, Occupation};
use carnet_proto::id::{Did, Digest};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::{Ledger, LogView, Replica};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::statement::accreditation::{Accreditation, Grant};
use carnet_proto::statement::agreement::{
    Agreement, AgreementKind, Body as AgreementBody, Party, Ratification, Signatory,
};
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::profile::{InstitutionProfile, Role};
use carnet_proto::statement::standing::{empty_head, status_tree};
use carnet_proto::statement::{Body, Statement};
use carnet_proto::text::{Language, Name};
use carnet_proto::time::{DAY, UnixSeconds, Validity};
use carnet_tests::SeededRng;
use carnet_tests::world::{START, grant, line};
use indicatif::{ProgressBar, ProgressStyle};
use rand_core::Rng as _;

use super::cores::spread;

/// The countries; the verifier trusts the first three, and agreements lead to three more.
const COUNTRIES: [&str; 8] = ["DE", "FR", "PL", "PH", "KE", "IN", "BR", "ZA"];
const TRUSTED: usize = 3;
/// Who agreed with whom.
const AGREEMENTS: [(usize, usize); 4] = [(0, 3), (0, 4), (1, 4), (2, 5)];
/// Institutions of one country.
const SIZE: usize = 1250;
/// Of those, in this order: ministry, union, employers' body, regulators, awarding bodies, institutes.
const WITNESSES: usize = 3;
const REGULATORS: std::ops::Range<usize> = 3..15;
const BODIES: std::ops::Range<usize> = 15..75;
const INSTITUTES: std::ops::Range<usize> = 75..SIZE;
/// Groups of ISCO-08 occupations that accreditations are about, by the first digit.
const GROUPS: [&[&str]; 9] = [
    &["11", "12", "13", "14"],
    &["21", "22", "23", "24", "25", "26"],
    &["31", "32", "33", "34", "35"],
    &["41", "42", "43", "44"],
    &["51", "52", "53", "54"],
    &["61", "62", "63"],
    &["71", "72", "73", "74", "75"],
    &["81", "82", "83"],
    &["91", "92", "93", "94", "95", "96"],
];
/// What the credentials attest: welders.
const WANTED: &str = "7212";
/// When everything is cosigned.
pub const COSIGNED: UnixSeconds = UnixSeconds(START.0 + DAY);

/// An institution's keys.
pub struct Institution {
    pub seed: Seed,
    pub did: Did,
    inception: Statement,
}

/// One accrediting another.
struct Edge {
    from: usize,
    to: usize,
    occupations: Vec<&'static str>,
    steps: u8,
}

/// The plan: who accredits whom.
pub struct Federation {
    pub institutions: Vec<Institution>,
    edges: Vec<Edge>,
    /// Statements beside profile and accreditations, by institution.
    others: Vec<Vec<Body>>,
}

/// What an issuer's log says besides: its issuance and its status list.
pub struct Issuing {
    pub issuer: usize,
    pub issuance: Body,
    pub list: Vec<u8>,
}

impl Federation {
    /// Makes keys and the plan.
    pub fn plan() -> Self {
        let count = SIZE * COUNTRIES.len();
        let keys = progress("keys of 10,000 institutions", count);
        let next = Seed::new([0xff; 32]).public_key_set().commitment();
        let institutions = spread(count, |number| {
            let mut seed = [0xfe; 32];
            seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
            let seed = Seed::new(seed);
            let inception = Inception { keys: seed.public_key_set(), next };
            let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
            keys.inc(1);
            Institution { seed, did: *inception.issuer(), inception }
        });
        let mut rng = SeededRng(11);
        let edges = (0..COUNTRIES.len()).flat_map(|home| edges(home, &mut rng)).collect();
        let others = (0..count).map(|_| Vec::new()).collect();
        let mut federation = Self { institutions, edges, others };
        for (home, partner) in AGREEMENTS {
            federation.agree(home, partner);
        }
        federation
    }

    /// Returns the trust anchors: institutions by number.
    pub fn trusted(&self) -> impl Iterator<Item = usize> {
        (0..TRUSTED).map(|country| country * SIZE)
    }

    /// Returns the witnesses of the country of an institution.
    pub fn witnesses(&self, institution: usize) -> std::ops::Range<usize> {
        let home = institution / SIZE * SIZE;
        home..home + WITNESSES
    }

    pub fn country(&self, institution: usize) -> Country {
        country(institution / SIZE)
    }

    /// Returns institutes that may attest welding, so many of each length of way.
    pub fn issuers(&self, of_each: usize) -> Vec<usize> {
        let wanted = Occupation::parse(WANTED).expect("ISCO");
        let covers = |edge: &&Edge| {
            edge.occupations.iter().any(|o| Occupation::parse(o).expect("ISCO").covers(wanted))
        };
        let mut by_accreditor: Vec<Vec<&Edge>> = self.others.iter().map(|_| Vec::new()).collect();
        for edge in self.edges.iter().filter(covers) {
            by_accreditor[edge.from].push(edge);
        }
        let mut lengths = vec![usize::MAX; self.institutions.len()];
        let partners = AGREEMENTS.iter().map(|(_, partner)| (partner * SIZE, 1, 6));
        let mut queue: VecDeque<_> =
            self.trusted().map(|anchor| (anchor, 0, 8)).chain(partners).collect();
        while let Some((at, length, steps)) = queue.pop_front() {
            if lengths[at] <= length {
                continue;
            }
            lengths[at] = length;
            let onward = by_accreditor[at].iter().filter(|_| steps > 0);
            queue.extend(onward.map(|e| (e.to, length + 1, (steps - 1u8).min(e.steps))));
        }
        let is_institute = |number: &usize| INSTITUTES.contains(&(number % SIZE));
        let found = (2..=5).flat_map(|length| {
            let lengths = &lengths;
            let of_length = (0..lengths.len())
                .filter(is_institute)
                .filter(move |number| lengths[*number] == length)
                .collect::<Vec<_>>();
            // Spread over the countries.
            let step = of_length.len().div_ceil(of_each).max(1);
            of_length.into_iter().step_by(step).collect::<Vec<_>>()
        });
        found.collect()
    }

    /// Signs and folds every log, and cosigns it.
    pub fn build(mut self, issuing: Vec<Issuing>) -> (Ledger, usize) {
        let mut lists: Vec<Option<Vec<u8>>> = self.others.iter().map(|_| None).collect();
        for Issuing { issuer, issuance, list } in issuing {
            self.others[issuer].push(issuance);
            lists[issuer] = Some(list);
        }
        let mut granted: Vec<Vec<&Edge>> = self.others.iter().map(|_| Vec::new()).collect();
        for edge in &self.edges {
            granted[edge.from].push(edge);
        }
        let progress = progress("logs of 10,000 institutions", self.institutions.len());
        let views = spread(self.institutions.len(), |number| {
            progress.inc(1);
            self.log(number, &granted[number], lists[number].as_deref())
        });
        (views.into_iter().collect(), self.edges.len())
    }

    fn log(&self, number: usize, granted: &[&Edge], list: Option<&[u8]>) -> Arc<LogView> {
        let Institution { seed, did, inception } = &self.institutions[number];
        let key = seed.signing_key(Purpose::Statement);
        let sign = |body: Body| Statement::sign(did, body, &key).expect("a statement");
        let mut statements = vec![sign(self.profile(number).into())];
        for edge in granted {
            let grants = vec![self.grant(number, &edge.occupations)];
            let accreditation = Accreditation {
                subject: self.institutions[edge.to].did,
                name: line(&format!("Institution {}", edge.to)),
                grants,
                may_accredit: edge.steps,
                validity: Validity { from: START, until: None },
                legal_basis: None,
                appeal_body: Some(line("Appeals Office")),
            };
            statements.push(sign(accreditation.into()));
        }
        statements.extend(self.others[number].iter().cloned().map(sign));
        let mut replica = Replica::new(inception.entry()).expect("a log");
        replica.append(&statements);
        let uri = format!("{did}/status/0");
        let lists = list.map(|list| (&uri, Digest::of(list)));
        let lists = match &lists {
            Some((uri, digest)) => status_tree([(*uri, digest)]).head(),
            None => empty_head(),
        };
        replica.append(&[sign(replica.derive_standing(lists).into())]);
        let checkpoint = Checkpoint::new(did, replica.tree().head());
        let mut note = Note::sign(&checkpoint, &seed.signing_key(Purpose::Checkpoint));
        for witness in self.witnesses(number).filter(|witness| *witness != number) {
            let witness = &self.institutions[witness];
            let key = witness.seed.signing_key(Purpose::Witness);
            note.add(note.cosign(&witness.did, &key, COSIGNED));
        }
        replica.add_checkpoint(&note, |_, _| true).expect("a checkpoint of this log");
        if let Some(list) = list {
            replica.set_status(&[list.to_vec()]).expect("its own list");
        }
        assert!(replica.is_in_order().is_ok());
        Arc::clone(replica.view())
    }

    fn profile(&self, number: usize) -> InstitutionProfile {
        let role = match number % SIZE {
            0 => Role::Ministry,
            1 => Role::Union,
            2 => Role::EmployersBody,
            n if REGULATORS.contains(&n) => Role::Regulator,
            _ => Role::TrainingBody,
        };
        InstitutionProfile {
            names: vec![name(&format!("Fictitious institution {number}"))],
            country: self.country(number),
            role,
            web: None,
            nodes: vec![],
            contacts: vec![],
            witnesses: self.witnesses(number).map(|w| self.institutions[w].did).collect(),
            quorum: Some(2),
        }
    }

    fn grant(&self, institution: usize, occupations: &[&str]) -> Grant {
        Grant { countries: vec![self.country(institution)], ..grant(occupations) }
    }

    /// Two countries agree; the ministries sign.
    fn agree(&mut self, home: usize, partner: usize) {
        let party = |number: usize, bodies| Party {
            country: country(number),
            bodies,
            signatories: vec![Signatory {
                did: self.institutions[number * SIZE].did,
                name: line("Ministry"),
                role: Role::Ministry,
                must: true,
            }],
            witnesses: self
                .witnesses(number * SIZE)
                .map(|witness| self.institutions[witness].did)
                .collect(),
            quorum: Some(2),
        };
        let bodies = vec![AgreementBody {
            did: self.institutions[partner * SIZE].did,
            name: line("Ministry"),
            grants: vec![self.grant(partner * SIZE, &["7", "8"])],
            may_accredit: 6,
        }];
        let agreement = Agreement {
            kind: AgreementKind::Skills,
            titles: vec![name(&format!("Agreement of {home} and {partner}"))],
            parties: vec![party(home, vec![]), party(partner, bodies)],
            validity: Validity { from: START, until: None },
            chains: false,
            texts: vec![],
            periods: None,
            recognition: None,
        };
        let Institution { did, seed, .. } = &self.institutions[home * SIZE];
        let key = seed.signing_key(Purpose::Statement);
        // The statement that is appended later is the same: signatures have no randomness.
        let digest = Statement::sign(did, agreement.clone(), &key).expect("a statement").digest();
        self.others[home * SIZE].push(agreement.into());
        for number in [home, partner] {
            let ratification = Ratification {
                agreement: digest,
                party: country(number),
                role: Role::Ministry,
                since: START,
            };
            self.others[number * SIZE].push(ratification.into());
        }
    }
}

/// Draws who accredits whom in one country.
fn edges(home: usize, rng: &mut SeededRng) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut add = |from: usize, to: usize, occupations: Vec<&'static str>, steps| {
        let (from, to) = (home * SIZE + from, home * SIZE + to);
        edges.push(Edge { from, to, occupations, steps });
    };
    let mut draw = |below: usize| (rng.next_u32() as usize) % below;
    let group_of = |number: usize| GROUPS[number % GROUPS.len()];
    for regulator in REGULATORS {
        let both = [group_of(regulator), group_of(6)].concat();
        add(0, regulator, if regulator % 3 == 0 { both } else { group_of(regulator).into() }, 5);
    }
    for body in BODIES {
        for step in [0, 1, 5] {
            let regulator = REGULATORS.start + (body + step) % REGULATORS.len();
            let both = [group_of(regulator), group_of(6)].concat();
            add(regulator, body, both, 4);
        }
        if body % 4 == 0 {
            for step in [1, 7] {
                let other = BODIES.start + (body + step) % BODIES.len();
                add(body, other, group_of(body).into(), 3);
            }
        }
    }
    // The ministry knows a few institutes itself.
    for institute in INSTITUTES.step_by(100) {
        add(0, institute, group_of(6).into(), 0);
    }
    for institute in INSTITUTES {
        // Branches are known to their institutes alone.
        let accreditors = if institute % 4 == 3 { 0 } else { 10 };
        for _ in 0..accreditors {
            let body = BODIES.start + draw(BODIES.len());
            let group = group_of(draw(GROUPS.len()));
            add(body, institute, group[..1 + draw(group.len())].into(), 2);
        }
        if institute % 2 == 0 {
            for step in 1..=7 {
                let branch = INSTITUTES.start + (institute + step * 4) % INSTITUTES.len();
                let branch = branch / 4 * 4 + 3;
                if INSTITUTES.contains(&branch) && branch != institute {
                    let group = group_of(draw(GROUPS.len()));
                    add(institute, branch, group[..1 + draw(group.len())].into(), 1);
                }
            }
        }
    }
    edges
}

fn country(number: usize) -> Country {
    Country::parse(COUNTRIES[number]).expect("a country")
}

fn name(text: &str) -> Name {
    Name { language: Language::parse("en").expect("language"), text: line(text) }
}

/// Tells on stderr what is being prepared; on a terminal as a bar.
pub fn progress(what: &'static str, count: usize) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    if bar.is_hidden() {
        eprintln!("preparing {what}");
    }
    let style = ProgressStyle::with_template("preparing {msg} {wide_bar} {eta}").expect("a style");
    bar.with_style(style).with_message(what)
}
