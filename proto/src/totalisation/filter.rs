//! Which periods take part, and with which of their days: what an agreement excludes, and what it cuts
//! off.

use super::Claim;
use super::explain::NotCountedReason;
use super::period::{Frame, Period, Refund};
use super::plan::Plan;
use super::rules::{MechanismKind, RuleId};
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

impl Plan<'_> {
    /// Returns the day before which time of others does not count, and by which rule, because nobody has
    /// time from that day on. As whether the agreement is in force, that is judged for the day of a claim.
    pub(super) fn nothing_before(
        &self,
        claim: &Claim,
        periods: &[Period],
    ) -> Option<(Date, RuleId)> {
        let (rule, does) = self.rules.first(MechanismKind::EarlierNeedsLater)?;
        let day = does.date.filter(|_| claim.on.is_some())?;
        let counts = |p: &Period| {
            let branch = claim.branch.filter(|_| !p.branches.is_empty());
            p.counts_for_right
                && p.refund != Refund::Full
                && self.rules.is_party(p.country)
                && branch.is_none_or(|branch| p.branches.contains(&branch))
        };
        let later = periods.iter().any(|p| counts(p) && p.frame.end >= day);
        (!later).then_some((day, rule))
    }

    /// Decides whether a period takes part, and with which of its days.
    pub(super) fn filter(
        &self,
        claim: &Claim,
        period: &Period,
        purpose: Purpose,
        bounds: OwnBounds,
    ) -> Filtered {
        use NotCountedReason as Why;
        let own = claim.country == Some(period.country);
        let bound = own && bounds == OwnBounds::Held;
        let out = |why, kind| Filtered::Out(why, self.rule(kind));
        let counts = match purpose {
            Purpose::Right => period.counts_for_right,
            Purpose::Amount => period.counts_for_amount,
        };
        if claim
            .branch
            .is_some_and(|b| !period.branches.is_empty() && !period.branches.contains(&b))
        {
            return Filtered::Out(Why::OtherBranch, None);
        }
        if !counts {
            return Filtered::Out(Why::NotForRight, None);
        }
        if period.refund == Refund::Full {
            return out(Why::Refunded, MechanismKind::RefundEnds);
        }
        if !own {
            if !self.rules.is_party(period.country) && !claim.thirds.contains(&period.country) {
                let one =
                    claim.country.and_then(|c| self.rules.about(MechanismKind::OnePartner, c));
                return match one {
                    Some((rule, _)) => Filtered::Out(Why::OtherPartner, Some(rule)),
                    None => Filtered::Out(Why::NoAgreement, None),
                };
            }
            let excludes = self.rules.mechanisms().find(|(_, m)| {
                m.kind == MechanismKind::ExcludeKinds
                    && m.countries.contains(&period.country)
                    && m.kinds.contains(&period.kind)
            });
            if let Some((rule, _)) = excludes {
                return Filtered::Out(Why::Kind, Some(rule));
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
        for (rule, does) in self.rules.mechanisms() {
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
            cut(next, None, Why::BeforeDay, self.rule(MechanismKind::OwnAfter));
            let age =
                claim.own_before_age.zip(claim.birth).and_then(|(a, birth)| birthday(birth, a));
            let last = age.map(|day| Date(day.0 - 1));
            cut(None, last, Why::AfterAge, self.rule(MechanismKind::OwnBeforeAge));
        }
        if !own {
            cut(claim.foreign_from, None, Why::BeforeDay, self.rule(MechanismKind::CountsFrom));
        }
        let risk = claim.risk.map(last_day_before_risk);
        cut(None, risk, Why::AfterRisk, self.rule(MechanismKind::CutAtRisk));
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
