//! `carnet verify`: judging a presentation and saying why.

mod many;
pub mod report;

use super::{Context, policy_file, wallet};
use crate::args::verifier::{Demands, Verify};
use crate::challenges::Challenges;
use crate::error::{Answer, CliError};
use crate::files;
use crate::http::Client;
use crate::ledger;
use crate::policy::{self, Accepts, Rules};
use crate::text::Args;
use carnet_proto::cbor::Decode as _;
use carnet_proto::challenge::Challenge;
use carnet_proto::file::FileError;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingToken, Presentation};
use carnet_proto::profile::MAX_PRESENTATION_BYTES;
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::{Outcome, Reason, Report, Verdict, check, reason};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Verifies presentations.
///
/// # Errors
/// What kept them from being judged: an input that is no presentation, rules that are wrong, a node that
/// cannot be reached. The verdict is no error. Of several files, one that is no presentation is part of
/// the answer.
pub fn run(args: &Verify, context: &mut Context) -> Result<Answer, CliError> {
    if args.presentations.len() > 1 {
        if args.destination.is_some() {
            return Err(CliError::usage("verify-recognition-of-several").hint("recognise"));
        }
        return many::run(args, context);
    }
    let asked = args.destination.zip(args.occupation);
    let nothing = |_: &Ledger, _: &mut Context| Ok(());
    each(&args.presentations, &args.demands, context, nothing, |verified, (), context| {
        let Some(Judged { report, .. }) = verified.judged.first() else {
            return Err(CliError::bug("arguments"));
        };
        let recognition = match asked {
            Some(question) => super::recognise::beside(verified, question, context.now())?,
            None => None,
        };
        let (texts, out) = (&context.texts, &mut context.out);
        out.answer(report::answer(report.verdict), |out| {
            if out.is_json() {
                return match asked {
                    Some(_) => out.json(&WithRecognition { report, recognition }),
                    None => out.json(report),
                };
            }
            report::write(report, texts, out)?;
            let Some(recognition) = recognition else { return Ok(()) };
            let outcome = texts.plain(&format!("recognise-outcome-{}", recognition.outcome));
            let args = Args::new()
                .with("country", recognition.destination.name())
                .with("occupation", recognition.occupation.code())
                .with("title", recognition.occupation.title())
                .with("outcome", outcome);
            out.line("")?;
            out.paragraph(0, &texts.get("recognise-beside", &args))
        })
    })
}

/// A presentation that was judged.
#[derive(Debug)]
pub struct Judged {
    /// Its file.
    pub path: PathBuf,
    /// What is in its outermost layer.
    pub body: Vec<u8>,
    /// What verification says of it.
    pub report: Report,
}

/// Presentations that were judged, and by what.
pub struct Verified<'v> {
    /// The presentations, in the order given.
    pub judged: &'v [Judged],
    /// The verifier's rules.
    pub rules: &'v Rules,
    /// The logs of the node that was named.
    pub ledger: &'v Ledger,
}

/// Verifies presentations one after the other, and hands them on with what `prepare` made of the question.
///
/// What is wrong with a question is found by `prepare`, before anything is verified: a challenge is not spent
/// on an answer that nobody can use. If the rest fails, no nonce is used up either: nobody has seen the
/// verdict, and the holder would look like one who answers twice.
///
/// # Errors
/// As [`run`]: here every file has to be a presentation; `presentation-twice` and `presentation-one-challenge`
/// if two cannot both count; those of `prepare` and of `use_them`.
pub fn each<P, T>(
    presentations: &[PathBuf],
    by: &Demands,
    context: &mut Context,
    prepare: impl FnOnce(&Ledger, &mut Context) -> Result<P, CliError>,
    use_them: impl FnOnce(&Verified<'_>, P, &mut Context) -> Result<T, CliError>,
) -> Result<T, CliError> {
    different_files(presentations)?;
    let mut bodies = Vec::new();
    for path in presentations {
        bodies.push((path, open(path, &read(path)?)?.to_vec()));
    }
    different_answers(&bodies)?;
    let (rules, ledger, challenge) = demands(by, context)?;
    let prepared = prepare(&ledger, context)?;
    let only = nonce_asked(challenge.as_ref());
    let challenges = Challenges::of_user()?;
    let mut nonces = Nonces::new(&rules, &challenges);
    let now = context.now();
    let judged = bodies.into_iter().map(|(path, body)| {
        let report = nonces.judge(&body, &ledger, only, now)?;
        Ok(Judged { path: path.clone(), body, report })
    });
    let judged: Result<Vec<_>, CliError> = judged.collect();
    let told = judged.and_then(|judged| {
        use_them(&Verified { judged: &judged, rules: &rules, ledger: &ledger }, prepared, context)
    });
    if told.is_err() {
        nonces.give_back();
    }
    told
}

/// Refuses a file that is named twice.
fn different_files(presentations: &[PathBuf]) -> Result<(), CliError> {
    let mut known = BTreeSet::new();
    for path in presentations {
        if !known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            return Err(twice("presentation-twice", path, path));
        }
    }
    Ok(())
}

/// Refuses presentations of which only one can count: two that are the same, or that answer one challenge.
fn different_answers(bodies: &[(&PathBuf, Vec<u8>)]) -> Result<(), CliError> {
    let mut answered: BTreeMap<Vec<u8>, &Path> = BTreeMap::new();
    let mut known: BTreeMap<&[u8], &Path> = BTreeMap::new();
    for (path, body) in bodies {
        if let Some(other) = known.insert(body, path) {
            return Err(twice("presentation-twice", path, other));
        }
        for nonce in nonces(body) {
            if let Some(other) = answered.insert(nonce, path) {
                return Err(twice("presentation-one-challenge", path, other));
            }
        }
    }
    Ok(())
}

fn twice(code: &'static str, path: &Path, other: &Path) -> CliError {
    let error = CliError::usage(code).arg("file", path.display().to_string());
    error.arg("other", other.display().to_string()).hint(code)
}

/// Returns the nonces that a presentation says it answers; nothing of what cannot be read.
fn nonces(body: &[u8]) -> BTreeSet<Vec<u8>> {
    let presented = Presentation::from_cbor(body).map(|p| p.presented).unwrap_or_default();
    presented
        .iter()
        .filter_map(|presented| KeyBindingToken::parse(&presented.token).ok()?.claims.nonce)
        .collect()
}

/// A report, and what agreements make of it.
#[derive(serde::Serialize)]
struct WithRecognition<'r> {
    #[serde(flatten)]
    report: &'r Report,
    recognition: Option<carnet_proto::recognition::Recognition>,
}

/// Returns what presentations are judged by: the rules, what is known of logs, and the challenge to
/// answer.
fn demands(
    by: &Demands,
    context: &mut Context,
) -> Result<(Rules, Ledger, Option<Challenge>), CliError> {
    let mut rules = policy::read(&policy_file(&by.policy)?)?;
    let challenge = by.challenge.as_deref().map(wallet::open_challenge).transpose()?;
    if let Some(challenge) = &challenge {
        // Whoever made a challenge takes no copy, and is who the challenge says.
        rules.accepts = Accepts::Live;
        rules.audience = challenge.audience.clone();
    }
    let ledger = match &by.node {
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
    Ok((rules, ledger, challenge))
}

fn nonce_asked(challenge: Option<&Challenge>) -> Option<&[u8]> {
    challenge.map(|challenge| challenge.nonce.0.as_slice())
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    files::read_limited(path, MAX_PRESENTATION_BYTES as u64)
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
    Nonces::new(rules, challenges).judge(body, ledger, only, now)
}

/// Sees to it that a nonce answers once.
///
/// It is used only by an answer that the holder's key signed for this verifier, so that nobody else can
/// spend it, and not by one that could not be judged, so that it can be judged again with a node at hand.
struct Nonces<'c> {
    rules: &'c Rules,
    challenges: &'c Challenges,
    /// Those answered since the policy was made.
    answered: BTreeSet<Vec<u8>>,
}

impl<'c> Nonces<'c> {
    const fn new(rules: &'c Rules, challenges: &'c Challenges) -> Self {
        Self { rules, challenges, answered: BTreeSet::new() }
    }

    /// Judges a presentation and uses up the nonces that it answers.
    fn judge(
        &mut self,
        body: &[u8],
        ledger: &Ledger,
        only: Option<&[u8]>,
        now: UnixSeconds,
    ) -> Result<Report, CliError> {
        let report = carnet_proto::verify::verify(body, &self.policy(only)?, ledger, now);
        self.settle(body, report)
    }

    /// Returns the policy with the nonces handed out, or `only` with the one.
    fn policy(&self, only: Option<&[u8]>) -> Result<Policy, CliError> {
        let mut nonces = match self.rules.accepts {
            Accepts::Live => self.challenges.issued(self.rules.audience.as_str())?,
            Accepts::Prepared => Vec::new(),
        };
        nonces.retain(|known| only.is_none_or(|only| known.nonce == only));
        Ok(self.rules.policy(nonces))
    }

    /// Takes back that the nonces answered here are used.
    fn give_back(self) {
        self.answered.iter().for_each(|nonce| self.challenges.give_back(nonce));
    }

    /// Uses up the nonces that a presentation answers. If one was answered since the policy was made,
    /// the report is turned into what it would be now.
    fn settle(&mut self, body: &[u8], mut report: Report) -> Result<Report, CliError> {
        if self.rules.accepts == Accepts::Live {
            let mut is_used = false;
            for nonce in nonces_answered(body, &report) {
                if self.answered.contains(&nonce) {
                    is_used = true;
                } else if report.verdict != Verdict::Undetermined {
                    is_used |= !self.challenges.use_up(&nonce)?;
                    self.answered.insert(nonce);
                }
            }
            if is_used {
                refuse_used(&mut report);
            }
        }
        Ok(report)
    }
}

/// Returns the nonces of those tokens of a presentation that answer this verifier.
fn nonces_answered(body: &[u8], report: &Report) -> BTreeSet<Vec<u8>> {
    let presented = Presentation::from_cbor(body).map(|p| p.presented).unwrap_or_default();
    let holds = |check: &carnet_proto::verify::report::Check| check.outcome == Outcome::Pass;
    presented
        .iter()
        .zip(&report.credentials)
        .filter(|(_, credential)| credential.check(check::HOLDER_BINDING).is_some_and(holds))
        .filter_map(|(presented, _)| KeyBindingToken::parse(&presented.token).ok()?.claims.nonce)
        .collect()
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
