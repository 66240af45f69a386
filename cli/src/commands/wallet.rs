//! `carnet wallet`: keeping credentials and showing them.

mod show;

use super::{Context, did, read_from, rng, wallet_file};
use crate::args::wallet as args;
use crate::claims::asks_for;
use crate::error::{Answer, CliError};
use crate::files::{self, Access, Existing};
use crate::ledger;
use crate::secret::{self, MAX_LOCKED_BYTES, Passphrase, read_passphrase};
use crate::text::Args;
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::challenge::{Challenge, MAX_CHALLENGE_BYTES};
use carnet_proto::evidence::{Evidence, GatherFor};
use carnet_proto::file::{self, FileError};
use carnet_proto::id::Did;
use carnet_proto::issuing::{CredentialFile, MAX_CREDENTIAL_FILE_BYTES};
use carnet_proto::key::Seed;
use carnet_proto::profile::{FileKind, MAX_LIVE_SECONDS, MAX_PRESENTATION_BYTES};
use carnet_proto::status::Status;
use carnet_proto::text::Line;
use carnet_proto::time::{DAY, UnixSeconds};
use carnet_proto::wallet::{
    PresentRequest, Preset, Wallet, WalletCredential, WalletError, contents_of,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Runs a command of the group.
///
/// # Errors
/// What kept it from an answer.
pub fn run(command: args::Wallet, context: &mut Context) -> Result<Answer, CliError> {
    match command {
        args::Wallet::New(args) => new(&args, context),
        args::Wallet::Key(args) => key(&args, context),
        args::Wallet::Add(args) => add(&args, context),
        args::Wallet::List(args) => show::list(&Opened::open(&args.file, context)?.wallet, context),
        args::Wallet::Show(args) => {
            let opened = Opened::open(&args.file, context)?;
            let index = opened.find(&args.credential)?;
            show::one(&opened.wallet, index, context)
        }
        args::Wallet::Present(args) => present(&args, context),
        args::Wallet::Refresh(args) => refresh(&args, context),
    }
}

/// A wallet that was opened, with what it takes to lock it again.
struct Opened {
    path: PathBuf,
    passphrase: Passphrase,
    wallet: Wallet,
    /// Held while the wallet is open, so that two commands do not undo each other's work.
    _lock: Option<std::fs::File>,
}

impl Opened {
    fn open(named: &args::File, context: &Context) -> Result<Self, CliError> {
        let path = wallet_file(named)?;
        // Looked for first, so that nobody types a passphrase for nothing.
        if !path.exists() {
            let file = path.display().to_string();
            return Err(CliError::input("wallet-missing").arg("file", file).hint("wallet-missing"));
        }
        let prompt = prompt("prompt-passphrase", &path, context);
        let passphrase = read_passphrase(&prompt, named.passphrase_fd, None)?;
        let lock = lock(&path);
        let sealed = files::read_limited(&path, MAX_LOCKED_BYTES as u64)?;
        let plain = secret::open(&path, &sealed, &passphrase)?;
        let wallet = Wallet::open(&plain).map_err(|cause| {
            let code = match &cause {
                WalletError::File(FileError::Unsupported { .. }) => "wallet-newer",
                _ => "wallet-damaged",
            };
            CliError::input(code).arg("file", path.display().to_string()).caused_by(cause)
        })?;
        Ok(Self { path, passphrase, wallet, _lock: lock })
    }

    /// Writes the wallet in place of the old one, whole or not at all.
    fn save(&self) -> Result<(), CliError> {
        save(&self.path, &self.wallet, &self.passphrase, Existing::Replace)
    }

    /// Finds a credential by its number, or by the first digits of its id.
    fn find(&self, named: &str) -> Result<usize, CliError> {
        let credentials = self.wallet.credentials();
        if let Ok(number) = named.parse::<usize>()
            && (1..=credentials.len()).contains(&number)
        {
            return Ok(number - 1);
        }
        let id = |credential: &WalletCredential| {
            contents_of(credential).map(|contents| contents.claims.id.to_string())
        };
        let mut found = (0..).zip(credentials).filter(|(_, credential)| {
            named.len() >= 4 && id(credential).is_ok_and(|id| id.starts_with(named))
        });
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(index),
            _ => Err(CliError::usage("wallet-no-credential")
                .arg("credential", named.to_owned())
                .hint("wallet-list")),
        }
    }
}

/// Locks the directory of a wallet against other commands; where that is not possible, goes on.
fn lock(path: &Path) -> Option<std::fs::File> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let dir = std::fs::File::open(dir).ok()?;
    dir.lock().ok()?;
    Some(dir)
}

fn save(
    path: &Path,
    wallet: &Wallet,
    passphrase: &Passphrase,
    existing: Existing,
) -> Result<(), CliError> {
    let plain = Zeroizing::new(wallet.to_file());
    let sealed = secret::seal(path, &plain, passphrase)?;
    files::write(path, &sealed, Access::Private, existing)
}

fn prompt(id: &str, path: &Path, context: &Context) -> String {
    context.texts.get(id, &Args::new().with("file", path.display().to_string()))
}

/// Makes the directory that a default path is in; a path that was named must have one.
fn create_home(named: &args::File, path: &Path) -> Result<(), CliError> {
    match path.parent() {
        Some(dir) if named.path.is_none() => files::create_dir(dir, Access::Private),
        _ => Ok(()),
    }
}

fn new(args: &args::New, context: &mut Context) -> Result<Answer, CliError> {
    let path = wallet_file(&args.file)?;
    refuse_existing(&path)?;
    create_home(&args.file, &path)?;
    let first = prompt("prompt-passphrase-new", &path, context);
    let again = prompt("prompt-passphrase-again", &path, context);
    let passphrase = read_passphrase(&first, args.file.passphrase_fd, Some(&again))?;
    let wallet = Wallet::new(Seed::generate(&mut rng()));
    save(&path, &wallet, &passphrase, Existing::Keep)?;
    let file = path.display().to_string();
    if context.out.is_json() {
        context.out.json(&json!({ "version": 1, "wallet": file }))?;
    } else {
        context.say("wallet-made", &Args::new().with("file", file))?;
    }
    Ok(Answer::Yes)
}

fn refuse_existing(path: &Path) -> Result<(), CliError> {
    if std::fs::symlink_metadata(path).is_ok() {
        return Err(CliError::usage("file-exists").arg("file", path.display().to_string()));
    }
    Ok(())
}

fn key(args: &args::Key, context: &mut Context) -> Result<Answer, CliError> {
    let institution = did(&args.institution)?;
    refuse_existing(&args.out)?;
    let mut opened = Opened::open(&args.file, context)?;
    let request = opened
        .wallet
        .request_key(institution, context.now(), &mut rng())
        .map_err(|cause| CliError::input("wallet-key").caused_by(cause))?;
    // The wallet comes first: a request whose key is lost would be worth nothing.
    opened.save()?;
    files::write(&args.out, &request, Access::Private, Existing::Keep)?;
    let file = args.out.display().to_string();
    if context.out.is_json() {
        let institution = institution.to_string();
        context.out.json(&json!({ "version": 1, "request": file, "institution": institution }))?;
    } else {
        let args = Args::new().with("file", file).with("did", institution.to_string());
        context.say("wallet-key-made", &args)?;
    }
    Ok(Answer::Yes)
}

fn add(args: &args::Add, context: &mut Context) -> Result<Answer, CliError> {
    let mut read = Vec::new();
    for path in &args.credentials {
        let bytes = files::read_limited(path, MAX_CREDENTIAL_FILE_BYTES as u64)?;
        let credential = CredentialFile::open(&bytes).map_err(|cause| {
            CliError::input("credential-file")
                .arg("file", path.display().to_string())
                .caused_by(cause)
        })?;
        read.push((path, credential));
    }
    let mut opened = Opened::open(&args.file, context)?;
    let first = opened.wallet.credentials().len();
    for (path, credential) in read {
        opened.wallet.add(credential).map_err(|cause| {
            CliError::input("wallet-add").arg("file", path.display().to_string()).caused_by(cause)
        })?;
    }
    opened.save()?;
    show::added(&opened.wallet, first, context)
}

fn present(args: &args::Present, context: &mut Context) -> Result<Answer, CliError> {
    let now = context.now();
    let challenge = match &args.challenge {
        Some(path) => Some(read_challenge(path, now)?),
        None => None,
    };
    refuse_existing(&args.out)?;
    if let Some(challenge) = &challenge {
        // Told before the passphrase is asked for: the holder decides.
        show::challenge(challenge, context);
    }
    let opened = Opened::open(&args.file, context)?;
    let mut indexes = Vec::new();
    for named in &args.credentials {
        let index = opened.find(named)?;
        if !indexes.contains(&index) {
            indexes.push(index);
        }
    }
    let disclose: Vec<String> =
        args.disclose.iter().map(|claim| claim.trim().replace('-', "_")).collect();
    let (audience, nonce, expires_at) = match &challenge {
        Some(challenge) => {
            let end = challenge.expires_at.min(now.plus(MAX_LIVE_SECONDS));
            (challenge.audience.as_str(), Some(challenge.nonce.0.as_slice()), end)
        }
        None => {
            let audience = args.audience.as_deref().unwrap_or_default();
            Line::parse(audience).map_err(|cause| CliError::usage("audience").caused_by(cause))?;
            (audience, None, now.plus(u64::from(args.days) * DAY))
        }
    };
    let request = PresentRequest {
        audience,
        nonce,
        issued_at: now,
        expires_at,
        disclose: &disclose,
        with_evidence: !args.without_evidence,
    };
    let each = chosen(args.preset, &opened.wallet, &indexes)?;
    let presentation = opened
        .wallet
        .present_each(&each, &request, Evidence::join_encoded)
        .map_err(|cause| CliError::usage("wallet-present").caused_by(cause))?;
    let named = disclose.len();
    let mut disclose = disclose.clone();
    for name in each.iter().flat_map(|(_, names)| names) {
        if !disclose.contains(name) {
            disclose.push(name.clone());
        }
    }
    // Last, so that a name that is misspelt is called so.
    let shows = |claims: &[&str]| disclose.iter().any(|d| claims.contains(&d.as_str()));
    if challenge.is_none()
        && !(shows(&["birth_date"]) && shows(&["name_latin", "name_native", "name_icao"]))
    {
        return Err(CliError::usage("prepared-needs").hint("prepared-needs"));
    }
    let bytes = presentation.to_file();
    if bytes.len() > MAX_PRESENTATION_BYTES {
        return Err(CliError::input("presentation-large")
            .arg("size", bytes.len())
            .arg("max", MAX_PRESENTATION_BYTES)
            .hint("presentation-large"));
    }
    files::write(&args.out, &bytes, Access::Private, Existing::Keep)?;
    if !args.without_evidence && presentation.evidence.is_none() {
        context.note("wallet-no-evidence", &Args::new());
    }
    if let Some(challenge) = &challenge {
        let wishes = show::wishes(challenge);
        let open = wishes.iter().filter(|wish| !disclose.iter().any(|name| asks_for(wish, name)));
        let open: Vec<&str> = open.map(String::as_str).collect();
        if !open.is_empty() {
            context.note("wallet-asked", &Args::new().with("claims", open.join(", ")));
        }
        // What the holder named is shown on purpose; what a preset adds may be more than anybody wants.
        let added = disclose.iter().skip(named);
        let unasked = added.filter(|name| !wishes.iter().any(|wish| asks_for(wish, name)));
        let unasked: Vec<&str> = unasked.map(String::as_str).collect();
        // A list stands for its parts.
        let is_part = |name: &str| unasked.iter().any(|of| *of != name && asks_for(of, name));
        let unasked: Vec<&str> = unasked.iter().copied().filter(|name| !is_part(name)).collect();
        if !unasked.is_empty() {
            context.note("wallet-unasked", &Args::new().with("claims", unasked.join(", ")));
        }
    }
    let made = show::Presented { audience, challenge: challenge.as_ref(), until: expires_at };
    show::presented(&args.out, &made, &disclose, context)
}

/// Returns the credentials with the claims that a preset chooses of each.
///
/// # Errors
/// `wallet-present` if a credential cannot be read, `wallet-preset` if the preset does not fit them.
pub fn chosen(
    preset: Option<Preset>,
    wallet: &Wallet,
    indexes: &[usize],
) -> Result<Vec<(usize, Vec<String>)>, CliError> {
    let Some(preset) = preset else {
        return Ok(indexes.iter().map(|index| (*index, Vec::new())).collect());
    };
    let refused = |cause| CliError::usage("wallet-present").caused_by(cause);
    let credentials = indexes.iter().filter_map(|index| wallet.credentials().get(*index));
    let contents = credentials.map(contents_of).collect::<Result<Vec<_>, _>>().map_err(refused)?;
    let names = preset
        .disclosures(&contents.iter().collect::<Vec<_>>())
        .map_err(|cause| CliError::usage("wallet-preset").caused_by(cause).hint("wallet-preset"))?;
    Ok(indexes.iter().copied().zip(names).collect())
}

/// Reads a challenge that can still be answered.
fn read_challenge(path: &Path, now: UnixSeconds) -> Result<Challenge, CliError> {
    let challenge = open_challenge(path)?;
    if challenge.expires_at <= now {
        let until = crate::render::time(challenge.expires_at);
        return Err(CliError::input("challenge-expired")
            .arg("file", path.display().to_string())
            .arg("until", until)
            .hint("challenge-expired"));
    }
    Ok(challenge)
}

/// Reads a challenge.
///
/// # Errors
/// Those of reading, or `challenge-file`.
pub fn open_challenge(path: &Path) -> Result<Challenge, CliError> {
    let bytes = files::read_limited(path, MAX_CHALLENGE_BYTES as u64)?;
    let refused = || CliError::input("challenge-file").arg("file", path.display().to_string());
    let body = file::unwrap(&bytes, FileKind::Challenge, MAX_CHALLENGE_BYTES)
        .map_err(|cause| refused().caused_by(cause))?;
    Challenge::from_cbor(body).map_err(|cause| refused().caused_by(cause))
}

fn refresh(args: &args::Refresh, context: &mut Context) -> Result<Answer, CliError> {
    let client = read_from(&args.node)?;
    // Fetched before the wallet is opened: what is fetched does not depend on what is in it.
    let fetched = ledger::fetch(&client, context.texts.plain("progress-logs"))?;
    let mut opened = Opened::open(&args.file, context)?;
    let gathered = gather(&mut opened.wallet, &fetched, context.now()).map_err(|cause| {
        CliError::input("wallet-damaged")
            .arg("file", opened.path.display().to_string())
            .caused_by(cause)
    })?;
    if !gathered.refreshed.is_empty() {
        opened.save()?;
    }
    show::refreshed(&fetched, &gathered, context)
}

/// What came of gathering evidence.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Indexes of the credentials that have new evidence.
    pub refreshed: Vec<usize>,
    /// Those whose issuance no log shows, with their issuers.
    pub missing: Vec<(usize, Did)>,
    /// Those that their issuers have revoked or suspended.
    pub not_in_force: Vec<(usize, Status)>,
}

/// Gathers evidence for every credential of a wallet from logs that were fetched.
///
/// # Errors
/// If a credential in the wallet cannot be read.
pub fn gather(
    wallet: &mut Wallet,
    fetched: &ledger::Fetched,
    now: UnixSeconds,
) -> Result<Gathered, WalletError> {
    let mut gathered = Gathered::default();
    for index in 0..wallet.credentials().len() {
        let Some(credential) = wallet.credentials().get(index) else { continue };
        let claims = contents_of(credential)?.claims;
        let issuance = credential.anchor.issuance;
        let known = fetched.replicas.get(&claims.issuer);
        if known.is_none_or(|log| log.view().issuances.get(&issuance).is_none()) {
            gathered.missing.push((index, claims.issuer));
            continue;
        }
        let wanted = GatherFor { issuer: claims.issuer, issuance, status_uri: &claims.status.uri };
        let token = known.and_then(|log| log.view().status.get(&claims.status.uri));
        let value = token.and_then(|token| token.list().value(claims.status.index));
        let status = Status::ALL.iter().find(|status| Some(**status as u8) == value);
        if let Some(status @ (Status::Invalid | Status::Suspended)) = status {
            gathered.not_in_force.push((index, *status));
        }
        let evidence = Evidence::gather(&fetched.replicas, &wanted).to_cbor();
        wallet.set_evidence(index, evidence, now);
        gathered.refreshed.push(index);
    }
    Ok(gathered)
}
