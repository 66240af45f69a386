//! `carnet log receipt`, `carnet log proof`, and `carnet log verify` of the files that they save.

use super::{Listed, MAX_PAGE, page, set};
use crate::args::anyone as args;
use crate::commands::{Context, did, read_from};
use crate::error::{Answer, CliError};
use crate::files::{self, Access, Existing};
use crate::http::Client;
use crate::ledger;
use crate::text::Args;
use carnet_proto::id::{Did, Digest, LeafIndex, TreeSize};
use carnet_proto::key::PublicKeySet;
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{NoteError, NoteKey};
use carnet_proto::log::merkle::{TreeHead, leaf_hash};
use carnet_proto::log::receipt::{
    MAX_RECEIPT_BYTES, MAX_TRANSPARENT_BYTES, Receipt, ReceiptError, TransparentStatement, attach,
};
use carnet_proto::log::tlog_proof::{MAX_TLOG_PROOF_BYTES, TlogProof, TlogProofError};
use carnet_proto::statement::Statement;
use serde_json::json;
use std::path::Path;

#[cfg(test)]
mod tests;

/// The kind of statement that is about a holder's credentials, and not about institutions alone.
const ISSUANCE: &str = "issuance";
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
    /// Who else signed the checkpoint of a proof, unchecked.
    others: Option<usize>,
}

/// Whether a file shows that its statement is in the log.
enum Judged {
    Yes(Shown),
    /// It does not, and why.
    No(String),
    /// What is at hand of the log does not tell.
    Unknown(String),
}

/// What is at hand to judge by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// The whole log, as a node has it.
    Log,
    /// Leaf 0: the log's first keys, which may have been replaced or stolen since.
    FirstKeys,
}

/// Saves a transparent statement.
///
/// # Errors
/// Those of the client and of writing; `statement`, `statement-unknown`, `statement-ambiguous`,
/// `statement-issuance`, or `log-wrong` if the receipt does not hold.
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
    let inception = read_inception(&inception, wanted);
    let inception = inception.ok_or_else(|| not_that(wanted, "leaf 0 is of another log"))?;
    let judged = match judge(saved, &inception, Known::FirstKeys) {
        Judged::Unknown(_) => judge(saved, &ledger::fetch_one(client, wanted)?, Known::Log),
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
        if shown.others.is_some() {
            context.say("log-shown-others", &values(&shown))?;
        }
    }
    Ok(Answer::Yes)
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
    let (log, known) = match &args.inception {
        Some(path) => {
            let bytes = files::read_limited(path, MAX_TRANSPARENT_BYTES as u64)?;
            let log = read_inception(&entry_of(bytes), &wanted).ok_or_else(|| {
                let error = CliError::input("saved-inception").arg("did", wanted.to_string());
                error.arg("file", path.display().to_string())
            })?;
            (log, Known::FirstKeys)
        }
        None => (ledger::fetch_one(&read_from(&args.node)?, &wanted)?, Known::Log),
    };
    let judged = judge(&saved, &log, known);
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
        let rests_on = match known {
            Known::Log => "log",
            Known::FirstKeys => "first-keys",
        };
        set(&mut line, "rests_on", json!(rests_on));
        set(&mut line, "reason", json!(reason));
        return context.out.answer(answer, |out| out.json(&line));
    }
    let mut values = match &judged {
        Judged::Yes(shown) => values(shown),
        _ => Args::new(),
    };
    values.set("reason", reason.unwrap_or_default());
    let text = match (answer, known) {
        (Answer::Yes, Known::Log) => context.texts.get("log-shown", &values),
        (Answer::Yes, Known::FirstKeys) => context.texts.get("log-shown-first-keys", &values),
        (Answer::No, _) => context.texts.get("log-not-shown", &values),
        (Answer::Unknown, Known::Log) => context.texts.get("log-shown-later", &values),
        (Answer::Unknown, Known::FirstKeys) => context.texts.get("log-shown-unknown", &values),
    };
    let first_keys = context.texts.plain("log-shown-first-keys-limits");
    let limits = context.texts.plain("log-shown-limits");
    let others = context.texts.get("log-shown-others", &values);
    context.out.answer(answer, |out| {
        out.item(0, answer.into(), &text)?;
        if let Judged::Yes(shown) = &judged {
            if shown.others.is_some() {
                out.paragraph(2, &others)?;
            }
            if known == Known::FirstKeys {
                out.paragraph(2, &first_keys)?;
            }
            out.paragraph(2, &limits)?;
        }
        Ok(())
    })
}

/// Finds the leaf that an argument names, in the list of statements: what is asked for next is of one
/// statement, and would tell the node which batch of credentials somebody is interested in.
fn locate(client: &Client, did: &Did, statement: &str) -> Result<u64, CliError> {
    let named =
        |error: CliError| error.arg("statement", statement.to_owned()).arg("did", did.to_string());
    if statement.len() < MIN_DIGEST_DIGITS {
        let leaf: u64 = statement.parse().map_err(|_| named(CliError::usage("statement")))?;
        let page = page(client, did, leaf - leaf % MAX_PAGE, MAX_PAGE)?;
        let listed = page.iter().find(|listed| listed.leaf == leaf);
        let listed = listed.ok_or_else(|| named(CliError::input("statement-unknown")))?;
        return about_institutions(listed).map_err(named);
    }
    let is_digest = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if !statement.bytes().all(is_digest) {
        return Err(named(CliError::usage("statement")));
    }
    let mut from = 0;
    let mut found: Option<Listed> = None;
    loop {
        let page = page(client, did, from, MAX_PAGE)?;
        let count = page.len() as u64;
        for listed in page.into_iter().filter(|listed| listed.digest.starts_with(statement)) {
            // A log may say the same twice.
            if found.as_ref().is_some_and(|found| found.digest != listed.digest) {
                return Err(named(CliError::input("statement-ambiguous")));
            }
            found = Some(listed);
        }
        from += count;
        if count < MAX_PAGE {
            let found = found.ok_or_else(|| named(CliError::input("statement-unknown")))?;
            return about_institutions(&found).map_err(named);
        }
    }
}

/// Returns the leaf of a statement, unless it is about credentials.
fn about_institutions(listed: &Listed) -> Result<u64, CliError> {
    match listed.kind == ISSUANCE {
        true => Err(CliError::input("statement-issuance").hint("statement-issuance")),
        false => Ok(listed.leaf),
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

/// Begins a log with its leaf 0. The identifier is the hash of it, so nobody has to be believed.
fn read_inception(entry: &[u8], did: &Did) -> Option<Replica> {
    Replica::new(entry).ok().filter(|replica| replica.origin() == did)
}

/// Judges a file by what is known of the log.
///
/// A signature alone does not show that the log has the statement: whoever took keys that have been
/// replaced since can sign another tree with them. The whole log tells which trees it ever had.
fn judge(saved: &Saved, log: &Replica, known: Known) -> Judged {
    let view = log.view();
    // A later tree may be signed by later keys.
    let other_keys = |reason: String, size: TreeSize| match known {
        Known::Log if size <= log.size() => Judged::No(reason),
        Known::Log | Known::FirstKeys => Judged::Unknown(reason),
    };
    let keys_at = |size: TreeSize| -> Option<&PublicKeySet> {
        let period = view.keys_under(size)?;
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
                        refused = other_keys(error.to_string(), receipt.size());
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
            let with_keys = size.ok().and_then(|size| Some((size, keys_at(size)?)));
            let Some((size, keys)) = with_keys else {
                return Judged::No("an empty log".to_owned());
            };
            match proof.verify(entry, &NoteKey::of_log(&view.origin, keys.checkpoint)) {
                Ok(checkpoint) => {
                    let others = super::others(&proof.checkpoint, &view.origin);
                    (entry.as_slice(), proof.index, checkpoint.head, Some(others))
                }
                Err(error @ TlogProofError::Note(NoteError::NotSigned)) => {
                    return other_keys(error.to_string(), size);
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
    if known == Known::Log
        && let Some(judged) = differs(log, entry, leaf, &head)
    {
        return judged;
    }
    let keys = view.keys_before(leaf);
    if keys.is_none_or(|period| !statement.is_signed_by(&period.keys.statement)) {
        return other_keys("the statement is signed by another key".to_owned(), head.size);
    }
    Judged::Yes(Shown { statement, leaf, head, others })
}

/// Compares what a file claims with the log itself. What a receipt says of leaf and size nobody has
/// signed, so this is also what makes these numbers true.
fn differs(log: &Replica, entry: &[u8], leaf: LeafIndex, head: &TreeHead) -> Option<Judged> {
    let tree = log.tree();
    if tree.leaf(leaf).is_some_and(|hash| hash != leaf_hash(entry)) {
        return Some(Judged::No(format!(
            "leaf {leaf} of the log is another statement: the file is of another history (a fork), \
             or its numbers were altered"
        )));
    }
    if head.size > log.size() {
        return Some(Judged::Unknown(format!(
            "it is about {} entries, and this copy of the log has {}",
            head.size,
            log.size()
        )));
    }
    (tree.root_at(head.size) != Some(head.root)).then(|| {
        Judged::No(format!(
            "the first {} entries of the log have another root: the file is of another history \
             (a fork), or its numbers were altered",
            head.size
        ))
    })
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
