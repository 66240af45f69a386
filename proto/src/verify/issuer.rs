//! Who issued the credential: key, signature, anchor, witnesses, path and status.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::credential::Credential;
use super::path::{Found, Wanted};
use super::policy::TrustPurpose;
use super::report::{Check, Link, Outcome, Reason, check, reason};
use super::{Judge, called, fail, made, not_checked, pass, undetermined};
use crate::id::{Did, Digest, LeafIndex};
use crate::key::Purpose;
use crate::ledger::{LogView, Position, Settled};
use crate::statement::standing::{Closing, KeyPeriod};
use crate::status::{Status, StatusList, StatusToken, StatusUri};
use crate::time::UnixSeconds;

/// What was found out about the issuer.
pub(super) struct IssuerResult {
    pub key: Check,
    pub signature: Check,
    pub anchor: Check,
    pub witnesses: Check,
    pub path_check: Check,
    pub links: Option<Vec<Link>>,
    pub proven: Option<UnixSeconds>,
    pub oldest: Option<UnixSeconds>,
    /// Whose cosignatures count for this issuer, if that is known.
    settled: Option<Settled>,
    /// Whether the view of the issuer's log is recent.
    is_fresh: bool,
}

/// Most status lists that are kept inflated; a list has at most 1 MiB.
const MAX_INFLATED_LISTS: usize = 64;

/// Status lists that were asked for before, inflated; `None` where one does not inflate.
#[derive(Debug, Default)]
pub(super) struct InflatedLists(RefCell<BTreeMap<Digest, Option<StatusList>>>);

impl InflatedLists {
    /// Returns the value at an index, if the list inflates: what is shown was not inflated before, and
    /// a list that does not is as good as none.
    fn value(&self, token: &StatusToken, index: u64) -> Option<Option<u8>> {
        let mut lists = self.0.borrow_mut();
        if !lists.contains_key(token.digest()) && lists.len() >= MAX_INFLATED_LISTS {
            lists.clear();
        }
        let list = lists.entry(*token.digest()).or_insert_with(|| token.inflate().ok());
        list.as_ref().map(|list| list.value(index))
    }
}

impl Judge<'_, '_> {
    fn views(&self, issuer: Option<Did>) -> impl Iterator<Item = &LogView> {
        issuer.into_iter().flat_map(|did| self.quorums.ledger().views(&did))
    }

    pub(super) fn issuer(&self, credential: &Credential<'_>) -> IssuerResult {
        let views = || self.views(credential.shown.issuer);
        let issuance = credential.anchor.map(|anchor| anchor.issuance);
        // The view that holds the issuance; without it, any.
        let holding = issuance.and_then(|digest| {
            let (log, (leaf, _)) = views().find_map(|log| Some((log, log.issuance(&digest)?)))?;
            Some((log, leaf))
        });
        let log = holding.map(|(log, _)| log).or_else(|| views().next());
        let leaf = holding.map(|(_, leaf)| leaf);
        let scope = credential.claims.as_ref().ok().map(|claims| claims.attested.scope());
        // Of a type that is not known, no more can be told than of a skill; the claims say what it is.
        let vct = credential.shown.credential_type.as_deref();
        let purpose = vct.and_then(TrustPurpose::of_type).unwrap_or(TrustPurpose::Skill);
        let found = credential.shown.issuer.map(|issuer| {
            self.search.find(&Wanted {
                issuer,
                purpose,
                scope: scope.as_ref(),
                issued_at: credential.shown.issued_at,
                issuance,
            })
        });
        let (settled, proven) = match &found {
            Some(
                Found::Path { witnesses, proven, .. }
                | Found::Unclear { witnesses, proven, .. }
                | Found::Broken { witnesses, proven, .. },
            ) => (witnesses.clone(), *proven),
            Some(Found::Unknown(_)) | None => (None, None),
        };
        let position = credential
            .shown
            .issuer
            .zip(settled.as_ref())
            .and_then(|(issuer, settled)| self.quorums.best(&issuer, settled))
            .map(|(_, position)| position);
        let is_fresh = position.is_some_and(|p| self.quorums.is_fresh(&p));
        let (key, signature) =
            self.key_and_signature(credential, log, leaf, is_fresh, settled.as_ref());
        let path_check = path_check(found.as_ref());
        let witnesses = self.witnesses(log, settled.as_ref(), position, &path_check);
        let (links, oldest) = match found {
            Some(Found::Path { links, oldest, .. }) => (Some(links), oldest),
            _ => (None, None),
        };
        // Without witnesses that count, nothing is proven; the check of witnesses says why.
        let can_prove = settled.as_ref().is_some_and(|settled| settled.stale().is_none());
        IssuerResult {
            key,
            signature,
            anchor: self.anchor(credential, log, leaf, proven, can_prove),
            witnesses,
            path_check,
            links,
            proven,
            oldest,
            settled,
            is_fresh,
        }
    }

    /// Finds the issuer's key and checks the signature with it.
    fn key_and_signature(
        &self,
        credential: &Credential<'_>,
        log: Option<&LogView>,
        leaf: Option<LeafIndex>,
        is_fresh: bool,
        settled: Option<&Settled>,
    ) -> (Check, Check) {
        let (key_id, signature_id) = (check::ISSUER_KEY, check::ISSUER_SIGNATURE);
        let sd_cwt = &credential.token.credential;
        let (Some(log), Some(kid)) = (log, sd_cwt.kid()) else {
            let reason = Reason::new(reason::ISSUER_UNKNOWN);
            return (undetermined(key_id, reason), not_checked(signature_id));
        };
        let Some(period) = log.keys_with(Purpose::Credential, &kid) else {
            let (make, id): (fn(_, _) -> _, _) = if is_fresh {
                (fail, reason::KEY_UNKNOWN)
            } else {
                (undetermined, reason::KEY_UNKNOWN_STALE)
            };
            let reason = Reason::new(id).with("issuer", called(log)).with("kid", kid);
            return (make(key_id, reason), not_checked(signature_id));
        };
        let in_force = leaf.and_then(|leaf| log.keys_before(leaf));
        let issuance = credential.anchor.map(|anchor| anchor.issuance);
        let is_void = issuance.is_some_and(|issuance| self.is_void(log, &issuance, settled));
        let key_check = match in_force {
            _ if is_void => {
                fail(key_id, Reason::new(reason::KEY_REPUDIATED).with("issuer", called(log)))
            }
            Some(in_force) if in_force.from != period.from => {
                fail(key_id, Reason::new(reason::KEY_NOT_IN_FORCE).with("issuer", called(log)))
            }
            _ => pass(key_id, Reason::new(reason::OK).with("issuer", called(log))),
        };
        let signature = if sd_cwt.is_signed_by(period.keys.key(Purpose::Credential)) {
            pass(signature_id, Reason::new(reason::OK))
        } else {
            fail(signature_id, Reason::new(reason::SIGNATURE_WRONG))
        };
        (key_check, signature)
    }

    /// Returns whether a rotation that a quorum has cosigned declares an issuance void.
    fn is_void(&self, log: &LogView, issuance: &Digest, settled: Option<&Settled>) -> bool {
        let mut views = self.views(Some(log.origin));
        let Some((leaf, _)) = views.find_map(|view| view.issuance(issuance)) else { return false };
        self.views(Some(log.origin)).any(|view| {
            let mut rotations = view.voided_by(leaf, issuance);
            rotations.any(|rotation| self.covers(view, settled, rotation))
        })
    }

    /// Returns whether a quorum has cosigned what a view has at a leaf.
    fn covers(&self, view: &LogView, settled: Option<&Settled>, leaf: LeafIndex) -> bool {
        let position = settled.and_then(|settled| self.quorums.position(view, settled));
        position.is_some_and(|position| position.covers(leaf))
    }

    fn anchor(
        &self,
        credential: &Credential<'_>,
        log: Option<&LogView>,
        leaf: Option<LeafIndex>,
        proven: Option<UnixSeconds>,
        can_prove: bool,
    ) -> Check {
        let id = check::ANCHOR;
        let Some(anchor) = credential.anchor else {
            return undetermined(id, Reason::new(reason::ANCHOR_MISSING));
        };
        let issuance = log.and_then(|log| log.issuance(&anchor.issuance));
        let Some((_, issuance)) = issuance else {
            let reason = Reason::new(reason::ISSUANCE_UNKNOWN);
            return undetermined(id, reason.with("statement", anchor.issuance));
        };
        let is_in_batch = anchor.root(&credential.digest) == Some(issuance.root);
        // A type that this build does not know is for the check of the claims to name.
        let is_of_type = credential.claims.is_err() || {
            let found = credential.shown.credential_type.as_deref();
            found == Some(issuance.credential_type.as_str())
        };
        let mut check = if !is_in_batch || !is_of_type {
            fail(id, Reason::new(reason::ANCHOR_WRONG))
        } else {
            match (proven, credential.shown.issued_at) {
                (Some(proven), Some(issued_at)) if issued_at > proven.plus(self.skew()) => {
                    fail(id, Reason::new(reason::ISSUED_AFTER_ANCHOR).with("proven", proven))
                }
                (Some(proven), _) => pass(id, Reason::new(reason::PROVEN).with("proven", proven)),
                (None, _) if !can_prove => not_checked(id),
                (None, _) => undetermined(id, Reason::new(reason::NOT_PROVEN)),
            }
        };
        check.statements.extend(leaf.map(|_| anchor.issuance));
        check
    }

    /// Judges the view of the issuer's log; what is wrong with other logs on the way is repeated
    /// here from the path.
    fn witnesses(
        &self,
        log: Option<&LogView>,
        settled: Option<&Settled>,
        position: Option<Position>,
        path: &Check,
    ) -> Check {
        let id = check::WITNESSES;
        let (Some(log), Some(settled)) = (log, settled) else { return not_checked(id) };
        let name = called(log);
        let Some(position) = position.filter(Position::is_usable) else {
            let reason = match settled.stale() {
                Some(seen) => Reason::new(reason::VIEW_STALE).with("seen", seen),
                None => Reason::new(reason::NO_QUORUM).with("quorum", settled.policy().quorum),
            };
            return undetermined(id, reason.with("log", name));
        };
        if position.seen > self.quorums.now().plus(self.skew()) {
            return undetermined(id, Reason::new(reason::CLOCK_BEHIND).with("seen", position.seen));
        }
        if !self.quorums.is_fresh(&position) {
            let reason = Reason::new(reason::VIEW_STALE).with("log", name);
            return undetermined(id, reason.with("seen", position.seen));
        }
        let repeats = [reason::NO_QUORUM, reason::VIEW_STALE, reason::CLOCK_BEHIND];
        if path.outcome == Outcome::Undetermined && repeats.contains(&path.reason.id) {
            return undetermined(id, path.reason.clone());
        }
        let reason = Reason::new(reason::OK).with("seen", position.seen);
        pass(id, reason.with("quorum", settled.policy().quorum))
    }

    pub(super) fn status(&self, credential: &Credential<'_>, issuer: &IssuerResult) -> Check {
        let id = check::STATUS;
        let shown = &credential.shown;
        let (Some(reference), Some(did)) = (&shown.status, shown.issuer) else {
            return not_checked(id);
        };
        let uri = StatusUri::parse(&reference.uri);
        if uri.is_none_or(|uri| uri.issuer != did) {
            return fail(id, Reason::new(reason::STATUS_OTHER_ISSUER));
        }
        // A refusal stands in whatever view and however old: revocation is final, and a newer list
        // that lifts a suspension is for the holder to show.
        let views = || self.views(Some(did));
        let closing = self.closing(did, issuer);
        let successor = closing.and_then(|closing| closing.successor);
        let values: Vec<_> = views()
            .filter(|log| !self.is_superseded(log, issuer.settled.as_ref()))
            .chain(self.views(successor))
            .filter_map(|log| log.status.get(&reference.uri))
            .filter_map(|token| Some((*token.digest(), self.lists.value(token, reference.index)?)))
            .collect();
        if values.iter().any(|(_, value)| *value == Some(Status::Invalid as u8)) {
            return fail(id, Reason::new(reason::REVOKED));
        }
        let continued = successor.and_then(|did| self.newest_list(did, &reference.uri, issuer));
        let newest = || self.newest_list(did, &reference.uri, issuer);
        let Some((log, token, is_shown)) = continued.or_else(newest) else {
            return undetermined(id, Reason::new(reason::STATUS_UNKNOWN));
        };
        let now = self.quorums.now();
        // Nobody makes another list where the issuer has closed and named no successor.
        let is_last = closing.filter(|closing| closing.successor.is_none());
        let has_expired =
            is_last.is_none() && token.expires_at.is_none_or(|exp| exp.plus(self.skew()) <= now);
        // Without a recent cosigned view it is not known which list is the newest.
        let is_newest = log.has_newest_status();
        let is_stale = has_expired || !is_newest || token.issued_at > now.plus(self.skew());
        let age = now.since(token.issued_at);
        let value = values.iter().find(|(digest, _)| digest == token.digest());
        match value.and_then(|(_, value)| *value) {
            None => fail(id, Reason::new(reason::STATUS_INDEX)),
            // Which list is the newest, only a recent view tells; the check of witnesses says so.
            Some(_) if !issuer.is_fresh => not_checked(id),
            Some(_) if is_stale || !is_shown => {
                undetermined(id, Reason::new(reason::STATUS_STALE).with("age", age))
            }
            Some(value) if value == Status::Suspended as u8 => {
                fail(id, Reason::new(reason::SUSPENDED))
            }
            Some(value) if value == Status::Valid as u8 => {
                let reason = match closing {
                    None => Reason::new(reason::OK),
                    Some(closing) => Reason::new(match closing.successor {
                        None => reason::ISSUER_CLOSED,
                        Some(_) => reason::ISSUER_SUCCEEDED,
                    })
                    .with("closed", closing.closed),
                };
                pass(id, reason.with("age", age))
            }
            Some(value) => fail(id, Reason::new(reason::STATUS_VALUE).with("value", value)),
        }
    }

    /// Returns whether a rotation that a quorum has cosigned declares void the standing of this view, and
    /// its lists with it.
    fn is_superseded(&self, log: &LogView, settled: Option<&Settled>) -> bool {
        let Some(newest) = log.newest() else { return false };
        let standing = LeafIndex(newest.head.size.0.saturating_sub(1));
        let repudiates = |view: &LogView| {
            let is_there = |period: &KeyPeriod| {
                let Some((from, until)) = period.repudiated_from.zip(period.until) else {
                    return false;
                };
                (from..until).contains(&standing) && self.covers(view, settled, until)
            };
            view.keys.iter().any(is_there)
        };
        self.views(Some(log.origin)).any(repudiates)
    }

    /// Returns how the issuer ended: as it says itself, else as the body says that accredits it on the
    /// path found, unless the issuer's lists show that it went on.
    fn closing(&self, issuer: Did, result: &IssuerResult) -> Option<Closing> {
        let settled = result.settled.as_ref()?;
        let (log, position) = self.quorums.best(&issuer, settled)?;
        let has_come = |closing: &Closing| closing.closed <= self.quorums.now().plus(self.skew());
        if let Some(closing) = log.closing.filter(has_come) {
            return position.is_usable().then_some(closing);
        }
        let Link::Accreditation { by, did, .. } = result.links.as_ref()?.last()? else {
            return None;
        };
        let stated = self.quorums.ledger().views(by).find_map(|view| {
            let (leaf, _, succession) = view.succession_of(did)?;
            let position = self.quorums.position(view, settled)?;
            position.covers(leaf).then(|| succession.closing(leaf))
        })?;
        let went_on = log.status.values().any(|token| token.issued_at > stated.closed);
        (*did == issuer && !went_on && has_come(&stated)).then_some(stated)
    }

    /// Judges whether the issuer's log, or one on the way to it, shows another history that might be
    /// the true one.
    pub(super) fn forks(&self, credential: &Credential<'_>, issuer: &IssuerResult) -> Check {
        let id = check::FORKS;
        if issuer.path_check.reason.id == reason::FORKED {
            return made(id, issuer.path_check.outcome, issuer.path_check.reason.clone());
        }
        let found = credential.shown.issuer.zip(issuer.settled.as_ref());
        let best =
            found.and_then(|(did, settled)| Some((self.quorums.best(&did, settled)?, settled)));
        let Some(((log, position), settled)) = best else { return not_checked(id) };
        let issuance = credential.anchor.map(|anchor| anchor.issuance);
        let held = issuance.and_then(|digest| Some((log.issuance(&digest)?.0, digest)));
        if let Some(since) = self.quorums.doubt(log, settled, &position, held) {
            let reason = Reason::new(reason::FORKED).with("log", called(log));
            return undetermined(id, reason.with("since", since));
        }
        let ledger = self.quorums.ledger();
        let on_the_way = issuer.links.iter().flatten().map(Link::did);
        let mut forked = on_the_way.filter(|did| ledger.forks(did).next().is_some());
        match forked.next().and_then(|did| ledger.log(did)) {
            Some(log) => pass(id, Reason::new(reason::FORK_HARMLESS).with("log", called(log))),
            None => pass(id, Reason::new(reason::OK)),
        }
    }

    /// Returns the list in the view that is cosigned furthest of those that have it, and whether it
    /// is known to be the newest: that view counts, is recent, and none cosigned further names others.
    fn newest_list(
        &self,
        issuer: Did,
        uri: &str,
        result: &IssuerResult,
    ) -> Option<(&LogView, &StatusToken, bool)> {
        let furthest =
            result.settled.as_ref().and_then(|settled| self.quorums.best(&issuer, settled));
        let mut found: Option<(&LogView, &StatusToken, Option<Position>)> = None;
        for log in self.views(Some(issuer)) {
            let inflates = |token: &&StatusToken| self.lists.value(token, 0).is_some();
            let Some(token) = log.status.get(uri).filter(inflates) else { continue };
            let settled = result.settled.as_ref();
            let position = settled.and_then(|settled| self.quorums.position(log, settled));
            let rank = |p: &Option<Position>| p.map(|p| (p.is_usable(), p.covered));
            if found.as_ref().is_none_or(|(_, _, known)| rank(known) < rank(&position)) {
                found = Some((log, token, position));
            }
        }
        let (log, token, position) = found?;
        let lists = |log: &LogView| log.standing.as_ref().map(|standing| standing.status_lists);
        let is_furthest = furthest.is_some_and(|(view, at)| {
            Some(at.covered) == position.map(|p| p.covered) || lists(view) == lists(log)
        });
        let is_fresh = position.is_some_and(|p| p.is_usable() && self.quorums.is_fresh(&p));
        Some((log, token, is_fresh && is_furthest))
    }
}

fn path_check(found: Option<&Found>) -> Check {
    let id = check::PATH;
    match found {
        None => not_checked(id),
        Some(Found::Path { links, .. }) => {
            let names = links.first().zip(links.last()).map(|(a, b)| (a.name(), b.name()));
            let mut reason = Reason::new(reason::OK).with("links", links.len() - 1);
            if let Some((from, to)) = names {
                reason = reason.with("from", from).with("to", to);
            }
            let mut check = pass(id, reason);
            check.statements = links.iter().filter_map(|link| link.statement().copied()).collect();
            check
        }
        Some(Found::Unclear { reason, statement, .. }) => {
            let mut check = undetermined(id, reason.clone());
            check.statements.extend(*statement);
            check
        }
        Some(Found::Broken { reason, statement, .. }) => {
            let mut check = fail(id, reason.clone());
            check.statements.extend(*statement);
            check
        }
        Some(Found::Unknown(reason)) => undetermined(id, reason.clone()),
    }
}
