//! What a verifier demands. A rule that is missing refuses; none is skipped by leaving it out.

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::Did;
use crate::ledger::WitnessPolicy;
use crate::profile::{VCT_CONTRIBUTION, VCT_SKILL};
use crate::text::Line;
use crate::time::UnixSeconds;

/// What a trust anchor is trusted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrustPurpose {
    /// Skill attestations.
    Skill,
    /// Contribution attestations.
    Contribution,
}

impl TrustPurpose {
    /// Every purpose.
    pub const ALL: &[Self] = &[Self::Skill, Self::Contribution];

    /// Returns what a credential of a type has to be vouched for by; `None` for an unknown type.
    pub fn of_type(credential_type: &str) -> Option<Self> {
        match credential_type {
            VCT_SKILL => Some(Self::Skill),
            VCT_CONTRIBUTION => Some(Self::Contribution),
            _ => None,
        }
    }

    /// Returns the name used in files, reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Skill => "skill",
            Self::Contribution => "contribution",
        }
    }

    /// Returns the purpose with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|purpose| purpose.name() == name)
    }
}

/// An institution from which a verifier starts. It never comes with a presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchor {
    /// The institution.
    pub did: Did,
    /// The name that the verifier gives it.
    pub name: Line,
    /// What it is trusted for.
    pub purposes: Vec<TrustPurpose>,
}

/// A nonce that this verifier has handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedNonce {
    /// The nonce.
    pub nonce: Vec<u8>,
    /// Until when an answer is accepted.
    pub expires_at: UnixSeconds,
    /// Whether it has been answered already.
    pub used: bool,
}

/// Which presentations are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Only answers to one of these challenges.
    Live(Vec<IssuedNonce>),
    /// Only copies made beforehand.
    Prepared,
}

/// A verifier's policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Where trust starts.
    pub trust_anchors: Vec<TrustAnchor>,
    /// The verifier's own name in presentations.
    pub audience: String,
    /// Live answers or prepared copies.
    pub accept: Accept,
    /// Witnesses to rely on; absent: those that agreements and trust anchors name.
    pub witnesses: Option<WitnessPolicy>,
    /// How old, in seconds, a view of a log may be.
    pub view_age: u64,
    /// By how many seconds clocks may differ; at most [`crate::profile::CLOCK_SKEW`].
    pub clock_skew: u64,
}
