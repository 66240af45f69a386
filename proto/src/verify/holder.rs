//! Whether the holder answers this verifier, with this container, about one person.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::credential::Credential;
use super::policy::Accept;
use super::report::{Check, Reason, check, reason};
use super::{Judge, fail, not_checked, pass, undetermined};
use crate::credential::claims::{Claims, Person};
use crate::id::Digest;
use crate::presentation::{KeyBindingClaims, container_digest};
use crate::profile::{AUDIENCE_ANYONE, MAX_LIVE_SECONDS, MAX_PREPARED_SECONDS};
use crate::time::UnixSeconds;

impl Judge<'_, '_> {
    pub(super) fn holder_binding(&self, credential: &Credential<'_>) -> Check {
        let id = check::HOLDER_BINDING;
        let shown = &credential.shown;
        let (Some(key), Some(issued_at), Some(expires_at)) =
            (&shown.holder_key, shown.issued_at, shown.expires_at)
        else {
            return not_checked(id);
        };
        if !credential.token.is_signed_by(key) {
            return fail(id, Reason::new(reason::HOLDER_SIGNATURE));
        }
        let token = &credential.token.claims;
        let is_open_copy = token.nonce.is_none()
            && self.policy.accept == Accept::Prepared
            && token.audience == AUDIENCE_ANYONE;
        if token.audience != self.policy.audience && !is_open_copy {
            let reason = Reason::new(reason::WRONG_AUDIENCE)
                .with("found", token.audience.chars().take(200).collect::<alloc::string::String>())
                .with("expected", &self.policy.audience);
            return fail(id, reason);
        }
        if let Err(reason) = self.freshness(&credential.token.claims, issued_at, expires_at) {
            return fail(id, reason);
        }
        let kind = if token.nonce.is_some() { reason::LIVE } else { reason::PREPARED };
        pass(id, Reason::new(kind))
    }

    /// Checks the times of the token against those of its credential, and its nonce.
    fn freshness(
        &self,
        token: &KeyBindingClaims,
        issued_at: UnixSeconds,
        expires_at: UnixSeconds,
    ) -> Result<(), Reason> {
        let (now, skew) = (self.quorums.now(), self.skew());
        let (iat, exp) = (token.issued_at, token.expires_at);
        // That the credential itself has run out is for the check of its own times to say.
        let has_run_out = expires_at.plus(skew) <= now;
        let outlives = exp > expires_at || iat >= expires_at;
        if iat >= exp || iat < issued_at || (outlives && !has_run_out) {
            return Err(Reason::new(reason::PRESENTATION_TIMES));
        }
        let longest = match token.nonce {
            Some(_) => MAX_LIVE_SECONDS,
            None => MAX_PREPARED_SECONDS,
        };
        if exp.since(iat) > longest {
            return Err(Reason::new(reason::PRESENTATION_TOO_LONG));
        }
        if iat > now.plus(skew) {
            return Err(Reason::new(reason::PRESENTATION_FUTURE).with("issued", iat));
        }
        if exp.plus(skew) < now {
            return Err(Reason::new(reason::PRESENTATION_EXPIRED).with("until", exp));
        }
        match (&self.policy.accept, &token.nonce) {
            (Accept::Prepared, None) => Ok(()),
            (Accept::Prepared, Some(_)) => Err(Reason::new(reason::LIVE_UNASKED)),
            (Accept::Live(_), None) => Err(Reason::new(reason::PREPARED_REFUSED)),
            (Accept::Live(issued), Some(nonce)) => {
                match issued.iter().find(|known| known.nonce == *nonce) {
                    None => Err(Reason::new(reason::NONCE_UNKNOWN)),
                    Some(known) if known.used => Err(Reason::new(reason::NONCE_USED)),
                    Some(known) if known.expires_at.plus(skew) < now => {
                        Err(Reason::new(reason::NONCE_EXPIRED).with("until", known.expires_at))
                    }
                    Some(_) => Ok(()),
                }
            }
        }
    }

    pub(super) fn container(&self, credential: &Credential<'_>) -> Check {
        let id = check::CONTAINER;
        if !self.all_decoded {
            return not_checked(id);
        }
        // The same attestation twice would count twice in whatever is added up from them.
        let is_twice = |one: &Digest| self.digests.iter().filter(|other| *other == one).count() > 1;
        if self.digests.iter().any(is_twice) {
            fail(id, Reason::new(reason::CONTAINER_MISMATCH))
        } else if credential.token.claims.container == container_digest(self.digests) {
            pass(id, Reason::new(reason::OK).with("count", self.digests.len()))
        } else {
            fail(id, Reason::new(reason::CONTAINER_MISMATCH))
        }
    }
}

/// Judges whether all credentials are about one person: each discloses the same birth date, and the
/// same document number or an equal name.
pub(super) fn same_subject(claims: &[Option<&Claims>]) -> Check {
    let id = check::SAME_SUBJECT;
    if let [_] = claims {
        return pass(id, Reason::new(reason::SINGLE));
    }
    let people: Vec<_> = claims.iter().flatten().map(|claims| &claims.person).collect();
    if people.len() != claims.len() {
        return not_checked(id);
    }
    if is_one_person(&people) {
        pass(id, Reason::new(reason::OK).with("count", people.len().to_string()))
    } else {
        undetermined(id, Reason::new(reason::SUBJECT_NOT_SHOWN))
    }
}

/// Tells whether what was shown of people shows that they are one: each discloses the same birth date, and
/// the same document number or an equal name.
pub fn is_one_person(people: &[&Person]) -> bool {
    people
        .iter()
        .enumerate()
        .all(|(i, one)| people.iter().skip(i + 1).all(|other| are_one(one, other)))
}

fn are_one(one: &Person, other: &Person) -> bool {
    fn equal<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        a.is_some() && a == b
    }
    // Names are in NFC already: a line does not decode otherwise.
    equal(&one.birth_date, &other.birth_date)
        && (equal(&one.document_number, &other.document_number)
            || equal(&one.name_native, &other.name_native)
            || equal(&one.name_latin, &other.name_latin)
            || equal(&one.name_icao, &other.name_icao))
}
