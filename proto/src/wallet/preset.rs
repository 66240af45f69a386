//! Sets of disclosures by what they are for, so that a holder shows what is needed and no more.
//!
//! Each adds to what contribution attestations always show. None discloses the person: whoever wants
//! several attestations to count together discloses a birth date and a name beside it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Contents;
use crate::credential::contribution::{
    Contribution, Decimal, Quantity, Refund, ReportingMode, Unit,
};
use crate::totalisation::StateCode;

/// What a set of disclosures is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Whether a right exists: how much there is of each period, and nothing else.
    Eligible,
    /// The share that a State pays: also the totals that show whether something is hidden, what
    /// replaces what, and whether a short period gives a right alone.
    Ratio,
    /// The amount in one State: as for the share, and the earnings under the law of that State alone.
    OwnAmount(StateCode),
    /// A wage claim, or a union case: employers and earnings under the law of one State.
    WageClaim,
    /// At least so many months: as few years as that takes.
    AtLeast(u16),
}

/// Why a set of disclosures cannot be made of the chosen credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresetError {
    /// A credential that attests no period.
    #[error("credential {0} is no contribution attestation")]
    NoContribution(usize),
    /// No credential is of the State whose amount is asked for.
    #[error("no chosen attestation is under the law of {0}")]
    NoneOfState(StateCode),
    /// Periods of several States, where one is enough.
    #[error("employers and earnings are shown for one State at a time; chosen are {0} and {1}")]
    SeveralStates(StateCode, StateCode),
    /// The chosen credentials hold less.
    #[error("the chosen attestations hold {held} months, fewer than {wanted}")]
    TooFew {
        /// Months that are attested, whole ones.
        held: u64,
        /// Months that were asked for.
        wanted: u16,
    },
    /// A figure that no rule here turns into months.
    #[error(
        "credential {0} counts in {1}s, which only an agreement turns into months: name its years"
    )]
    NoMonths(usize, Unit),
}

impl Preset {
    /// Returns the names to disclose of each credential.
    ///
    /// # Errors
    /// [`PresetError`]; credentials are numbered from 1.
    pub fn disclosures(self, chosen: &[&Contents]) -> Result<Vec<Vec<String>>, PresetError> {
        let mut periods = Vec::new();
        for (number, contents) in (1..).zip(chosen) {
            let period = contents.claims.contribution();
            periods.push((*contents, period.ok_or(PresetError::NoContribution(number))?));
        }
        const ELIGIBLE: &[&str] = &["years"];
        const RATIO: &[&str] = &[
            "years",
            "total",
            "scheme_totals",
            "national_right",
            "series",
            "sequence",
            "supersedes",
        ];
        const EARNINGS: &[&str] = &["earnings"];
        const WAGES: &[&str] = &["employers", "earnings"];
        let named = |names: &dyn Fn(&Contribution) -> Vec<&'static str>| {
            let of_one = |(contents, period): &(&Contents, &Contribution)| {
                let names = names(period);
                let parts = contents.disclosures.iter().map(|d| &d.name);
                let belongs = |name: &&String| names.contains(&base(name));
                parts.filter(belongs).cloned().collect()
            };
            periods.iter().map(of_one).collect()
        };
        match self {
            Preset::Eligible => Ok(named(&|_| ELIGIBLE.into())),
            Preset::Ratio => Ok(named(&|_| RATIO.into())),
            Preset::OwnAmount(state) => {
                if !periods.iter().any(|(_, period)| period.law() == state) {
                    return Err(PresetError::NoneOfState(state));
                }
                Ok(named(&|period| {
                    let own = if period.law() == state { EARNINGS } else { &[] };
                    [RATIO, own].concat()
                }))
            }
            Preset::WageClaim => {
                let states: Vec<_> = periods.iter().map(|(_, period)| period.law()).collect();
                match states.windows(2).find(|pair| matches!(pair, [a, b] if a != b)) {
                    Some([a, b]) => Err(PresetError::SeveralStates(*a, *b)),
                    _ => Ok(named(&|_| WAGES.into())),
                }
            }
            Preset::AtLeast(months) => at_least(months, &periods),
        }
    }
}

fn base(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Returns the fewest years that make so many months, beside what is always shown.
fn at_least(
    wanted: u16,
    periods: &[(&Contents, &Contribution)],
) -> Result<Vec<Vec<String>>, PresetError> {
    let goal = Decimal::whole(wanted.into()).ten_thousandths();
    let mut shown = 0u64;
    // Months, the credential, and the number of the year in it.
    let mut years: Vec<(u64, usize, usize)> = Vec::new();
    for (index, (_, period)) in periods.iter().enumerate() {
        let months = |quantity: &Quantity| {
            months_of(quantity).map_err(|unit| PresetError::NoMonths(index + 1, unit))
        };
        // What was paid back gives no right, so it proves none.
        if period.refunded == Refund::Full {
            continue;
        }
        match (period.mode, &period.value) {
            (ReportingMode::Aggregate, Some(value)) => {
                shown = shown.saturating_add(months(value)?);
            }
            _ => {
                for (number, year) in (1..).zip(&period.years) {
                    years.push((months(&year.value)?, index, number));
                }
            }
        }
    }
    years.sort_unstable_by_key(|(months, index, number)| (u64::MAX - months, *index, *number));
    let mut names: Vec<Vec<String>> = periods.iter().map(|_| Vec::new()).collect();
    for (months, index, number) in years {
        if shown >= goal {
            break;
        }
        shown = shown.saturating_add(months);
        if let Some(names) = names.get_mut(index) {
            names.push(format!("years.{number}"));
        }
    }
    if shown < goal {
        return Err(PresetError::TooFew { held: shown / 10_000, wanted });
    }
    Ok(names)
}

/// Returns ten-thousandths of a month: only where that is so under every agreement.
fn months_of(quantity: &Quantity) -> Result<u64, Unit> {
    let unit = quantity.unit().unwrap_or(Unit::Day);
    let number = quantity.number().map_or(0, Decimal::ten_thousandths);
    match unit {
        Unit::Month => Ok(number),
        Unit::Quarter => Ok(number.saturating_mul(3)),
        Unit::Year => Ok(number.saturating_mul(12)),
        Unit::Week | Unit::Day | Unit::YearsMonthsDays => Err(unit),
    }
}

#[cfg(test)]
mod tests;
