//! Cases inside an agreement: attestations, a question, and the answer that every engine has to give.

use alloc::vec::Vec;

use super::condition::EvidenceKind;
use super::engine::recognise;
use super::outcome::{
    Evidence, Ground, Question, Recognition, RecognitionOutcome, Shown, Signatures, Status,
};
use super::terms::{MobilityPurpose, RecognitionTerms};
use crate::cbor::record;
use crate::classification::{Country, Occupation};
use crate::credential::skill::Skill;
use crate::id::Did;
use crate::text::Line;
use crate::time::Date;

/// Most attestations that cases use.
pub const MAX_SAMPLES: usize = 64;
/// Most cases of an agreement.
pub const MAX_CASES: usize = 64;

record! {
    /// An attestation that cases show. The person and the issuer are made up.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SampleAttestation {
        /// Its name among the samples.
        id [1]: Line,
        /// What it attests.
        skill [2]: Skill,
        /// The day on which it was issued.
        issued [3]: Date,
        /// The identifier of its issuer.
        issuer [4]: Option<Did>,
        /// The name of its issuer.
        issuer_name [5]: Option<Line>,
        /// The first day on which its issuer was accredited.
        accredited_from [6]: Option<Date>,
        /// The last such day.
        accredited_until [7]: Option<Date>,
    }
}

record! {
    /// A case.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecognitionCase {
        /// Its name.
        id [1]: Line,
        /// What it shows, in words.
        about [2]: Line,
        /// The samples that are shown.
        show [3; ..MAX_SAMPLES]: Vec<Line>,
        /// The birth date, if it is shown.
        birth_date [4]: Option<Date>,
        /// Where.
        destination [5]: Country,
        /// As what.
        occupation [6]: Occupation,
        /// What for.
        purpose [7]: Option<MobilityPurpose>,
        /// When it is asked.
        today [8]: Date,
        /// The outcome.
        outcome [9]: RecognitionOutcome,
        /// The kinds of evidence that are missing, in the order of their codes.
        missing [10; ..MAX_SAMPLES]: Vec<EvidenceKind>,
        /// The conditions that are not met.
        not_met [11; ..MAX_SAMPLES]: Vec<Line>,
        /// The conditions that are not shown.
        not_shown [12; ..MAX_SAMPLES]: Vec<Line>,
    }
}

/// A case that came out otherwise than its agreement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The case.
    pub case: Line,
    /// What was to be found: outcome, missing evidence, conditions not met and not shown.
    pub expected: (RecognitionOutcome, Vec<EvidenceKind>, Vec<Line>, Vec<Line>),
    /// What was found.
    pub found: (RecognitionOutcome, Vec<EvidenceKind>, Vec<Line>, Vec<Line>),
}

impl RecognitionCase {
    /// Answers the case by the agreement that it belongs to.
    pub fn answer(&self, terms: &RecognitionTerms) -> Recognition {
        let samples = self.show.iter().filter_map(|id| terms.samples.iter().find(|s| s.id == *id));
        let shown: Vec<Shown<'_>> = samples
            .map(|sample| Shown {
                skill: &sample.skill,
                id: None,
                issuer: sample.issuer,
                issuer_name: sample.issuer_name.as_ref().map(Line::as_str),
                issued: sample.issued,
                accredited_from: sample.accredited_from,
                accredited_until: sample.accredited_until,
            })
            .collect();
        let evidence = Evidence { shown: &shown, birth_date: self.birth_date };
        let question = Question {
            destination: self.destination,
            occupation: self.occupation,
            purpose: self.purpose,
            today: self.today,
        };
        let ground =
            Ground { terms, digest: None, signatures: Signatures::NotChecked, ended: None };
        recognise(&evidence, &question, &[ground])
    }

    /// Returns how the answer differs from the one that is to be given.
    fn mismatch(&self, terms: &RecognitionTerms) -> Option<Mismatch> {
        let answer = self.answer(terms);
        let best = answer.routes.first();
        let mut missing: Vec<EvidenceKind> =
            best.iter().flat_map(|route| &route.missing).map(|missing| missing.evidence).collect();
        missing.sort_unstable();
        let with = |status: Status| -> Vec<Line> {
            let conditions = best.iter().flat_map(|route| &route.conditions);
            conditions.filter(|c| c.status == status).map(|c| c.condition.id.clone()).collect()
        };
        let found = (answer.outcome, missing, with(Status::NotMet), with(Status::NotShown));
        let expected =
            (self.outcome, self.missing.clone(), self.not_met.clone(), self.not_shown.clone());
        (found != expected).then(|| Mismatch { case: self.id.clone(), expected, found })
    }
}

/// Answers every case of an agreement, and returns those that come out otherwise than it says.
pub fn check_cases(terms: &RecognitionTerms) -> Vec<Mismatch> {
    terms.cases.iter().filter_map(|case| case.mismatch(terms)).collect()
}
