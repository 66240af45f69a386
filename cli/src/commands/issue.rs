//! `carnet issue` and `carnet status`: certifying people, and what became of it.

use super::Context;
use super::institution::Operator;
use crate::args::issue as args;
use crate::error::{Answer, CliError, Mistake};
use crate::files::{self, Access, Existing};
use crate::forms::certificate::{self, Certificate};
use crate::forms::class::Class;
use crate::forms::contribution::{self, Periods};
use crate::forms::table::{self, Table, wrong_rows};
use crate::ledger;
use crate::progress;
use crate::text::Args;
use carnet_proto::cbor::{Bytes, Decode as _, Encode as _};
use carnet_proto::credential::skill::Weight;
use carnet_proto::id::Did;
use carnet_proto::issuing::{IssuedBatch, IssuingOrder, IssuingRow};
use carnet_proto::request::{KeyRequest, MAX_REQUEST_BYTES};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Largest order or batch, in bytes.
const MAX_BATCH_BYTES: u64 = 512 * 1024 * 1024;

/// Issues skill credentials.
///
/// # Errors
/// Those of the form and the client; `rows` with every mistake, and then nothing is issued.
pub fn skill(args: &args::Issuing, context: &mut Context) -> Result<Answer, CliError> {
    issue::<Class>(args, certificate::TEMPLATE, certificate::read, context)
}

/// Issues contribution attestations.
///
/// # Errors
/// As [`skill`].
pub fn contribution(args: &args::Issuing, context: &mut Context) -> Result<Answer, CliError> {
    issue::<Periods>(args, contribution::TEMPLATE, contribution::read, context)
}

fn issue<T: Table>(
    args: &args::Issuing,
    toml_template: &str,
    read_toml: fn(&Path) -> Result<Certificate, CliError>,
    context: &mut Context,
) -> Result<Answer, CliError> {
    let done = issue_from::<T>(args, toml_template, read_toml, context);
    done.map_err(|error| error.arg("command", T::COMMAND))
}

fn issue_from<T: Table>(
    args: &args::Issuing,
    toml_template: &str,
    read_toml: fn(&Path) -> Result<Certificate, CliError>,
    context: &mut Context,
) -> Result<Answer, CliError> {
    if let Some(text) = template::<T>(&args.from, toml_template) {
        context.out.line(text.trim_end())?;
        return Ok(Answer::Yes);
    }
    let (path, (rows, mut mistakes)) = match (&args.from.toml, &args.from.csv) {
        (Some(path), _) => (path, (vec![read_toml(path)?], Vec::new())),
        (None, Some(path)) => (path, table::read_rows::<T>(path)?),
        (None, None) => return Err(CliError::bug("arguments")),
    };
    // Everything that can be found here is told at once.
    mistakes.extend(look_at(&rows, context));
    let issuer = Operator::of(&args.node).and_then(|operator| Ok((operator.did()?, operator)));
    if let (Ok((did, _)), false) = (&issuer, mistakes.is_empty()) {
        mistakes.extend(order(&rows, did).err().unwrap_or_default());
    }
    if !mistakes.is_empty() {
        return Err(wrong_rows(path, mistakes));
    }
    // Wherever the files cannot go is found before anything is issued.
    let targets = match &args.out {
        Some(out) if !args.dry_run => targets(out, &rows)?,
        _ => Vec::new(),
    };
    let (did, operator) = issuer?;
    let order = order(&rows, &did).map_err(|mistakes| wrong_rows(path, mistakes))?;
    let spinner = progress::spinner(context.texts.plain("progress-issue"));
    let batch = send(&operator, path, &rows, &order, args.dry_run);
    spinner.finish_and_clear();
    let Some(batch) = batch? else { return checked(rows.len(), context) };
    let mut written = Vec::new();
    let mut unwritten = Vec::new();
    for ((issued, target), row) in batch.rows.iter().zip(&targets).zip(&rows) {
        match files::write(target, &issued.file.0, Access::Private, Existing::Keep) {
            Ok(()) => written.push((issued.row.to_string(), target.display().to_string())),
            Err(error) => unwritten.push(Mistake::new(
                row.line,
                Some(issued.row.to_string()),
                error.message(&context.texts),
            )),
        }
    }
    if !unwritten.is_empty() {
        return Err(CliError::store("issue-unwritten")
            .arg("written", written.len())
            .arg("count", unwritten.len())
            .mistakes(unwritten)
            .hint("issue-unwritten"));
    }
    let issuance = batch.issuance.to_string();
    if context.out.is_json() {
        let files: Vec<_> =
            written.iter().map(|(row, file)| json!({ "row": row, "file": file })).collect();
        context.out.json(&json!({ "version": 1, "issuance": issuance, "issued": files }))?;
    } else {
        let dir = args.out.as_deref().unwrap_or(Path::new(".")).display().to_string();
        let args =
            Args::new().with("count", written.len()).with("dir", dir).with("digest", issuance);
        context.say("issued", &args)?;
    }
    Ok(Answer::Yes)
}

/// Returns what nobody should sign, and tells what those who read it will ask.
fn look_at(rows: &[Certificate], context: &Context) -> Vec<Mistake> {
    let today = context.now().date();
    let mut mistakes = Vec::new();
    for row in rows {
        let lints = row.attested.skill().map(|skill| skill.lint(today)).unwrap_or_default();
        let lints = lints.into_iter().map(|lint| (row.row.as_str(), lint.weight(), lint.text()));
        let oddities = row.attested.oddities(row.person.birth_date, today).into_iter();
        let oddities = oddities.map(|odd| (odd.field(), odd.weight(), odd.text()));
        for (column, weight, text) in lints.chain(oddities) {
            match weight {
                Weight::Wrong => {
                    mistakes.push(Mistake::new(row.line, Some(column.to_owned()), text.to_owned()));
                }
                Weight::Weak => context.note(
                    "issue-weak",
                    &Args::new().with("row", row.row.to_string()).with("reason", text),
                ),
            }
        }
    }
    mistakes
}

fn template<T: Table>(from: &args::From, toml_template: &str) -> Option<String> {
    if from.columns {
        let rows = T::COLUMNS.iter().map(|(name, must, what)| {
            format!("{name:<20} {} {what}\n", if *must { "must" } else { "may " })
        });
        return Some(rows.collect());
    }
    if from.csv_template {
        return Some(table::template::<T>());
    }
    from.toml_template.then(|| toml_template.to_owned())
}

fn checked(count: usize, context: &mut Context) -> Result<Answer, CliError> {
    if context.out.is_json() {
        context.out.json(&json!({ "version": 1, "dry_run": true, "rows": count }))?;
    } else {
        context.say("issue-checked", &Args::new().with("count", count))?;
    }
    Ok(Answer::Yes)
}

/// Reads the key requests and puts the order together.
fn order(rows: &[Certificate], issuer: &Did) -> Result<IssuingOrder, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut keys: BTreeMap<[u8; 32], u64> = BTreeMap::new();
    let mut ordered = Vec::new();
    for row in rows {
        let mut wrong = |reason: String| {
            mistakes.push(Mistake::new(row.line, Some("key_request".into()), reason));
        };
        let request = match read_request(row.key_request.as_deref(), issuer) {
            Ok((request, key)) => {
                let first = *keys.entry(key).or_insert(row.line);
                if first != row.line {
                    wrong(format!("the same key is requested in line {first} already"));
                }
                request
            }
            Err(reason) => {
                wrong(reason);
                continue;
            }
        };
        ordered.push(IssuingRow {
            row: row.row.clone(),
            key_request: Bytes(request),
            person: row.person.clone(),
            skill: row.attested.skill().cloned(),
            expires_at: row.expires_at,
            contribution: row.attested.contribution().cloned(),
        });
    }
    if mistakes.is_empty() { Ok(IssuingOrder { rows: ordered }) } else { Err(mistakes) }
}

fn read_request(path: Option<&Path>, issuer: &Did) -> Result<(Vec<u8>, [u8; 32]), String> {
    let path = path.ok_or("nothing stands there")?;
    let shown = path.display();
    let bytes = files::read_limited(path, MAX_REQUEST_BYTES as u64).map_err(|error| match error
        .code()
    {
        "file-missing" => format!("there is no file {shown}"),
        "file-large" => format!("{shown} is not a key request: it is too large"),
        _ => format!("{shown} cannot be read"),
    })?;
    let request = KeyRequest::open(&bytes, issuer).map_err(|error| format!("{shown}: {error}"))?;
    Ok((bytes, *request.key().as_bytes()))
}

/// Sends the order. Returns nothing for a dry run.
fn send(
    operator: &Operator,
    path: &Path,
    rows: &[Certificate],
    order: &IssuingOrder,
    dry_run: bool,
) -> Result<Option<IssuedBatch>, CliError> {
    #[derive(Deserialize)]
    struct Refusal {
        rows: Vec<RowRefusal>,
    }
    #[derive(Deserialize)]
    struct RowRefusal {
        row: usize,
        #[serde(default)]
        field: Option<String>,
        message: String,
    }
    let url = operator.path(&format!("/operator/v1/issue?dry_run={dry_run}"));
    match operator.client.post_cbor_or_refusal(&url, &order.to_cbor(), MAX_BATCH_BYTES)? {
        Ok(_) if dry_run => Ok(None),
        Ok(bytes) => IssuedBatch::from_cbor(&bytes)
            .map_err(|error| ledger::answer(&operator.client, "it is malformed").caused_by(error))
            .and_then(|batch| {
                let same = batch.rows.len() == rows.len()
                    && batch.rows.iter().zip(rows).all(|(issued, row)| issued.row == row.row);
                if same {
                    Ok(Some(batch))
                } else {
                    Err(ledger::answer(
                        &operator.client,
                        "other rows were issued than were ordered",
                    ))
                }
            }),
        Err(body) => {
            let refusal: Refusal = serde_json::from_slice(&body).map_err(|error| {
                ledger::answer(&operator.client, "it is malformed").caused_by(error)
            })?;
            let mistakes = refusal.rows.into_iter().map(|refused| {
                let line = rows.get(refused.row).map_or(0, |row| row.line);
                Mistake::new(line, refused.field, refused.message)
            });
            Err(wrong_rows(path, mistakes.collect()))
        }
    }
}

/// Returns the file for each row, none of which exists, in a directory that can be written to.
fn targets(out: &Path, rows: &[Certificate]) -> Result<Vec<PathBuf>, CliError> {
    files::create_dir(out, Access::Private)?;
    let mut taken = BTreeSet::new();
    let mut targets = Vec::new();
    for row in rows {
        let base = safe_name(row.row.as_str());
        let mut name = base.clone();
        let mut number = 2;
        // Some file systems do not tell capitals apart.
        while !taken.insert(name.to_lowercase()) {
            name = format!("{base}-{number}");
            number += 1;
        }
        let target = out.join(name + ".carnet");
        if std::fs::symlink_metadata(&target).is_ok() {
            return Err(CliError::usage("file-exists").arg("file", target.display().to_string()));
        }
        targets.push(target);
    }
    tempfile::tempfile_in(out).map_err(|cause| {
        CliError::store("file-write").arg("file", out.display().to_string()).caused_by(cause)
    })?;
    Ok(targets)
}

/// Returns a file name for a row key: ASCII letters, digits, `-`, `_` and inner dots; the rest as `%XX`.
fn safe_name(key: &str) -> String {
    let mut name = String::new();
    for byte in key.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_')
            || (byte == b'.' && !name.is_empty());
        if is_plain {
            name.push(char::from(byte));
        } else {
            name += &format!("%{byte:02X}");
        }
    }
    // A row key has up to 256 bytes, and a file name not many more.
    name.truncate(200);
    name
}

/// Runs a command of the group `status`.
///
/// # Errors
/// Those of the client.
pub fn status(command: args::Status, context: &mut Context) -> Result<Answer, CliError> {
    match command {
        args::Status::Set(args) => set(&args, context),
        args::Status::Adopt(args) => adopt(&args, context),
        args::Status::Publish(args) => publish(&Operator::of(&args.node)?, context),
    }
}

fn set(args: &args::Set, context: &mut Context) -> Result<Answer, CliError> {
    #[derive(Deserialize)]
    struct Changed {
        before: String,
        after: String,
    }
    let operator = Operator::of(&args.node)?;
    let state = match args.state {
        args::State::Valid => "valid",
        args::State::Suspended => "suspended",
        args::State::Invalid => "invalid",
    };
    let (path, body) = match (&args.list, args.index) {
        (Some(list), Some(index)) => {
            let body = json!({ "list": list, "index": index, "status": state });
            ("/operator/v1/status-lists/entry", body)
        }
        _ => {
            let body = json!({ "record": args.record, "status": state });
            ("/operator/v1/credentials/status", body)
        }
    };
    let changed: Changed = operator.client.post_json(&operator.path(path), &body)?;
    let record = match (&args.list, args.index) {
        (Some(list), Some(index)) => format!("{list} {index}"),
        _ => args.record.clone().unwrap_or_default(),
    };
    let published = if args.publish { Some(send_publish(&operator)?) } else { None };
    if context.out.is_json() {
        context.out.json(&json!({
            "version": 1, "record": record, "before": changed.before,
            "after": changed.after, "published": published.is_some(),
        }))?;
        return Ok(Answer::Yes);
    }
    let values = Args::new()
        .with("record", record)
        .with("before", changed.before)
        .with("after", changed.after);
    context.say("status-set", &values)?;
    match published {
        Some(published) => say_published(&published, context),
        None => {
            context.say("status-not-published", &Args::new())?;
            Ok(Answer::Yes)
        }
    }
}

fn adopt(args: &args::Adopt, context: &mut Context) -> Result<Answer, CliError> {
    #[derive(Deserialize)]
    struct Adopted {
        lists: u64,
        lost_batches: u64,
        records: u64,
        published: u64,
        size: u64,
    }
    let institution = args.closed.as_deref().map(super::did).transpose()?;
    let operator = Operator::of(&args.node)?;
    let body = json!({ "institution": institution });
    let path = operator.path("/operator/v1/status-lists/adopt");
    let adopted: Adopted = operator.client.post_json(&path, &body)?;
    if context.out.is_json() {
        let Adopted { lists, lost_batches, records, published, size } = adopted;
        context.out.json(&json!({
            "version": 1, "lists": lists, "lost_batches": lost_batches, "records": records,
            "published": published, "size": size,
        }))?;
        return Ok(Answer::Yes);
    }
    let values = Args::new()
        .with("lists", adopted.lists)
        .with("lost", adopted.lost_batches)
        .with("records", adopted.records);
    context.say("status-adopted", &values)?;
    say_published(&Published { lists: adopted.published, size: adopted.size }, context)
}

#[derive(Deserialize)]
struct Published {
    lists: u64,
    size: u64,
}

fn send_publish(operator: &Operator) -> Result<Published, CliError> {
    operator.client.post_json(&operator.path("/operator/v1/status-lists/publish"), &json!({}))
}

fn publish(operator: &Operator, context: &mut Context) -> Result<Answer, CliError> {
    let published = send_publish(operator)?;
    if context.out.is_json() {
        let Published { lists, size } = published;
        context.out.json(&json!({ "version": 1, "lists": lists, "size": size }))?;
        return Ok(Answer::Yes);
    }
    say_published(&published, context)
}

fn say_published(published: &Published, context: &mut Context) -> Result<Answer, CliError> {
    let args = Args::new().with("lists", published.lists).with("size", published.size);
    context.say("status-published", &args)?;
    Ok(Answer::Yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_key_becomes_a_file_name_that_stays_in_its_directory() {
        assert_eq!(safe_name("class-7_ana.2"), "class-7_ana.2");
        assert_eq!(safe_name("../etc/passwd"), "%2E.%2Fetc%2Fpasswd");
        assert_eq!(safe_name("Peña 1"), "Pe%C3%B1a%201");
        assert_eq!(safe_name(".hidden"), "%2Ehidden");
        assert!(safe_name(&"é".repeat(128)).len() <= 200);
    }

    #[test]
    fn no_two_rows_share_a_file_and_none_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let text = table::template::<Class>();
        let row = text.lines().nth(1).unwrap();
        let text = format!("{text}{}\n", row.replace("class-7-ana", "CLASS-7-ANA"));
        let rows = table::parse::<Class>(Path::new("class.csv"), &text).unwrap();
        let targets = targets(&dir.path().join("new/out"), &rows).unwrap();
        assert_ne!(
            targets[0].to_str().unwrap().to_lowercase(),
            targets[1].to_str().unwrap().to_lowercase()
        );
        std::fs::write(&targets[1], "mine").unwrap();
        let error = super::targets(&dir.path().join("new/out"), &rows).unwrap_err();
        assert_eq!(error.code(), "file-exists");
    }
}
