//! A federation in one thread and in virtual time: the real state machine of
//! [`carnet_proto::sync`], real logs and real signatures, on a network that one seed decides.
//!
//! A [`Scenario`] is drawn from the seed: who takes part, who of them breaks the protocol and how,
//! what the network does and when. A [`Simulation`] plays it event by event, and a `Checker` looks at
//! every honest node after every event. The same seed gives the same events in the same order.

mod actor;
mod byzantine;
mod checker;
mod conduct;
mod ends;
mod institution;
mod lies;
mod network;
mod node;
mod outcome;
mod random;
mod sabotage;
pub mod scale;
mod scenario;
mod script;
mod trace;
mod transport;

pub use byzantine::Behaviour;
pub use checker::{ASKED_PER_LOG, ASKED_PER_MINUTE, Violation};
pub use network::{Conditions, Traffic};
pub use node::Member;
pub use outcome::{Failure, Outcome};
pub use sabotage::Sabotage;
pub use scenario::{Scenario, Step};
pub use trace::Tally;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use carnet_node::net::Misbehaviour;
use carnet_proto::id::Did;
use carnet_proto::sync::{Action, Archive as _, Input, Misbehaviour as Offence, Verdict};

use actor::Actor;
use byzantine::{Byzantine, Deed};
use checker::Checker;
use conduct::Conduct;
use institution::Institution;
use network::{Event, Network, Parcel};
use node::Node;
use random::Random;
use trace::Trace;

/// Milliseconds between two ticks of a node.
const TICK: u64 = 1_000;
/// How often it is looked whether all hold the same, once it is calm, in milliseconds.
const LOOK: u64 = 2_000;
/// Milliseconds after the last fault within which all that are connected hold the same. A request
/// that was lost is given up after 30 s, the peer is left alone for up to 60 s more, and two
/// comparisons with a random peer, 30 s apart, may both choose another.
pub const CONVERGENCE: u64 = 300_000;

/// A federation that is being simulated.
pub struct Simulation {
    scenario: Scenario,
    network: Network,
    actors: Vec<Actor>,
    conduct: Vec<Conduct>,
    dids: Vec<Did>,
    checker: Checker,
    trace: Trace,
    tally: Tally,
    random: Random,
    doomed: BTreeSet<Member>,
    published: u64,
    sabotage: Option<(Member, Sabotage)>,
}

impl Simulation {
    /// Prepares what a scenario tells; nothing has happened yet.
    pub fn new(scenario: Scenario) -> Self {
        let count = scenario.members();
        let seed = scenario.seed;
        let everybody: Vec<_> = (0..count).map(Institution::known).collect();
        let dids: Vec<Did> = everybody.iter().map(|institution| institution.did).collect();
        let honest = (0..scenario.honest).map(|member| (dids[member], member)).collect();
        let mut checker = Checker::new(honest);
        let mut actors = Vec::new();
        for (member, institution) in everybody.iter().enumerate() {
            let witnesses = scenario.witnesses[member].iter().map(|other| dids[*other]).collect();
            let clock = scenario.clocks[member];
            let mut node = Node::new(Arc::clone(institution), witnesses, clock);
            node.follows = scenario.follows[member].iter().map(|other| dids[*other]).collect();
            checker.signed(0, node.archive.replica(&institution.did).expect("its own log"));
            actors.push(match member.checked_sub(scenario.honest) {
                None => Actor::Honest(Box::new(node)),
                Some(index) => Actor::Byzantine(Box::new(Byzantine::new(
                    scenario.byzantine[index],
                    node,
                    Random::new(seed, &format!("member {member}")),
                    everybody.clone(),
                ))),
            });
        }
        let network = Network::new(count, scenario.conditions, Random::new(seed, "network"));
        Self {
            network,
            actors,
            conduct: (0..count).map(|_| Conduct::default()).collect(),
            dids,
            checker,
            trace: Trace::default(),
            tally: Tally::default(),
            random: Random::new(seed, "times"),
            doomed: BTreeSet::new(),
            published: 0,
            sabotage: None,
            scenario,
        }
    }

    /// Lets one honest member break a rule, without telling whoever watches.
    #[must_use]
    pub fn with(mut self, member: Member, sabotage: Sabotage) -> Self {
        self.sabotage = Some((member, sabotage));
        self
    }

    /// Plays the scenario until all honest nodes hold the same.
    ///
    /// # Errors
    /// The rule that was broken, with what happened before.
    pub fn run(mut self) -> Result<Outcome, Box<Failure>> {
        match self.play() {
            Ok(converged_after) => Ok(self.outcome(converged_after)),
            Err(violation) => Err(Box::new(Failure {
                seed: self.scenario.seed,
                at: self.network.now,
                violation,
                last_steps: self.trace.last_steps(),
            })),
        }
    }

    fn play(&mut self) -> Result<u64, Violation> {
        for (at, step) in self.scenario.steps.clone() {
            self.network.plan(at, Event::Script(step));
        }
        for member in 0..self.actors.len() {
            self.start(member);
        }
        for (a, b, _) in self.scenario.links.clone() {
            self.join(a, b)?;
        }
        self.run_until(self.scenario.calm_at)?;
        let end = self.scenario.calm_at + CONVERGENCE;
        loop {
            self.run_until(self.network.now + LOOK)?;
            match self.difference() {
                None => break,
                Some(what) if self.network.now >= end => return Err(Violation::Diverged { what }),
                Some(_) => {}
            }
        }
        self.look_at_ends()?;
        Ok(self.network.now - self.scenario.calm_at)
    }

    fn run_until(&mut self, until: u64) -> Result<(), Violation> {
        while let Some(event) = self.network.next(until) {
            self.happen(event)?;
        }
        Ok(())
    }

    fn note(
        &mut self,
        member: Member,
        what: &'static str,
        from: Option<Member>,
        print: u64,
        bytes: usize,
    ) {
        self.trace.push(trace::Step { at: self.network.now, member, what, from, print, bytes });
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Tick { member, run } => {
                if self.actors[member].run() != run {
                    return Ok(());
                }
                let random = self.random.any();
                self.note(member, "tick", None, random, 0);
                self.network.plan(self.network.now + TICK, Event::Tick { member, run });
                self.give(member, None, Input::Tick { random })
            }
            Event::Deliver { from, to, link, parcel } => {
                if !self.network.arrives(from, to, link, &parcel) {
                    return Ok(());
                }
                let (what, print, bytes) = parcel.describe();
                self.note(to, what, Some(from), print, bytes);
                self.arrive(from, to, parcel)
            }
            Event::Expire { exchange } => {
                let Some(expired) = self.network.expire(exchange) else { return Ok(()) };
                self.note(expired.asker, "no answer in time", Some(expired.asked), exchange, 0);
                self.give(expired.asker, Some(expired.asked), Input::Failed { id: expired.id })
            }
            Event::Script(step) => self.script(step),
        }
    }

    fn arrive(&mut self, from: Member, to: Member, parcel: Parcel) -> Result<(), Violation> {
        let now = self.network.now;
        if self.actors[to].is_honest() {
            let is_admitted = match &parcel {
                Parcel::Request { .. } => self.conduct[to].admits_request(from, now),
                Parcel::Gossip { .. } => self.conduct[to].admits_gossip(from, now),
                Parcel::Response { .. } | Parcel::Failed { .. } => true,
            };
            if !is_admitted {
                if let Parcel::Request { exchange, .. } = parcel {
                    self.network.refuse(exchange);
                }
                return self.offends(to, from, Misbehaviour::Flooding);
            }
        }
        let Some((part, input)) = self.network.input(from, parcel) else { return Ok(()) };
        if part.is_some_and(|part| part != self.actors[to].part_for(from)) {
            return Ok(());
        }
        self.give(to, Some(from), input)
    }

    /// Lets a member handle something, and does what it says.
    fn give(
        &mut self,
        member: Member,
        from: Option<Member>,
        input: Input<Member>,
    ) -> Result<(), Violation> {
        let now = self.network.now;
        let gossip = match &input {
            Input::Gossip { bytes, .. } => Some(Arc::from(bytes.as_slice())),
            _ => None,
        };
        let sabotage = self.sabotage.filter(|(spoilt, _)| *spoilt == member);
        let others: Vec<_> = match sabotage {
            Some(_) => {
                self.actors.iter().flat_map(Actor::nodes).map(|n| n.archive.clone()).collect()
            }
            None => Vec::new(),
        };
        let deeds = match &mut self.actors[member] {
            Actor::Honest(node) => {
                let input = match sabotage {
                    Some((_, sabotage)) => sabotage.mishear(input),
                    None => input,
                };
                let is_answer = matches!(input, Input::Response { .. });
                let mut actions = node.handle(now, input);
                if let Some((_, sabotage)) = sabotage {
                    sabotage.spoil(node, from, is_answer, &others, &mut actions);
                }
                self.checker.handled(now, member, node, from, &actions)?;
                if !actions.is_empty() && self.doomed.remove(&member) {
                    self.tally.count("a node died between its disk and the network");
                    return self.stop(member);
                }
                actions.into_iter().map(|action| Deed { part: 0, action, after: 0 }).collect()
            }
            Actor::Byzantine(byzantine) => {
                let peers = self.network.peers(member);
                byzantine.on(now, from, input, &peers)
            }
        };
        for deed in deeds {
            self.perform(member, from, gossip.as_ref(), deed)?;
        }
        Ok(())
    }

    fn perform(
        &mut self,
        member: Member,
        from: Option<Member>,
        gossip: Option<&Arc<[u8]>>,
        deed: Deed,
    ) -> Result<(), Violation> {
        let (part, actor) = (deed.part, &self.actors[member]);
        let hears = |peer| actor.part_for(peer) == part;
        let left = self.network.carry(member, deed, from.zip(gossip), hears);
        let Some(action) = left.filter(|_| actor.is_honest()) else { return Ok(()) };
        match action {
            // A peer may have been banned for what came just before.
            Action::Send { peer, .. }
                if !self.conduct[member].is_banned(peer, self.network.now) =>
            {
                return Err(Violation::NotConnected { member, peer });
            }
            Action::Judge { verdict: Verdict::Reject, .. } => {
                self.tally.count("gossip rejected");
                if let Some(peer) = from {
                    return self.offends(member, peer, Misbehaviour::InvalidGossip);
                }
            }
            Action::Report { peer, what } => {
                let (counted, what) = match what {
                    Offence::Oversized => ("offence: too many bytes", Misbehaviour::Oversized),
                    Offence::FalseProof => ("offence: a false proof", Misbehaviour::FalseProof),
                    _ => ("offence: no message", Misbehaviour::Malformed),
                };
                self.tally.count(counted);
                return self.offends(member, peer, what);
            }
            Action::Fork { .. } => self.tally.count("forks seen"),
            Action::ForkProven { .. } => self.tally.count("proofs of a fork kept"),
            _ => {}
        }
        Ok(())
    }

    /// Counts an offence, and bans whoever has committed too many.
    fn offends(
        &mut self,
        member: Member,
        peer: Member,
        what: Misbehaviour,
    ) -> Result<(), Violation> {
        if !self.conduct[member].report(peer, what, self.network.now) {
            return Ok(());
        }
        if self.actors[peer].is_honest() {
            let what = "a ban".to_owned();
            return Err(Violation::HonestAccused { member, peer, what });
        }
        self.tally.count("bans");
        self.cut(member, peer)
    }

    fn outcome(self, converged_after: u64) -> Outcome {
        let mut tally = self.tally;
        tally.merge(&self.network.tally);
        let mut proven = BTreeSet::new();
        for actor in &self.actors {
            match actor {
                Actor::Honest(node) => {
                    let origins = node.archive.origins().into_iter();
                    proven.extend(origins.filter(|did| node.archive.fork(did).is_some()));
                }
                Actor::Byzantine(byzantine) => tally.merge(&byzantine.tally),
            }
        }
        let messages: u64 = self.network.traffic.iter().map(Traffic::messages).sum();
        let bytes: u64 = self.network.traffic.iter().map(Traffic::bytes).sum();
        Outcome {
            seeds: 1,
            steps: self.trace.steps(),
            messages,
            bytes,
            converged_after,
            forks_proven: proven.len() as u64,
            most_asked: self.checker.most_asked,
            most_held: self.checker.most_held,
            trace: self.trace.hash(),
            behaviours: self.scenario.byzantine.iter().map(|b| (*b, 1)).collect::<BTreeMap<_, _>>(),
            tally,
        }
    }
}
