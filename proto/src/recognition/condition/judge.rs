//! What attestations show of a condition.

mod licence;

use alloc::vec::Vec;

use licence::{good_standing, no_sanctions, registration};

use super::{Condition, LanguageLevel, Predicate};
use crate::credential::skill::{ClaimType, Skill};
use crate::recognition::outcome::{Evidence, Question, Shown, Status};
use crate::recognition::span::TimeSpan;
use crate::text::{Language, Line};
use crate::time::Date;
use crate::verify::report::Reason;

impl Condition {
    /// Judges the condition by what counts as evidence of it.
    pub(in crate::recognition) fn judge(
        &self,
        evidence: &Evidence<'_>,
        question: &Question,
    ) -> Judged {
        let today = question.today;
        match self.predicate() {
            Err(_) | Ok(Predicate::HostDecision) => Judged::new(Status::NotShown, "host-decides"),
            Ok(Predicate::Experience { length, continuous, gap, within }) => {
                experience(evidence, question, length, continuous.then_some(gap), within)
            }
            Ok(Predicate::Registration) => registration(evidence, question),
            Ok(Predicate::GoodStanding { within }) => good_standing(evidence, question, within),
            Ok(Predicate::ContinuingEducation { hours, within }) => {
                continuing_education(evidence, hours, (within.before(today), today))
            }
            Ok(Predicate::Language { language, level }) => {
                language_known(evidence, today, language, level)
            }
            Ok(Predicate::Examination { code, within }) => {
                examination(evidence, today, code, within)
            }
            Ok(Predicate::Age { youngest, oldest }) => age(evidence, today, youngest, oldest),
            Ok(Predicate::NoSanctions { within }) => no_sanctions(evidence, question, within),
        }
    }
}

impl Predicate<'_> {
    /// Tells whether an attestation says anything of this, whoever issued it and as whatever.
    pub(in crate::recognition) fn is_spoken_of(&self, skill: &Skill) -> bool {
        match self {
            Self::Experience { .. } => !skill.experience.is_empty(),
            Self::Registration | Self::GoodStanding { .. } | Self::NoSanctions { .. } => {
                skill.licence.is_some()
            }
            Self::ContinuingEducation { .. } => skill.claim_type == ClaimType::ContinuingEducation,
            Self::Language { language, .. } => {
                skill.languages.iter().any(|known| is_language(&known.language, language))
            }
            Self::Examination { code, .. } => is_examination(skill, code),
            Self::Age { .. } | Self::HostDecision => false,
        }
    }
}

/// What was found about a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::recognition) struct Judged {
    pub status: Status,
    pub reason: Reason,
    /// Whether further evidence could change it.
    pub is_curable: bool,
}

impl Judged {
    fn new(status: Status, reason: &'static str) -> Self {
        Self { status, reason: Reason::new(reason), is_curable: status == Status::NotShown }
    }

    fn with(mut self, name: &'static str, value: impl core::fmt::Display) -> Self {
        self.reason = self.reason.with(name, value);
        self
    }

    fn curable(mut self) -> Self {
        self.is_curable = true;
        self
    }
}

/// Tells whether the last day for which something was awarded is over.
pub(in crate::recognition) fn has_ended(skill: &Skill, today: Date) -> bool {
    skill.valid_until.is_some_and(|until| until < today)
}

/// Returns the attestations about the occupation that is asked for.
fn in_occupation<'e>(
    evidence: &'e Evidence<'_>,
    question: &Question,
) -> impl Iterator<Item = &'e Shown<'e>> {
    let occupation = question.occupation;
    evidence.shown.iter().filter(move |shown| occupation.covers(shown.skill.occupation))
}

/// Returns the times of work in the occupation, first to last day, joined where they overlap or follow each
/// other. Nothing is counted behind the day on which it was attested.
fn work(evidence: &Evidence<'_>, question: &Question, from: Option<Date>) -> Vec<(Date, Date)> {
    let mut times: Vec<(Date, Date)> = Vec::new();
    for shown in in_occupation(evidence, question) {
        for work in &shown.skill.experience {
            let attested = shown.issued.min(question.today);
            let end = work.end.map_or(attested, |end| end.min(attested));
            let start = from.map_or(work.start, |from| work.start.max(from));
            if start <= end {
                times.push((start, end));
            }
        }
    }
    times.sort_unstable();
    joined(times, 1)
}

/// Joins sorted times between which fewer than `gap` days lie.
fn joined(times: Vec<(Date, Date)>, gap: i32) -> Vec<(Date, Date)> {
    let mut all: Vec<(Date, Date)> = Vec::new();
    for (start, end) in times {
        match all.last_mut() {
            Some(last) if start.0.saturating_sub(last.1.0) <= gap => last.1 = last.1.max(end),
            _ => all.push((start, end)),
        }
    }
    all
}

fn days((start, end): (Date, Date)) -> u64 {
    u64::try_from(i64::from(end.0) - i64::from(start.0) + 1).unwrap_or(0)
}

/// Tells whether work in the occupation adds up to a length.
pub(in crate::recognition) fn has_worked(
    evidence: &Evidence<'_>,
    question: &Question,
    length: TimeSpan,
) -> bool {
    length.is_reached_by(work(evidence, question, None).into_iter().map(days).sum())
}

/// `continuous` is there if work must not be interrupted, with the longest interruption allowed.
fn experience(
    evidence: &Evidence<'_>,
    question: &Question,
    length: TimeSpan,
    continuous: Option<Option<TimeSpan>>,
    within: Option<TimeSpan>,
) -> Judged {
    let times = work(evidence, question, within.map(|span| span.before(question.today)));
    if times.is_empty() {
        return Judged::new(Status::NotShown, "experience-not-shown").with("length", length);
    }
    let (met, counted) = match continuous {
        None => {
            let days = times.iter().copied().map(days).sum();
            (length.is_reached_by(days), days)
        }
        Some(gap) => {
            // Exclusive: with no interruption allowed the next day has to follow.
            let first = Date(0);
            let gap = gap.map_or(1, |gap| gap.after(first).0.saturating_add(1));
            let runs = joined(times, gap);
            let reaches = |run: &(Date, Date)| length.after(run.0).0 <= run.1.0.saturating_add(1);
            (runs.iter().any(reaches), runs.into_iter().map(days).max().unwrap_or(0))
        }
    };
    let judged = match met {
        true => Judged::new(Status::Met, "experience-met"),
        false => Judged::new(Status::NotMet, "experience-short").curable(),
    };
    judged.with("length", length).with("days", counted)
}

fn continuing_education(evidence: &Evidence<'_>, hours: u32, (from, to): (Date, Date)) -> Judged {
    let courses = evidence.shown.iter().map(|shown| shown.skill);
    let courses = courses.filter(|skill| skill.claim_type == ClaimType::ContinuingEducation);
    let counted = courses.filter_map(|skill| {
        let learning = skill.learning.as_ref()?;
        let end = learning.end.unwrap_or(skill.award_date);
        if (from..=to).contains(&end) { learning.hours } else { None }
    });
    let counted: Vec<u32> = counted.collect();
    let sum = counted.iter().fold(0u32, |sum, hours| sum.saturating_add(*hours));
    let judged = match sum {
        _ if counted.is_empty() => Judged::new(Status::NotShown, "education-not-shown"),
        sum if sum < hours => Judged::new(Status::NotMet, "education-short").curable(),
        _ => Judged::new(Status::Met, "education-met"),
    };
    judged.with("hours", hours).with("shown", sum)
}

/// Tells whether a language is the one that is asked for: `de` asks for German wherever it is from, `de-AT`
/// for that of Austria alone.
fn is_language(language: &Language, wanted: &Language) -> bool {
    let rest = language.as_str().strip_prefix(wanted.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The best level counts: who reached it has reached those below, whenever they were certified.
fn language_known(
    evidence: &Evidence<'_>,
    today: Date,
    wanted: &Language,
    level: LanguageLevel,
) -> Judged {
    let all = evidence.shown.iter().map(|shown| shown.skill);
    let best = |passed: Option<bool>| {
        let all = all.clone().filter(|skill| was_passed(skill) == passed);
        all.filter(|skill| !has_ended(skill, today))
            .flat_map(|skill| &skill.languages)
            .filter(|skill| is_language(&skill.language, wanted))
            .filter_map(|skill| LanguageLevel::from_name(skill.level.as_str()))
            .max()
    };
    let reached = best(Some(true));
    let judged = match reached {
        // It may have been failed.
        _ if reached < Some(level) && best(None) >= Some(level) => {
            Judged::new(Status::NotShown, "language-result-not-shown")
        }
        None => Judged::new(Status::NotShown, "language-not-shown"),
        Some(best) if best < level => {
            Judged::new(Status::NotMet, "language-short").curable().with("shown", best)
        }
        Some(best) => Judged::new(Status::Met, "language-met").with("shown", best),
    };
    judged.with("language", wanted.as_str()).with("level", level)
}

/// Tells whether an attestation is of an examination, by its national code or its title.
fn is_examination(skill: &Skill, code: &Line) -> bool {
    skill.national_code.as_ref() == Some(code) || skill.title.text == *code
}

/// Tells whether an attestation says that something was passed. An award says so; an assessment only if it
/// shows that it was.
pub(in crate::recognition) fn was_passed(skill: &Skill) -> Option<bool> {
    let said = skill.assessment.as_ref().and_then(|assessment| assessment.passed);
    match skill.claim_type {
        ClaimType::Assessment => said,
        _ => Some(said != Some(false)),
    }
}

/// The newest examination counts.
fn examination(
    evidence: &Evidence<'_>,
    today: Date,
    code: &Line,
    within: Option<TimeSpan>,
) -> Judged {
    let day = |skill: &Skill| {
        let assessed = skill.assessment.as_ref().and_then(|assessment| assessment.date);
        assessed.unwrap_or(skill.award_date)
    };
    let all = evidence.shown.iter().map(|shown| shown.skill);
    let all: Vec<&Skill> = all.filter(|skill| is_examination(skill, code)).collect();
    let Some(newest) = all.iter().map(|skill| day(skill)).max() else {
        return Judged::new(Status::NotShown, "examination-not-shown").with("code", code);
    };
    let last: Vec<&Skill> = all.into_iter().filter(|skill| day(skill) == newest).collect();
    let says = |result: Option<bool>| last.iter().any(|skill| was_passed(skill) == result);
    let judged = match (says(Some(true)), says(Some(false))) {
        (true, true) => Judged::new(Status::NotShown, "examination-contradiction"),
        (false, true) => Judged::new(Status::NotMet, "examination-failed").curable(),
        (false, false) => Judged::new(Status::NotShown, "examination-result-not-shown"),
        (true, false) if last.iter().all(|skill| has_ended(skill, today)) => {
            Judged::new(Status::NotMet, "examination-ended").curable()
        }
        (true, false) if within.is_some_and(|span| newest < span.before(today)) => {
            Judged::new(Status::NotMet, "examination-old").curable()
        }
        (true, false) => Judged::new(Status::Met, "examination-met"),
    };
    judged.with("day", newest).with("code", code)
}

fn age(evidence: &Evidence<'_>, today: Date, youngest: Option<u8>, oldest: Option<u8>) -> Judged {
    let Some(birth) = evidence.birth_date else {
        return Judged::new(Status::NotShown, "age-not-shown");
    };
    let (born, now) = (birth.to_ymd(), today.to_ymd());
    let had_birthday = (now.1, now.2) >= (born.1, born.2);
    let years = now.0 - born.0 - i32::from(!had_birthday);
    let fits = youngest.is_none_or(|least| years >= i32::from(least))
        && oldest.is_none_or(|most| years <= i32::from(most));
    match fits {
        true => Judged::new(Status::Met, "age-met"),
        false => Judged::new(Status::NotMet, "age-outside"),
    }
}
