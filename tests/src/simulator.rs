//! A federation in one thread and in virtual time: the real state machine of
//! [`carnet_proto::sync`], real logs and real signatures, on a network that one seed decides.
//!
//! A [`Scenario`] is drawn from the seed: who takes part, who of them breaks the protocol and how,
//! what the network does and when. A [`Simulation`] plays it event by event, and a [`Checker`] looks at
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
mod scenario;
mod trace;

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
use carnet_proto::sync::{Action, Input, Misbehaviour as Offence, Verdict};

use actor::Actor;
use byzantine::{Byzantine, Deed};
use checker::Checker;
use conduct::Conduct;
use institution::Institution;
use network::{Event, Network, Parcel, print_of};
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
        match parcel {
            Parcel::Request { exchange, bytes } => {
                if self.actors[to].is_honest() && !self.conduct[to].admits_request(from, now) {
                    self.network.refuse(exchange);
                    return self.offends(to, from, Misbehaviour::Flooding);
                }
                self.give(
                    to,
                    Some(from),
                    Input::Request { peer: from, id: exchange, bytes: bytes.to_vec() },
                )
            }
            Parcel::Response { exchange, bytes } => {
                let Some(known) = self.network.exchange(exchange) else { return Ok(()) };
                if known.part != self.actors[to].part_for(from) {
                    return Ok(());
                }
                self.give(to, Some(from), Input::Response { id: known.id, bytes: bytes.to_vec() })
            }
            Parcel::Failed { exchange } => {
                let Some(known) = self.network.exchange(exchange) else { return Ok(()) };
                self.give(to, Some(from), Input::Failed { id: known.id })
            }
            Parcel::Gossip { bytes, print, .. } => {
                if self.actors[to].is_honest() && !self.conduct[to].admits_gossip(from, now) {
                    return self.offends(to, from, Misbehaviour::Flooding);
                }
                self.give(
                    to,
                    Some(from),
                    Input::Gossip { peer: from, id: print, bytes: bytes.to_vec() },
                )
            }
        }
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
        let deeds = match &mut self.actors[member] {
            Actor::Honest(node) => {
                let sabotage = self.sabotage.filter(|(spoilt, _)| *spoilt == member);
                let input = match sabotage {
                    Some((_, sabotage)) => sabotage.mishear(input),
                    None => input,
                };
                let is_answer = matches!(input, Input::Response { .. });
                let mut actions = node.handle(now, input);
                if let Some((_, sabotage)) = sabotage {
                    sabotage.spoil(node, from, is_answer, &mut actions);
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
        let Deed { part, action, after } = deed;
        match action {
            Action::Send { peer, id, bytes } => {
                if self.network.is_linked(member, peer) {
                    self.network.ask(member, part, peer, id, bytes.into());
                } else if self.actors[member].is_honest()
                    && !self.conduct[member].is_banned(peer, self.network.now)
                {
                    return Err(Violation::NotConnected { member, peer });
                }
            }
            Action::Respond { id, bytes } => self.network.respond(id, bytes.into(), after),
            Action::Refuse { id } => self.network.refuse(id),
            Action::Publish { bytes } => {
                let bytes: Arc<[u8]> = bytes.into();
                self.tell(member, part, None, &bytes);
            }
            Action::Judge { verdict, .. } => match (verdict, gossip, from) {
                (Verdict::Accept, Some(bytes), _) => self.tell(member, part, from, bytes),
                (Verdict::Reject, _, Some(peer)) if self.actors[member].is_honest() => {
                    self.tally.count("gossip rejected");
                    return self.offends(member, peer, Misbehaviour::InvalidGossip);
                }
                _ => {}
            },
            Action::Report { peer, what } if self.actors[member].is_honest() => {
                let (counted, what) = match what {
                    Offence::Oversized => ("offence: too many bytes", Misbehaviour::Oversized),
                    Offence::FalseProof => ("offence: a false proof", Misbehaviour::FalseProof),
                    _ => ("offence: no message", Misbehaviour::Malformed),
                };
                self.tally.count(counted);
                return self.offends(member, peer, what);
            }
            Action::Fork { .. } if self.actors[member].is_honest() => {
                self.tally.count("forks seen");
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells all that a member is connected to, except whom it has it from.
    fn tell(&mut self, member: Member, part: usize, except: Option<Member>, bytes: &Arc<[u8]>) {
        let print = print_of(bytes);
        for peer in self.network.peers(member) {
            if Some(peer) != except && self.actors[member].part_for(peer) == part {
                self.network.gossip(member, peer, bytes, print);
            }
        }
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

    /// Connects two members, if both run and nothing is between them.
    fn join(&mut self, a: Member, b: Member) -> Result<(), Violation> {
        let now = self.network.now;
        let is_banned = self.conduct[a].is_banned(b, now) || self.conduct[b].is_banned(a, now);
        let both_run = self.actors[a].is_running() && self.actors[b].is_running();
        let known =
            self.scenario.links.iter().find(|link| (link.0, link.1) == (a.min(b), a.max(b)));
        let Some((.., latency)) = known.copied() else { return Ok(()) };
        if is_banned || !both_run || self.network.is_parted(a, b) {
            return Ok(());
        }
        if self.network.link(a, b, latency) {
            self.note(a, "connected", Some(b), 0, 0);
            self.give(a, Some(b), Input::Connected(b))?;
            // The first may have died of it.
            if self.network.is_linked(a, b) {
                self.give(b, Some(a), Input::Connected(a))?;
            }
        }
        Ok(())
    }

    /// Breaks the connection of two members.
    fn cut(&mut self, a: Member, b: Member) -> Result<(), Violation> {
        if self.network.unlink(a, b) {
            self.note(a, "disconnected", Some(b), 0, 0);
            self.give(a, Some(b), Input::Disconnected(b))?;
            self.give(b, Some(a), Input::Disconnected(a))?;
        }
        Ok(())
    }

    fn join_all(&mut self) -> Result<(), Violation> {
        for (a, b, _) in self.scenario.links.clone() {
            self.join(a, b)?;
        }
        Ok(())
    }

    fn start(&mut self, member: Member) {
        let epoch = self.random.any() | 1;
        let now = self.network.now;
        self.actors[member].start(now, epoch);
        let run = self.actors[member].run();
        let first = now + self.random.below(TICK);
        self.network.plan(first, Event::Tick { member, run });
    }

    fn stop(&mut self, member: Member) -> Result<(), Violation> {
        if let Actor::Honest(node) = &mut self.actors[member]
            && node.is_running()
        {
            node.stop();
            self.tally.count("a node was stopped");
            self.note(member, "stopped", None, 0, 0);
            self.network.forget(member);
            for peer in self.network.peers(member) {
                self.cut(member, peer)?;
            }
        }
        Ok(())
    }

    fn script(&mut self, step: Step) -> Result<(), Violation> {
        match step {
            Step::Publish(member) => self.publish(member)?,
            Step::AddList(member) => {
                let number = self.random.any() as u32;
                self.actors[member].nodes_mut().for_each(|node| node.add_list(number));
                self.tally.count("a status list");
                self.publish(member)?;
            }
            Step::Nudge(member) => {
                self.note(member, "nudge", None, 0, 0);
                self.give(member, None, Input::Nudge)?;
            }
            Step::Part { sides, is_seen } => {
                self.tally.count("a partition");
                self.network.sides = sides;
                if is_seen {
                    for (a, b, _) in self.scenario.links.clone() {
                        if self.network.is_parted(a, b) {
                            self.cut(a, b)?;
                        }
                    }
                }
            }
            Step::Heal => self.heal()?,
            Step::Stop { member, is_midway: true } => {
                self.doomed.insert(member);
            }
            Step::Stop { member, is_midway: false } => self.stop(member)?,
            Step::Start(member) => self.restart(member)?,
            Step::Cut(a, b) => {
                self.tally.count("a connection broke");
                self.cut(a, b)?;
            }
            Step::Join(a, b) => self.join(a, b)?,
            Step::Fork { member, second } => self.fork(member, &second)?,
            Step::Withhold(member) => {
                let (now, epoch) = (self.network.now, self.random.any() | 1);
                if let Actor::Byzantine(byzantine) = &mut self.actors[member] {
                    byzantine.withhold_from(now, epoch);
                }
            }
            Step::Calm => {
                self.network.conditions =
                    Conditions { tells_failures: true, ..Conditions::default() };
                self.doomed.clear();
                self.heal()?;
                for member in 0..self.scenario.honest {
                    self.restart(member)?;
                }
                self.join_all()?;
                // What is published now has to reach everybody too.
                let member = self.random.index(self.scenario.honest);
                self.publish(member)?;
            }
        }
        Ok(())
    }

    fn heal(&mut self) -> Result<(), Violation> {
        self.network.sides.fill(None);
        self.join_all()
    }

    fn restart(&mut self, member: Member) -> Result<(), Violation> {
        self.doomed.remove(&member);
        if self.actors[member].is_running() {
            return Ok(());
        }
        self.tally.count("a node came back");
        self.note(member, "started", None, 0, 0);
        self.start(member);
        let links: Vec<_> = self.scenario.links.iter().map(|(a, b, _)| (*a, *b)).collect();
        for (a, b) in links.into_iter().filter(|(a, b)| *a == member || *b == member) {
            self.join(a, b)?;
        }
        Ok(())
    }

    fn publish(&mut self, member: Member) -> Result<(), Violation> {
        if !self.actors[member].is_running() {
            return Ok(());
        }
        self.published += 1;
        let did = self.dids[member];
        match &mut self.actors[member] {
            Actor::Honest(node) => node.publish(vec![Institution::issuance(self.published << 16)]),
            Actor::Byzantine(byzantine) => byzantine.publish(self.published << 16),
        }
        for (history, node) in self.actors[member].nodes().enumerate() {
            let replica = node.archive.replica(&did).expect("its own log");
            self.checker.signed(history, replica);
        }
        self.note(member, "published", None, self.published, 0);
        self.give(member, None, Input::Changed(did))
    }

    fn fork(&mut self, member: Member, second: &[Member]) -> Result<(), Violation> {
        let (now, epoch) = (self.network.now, self.random.any() | 1);
        let peers = self.network.peers(member);
        let Actor::Byzantine(byzantine) = &mut self.actors[member] else { return Ok(()) };
        let told = byzantine.fork(now, epoch, second, &peers);
        for (peer, input) in told {
            self.give(member, Some(peer), input)?;
        }
        Ok(())
    }

    fn outcome(self, converged_after: u64) -> Outcome {
        let mut tally = self.tally;
        tally.merge(&self.network.tally);
        let mut proven = BTreeSet::new();
        for actor in &self.actors {
            match actor {
                Actor::Honest(node) => proven.extend(node.proofs.keys().copied()),
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
