//! Several presentations: one line each, in the order given.

use super::{Nonces, demands, different_files, nonce_asked, open, read, report};
use crate::args::verifier::Verify;
use crate::challenges::Challenges;
use crate::commands::Context;
use crate::error::{Answer, CliError, ERROR_VERSION, ErrorBody};
use crate::files::STDIN;
use crate::policy::Accepts;
use crate::progress;
use crate::render::{Mark, Output};
use crate::text::{Args, Texts};
use carnet_proto::text::Line;
use carnet_proto::verify::report::{Report, Verdict};
use carnet_proto::verify::verify_many;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Most files that are held in memory at once.
const CHUNK_FILES: usize = 256;
/// Bytes of files behind which no further one is read until these are verified. One more file
/// ([`carnet_proto::profile::MAX_PRESENTATION_BYTES`]) may come on top.
const CHUNK_BYTES: usize = 64 * 1024 * 1024;

/// How many files came out how.
#[derive(Default)]
struct Count {
    valid: usize,
    invalid: usize,
    undetermined: usize,
    unreadable: usize,
}

/// A line of JSON of a file that was judged.
#[derive(Serialize)]
struct Judged<'a> {
    file: String,
    #[serde(flatten)]
    report: &'a Report,
}

/// A line of JSON of a file that was not.
#[derive(Serialize)]
struct Unreadable<'a> {
    file: String,
    version: u32,
    error: ErrorBody<'a>,
}

/// Verifies several presentations. A nonce is used up by the first that answers it.
///
/// # Errors
/// What kept all of them from being judged: a file that is named twice, rules that are wrong, a node that
/// cannot be reached.
pub(super) fn run(args: &Verify, context: &mut Context) -> Result<Answer, CliError> {
    let files = args.presentations.as_slice();
    if files.iter().filter(|path| *path == Path::new(STDIN)).count() > 1 {
        return Err(CliError::usage("verify-stdin"));
    }
    let (rules, ledger, challenge) = demands(&args.demands, context)?;
    if rules.accepts == Accepts::Live {
        // The second would look like an answer to a challenge that was answered.
        different_files(files)?;
    }
    let challenges = Challenges::of_user()?;
    let mut nonces = Nonces::new(&rules, &challenges);
    let policy = nonces.policy(nonce_asked(challenge.as_ref()))?;
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let bar = progress::bar(files.len() as u64, context.texts.plain("progress-verify"));
    let mut count = Count::default();
    let mut left = files;
    while !left.is_empty() {
        let chunk = read_chunk(&mut left);
        let bodies: Vec<_> = chunk.iter().filter_map(|(_, body)| body.as_ref().ok()).collect();
        let reports = verify_many(&bodies, &policy, &ledger, context.now(), threads);
        let mut reports = reports.into_iter();
        let length = chunk.len() as u64;
        for (path, body) in chunk {
            let result = body.and_then(|body| {
                #[expect(clippy::expect_used, reason = "as many reports as bodies")]
                let report = reports.next().expect("a report of each body");
                nonces.settle(&body, report)
            });
            count.add(&result);
            // Where nobody reads any more the rest counts all the same.
            let (texts, out) = (&context.texts, &mut context.out);
            bar.suspend(|| out.answer(Answer::Yes, |out| write(path, &result, texts, out)))?;
        }
        bar.inc(length);
    }
    bar.finish_and_clear();
    let (texts, out) = (&context.texts, &mut context.out);
    out.answer(count.answer(), |out| {
        if out.is_json() { Ok(()) } else { out.paragraph(0, &count.text(texts)) }
    })
}

type Opened<'p> = (&'p PathBuf, Result<Vec<u8>, CliError>);

/// Reads the next files, and takes them from those that are left.
fn read_chunk<'p>(left: &mut &'p [PathBuf]) -> Vec<Opened<'p>> {
    let mut chunk = Vec::new();
    let mut size = 0;
    while let Some((path, rest)) = left.split_first()
        && chunk.len() < CHUNK_FILES
        && size < CHUNK_BYTES
    {
        let body = read(path).and_then(|bytes| Ok(open(path, &bytes)?.to_vec()));
        size += body.as_ref().map_or(0, Vec::len);
        chunk.push((path, body));
        *left = rest;
    }
    chunk
}

fn write(
    path: &Path,
    result: &Result<Report, CliError>,
    texts: &Texts,
    out: &mut Output,
) -> Result<(), CliError> {
    let file = path.display().to_string();
    if out.is_json() {
        return match result {
            Ok(report) => out.json_line(&Judged { file, report }),
            Err(error) => out.json_line(&Unreadable {
                file,
                version: ERROR_VERSION,
                error: error.body(texts),
            }),
        };
    }
    let args = Args::new().with("file", file);
    let (mark, text) = match result {
        Ok(report) => {
            let args = args.with("reason", report::in_one_sentence(report, texts));
            let text = match name(report) {
                Some(name) => texts.get("verify-file-of", &args.with("name", name.to_string())),
                None => texts.get("verify-file", &args),
            };
            (report::answer(report.verdict).into(), text)
        }
        Err(error) => {
            (Mark::Unknown, texts.get("verify-file", &args.with("reason", error.message(texts))))
        }
    };
    let mark = out.mark(mark);
    out.line(format!("{mark} {text}"))
}

/// Returns the name that the holder showed.
fn name(report: &Report) -> Option<&Line> {
    let people = report.credentials.iter().filter_map(|c| Some(&c.disclosed.as_ref()?.person));
    people
        .flat_map(|person| [&person.name_latin, &person.name_native, &person.name_icao])
        .find_map(Option::as_ref)
}

impl Count {
    fn add(&mut self, result: &Result<Report, CliError>) {
        *match result.as_ref().map(|report| report.verdict) {
            Ok(Verdict::Valid) => &mut self.valid,
            Ok(Verdict::Invalid) => &mut self.invalid,
            Ok(Verdict::Undetermined) => &mut self.undetermined,
            Err(_) => &mut self.unreadable,
        } += 1;
    }

    /// Returns the worst answer.
    const fn answer(&self) -> Answer {
        match self {
            Self { invalid: 1.., .. } => Answer::No,
            Self { undetermined: 1.., .. } | Self { unreadable: 1.., .. } => Answer::Unknown,
            _ => Answer::Yes,
        }
    }

    fn text(&self, texts: &Texts) -> String {
        let args = Args::new()
            .with("count", self.valid + self.invalid + self.undetermined + self.unreadable)
            .with("valid", self.valid)
            .with("invalid", self.invalid)
            .with("undetermined", self.undetermined)
            .with("unreadable", self.unreadable);
        texts.get("verify-count", &args)
    }
}
