//! What each institution pays: the theoretical amount and its own share of it, held against the benefit
//! from own time alone. Money is rounded once, at the end, for each institution.

use alloc::vec::Vec;

use super::count::{Counted, PeriodResult};
use super::explain::Explanation;
use super::filter::Purpose;
use super::overlap::Displaced;
use super::period::{Period, StateCode, TimeUnit};
use super::plan::Plan;
use super::qualify::Outcome;
use super::ratio::Ratio;
use super::rules::{MechanismKind, RuleId};
use super::time::Measure;
use super::{Claim, Rational, TotalisationError};

/// Decimals of money where no rule says otherwise.
const DECIMALS: u32 = 2;

/// The theoretical amount as the institution states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theoretical {
    /// The amount itself.
    Amount(Rational),
    /// An amount for each unit of all time.
    PerUnit(Rational),
}

/// What national law of one institution says; computing it is that institution's own matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    /// Its State.
    pub country: StateCode,
    /// The time that a right needs.
    pub qualifying: Option<Rational>,
    /// Whether own time alone gives a right; absent: whether it reaches what a right needs.
    pub right_alone: Option<bool>,
    /// The benefit from own time alone.
    pub independent: Option<Rational>,
    /// The benefit if all time were its own.
    pub theoretical: Option<Theoretical>,
    /// The longest period that counts for a full benefit.
    pub max_period: Option<Rational>,
    /// What one unit of voluntary time adds to its benefit.
    pub voluntary_per_unit: Option<Rational>,
}

/// Which of the two benefits is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// The benefit from own time alone.
    Independent,
    /// The share of the theoretical amount.
    ProRata,
}

/// What one institution pays.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Award {
    /// Its State.
    pub country: StateCode,
    /// The answer on the right.
    pub outcome: Outcome,
    /// The theoretical amount.
    pub theoretical: Option<Rational>,
    /// The share of it, rounded.
    pub pro_rata: Option<Rational>,
    /// What voluntary time that was displaced adds, rounded with the share.
    pub supplement: Option<Rational>,
    /// The benefit from own time alone, if there is a right to it, rounded.
    pub independent: Option<Rational>,
    /// What is paid, rounded; `None` if there is a right and no amount was stated.
    pub payable: Option<Rational>,
    /// Which of the two.
    pub chosen: Option<Chosen>,
    /// The rule by which it pays alone, if it does.
    pub pays_under: Option<RuleId>,
}

/// What all institutions pay.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Awards {
    /// All time.
    pub total: Rational,
    /// All time without that of institutions that are relieved.
    pub total_for_ratio: Rational,
    /// Each institution.
    pub awards: Vec<Award>,
    /// The sum of the rounded amounts, if all are known.
    pub payable: Option<Rational>,
}

impl Plan<'_> {
    /// Computes what each institution pays for one claim; `claim` has no State of its own.
    ///
    /// # Errors
    /// [`TotalisationError`].
    pub fn amounts(
        &self,
        claim: &Claim,
        institutions: &[Institution],
        periods: &[Period],
    ) -> Result<Awards, TotalisationError> {
        let neutral = Claim { country: None, ..claim.clone() };
        let all = self.count(&neutral, periods, Purpose::Right, &mut Explanation::default())?;
        let mut claims = Vec::with_capacity(institutions.len());
        let mut relieved = Vec::new();
        for institution in institutions {
            let own = Claim {
                country: Some(institution.country),
                qualifying: institution.qualifying,
                right_alone: institution.right_alone.or(institution.independent.map(|_| true)),
                max_period: institution.max_period,
                relieved: None,
                ..claim.clone()
            };
            if self.totalise(&own, periods)?.relieved {
                relieved.push(institution.country);
            }
            claims.push(own);
        }
        // Of States whose institutions are not asked only the attestations speak.
        let asked = |state: &StateCode| institutions.iter().any(|one| one.country == *state);
        let short = self.relieved(claim.unit, periods, &all)?;
        relieved.extend(short.into_iter().filter(|state| !asked(state)));
        let rest: Vec<Period> =
            periods.iter().filter(|p| !relieved.contains(&p.country)).cloned().collect();
        let total_for_ratio =
            self.count(&neutral, &rest, Purpose::Amount, &mut Explanation::default())?.total;
        let mut awards = Vec::with_capacity(institutions.len());
        for (institution, own) in institutions.iter().zip(claims) {
            let own = Claim { relieved: Some(relieved.clone()), ..own };
            let outcome = self.totalise(&own, periods)?;
            awards.push(self.award(institution, outcome, all.total, periods)?);
        }
        // Only if every institution is relieved, those that are not asked among them.
        let mut with_time = all.shares.iter().filter(|(_, time)| !time.is_zero());
        let all_relieved = with_time.all(|(state, _)| relieved.contains(state));
        if all_relieved && awards.iter().all(|award| award.outcome.relieved) {
            self.last_pays(periods, &all, &mut awards);
        }
        let mut payable = Some(Rational::ZERO);
        for award in &awards {
            payable = payable.zip(award.payable).map(|(sum, one)| sum.plus(one)).transpose()?;
        }
        Ok(Awards { total: all.total, total_for_ratio, awards, payable })
    }

    fn award(
        &self,
        institution: &Institution,
        outcome: Outcome,
        all: Rational,
        periods: &[Period],
    ) -> Result<Award, TotalisationError> {
        let theoretical = match institution.theoretical {
            Some(Theoretical::Amount(amount)) => Some(amount),
            Some(Theoretical::PerUnit(amount)) => {
                let time = institution.max_period.map_or(all, |max| all.min(max));
                Some(amount.times(time)?)
            }
            None => None,
        };
        let supplement = self.supplement(institution, &outcome, periods)?;
        let share = |ratio: Ratio, amount: Rational| -> Result<Rational, TotalisationError> {
            self.money(ratio.of(amount)?.plus(supplement.unwrap_or(Rational::ZERO))?)
        };
        let pro_rata = match outcome.ratio.zip(theoretical) {
            Some((ratio, amount)) => Some(share(ratio, amount)?),
            None => None,
        };
        let right_alone = institution.right_alone.unwrap_or(outcome.alone != Some(false));
        let independent = institution.independent.filter(|_| right_alone && !outcome.relieved);
        let independent = independent.map(|amount| self.money(amount)).transpose()?;
        let (payable, chosen) = match (independent, pro_rata) {
            (Some(independent), Some(pro_rata)) if pro_rata > independent => {
                (Some(pro_rata), Some(Chosen::ProRata))
            }
            (Some(independent), _) => (Some(independent), Some(Chosen::Independent)),
            (None, Some(pro_rata)) => (Some(pro_rata), Some(Chosen::ProRata)),
            (None, None) => {
                let has_none = outcome.relieved || outcome.together == Some(false);
                (has_none.then_some(Rational::ZERO), None)
            }
        };
        Ok(Award {
            country: institution.country,
            outcome,
            theoretical: theoretical.map(|amount| self.money(amount)).transpose()?,
            pro_rata,
            supplement,
            independent,
            payable,
            chosen,
            pays_under: None,
        })
    }

    /// Returns the time of a period that gave way to another State's, by a rule on kinds of periods. Time
    /// beside a period of the same State is that State's own matter.
    fn displaced_abroad(
        &self,
        result: &PeriodResult,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        let displaces = |rule: RuleId| {
            self.rules.mechanisms().any(|(id, m)| {
                id == rule
                    && m.kind == MechanismKind::Displace
                    && m.over.contains(&super::PeriodKind::Voluntary)
            })
        };
        let (abroad, others): (Vec<Displaced>, Vec<Displaced>) =
            result.given_way.iter().partition(|given| given.rule.is_some_and(displaces));
        if abroad.is_empty() || others.is_empty() {
            return Ok(if abroad.is_empty() { Rational::ZERO } else { result.displaced });
        }
        let measure = Measure::of(unit);
        let ticks = abroad.iter().map(|given| measure.ticks(given.frame)).sum();
        Ok(measure.to_unit(ticks, unit, &self.units)?.min(result.displaced))
    }

    /// Returns what displaced voluntary time adds for its own insurer.
    fn supplement(
        &self,
        institution: &Institution,
        outcome: &Outcome,
        periods: &[Period],
    ) -> Result<Option<Rational>, TotalisationError> {
        let Some(per_unit) = institution.voluntary_per_unit else { return Ok(None) };
        if !self.has(MechanismKind::DisplacedStillPays) {
            return Ok(None);
        }
        let mut time = Rational::ZERO;
        for result in &outcome.counted.periods {
            let voluntary = periods.get(result.index).is_some_and(|p| {
                p.country == institution.country && p.kind == super::PeriodKind::Voluntary
            });
            if voluntary {
                time = time.plus(self.displaced_abroad(result, outcome.unit)?)?;
            }
        }
        per_unit.times(time).map(Some)
    }

    /// Lets the last State whose conditions are met pay alone, as if all time were its own. Nobody knows
    /// whether those of a State that is not asked are met: if it comes later, what the others pay is open.
    fn last_pays(&self, periods: &[Period], all: &Counted, awards: &mut [Award]) {
        let Some(rule) = self.rule(MechanismKind::LastPaysAlone) else { return };
        let last_day = |state: StateCode| {
            let of_state = all.periods.iter().filter(|result| {
                let country = periods.get(result.index).map(|period| period.country);
                country == Some(state) && !result.counted.is_zero()
            });
            of_state.filter_map(|result| result.frames.last().map(|frame| frame.end)).max()
        };
        let asked: Vec<StateCode> = awards.iter().map(|award| award.country).collect();
        let others = all.shares.keys().filter(|state| !asked.contains(state));
        let last_other = others.filter_map(|state| last_day(*state)).max();
        let met = awards.iter_mut().filter(|a| a.outcome.together == Some(true));
        let Some(award) = met.max_by_key(|award| (last_day(award.country), award.country)) else {
            return;
        };
        if last_other >= last_day(award.country) {
            award.payable = None;
            return;
        }
        award.payable = award.theoretical;
        award.pays_under = Some(rule);
    }

    /// Rounds money as the agreement says.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn money(&self, amount: Rational) -> Result<Rational, TotalisationError> {
        amount.round_half_up(self.decimals())
    }

    /// Returns how many decimals money has.
    pub fn decimals(&self) -> u32 {
        let stated = self.rules.first(MechanismKind::RoundMoney).and_then(|(_, does)| does.value);
        stated.unwrap_or(DECIMALS)
    }
}
