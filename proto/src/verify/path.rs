//! Who vouches for the issuer: the search from the verifier's trust anchors downwards.
//!
//! The search is breadth first, at most [`MAX_DEPTH`] links deep, through reached bodies only; from a
//! body that signed an agreement in force it goes on to the bodies of the other parties. Among equal
//! lengths the accreditor with the smaller identifier comes first, then the smaller statement digest,
//! so that every verifier with the same views reports the same path.
//!
//! An agreement leads on only from a body that ratified it itself and may let others in: that somebody
//! names it as a signatory says nothing, and whoever may only issue cannot accredit by a treaty.
//!
//! It runs up to three times: with links that hold; then also with those that cannot be judged here,
//! which makes the answer undetermined; then with all, which makes it invalid. What is not even then
//! reached is unknown.

mod index;
mod link;
mod way;

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::{OnceCell, RefCell};

pub(super) use self::index::Index;
use self::index::{BodyNumber, Edge, Logged, Via};
use self::link::Judge;
use self::way::{Reached, Step, links, onward, order, steps};
use super::policy::{Policy, TrustAnchor, TrustPurpose};
use super::report::{Link, Reason, reason};
use crate::id::{Did, Digest};
use crate::ledger::{Ledger, LogView, ProfileView, Quorums, Settled, WitnessPolicy};
use crate::statement::accreditation::Scope;
use crate::statement::agreement::Agreement;
use crate::time::UnixSeconds;

/// Most links of a path.
pub const MAX_DEPTH: usize = 8;

/// What a credential needs vouched for.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    pub issuer: Did,
    /// What a trust anchor has to be trusted for.
    pub purpose: TrustPurpose,
    /// Absent if the claims could not be read.
    pub scope: Option<&'a Scope>,
    pub issued_at: Option<UnixSeconds>,
    /// The issuance that anchors the credential.
    pub issuance: Option<Digest>,
}

/// What the search found.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// A path that holds, the witness policy by which the issuer's log is judged, and by when the
    /// credential is proven to have existed.
    Path {
        links: Vec<Link>,
        witnesses: Option<Settled>,
        proven: Option<UnixSeconds>,
        oldest: Option<UnixSeconds>,
    },
    /// A path that cannot be judged here.
    Unclear {
        reason: Reason,
        statement: Option<Digest>,
        witnesses: Option<Settled>,
        proven: Option<UnixSeconds>,
    },
    /// Only paths that do not hold.
    Broken {
        reason: Reason,
        statement: Option<Digest>,
        witnesses: Option<Settled>,
        proven: Option<UnixSeconds>,
    },
    /// No path at all.
    Unknown(Reason),
}

/// How a link was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Judgement {
    Holds,
    Unclear(Reason),
    Fails(Reason),
}

/// Which links a pass of the search follows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pass {
    Holding,
    Unclear,
    All,
}

/// The witnesses by whom a part of the search judges logs: those at home, or those that an agreement
/// names for one of its parties.
#[derive(Clone, Debug)]
struct Realm {
    witnesses: Option<Settled>,
    /// When the credential is proven to have existed, judged by these witnesses.
    proven: Option<UnixSeconds>,
    /// Whether agreements may be followed from here.
    may_follow_agreements: bool,
    /// Whether only agreements that chain may be.
    only_chaining: bool,
}

impl Realm {
    /// Returns whether links are judged alike in both.
    fn is_same(&self, other: &Self) -> bool {
        let id = |realm: &Self| realm.witnesses.as_ref().map(Settled::id);
        (id(self), self.may_follow_agreements, self.only_chaining)
            == (id(other), other.may_follow_agreements, other.only_chaining)
    }
}

/// Returns the place of a realm, which is added if there is none like it.
fn place_of(realms: &mut Vec<Realm>, realm: Realm) -> usize {
    realms.iter().position(|known| known.is_same(&realm)).unwrap_or_else(|| {
        realms.push(realm);
        realms.len() - 1
    })
}

/// Searches for paths in one ledger under one policy at one time.
pub(super) struct Search<'l> {
    pub quorums: Quorums<'l>,
    policy: &'l Policy,
    indexes: Rc<Indexes<'l>>,
    settled: RefCell<BTreeMap<WitnessPolicy, Settled>>,
    /// For each trust anchor, the witnesses by whom it is judged.
    homes: OnceCell<Vec<(&'l TrustAnchor, Option<Settled>)>>,
}

/// The links of one ledger, by what the trust anchors that lead to them are trusted for; each made when
/// it is first asked for.
#[derive(Default)]
pub(super) struct Indexes<'l> {
    skill: OnceCell<Index<'l>>,
    contribution: OnceCell<Index<'l>>,
}

impl<'l> Indexes<'l> {
    fn of(&self, purpose: TrustPurpose, ledger: &'l Ledger, policy: &Policy) -> &Index<'l> {
        let cell = match purpose {
            TrustPurpose::Skill => &self.skill,
            TrustPurpose::Contribution => &self.contribution,
        };
        cell.get_or_init(|| Index::new(ledger, anchors(policy, purpose).map(|anchor| anchor.did)))
    }
}

/// Returns the trust anchors for a purpose.
fn anchors(policy: &Policy, purpose: TrustPurpose) -> impl Iterator<Item = &TrustAnchor> {
    policy.trust_anchors.iter().filter(move |anchor| anchor.purposes.contains(&purpose))
}

impl<'l> Search<'l> {
    pub fn new(quorums: Quorums<'l>, policy: &'l Policy, indexes: Rc<Indexes<'l>>) -> Self {
        Self { quorums, policy, indexes, settled: RefCell::default(), homes: OnceCell::new() }
    }

    pub fn find(&self, wanted: &Wanted<'_>) -> Found {
        if anchors(self.policy, wanted.purpose).next().is_none() {
            return Found::Unknown(Reason::new(reason::NO_TRUST_ANCHOR));
        }
        let no_path = || Found::Unknown(Reason::new(reason::NO_PATH));
        let index = self.indexes.of(wanted.purpose, self.quorums.ledger(), self.policy);
        let Some(issuer) = index.body(&wanted.issuer) else { return no_path() };
        let Some(nearest) = index.distance(issuer) else { return no_path() };
        for pass in [Pass::Holding, Pass::Unclear, Pass::All] {
            // Most often the shortest way is the one.
            let within = |longest| {
                let edges = index.towards(issuer, wanted.scope, pass, longest);
                self.search(wanted, pass, index, &edges, longest)
            };
            let found = within(nearest).or_else(|| within(MAX_DEPTH as u8));
            let Some((links, realm, doubt, oldest)) = found else { continue };
            let (witnesses, proven) = (realm.witnesses, realm.proven);
            return match (pass, doubt) {
                (Pass::Holding, _) | (_, None) => Found::Path { links, witnesses, proven, oldest },
                (Pass::Unclear, Some((reason, statement))) => {
                    Found::Unclear { reason, statement, witnesses, proven }
                }
                (Pass::All, Some((reason, statement))) => {
                    Found::Broken { reason, statement, witnesses, proven }
                }
            };
        }
        no_path()
    }

    /// Returns the witnesses that hold under a policy, each policy settled once.
    fn settle(&self, policy: &WitnessPolicy) -> Settled {
        if let Some(settled) = self.settled.borrow().get(policy) {
            return settled.clone();
        }
        let settled = self.quorums.settle(policy);
        self.settled.borrow_mut().insert(policy.clone(), settled.clone());
        settled
    }

    /// Returns the oldest time at which a quorum saw a log on the way to a body.
    fn oldest(
        &self,
        reached: &Reached<'_, 'l>,
        taken: &[Step<'_, 'l>],
        realms: &[Realm],
    ) -> Option<UnixSeconds> {
        let seen = |(did, realm): (Did, usize)| {
            let settled = realms.get(realm)?.witnesses.as_ref()?;
            self.quorums.best(&did, settled).map(|(_, position)| position.seen)
        };
        let steps = steps(reached, taken).filter_map(|step| seen(step.from));
        seen((reached.did, reached.realm)).into_iter().chain(steps).min()
    }

    /// Returns the witnesses by whom logs are judged where `named` are named.
    fn witnesses(&self, named: Option<&WitnessPolicy>) -> Option<Settled> {
        self.policy.witnesses.as_ref().or(named).map(|policy| self.settle(policy))
    }

    fn realm(&self, wanted: &Wanted<'_>, witnesses: Option<Settled>) -> Realm {
        let proven = witnesses.as_ref().and_then(|settled| {
            let issuance = wanted.issuance?;
            let views = self.quorums.ledger().views(&wanted.issuer);
            let times = views.filter_map(|view| {
                let (leaf, _) = view.issuance(&issuance)?;
                self.quorums.proven_time(view, settled, leaf)
            });
            times.min()
        });
        Realm { witnesses, proven, may_follow_agreements: true, only_chaining: false }
    }

    /// Returns the trust anchors with the witnesses by whom each is judged.
    fn homes(&self) -> &[(&'l TrustAnchor, Option<Settled>)] {
        self.homes.get_or_init(|| {
            let home = |anchor: &'l TrustAnchor| {
                let named = match self.policy.witnesses {
                    Some(_) => None,
                    None => self.proposed_by(&anchor.did),
                };
                (anchor, self.witnesses(named.as_ref()))
            };
            self.policy.trust_anchors.iter().map(home).collect()
        })
    }

    /// Returns the witnesses that a trust anchor proposes. Where the verifier has a view of its own,
    /// another that was shown may name others only if those named before have cosigned it: else a
    /// thief of the anchor's keys would choose who watches him.
    fn proposed_by(&self, anchor: &Did) -> Option<WitnessPolicy> {
        let ledger = self.quorums.ledger();
        let Some(own) = ledger.own(anchor) else {
            return ledger.log(anchor).and_then(proposed_witnesses);
        };
        let known = proposed_witnesses(own)?;
        let best = self.quorums.best(anchor, &self.settle(&known));
        match best {
            Some((view, position)) if position.is_usable() && !core::ptr::eq(view, own) => {
                proposed_witnesses(view)
            }
            _ => Some(known),
        }
    }

    /// Follows these links, and returns the first way that ends at the issuer, the realm there, what
    /// is in doubt on the way and the oldest view of it.
    #[expect(clippy::type_complexity, reason = "what is told of a way")]
    fn search(
        &self,
        wanted: &Wanted<'_>,
        pass: Pass,
        index: &Index<'l>,
        edges: &[&Edge<'l>],
        longest: u8,
    ) -> Option<(Vec<Link>, Realm, Option<(Reason, Option<Digest>)>, Option<UnixSeconds>)> {
        let mut realms = Vec::new();
        let mut frontier = Vec::new();
        for (anchor, witnesses) in self.homes() {
            let Some(body) = index.body(&anchor.did) else { continue };
            if !anchor.purposes.contains(&wanted.purpose) {
                continue;
            }
            if anchor.did != wanted.issuer && onward(edges, body).is_empty() {
                continue;
            }
            let realm = self.realm(wanted, witnesses.clone());
            frontier.push(Reached {
                body,
                did: anchor.did,
                realm: place_of(&mut realms, realm),
                steps: MAX_DEPTH as u8,
                last: None,
                anchor,
                doubt: None,
            });
        }
        let mut best: BTreeMap<(BodyNumber, usize), u8> = BTreeMap::new();
        let mut taken: Vec<Step<'_, 'l>> = Vec::new();
        for _ in 0..=longest {
            frontier.sort_by_cached_key(order);
            let mut next = Vec::new();
            for reached in frontier {
                if reached.did == wanted.issuer {
                    let realm = realms.get(reached.realm)?.clone();
                    let oldest = self.oldest(&reached, &taken, &realms);
                    return Some((links(&reached, &taken), realm, reached.doubt, oldest));
                }
                // A second way to a body matters only if it allows more further steps, or other
                // witnesses judge what follows.
                let at = (reached.body, reached.realm);
                match best.get(&at) {
                    Some(steps) if *steps >= reached.steps => continue,
                    _ => best.insert(at, reached.steps),
                };
                let last = reached.last.map(|last| {
                    taken.push(last);
                    taken.len() - 1
                });
                let from = From { reached: &reached, last, wanted, pass };
                self.expand(&from, onward(edges, reached.body), &mut realms, &mut next);
            }
            frontier = next;
        }
        None
    }

    fn expand<'i>(
        &self,
        from: &From<'_, 'i, 'l>,
        onward: &[&'i Edge<'l>],
        realms: &mut Vec<Realm>,
        next: &mut Vec<Reached<'i, 'l>>,
    ) {
        let Some(realm) = realms.get(from.reached.realm).cloned() else { return };
        let judge = Judge { quorums: &self.quorums, wanted: from.wanted, realm: &realm };
        let is_accreditation = |edge: &&Edge<'l>| matches!(edge.via, Via::Accreditation { .. });
        let (accreditations, agreements) =
            onward.split_at(onward.partition_point(|edge| is_accreditation(edge)));
        for edge in accreditations {
            let Via::Accreditation { log, digest, held, accreditation } = edge.via else {
                continue;
            };
            let steps = from.reached.steps;
            let judgement = judge.accreditation(log, digest, held, accreditation, steps);
            next.extend(from.follow(
                edge,
                judgement,
                from.reached.realm,
                accreditation.may_accredit,
            ));
        }
        if !realm.may_follow_agreements || from.reached.steps == 0 {
            return;
        }
        let same = |a: &&Edge<'l>, b: &&Edge<'l>| a.statement() == b.statement();
        for named in agreements.chunk_by(same) {
            let Some(Via::Agreement { logged, .. }) = named.first().map(|edge| edge.via) else {
                continue;
            };
            if !realm.only_chaining || logged.agreement.chains {
                self.expand_agreement(from, &judge, &logged, named, realms, next);
            }
        }
    }

    fn expand_agreement<'i>(
        &self,
        from: &From<'_, 'i, 'l>,
        judge: &Judge<'_>,
        logged: &Logged<'_>,
        named: &[&'i Edge<'l>],
        realms: &mut Vec<Realm>,
        next: &mut Vec<Reached<'i, 'l>>,
    ) {
        let agreement = logged.agreement;
        let Some((home, signatory)) = agreement.signatory(&from.reached.did) else { return };
        // Anyone can log an agreement that names this body, and witnesses by the dozen: unless the
        // body ratified it, nothing of it is judged.
        let (has_signed, own_yes) = judge.has_ratified(logged, home, signatory);
        if own_yes != Judgement::Holds && from.pass == Pass::Holding {
            return;
        }
        let theirs: Vec<Option<Realm>> = agreement
            .parties
            .iter()
            .enumerate()
            .map(|(index, party)| {
                if index == home {
                    return None;
                }
                if !has_signed {
                    return Some(Realm {
                        witnesses: None,
                        proven: None,
                        may_follow_agreements: false,
                        only_chaining: true,
                    });
                }
                let witnesses = party
                    .quorum
                    .map(|quorum| WitnessPolicy { witnesses: party.witnesses.clone(), quorum });
                Some(Realm {
                    may_follow_agreements: agreement.chains,
                    only_chaining: true,
                    ..self.realm(from.wanted, self.witnesses(witnesses.as_ref()))
                })
            })
            .collect();
        let in_force = match own_yes {
            Judgement::Holds => judge.agreement(logged, home, &theirs),
            unclear => unclear,
        };
        for edge in named {
            let Via::Agreement { party, body, .. } = edge.via else { continue };
            let Some(Some(realm)) = theirs.get(party) else { continue };
            let at = place_of(realms, realm.clone());
            let judgement = judge.body(&in_force, body);
            next.extend(from.follow(edge, judgement, at, body.may_accredit));
        }
    }
}

/// A body from which the search goes on.
struct From<'r, 'i, 'l> {
    reached: &'r Reached<'i, 'l>,
    /// The place among those taken of the link by which it was reached.
    last: Option<usize>,
    wanted: &'r Wanted<'r>,
    pass: Pass,
}

impl<'i, 'l> From<'_, 'i, 'l> {
    /// Returns the body at the end of a link, if this pass follows links judged like this one.
    fn follow(
        &self,
        edge: &'i Edge<'l>,
        judgement: Judgement,
        realm: usize,
        may_accredit: u8,
    ) -> Option<Reached<'i, 'l>> {
        let doubt = match judgement {
            Judgement::Holds => None,
            Judgement::Unclear(reason) if self.pass >= Pass::Unclear => Some(reason),
            Judgement::Fails(reason) if self.pass >= Pass::All => Some(reason),
            Judgement::Unclear(_) | Judgement::Fails(_) => return None,
        };
        let doubt = doubt.map(|reason| (reason, Some(*edge.statement())));
        let from = self.reached;
        Some(Reached {
            body: edge.to,
            did: *match &edge.via {
                Via::Accreditation { accreditation, .. } => &accreditation.subject,
                Via::Agreement { body, .. } => &body.did,
            },
            realm,
            steps: from.steps.saturating_sub(1).min(may_accredit),
            last: Some(Step { edge, from: (from.did, from.realm), before: self.last }),
            anchor: from.anchor,
            doubt: from.doubt.clone().or(doubt),
        })
    }
}

fn title(agreement: &Agreement) -> String {
    crate::text::choose(&agreement.titles, "en").map(ToString::to_string).unwrap_or_default()
}

/// Returns the witnesses that an institution proposes to those who trust it.
pub(super) fn proposed_witnesses(log: &LogView) -> Option<WitnessPolicy> {
    match &log.profile {
        ProfileView::Known(profile) => {
            Some(WitnessPolicy { witnesses: profile.witnesses.clone(), quorum: profile.quorum? })
        }
        ProfileView::None | ProfileView::NotShown => None,
    }
}
