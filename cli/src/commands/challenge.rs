//! `carnet challenge`: asking a holder for a presentation.

use super::{Context, policy_file, rng};
use crate::args::verifier::Challenge as ChallengeArgs;
use crate::challenges::Challenges;
use crate::claims;
use crate::error::{Answer, CliError};
use crate::files::{self, Access, Existing};
use crate::policy;
use crate::render::time;
use crate::text::Args;
use carnet_proto::cbor::{Bytes, Decode as _, Encode as _};
use carnet_proto::challenge::Challenge;
use carnet_proto::file;
use carnet_proto::profile::FileKind;
use carnet_proto::text::Line;
use data_encoding::HEXLOWER;
use getrandom::rand_core::Rng as _;
use serde_json::json;

/// Bytes of a nonce.
const NONCE_BYTES: usize = 32;

/// Makes a challenge.
///
/// # Errors
/// `claim-unknown` if it asks for what nobody can disclose; what else kept it from being made.
pub fn run(args: &ChallengeArgs, context: &mut Context) -> Result<Answer, CliError> {
    let line = |text: &str, what: &'static str| {
        Line::parse(text).map_err(|cause| CliError::usage(what).caused_by(cause))
    };
    let audience = match &args.audience {
        Some(audience) => line(audience, "audience")?,
        None => policy::read(&policy_file(&args.policy)?)?.audience,
    };
    let now = context.now();
    let mut nonce = [0; NONCE_BYTES];
    rng().fill_bytes(&mut nonce);
    let challenge = Challenge {
        audience,
        nonce: Bytes(nonce.to_vec()),
        issued_at: now,
        expires_at: now.plus(u64::from(args.minutes) * 60),
        purpose: args.purpose.as_deref().map(|text| line(text, "purpose")).transpose()?,
        wishes: args
            .ask
            .iter()
            .map(|ask| line(wish(ask)?, "claim-name"))
            .collect::<Result<_, _>>()?,
    };
    // What cannot be read again must not be handed out.
    Challenge::from_cbor(&challenge.to_cbor())
        .map_err(|cause| CliError::usage("challenge-make").caused_by(cause))?;
    let audience = challenge.audience.as_str();
    let bytes = file::wrap(FileKind::Challenge, &challenge);
    // The nonce is remembered first: an answer to one that is not would be refused.
    Challenges::of_user()?.issue(audience, &nonce, now, challenge.expires_at)?;
    files::write(&args.out, &bytes, Access::Shared, Existing::Keep)?;
    let file = args.out.display().to_string();
    if context.out.is_json() {
        context.out.json(&json!({
            "version": 1, "file": file, "audience": audience, "nonce": HEXLOWER.encode(&nonce),
            "expires_at": challenge.expires_at,
        }))?;
    } else {
        let args = Args::new()
            .with("file", file)
            .with("audience", audience.to_owned())
            .with("until", time(challenge.expires_at));
        context.say("challenge-made", &args)?;
    }
    Ok(Answer::Yes)
}

/// Checks that a holder can disclose what is asked for: a claim by its name, or a numbered part of it.
fn wish(ask: &str) -> Result<&str, CliError> {
    let ask = ask.trim();
    let name = ask.replace('-', "_");
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let base = match name.split_once('.') {
        Some((base, part)) if is_part(part) => base,
        _ => name.as_str(),
    };
    let known = claims::to_ask();
    if known.contains(&base) {
        return Ok(ask);
    }
    Err(CliError::usage("claim-unknown")
        .arg("claim", ask.to_owned())
        .arg("claims", known.join(", "))
        .hint("claim-unknown"))
}
