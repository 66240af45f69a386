//! Whether one link of a path holds: an accreditation, an agreement, a body that it names.

use alloc::string::String;
use alloc::vec::Vec;

use super::index::Logged;
use super::{Judgement, Realm, Wanted};
use crate::id::{Digest, LeafIndex, TreeSize};
use crate::ledger::{Held, LogView, Quorums};
use crate::profile::CLOCK_SKEW;
use crate::statement::accreditation::{Accreditation, Grant, any_covers};
use crate::statement::agreement::{self, Signatory};
use crate::statement::standing::State;
use crate::time::UnixSeconds;
use crate::verify::report::{Reason, reason};

/// Judges links from one reached body.
pub(super) struct Judge<'a> {
    pub quorums: &'a Quorums<'a>,
    pub wanted: &'a Wanted<'a>,
    pub realm: &'a Realm,
}

impl Judge<'_> {
    /// Judges an accreditation by the time at which the credential is proven to have existed.
    pub fn accreditation(
        &self,
        log: &LogView,
        digest: &Digest,
        held: &Held,
        accreditation: &Accreditation,
        steps: u8,
    ) -> Judgement {
        if steps == 0 {
            return fails(reason::MAY_NOT_ACCREDIT, log);
        }
        if let Some(judgement) = self.scope(&accreditation.grants, accreditation.name.as_str()) {
            return judgement;
        }
        let (knowing, state) = self.worst_state(log, digest, held.state);
        if state == State::Void {
            return fails(reason::ACCREDITATION_VOID, log);
        }
        if let Err(unclear) = self.counts(self.realm, log, held.leaf, digest) {
            return Judgement::Unclear(unclear);
        }
        // A link that leads on to an agreement is not about the credential, which the witnesses here
        // need not have seen: it is judged now, as the agreement is.
        let leads_on = accreditation.subject != self.wanted.issuer;
        let (proven, issued_at) = match (self.realm.proven, self.wanted.issued_at) {
            (Some(proven), Some(issued_at)) => (proven, issued_at),
            (None, _) if leads_on => (self.quorums.now(), self.quorums.now()),
            _ => return Judgement::Unclear(Reason::new(reason::NOT_PROVEN)),
        };
        let name = accreditation.name.as_str();
        let validity = &accreditation.validity;
        if validity.from > proven || validity.from > issued_at.end_of_day() {
            let reason = Reason::new(reason::ACCREDITATION_NOT_YET);
            return Judgement::Fails(reason.with("name", name).with("from", validity.from));
        }
        if validity.has_ended(proven) {
            let reason = Reason::new(reason::ACCREDITATION_ENDED).with("name", name);
            let until = validity.until.unwrap_or_default();
            return Judgement::Fails(reason.with("until", until));
        }
        match state {
            State::InForce | State::Void => Judgement::Holds,
            State::Withdrawn { effective, by, retroactive } => {
                let reason = |id| Reason::new(id).with("name", name).with("effective", effective);
                match self.ended_before(knowing, proven, effective, by) {
                    Some(true) => Judgement::Fails(reason(reason::ACCREDITATION_WITHDRAWN)),
                    Some(false) if retroactive => {
                        Judgement::Unclear(reason(reason::WITHDRAWN_RETROACTIVELY))
                    }
                    Some(false) => Judgement::Holds,
                    None => Judgement::Unclear(reason(reason::WITHDRAWAL_UNCLEAR)),
                }
            }
        }
    }

    /// Returns the state of a statement by the view that knows the worst of it: a newer view that
    /// leaves a withdrawal out does not undo it.
    fn worst_state<'v>(
        &'v self,
        log: &'v LogView,
        digest: &Digest,
        state: State,
    ) -> (&'v LogView, State) {
        let rank = |state: &State| match state {
            State::InForce => 0,
            State::Withdrawn { retroactive, .. } => 1 + u8::from(*retroactive),
            State::Void => 3,
        };
        let mut worst = (log, state);
        if !self.quorums.ledger().has_shown() {
            return worst;
        }
        for view in self.quorums.ledger().views(&log.origin) {
            if let Some(other) = view.statements.get(digest)
                && rank(&other.state) > rank(&worst.1)
            {
                worst = (view, other.state);
            }
        }
        worst
    }

    /// Tells whether a withdrawal, stated to hold from `effective` at leaf `by`, came before the
    /// proven time; `None` if what is shown does not tell.
    fn ended_before(
        &self,
        log: &LogView,
        proven: UnixSeconds,
        effective: UnixSeconds,
        by: LeafIndex,
    ) -> Option<bool> {
        if effective > proven {
            return Some(false);
        }
        let settled = self.realm.witnesses.as_ref()?;
        if self.quorums.was_no_larger(&log.origin, settled, TreeSize(by.0), proven) {
            return Some(false);
        }
        let shown = self.quorums.proven_time(log, settled, by)?;
        (shown <= proven).then_some(true)
    }

    /// Judges whether an agreement is in force now: its dates hold, and every signatory that must
    /// ratify has a ratification in force.
    ///
    /// `theirs` are the realms of the other parties; the home party is judged in the realm from
    /// which the agreement is reached.
    pub fn agreement(
        &self,
        logged: &Logged<'_>,
        home: usize,
        theirs: &[Option<Realm>],
    ) -> Judgement {
        let Logged { digest, holder, held, agreement } = *logged;
        let title = super::title(agreement);
        let now = self.quorums.now();
        if held.state == State::Void {
            return fails(reason::ACCREDITATION_VOID, holder);
        }
        // Whoever logs an agreement is one of its signatories.
        if agreement.signatory(&holder.origin).is_none() {
            return Judgement::Unclear(
                Reason::new(reason::AGREEMENT_NOT_RATIFIED)
                    .with("title", &title)
                    .with("missing", holder.origin),
            );
        }
        let mut missing: Vec<String> = Vec::new();
        let mut unclear = None;
        for (index, party) in agreement.parties.iter().enumerate() {
            let realm = match theirs.get(index) {
                Some(Some(realm)) if index != home => realm,
                _ => self.realm,
            };
            for signatory in party.signatories.iter().filter(|signatory| signatory.must) {
                match self.ratified(realm, digest, party, signatory) {
                    Ok(true) => {}
                    Ok(false) => missing.push(signatory.name.as_str().into()),
                    Err(reason) => unclear = unclear.or(Some(reason)),
                }
            }
        }
        if !missing.is_empty() {
            return Judgement::Unclear(
                Reason::new(reason::AGREEMENT_NOT_RATIFIED)
                    .with("title", &title)
                    .with("missing", missing.join(", ")),
            );
        }
        if let Some(reason) = unclear {
            return Judgement::Unclear(reason);
        }
        if !agreement.validity.contains(now) {
            let reason = Reason::new(reason::AGREEMENT_NOT_IN_FORCE);
            return Judgement::Unclear(reason.with("title", &title));
        }
        Judgement::Holds
    }

    /// Judges whether the body from which an agreement is reached has ratified it; the first value
    /// tells whether it has at all, even if it cannot be told whether that counts.
    pub fn has_ratified(
        &self,
        logged: &Logged<'_>,
        home: usize,
        signatory: &Signatory,
    ) -> (bool, Judgement) {
        let Some(party) = logged.agreement.parties.get(home) else {
            return (false, Judgement::Unclear(Reason::new(reason::DEPENDS)));
        };
        match self.ratified(self.realm, logged.digest, party, signatory) {
            Ok(true) => (true, Judgement::Holds),
            Ok(false) => {
                let reason = Reason::new(reason::AGREEMENT_NOT_RATIFIED)
                    .with("title", super::title(logged.agreement))
                    .with("missing", &signatory.name);
                (false, Judgement::Unclear(reason))
            }
            Err(reason) => (true, Judgement::Unclear(reason)),
        }
    }

    /// Tells whether a signatory's ratification is in force now.
    fn ratified(
        &self,
        realm: &Realm,
        digest: &Digest,
        party: &agreement::Party,
        signatory: &Signatory,
    ) -> Result<bool, Reason> {
        let mut unclear = None;
        for log in self.quorums.ledger().views(&signatory.did) {
            for (ratification, held, seat) in log.ratifications(digest) {
                if (seat.party, seat.role) != (party.country, signatory.role) {
                    continue;
                }
                if seat.since > self.quorums.now().plus(CLOCK_SKEW) {
                    continue;
                }
                match self.worst_state(log, ratification, held.state).1 {
                    State::InForce => {}
                    State::Withdrawn { effective, .. } if effective > self.quorums.now() => {}
                    State::Withdrawn { .. } | State::Void => continue,
                }
                match self.counts(realm, log, held.leaf, ratification) {
                    Ok(()) => return Ok(true),
                    Err(reason) => unclear = unclear.or(Some(reason)),
                }
            }
        }
        unclear.map_or(Ok(false), Err)
    }

    /// Judges a body that an agreement names.
    pub fn body(&self, in_force: &Judgement, body: &agreement::Body) -> Judgement {
        match self.scope(&body.grants, body.name.as_str()) {
            Some(judgement) => judgement,
            None => in_force.clone(),
        }
    }

    /// Returns the judgement if the grants do not cover the credential, or it cannot be told.
    fn scope(&self, grants: &[Grant], name: &str) -> Option<Judgement> {
        let Some(scope) = self.wanted.scope else {
            return Some(Judgement::Unclear(Reason::new(reason::DEPENDS)));
        };
        let outside = any_covers(grants, scope).err()?;
        let reason = Reason::new(reason::OUTSIDE_SCOPE).with("name", name);
        Some(Judgement::Fails(reason.with("part", outside.name())))
    }

    /// Checks that a quorum has cosigned what stands at a leaf, and recently, and no other history.
    fn counts(
        &self,
        realm: &Realm,
        log: &LogView,
        leaf: LeafIndex,
        digest: &Digest,
    ) -> Result<(), Reason> {
        let name = || super::super::called(log);
        let settled = realm
            .witnesses
            .as_ref()
            .ok_or_else(|| Reason::new(reason::NO_QUORUM).with("log", name()))?;
        let position = self.quorums.position(log, settled);
        match position {
            Some(position) if position.seen > self.quorums.now().plus(CLOCK_SKEW) => {
                Err(Reason::new(reason::CLOCK_BEHIND).with("seen", position.seen))
            }
            Some(position) if !self.quorums.is_fresh(&position) => {
                Err(Reason::new(reason::VIEW_STALE).with("log", name()).with("seen", position.seen))
            }
            Some(position) if position.covers(leaf) => {
                match self.quorums.doubt(log, settled, &position, Some((leaf, *digest))) {
                    Some(since) => {
                        Err(Reason::new(reason::FORKED).with("log", name()).with("since", since))
                    }
                    None => Ok(()),
                }
            }
            _ => Err(match settled.stale() {
                Some(seen) => {
                    Reason::new(reason::VIEW_STALE).with("log", name()).with("seen", seen)
                }
                None => Reason::new(reason::NO_QUORUM).with("log", name()),
            }),
        }
    }
}

fn fails(id: &'static str, log: &LogView) -> Judgement {
    Judgement::Fails(Reason::new(id).with("name", super::super::called(log)))
}
