//! What the scenario does to the federation.

use carnet_proto::sync::Input;

use super::actor::Actor;
use super::checker::Violation;
use super::institution::Institution;
use super::network::{Conditions, Event};
use super::node::Member;
use super::scenario::Step;
use super::{Simulation, TICK};

impl Simulation {
    /// Connects two members, if both run and nothing is between them.
    pub(super) fn join(&mut self, a: Member, b: Member) -> Result<(), Violation> {
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
    pub(super) fn cut(&mut self, a: Member, b: Member) -> Result<(), Violation> {
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

    pub(super) fn start(&mut self, member: Member) {
        let epoch = self.random.any() | 1;
        let now = self.network.now;
        self.actors[member].start(now, epoch);
        let run = self.actors[member].run();
        let first = now + self.random.below(TICK);
        self.network.plan(first, Event::Tick { member, run });
    }

    pub(super) fn stop(&mut self, member: Member) -> Result<(), Violation> {
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

    pub(super) fn script(&mut self, step: Step) -> Result<(), Violation> {
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
}
