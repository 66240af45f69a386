//! The verifier's rules: `trust.toml`.
//!
//! ```toml
//! version = 1
//! audience = "https://employer.example"   # who you are; a presentation is made for this name
//! accept = "live"                         # or "prepared": copies, to be compared with an identity document
//! view_age = "24h"                        # how old what is known of a log may be
//! clock_skew = 300                        # by how many seconds clocks may differ, at most 300
//!
//! [[trust_anchor]]
//! did = "did:carnet:..."
//! name = "Ministry of Labour"
//! purposes = ["skill"]
//!
//! [witnesses]                             # else those that agreements and trust anchors name
//! dids = ["did:carnet:...", "did:carnet:..."]
//! quorum = 2
//! ```
//!
//! An unknown key is a mistake, and a rule that is missing refuses.

use crate::error::CliError;
use crate::files;
use crate::forms::{self, FromText, In, all, broken, not};
use carnet_proto::id::Did;
use carnet_proto::ledger::WitnessPolicy;
use carnet_proto::profile::CLOCK_SKEW;
use carnet_proto::statement::profile::MAX_WITNESSES;
use carnet_proto::text::Line;
use carnet_proto::verify::policy::{Accept, IssuedNonce, Policy, TrustAnchor, TrustPurpose};
use serde::Deserialize;
use std::path::Path;

/// Longest age of a view that a policy may allow, in seconds: 90 days.
const MAX_VIEW_AGE: u64 = 90 * 86_400;

/// Which presentations are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// Answers to a challenge.
    Live,
    /// Copies made beforehand.
    Prepared,
}

impl FromText for Accepts {
    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "live" => Ok(Self::Live),
            "prepared" => Ok(Self::Prepared),
            _ => Err(not(text, "\"live\" or \"prepared\"")),
        }
    }
}

struct Purpose(TrustPurpose);

impl FromText for Purpose {
    fn from_text(text: &str) -> Result<Self, String> {
        TrustPurpose::from_name(text)
            .map(Self)
            .ok_or_else(|| not(text, "a purpose: \"skill\" or \"contribution\""))
    }
}

/// A length of time: a number and `s`, `m`, `h` or `d`.
struct Seconds(u64);

impl FromText for Seconds {
    fn from_text(text: &str) -> Result<Self, String> {
        let wrong = || not(text, "a length of time such as 24h, 90m or 7d");
        let (number, unit) = text.split_at(text.len().saturating_sub(1));
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        match number.checked_mul(unit) {
            Some(seconds) if (1..=MAX_VIEW_AGE).contains(&seconds) => Ok(Self(seconds)),
            _ => Err(not(text, "between 1s and 90d")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustForm {
    #[serde(deserialize_with = "forms::version_one")]
    #[expect(dead_code, reason = "read to be checked")]
    version: (),
    audience: In<Line>,
    accept: In<Accepts>,
    view_age: In<Seconds>,
    clock_skew: u64,
    #[serde(default)]
    trust_anchor: Vec<AnchorForm>,
    witnesses: Option<WitnessesForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnchorForm {
    did: In<Did>,
    name: In<Line>,
    purposes: Vec<In<Purpose>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessesForm {
    dids: Vec<In<Did>>,
    quorum: u8,
}

/// The rules as the file states them.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Who the verifier is.
    pub audience: Line,
    /// Which presentations are accepted.
    pub accepts: Accepts,
    /// How old a view may be, in seconds.
    pub view_age: u64,
    /// By how many seconds clocks may differ.
    pub clock_skew: u64,
    /// Where trust starts.
    pub anchors: Vec<TrustAnchor>,
    /// Witnesses to rely on, rather than those that are named.
    pub witnesses: Option<WitnessPolicy>,
}

impl Rules {
    /// Returns the policy for one verification. `nonces` are those handed out; they matter for live
    /// answers.
    pub fn policy(&self, nonces: Vec<IssuedNonce>) -> Policy {
        Policy {
            trust_anchors: self.anchors.clone(),
            audience: self.audience.to_string(),
            accept: match self.accepts {
                Accepts::Live => Accept::Live(nonces),
                Accepts::Prepared => Accept::Prepared,
            },
            witnesses: self.witnesses.clone(),
            view_age: self.view_age,
            clock_skew: self.clock_skew,
        }
    }
}

/// Reads the rules.
///
/// # Errors
/// `policy-missing`, those of reading a form, or `form-rule`.
pub fn read(path: &Path) -> Result<Rules, CliError> {
    parse(path, &read_text(path)?)
}

/// Reads the rules as text.
///
/// # Errors
/// `policy-missing`, or those of reading.
pub fn read_text(path: &Path) -> Result<String, CliError> {
    files::read_text(path, forms::MAX_FORM_BYTES).map_err(|error| match error.code() {
        "file-missing" => CliError::input("policy-missing")
            .arg("file", path.display().to_string())
            .hint("policy-missing"),
        _ => error,
    })
}

/// Reads rules that are in memory; `path` is for the error only.
///
/// # Errors
/// `form` with the place, or `form-rule`.
pub fn parse(path: &Path, text: &str) -> Result<Rules, CliError> {
    let form: TrustForm = forms::parse_toml(path, text)?;
    let broken = |reason: &str| Err(broken(path, reason));
    if form.clock_skew > CLOCK_SKEW {
        return broken("clock_skew is at most 300");
    }
    let anchors: Vec<TrustAnchor> = form
        .trust_anchor
        .into_iter()
        .map(|anchor| TrustAnchor {
            did: anchor.did.0,
            name: anchor.name.0,
            purposes: all(anchor.purposes).into_iter().map(|Purpose(purpose)| purpose).collect(),
        })
        .collect();
    let mut dids: Vec<_> = anchors.iter().map(|anchor| anchor.did).collect();
    dids.sort_unstable();
    if dids.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return broken("a trust anchor stands there twice");
    }
    let witnesses = match form.witnesses {
        None => None,
        Some(witnesses) => {
            let mut dids = all(witnesses.dids);
            dids.sort_unstable();
            dids.dedup();
            let quorum = usize::from(witnesses.quorum);
            if !(1..=dids.len().min(MAX_WITNESSES)).contains(&quorum) {
                return broken("the quorum is at least 1 and at most the number of witnesses");
            }
            Some(WitnessPolicy { witnesses: dids, quorum: witnesses.quorum })
        }
    };
    Ok(Rules {
        audience: form.audience.0,
        accepts: form.accept.0,
        view_age: form.view_age.0.0,
        clock_skew: form.clock_skew,
        anchors,
        witnesses,
    })
}

/// Returns rules without trust anchors, as text with comments.
pub fn template(audience: &str) -> String {
    format!(
        "# The rules by which `carnet verify` answers. What is missing here refuses.\n\
         version = 1\n\
         # Who you are, such as your web address: presentations are made for this name.\n\
         audience = {}\n\
         # \"live\": answers to your own challenge. \"prepared\": copies, to be compared with an\n\
         # identity document.\n\
         accept = \"live\"\n\
         # How old what is known of a log may be.\n\
         view_age = \"24h\"\n\
         # By how many seconds clocks may differ, at most 300.\n\
         clock_skew = 300\n",
        quoted(audience)
    )
}

/// Returns the rules with one more trust anchor at their end; all else stays as it is.
pub fn with_anchor(text: &str, did: &Did, name: &Line, purposes: &[TrustPurpose]) -> String {
    let gap = if text.is_empty() || text.ends_with('\n') { "\n" } else { "\n\n" };
    let purposes: Vec<_> = purposes.iter().map(|one| quoted(one.name())).collect();
    format!(
        "{text}{gap}[[trust_anchor]]\ndid = \"{did}\"\nname = {}\npurposes = [{}]\n",
        quoted(name.as_str()),
        purposes.join(", ")
    )
}

/// Returns the rules with witnesses of the verifier's own choice.
pub fn with_witnesses(text: &str, witnesses: &[Did], quorum: u8) -> String {
    let list: String = witnesses.iter().map(|did| format!("  \"{did}\",\n")).collect();
    format!("{text}\n[witnesses]\ndids = [\n{list}]\nquorum = {quorum}\n")
}

/// Returns the rules without a trust anchor; all else stays as it is. `None` if it cannot be found
/// as a block of its own.
pub fn without_anchor(text: &str, did: &Did) -> Option<String> {
    let wanted = format!("\"{did}\"");
    let is_header = |line: &str| line.trim_start().starts_with('[') && !line.contains('"');
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let starts: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.trim().starts_with("[[trust_anchor]]"))
        .map(|(index, _)| index)
        .collect();
    for start in starts {
        let rest = lines.get(start + 1..)?;
        let length = rest.iter().position(|line| is_header(line)).unwrap_or(rest.len());
        let block = rest.get(..length)?;
        let is_it = |line: &&&str| line.trim_start().starts_with("did") && line.contains(&wanted);
        if block.iter().find(is_it).is_some() {
            let before = lines.get(..start)?.concat();
            let after = rest.get(length..)?.concat();
            return Some(
                before.trim_end().to_owned()
                    + "\n"
                    + if after.is_empty() { "" } else { "\n" }
                    + &after,
            );
        }
    }
    None
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests;
