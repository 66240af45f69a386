//! What a verification says: every check with its outcome, its reason and the statements behind it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::ser::SerializeMap as _;

use crate::credential::attested::Attested;
use crate::credential::claims::Person;
use crate::id::{CredentialId, Did, Digest};
use crate::text::Line;
use crate::time::UnixSeconds;

/// The version of the report's shape.
pub const REPORT_VERSION: u8 = 1;

/// The answer. `Invalid` wins over `Undetermined`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was checked and holds.
    Valid,
    /// Something needed is absent, stale or unknown here.
    Undetermined,
    /// Something is wrong.
    Invalid,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It could not be decided.
    Undetermined,
    /// It needs something that an earlier check did not find.
    NotChecked,
}

/// Defines the ids of checks or reasons, and a list of all of them.
macro_rules! ids {
    ($(#[$meta:meta])* $list:ident: $type:ty { $($(#[$vmeta:meta])* $name:ident = $text:literal;)* }) => {
        $($(#[$vmeta])* pub const $name: $type = $text;)*
        $(#[$meta])*
        pub const $list: &[$type] = &[$($text,)*];
    };
}

/// Ids of checks, in the order in which they are reported.
pub mod check {
    ids! {
        /// All of them.
        ALL: &str {
            /// The container, tokens and credential are well-formed.
            DECODE = "decode";
            /// The holder of the key answers this verifier now.
            HOLDER_BINDING = "holder-binding";
            /// The credentials were presented together.
            CONTAINER = "container";
            /// The credentials are about one person.
            SAME_SUBJECT = "same-subject";
            /// The key is the issuer's.
            ISSUER_KEY = "issuer-key";
            /// The issuer signed this credential.
            ISSUER_SIGNATURE = "issuer-signature";
            /// What is disclosed belongs to this credential.
            DISCLOSURES = "disclosures";
            /// The claims are those of a credential.
            CLAIM_SHAPE = "claim-shape";
            /// It counts now.
            TIME = "time";
            /// It is not revoked or suspended.
            STATUS = "status";
            /// It existed when its batch was logged.
            ANCHOR = "anchor";
            /// The logs are cosigned by a quorum, recently.
            WITNESSES = "witnesses";
            /// No log relied on shows a second history that could be as true.
            FORKS = "forks";
            /// Someone the verifier trusts vouches for the issuer.
            PATH = "path";
        }
    }
}

/// Ids of reasons. Each has a text in every language.
pub mod reason {
    ids! {
        /// All of them.
        ALL: &str {
            /// The check holds.
            OK = "ok";
            /// An earlier check left nothing to check.
            DEPENDS = "depends";
            /// Malformed input.
            MALFORMED = "malformed";
            /// Malformed evidence.
            MALFORMED_EVIDENCE = "malformed-evidence";
            /// The token is not signed by the holder's key.
            HOLDER_SIGNATURE = "holder-signature";
            /// Presented for another verifier.
            WRONG_AUDIENCE = "wrong-audience";
            /// The nonce is not one of this verifier's.
            NONCE_UNKNOWN = "nonce-unknown";
            /// The nonce was answered before.
            NONCE_USED = "nonce-used";
            /// The challenge was answered too late.
            NONCE_EXPIRED = "nonce-expired";
            /// A copy, where a live answer is demanded.
            PREPARED_REFUSED = "prepared-refused";
            /// A live answer, where a copy is expected.
            LIVE_UNASKED = "live-unasked";
            /// The presentation has expired.
            PRESENTATION_EXPIRED = "presentation-expired";
            /// The presentation is dated in the future.
            PRESENTATION_FUTURE = "presentation-future";
            /// The presentation's times contradict each other or the credential.
            PRESENTATION_TIMES = "presentation-times";
            /// The presentation is made to count for longer than allowed.
            PRESENTATION_TOO_LONG = "presentation-too-long";
            /// A live answer of the holder.
            LIVE = "live";
            /// A copy: to be compared with an identity document.
            PREPARED = "prepared";
            /// The tokens were not made for this container.
            CONTAINER_MISMATCH = "container-mismatch";
            /// One credential.
            SINGLE = "single";
            /// Birth date or names contradict each other.
            SUBJECT_NOT_SHOWN = "subject-not-shown";
            /// Name and birth date are the same, and the document numbers shown are not.
            SUBJECT_OTHER_DOCUMENTS = "subject-other-documents";
            /// No log of the issuer is known.
            ISSUER_UNKNOWN = "issuer-unknown";
            /// A key that the issuer never had.
            KEY_UNKNOWN = "key-unknown";
            /// A key that is not known in a view too old to rely on.
            KEY_UNKNOWN_STALE = "key-unknown-stale";
            /// A key of the issuer, but not the one in force at issuance.
            KEY_NOT_IN_FORCE = "key-not-in-force";
            /// Issued with keys that the issuer repudiated afterwards.
            KEY_REPUDIATED = "key-repudiated";
            /// The signature is wrong.
            SIGNATURE_WRONG = "signature-wrong";
            /// A disclosure does not belong to the credential, or was altered.
            DISCLOSURE_WRONG = "disclosure-wrong";
            /// Claims of the wrong shape.
            CLAIMS_WRONG = "claims-wrong";
            /// A credential type that this build does not know.
            TYPE_UNSUPPORTED = "type-unsupported";
            /// A copy that does not show name and birth date.
            PREPARED_INCOMPLETE = "prepared-incomplete";
            /// The credential has expired.
            EXPIRED = "expired";
            /// The credential does not count yet.
            NOT_YET_VALID = "not-yet-valid";
            /// The credential's times contradict each other.
            TIMES_WRONG = "times-wrong";
            /// The qualification itself has ended.
            QUALIFICATION_ENDED = "qualification-ended";
            /// Revoked.
            REVOKED = "revoked";
            /// Suspended.
            SUSPENDED = "suspended";
            /// A status value that means nothing here.
            STATUS_VALUE = "status-value";
            /// The index is beyond the list.
            STATUS_INDEX = "status-index";
            /// The list is another issuer's.
            STATUS_OTHER_ISSUER = "status-other-issuer";
            /// No status list is known.
            STATUS_UNKNOWN = "status-unknown";
            /// The status list is too old.
            STATUS_STALE = "status-stale";
            /// The issuer closed; its last list counts.
            ISSUER_CLOSED = "issuer-closed";
            /// The issuer closed; its successor's list counts.
            ISSUER_SUCCEEDED = "issuer-succeeded";
            /// No anchor came with the credential.
            ANCHOR_MISSING = "anchor-missing";
            /// The issuance is not known here.
            ISSUANCE_UNKNOWN = "issuance-unknown";
            /// The credential is not in that batch.
            ANCHOR_WRONG = "anchor-wrong";
            /// The credential is dated after it was logged.
            ISSUED_AFTER_ANCHOR = "issued-after-anchor";
            /// No quorum has cosigned the issuance.
            NOT_PROVEN = "not-proven";
            /// Proven to have existed.
            PROVEN = "proven";
            /// No quorum of witnesses has cosigned a log.
            NO_QUORUM = "no-quorum";
            /// A view of a log is too old.
            VIEW_STALE = "view-stale";
            /// The clock here is behind what witnesses signed.
            CLOCK_BEHIND = "clock-behind";
            /// A log shows two histories, and a quorum has cosigned both.
            FORKED = "forked";
            /// A log shows a second history, which leaves nothing in doubt that is relied on here.
            FORK_HARMLESS = "fork-harmless";
            /// Nobody whom the verifier trusts vouches for the issuer.
            NO_PATH = "no-path";
            /// No trust anchor for this kind of credential.
            NO_TRUST_ANCHOR = "no-trust-anchor";
            /// An accreditation does not cover the credential.
            OUTSIDE_SCOPE = "outside-scope";
            /// An accreditation began after the credential was issued.
            ACCREDITATION_NOT_YET = "accreditation-not-yet";
            /// An accreditation had ended.
            ACCREDITATION_ENDED = "accreditation-ended";
            /// An accreditation had been withdrawn.
            ACCREDITATION_WITHDRAWN = "accreditation-withdrawn";
            /// It is not clear whether an accreditation was withdrawn before.
            WITHDRAWAL_UNCLEAR = "withdrawal-unclear";
            /// An accreditation was withdrawn with effect on what was issued before.
            WITHDRAWN_RETROACTIVELY = "withdrawn-retroactively";
            /// An accreditation was signed by repudiated keys.
            ACCREDITATION_VOID = "accreditation-void";
            /// A body that may not accredit.
            MAY_NOT_ACCREDIT = "may-not-accredit";
            /// An agreement lacks ratifications.
            AGREEMENT_NOT_RATIFIED = "agreement-not-ratified";
            /// An agreement is not in force at this time.
            AGREEMENT_NOT_IN_FORCE = "agreement-not-in-force";
        }
    }
}

/// Why a check came out as it did: an id and the values that its text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// One of [`reason::ALL`].
    pub id: &'static str,
    /// Values by name.
    pub args: Vec<(&'static str, String)>,
}

impl Reason {
    /// Makes a reason without values.
    pub fn new(id: &'static str) -> Self {
        Self { id, args: Vec::new() }
    }

    /// Adds a value. Characters that a terminal would obey, or that reverse the direction of writing,
    /// are replaced: a value may be a stranger's.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl alloc::string::ToString) -> Self {
        let mut value = value.to_string();
        if value.contains(crate::text::is_hidden) {
            value = value.replace(crate::text::is_hidden, "\u{fffd}");
        }
        self.args.push((name, value));
        self
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(self.args.len() + 1))?;
        map.serialize_entry("id", self.id)?;
        for (name, value) in &self.args {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// One of [`check::ALL`].
    pub id: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The statements behind it.
    pub statements: Vec<Digest>,
}

/// One step of the way from a trust anchor to the issuer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Link {
    /// Where the verifier starts.
    TrustAnchor {
        /// The institution.
        did: Did,
        /// The verifier's name for it.
        name: Line,
    },
    /// The one before accredits this one.
    Accreditation {
        /// Who accredits.
        by: Did,
        /// Who is accredited.
        did: Did,
        /// The name that the accreditation gives it.
        name: Line,
        /// The statement.
        statement: Digest,
        /// Where to appeal.
        appeal_body: Option<Line>,
    },
    /// An agreement that the one before has signed names this one.
    Agreement {
        /// The signatory before.
        by: Did,
        /// The body that it names.
        did: Did,
        /// The name that the agreement gives it.
        name: Line,
        /// The title of the agreement.
        title: String,
        /// The country of the party whose body it is.
        country: crate::classification::Country,
        /// The statement.
        statement: Digest,
    },
}

impl Link {
    /// Returns the institution that the link leads to.
    pub fn did(&self) -> &Did {
        match self {
            Link::TrustAnchor { did, .. }
            | Link::Accreditation { did, .. }
            | Link::Agreement { did, .. } => did,
        }
    }

    /// Returns the name of that institution.
    pub fn name(&self) -> &Line {
        match self {
            Link::TrustAnchor { name, .. }
            | Link::Accreditation { name, .. }
            | Link::Agreement { name, .. } => name,
        }
    }

    /// Returns the statement behind the link.
    pub fn statement(&self) -> Option<&Digest> {
        match self {
            Link::TrustAnchor { .. } => None,
            Link::Accreditation { statement, .. } | Link::Agreement { statement, .. } => {
                Some(statement)
            }
        }
    }
}

/// What the holder showed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Disclosed {
    /// Who the credential is about.
    #[serde(flatten)]
    pub person: Person,
    /// The holder's name in this credential only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// What it attests.
    #[serde(flatten)]
    pub attested: Attested,
    /// When it was issued.
    pub issued_at: UnixSeconds,
    /// Until when it counts.
    pub expires_at: UnixSeconds,
}

/// The report on one credential.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CredentialReport {
    /// The answer.
    pub verdict: Verdict,
    /// Its identifier.
    pub id: Option<CredentialId>,
    /// Who it says issued it.
    pub issuer: Option<Did>,
    /// What the issuer calls itself, where no accreditation names it.
    pub calls_itself: Option<Line>,
    /// Every check, in the order of [`check::ALL`].
    pub checks: Vec<Check>,
    /// The way from a trust anchor to the issuer, if there is one.
    pub path: Option<Vec<Link>>,
    /// By when it is proven to have existed.
    pub proven_time: Option<UnixSeconds>,
    /// What the holder showed; absent unless the disclosures belong to the credential.
    pub disclosed: Option<Disclosed>,
    /// Names of claims that were not shown, or are not in the credential.
    pub withheld: Vec<&'static str>,
    /// Hashes for which nothing was shown; some are decoys.
    pub withheld_hashes: usize,
    /// Whether it is a copy to be compared with an identity document.
    pub prepared: bool,
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub version: u8,
    /// The worst verdict of the credentials.
    pub verdict: Verdict,
    /// When it was made.
    pub checked_at: UnixSeconds,
    /// Age in seconds of the oldest view used; absent if none was.
    pub evidence_age: Option<u64>,
    /// The credentials, in the order of the container.
    pub credentials: Vec<CredentialReport>,
}

impl CredentialReport {
    /// Returns the check with an id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// Returns the check that explains the verdict best: the first, but that of the disclosures before
    /// others. What was altered after the holder signed breaks his signature too, and says less.
    pub fn decisive(&self) -> Option<&Check> {
        let wanted: &[Outcome] = match self.verdict {
            Verdict::Valid => return None,
            Verdict::Invalid => &[Outcome::Fail],
            Verdict::Undetermined => &[Outcome::Undetermined, Outcome::NotChecked],
        };
        let disclosures = self.check(check::DISCLOSURES).filter(|c| c.outcome == Outcome::Fail);
        disclosures.or_else(|| {
            wanted.iter().find_map(|outcome| self.checks.iter().find(|c| c.outcome == *outcome))
        })
    }
}
