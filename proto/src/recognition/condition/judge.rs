//! What attestations show of a condition.

use alloc::vec::Vec;

use super::{Condition, LanguageLevel, Predicate};
use crate::credential::skill::{ClaimType, Licence, LicenceStatus};
use crate::recognition::outcome::{Evidence, Question, Shown, Status};
use crate::recognition::span::TimeSpan;
use crate::text::{Language, Line};
use crate::time::Date;
use crate::verify::report::Reason;

impl Condition {
    /// Judges the condition by the attestations shown.
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
                language_known(evidence, language, level)
            }
            Ok(Predicate::Examination { code, within }) => {
                examination(evidence, code, within.map(|span| span.before(today)))
            }
            Ok(Predicate::Age { youngest, oldest }) => age(evidence, today, youngest, oldest),
            Ok(Predicate::NoSanctions { within }) => no_sanctions(evidence, question, within),
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

/// Returns the licences shown for the occupation.
fn licences<'e>(
    evidence: &'e Evidence<'_>,
    question: &Question,
) -> impl Iterator<Item = (&'e Shown<'e>, &'e Licence)> {
    in_occupation(evidence, question)
        .filter_map(|shown| Some((shown, shown.skill.licence.as_ref()?)))
}

fn registration(evidence: &Evidence<'_>, question: &Question) -> Judged {
    let mut found = Judged::new(Status::NotShown, "registration-not-shown");
    for (shown, licence) in licences(evidence, question) {
        let has_ended = shown.skill.valid_until.is_some_and(|until| until < question.today);
        found = match licence.status {
            LicenceStatus::Active if has_ended => {
                Judged::new(Status::NotMet, "registration-ended").curable()
            }
            LicenceStatus::Active => {
                return Judged::new(Status::Met, "registration-met")
                    .with("register", &licence.register);
            }
            status => Judged::new(Status::NotMet, "registration-status").with("status", status),
        };
        found = found.with("register", &licence.register);
    }
    found
}

/// Returns a licence shown that speaks against its holder.
fn sanction(evidence: &Evidence<'_>, question: &Question) -> Option<Judged> {
    let is_sanction = |status| {
        use LicenceStatus::{Active, Expired, Restricted, Revoked, Surrendered, Suspended};
        match status {
            Suspended | Revoked | Restricted => true,
            Active | Expired | Surrendered => false,
        }
    };
    let (_, licence) =
        licences(evidence, question).find(|(_, licence)| is_sanction(licence.status))?;
    Some(
        Judged::new(Status::NotMet, "registration-status")
            .with("status", licence.status)
            .with("register", &licence.register),
    )
}

fn good_standing(evidence: &Evidence<'_>, question: &Question, within: TimeSpan) -> Judged {
    if let Some(sanction) = sanction(evidence, question) {
        return sanction;
    }
    let attested = licences(evidence, question).filter_map(|(_, licence)| licence.good_standing);
    match attested.filter(|day| *day <= question.today).max() {
        None => Judged::new(Status::NotShown, "standing-not-shown"),
        Some(day) if day < within.before(question.today) => {
            Judged::new(Status::NotMet, "standing-old")
                .curable()
                .with("day", day)
                .with("within", within)
        }
        Some(day) => Judged::new(Status::Met, "standing-met").with("day", day),
    }
}

fn no_sanctions(evidence: &Evidence<'_>, question: &Question, within: TimeSpan) -> Judged {
    let judged = good_standing(evidence, question, within);
    match judged.status {
        Status::Met => Judged { reason: Reason::new("sanctions-none"), ..judged },
        _ => judged,
    }
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

fn language_known(evidence: &Evidence<'_>, wanted: &Language, level: LanguageLevel) -> Judged {
    // `de` asks for German wherever it is from, `de-AT` for that of Austria alone.
    let same = |language: &Language| {
        let rest = language.as_str().strip_prefix(wanted.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let shown = evidence.shown.iter().flat_map(|shown| &shown.skill.languages);
    let best = shown
        .filter(|skill| same(&skill.language))
        .filter_map(|skill| LanguageLevel::from_name(skill.level.as_str()))
        .max();
    let judged = match best {
        None => Judged::new(Status::NotShown, "language-not-shown"),
        Some(best) if best < level => {
            Judged::new(Status::NotMet, "language-short").curable().with("shown", best)
        }
        Some(best) => Judged::new(Status::Met, "language-met").with("shown", best),
    };
    judged.with("language", wanted.as_str()).with("level", level)
}

fn examination(evidence: &Evidence<'_>, code: &Line, from: Option<Date>) -> Judged {
    let is_it = |shown: &&Shown<'_>| {
        shown.skill.national_code.as_ref() == Some(code) || shown.skill.title.text == *code
    };
    let day = |shown: &Shown<'_>| {
        let assessed = shown.skill.assessment.as_ref().and_then(|assessment| assessment.date);
        assessed.unwrap_or(shown.skill.award_date)
    };
    let judged = match evidence.shown.iter().filter(is_it).map(day).max() {
        None => Judged::new(Status::NotShown, "examination-not-shown"),
        Some(day) if from.is_some_and(|from| day < from) => {
            Judged::new(Status::NotMet, "examination-old").curable().with("day", day)
        }
        Some(day) => Judged::new(Status::Met, "examination-met").with("day", day),
    };
    judged.with("code", code)
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
