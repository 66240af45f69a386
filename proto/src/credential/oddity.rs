//! What cannot be, or hardly, of a person and what a credential attests of them: an issuer refuses it
//! where it is written down, a verifier is warned of it.

use alloc::vec::Vec;

use super::attested::Attested;
use super::contribution::Contribution;
use super::skill::{Skill, Weight};
use crate::time::Date;
use crate::totalisation::explain::names;

names! {
    /// Something that cannot be, or hardly.
    pub enum Oddity {
        /// The birth date lies in the future.
        BornInFuture = "born-in-future";
        /// The award lies before the birth.
        AwardBeforeBirth = "award-before-birth";
        /// Learning began before the birth.
        LearningBeforeBirth = "learning-before-birth";
        /// Learning ends in the future.
        LearningInFuture = "learning-in-future";
        /// Work began before the birth.
        WorkBeforeBirth = "work-before-birth";
        /// The period began before the birth.
        PeriodBeforeBirth = "period-before-birth";
        /// The period, or the day for which it is certified, lies in the future.
        PeriodInFuture = "period-in-future";
        /// The institution is of one State and certifies time under the law of another.
        OtherLaw = "other-law";
    }
}

impl Oddity {
    /// Returns how much it weighs.
    pub const fn weight(self) -> Weight {
        match self {
            Self::OtherLaw => Weight::Weak,
            _ => Weight::Wrong,
        }
    }

    /// Returns what it says, in English.
    pub const fn text(self) -> &'static str {
        match self {
            Self::BornInFuture => "the birth date lies in the future",
            Self::AwardBeforeBirth => "the award lies before the birth",
            Self::LearningBeforeBirth => "the learning began before the birth",
            Self::LearningInFuture => "the learning ends in the future",
            Self::WorkBeforeBirth => "the work began before the birth",
            Self::PeriodBeforeBirth => "the period began before the birth",
            Self::PeriodInFuture => {
                "the period, or the day for which it is certified, lies in the future"
            }
            Self::OtherLaw => {
                "the institution is of one State and certifies time under the law of another: only \
                 an institution of that State says what counts there. Whoever is posted abroad \
                 stays under the law of the State that sent them (certificate A1)"
            }
        }
    }

    /// Returns the field where a form has it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::BornInFuture => "birth_date",
            Self::AwardBeforeBirth => "award_date",
            Self::LearningBeforeBirth => "learning_start",
            Self::LearningInFuture => "learning_end",
            Self::WorkBeforeBirth => "experience",
            Self::PeriodBeforeBirth => "start",
            Self::PeriodInFuture => "end",
            Self::OtherLaw => "legislation",
        }
    }
}

impl Attested {
    /// Returns what cannot be, or hardly, as of the day of issue; what is not shown is not judged.
    pub fn oddities(&self, birth: Option<Date>, issued_on: Date) -> Vec<Oddity> {
        let before_birth = |day: Date| birth.is_some_and(|birth| day < birth);
        let born = (birth.is_some_and(|birth| birth > issued_on), Oddity::BornInFuture);
        let mut found = Vec::from([born]);
        match self {
            Self::Skill(skill) => found.extend(of_skill(skill, before_birth, issued_on)),
            Self::Contribution(period) => found.extend(of_period(period, before_birth, issued_on)),
        }
        found.into_iter().filter_map(|(is_there, oddity)| is_there.then_some(oddity)).collect()
    }
}

fn of_skill(
    skill: &Skill,
    before_birth: impl Fn(Date) -> bool,
    issued_on: Date,
) -> [(bool, Oddity); 4] {
    let learning = skill.learning.as_ref();
    let start = learning.and_then(|learning| learning.start.or(learning.end));
    let end = learning.and_then(|learning| learning.end);
    [
        (before_birth(skill.award_date), Oddity::AwardBeforeBirth),
        (start.is_some_and(&before_birth), Oddity::LearningBeforeBirth),
        (end.is_some_and(|end| end > issued_on), Oddity::LearningInFuture),
        (skill.experience.iter().any(|work| before_birth(work.start)), Oddity::WorkBeforeBirth),
    ]
}

fn of_period(
    period: &Contribution,
    before_birth: impl Fn(Date) -> bool,
    issued_on: Date,
) -> [(bool, Oddity); 3] {
    // The month of the birth may be one in which the period began.
    let first = period.first_day.unwrap_or_else(|| period.start.last_day());
    let last = period.last_day.unwrap_or_else(|| period.end.first_day());
    [
        (before_birth(first), Oddity::PeriodBeforeBirth),
        (last > issued_on || period.as_of > issued_on, Oddity::PeriodInFuture),
        (period.is_under_other_law(), Oddity::OtherLaw),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::contribution::Month;
    use crate::test_support::contribution;
    use crate::text::Line;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn of(period: Contribution, birth: &str) -> Vec<Oddity> {
        Attested::from(period).oddities(Some(day(birth)), day("2026-07-01"))
    }

    #[test]
    fn a_period_lies_between_the_birth_and_the_day_of_issue() {
        let period = || Contribution { first_day: None, last_day: None, ..contribution() };
        assert_eq!(of(period(), "1988-02-17"), []);
        assert_eq!(of(period(), "2014-03-20"), [], "the month of the birth may be the first");
        assert_eq!(of(period(), "2014-04-01"), [Oddity::PeriodBeforeBirth]);
        let born = [Oddity::BornInFuture, Oddity::PeriodBeforeBirth];
        assert_eq!(of(period(), "2026-07-02"), born);
        let later = Contribution { end: Month::parse("2026-08").unwrap(), ..period() };
        assert_eq!(of(later, "1988-02-17"), [Oddity::PeriodInFuture]);
        assert_eq!(Attested::from(period()).oddities(None, day("2026-07-01")), []);
    }

    #[test]
    fn an_institution_of_another_state_is_told_and_not_refused() {
        let mut period = contribution();
        period.institution.code = Line::parse("FR:1").unwrap();
        let found = of(period, "1988-02-17");
        assert_eq!(found, [Oddity::OtherLaw]);
        assert_eq!(found[0].weight(), Weight::Weak);
    }
}
