//! Which periods take part, and with which of their days: what an agreement excludes, and what it cuts
//! off.

use alloc::vec::Vec;

use super::Claim;
use super::explain::NotCountedReason;
use super::period::{Frame, Period, Refund};
use super::plan::Plan;
use super::rules::{Mechanism, MechanismKind, RuleId};
use crate::time::{Date, days_of_month};

/// Whether time is counted for the right or for the amount (SED P5000, lists 5.1 and 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Towards a right.
    Right,
    /// For the amount.
    Amount,
}

/// Whether own time counts only within the days and ages that bind it where it is totalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnBounds {
    /// Within them.
    Held,
    /// Without, as national law alone looks at it.
    Open,
}

/// Why a whole period is out, or the days of it that are left with why the rest is out.
pub(super) enum Filtered {
    Out(NotCountedReason, Option<RuleId>),
    In(Frame, Option<(NotCountedReason, Option<RuleId>)>),
}

/// What decides which of some periods take part.
pub(super) struct Filter<'a> {
    plan: &'a Plan<'a>,
    claim: &'a Claim,
    purpose: Purpose,
    bounds: OwnBounds,
    /// The day before which time of others does not count, and by which rule.
    nothing_before: Option<(Date, RuleId)>,
    /// What excludes time of some States, or cuts it.
    about_states: Vec<(RuleId, &'a Mechanism)>,
}

impl Plan<'_> {
    /// Returns what decides about these periods.
    pub(super) fn filter<'a>(
        &'a self,
        claim: &'a Claim,
        periods: &[Period],
        purpose: Purpose,
        bounds: OwnBounds,
    ) -> Filter<'a> {
        use MechanismKind::{CountsFrom, ExcludeKinds, OwnAfter, OwnBeforeAge};
        let nothing_before = self.nothing_before(claim, periods);
        let looks = [ExcludeKinds, CountsFrom, OwnAfter, OwnBeforeAge];
        let about_states = self.rules.mechanisms().filter(|(_, m)| looks.contains(&m.kind));
        let about_states = about_states.collect();
        Filter { plan: self, claim, purpose, bounds, nothing_before, about_states }
    }

    /// Returns the day before which time of others does not count, and by which rule, because nobody has
    /// time from that day on. As whether the agreement is in force, that is judged for the day of a claim.
    fn nothing_before(&self, claim: &Claim, periods: &[Period]) -> Option<(Date, RuleId)> {
        let (rule, does) = self.rules.first(MechanismKind::EarlierNeedsLater)?;
        let day = does.date.filter(|_| claim.on.is_some())?;
        let counts = |p: &Period| {
            p.is_for(claim.branch)
                && p.counts_for_right
                && p.refund != Refund::Full
                && self.rules.is_party(p.country)
        };
        let later = periods.iter().any(|p| counts(p) && p.frame.end >= day);
        (!later).then_some((day, rule))
    }
}

impl Filter<'_> {
    /// Decides whether a period takes part, and with which of its days.
    pub(super) fn of(&self, period: &Period) -> Filtered {
        let Self { plan, claim, purpose, bounds, .. } = *self;
        use NotCountedReason as Why;
        let own = claim.country == Some(period.country);
        let bound = own && bounds == OwnBounds::Held;
        let out = |why, kind| Filtered::Out(why, plan.rule(kind));
        let counts = match purpose {
            Purpose::Right => period.counts_for_right,
            Purpose::Amount => period.counts_for_amount,
        };
        if !period.is_for(claim.branch) {
            return Filtered::Out(Why::OtherBranch, None);
        }
        if !counts {
            return Filtered::Out(Why::NotForRight, None);
        }
        if period.refund == Refund::Full {
            return out(Why::Refunded, MechanismKind::RefundEnds);
        }
        if !own {
            if !plan.rules.is_party(period.country) && !claim.thirds.contains(&period.country) {
                let one =
                    claim.country.and_then(|c| plan.rules.about(MechanismKind::OnePartner, c));
                return match one {
                    Some((rule, _)) => Filtered::Out(Why::OtherPartner, Some(rule)),
                    None => Filtered::Out(Why::NoAgreement, None),
                };
            }
            let excludes = self.about_states.iter().find(|(_, m)| {
                m.kind == MechanismKind::ExcludeKinds
                    && m.countries.contains(&period.country)
                    && m.kinds.contains(&period.kind)
            });
            if let Some((rule, _)) = excludes {
                return Filtered::Out(Why::Kind, Some(*rule));
            }
            if let Some((day, rule)) = self.nothing_before
                && period.frame.end < day
            {
                return Filtered::Out(Why::BeforeDay, Some(rule));
            }
        }
        let (mut frame, mut why) = (period.frame, None);
        let mut cut = |start: Option<Date>, end: Option<Date>, reason, rule| {
            if start.is_some_and(|start| start > frame.start)
                || end.is_some_and(|end| end < frame.end)
            {
                frame.start = start.map_or(frame.start, |start| start.max(frame.start));
                frame.end = end.map_or(frame.end, |end| end.min(frame.end));
                why = Some((reason, rule));
            }
        };
        for (rule, does) in self.about_states.iter().copied() {
            if !does.countries.contains(&period.country) {
                continue;
            }
            let scheme = does.scheme.as_ref().is_none_or(|scheme| scheme.as_str() == period.scheme);
            match does.kind {
                MechanismKind::CountsFrom if !own && scheme && claim.foreign_from.is_none() => {
                    cut(does.date, None, Why::BeforeDay, Some(rule));
                }
                MechanismKind::OwnAfter if bound && claim.own_after.is_none() => {
                    let next = does.date.map(|date| Date(date.0.saturating_add(1)));
                    cut(next, None, Why::BeforeDay, Some(rule));
                }
                MechanismKind::OwnBeforeAge if bound && claim.own_before_age.is_none() => {
                    let age =
                        does.value.zip(claim.birth).and_then(|(age, birth)| birthday(birth, age));
                    cut(None, age.map(|day| Date(day.0 - 1)), Why::AfterAge, Some(rule));
                }
                _ => {}
            }
        }
        if bound {
            let next = claim.own_after.map(|date| Date(date.0.saturating_add(1)));
            cut(next, None, Why::BeforeDay, plan.rule(MechanismKind::OwnAfter));
            let age =
                claim.own_before_age.zip(claim.birth).and_then(|(a, birth)| birthday(birth, a));
            let last = age.map(|day| Date(day.0 - 1));
            cut(None, last, Why::AfterAge, plan.rule(MechanismKind::OwnBeforeAge));
        }
        if !own {
            cut(claim.foreign_from, None, Why::BeforeDay, plan.rule(MechanismKind::CountsFrom));
        }
        let risk = claim.risk.map(last_day_before_risk);
        cut(None, risk, Why::AfterRisk, plan.rule(MechanismKind::CutAtRisk));
        match Frame::new(frame.start, frame.end) {
            Some(frame) => Filtered::In(frame, why),
            None => {
                let (reason, rule) = why.unwrap_or((Why::AfterRisk, None));
                Filtered::Out(reason, rule)
            }
        }
    }
}

/// Returns the last day before the risk. A risk at the end of a month leaves that month whole.
pub(super) fn last_day_before_risk(risk: Date) -> Date {
    let (year, month, day) = risk.to_ymd();
    if day == days_of_month(year, month) { risk } else { Date(risk.0 - 1) }
}

/// Returns the day on which an age is reached; 29 February gives way to 1 March.
pub(super) fn birthday(birth: Date, age: u32) -> Option<Date> {
    let (year, month, day) = birth.to_ymd();
    let year = year.checked_add(i32::try_from(age).ok()?)?;
    Date::from_ymd(year, month, day).or_else(|| Date::from_ymd(year, 3, 1))
}
