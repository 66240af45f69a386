//! From contribution attestations to periods: which of them count once, and what they leave unsaid.
//!
//! An attestation says only what its holder showed. What it does not show is never guessed: a period by
//! years of which none is shown is left out, and a period of which some may be missing is told apart.

mod open;

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::explain::names;
use super::period::{Frame, Period, Quantity, Reported, TimeUnit};
use super::{Rational, Refund};
use crate::credential::contribution::{
    self as attested, Contribution, DayBasis, Decimal, NationalRight, Place, Replaced,
    ReportingMode, replaced,
};
use crate::statement::accreditation::Branch;

names! {
    /// Why an attestation is no period of a computation.
    pub enum LeftOutReason {
        /// A newer attestation that was shown too takes its place.
        Replaced = "replaced";
        /// The same attestation was shown before.
        ShownTwice = "shown-twice";
        /// It is certified by years, and none of them is shown.
        NoFigure = "no-figure";
        /// All of its time is that of another of the same institution and scheme, or the reverse, and
        /// neither shows whether it replaces the other.
        SameTime = "same-time";
    }
}

names! {
    /// What an attestation that counts leaves unsaid, or says beside.
    pub enum NoteKind {
        /// Its total is more than the years that are shown.
        YearsHidden = "years-hidden";
        /// Its total is not shown: whether years are missing cannot be told.
        YearsUnknown = "years-unknown";
        /// More is on record in its scheme than is shown.
        SchemeHoldsMore = "scheme-holds-more";
        /// All that is on record in its scheme is shown.
        SchemeAllShown = "scheme-all-shown";
        /// The institution says that every period of the scheme is attested, up to a day.
        Complete = "complete";
        /// The institution does not say so.
        NotComplete = "not-complete";
        /// The institution is of one State, and the time under the law of another.
        OtherLaw = "other-law";
        /// Contributions were paid back in part.
        PartlyRefunded = "partly-refunded";
    }
}

/// An attestation that is no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// Its place among those shown.
    pub shown: usize,
    /// Why.
    pub reason: LeftOutReason,
    /// The place of the one because of which.
    pub other: Option<usize>,
}

/// What is told of an attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Note {
    /// Its place among those shown.
    pub shown: usize,
    /// What.
    pub kind: NoteKind,
}

/// The periods that attestations make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attested {
    /// The periods; each is named by the place of its attestation, from 1.
    pub periods: Vec<Period>,
    /// For each period, the place of its attestation among those shown, from 0.
    pub shown: Vec<usize>,
    /// What is no period.
    pub left_out: Vec<LeftOut>,
    /// The time of those left out because of the same time: it may count beside the other's, or may not.
    pub doubtful: Vec<Period>,
    /// What else is told, in the order of the places.
    pub notes: Vec<Note>,
}

/// Makes periods of attestations of one person that were found valid. With a branch, each counts towards
/// the right and the amount as it says of that branch; without, if it counts for any.
///
/// What counts does not depend on the order in which they are shown.
pub fn attested(shown: &[Place<'_>], branch: Option<Branch>) -> Attested {
    let mut found = Attested::default();
    let place_of = |id| shown.iter().position(|place| place.id == id);
    let mut candidates = Vec::new();
    for (index, (place, replaced)) in shown.iter().zip(replaced(shown)).enumerate() {
        let (reason, other) = match replaced {
            Some(Replaced::By(id)) => (LeftOutReason::Replaced, place_of(id)),
            Some(Replaced::SameAs(id)) => (LeftOutReason::ShownTwice, place_of(id)),
            None => match period(index, place.contribution, branch) {
                Some(period) => {
                    candidates.push((index, place, period));
                    continue;
                }
                None => (LeftOutReason::NoFigure, None),
            },
        };
        found.left_out.push(LeftOut { shown: index, reason, other });
    }
    // Of two that may be one, the one that certifies more counts.
    candidates.sort_by_cached_key(|(_, place, period)| {
        let length = period.frame.end.0.saturating_sub(period.frame.start.0);
        Reverse((in_months(period), length, place.contribution.as_of, place.id))
    });
    let mut kept: Vec<(usize, &Place<'_>, Period)> = Vec::new();
    for (index, place, period) in candidates {
        let same = kept.iter().find(|(_, other, beside)| {
            is_same_scheme(place, other) && is_within(period.frame, beside.frame)
        });
        match same.map(|(at, ..)| *at) {
            None => kept.push((index, place, period)),
            other => {
                let reason = LeftOutReason::SameTime;
                found.left_out.push(LeftOut { shown: index, reason, other });
                found.doubtful.push(period);
            }
        }
    }
    kept.sort_by_key(|(index, ..)| *index);
    found.left_out.sort_by_key(|left| left.shown);
    for (index, _, period) in kept {
        found.shown.push(index);
        found.periods.push(period);
    }
    for index in found.shown.clone() {
        if let Some(place) = shown.get(index) {
            let kinds = notes(place, &found.shown, shown);
            found.notes.extend(kinds.map(|kind| Note { shown: index, kind }));
        }
    }
    found
}

/// Returns whether two attestations of one issuer may be about the same: neither shows that it is another.
fn is_same_scheme(one: &Place<'_>, other: &Place<'_>) -> bool {
    let (a, b) = (one.contribution, other.contribution);
    // Who shows different series shows that neither replaces the other.
    let told_apart = a.series.is_some() && b.series.is_some() && a.series != b.series;
    one.issuer == other.issuer
        && !told_apart
        && (a.law(), &a.scheme, a.kind, a.period_type, &a.category)
            == (b.law(), &b.scheme, b.kind, b.period_type, &b.category)
}

/// Returns whether one of two frames lies within the other. Where they only meet, days count once anyway.
fn is_within(one: Frame, other: Frame) -> bool {
    let within = |a: Frame, b: Frame| b.start <= a.start && a.end <= b.end;
    within(one, other) || within(other, one)
}

/// Returns about how many months are certified, to tell more from less.
fn in_months(period: &Period) -> Rational {
    let of = |quantity: Quantity| {
        let (value, num, den) = match quantity {
            Quantity::Ymd { years, months, days } => {
                let days = i64::from(years) * 360 + i64::from(months) * 30 + i64::from(days);
                (Rational::whole(days), 1, 30)
            }
            Quantity::Of(unit, value) => match unit {
                TimeUnit::Year => (value, 12, 1),
                TimeUnit::Quarter => (value, 3, 1),
                TimeUnit::Month => (value, 1, 1),
                TimeUnit::Week | TimeUnit::ContributionWeek => (value, 3, 13),
                TimeUnit::Day5 => (value, 1, 22),
                TimeUnit::Day6 => (value, 1, 26),
                TimeUnit::Day7 | TimeUnit::Day => (value, 1, 30),
            },
        };
        value.times(Rational::new(num, den)?)
    };
    let sum = match &period.reported {
        None => Ok(Rational::ZERO),
        Some(Reported::Aggregate(quantity)) => of(*quantity),
        Some(Reported::ByYear(years)) => {
            years.iter().try_fold(Rational::ZERO, |sum, (_, quantity)| sum.plus(of(*quantity)?))
        }
    };
    sum.unwrap_or_default()
}

fn notes(
    place: &Place<'_>,
    counted: &[usize],
    shown: &[Place<'_>],
) -> impl Iterator<Item = NoteKind> {
    let contribution = place.contribution;
    let hidden = match contribution.hides_years() {
        Some(false) => None,
        Some(true) => Some(NoteKind::YearsHidden),
        None => Some(NoteKind::YearsUnknown),
    };
    // What was paid back is no longer on record: it is neither among the totals nor among what is shown.
    let refunded = |one: &Contribution| one.refunded == Refund::Full;
    let of_scheme = counted.iter().filter_map(|at| shown.get(*at)).filter(|other| {
        let (a, b) = (contribution, other.contribution);
        other.issuer == place.issuer && (a.law(), &a.scheme) == (b.law(), &b.scheme) && !refunded(b)
    });
    let sum =
        attested::Quantity::sum(of_scheme.filter_map(|other| other.contribution.shown_quantity()));
    let totals = contribution.scheme_totals.filter(|_| !refunded(contribution));
    let scheme = totals.zip(sum).and_then(|(totals, sum)| {
        Some(match totals.right.is_at_most(&sum)? {
            true => NoteKind::SchemeAllShown,
            false => NoteKind::SchemeHoldsMore,
        })
    });
    let complete = if contribution.complete { NoteKind::Complete } else { NoteKind::NotComplete };
    let refund = (contribution.refunded == Refund::Partial).then_some(NoteKind::PartlyRefunded);
    let other = contribution.is_under_other_law().then_some(NoteKind::OtherLaw);
    hidden.into_iter().chain(scheme).chain([complete]).chain(refund).chain(other)
}

fn period(index: usize, contribution: &Contribution, branch: Option<Branch>) -> Option<Period> {
    let counts = |list: &[Branch]| branch.map_or(!list.is_empty(), |branch| list.contains(&branch));
    let basis = contribution.day_basis;
    let reported = match contribution.mode {
        ReportingMode::Aggregate => {
            Reported::Aggregate(quantity(contribution.value.as_ref()?, basis)?)
        }
        ReportingMode::ByYear => {
            let years = contribution.years.iter();
            let figure = |year: &attested::YearValue| {
                Some((i32::from(year.year), quantity(&year.value, basis)?))
            };
            let years: Vec<_> = years.map(figure).collect::<Option<_>>()?;
            if years.is_empty() {
                return None;
            }
            Reported::ByYear(years)
        }
    };
    let first = contribution.first_day.unwrap_or_else(|| contribution.start.first_day());
    let last = contribution.last_day.unwrap_or_else(|| contribution.end.last_day());
    Some(Period {
        id: format!("{}", index.saturating_add(1)),
        country: contribution.law(),
        work_country: None,
        scheme: contribution.scheme.to_string(),
        branches: contribution.branches.clone(),
        kind: contribution.kind,
        frame: Frame::new(first, last)?,
        dates_uncertain: contribution.dates_uncertain,
        reported: Some(reported),
        counts_for_right: counts(&contribution.counts_for_right),
        counts_for_amount: counts(&contribution.counts_for_amount),
        refund: contribution.refunded,
        category: contribution.category.as_ref().map(ToString::to_string),
        national_right: match contribution.national_right {
            Some(NationalRight::Yes) => Some(true),
            Some(NationalRight::No) => Some(false),
            Some(NationalRight::NotExamined) | None => None,
        },
        complete_up_to: contribution.complete_up_to,
    })
}

/// Returns a certified number in the units of a computation.
fn quantity(certified: &attested::Quantity, basis: Option<DayBasis>) -> Option<Quantity> {
    let unit = match certified.unit()? {
        attested::Unit::Year => TimeUnit::Year,
        attested::Unit::Quarter => TimeUnit::Quarter,
        attested::Unit::Month => TimeUnit::Month,
        attested::Unit::Week => TimeUnit::Week,
        attested::Unit::Day => match basis {
            Some(DayBasis::Five) => TimeUnit::Day5,
            Some(DayBasis::Six) => TimeUnit::Day6,
            Some(DayBasis::Seven) => TimeUnit::Day7,
            None => TimeUnit::Day,
        },
        attested::Unit::YearsMonthsDays => {
            let whole = |part: Option<Decimal>| part.map_or(Some(0), Decimal::to_whole);
            return Some(Quantity::Ymd {
                years: whole(certified.years)?,
                months: whole(certified.months)?,
                days: whole(certified.days)?,
            });
        }
    };
    Some(Quantity::Of(unit, rational(certified.number()?)?))
}

fn rational(decimal: Decimal) -> Option<Rational> {
    Rational::new(decimal.ten_thousandths().into(), Decimal::PARTS.into()).ok()
}

#[cfg(test)]
mod tests;
