//! Coinciding time: the same days count once, for whom the rules say.
//!
//! Kinds of lower rank take their time first. Within a rank the State that asks takes its own first,
//! then whoever began earlier. Equivalent time in two States follows the last compulsory insurance.
//! Periods without exact days come last and take what is free. What a figure leaves of its frame goes back
//! to those that gave way.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::Rational;
use super::TotalisationError;
use super::period::{Frame, Period, PeriodKind, StateCode, TimeUnit};
use super::plan::Plan;
use super::rules::{MechanismKind, RuleId};
use super::time::{Measure, months_within, whole_months};
use crate::time::Date;

/// A period with the part of its frame that takes part, and its time in the unit of the count.
#[derive(Clone, Debug)]
pub struct Entrant<'p> {
    /// Its place in the list of periods.
    pub index: usize,
    /// The period.
    pub period: &'p Period,
    /// What is left of its frame.
    pub frame: Frame,
    /// Its time.
    pub time: Rational,
}

/// Days that count for another period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Displaced {
    /// Which days.
    pub frame: Frame,
    /// For which period, by its place in the list.
    pub by: usize,
    /// By which rule; none where both are of the same State.
    pub rule: Option<RuleId>,
}

/// What is left of an entrant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The days that count for it, in order.
    pub frames: Vec<Frame>,
    /// The days that count for others, in order.
    pub displaced: Vec<Displaced>,
    /// For a period without exact days: the time for which there was room.
    pub placed: Option<Rational>,
    /// How many took their time before it.
    pub turn: usize,
}

/// Days taken: first day, to last day and the place of the entrant.
type Taken = BTreeMap<i32, (i32, usize)>;

/// Splits a frame into what is free and what is taken.
fn split(taken: &Taken, frame: Frame) -> (Vec<Frame>, Vec<(Frame, usize)>) {
    let (start, end) = (frame.start.0, frame.end.0);
    let first = taken.range(..=start).next_back().map_or(start, |(first, _)| *first);
    let (mut free, mut held, mut next) = (Vec::with_capacity(1), Vec::new(), start);
    for (from, (to, owner)) in taken.range(first..=end) {
        if *to < start {
            continue;
        }
        if *from > next {
            free.push(Frame { start: Date(next), end: Date(from - 1) });
        }
        let part = Frame { start: Date((*from).max(start)), end: Date((*to).min(end)) };
        held.push((part, *owner));
        next = to.saturating_add(1);
    }
    if next <= end {
        free.push(Frame { start: Date(next), end: Date(end) });
    }
    (free, held)
}

fn take(taken: &mut Taken, frames: &[Frame], owner: usize) {
    for frame in frames {
        taken.insert(frame.start.0, (frame.end.0, owner));
    }
}

/// Resolves what coincides; the result is in the order of the entrants and does not depend on it.
///
/// # Errors
/// [`TotalisationError::TooLarge`].
pub fn resolve(
    plan: &Plan<'_>,
    entrants: &[Entrant<'_>],
    claim: Option<StateCode>,
    unit: TimeUnit,
) -> Result<Vec<Kept>, TotalisationError> {
    let uncertain =
        |e: &Entrant<'_>| e.period.dates_uncertain && plan.has(MechanismKind::UncertainApart);
    let contested = plan.has(MechanismKind::EquivalentOnce);
    let last = |e: &Entrant<'_>| contested && e.period.is_equivalent();
    let mut order: Vec<usize> = (0..entrants.len()).collect();
    // What tells two periods apart decides, and never the place at which they stand.
    order.sort_by_cached_key(|place| {
        entrants.get(*place).map(|e| {
            let own = claim != Some(e.period.country);
            let rank = plan.rank(e.period.kind);
            // Of own time that coincides, what certifies more comes first: none of it is another's.
            let more = Reverse(if own { Rational::ZERO } else { e.time });
            let same = (e.frame, e.period.country, Reverse(e.time), e.period.kind);
            let alike = (e.period.scheme.as_str(), &e.period.reported, e.period.id.as_str());
            ((uncertain(e), rank, last(e), own, more), same, alike)
        })
    });
    let mut kept = alloc::vec![Kept::default(); entrants.len()];
    let mut taken = Taken::new();
    let (mut equivalents, mut without_days) = (Vec::new(), Vec::new());
    for (turn, place) in order.into_iter().enumerate() {
        let Some(entrant) = entrants.get(place) else { continue };
        if let Some(kept) = kept.get_mut(place) {
            kept.turn = turn;
        }
        if uncertain(entrant) {
            without_days.push(place);
            continue;
        }
        let (free, held) = split(&taken, entrant.frame);
        if let Some(kept) = kept.get_mut(place) {
            kept.displaced = displaced(plan, entrants, entrant, held);
            kept.frames = free;
            if last(entrant) {
                equivalents.push(place);
            } else {
                take(&mut taken, &kept.frames, place);
            }
        }
    }
    share_equivalents(plan, entrants, claim, &equivalents, &mut kept);
    for place in &equivalents {
        if let Some(kept) = kept.get(*place) {
            take(&mut taken, &kept.frames, *place);
        }
    }
    place_uncertain(plan, entrants, unit, &without_days, &taken, &mut kept)?;
    Ok(kept)
}

fn displaced(
    plan: &Plan<'_>,
    entrants: &[Entrant<'_>],
    loser: &Entrant<'_>,
    held: Vec<(Frame, usize)>,
) -> Vec<Displaced> {
    let rule = |winner: &Entrant<'_>| {
        if winner.period.country == loser.period.country {
            return None;
        }
        plan.displaces(winner.period.kind, loser.period.kind)
            .or_else(|| plan.rule(MechanismKind::EachItsOwn))
            .or_else(|| plan.rule(MechanismKind::CountOnce))
    };
    held.into_iter()
        .filter_map(|(frame, owner)| {
            let winner = entrants.get(owner)?;
            Some(Displaced { frame, by: winner.index, rule: rule(winner) })
        })
        .collect()
}

/// Gives each stretch that is equivalent time in several States to one of them.
fn share_equivalents(
    plan: &Plan<'_>,
    entrants: &[Entrant<'_>],
    claim: Option<StateCode>,
    places: &[usize],
    kept: &mut [Kept],
) {
    // What each still has, by where it begins and where it ends.
    let mut borders: BTreeMap<i32, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for place in places {
        for frame in kept.get(*place).map(|kept| kept.frames.as_slice()).unwrap_or_default() {
            borders.entry(frame.start.0).or_default().0.push(*place);
            borders.entry(frame.end.0.saturating_add(1)).or_default().1.push(*place);
        }
    }
    for place in places {
        if let Some(kept) = kept.get_mut(*place) {
            kept.frames.clear();
        }
    }
    let turns: BTreeMap<usize, usize> = places.iter().copied().zip(0..).collect();
    let order = |place: &usize| turns.get(place).copied();
    let insured = Insured::of(entrants);
    let mut active: BTreeSet<(Option<usize>, usize)> = BTreeSet::new();
    // The States that meet, since when, and who got it.
    let mut meeting: (BTreeSet<StateCode>, i32, Option<StateCode>) = (BTreeSet::new(), 0, None);
    let mut border = borders.iter().peekable();
    while let Some((day, (begin, end))) = border.next() {
        for place in end {
            active.remove(&(order(place), *place));
        }
        for place in begin {
            active.insert((order(place), *place));
        }
        let Some((next, _)) = border.peek() else { break };
        let frame = Frame { start: Date(*day), end: Date(**next - 1) };
        let state = |place: usize| entrants.get(place).map(|e| e.period.country);
        let states: BTreeSet<StateCode> =
            active.iter().filter_map(|(_, place)| state(*place)).collect();
        if states != meeting.0 {
            let winner = insured.around(&states, *day).or(claim.filter(|c| states.contains(c)));
            meeting = (states, *day, winner);
        }
        let first = |wanted: Option<StateCode>| {
            active
                .iter()
                .map(|(_, place)| *place)
                .find(|place| wanted.is_none() || state(*place) == wanted)
        };
        let Some(owner) = first(meeting.2).or_else(|| first(None)) else { continue };
        for (_, place) in &active {
            let Some(kept) = kept.get_mut(*place) else { continue };
            if *place == owner {
                join(&mut kept.frames, frame);
                continue;
            }
            let rule =
                plan.rule(MechanismKind::EquivalentOnce).filter(|_| state(*place) != state(owner));
            let by = entrants.get(owner).map_or(0, |e| e.index);
            let follows =
                |one: &Displaced| (one.by, one.rule) == (by, rule) && one.frame.end.0 + 1 == *day;
            let told = kept.displaced.iter().any(|one| one.rule == rule);
            match kept.displaced.last_mut() {
                Some(last) if follows(last) => last.frame.end = frame.end,
                // Of the others only who was first is ever told.
                _ if told => {}
                _ => kept.displaced.push(Displaced { frame, by, rule }),
            }
        }
    }
    for place in places {
        if let Some(kept) = kept.get_mut(*place) {
            kept.displaced.sort_by_key(|displaced| displaced.frame);
        }
    }
}

fn join(frames: &mut Vec<Frame>, next: Frame) {
    match frames.last_mut() {
        Some(last) if last.end.0 + 1 == next.start.0 => last.end = next.end,
        _ => frames.push(next),
    }
}

/// When each State insured compulsorily: the last days, and the first days, in order.
struct Insured(BTreeMap<StateCode, (Vec<Date>, Vec<Date>)>);

impl Insured {
    fn of(entrants: &[Entrant<'_>]) -> Self {
        let mut states: BTreeMap<StateCode, (Vec<Date>, Vec<Date>)> = BTreeMap::new();
        for entrant in entrants {
            if matches!(entrant.period.kind, PeriodKind::Compulsory | PeriodKind::Employment) {
                let (ends, starts) = states.entry(entrant.period.country).or_default();
                ends.push(entrant.frame.end);
                starts.push(entrant.frame.start);
            }
        }
        for (ends, starts) in states.values_mut() {
            ends.sort_unstable();
            starts.sort_unstable();
        }
        Self(states)
    }

    /// Returns which of the States insured compulsorily last before a day, else first from it on.
    fn around(&self, states: &BTreeSet<StateCode>, day: i32) -> Option<StateCode> {
        let of = || states.iter().filter_map(|state| Some((*state, self.0.get(state)?)));
        let before = of().filter_map(|(state, (ends, _))| {
            let passed = ends.partition_point(|end| end.0 < day);
            Some((*ends.get(passed.checked_sub(1)?)?, state))
        });
        let after = of().filter_map(|(state, (_, starts))| {
            Some((*starts.get(starts.partition_point(|start| start.0 < day))?, state))
        });
        let before = before.max_by_key(|(end, state)| (*end, Reverse(*state)));
        before.or_else(|| after.min()).map(|(_, state)| state)
    }
}

/// Places periods without exact days where time is free: whoever must end first takes first.
fn place_uncertain(
    plan: &Plan<'_>,
    entrants: &[Entrant<'_>],
    unit: TimeUnit,
    places: &[usize],
    taken: &Taken,
    kept: &mut [Kept],
) -> Result<(), TotalisationError> {
    let measure = Measure::of(unit);
    // Only whole free months count where months are counted.
    let outward =
        |frame: Frame| if measure == Measure::Months { whole_months(frame) } else { frame };
    let inward =
        |frame: Frame| if measure == Measure::Months { months_within(frame) } else { Some(frame) };
    let one = measure.to_unit(1, unit, &plan.units)?;
    let mut wanting = Vec::new();
    let mut borders = BTreeSet::new();
    for place in places {
        let Some(entrant) = entrants.get(*place) else { continue };
        let (_, held) = split(taken, outward(entrant.frame));
        if let Some(kept) = kept.get_mut(*place) {
            kept.frames = alloc::vec![entrant.frame];
            let rule = plan.rule(MechanismKind::UncertainApart);
            kept.displaced = held
                .into_iter()
                .filter_map(|(frame, owner)| {
                    Some(Displaced { frame, by: entrants.get(owner)?.index, rule })
                })
                .collect();
        }
        let Some(frame) = inward(entrant.frame) else { continue };
        borders.extend([frame.start.0, frame.end.0.saturating_add(1)]);
        let ticks = entrant.time.over(one)?.ceil().to_whole().ok_or(TotalisationError::TooLarge)?;
        wanting.push((frame, *place, ticks, ticks));
    }
    wanting.sort_by_key(|(frame, ..)| (frame.end, frame.start));
    let mut pairs = borders.iter().zip(borders.iter().skip(1));
    let stretches =
        pairs.by_ref().map(|(start, next)| Frame { start: Date(*start), end: Date(next - 1) });
    for stretch in stretches {
        let blocked: Taken = split(taken, outward(stretch))
            .1
            .into_iter()
            .map(|(frame, owner)| (outward(frame), owner))
            .fold(Taken::new(), |mut blocked, (frame, owner)| {
                let (free, _) = split(&blocked, frame);
                take(&mut blocked, &free, owner);
                blocked
            });
        let (free, _) = split(&blocked, stretch);
        let mut room: i64 = free.iter().map(|frame| measure.ticks(*frame)).sum();
        for (frame, _, wanted, _) in &mut wanting {
            if frame.start <= stretch.start && stretch.end <= frame.end {
                let got = (*wanted).min(room);
                *wanted -= got;
                room -= got;
            }
        }
    }
    for place in places {
        let Some((kept, entrant)) = kept.get_mut(*place).zip(entrants.get(*place)) else {
            continue;
        };
        let got = match wanting.iter().find(|(_, p, ..)| p == place) {
            Some((_, _, 0, _)) => entrant.time,
            Some((_, _, open, wanted)) => {
                let got = one.times(Rational::whole(wanted - open))?;
                if unit == TimeUnit::Year { got } else { got.floor() }
            }
            None => Rational::ZERO,
        };
        kept.placed = Some(got);
    }
    Ok(())
}
