//! What a computation cannot rule out: time that is certified and was not counted.

use alloc::vec::Vec;

use super::{Attested, LeftOut, LeftOutReason, Note, NoteKind};
use crate::totalisation::explain::{MissingKind, NotCountedReason};
use crate::totalisation::period::{Frame, Refund, TimeUnit};
use crate::totalisation::plan::Plan;
use crate::totalisation::qualify::Outcome;
use crate::totalisation::time::touched_months;
use crate::totalisation::{Rational, TotalisationError};

impl Attested {
    /// Tells whether valid attestations that were left out, or time that is certified and not shown, could
    /// make a right of what is none without them, or whether a right rests on time that a birth date could
    /// cut off: such an answer is none.
    pub fn leaves_open(&self, plan: &Plan<'_>, outcome: &Outcome) -> bool {
        if outcome.together != Some(false) {
            let missing = |kind| outcome.explanation.missing.iter().any(|m| m.kind == kind);
            return outcome.alone != Some(true) && missing(MissingKind::BirthDate);
        }
        let hides = |left: &LeftOut| left.reason == LeftOutReason::NoFigure;
        let holds_more =
            |note: &Note| matches!(note.kind, NoteKind::YearsHidden | NoteKind::SchemeHoldsMore);
        if self.left_out.iter().any(hides) || self.notes.iter().any(holds_more) {
            return true;
        }
        let enough = |most| outcome.needed.is_some_and(|needed| most >= needed);
        self.most(plan, outcome).map_or(true, enough)
    }

    /// Returns the most that there could be, if what was left out because of the same time counted beside
    /// the rest, as far as the calendar holds it.
    fn most(&self, plan: &Plan<'_>, outcome: &Outcome) -> Result<Rational, TotalisationError> {
        let most = self
            .doubtful
            .iter()
            .filter(|period| period.counts_for_right && period.refund != Refund::Full)
            .try_fold(outcome.total, |sum, one| sum.plus(plan.convert(one, outcome.unit)?.value))?;
        let most = outcome
            .explanation
            .not_counted
            .iter()
            .filter(|not| not.reason == NotCountedReason::SameState)
            .try_fold(most, |sum, not| sum.plus(not.time))?;
        let all = self.periods.iter().chain(&self.doubtful);
        let frames: Vec<Frame> = all.map(|period| period.frame).collect();
        let held = Rational::whole(touched_months(&frames).total);
        let held = held.times(plan.units.factor(TimeUnit::Month, outcome.unit)?)?;
        Ok(most.min(held.ceil().max(outcome.total)))
    }
}
