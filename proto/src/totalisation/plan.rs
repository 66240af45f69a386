//! An agreement's rules, looked up once and in the form that the steps use.

use alloc::collections::BTreeMap;

use super::TotalisationError;
use super::period::{PeriodKind, StateCode};
use super::rules::{AgreementFamily, Mechanism, MechanismKind, PeriodRules, RuleId};
use super::unit::UnitTable;

/// Which kinds of periods yield to which: a kind of lower rank displaces one of higher rank.
pub(super) type Ranks = [u8; PeriodKind::ALL.len()];

/// Returns the place of a kind in [`Ranks`].
pub(super) fn slot(kind: PeriodKind) -> usize {
    (kind as usize).saturating_sub(1)
}

/// Orders the kinds by the rules on displacement.
///
/// # Errors
/// If each of two kinds would displace the other.
pub(super) fn ranks(rules: &PeriodRules) -> Result<Ranks, &'static str> {
    let mut ranks = [0u8; PeriodKind::ALL.len()];
    for _ in 0..=PeriodKind::ALL.len() {
        let before = ranks;
        for (_, does) in rules.mechanisms().filter(|(_, m)| m.kind == MechanismKind::Displace) {
            let above = does.kinds.iter().filter_map(|kind| ranks.get(slot(*kind)).copied()).max();
            for kind in &does.over {
                if let (Some(rank), Some(above)) = (ranks.get_mut(slot(*kind)), above) {
                    *rank = (*rank).max(above.saturating_add(1));
                }
            }
        }
        if ranks == before {
            return Ok(ranks);
        }
    }
    Err("kinds of periods displace each other in a circle")
}

/// The rules as the steps use them.
#[derive(Clone, Debug)]
pub struct Plan<'r> {
    /// The rules themselves.
    pub rules: &'r PeriodRules,
    /// What units are worth.
    pub units: UnitTable,
    pub(super) ranks: Ranks,
    /// The first rule with a mechanism of each kind.
    firsts: BTreeMap<MechanismKind, RuleId>,
}

impl<'r> Plan<'r> {
    /// Looks the rules up.
    ///
    /// # Errors
    /// [`TotalisationError::NoRule`] if there is no unit table, [`TotalisationError::Rules`] if rules
    /// contradict each other.
    pub fn new(rules: &'r PeriodRules) -> Result<Self, TotalisationError> {
        let mut firsts = BTreeMap::new();
        for (rule, does) in rules.mechanisms() {
            firsts.entry(does.kind).or_insert(rule);
        }
        Ok(Self {
            rules,
            units: UnitTable::of(rules)?,
            ranks: ranks(rules).map_err(TotalisationError::Rules)?,
            firsts,
        })
    }

    /// Returns the rule with a mechanism of this kind.
    pub fn rule(&self, kind: MechanismKind) -> Option<RuleId> {
        self.firsts.get(&kind).copied()
    }

    /// Tells whether there is a mechanism of this kind.
    pub fn has(&self, kind: MechanismKind) -> bool {
        self.rule(kind).is_some()
    }

    /// Tells whether a mechanism of this kind names this State.
    pub(super) fn names(&self, kind: MechanismKind, state: StateCode) -> bool {
        let names = |m: &Mechanism| m.kind == kind && m.countries.contains(&state);
        self.has(kind) && self.rules.mechanisms().any(|(_, m)| names(m))
    }

    pub(super) fn rest_days_one_month(&self, state: StateCode) -> bool {
        self.names(MechanismKind::RestDaysOneMonth, state)
    }

    pub(super) fn touches_months(&self, state: StateCode) -> bool {
        self.names(MechanismKind::TouchedMonths, state)
    }

    /// Returns the rule by which foreign time is added for a State, or the one by which it is not.
    ///
    /// # Errors
    /// The rule that keeps it from being added; `None` if no rule speaks of it.
    pub fn adds(&self, state: StateCode) -> Result<RuleId, Option<RuleId>> {
        use MechanismKind::{HomeTime, NoTotalisation, Totalise};
        if let Some(rule) = self.rule(NoTotalisation).or_else(|| self.rule(HomeTime)) {
            return Err(Some(rule));
        }
        if matches!(
            self.rules.family,
            AgreementFamily::ContributionsOnly | AgreementFamily::HomeScheme
        ) {
            return Err(None);
        }
        let adds = self.rules.mechanisms().filter(|(_, m)| m.kind == Totalise);
        let mut refused = None;
        for (rule, does) in adds {
            if does.countries.is_empty() || does.countries.contains(&state) {
                return Ok(rule);
            }
            refused = Some(rule);
        }
        Err(refused)
    }

    /// Returns the rank of a kind: the lower displaces the higher.
    pub(super) fn rank(&self, kind: PeriodKind) -> u8 {
        self.ranks.get(slot(kind)).copied().unwrap_or_default()
    }

    /// Returns the rule by which one kind displaces another.
    pub(super) fn displaces(&self, winner: PeriodKind, loser: PeriodKind) -> Option<RuleId> {
        self.rules
            .mechanisms()
            .find(|(_, m)| {
                m.kind == MechanismKind::Displace
                    && m.kinds.contains(&winner)
                    && m.over.contains(&loser)
            })
            .map(|(rule, _)| rule)
    }
}
