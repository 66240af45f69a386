//! The machine-readable text of an agreement on the recognition of skills.

use alloc::vec::Vec;

use super::case::{MAX_CASES, MAX_SAMPLES, RecognitionCase, SampleAttestation};
use super::compensation::CompensationRules;
use super::condition::{Condition, MAX_CONDITIONS};
use super::level::{HostRequirement, LevelRow, MAX_LEVEL_ROWS, MAX_REQUIREMENTS};
use super::span::TimeSpan;
use super::title::{MAX_TITLE_ROWS, TitleRow};
use crate::cbor::{codes, record};
use crate::classification::{Country, Occupation};
use crate::credential::skill::ClaimType;
use crate::id::Did;
use crate::statement::accreditation::{LevelRange, MAX_CODES};
use crate::statement::agreement::{MAX_PARTIES, SourceText};
use crate::statement::profile::Role;
use crate::text::{Line, MAX_NAMES, Name};
use crate::time::Date;

/// Most entries in one list of a scope.
pub const MAX_SCOPE: usize = 64;
/// Most issuers that a scope accepts.
pub const MAX_ISSUERS: usize = 128;
/// Most documents that a procedure asks for.
pub const MAX_DOCUMENTS: usize = 32;

codes! {
    /// What a rule rests on.
    pub enum Basis {
        /// The text that is cited.
        Source = 1, "source";
        /// General knowledge: to be compared with the text before anybody relies on it.
        GeneralKnowledge = 2, "general-knowledge";
        /// Made up, to show how a rule is written.
        Fictitious = 3, "fictitious";
    }
}

record! {
    /// Where a rule stands.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Citation {
        /// The text and its article.
        text [1]: Line,
        /// What the rule rests on.
        basis [2]: Basis,
    }
}

codes! {
    /// For what somebody wants to be recognised.
    pub enum MobilityPurpose {
        /// To settle and work there.
        Establishment = 1, "establishment";
        /// To serve there for a time.
        TemporaryService = 2, "temporary-service";
    }
}

codes! {
    /// What becomes of qualifications awarded before an agreement ended.
    pub enum Acquired {
        /// They are still judged by it.
        Stays = 1, "stays";
        /// It no longer helps them.
        Ends = 2, "ends";
    }
}

codes! {
    /// Who pays a fee.
    pub enum Payer {
        /// The worker.
        Worker = 1, "worker";
        /// The employer.
        Employer = 2, "employer";
        /// The State.
        State = 3, "state";
        /// Nobody: there is no fee.
        Nobody = 4, "nobody";
    }
}

record! {
    /// The most that a procedure may cost.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct FeeLimit {
        /// The amount, in whole units of the currency.
        amount [1]: u32,
        /// The currency, three capital letters of ISO 4217.
        currency [2]: Line,
        /// Who pays it.
        payer [3]: Payer,
    }
    check |fee| {
        let code = fee.currency.as_str();
        if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
            Err("a currency is three capital letters")
        } else if fee.payer == Payer::Nobody && fee.amount > 0 {
            Err("a fee that nobody pays is zero")
        } else {
            Ok(())
        }
    }
}

record! {
    /// How one applies in the country of a party.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Procedure {
        /// The competent body.
        body [1]: Line,
        /// Its identifier, if it has a log.
        #[serde(skip_serializing_if = "Option::is_none")]
        did [2]: Option<Did>,
        /// Documents that may be asked for.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        documents [3; ..MAX_DOCUMENTS]: Vec<Line>,
        /// By when it says that it has the application, and what is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        acknowledgement [4]: Option<TimeSpan>,
        /// By when it decides.
        #[serde(skip_serializing_if = "Option::is_none")]
        decision [5]: Option<TimeSpan>,
        /// What it may cost at most.
        #[serde(skip_serializing_if = "Option::is_none")]
        fee [6]: Option<FeeLimit>,
        /// Where to appeal.
        #[serde(skip_serializing_if = "Option::is_none")]
        appeal [7]: Option<Line>,
        /// How the parties tell each other that somebody may no longer work.
        #[serde(skip_serializing_if = "Option::is_none")]
        alert [8]: Option<Line>,
        /// Where this stands.
        source [9]: Citation,
    }
}

record! {
    /// A party as far as recognition goes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecognitionParty {
        /// Its country.
        country [1]: Country,
        /// The region, where not the whole country is bound.
        region [2]: Option<Line>,
        /// The authority that concluded it.
        authority [3]: Line,
        /// The professional body.
        professional_body [4]: Option<Line>,
        /// The first day on which it binds this party.
        from [5]: Date,
        /// The last one; absent: no end is stated.
        until [6]: Option<Date>,
        /// How one applies there.
        procedure [7]: Option<Procedure>,
    }
    check |p| match p.until {
        Some(until) if until < p.from => Err("the last day lies before the first"),
        _ => Ok(()),
    }
}

record! {
    /// What an occupation is called in one country.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct NationalTitle {
        /// The country.
        country [1]: Country,
        /// The title.
        title [2]: Line,
    }
}

record! {
    /// An issuer whose attestations count, and when they had to be awarded. It is found by its identifier;
    /// one without, by the name that accreditations give it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AcceptedIssuer {
        /// Its country.
        country [1]: Country,
        /// The name it goes by.
        name [2]: Line,
        /// Its identifier.
        did [3]: Option<Did>,
        /// The first day of award.
        from [4]: Option<Date>,
        /// The last day of award.
        until [5]: Option<Date>,
        /// Occupations for which it counts; none: all of the scope.
        occupations [6; ..MAX_CODES]: Vec<Occupation>,
    }
}

record! {
    /// What an agreement is about. A code covers every code that begins with it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecognitionScope {
        /// Occupations of ISCO-08.
        occupations [1; ..MAX_CODES]: Vec<Occupation>,
        /// Occupations of ESCO, as URIs; an attestation that names another is outside. None: any.
        esco [2; ..MAX_SCOPE]: Vec<Line>,
        /// What the occupations are called nationally.
        national_titles [3; ..MAX_CODES]: Vec<NationalTitle>,
        /// Whether only occupations that the host regulates (true), or does not (false), are meant.
        regulated [4]: Option<bool>,
        /// Sectors.
        sectors [5; ..MAX_SCOPE]: Vec<Line>,
        /// Activities that are left out, in words.
        excluded [6; ..MAX_SCOPE]: Vec<Line>,
        /// Occupations that are left out.
        excluded_occupations [7; ..MAX_CODES]: Vec<Occupation>,
        /// Purposes; none: every one.
        purposes [8; ..2]: Vec<MobilityPurpose>,
        /// Levels of the attestation, by framework; none: every one.
        levels [9; ..MAX_SCOPE]: Vec<LevelRange>,
        /// Claims that may be mapped; none: a qualification, or the outcome of recognition of prior
        /// learning.
        claims [10; ..8]: Vec<ClaimType>,
        /// Issuers that are accepted; none: every issuer that verification reached.
        issuers [11; ..MAX_ISSUERS]: Vec<AcceptedIssuer>,
        /// Where this stands.
        source [12]: Citation,
    }
    check |s| if s.occupations.is_empty() {
        Err("a scope names at least one occupation")
    } else {
        Ok(())
    }
}

record! {
    /// Who looks after an agreement.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Supervision {
        /// The joint committee.
        committee [1]: Option<Line>,
        /// When the text is looked at again.
        review [2]: Option<Date>,
        /// When a recognition is withdrawn.
        withdrawal [3]: Option<Line>,
        /// Who settles disputes.
        dispute [4]: Option<Line>,
    }
}

record! {
    /// Which signatures make the agreement effective, beyond those that must be there.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SigningRule {
        /// The roles that sign on each side: ministry, union, employers' body.
        roles [1; ..8]: Vec<Role>,
        /// How many of these roles have to have signed on a side.
        at_least [2]: u8,
        /// How many sides have to have signed so; absent: both that the question is about.
        parties [3]: Option<u16>,
    }
    check |rule| if rule.at_least == 0 || usize::from(rule.at_least) > rule.roles.len() {
        Err("a threshold lies between one and the number of roles")
    } else {
        Ok(())
    }
}

record! {
    /// An agreement on the recognition of skills, as a program can follow it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecognitionTerms {
        /// Its name in files and on the command line: lower-case letters, digits and hyphens.
        id [1]: Line,
        /// The version of the text.
        version [2]: Line,
        /// Titles by language.
        titles [3; ..MAX_NAMES]: Vec<Name>,
        /// The texts for people that this restates.
        texts [4; ..MAX_NAMES]: Vec<SourceText>,
        /// The parties.
        parties [5; ..MAX_PARTIES]: Vec<RecognitionParty>,
        /// What it is about.
        scope [6]: RecognitionScope,
        /// What host countries demand of those who do not come by a title.
        requirements [7; ..MAX_REQUIREMENTS]: Vec<HostRequirement>,
        /// Levels that correspond.
        levels [8; ..MAX_LEVEL_ROWS]: Vec<LevelRow>,
        /// Titles that correspond.
        title_rows [9; ..MAX_TITLE_ROWS]: Vec<TitleRow>,
        /// Conditions.
        conditions [10; ..MAX_CONDITIONS]: Vec<Condition>,
        /// What may be asked for to make up for differences.
        compensation [11]: Option<CompensationRules>,
        /// What becomes of what was awarded before the end.
        acquired [12]: Acquired,
        /// Who looks after it.
        supervision [13]: Option<Supervision>,
        /// Which signatures make it effective.
        signing [14]: Option<SigningRule>,
        /// Attestations that the cases use.
        samples [15; ..MAX_SAMPLES]: Vec<SampleAttestation>,
        /// Cases that every engine has to answer alike.
        cases [16; ..MAX_CASES]: Vec<RecognitionCase>,
    }
    check |terms| terms.check()
}

impl RecognitionTerms {
    fn check(&self) -> Result<(), &'static str> {
        let id = self.id.as_str();
        let in_id = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !id.bytes().all(in_id) || id.starts_with('-') || id.ends_with('-') {
            return Err("an id is lower-case letters, digits and inner hyphens");
        }
        if self.titles.is_empty() {
            return Err("an agreement has a title");
        }
        if self.parties.len() < 2 {
            return Err("an agreement has at least two parties");
        }
        if has_twice(self.parties.iter().map(|party| (party.country, &party.region))) {
            return Err("a party is named twice");
        }
        if has_twice(self.conditions.iter().map(|condition| &condition.id)) {
            return Err("two conditions have one id");
        }
        if self.title_rows.is_empty() && self.requirements.is_empty() {
            return Err("an agreement has title rows, or says what host countries demand");
        }
        self.check_names()
    }

    /// Checks that rows speak of parties, and cases of samples.
    fn check_names(&self) -> Result<(), &'static str> {
        let is_party = |country: &Country| self.parties.iter().any(|p| p.country == *country);
        let rows = self.title_rows.iter().flat_map(|row| row.home.iter().chain(&row.host));
        let hosts = self.requirements.iter().map(|requirement| &requirement.host);
        let conditions = self.conditions.iter().flat_map(|c| c.hosts.iter().chain(&c.homes));
        if !rows.chain(hosts).chain(conditions).all(is_party) {
            return Err("a row or a condition names a country that is no party");
        }
        let issuers = self.scope.issuers.iter().map(|issuer| &issuer.country);
        let titles = self.scope.national_titles.iter().map(|title| &title.country);
        if !issuers.chain(titles).all(is_party) {
            return Err("the scope names an issuer or a title of a country that is no party");
        }
        if has_twice(self.samples.iter().map(|sample| &sample.id)) {
            return Err("two samples have one id");
        }
        if has_twice(self.cases.iter().map(|case| &case.id)) {
            return Err("two cases have one id");
        }
        let mut shown = self.cases.iter().flat_map(|case| &case.show);
        if !shown.all(|id| self.samples.iter().any(|sample| sample.id == *id)) {
            return Err("a case shows a sample that is not there");
        }
        Ok(())
    }

    /// Returns the entry of a country, one that covers all of it first.
    pub fn party(&self, country: Country) -> Option<&RecognitionParty> {
        let mut all = self.parties.iter().filter(|party| party.country == country);
        let whole = all.clone().find(|party| party.region.is_none());
        whole.or_else(|| all.next())
    }
}

/// Tells whether something occurs twice.
fn has_twice<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}
