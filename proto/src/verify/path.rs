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

mod link;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use self::link::Judge;
use super::policy::{Policy, TrustPurpose};
use super::report::{Link, Reason, reason};
use crate::id::{Did, Digest};
use crate::ledger::{Held, LogView, ProfileView, Quorums, Settled, WitnessPolicy};
use crate::statement::accreditation::Scope;
use crate::statement::agreement::Agreement;
use crate::time::UnixSeconds;

/// Most links of a path.
pub const MAX_DEPTH: usize = 8;

/// What a credential needs vouched for.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    pub issuer: Did,
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

/// An agreement with the log and the entry that hold it.
#[derive(Clone, Copy)]
struct Logged<'l> {
    digest: &'l Digest,
    holder: &'l LogView,
    held: &'l Held,
    agreement: &'l Agreement,
}

/// A body that was reached.
#[derive(Clone)]
struct Reached {
    did: Did,
    realm: usize,
    /// Steps of accreditation that may still follow.
    steps: u8,
    links: Vec<Link>,
    /// The first link that does not hold.
    doubt: Option<(Reason, Option<Digest>)>,
    /// The oldest time at which a quorum saw a log on the way.
    oldest: Option<UnixSeconds>,
}

/// Searches for paths in one ledger under one policy.
pub(super) struct Search<'l> {
    quorums: &'l Quorums<'l>,
    policy: &'l Policy,
    settled: RefCell<BTreeMap<WitnessPolicy, Settled>>,
    /// Agreements by signatory, in the order of their digests.
    agreements: BTreeMap<Did, Vec<Logged<'l>>>,
}

impl<'l> Search<'l> {
    pub fn new(quorums: &'l Quorums<'l>, policy: &'l Policy) -> Self {
        let mut agreements: BTreeMap<Did, Vec<Logged<'l>>> = BTreeMap::new();
        for (digest, (holder, held, agreement)) in quorums.ledger().agreements() {
            for signatory in agreement.signatories() {
                let logged = Logged { digest, holder, held, agreement };
                agreements.entry(signatory.did).or_default().push(logged);
            }
        }
        Self { quorums, policy, settled: RefCell::default(), agreements }
    }

    pub fn find(&self, wanted: &Wanted<'_>) -> Found {
        let anchors = self.policy.trust_anchors.iter();
        if !anchors.clone().any(|a| a.purposes.contains(&TrustPurpose::Skill)) {
            return Found::Unknown(Reason::new(reason::NO_TRUST_ANCHOR));
        }
        for pass in [Pass::Holding, Pass::Unclear, Pass::All] {
            let Some((reached, realm)) = self.search(wanted, pass) else { continue };
            let (witnesses, proven) = (realm.witnesses, realm.proven);
            return match (pass, reached.doubt) {
                (Pass::Holding, _) | (_, None) => {
                    let oldest = reached.oldest;
                    Found::Path { links: reached.links, witnesses, proven, oldest }
                }
                (Pass::Unclear, Some((reason, statement))) => {
                    Found::Unclear { reason, statement, witnesses, proven }
                }
                (Pass::All, Some((reason, statement))) => {
                    Found::Broken { reason, statement, witnesses, proven }
                }
            };
        }
        Found::Unknown(Reason::new(reason::NO_PATH))
    }

    /// Returns the witnesses that hold under a policy, each policy settled once.
    fn settle(&self, policy: WitnessPolicy) -> Settled {
        if let Some(settled) = self.settled.borrow().get(&policy) {
            return settled.clone();
        }
        let settled = self.quorums.settle(&policy);
        self.settled.borrow_mut().insert(policy, settled.clone());
        settled
    }

    /// Returns the older of the time at which a quorum saw this body's log and what came before it on
    /// the way.
    fn oldest(&self, reached: &Reached, realms: &[Realm]) -> Option<UnixSeconds> {
        let settled = realms.get(reached.realm)?.witnesses.as_ref();
        let position = settled.and_then(|settled| self.quorums.best(&reached.did, settled));
        let seen = position.map(|(_, position)| position.seen);
        reached.oldest.into_iter().chain(seen).min()
    }

    fn realm(&self, wanted: &Wanted<'_>, named: Option<WitnessPolicy>) -> Realm {
        let witnesses = self.policy.witnesses.clone().or(named).map(|policy| self.settle(policy));
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

    /// Returns the witnesses that a trust anchor proposes. Where the verifier has a view of its own,
    /// another that was shown may name others only if those named before have cosigned it: else a
    /// thief of the anchor's keys would choose who watches him.
    fn proposed_by(&self, anchor: &Did) -> Option<WitnessPolicy> {
        let ledger = self.quorums.ledger();
        let Some(own) = ledger.own(anchor) else {
            return ledger.log(anchor).and_then(proposed_witnesses);
        };
        let known = proposed_witnesses(own)?;
        let best = self.quorums.best(anchor, &self.settle(known.clone()));
        match best {
            Some((view, position)) if position.is_usable() && !core::ptr::eq(view, own) => {
                proposed_witnesses(view)
            }
            _ => Some(known),
        }
    }

    /// Returns the first body reached that is the issuer, and its realm.
    fn search(&self, wanted: &Wanted<'_>, pass: Pass) -> Option<(Reached, Realm)> {
        let mut realms = Vec::new();
        let mut frontier = Vec::new();
        for anchor in &self.policy.trust_anchors {
            if !anchor.purposes.contains(&TrustPurpose::Skill) {
                continue;
            }
            let named = match self.policy.witnesses {
                Some(_) => None,
                None => self.proposed_by(&anchor.did),
            };
            let realm = self.realm(wanted, named);
            frontier.push(Reached {
                did: anchor.did,
                realm: place_of(&mut realms, realm),
                steps: MAX_DEPTH as u8,
                links: Vec::from([Link::TrustAnchor {
                    did: anchor.did,
                    name: anchor.name.clone(),
                }]),
                doubt: None,
                oldest: None,
            });
        }
        let mut best: BTreeMap<(Did, usize), u8> = BTreeMap::new();
        for _ in 0..=MAX_DEPTH {
            frontier.sort_by_cached_key(order);
            let mut next = Vec::new();
            for mut reached in frontier {
                reached.oldest = self.oldest(&reached, &realms);
                if reached.did == wanted.issuer {
                    let realm = realms.get(reached.realm)?.clone();
                    return Some((reached, realm));
                }
                // A second way to a body matters only if it allows more further steps, or other
                // witnesses judge what follows.
                let at = (reached.did, reached.realm);
                match best.get(&at) {
                    Some(steps) if *steps >= reached.steps => continue,
                    _ => best.insert(at, reached.steps),
                };
                self.expand(wanted, pass, &reached, &mut realms, &mut next);
            }
            frontier = next;
        }
        None
    }

    fn expand(
        &self,
        wanted: &Wanted<'_>,
        pass: Pass,
        from: &Reached,
        realms: &mut Vec<Realm>,
        next: &mut Vec<Reached>,
    ) {
        let Some(realm) = realms.get(from.realm).cloned() else { return };
        let judge = Judge { quorums: self.quorums, wanted, realm: &realm };
        for log in self.quorums.ledger().views(&from.did) {
            for (digest, held, accreditation) in log.accreditations() {
                let judgement = judge.accreditation(log, digest, held, accreditation, from.steps);
                let link = Link::Accreditation {
                    by: from.did,
                    did: accreditation.subject,
                    name: accreditation.name.clone(),
                    statement: *digest,
                    appeal_body: accreditation.appeal_body.clone(),
                };
                let steps = from.steps.saturating_sub(1).min(accreditation.may_accredit);
                next.extend(follow(from, pass, judgement, link, from.realm, steps));
            }
        }
        if !realm.may_follow_agreements || from.steps == 0 {
            return;
        }
        let signed = self.agreements.get(&from.did).into_iter().flatten();
        for logged in signed.filter(|logged| !realm.only_chaining || logged.agreement.chains) {
            self.expand_agreement(wanted, pass, (from, &judge), logged, realms, next);
        }
    }

    fn expand_agreement(
        &self,
        wanted: &Wanted<'_>,
        pass: Pass,
        (from, judge): (&Reached, &Judge<'_>),
        logged: &Logged<'_>,
        realms: &mut Vec<Realm>,
        next: &mut Vec<Reached>,
    ) {
        let agreement = logged.agreement;
        let Some((home, signatory)) = agreement.signatory(&from.did) else { return };
        // Anyone can log an agreement that names this body, and witnesses by the dozen: unless the
        // body ratified it, nothing of it is judged.
        let (has_signed, own_yes) = judge.has_ratified(logged, home, signatory);
        if own_yes != Judgement::Holds && pass == Pass::Holding {
            return;
        }
        let parties = agreement.parties.iter().enumerate();
        let mut theirs: Vec<Option<Realm>> = parties
            .clone()
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
                let named = party
                    .quorum
                    .map(|quorum| WitnessPolicy { witnesses: party.witnesses.clone(), quorum });
                Some(Realm {
                    may_follow_agreements: agreement.chains,
                    only_chaining: true,
                    ..self.realm(wanted, named)
                })
            })
            .collect();
        let in_force = match own_yes {
            Judgement::Holds => judge.agreement(logged, home, &theirs),
            unclear => unclear,
        };
        for (index, party) in parties {
            let Some(realm) = theirs.get_mut(index).and_then(Option::take) else { continue };
            let at = place_of(realms, realm);
            for body in &party.bodies {
                let link = Link::Agreement {
                    by: from.did,
                    did: body.did,
                    name: body.name.clone(),
                    title: title(agreement),
                    country: party.country,
                    statement: *logged.digest,
                };
                let judgement = judge.body(&in_force, body);
                let steps = from.steps.saturating_sub(1).min(body.may_accredit);
                next.extend(follow(from, pass, judgement, link, at, steps));
            }
        }
    }
}

/// Returns the body at the end of a link, if this pass follows links judged like this one.
fn follow(
    from: &Reached,
    pass: Pass,
    judgement: Judgement,
    link: Link,
    realm: usize,
    steps: u8,
) -> Option<Reached> {
    let statement = link.statement().copied();
    let doubt = match judgement {
        Judgement::Holds => None,
        Judgement::Unclear(reason) if pass >= Pass::Unclear => Some((reason, statement)),
        Judgement::Fails(reason) if pass >= Pass::All => Some((reason, statement)),
        Judgement::Unclear(_) | Judgement::Fails(_) => return None,
    };
    let mut links = from.links.clone();
    let did = *link.did();
    links.push(link);
    let doubt = from.doubt.clone().or(doubt);
    Some(Reached { did, realm, steps, links, doubt, oldest: from.oldest })
}

/// The order among bodies reached by equally long ways: first those without doubt, then by who
/// vouches and by which statement.
fn order(reached: &Reached) -> (bool, Option<Did>, Option<Digest>) {
    let last = reached.links.last();
    let by = last.map(|link| match link {
        Link::TrustAnchor { did, .. } => *did,
        Link::Accreditation { by, .. } | Link::Agreement { by, .. } => *by,
    });
    (reached.doubt.is_some(), by, last.and_then(|link| link.statement().copied()))
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
