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

/// Judges whether all credentials are about one person, as [`sameness`] tells.
pub(super) fn same_subject(claims: &[Option<&Claims>]) -> Check {
    let id = check::SAME_SUBJECT;
    if let [_] = claims {
        return pass(id, Reason::new(reason::SINGLE));
    }
    let people: Vec<_> = claims.iter().flatten().map(|claims| &claims.person).collect();
    if people.len() != claims.len() {
        return not_checked(id);
    }
    match sameness(&people) {
        Sameness::One => pass(id, Reason::new(reason::OK).with("count", people.len().to_string())),
        Sameness::OtherDocuments => undetermined(id, Reason::new(reason::SUBJECT_OTHER_DOCUMENTS)),
        Sameness::NotShown => undetermined(id, Reason::new(reason::SUBJECT_NOT_SHOWN)),
    }
}

/// Whether several are one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sameness {
    /// They are shown to be.
    One,
    /// Birth date and name are the same, and the document numbers that are shown are not: one person with
    /// a document that was renewed or with two, or two people.
    OtherDocuments,
    /// They are not shown to be.
    NotShown,
}

/// Tells whether all are shown to be one person: each two give the same birth date, and the same document
/// number; or an equal name, and not two document numbers. What does not say of which kind a document is,
/// of which State and for how long it holds cannot tell a renewed one from another's. One alone is one.
pub fn sameness(people: &[&Person]) -> Sameness {
    let pairs = people.iter().enumerate().flat_map(|(i, one)| {
        people.iter().skip(i.saturating_add(1)).map(move |other| compare(one, other))
    });
    pairs.max().unwrap_or(Sameness::One)
}

/// Tells whether all are shown to be one person, as [`sameness`] does.
pub fn is_one_person(people: &[&Person]) -> bool {
    sameness(people) == Sameness::One
}

fn compare(one: &Person, other: &Person) -> Sameness {
    fn equal<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        a.is_some() && a == b
    }
    if !equal(&one.birth_date, &other.birth_date) {
        return Sameness::NotShown;
    }
    if equal(&one.document_number, &other.document_number) {
        return Sameness::One;
    }
    // Names are in NFC already: a line does not decode otherwise.
    let has_name = equal(&one.name_native, &other.name_native)
        || equal(&one.name_latin, &other.name_latin)
        || equal(&one.name_icao, &other.name_icao);
    match (has_name, &one.document_number, &other.document_number) {
        (false, ..) => Sameness::NotShown,
        (true, Some(_), Some(_)) => Sameness::OtherDocuments,
        (true, ..) => Sameness::One,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{date, line};

    fn person(name: &str, number: Option<&str>) -> Person {
        Person {
            name_latin: Some(line(name)),
            birth_date: Some(date("1990-01-01")),
            document_number: number.map(line),
            ..Person::default()
        }
    }

    #[test]
    fn a_name_and_a_birth_date_do_not_outweigh_two_document_numbers() {
        let (old, new) = (person("Ana", Some("X1")), person("Ana", Some("X2")));
        assert_eq!(sameness(&[&old, &new]), Sameness::OtherDocuments);
        assert_eq!(sameness(&[&old, &old.clone()]), Sameness::One);
        let renamed = person("Ana Cruz", Some("X1"));
        assert_eq!(sameness(&[&old, &renamed]), Sameness::One, "the number outweighs the name");
        let without = person("Ana", None);
        assert_eq!(sameness(&[&old, &without]), Sameness::One);
        // One that holds its number back does not join two that do not.
        assert_eq!(sameness(&[&old, &without, &new]), Sameness::OtherDocuments);
        let stranger = person("Tala", Some("X3"));
        assert_eq!(sameness(&[&old, &new, &stranger]), Sameness::NotShown);
        let born_later = Person { birth_date: Some(date("1991-01-01")), ..old.clone() };
        assert_eq!(sameness(&[&old, &born_later]), Sameness::NotShown);
        assert_eq!(sameness(&[]), Sameness::One);
    }
}
