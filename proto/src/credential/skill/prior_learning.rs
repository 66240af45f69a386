//! Evidence behind recognition of prior learning.

use alloc::vec::Vec;

use crate::cbor::{codes, record};
use crate::id::Digest;
use crate::recognition::{SpanUnit, TimeSpan};
use crate::text::Line;
use crate::time::Date;

/// How old evidence may be on the day of the award to count as current.
pub const CURRENCY: TimeSpan = TimeSpan { count: 4, unit: SpanUnit::Years };

codes! {
    /// What a piece of evidence is.
    pub enum PriorLearningKind {
        /// Something that the person made.
        WorkProduct = 1, "work-product";
        /// A record of work: a contract, a pay slip, a log book.
        WorkRecord = 2, "work-record";
        /// A certificate of earlier training.
        Certificate = 3, "certificate";
        /// What an assessor saw at work.
        Observation = 4, "observation";
        /// A test.
        Test = 5, "test";
        /// A conversation with an assessor.
        Interview = 6, "interview";
        /// A reference of somebody else.
        ThirdPartyReference = 7, "third-party-reference";
        /// What the person says.
        SelfStatement = 8, "self-statement";
    }
}

codes! {
    /// A rule that evidence has to meet.
    pub enum EvidenceRule {
        /// It shows what the unit demands.
        Validity = 1, "validity";
        /// There is enough of it.
        Sufficiency = 2, "sufficiency";
        /// It is the person's own.
        Authenticity = 3, "authenticity";
        /// It shows what the person can do now.
        Currency = 4, "currency";
    }
}

record! {
    /// Evidence behind recognition of prior learning; the documents stay with the holder.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct PriorLearningEvidence {
        /// What it is.
        kind [1]: PriorLearningKind,
        /// From when.
        date [2]: Date,
        /// Who vouches for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        vouched_by [3]: Option<Line>,
        /// SHA-256 of the document.
        digest [4]: Digest,
        /// The unit that it supports.
        #[serde(skip_serializing_if = "Option::is_none")]
        unit [5]: Option<Line>,
        /// The rules of evidence that the assessor found it to meet.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        rules [6; ..8]: Vec<EvidenceRule>,
    }
}
