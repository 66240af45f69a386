//! `carnet verify`: judging a presentation and saying why.

pub mod report;

use super::{Context, policy_file, wallet};
use crate::args::verifier::Verify;
use crate::challenges::Challenges;
use crate::error::{Answer, CliError};
use crate::files;
use crate::http::Client;
use crate::ledger;
use crate::policy::{self, Accepts, Rules};
use crate::text::Args;
use carnet_proto::cbor::Decode as _;
use carnet_proto::file::FileError;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingToken, Presentation};
use carnet_proto::profile::MAX_PRESENTATION_BYTES;
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::report::{Outcome, Reason, Report, Verdict, check, reason};
use std::path::Path;

/// Verifies a presentation.
///
/// # Errors
/// What kept it from being judged: an input that is no presentation, rules that are wrong, a node that
/// cannot be reached. The verdict is no error.
pub fn run(args: &Verify, context: &mut Context) -> Result<Answer, CliError> {
    let bytes = files::read_limited(&args.presentation, MAX_PRESENTATION_BYTES as u64)?;
    let body = open(&args.presentation, &bytes)?;
    let mut rules = policy::read(&policy_file(&args.policy)?)?;
    let challenge = args.challenge.as_deref().map(wallet::open_challenge).transpose()?;
    if let Some(challenge) = &challenge {
        // Whoever made a challenge takes no copy, and is who the challenge says.
        rules.accepts = Accepts::Live;
        rules.audience = challenge.audience.clone();
    }
    let ledger = match &args.node {
        None => Ledger::new(),
        Some(url) => {
            let client = Client::new(url)?;
            let fetched = ledger::fetch(&client, context.texts.plain("progress-logs"))?;
            for (did, error) in &fetched.failed {
                let reason = error.message(&context.texts);
                context.note(
                    "log-left-out",
                    &Args::new().with("did", did.clone()).with("reason", reason),
                );
            }
            fetched.ledger()
        }
    };
    let only = challenge.as_ref().map(|challenge| challenge.nonce.0.as_slice());
    let report = judge(body, &rules, &ledger, &Challenges::of_user()?, only, context.now())?;
    let answer = report::answer(report.verdict);
    let (texts, out) = (&context.texts, &mut context.out);
    out.answer(answer, |out| {
        if out.is_json() { out.json(&report) } else { report::write(&report, texts, out) }
    })
}

/// Opens the outermost layer of a presentation.
///
/// # Errors
/// `presentation-newer` or `presentation-not`: there is no report then.
pub fn open<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b [u8], CliError> {
    Presentation::open(bytes).map_err(|cause| {
        let error = match &cause {
            FileError::Unsupported { .. } => CliError::input("presentation-newer"),
            _ => CliError::input("presentation-not").hint("presentation-not"),
        };
        error.arg("file", path.display().to_string()).caused_by(cause)
    })
}

/// Judges the body of a presentation and uses up the nonce that it answers.
///
/// The nonce is used only by an answer that the holder's key signed for this verifier, so that nobody
/// else can spend it, and not by one that could not be judged, so that it can be judged again with a
/// node at hand.
///
/// # Errors
/// If the nonces cannot be read, or one cannot be marked as used.
pub fn judge(
    body: &[u8],
    rules: &Rules,
    ledger: &Ledger,
    challenges: &Challenges,
    only: Option<&[u8]>,
    now: UnixSeconds,
) -> Result<Report, CliError> {
    let mut nonces = match rules.accepts {
        Accepts::Live => challenges.issued(rules.audience.as_str())?,
        Accepts::Prepared => Vec::new(),
    };
    nonces.retain(|known| only.is_none_or(|only| known.nonce == only));
    let mut report = carnet_proto::verify::verify(body, &rules.policy(nonces), ledger, now);
    if rules.accepts == Accepts::Live
        && report.verdict != Verdict::Undetermined
        && report.credentials.iter().any(|c| {
            c.check(check::HOLDER_BINDING).is_some_and(|check| check.outcome == Outcome::Pass)
        })
        && let Some(nonce) = nonce_of(body)
        && !challenges.use_up(&nonce)?
    {
        // Another answer to the same challenge was judged at the same time.
        refuse_used(&mut report);
    }
    Ok(report)
}

fn nonce_of(body: &[u8]) -> Option<Vec<u8>> {
    let presentation = Presentation::from_cbor(body).ok()?;
    presentation
        .presented
        .iter()
        .find_map(|presented| KeyBindingToken::parse(&presented.token).ok()?.claims.nonce)
}

fn refuse_used(report: &mut Report) {
    report.verdict = Verdict::Invalid;
    for credential in &mut report.credentials {
        credential.verdict = Verdict::Invalid;
        for check in credential.checks.iter_mut().filter(|c| c.id == check::HOLDER_BINDING) {
            check.outcome = Outcome::Fail;
            check.reason = Reason::new(reason::NONCE_USED);
        }
    }
}
