//! What registers say: registrations, good standing, sanctions.

use alloc::vec::Vec;

use super::{Judged, has_ended, in_occupation};
use crate::classification::Country;
use crate::credential::skill::{Licence, LicenceStatus};
use crate::recognition::outcome::{Evidence, Question, Shown, Status};
use crate::recognition::span::TimeSpan;
use crate::time::Date;
use crate::verify::report::Reason;

/// Returns the licences shown for the occupation.
fn licences<'e>(
    evidence: &'e Evidence<'_>,
    question: &Question,
) -> impl Iterator<Item = (&'e Shown<'e>, &'e Licence)> {
    in_occupation(evidence, question)
        .filter_map(|shown| Some((shown, shown.skill.licence.as_ref()?)))
}

/// What registers say now of one licence: the newest word on it counts.
struct Registered<'e> {
    shown: &'e Shown<'e>,
    licence: &'e Licence,
    /// Whether another attestation of the same day says otherwise.
    is_contradicted: bool,
}

impl Registered<'_> {
    fn holds(&self, today: Date) -> bool {
        self.licence.status == LicenceStatus::Active && !has_ended(self.shown.skill, today)
    }
}

/// Returns the newest word on every licence shown. A licence is known by its country, register and number.
fn registered<'e>(evidence: &'e Evidence<'_>, question: &Question) -> Vec<Registered<'e>> {
    let mut all: Vec<Registered<'e>> = Vec::new();
    for (shown, licence) in licences(evidence, question) {
        let known = all.iter_mut().find(|known| {
            known.shown.skill.country == shown.skill.country
                && (&known.licence.register, &known.licence.number)
                    == (&licence.register, &licence.number)
        });
        let Some(known) = known else {
            all.push(Registered { shown, licence, is_contradicted: false });
            continue;
        };
        if shown.issued > known.shown.issued {
            *known = Registered { shown, licence, is_contradicted: false };
        } else if shown.issued == known.shown.issued
            && (licence.status != known.licence.status
                || has_ended(shown.skill, question.today)
                    != has_ended(known.shown.skill, question.today))
        {
            known.is_contradicted = true;
        }
    }
    all
}

/// A registration holds in a country if the newest word on any licence there says so. Where an older word on
/// another licence is the only one that says so, it cannot be told which is meant.
pub(super) fn registration(evidence: &Evidence<'_>, question: &Question) -> Judged {
    let all = registered(evidence, question);
    let mut countries: Vec<Country> = all.iter().map(|one| one.shown.skill.country).collect();
    countries.sort_unstable();
    countries.dedup();
    let mut worst = Judged::new(Status::NotShown, "registration-not-shown");
    let mut is_contradicted = None;
    for country in countries {
        let own = || all.iter().filter(|one| one.shown.skill.country == country);
        let newest = own().map(|one| one.shown.issued).max();
        let mut last = own().filter(|one| Some(one.shown.issued) == newest);
        let Some(first) = last.clone().next() else { continue };
        let register = &first.licence.register;
        let holds = |one: &Registered<'_>| one.holds(question.today);
        if last.all(|one| holds(one) && !one.is_contradicted) {
            return Judged::new(Status::Met, "registration-met").with("register", register);
        } else if own().any(|one| holds(one) || one.is_contradicted) {
            is_contradicted = Some(register);
        } else {
            worst = match first.licence.status {
                LicenceStatus::Active => {
                    Judged::new(Status::NotMet, "registration-ended").curable()
                }
                status => Judged::new(Status::NotMet, "registration-status").with("status", status),
            }
            .with("register", register);
        }
    }
    match is_contradicted {
        Some(register) => {
            Judged::new(Status::NotShown, "registration-contradiction").with("register", register)
        }
        None => worst,
    }
}

/// Returns the newest word on a licence that speaks against its holder.
fn sanction(evidence: &Evidence<'_>, question: &Question) -> Option<Judged> {
    use LicenceStatus::{Active, Expired, Restricted, Revoked, Surrendered, Suspended};
    let is_sanction = |one: &Registered<'_>| match one.licence.status {
        Suspended | Revoked | Restricted => true,
        Active | Expired | Surrendered => false,
    };
    let all = registered(evidence, question);
    let against = all.iter().filter(|one| is_sanction(one) || one.is_contradicted);
    let (unclear, clear): (Vec<_>, Vec<_>) = against.partition(|one| one.is_contradicted);
    match (clear.first(), unclear.first()) {
        (Some(one), _) => Some(
            Judged::new(Status::NotMet, "registration-status")
                .with("status", one.licence.status)
                .with("register", &one.licence.register),
        ),
        (None, Some(one)) => Some(
            Judged::new(Status::NotShown, "registration-contradiction")
                .with("register", &one.licence.register),
        ),
        (None, None) => None,
    }
}

pub(super) fn good_standing(
    evidence: &Evidence<'_>,
    question: &Question,
    within: TimeSpan,
) -> Judged {
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

pub(super) fn no_sanctions(
    evidence: &Evidence<'_>,
    question: &Question,
    within: TimeSpan,
) -> Judged {
    let judged = good_standing(evidence, question, within);
    match judged.status {
        Status::Met => Judged { reason: Reason::new("sanctions-none"), ..judged },
        _ => judged,
    }
}
