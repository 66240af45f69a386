//! What happens in the simulation of a seed: who takes part, how bad the network is, and when what
//! goes wrong.

use std::collections::BTreeSet;

use super::byzantine::Behaviour;
use super::network::Conditions;
use super::node::{Clock, Member};
use super::random::Random;

/// How long nothing goes wrong at first, in milliseconds.
const START: u64 = 4_000;

/// Something that the scenario does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An institution publishes a statement.
    Publish(Member),
    /// An institution puts a status list under its next standing, and publishes.
    AddList(Member),
    /// An operator asks a node to look at everything now.
    Nudge(Member),
    /// The network falls into parts. Members on no side reach everybody.
    Part {
        /// The side of each member.
        sides: Vec<Option<u8>>,
        /// Whether connections are seen to break.
        is_seen: bool,
    },
    /// The network is whole again.
    Heal,
    /// A node is killed; perhaps between what it wrote and what it would have said.
    Stop {
        /// Which.
        member: Member,
        /// Whether it still handles one thing, of which nobody hears.
        is_midway: bool,
    },
    /// A node is started from what is on its disk.
    Start(Member),
    /// A connection breaks.
    Cut(Member, Member),
    /// It is made again.
    Join(Member, Member),
    /// A member begins to show these others a second history of its log.
    Fork {
        /// Which.
        member: Member,
        /// The others.
        second: Vec<Member>,
    },
    /// A member serves no more than there is now.
    Withhold(Member),
    /// All faults of the network end, and whoever stopped is started.
    Calm,
}

/// Who takes part and what happens.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What decides everything.
    pub seed: u64,
    /// Honest members; they come first.
    pub honest: usize,
    /// What is wrong with the others.
    pub byzantine: Vec<Behaviour>,
    /// Who is connected, and the milliseconds that a message takes.
    pub links: Vec<(Member, Member, u64)>,
    /// Whom each member follows.
    pub follows: Vec<BTreeSet<Member>>,
    /// Whom each member's profile proposes as witnesses.
    pub witnesses: Vec<Vec<Member>>,
    /// The clocks.
    pub clocks: Vec<Clock>,
    /// The network until it is calm.
    pub conditions: Conditions,
    /// What happens when.
    pub steps: Vec<(u64, Step)>,
    /// When it is calm.
    pub calm_at: u64,
}

impl Scenario {
    /// Draws the scenario of a seed.
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed, "scenario");
        let honest = random.between(3, 5) as usize;
        let mut byzantine = Vec::new();
        // One seed in seven has none, so that each behaviour comes as often.
        byzantine.extend(Behaviour::ALL.get((seed % 7) as usize).copied());
        if random.happens(350) {
            byzantine.extend(random.one_of(&Behaviour::ALL).copied());
        }
        let count = honest + byzantine.len();
        let mut scenario = Self {
            seed,
            honest,
            byzantine,
            links: Vec::new(),
            follows: vec![BTreeSet::new(); count],
            witnesses: vec![Vec::new(); count],
            clocks: Vec::new(),
            conditions: Conditions {
                lost: if random.happens(700) { random.between(10, 200) } else { 0 },
                doubled: if random.happens(500) { random.between(10, 150) } else { 0 },
                late: if random.happens(600) { random.between(10, 100) } else { 0 },
                jitter: random.between(0, 400),
                tells_failures: random.happens(500),
            },
            steps: Vec::new(),
            calm_at: START + random.between(45_000, 110_000),
        };
        scenario.connect(&mut random);
        scenario.interests(&mut random);
        for _ in 0..count {
            let skewed = |most: u64, random: &mut Random| {
                if random.happens(500) {
                    random.below(2 * most + 1) as i64 - most as i64
                } else {
                    0
                }
            };
            let (skew, drift) = (skewed(600, &mut random), skewed(10_000, &mut random));
            scenario.clocks.push(Clock::new(skew, drift));
        }
        scenario.happen(&mut random);
        scenario.steps.push((scenario.calm_at, Step::Calm));
        scenario.steps.sort_by_key(|(at, _)| *at);
        scenario
    }

    /// Returns how many take part.
    pub fn members(&self) -> usize {
        self.honest + self.byzantine.len()
    }

    /// Honest members in a ring with chords, so that a member between them cannot part them; the
    /// others beside them.
    fn connect(&mut self, random: &mut Random) {
        let mut links = BTreeSet::new();
        for a in 0..self.honest {
            let b = (a + 1) % self.honest;
            links.insert((a.min(b), a.max(b)));
            for c in 0..a {
                if random.happens(300) {
                    links.insert((c, a));
                }
            }
        }
        for other in self.honest..self.members() {
            for (nth, member) in (0..other).enumerate() {
                if nth < 2 || random.happens(700) {
                    links.insert((member, other));
                }
            }
        }
        self.links = links.into_iter().map(|(a, b)| (a, b, random.between(1, 150))).collect();
    }

    /// All follow all, or some follow some and reach more by the witnesses that those propose.
    fn interests(&mut self, random: &mut Random) {
        let all = random.happens(700);
        let count = self.members();
        for member in 0..count {
            for other in (0..count).filter(|other| *other != member) {
                if all || random.happens(400) {
                    self.follows[member].insert(other);
                }
                if random.happens(if all { 700 } else { 250 }) {
                    self.witnesses[member].push(other);
                }
            }
        }
    }

    fn happen(&mut self, random: &mut Random) {
        let (first, last) = (START, self.calm_at - 1);
        let count = self.members();
        for _ in 0..random.between(3, 7) {
            let at = random.between(first, last);
            self.steps.push((at, Step::Publish(random.index(count))));
        }
        if random.happens(300) {
            let at = random.between(first, last);
            self.steps.push((at, Step::AddList(random.index(count))));
        }
        if random.happens(200) {
            let at = random.between(first, last);
            self.steps.push((at, Step::Nudge(random.index(self.honest))));
        }
        let mut parted = None;
        if random.happens(600) {
            let from = random.between(first, last);
            let to = random.between(from, last);
            let sides = self.sides(random);
            self.steps
                .push((from, Step::Part { sides: sides.clone(), is_seen: random.happens(500) }));
            self.steps.push((to, Step::Heal));
            parted = Some((from, to, sides));
        }
        for _ in 0..random.below(4) {
            let member = random.index(self.honest);
            let from = random.between(first, last);
            let is_midway = random.happens(500);
            self.steps.push((from, Step::Stop { member, is_midway }));
            self.steps.push((random.between(from, last), Step::Start(member)));
        }
        for _ in 0..random.below(4) {
            let Some((a, b, _)) = random.one_of(&self.links).copied() else { continue };
            let from = random.between(first, last);
            self.steps.push((from, Step::Cut(a, b)));
            self.steps.push((random.between(from, last), Step::Join(a, b)));
        }
        for (index, behaviour) in self.byzantine.clone().into_iter().enumerate() {
            let member = self.honest + index;
            match behaviour {
                Behaviour::Withholds => {
                    let at = random.between(first, last);
                    self.steps.push((at, Step::Withhold(member)));
                    self.steps.push((random.between(at, last), Step::Publish(member)));
                }
                Behaviour::Forks => self.fork(member, parted.as_ref(), random),
                _ => {}
            }
        }
    }

    /// Draws the two sides of the honest members, neither of them empty. The others are on both.
    fn sides(&self, random: &mut Random) -> Vec<Option<u8>> {
        let first = random.index(self.honest);
        let side = |member, random: &mut Random| {
            if member == first {
                0
            } else if member == (first + 1) % self.honest {
                1
            } else {
                u8::from(random.happens(500))
            }
        };
        let honest: Vec<_> = (0..self.honest).map(|member| Some(side(member, random))).collect();
        honest.into_iter().chain(self.byzantine.iter().map(|_| None)).collect()
    }

    /// A member forks its log, mostly while the others are parted, along the line that parts them.
    fn fork(
        &mut self,
        member: Member,
        parted: Option<&(u64, u64, Vec<Option<u8>>)>,
        random: &mut Random,
    ) {
        let (from, to, sides) = match parted {
            Some((from, to, sides)) => (*from, *to, sides.clone()),
            None => (START, self.calm_at - 1, self.sides(random)),
        };
        let second = (0..self.honest).filter(|member| sides[*member] == Some(1)).collect();
        let at = random.between(from, to);
        self.steps.push((at, Step::Fork { member, second }));
        // Both histories grow.
        self.steps.push((at, Step::Publish(member)));
        if random.happens(500) {
            self.steps.push((random.between(at, self.calm_at - 1), Step::Publish(member)));
        }
    }
}
