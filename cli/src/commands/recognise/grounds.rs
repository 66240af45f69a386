//! The agreements to judge by: files, built-in models, and those in logs that count for this verifier.

use super::read_terms;
use super::shipped;
use super::shown::Accepted;
use crate::agreements;
use crate::commands::institution::only_one;
use crate::error::CliError;
use crate::policy::Rules;
use carnet_proto::classification::Country;
use carnet_proto::id::{Did, Digest};
use carnet_proto::ledger::Ledger;
use carnet_proto::recognition::{Ground, RecognitionTerms, Signatures, ground, has_ratified};
use carnet_proto::statement::agreement::Agreement;
use carnet_proto::statement::profile::Role;
use carnet_proto::statement::standing::State;
use carnet_proto::text::Line;
use carnet_proto::time::UnixSeconds;
use std::path::Path;

/// An agreement that was found.
pub enum Found<'l> {
    /// In a file, or built in.
    File(Box<RecognitionTerms>),
    /// In a log.
    Logged(Ground<'l>),
}

impl Found<'_> {
    /// Returns it as the engine takes it.
    pub fn ground(&self) -> Ground<'_> {
        match self {
            Self::File(terms) => {
                Ground { terms, digest: None, signatures: Signatures::NotChecked, ended: None }
            }
            Self::Logged(ground) => ground.clone(),
        }
    }
}

/// An agreement that was named.
pub enum Named {
    /// A file, or a built-in one.
    Terms(Box<RecognitionTerms>),
    /// The beginning of a digest, to be found in a log.
    Digest(String),
}

/// Reads the agreements that are named, and sees to it that they can answer a question about a country. What
/// is wrong with them is known before anything is verified.
///
/// # Errors
/// Those of reading a form; `agreement-unknown`, `agreement-of-periods`, `recognise-not-party`.
pub fn named(names: &[String], destination: Option<Country>) -> Result<Vec<Named>, CliError> {
    let named = names.iter().map(|name| one(name)).collect::<Result<Vec<_>, _>>()?;
    // What stands in a log, or in none that is at hand, is found later.
    let may_bind = |country: Country| {
        named.iter().any(|named| match named {
            Named::Terms(terms) => terms.party(country).is_some(),
            Named::Digest(_) => true,
        })
    };
    match destination {
        Some(country) if !named.is_empty() && !may_bind(country) => {
            Err(CliError::usage("recognise-not-party")
                .arg("agreements", names.join(", "))
                .arg("country", country.name())
                .hint("recognise-not-party"))
        }
        _ => Ok(named),
    }
}

fn one(name: &str) -> Result<Named, CliError> {
    let path = Path::new(name);
    if path.exists() {
        return read_terms(path).map(|terms| Named::Terms(Box::new(terms)));
    }
    if let Some(terms) = shipped::by_id(name) {
        return terms.map(|terms| Named::Terms(Box::new(terms)));
    }
    if agreements::by_id(name)?.is_some() {
        return Err(of_periods(name));
    }
    if name.len() < 4 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(unknown(name));
    }
    Ok(Named::Digest(name.to_owned()))
}

/// Says that an agreement is on periods, and recognises nothing.
pub fn of_periods(name: &str) -> CliError {
    CliError::usage("agreement-of-periods")
        .arg("name", name.to_owned())
        .hint("agreement-of-periods")
}

fn unknown(name: &str) -> CliError {
    let built_in: Vec<&str> = shipped::ALL.iter().map(|(id, _)| *id).collect();
    CliError::input("agreement-unknown")
        .arg("name", name.to_owned())
        .arg("names", built_in.join(", "))
        .hint("agreement-unknown")
}

/// Finds the agreements that are named. If none is, those count that a trust anchor has ratified, in the
/// logs of the node, and those by which something was found valid. Whoever presents can bring along an
/// agreement that names a trust anchor, but not its ratification.
///
/// # Errors
/// `agreement-unknown`, `digest-ambiguous`, `agreement-no-recognition`.
pub fn find<'l>(
    named: Vec<Named>,
    rules: &Rules,
    accepted: &'l Accepted<'_>,
    now: UnixSeconds,
) -> Result<Vec<Found<'l>>, CliError> {
    if named.is_empty() {
        return Ok(that_count(rules, accepted, now));
    }
    let known = with_terms(&accepted.ledger);
    let mut found = Vec::new();
    for named in named {
        found.push(match named {
            Named::Terms(terms) => Found::File(terms),
            Named::Digest(name) => {
                let digests = known.iter().map(|(digest, _)| *digest);
                let found = only_one(&name, digests.filter(|d| d.to_string().starts_with(&name)));
                // What is not there could not be read: as for a file, that is no wrong usage.
                let digest = found.map_err(|error| match error.code() {
                    "digest-ambiguous" => error,
                    _ => unknown(&name),
                })?;
                let agreement = known.iter().find(|(known, _)| *known == digest);
                let found = agreement.and_then(|(_, a)| ground(&accepted.ledger, &digest, a, now));
                Found::Logged(found.ok_or_else(|| {
                    CliError::usage("agreement-no-recognition").arg("digest", digest.to_string())
                })?)
            }
        });
    }
    Ok(found)
}

fn that_count<'l>(rules: &Rules, accepted: &'l Accepted<'_>, now: UnixSeconds) -> Vec<Found<'l>> {
    let own = &accepted.fetched;
    let by_anchor = with_terms(own).into_iter().filter(|(digest, agreement)| {
        let has = |did| has_ratified(own, digest, agreement, did, now);
        rules.anchors.iter().any(|anchor| has(&anchor.did))
    });
    let mut found: Vec<(Digest, Found<'l>)> = by_anchor
        .filter_map(|(digest, a)| Some((digest, Found::Logged(ground(own, &digest, a, now)?))))
        .collect();
    for (digest, agreement) in with_terms(&accepted.ledger) {
        let is_new = !found.iter().any(|(known, _)| *known == digest);
        if is_new
            && accepted.by_agreements.contains(&digest)
            && let Some(ground) = ground(&accepted.ledger, &digest, agreement, now)
        {
            found.push((digest, Found::Logged(ground)));
        }
    }
    found.into_iter().map(|(_, found)| found).collect()
}

/// The seat that an agreement gives to an institution.
pub struct Seat {
    /// The institution.
    pub did: Did,
    /// As what it signs.
    pub role: Role,
    /// The agreement's id.
    pub agreement: Line,
}

/// Returns the seats in those of the agreements that stand in a log.
pub fn seats(grounds: &[Ground<'_>], ledger: &Ledger) -> Vec<Seat> {
    let all = ledger.agreements();
    let logged = grounds.iter().filter_map(|ground| {
        let (_, _, agreement) = all.get(&ground.digest?)?;
        Some((ground.terms, *agreement))
    });
    let seats = logged.flat_map(|(terms, agreement)| {
        agreement.signatories().map(|signatory| Seat {
            did: signatory.did,
            role: signatory.role,
            agreement: terms.id.clone(),
        })
    });
    seats.collect()
}

/// Returns the agreements with rules of recognition.
fn with_terms(ledger: &Ledger) -> Vec<(Digest, &Agreement)> {
    let all = ledger.agreements().into_iter();
    all.filter(|(_, (_, held, agreement))| {
        held.state == State::InForce && agreement.recognition.is_some()
    })
    .map(|(digest, (_, _, agreement))| (*digest, agreement))
    .collect()
}
