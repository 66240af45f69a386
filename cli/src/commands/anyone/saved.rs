//! `carnet log receipt`, `carnet log proof`, and `carnet log verify` of the files that they save.

use super::{MAX_PAGE, page};
use crate::args::anyone as args;
use crate::commands::{Context, did, read_from};
use crate::error::{Answer, CliError};
use crate::files::{self, Access, Existing};
use crate::http::Client;
use crate::ledger;
use crate::text::Args;
use carnet_proto::id::{Did, Digest, LeafIndex, TreeSize};
use carnet_proto::key::PublicKeySet;
use carnet_proto::ledger::{LogView, Replica};
use carnet_proto::log::checkpoint::{NoteError, NoteKey};
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::log::receipt::{
    MAX_RECEIPT_BYTES, MAX_TRANSPARENT_BYTES, Receipt, ReceiptError, TransparentStatement, attach,
};
use carnet_proto::log::tlog_proof::{MAX_TLOG_PROOF_BYTES, TlogProof, TlogProofError};
use carnet_proto::statement::Statement;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// Fewest digits of a digest that name a statement; no leaf has as many.
const MIN_DIGEST_DIGITS: usize = 12;

/// A file of one kind or the other, with the statement in it.
enum Saved {
    Receipts(TransparentStatement),
    Proof { proof: TlogProof, entry: Vec<u8> },
}

/// What a file shows.
struct Shown {
    statement: Statement,
    leaf: LeafIndex,
    head: TreeHead,
    /// Signatures of others on the checkpoint of a proof.
    others: Option<usize>,
}

/// Whether a file shows that its statement is in the log.
enum Judged {
    Yes(Shown),
    /// It does not, and why.
    No(String),
    /// The keys at hand do not tell.
    Unknown(String),
}

/// Saves a transparent statement.
///
/// # Errors
/// Those of the client and of writing; `statement`, `statement-unknown`, `statement-ambiguous`, or
/// `log-wrong` if the receipt does not hold.
pub fn receipt(args: &args::SaveStatement, context: &mut Context) -> Result<Answer, CliError> {
    let (wanted, client) = (did(&args.did)?, read_from(&args.node)?);
    let leaf = locate(&client, &wanted, &args.statement)?;
    let entry = ledger::fetch_entry(&client, &wanted, leaf)?;
    let path = format!("/v1/logs/{wanted}/receipts/inclusion?leaf={leaf}");
    let receipt = client.get_bytes(&path, MAX_RECEIPT_BYTES as u64)?;
    let wrong = |error: ReceiptError| not_that(&wanted, &error.to_string());
    let bytes = attach(&entry, &[receipt]).map_err(wrong)?;
    let saved = Saved::Receipts(TransparentStatement::parse(&bytes).map_err(wrong)?);
    save(args, &client, &wanted, leaf, &saved, &bytes, context)
}

/// Saves a proof file.
///
/// # Errors
/// As [`receipt`].
pub fn proof(args: &args::SaveStatement, context: &mut Context) -> Result<Answer, CliError> {
    let (wanted, client) = (did(&args.did)?, read_from(&args.node)?);
    let leaf = locate(&client, &wanted, &args.statement)?;
    let path = format!("/v1/logs/{wanted}/proof?leaf={leaf}");
    let bytes = client.get_bytes(&path, MAX_TLOG_PROOF_BYTES as u64)?;
    let saved = read_proof(&bytes).ok_or_else(|| not_that(&wanted, "it is no proof file"))?;
    save(args, &client, &wanted, leaf, &saved, &bytes, context)
}

/// Writes a file once it shows what it should.
fn save(
    args: &args::SaveStatement,
    client: &Client,
    wanted: &Did,
    leaf: u64,
    saved: &Saved,
    bytes: &[u8],
    context: &mut Context,
) -> Result<Answer, CliError> {
    let inception = ledger::fetch_entry(client, wanted, 0)?;
    let inception = view_of_inception(&inception, wanted);
    let inception = inception.ok_or_else(|| not_that(wanted, "leaf 0 is of another log"))?;
    let judged = match judge(saved, &inception, false) {
        Judged::Unknown(_) => judge(saved, ledger::fetch_one(client, wanted)?.view(), true),
        judged => judged,
    };
    let shown = match judged {
        Judged::Yes(shown) if shown.leaf.0 == leaf => shown,
        Judged::Yes(_) => return Err(not_that(wanted, "the answer is about another leaf")),
        Judged::No(reason) | Judged::Unknown(reason) => return Err(not_that(wanted, &reason)),
    };
    files::write(&args.out, bytes, Access::Shared, Existing::Keep)?;
    let file = args.out.display().to_string();
    if context.out.is_json() {
        let mut line = line_of(wanted, &shown);
        set(&mut line, "file", json!(file));
        context.out.json(&line)?;
    } else {
        context.say("log-saved", &values(&shown).with("file", file))?;
    }
    Ok(Answer::Yes)
}

/// Adds an entry to an object.
fn set(line: &mut serde_json::Value, name: &str, value: serde_json::Value) {
    if let Some(line) = line.as_object_mut() {
        line.insert(name.into(), value);
    }
}

/// Checks a saved file.
///
/// # Errors
/// Those of reading and of the client; `saved-file`, `saved-inception`.
pub fn verify(args: &args::LogVerify, context: &mut Context) -> Result<Answer, CliError> {
    let wanted = did(&args.did)?;
    let no_such = |path: &Path, command: &'static str| {
        let error = CliError::input("saved-file").arg("file", path.display().to_string());
        error.arg("command", command)
    };
    let saved = match (&args.receipt, &args.proof) {
        (Some(path), _) => {
            let bytes = files::read_limited(path, MAX_TRANSPARENT_BYTES as u64)?;
            let read = TransparentStatement::parse(&bytes);
            Saved::Receipts(read.map_err(|cause| no_such(path, "receipt").caused_by(cause))?)
        }
        (None, Some(path)) => {
            let bytes = files::read_limited(path, MAX_TLOG_PROOF_BYTES as u64)?;
            read_proof(&bytes).ok_or_else(|| no_such(path, "proof"))?
        }
        (None, None) => return super::verify(args, context),
    };
    let view = match &args.inception {
        Some(path) => {
            let bytes = files::read_limited(path, MAX_TRANSPARENT_BYTES as u64)?;
            view_of_inception(&entry_of(bytes), &wanted).ok_or_else(|| {
                let error = CliError::input("saved-inception").arg("did", wanted.to_string());
                error.arg("file", path.display().to_string())
            })?
        }
        None => Arc::clone(ledger::fetch_one(&read_from(&args.node)?, &wanted)?.view()),
    };
    let judged = judge(&saved, &view, args.inception.is_none());
    let (answer, reason) = match &judged {
        Judged::Yes(_) => (Answer::Yes, None),
        Judged::No(reason) => (Answer::No, Some(reason.clone())),
        Judged::Unknown(reason) => (Answer::Unknown, Some(reason.clone())),
    };
    if context.out.is_json() {
        let mut line = json!({ "version": 1, "did": wanted });
        if let Judged::Yes(shown) = &judged {
            line = line_of(&wanted, shown);
        }
        let ok = match answer {
            Answer::Unknown => serde_json::Value::Null,
            answer => json!(answer == Answer::Yes),
        };
        set(&mut line, "ok", ok);
        set(&mut line, "reason", json!(reason));
        return context.out.answer(answer, |out| out.json(&line));
    }
    let mut values = match &judged {
        Judged::Yes(shown) => values(shown),
        _ => Args::new(),
    };
    values.set("reason", reason.unwrap_or_default());
    let text = match answer {
        Answer::Yes => context.texts.get("log-shown", &values),
        Answer::No => context.texts.get("log-not-shown", &values),
        Answer::Unknown => context.texts.get("log-shown-unknown", &values),
    };
    let limits = context.texts.plain("log-shown-limits");
    let others = context.texts.get("log-shown-others", &values);
    context.out.answer(answer, |out| {
        out.item(0, answer.into(), &text)?;
        if let Judged::Yes(shown) = &judged {
            if shown.others.is_some() {
                out.paragraph(2, &others)?;
            }
            out.paragraph(2, &limits)?;
        }
        Ok(())
    })
}

/// Finds the leaf that an argument names.
fn locate(client: &Client, did: &Did, statement: &str) -> Result<u64, CliError> {
    let named =
        |error: CliError| error.arg("statement", statement.to_owned()).arg("did", did.to_string());
    if statement.len() < MIN_DIGEST_DIGITS {
        return statement.parse().map_err(|_| named(CliError::usage("statement")));
    }
    let is_digest = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if !statement.bytes().all(is_digest) {
        return Err(named(CliError::usage("statement")));
    }
    let mut from = 0;
    let mut found: Option<(String, u64)> = None;
    loop {
        let page = page(client, did, from, MAX_PAGE)?;
        for listed in page.iter().filter(|listed| listed.digest.starts_with(statement)) {
            // A log may say the same twice.
            if found.as_ref().is_some_and(|(digest, _)| *digest != listed.digest) {
                return Err(named(CliError::input("statement-ambiguous")));
            }
            found = Some((listed.digest.clone(), listed.leaf));
        }
        from += page.len() as u64;
        if (page.len() as u64) < MAX_PAGE {
            let found = found.map(|(_, leaf)| leaf);
            return found.ok_or_else(|| named(CliError::input("statement-unknown")));
        }
    }
}

fn read_proof(bytes: &[u8]) -> Option<Saved> {
    let proof = TlogProof::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    let entry = proof.extra.clone()?;
    Some(Saved::Proof { proof, entry })
}

/// Returns the entry in a file of either kind, or the file itself.
fn entry_of(bytes: Vec<u8>) -> Vec<u8> {
    if let Ok(transparent) = TransparentStatement::parse(&bytes) {
        return transparent.entry().to_vec();
    }
    match read_proof(&bytes) {
        Some(Saved::Proof { entry, .. }) => entry,
        _ => bytes,
    }
}

/// Returns what leaf 0 says of a log. The identifier is its hash, so nobody has to be believed.
fn view_of_inception(entry: &[u8], did: &Did) -> Option<Arc<LogView>> {
    let replica = Replica::new(entry).ok().filter(|replica| replica.origin() == did)?;
    Some(Arc::clone(replica.view()))
}

/// Judges a file by what is known of the log: all of it, or its first keys.
fn judge(saved: &Saved, view: &LogView, is_whole: bool) -> Judged {
    let other_keys = |reason: String| match is_whole {
        true => Judged::No(reason),
        false => Judged::Unknown(reason),
    };
    let keys_at = |size: TreeSize| -> Option<&PublicKeySet> {
        let period = view.keys.iter().rev().find(|period| period.from.is_in(size))?;
        Some(&period.keys)
    };
    let (entry, leaf, head, others) = match saved {
        Saved::Receipts(transparent) => {
            let mut refused = Judged::No("it has no receipt of this log".to_owned());
            let mut shown = None;
            // One that holds is enough.
            for bytes in transparent.receipts() {
                let Ok(receipt) = Receipt::parse(bytes) else { continue };
                let Some(keys) = keys_at(receipt.size()) else { continue };
                if *receipt.log() != view.origin {
                    continue;
                }
                match (receipt.verify_inclusion(transparent.entry(), &keys.receipt), receipt.leaf())
                {
                    (Ok(head), Some(leaf)) => {
                        shown = Some((transparent.entry(), leaf, head, None));
                        break;
                    }
                    (Err(error @ ReceiptError::OtherKey), _) => {
                        refused = other_keys(error.to_string());
                    }
                    (Err(error), _) => refused = Judged::No(error.to_string()),
                    (Ok(_), None) => {}
                }
            }
            let Some(shown) = shown else { return refused };
            shown
        }
        Saved::Proof { proof, entry } => {
            let size = proof.checkpoint.checkpoint().map(|checkpoint| checkpoint.head.size);
            let keys = size.ok().and_then(keys_at);
            let Some(keys) = keys else { return Judged::No("an empty log".to_owned()) };
            match proof.verify(entry, &NoteKey::of_log(&view.origin, keys.checkpoint)) {
                Ok(checkpoint) => {
                    let origin = view.origin.to_string();
                    let lines = proof.checkpoint.signatures().iter();
                    let others = lines.filter(|line| line.name != origin).count();
                    (entry.as_slice(), proof.index, checkpoint.head, Some(others))
                }
                Err(error @ TlogProofError::Note(NoteError::NotSigned)) => {
                    return other_keys(error.to_string());
                }
                Err(error) => return Judged::No(error.to_string()),
            }
        }
    };
    let statement = match Statement::parse(entry) {
        Ok(statement) if *statement.issuer() == view.origin => statement,
        Ok(_) => return Judged::No("the statement is another institution's".to_owned()),
        Err(error) => return Judged::No(error.to_string()),
    };
    let keys = view.keys_before(leaf);
    if keys.is_none_or(|period| !statement.is_signed_by(&period.keys.statement)) {
        return other_keys("the statement is signed by another key".to_owned());
    }
    Judged::Yes(Shown { statement, leaf, head, others })
}

fn not_that(did: &Did, reason: &str) -> CliError {
    CliError::input("log-wrong").arg("did", did.to_string()).arg("reason", reason.to_owned())
}

fn line_of(did: &Did, shown: &Shown) -> serde_json::Value {
    json!({
        "version": 1, "did": did, "digest": shown.statement.digest(),
        "kind": shown.statement.body().kind(), "leaf": shown.leaf, "size": shown.head.size,
        "root": shown.head.root, "signatures_of_others": shown.others,
    })
}

fn values(shown: &Shown) -> Args {
    let digest: Digest = shown.statement.digest();
    let short: String = digest.to_string().chars().take(MIN_DIGEST_DIGITS).collect();
    Args::new()
        .with("digest", short)
        .with("kind", shown.statement.body().kind())
        .with("leaf", shown.leaf.0)
        .with("size", shown.head.size.0)
        .with("others", shown.others.unwrap_or_default())
}
