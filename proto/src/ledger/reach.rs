//! Which logs matter to a node: what its own institutions and anchors lead to.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Ledger, LogView, ProfileView};
use crate::id::Did;
use crate::statement::Body;
use crate::statement::agreement::Agreement;

/// Most steps from a root to a log that is replicated.
pub const MAX_REACH_DEPTH: usize = 8;
/// Most logs that a node replicates.
pub const MAX_REACHED_LOGS: usize = 16_384;

/// Returns the logs that `roots` lead to, themselves included: subjects of accreditations, also of
/// those withdrawn; bodies, signatories and witnesses of agreements that a reached log holds or
/// ratified; witnesses that a reached log's profile proposes.
///
/// Breadth first, in the order of the identifiers, at most [`MAX_REACH_DEPTH`] steps and
/// [`MAX_REACHED_LOGS`] logs: the same ledger gives the same answer.
pub fn reach(ledger: &Ledger, roots: impl IntoIterator<Item = Did>) -> BTreeSet<Did> {
    let agreements = ledger.agreements();
    let mut reached: BTreeSet<Did> = roots.into_iter().take(MAX_REACHED_LOGS).collect();
    let mut frontier = reached.clone();
    for _ in 0..MAX_REACH_DEPTH {
        let mut next = BTreeSet::new();
        for log in frontier.iter().filter_map(|did| ledger.log(did)) {
            let mut found = neighbours(log);
            for (_, held) in log.statements.all_ratifications() {
                if let Body::Ratification(ratification) = held.statement.body()
                    && let Some((_, _, agreement)) = agreements.get(&ratification.agreement)
                {
                    named(agreement, &mut found);
                }
            }
            next.extend(found.into_iter().filter(|did| !reached.contains(did)));
        }
        let room = MAX_REACHED_LOGS.saturating_sub(reached.len());
        frontier = next.into_iter().take(room).collect();
        if frontier.is_empty() {
            break;
        }
        reached.extend(frontier.iter().copied());
    }
    reached
}

/// Returns whom a log names itself.
fn neighbours(log: &LogView) -> Vec<Did> {
    let mut found: Vec<Did> = log.statements.subjects().copied().collect();
    for (_, _, agreement) in log.agreements() {
        named(agreement, &mut found);
    }
    if let ProfileView::Known(profile) = &log.profile {
        found.extend(&profile.witnesses);
    }
    // Whoever continues the lists of one that closed.
    found.extend(log.closing.and_then(|closing| closing.successor));
    let stated = log.successions.values().filter_map(|(_, statement)| match statement.body() {
        Body::Succession(succession) => succession.successor,
        _ => None,
    });
    found.extend(stated);
    found
}

fn named(agreement: &Agreement, found: &mut Vec<Did>) {
    for party in &agreement.parties {
        found.extend(party.bodies.iter().map(|body| body.did));
        found.extend(party.signatories.iter().map(|signatory| signatory.did));
        found.extend(&party.witnesses);
    }
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;
    use alloc::vec;

    use super::*;
    use crate::classification::Country;
    use crate::id::Digest;
    use crate::key::{Purpose, Seed};
    use crate::ledger::Replica;
    use crate::statement::Statement;
    use crate::statement::accreditation::{Accreditation, Grant, Withdrawal, WithdrawalReason};
    use crate::statement::agreement::{
        AgreementKind, Body as PartyBody, Party, Ratification, Signatory,
    };
    use crate::statement::identity::Inception;
    use crate::statement::profile::Role;
    use crate::test_support::line;
    use crate::text::{Language, Name};
    use crate::time::{UnixSeconds, Validity};

    const ALWAYS: Validity = Validity { from: UnixSeconds(0), until: None };

    struct Institution {
        seed: Seed,
        replica: Replica,
    }

    impl Institution {
        fn new(number: u16) -> Self {
            let [a, b] = number.to_be_bytes();
            let seed = Seed::new([a; 32]).derive(&[b], b"reach");
            let keys = seed.public_key_set();
            let next = seed.derive(b"", b"next").public_key_set().commitment();
            let key = seed.signing_key(Purpose::Statement);
            let inception = Statement::incept(Inception { keys, next }, &key);
            Self { seed, replica: Replica::new(inception.entry()).unwrap() }
        }

        fn did(&self) -> Did {
            *self.replica.origin()
        }

        fn state(&mut self, body: impl Into<Body>) -> Digest {
            let key = self.seed.signing_key(Purpose::Statement);
            let statement = Statement::sign(&self.did(), body, &key).unwrap();
            self.replica.append(core::slice::from_ref(&statement));
            statement.digest()
        }

        fn accredit(&mut self, subject: Did) -> Digest {
            self.state(Accreditation {
                subject,
                name: line("An institute"),
                grants: vec![grant()],
                may_accredit: 0,
                validity: ALWAYS,
                legal_basis: None,
                appeal_body: None,
            })
        }
    }

    fn grant() -> Grant {
        Grant {
            credential_type: line("urn:carnet:skill:1"),
            occupations: Vec::new(),
            fields: Vec::new(),
            levels: Vec::new(),
            branches: Vec::new(),
            countries: vec![Country::parse("PH").unwrap()],
        }
    }

    fn ledger(institutions: &[Institution]) -> Ledger {
        institutions.iter().map(|i| Arc::clone(i.replica.view())).collect()
    }

    #[test]
    fn whoever_was_accredited_is_reached_also_after_a_withdrawal() {
        let mut all: Vec<_> = (0..4).map(Institution::new).collect();
        let dids: Vec<_> = all.iter().map(Institution::did).collect();
        all[0].accredit(dids[1]);
        let target = all[1].accredit(dids[2]);
        all[1].state(Withdrawal {
            target,
            effective: UnixSeconds(5),
            reason: WithdrawalReason::Ceased,
            retroactive: false,
        });
        // Who names a root is not reached by it.
        all[3].accredit(dids[0]);
        let reached = reach(&ledger(&all), [dids[0]]);
        assert_eq!(reached, dids[..3].iter().copied().collect());
    }

    #[test]
    fn an_agreement_is_followed_from_whoever_holds_or_ratified_it() {
        let mut all: Vec<_> = (10..15).map(Institution::new).collect();
        let dids: Vec<_> = all.iter().map(Institution::did).collect();
        let party = |country: &str, signatory: Did, body: Option<Did>, witnesses: Vec<Did>| Party {
            country: Country::parse(country).unwrap(),
            bodies: body
                .map(|did| PartyBody {
                    did,
                    name: line("A body"),
                    grants: vec![grant()],
                    may_accredit: 0,
                })
                .into_iter()
                .collect(),
            signatories: vec![Signatory {
                did: signatory,
                name: line("A ministry"),
                role: Role::Ministry,
                must: true,
            }],
            quorum: (!witnesses.is_empty()).then_some(1),
            witnesses,
        };
        let text = line("An agreement");
        let agreement = all[0].state(Agreement {
            kind: AgreementKind::Skills,
            titles: vec![Name { language: Language::parse("en").unwrap(), text }],
            parties: vec![
                party("PH", dids[0], Some(dids[2]), vec![dids[3]]),
                party("DE", dids[1], None, Vec::new()),
            ],
            validity: ALWAYS,
            chains: false,
            texts: Vec::new(),
            periods: None,
            recognition: None,
        });
        all[1].state(Ratification {
            agreement,
            party: Country::parse("DE").unwrap(),
            role: Role::Ministry,
            since: ALWAYS.from,
        });
        let expected: BTreeSet<_> = dids[..4].iter().copied().collect();
        assert_eq!(reach(&ledger(&all), [dids[0]]), expected);
        assert_eq!(reach(&ledger(&all), [dids[1]]), expected);
        assert_eq!(reach(&ledger(&all), [dids[4]]), BTreeSet::from([dids[4]]));
    }

    #[test]
    fn a_chain_is_followed_so_far_and_no_further() {
        let mut all: Vec<_> = (100..112).map(Institution::new).collect();
        let dids: Vec<_> = all.iter().map(Institution::did).collect();
        for index in 1..all.len() {
            all[index - 1].accredit(dids[index]);
        }
        let reached = reach(&ledger(&all), [dids[0]]);
        assert_eq!(reached, dids[..=MAX_REACH_DEPTH].iter().copied().collect());
    }
}
