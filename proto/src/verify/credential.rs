//! One credential of a container, read as far as it can be, and the checks that concern it alone.

use alloc::vec::Vec;

use super::policy::Accept;
use super::report::{Check, Reason, check, reason};
use super::{Judge, fail, not_checked, pass, undetermined};
use crate::anchor::Anchor;
use crate::credential::claims::{AlwaysShown, Claims, ClaimsError};
use crate::credential::disclosure::{DisclosureError, Reader, Restored};
use crate::id::Digest;
use crate::presentation::KeyBindingToken;
use crate::profile::Profile;

/// A credential with what could be read of it.
pub(super) struct Credential<'b> {
    pub token: &'b KeyBindingToken<'b>,
    pub digest: Digest,
    pub anchor: Option<&'b Anchor>,
    /// The claims that always show, which need no disclosure.
    pub shown: AlwaysShown,
    pub restored: Result<Restored, DisclosureError>,
    /// The claims; `Err` holds what is wrong with them, or nothing if the disclosures are wrong.
    pub claims: Result<Claims, Option<ClaimsError>>,
}

impl<'b> Credential<'b> {
    pub fn read(
        profile: Profile,
        token: &'b KeyBindingToken<'b>,
        digest: Digest,
        anchor: Option<&'b Anchor>,
    ) -> Self {
        let restored = token.credential.restore(profile, Reader::Verifier);
        let (shown, claims) = match &restored {
            Ok(restored) => {
                let (shown, claims) = Claims::read_with_shown(&restored.claims);
                (shown, claims.map_err(Some))
            }
            Err(_) => {
                let payload = token.credential.payload().unwrap_or_default();
                (AlwaysShown::read(payload).unwrap_or_default(), Err(None))
            }
        };
        Self { token, digest, anchor, shown, restored, claims }
    }

    pub fn disclosures_check(&self) -> Check {
        match &self.restored {
            Ok(_) => pass(check::DISCLOSURES, Reason::new(reason::OK)),
            Err(error) => fail(
                check::DISCLOSURES,
                Reason::new(reason::DISCLOSURE_WRONG).with("detail", error),
            ),
        }
    }

    /// Returns names of redactable claims that were not shown.
    pub fn withheld(&self) -> Vec<&'static str> {
        self.claims.as_ref().map_or_else(|_| Vec::new(), Claims::withheld)
    }

    pub fn withheld_hashes(&self) -> usize {
        self.restored.as_ref().map_or(0, |restored| restored.withheld)
    }
}

impl Judge<'_, '_> {
    pub(super) fn claim_shape(&self, credential: &Credential<'_>) -> Check {
        let claims = match &credential.claims {
            Ok(claims) => claims,
            Err(None) => return not_checked(check::CLAIM_SHAPE),
            Err(Some(ClaimsError::UnknownType(found))) => {
                let reason = Reason::new(reason::TYPE_UNSUPPORTED).with("type", found);
                return undetermined(check::CLAIM_SHAPE, reason);
            }
            Err(Some(error)) => {
                let reason = Reason::new(reason::CLAIMS_WRONG).with("detail", error);
                return fail(check::CLAIM_SHAPE, reason);
            }
        };
        // A copy is worth nothing without what it is to be compared with.
        let is_copy =
            credential.token.claims.nonce.is_none() && self.policy.accept == Accept::Prepared;
        if is_copy && (!claims.person.has_name() || claims.person.birth_date.is_none()) {
            return fail(check::CLAIM_SHAPE, Reason::new(reason::PREPARED_INCOMPLETE));
        }
        pass(check::CLAIM_SHAPE, Reason::new(reason::OK))
    }

    pub(super) fn time(&self, credential: &Credential<'_>) -> Check {
        let shown = &credential.shown;
        let Some((iat, exp)) = shown.issued_at.zip(shown.expires_at) else {
            return not_checked(check::TIME);
        };
        let (now, skew) = (self.quorums.now(), self.skew());
        let not_before = shown.not_before.unwrap_or(iat);
        if iat >= exp || not_before > iat {
            return fail(check::TIME, Reason::new(reason::TIMES_WRONG));
        }
        if exp.plus(skew) <= now {
            return fail(check::TIME, Reason::new(reason::EXPIRED).with("until", exp));
        }
        if not_before > now.plus(skew) || iat > now.plus(skew) {
            return fail(check::TIME, Reason::new(reason::NOT_YET_VALID).with("from", iat));
        }
        match credential.claims.as_ref().ok().and_then(|claims| claims.skill()?.valid_until) {
            Some(until) if until.start().end_of_day() < now => {
                fail(check::TIME, Reason::new(reason::QUALIFICATION_ENDED).with("until", until))
            }
            _ => pass(check::TIME, Reason::new(reason::OK).with("until", exp)),
        }
    }

    /// Seconds by which clocks may differ; no policy makes it more than the protocol allows.
    pub(super) fn skew(&self) -> u64 {
        self.policy.clock_skew.min(crate::profile::CLOCK_SKEW)
    }
}
