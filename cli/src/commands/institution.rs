//! `carnet follow`, `accredit`, `withdraw` and `succeed`: what an institution says and reads.

use super::{Context, agreed, did, operate};
use crate::args::institution as args;
use crate::error::{Answer, CliError};
use crate::forms::agreement::validity;
use crate::forms::{FromText, grant};
use crate::http::Client;
use crate::ledger;
use crate::progress;
use crate::render::time;
use crate::text::Args;
use carnet_proto::cbor::{Decode as _, Encode};
use carnet_proto::id::{Did, Digest, LeafIndex};
use carnet_proto::ledger::{Held, joined_state};
use carnet_proto::statement::accreditation::{Accreditation, Withdrawal};
use carnet_proto::statement::identity::Succession;
use carnet_proto::statement::standing::State;
use carnet_proto::text::Line;
use carnet_proto::time::{Date, UnixSeconds};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How often it is looked how far a log was copied.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// What a node says about the institution that is operated.
#[derive(Debug, Deserialize, Serialize)]
pub struct Operated {
    /// Its identifier; none on a node without a log.
    pub did: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// The answer to a statement that was handed in.
#[derive(Debug, Deserialize, Serialize)]
pub struct Appended {
    /// Its digest.
    pub digest: String,
    /// Its leaf.
    pub leaf: u64,
    /// The size of the log with it.
    pub size: u64,
}

/// A node that is operated, and the institution that is acted for.
pub struct Operator {
    /// The node.
    pub client: Client,
    as_did: Option<String>,
}

impl Operator {
    /// Reaches for a node with its token.
    ///
    /// # Errors
    /// As [`operate`], or `did`.
    pub fn of(node: &crate::args::Operate) -> Result<Self, CliError> {
        let as_did = node.institution.as_deref().map(did).transpose()?;
        Ok(Self { client: operate(node)?, as_did: as_did.map(|did| did.to_string()) })
    }

    /// Acts for the one institution of a node, with a client that has its token.
    pub const fn at(client: Client) -> Self {
        Self { client, as_did: None }
    }

    /// Returns a path of the operator's interface with the institution in it.
    pub fn path(&self, path: &str) -> String {
        match &self.as_did {
            None => path.to_owned(),
            Some(did) => {
                let mark = if path.contains('?') { '&' } else { '?' };
                format!("{path}{mark}as={did}")
            }
        }
    }

    /// Asks how the institution is.
    ///
    /// # Errors
    /// Those of the client.
    pub fn status(&self) -> Result<Operated, CliError> {
        self.client.get_json(&self.path("/operator/v1/status"))
    }

    /// Returns the institution that is acted for.
    ///
    /// # Errors
    /// Those of the client, or `node-answer`.
    pub fn did(&self) -> Result<Did, CliError> {
        let status = self.status()?;
        let holder = status.rest.get("standby_for").and_then(serde_json::Value::as_str);
        let did = status.did.ok_or_else(|| {
            let error = match holder {
                Some(holder) => CliError::network("node-stands-by")
                    .arg("holder", holder.to_owned())
                    .hint("node-stands-by"),
                None => CliError::usage("no-institution"),
            };
            error.arg("url", self.client.address().to_owned())
        })?;
        Did::parse(&did).map_err(|error| ledger::answer(&self.client, &error.to_string()))
    }

    /// Hands in a statement.
    ///
    /// # Errors
    /// Those of the client.
    pub fn append(&self, kind: &str, body: &impl Encode) -> Result<Appended, CliError> {
        let path = self.path(&format!("/operator/v1/statements/{kind}"));
        self.client.post_cbor_for_json(&path, &body.to_cbor())
    }
}

/// Says that a statement stands in the log.
///
/// # Errors
/// Those of writing.
pub fn appended(
    appended: &Appended,
    id: &str,
    args: Args,
    context: &mut Context,
) -> Result<Answer, CliError> {
    if context.out.is_json() {
        let Appended { digest, leaf, size } = appended;
        context.out.json(&json!({ "version": 1, "digest": digest, "leaf": leaf, "size": size }))?;
    } else {
        let args = args.with("digest", appended.digest.clone()).with("leaf", appended.leaf);
        let text = context.texts.get(id, &args);
        context.out.line(text)?;
    }
    Ok(Answer::Yes)
}

/// Lets the node replicate a log.
///
/// # Errors
/// Those of the client, or `did`.
pub fn follow(args: &args::Follow, context: &mut Context) -> Result<Answer, CliError> {
    #[derive(Deserialize)]
    struct Follows {
        follows: Vec<String>,
    }
    let wanted = did(&args.did)?;
    let operator = Operator::of(&args.node)?;
    let path = operator.path("/operator/v1/follows");
    if args.stop {
        operator.client.delete(&operator.path(&format!("/operator/v1/follows?did={wanted}")))?;
    } else {
        let body = json!({ "did": wanted, "addresses": args.addresses });
        operator.client.post_json::<Follows>(&path, &body)?;
    }
    let answer: Follows = operator.client.get_json(&path)?;
    let size = if args.wait { Some(until_copied(&operator, &wanted, context)?) } else { None };
    if context.out.is_json() {
        let follows = answer.follows;
        context.out.json(&match size {
            Some(size) => json!({ "version": 1, "follows": follows, "size": size }),
            None => json!({ "version": 1, "follows": follows }),
        })?;
    } else {
        let [followed, unfollowed] = crate::text_ids!["followed", "unfollowed"];
        let id = if args.stop { unfollowed } else { followed };
        let args = Args::new().with("did", wanted.to_string()).with("count", answer.follows.len());
        context.say(id, &args)?;
        if let Some(size) = size {
            context.say("follow-copied", &Args::new().with("size", size))?;
        }
    }
    Ok(Answer::Yes)
}

/// Shows how a log is copied until the node holds all of it that is known. Returns its entries.
fn until_copied(operator: &Operator, wanted: &Did, context: &Context) -> Result<u64, CliError> {
    #[derive(Deserialize)]
    struct Status {
        logs: Vec<Log>,
    }
    #[derive(Deserialize)]
    struct Log {
        did: String,
        size: u64,
        lag: u64,
    }
    let (path, wanted) = (operator.path("/operator/v1/status"), wanted.to_string());
    let copying = progress::Copying::alone(context.texts.plain("progress-follow"));
    loop {
        let Status { logs } = operator.client.get_json(&path)?;
        if let Some(log) = logs.iter().find(|log| log.did == wanted) {
            copying.show(log.size, log.lag);
            if log.lag == 0 {
                copying.end();
                return Ok(log.size);
            }
        }
        std::thread::sleep(LOOK);
    }
}

/// Accredits a body.
///
/// # Errors
/// Those of the form and the client.
pub fn accredit(args: args::Accredit, context: &mut Context) -> Result<Answer, CliError> {
    if args.template {
        context.out.line(grant::TEMPLATE.trim_end())?;
        return Ok(Answer::Yes);
    }
    let (Some(subject), Some(name), Some(path)) = (args.subject, args.name, args.grant) else {
        // The argument parser asks for all three.
        return Err(CliError::bug("arguments"));
    };
    let now = context.now();
    let from = day(args.from.as_deref())?.unwrap_or_else(|| now.date());
    let until = day(args.until.as_deref())?;
    let accreditation = Accreditation {
        subject: did(&subject)?,
        name: line(&name)?,
        grants: grant::read(&path)?,
        may_accredit: args.may_accredit,
        validity: validity(from, until),
        legal_basis: args.legal_basis.as_deref().map(line).transpose()?,
        appeal_body: args.appeal.as_deref().map(line).transpose()?,
    };
    Accreditation::from_cbor(&accreditation.to_cbor())
        .map_err(|cause| CliError::usage("statement-rule").caused_by(cause))?;
    let operator = Operator::of(&args.node)?;
    let done = operator.append("accreditation", &accreditation)?;
    crate::uses_texts!["accredited"];
    appended(&done, "accredited", Args::new().with("name", name), context)
}

/// Withdraws an accreditation.
///
/// # Errors
/// `digest-unknown` or `digest-ambiguous`, `withdrawn-already`, and those of the client.
pub fn withdraw(args: &args::Withdraw, context: &mut Context) -> Result<Answer, CliError> {
    let operator = Operator::of(&args.node)?;
    let own = operator.did()?;
    let log = ledger::fetch_one(&operator.client, &own)?;
    let view = log.view();
    let found: Vec<(Digest, &Held, &Accreditation)> = view
        .accreditations()
        .filter(|(digest, ..)| digest.to_string().starts_with(&args.target))
        .map(|(digest, held, accreditation)| (*digest, held, accreditation))
        .collect();
    let digests = found.iter().map(|(digest, ..)| *digest);
    let target = only_one(&args.target, digests)?;
    let Some((_, held, accreditation)) = found.first() else {
        return Err(CliError::bug("arguments"));
    };
    let effective = match day(args.effective.as_deref())? {
        Some(day) => day.start(),
        None => context.now(),
    };
    let retroactive = args.retroactive;
    refuse_if_known(&held.state, effective, retroactive)?;
    let withdrawal = Withdrawal { target, effective, reason: args.reason, retroactive };
    Withdrawal::from_cbor(&withdrawal.to_cbor())
        .map_err(|cause| CliError::usage("statement-rule").caused_by(cause))?;
    let done = operator.append("withdrawal", &withdrawal)?;
    let args =
        Args::new().with("name", accreditation.name.to_string()).with("effective", time(effective));
    crate::uses_texts!["withdrawn"];
    appended(&done, "withdrawn", args, context)
}

/// States the end of an institution.
///
/// # Errors
/// `day`, `did`, `succeed-future`, `succeed-unconfirmed`, and those of the client.
pub fn succeed(args: &args::Succeed, context: &mut Context) -> Result<Answer, CliError> {
    let closed = day(Some(&args.closed))?.ok_or_else(|| CliError::bug("arguments"))?;
    if closed > context.now().date() {
        return Err(CliError::usage("succeed-future").arg("day", args.closed.clone()));
    }
    let successor = args.successor.as_deref().map(did).transpose()?;
    let operator = Operator::of(&args.node)?;
    let own = operator.did()?;
    let institution = args.closing.as_deref().map(did).transpose()?.unwrap_or(own);
    let values = Args::new()
        .with("did", institution.to_string())
        .with("closed", args.closed.clone())
        .with("successors", u32::from(successor.is_some()))
        .with("successor", successor.map(|did| did.to_string()).unwrap_or_default());
    if !args.yes {
        if institution == own {
            context.note("succeed-own", &values);
        }
        if !agreed("succeed-confirm", context)? {
            return Err(CliError::usage("succeed-unconfirmed").hint("succeed-unconfirmed"));
        }
    }
    let succession = Succession { institution, closed: closed.start(), successor };
    Succession::from_cbor(&succession.to_cbor())
        .map_err(|cause| CliError::usage("statement-rule").caused_by(cause))?;
    let done = operator.append("succession", &succession)?;
    crate::uses_texts!["succeeded", "succeed-confirm"];
    appended(&done, "succeeded", values, context)
}

/// Refuses a withdrawal that says nothing more than what is known already.
fn refuse_if_known(
    known: &State,
    effective: UnixSeconds,
    retroactive: bool,
) -> Result<(), CliError> {
    // At which leaf it is said makes it no stricter.
    let new = State::Withdrawn { effective, by: LeafIndex(0), retroactive };
    match *known {
        State::Withdrawn { effective, .. } if joined_state(known, &new).is_none() => {
            Err(CliError::usage("withdrawn-already").arg("effective", time(effective)))
        }
        // What is void the node refuses.
        _ => Ok(()),
    }
}

/// Chooses the one digest that begins as named.
///
/// # Errors
/// `digest-unknown` or `digest-ambiguous`.
pub fn only_one(
    named: &str,
    mut digests: impl Iterator<Item = Digest>,
) -> Result<Digest, CliError> {
    let refused = |code| CliError::usage(code).arg("digest", named.to_owned()).hint("digest");
    if named.len() < 4 || !named.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refused("digest-short"));
    }
    match (digests.next(), digests.next()) {
        (Some(digest), None) => Ok(digest),
        (None, _) => Err(refused("digest-unknown")),
        (Some(_), Some(_)) => Err(refused("digest-ambiguous")),
    }
}

/// Reads a day that stands on the command line.
///
/// # Errors
/// `day`.
pub fn day(text: Option<&str>) -> Result<Option<Date>, CliError> {
    text.map(Date::from_text)
        .transpose()
        .map_err(|reason| CliError::usage("day").arg("reason", reason))
}

fn line(text: &str) -> Result<Line, CliError> {
    Line::parse(text).map_err(|cause| CliError::usage("line").caused_by(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_may_be_shortened_as_long_as_it_names_one() {
        let (a, b) = (Digest::new([0xab; 32]), Digest::new([0xac; 32]));
        assert_eq!(only_one("abab", [a].into_iter()).unwrap(), a);
        assert_eq!(only_one("abab", [].into_iter()).unwrap_err().code(), "digest-unknown");
        assert_eq!(only_one("abab", [a, b].into_iter()).unwrap_err().code(), "digest-ambiguous");
        assert_eq!(only_one("ab", [a].into_iter()).unwrap_err().code(), "digest-short");
        assert_eq!(only_one("wxyz", [a].into_iter()).unwrap_err().code(), "digest-short");
    }

    #[test]
    fn a_day_is_the_beginning_of_it_in_utc() {
        let start = day(Some("2026-03-31")).unwrap().unwrap().start();
        assert_eq!(start.to_string(), "2026-03-31T00:00:00Z");
        assert_eq!(day(Some("31.3.2026")).unwrap_err().code(), "day");
    }

    #[test]
    fn a_withdrawal_is_refused_only_if_it_says_nothing_more() {
        let at = |seconds, retroactive| State::Withdrawn {
            effective: UnixSeconds(seconds),
            by: LeafIndex(7),
            retroactive,
        };
        let refused = |known, seconds, retroactive| {
            refuse_if_known(&known, UnixSeconds(seconds), retroactive)
                .err()
                .map(|error| error.code())
        };
        assert_eq!(refused(State::InForce, 100, false), None);
        assert_eq!(refused(at(100, false), 99, false), None, "earlier");
        assert_eq!(refused(at(100, false), 200, true), None, "retroactive");
        for (known, seconds, retroactive) in
            [(at(100, false), 100, false), (at(100, true), 200, true), (at(100, true), 200, false)]
        {
            assert_eq!(refused(known, seconds, retroactive), Some("withdrawn-already"));
        }
    }
}
