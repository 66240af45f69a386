//! Whether a statement would count, before it is appended: the log keeps whatever it holds for ever.

use carnet_proto::id::{Did, Digest, LeafIndex};
use carnet_proto::ledger::{Ledger, MAX_ACCUSATIONS, Replica, joined_state};
use carnet_proto::statement::agreement::{Agreement, Denunciation, Ratification};
use carnet_proto::statement::fork::Accusation;
use carnet_proto::statement::standing::State;
use carnet_proto::statement::{Body, Statement};
use carnet_proto::time::UnixSeconds;
use thiserror::Error;

/// Why a statement would count for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CannotCount {
    /// The writer makes this kind by itself.
    #[error("a statement of kind `{0}` is not made by request")]
    Kind(&'static str),
    /// The very same statement is in the log.
    #[error("this was stated before, as {0}")]
    Known(Digest),
    /// An institution does not accredit itself.
    #[error("an institution cannot accredit itself")]
    OwnAccreditation,
    /// The statement to be withdrawn is not an accreditation of this log.
    #[error("{0} is not an accreditation in this institution's log")]
    NoAccreditation(Digest),
    /// The accreditation was withdrawn before.
    #[error("the accreditation {0} is not in force any more")]
    NotInForce(Digest),
    /// An agreement counts from the log of a signatory only.
    #[error("this institution is not a signatory of the agreement")]
    NotSignatory,
    /// No log held here has the agreement.
    #[error("this node does not know the agreement {0}; follow one of its signatories first")]
    NoAgreement(Digest),
    /// The agreement names the institution for another party or role.
    #[error("the agreement names this institution as {role} of {party}, not as stated")]
    OtherSeat {
        /// Country of the party that it signs for.
        party: String,
        /// As what it signs.
        role: String,
    },
    /// The institution ratified the agreement before.
    #[error("this institution ratified the agreement {0} before")]
    Ratified(Digest),
    /// The institution has closed: its log takes nothing any more but its status lists.
    #[error("the institution closed on {0}; its log takes no further statements")]
    Closed(UnixSeconds),
    /// An institution states the end of itself or of one that it has accredited.
    #[error("{0} is neither this institution nor one that it has accredited")]
    NotAccredited(Did),
    /// The end of the institution was stated before.
    #[error("this institution stated the end of {0} before")]
    Ended(Did),
    /// A proof of a fork that proves nothing, or a second one against the same log.
    #[error("the proof of a fork cannot be stated: {0}")]
    Proof(String),
    /// There is no ratification that could be denounced.
    #[error("this institution has no ratification of the agreement {0} in force")]
    NotRatified(Digest),
}

/// Checks a statement against the log that it would be appended to.
pub(super) fn counts(
    log: &Replica,
    body: &Body,
    ledger: impl FnOnce() -> Ledger,
) -> Result<(), CannotCount> {
    if let Some(closing) = log.view().closing {
        return Err(CannotCount::Closed(closing.closed));
    }
    match body {
        Body::Inception(_) | Body::Rotation(_) | Body::Standing(_) => {
            Err(CannotCount::Kind(body.kind()))
        }
        Body::Profile(_) | Body::Issuance(_) => Ok(()),
        Body::Accreditation(accreditation) if accreditation.subject == *log.origin() => {
            Err(CannotCount::OwnAccreditation)
        }
        Body::Accreditation(_) => Ok(()),
        Body::Withdrawal(withdrawal) => {
            let target = withdrawal.target;
            match log.view().statements.get(&target) {
                Some(held) if matches!(held.statement.body(), Body::Accreditation(_)) => {
                    let state = State::Withdrawn {
                        effective: withdrawal.effective,
                        by: LeafIndex(log.size().0),
                        retroactive: withdrawal.retroactive,
                    };
                    match joined_state(&held.state, &state) {
                        Some(_) => Ok(()),
                        None => Err(CannotCount::NotInForce(target)),
                    }
                }
                _ => Err(CannotCount::NoAccreditation(target)),
            }
        }
        Body::Agreement(agreement) => match agreement.signatory(log.origin()) {
            Some(_) => Ok(()),
            None => Err(CannotCount::NotSignatory),
        },
        Body::Ratification(ratification) => {
            let digest = ratification.agreement;
            let known = log.view().ratification(&digest);
            if known.is_some_and(|(_, held)| held.state == State::InForce) {
                return Err(CannotCount::Ratified(digest));
            }
            // The own agreement may be younger than what readers are shown.
            let own = log.view().statements.get(&digest);
            if let Some(Body::Agreement(agreement)) = own.map(|held| held.statement.body()) {
                return has_seat(agreement, log.origin(), ratification);
            }
            let ledger = ledger();
            let agreements = ledger.agreements();
            let (holder, _, agreement) =
                agreements.get(&digest).ok_or(CannotCount::NoAgreement(digest))?;
            if agreement.signatory(&holder.origin).is_none() {
                return Err(CannotCount::NoAgreement(digest));
            }
            has_seat(agreement, log.origin(), ratification)
        }
        Body::Denunciation(denunciation) => ratified(log, denunciation),
        Body::Succession(succession) => may_end(log, &succession.institution),
        Body::Fork(accusation) => may_accuse(log, accusation),
    }
}

fn may_end(log: &Replica, institution: &Did) -> Result<(), CannotCount> {
    if institution == log.origin() {
        return Ok(());
    }
    if log.view().accreditations_of(institution).next().is_none() {
        return Err(CannotCount::NotAccredited(*institution));
    }
    match log.view().succession_of(institution) {
        Some(_) => Err(CannotCount::Ended(*institution)),
        None => Ok(()),
    }
}

fn may_accuse(log: &Replica, accusation: &Accusation) -> Result<(), CannotCount> {
    let refused = |what: &dyn std::fmt::Display| Err(CannotCount::Proof(what.to_string()));
    if accusation.accused == *log.origin() {
        return refused(&"an institution does not accuse itself");
    }
    if log.view().accusation_of(&accusation.accused).is_some() {
        return refused(&"this institution has stated one against that log before");
    }
    if log.view().accusations.len() == MAX_ACCUSATIONS {
        return refused(&format_args!("a log states at most {MAX_ACCUSATIONS} of them"));
    }
    accusation.proof.verify().map(|_| ()).or_else(|error| refused(&error))
}

/// Checks that the log does not hold the statement already.
pub(super) fn is_new(log: &Replica, statement: &Statement) -> Result<(), CannotCount> {
    let digest = statement.digest();
    if log.view().statements.contains_key(&digest) {
        return Err(CannotCount::Known(digest));
    }
    Ok(())
}

fn has_seat(
    agreement: &Agreement,
    did: &Did,
    ratification: &Ratification,
) -> Result<(), CannotCount> {
    let (index, signatory) = agreement.signatory(did).ok_or(CannotCount::NotSignatory)?;
    let party = agreement.parties.get(index).ok_or(CannotCount::NotSignatory)?.country;
    if (party, signatory.role) == (ratification.party, ratification.role) {
        Ok(())
    } else {
        let (party, role) = (party.code().to_owned(), signatory.role.to_string());
        Err(CannotCount::OtherSeat { party, role })
    }
}

fn ratified(log: &Replica, denunciation: &Denunciation) -> Result<(), CannotCount> {
    let found = log.view().ratification(&denunciation.agreement);
    let is_in_force = found.is_some_and(|(_, held)| {
        let seat = match held.statement.body() {
            Body::Ratification(r) => Some((r.party, r.role)),
            _ => None,
        };
        held.state == State::InForce && seat == Some((denunciation.party, denunciation.role))
    });
    if is_in_force { Ok(()) } else { Err(CannotCount::NotRatified(denunciation.agreement)) }
}
