//! What a credential attests: one claim, by the credential's type.

use super::contribution::{self, Contribution};
use super::disclosure::Node;
use super::skill::{self, Skill};
use crate::cbor::{CborError, Value};
use crate::profile::{VCT_CONTRIBUTION, VCT_SKILL, claim};
use crate::statement::accreditation::Scope;

/// What a credential attests.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attested {
    /// What somebody can do: `urn:carnet:skill:1`.
    Skill(Skill),
    /// A period under a State's law: `urn:carnet:contribution:1`.
    Contribution(Contribution),
}

impl From<Skill> for Attested {
    fn from(skill: Skill) -> Self {
        Self::Skill(skill)
    }
}

impl From<&Skill> for Attested {
    fn from(skill: &Skill) -> Self {
        Self::Skill(skill.clone())
    }
}

impl From<&Contribution> for Attested {
    fn from(contribution: &Contribution) -> Self {
        Self::Contribution(contribution.clone())
    }
}

impl From<Contribution> for Attested {
    fn from(contribution: Contribution) -> Self {
        Self::Contribution(contribution)
    }
}

impl Attested {
    /// Returns the skill attestation, if it is one.
    pub fn skill(&self) -> Option<&Skill> {
        match self {
            Self::Skill(skill) => Some(skill),
            Self::Contribution(_) => None,
        }
    }

    /// Returns the contribution attestation, if it is one.
    pub fn contribution(&self) -> Option<&Contribution> {
        match self {
            Self::Skill(_) => None,
            Self::Contribution(contribution) => Some(contribution),
        }
    }

    /// Returns the credential type.
    pub fn credential_type(&self) -> &'static str {
        match self {
            Self::Skill(_) => VCT_SKILL,
            Self::Contribution(_) => VCT_CONTRIBUTION,
        }
    }

    /// Returns the key of the claim that holds it.
    pub(super) fn claim(&self) -> i64 {
        match self {
            Self::Skill(_) => claim::SKILL,
            Self::Contribution(_) => claim::CONTRIBUTION,
        }
    }

    /// Returns the claim before issuance, with its redactable parts marked.
    pub(super) fn node(&self) -> Result<Node, CborError> {
        match self {
            Self::Skill(skill) => skill.node(),
            Self::Contribution(contribution) => contribution.node(),
        }
    }

    /// Returns what accreditations have to cover.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Skill(skill) => skill.scope(),
            Self::Contribution(contribution) => contribution.scope(),
        }
    }
}

/// Returns the name of a redactable entry in the claim under this key.
pub fn entry_name(outer: &Value, key: &Value) -> Option<&'static str> {
    let is = |claim: i64| *outer == Value::Int(claim.into());
    if is(claim::SKILL) {
        skill::entry_name(key)
    } else if is(claim::CONTRIBUTION) {
        contribution::entry_name(key)
    } else {
        None
    }
}
