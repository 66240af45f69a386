//! Passphrases and the files they lock: binary `age` files that any `age` tool opens.
//!
//! A passphrase comes from the terminal without echo or from a file descriptor, never from an argument
//! or the environment.

use crate::error::CliError;
use age::secrecy::SecretString;
use carnet_proto::key::Seed;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// scrypt work factor of the files we write, as a power of two: fixed, so that every build and phone
/// opens them.
pub const WORK_FACTOR: u8 = 17;
/// Highest scrypt work factor that is accepted, as a power of two: about 1 GiB of memory.
pub const MAX_WORK_FACTOR: u8 = 20;
/// Largest locked file, in bytes.
pub const MAX_LOCKED_BYTES: usize = 64 * 1024 * 1024;
/// Shortest passphrase that is chosen for a new file, in characters.
pub const MIN_NEW_PASSPHRASE_CHARS: usize = 8;
/// Longest passphrase, in bytes.
pub const MAX_PASSPHRASE_BYTES: usize = 1024;

const AGE_HEADER: &[u8] = b"age-encryption.org/v1\n";
const AGE_ANY_VERSION: &[u8] = b"age-encryption.org/";
const AGE_ARMOUR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// A passphrase, wiped when dropped and never printed.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase: not empty and at most [`MAX_PASSPHRASE_BYTES`].
    ///
    /// # Errors
    /// `passphrase-empty` or `passphrase-long`.
    pub fn new(text: Zeroizing<String>) -> Result<Self, CliError> {
        if text.is_empty() {
            return Err(CliError::usage("passphrase-empty"));
        }
        if text.len() > MAX_PASSPHRASE_BYTES {
            return Err(CliError::usage("passphrase-long").arg("max", MAX_PASSPHRASE_BYTES));
        }
        Ok(Self(text))
    }

    /// Refuses one that is too short for a new file.
    fn chosen(self) -> Result<Self, CliError> {
        if self.0.chars().count() < MIN_NEW_PASSPHRASE_CHARS {
            return Err(CliError::usage("passphrase-short").arg("min", MIN_NEW_PASSPHRASE_CHARS));
        }
        Ok(self)
    }

    fn secret(&self) -> SecretString {
        SecretString::from(self.0.as_str())
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Reads a passphrase: the first line of the file descriptor `fd` if one is given, else from the
/// terminal without echo. It is a new one if `confirm` is set: asked twice, and at least
/// [`MIN_NEW_PASSPHRASE_CHARS`] long.
///
/// # Errors
/// `passphrase-fd` if the descriptor cannot be read, `passphrase-no-terminal` without a terminal,
/// `passphrase-differs` if the two do not agree, `passphrase-short` for a new one, and those of [`Passphrase::new`].
pub fn read_passphrase(
    prompt: &str,
    fd: Option<u32>,
    confirm: Option<&str>,
) -> Result<Passphrase, CliError> {
    if let Some(fd) = fd {
        let failed = |cause| CliError::usage("passphrase-fd").arg("fd", fd).caused_by(cause);
        let given = Passphrase::new(first_line(open_descriptor(fd).map_err(failed)?, failed)?)?;
        return if confirm.is_some() { given.chosen() } else { Ok(given) };
    }
    let first = Passphrase::new(ask(prompt)?)?;
    let first = if confirm.is_some() { first.chosen()? } else { first };
    if let Some(again) = confirm
        && *ask(again)? != *first.0
    {
        return Err(CliError::usage("passphrase-differs"));
    }
    Ok(first)
}

/// Reads the 24 words of a key set: the first line of the file descriptor `fd` if one is given, else from
/// the terminal without echo. Capitals and further spaces do not matter.
///
/// # Errors
/// `words-fd`, `words-no-terminal`, or `words-wrong` if they are not 24 words that belong together.
pub fn read_words(prompt: &str, fd: Option<u32>) -> Result<Seed, CliError> {
    let text = match fd {
        Some(fd) => {
            let failed = |cause| CliError::usage("words-fd").arg("fd", fd).caused_by(cause);
            words_in_lines(open_descriptor(fd).map_err(failed)?, failed)?
        }
        None => Zeroizing::new(rpassword::prompt_password(prompt).map_err(|cause| {
            CliError::usage("words-no-terminal").hint("words-fd").caused_by(cause)
        })?),
    };
    let text = Zeroizing::new(text.to_lowercase());
    let joined = Zeroizing::new(text.split_whitespace().collect::<Vec<_>>().join(" "));
    let wrong = || CliError::usage("words-wrong").hint("words-wrong");
    let words = bip39::Mnemonic::parse_in_normalized(bip39::Language::English, &joined)
        .map_err(|cause| wrong().caused_by(cause))?;
    let entropy = Zeroizing::new(words.to_entropy());
    let seed: [u8; 32] = entropy.as_slice().try_into().map_err(|_| wrong())?;
    Ok(Seed::new(seed))
}

/// Reads 24 words, however many lines they stand on.
fn words_in_lines(
    mut from: impl Read,
    failed: impl Fn(io::Error) -> CliError,
) -> Result<Zeroizing<String>, CliError> {
    const WORDS: usize = 24;
    let mut text = Zeroizing::new(String::with_capacity(2 * MAX_PASSPHRASE_BYTES));
    // An end of the input reads like empty lines.
    for _ in 0..2 * WORDS {
        let line = first_line(&mut from, &failed)?;
        if text.len() + line.len() >= text.capacity() {
            break;
        }
        text.push_str(&line);
        text.push(' ');
        if text.split_whitespace().count() >= WORDS {
            break;
        }
    }
    Ok(text)
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, CliError> {
    match rpassword::prompt_password(prompt) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(cause) => {
            let error = CliError::usage("passphrase-no-terminal").hint("passphrase-fd");
            Err(error.caused_by(cause))
        }
    }
}

/// Opens a descriptor that the caller's shell opened for us, without taking it over.
fn open_descriptor(fd: u32) -> io::Result<File> {
    if cfg!(unix) {
        File::open(format!("/dev/fd/{fd}"))
    } else {
        Err(ErrorKind::Unsupported.into())
    }
}

/// Reads up to the first line break, byte by byte, so that what follows stays for the next reader.
fn first_line(
    mut from: impl Read,
    failed: impl Fn(io::Error) -> CliError,
) -> Result<Zeroizing<String>, CliError> {
    // Full size at once: a growing buffer would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE_BYTES + 1));
    let mut byte = Zeroizing::new([0]);
    while line.len() <= MAX_PASSPHRASE_BYTES {
        match from.read(&mut *byte) {
            Ok(0) => break,
            Ok(_) if *byte == *b"\n" => break,
            Ok(_) => line.extend_from_slice(&*byte),
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(failed(cause)),
        }
    }
    let text = line.strip_suffix(b"\r").unwrap_or(&line);
    let text = std::str::from_utf8(text)
        .map_err(|_| failed(io::Error::new(ErrorKind::InvalidData, "not UTF-8")))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Locks `bytes` with a passphrase into a binary age file of work factor [`WORK_FACTOR`].
///
/// # Errors
/// `age-large` above [`MAX_LOCKED_BYTES`].
pub fn seal(name: &Path, bytes: &[u8], passphrase: &Passphrase) -> Result<Vec<u8>, CliError> {
    let mut recipient = age::scrypt::Recipient::new(passphrase.secret());
    recipient.set_work_factor(WORK_FACTOR);
    let mut sealed = Vec::with_capacity(bytes.len() + 1024);
    age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .map_err(io::Error::other)
        .and_then(|encryptor| {
            let mut writer = encryptor.wrap_output(&mut sealed)?;
            writer.write_all(bytes)?;
            writer.finish()
        })
        .map_err(|cause| CliError::bug("age-seal").caused_by(cause))?;
    check_size(name, &sealed)?;
    Ok(sealed)
}

/// Opens a binary age file that a passphrase locks; `name` is for the error only.
///
/// # Errors
/// `age-large`, `age-not`, `age-armoured`, `age-newer`, `age-truncated`, `age-no-passphrase` (locked
/// with something else), `age-work`, `age-wrong-passphrase`, or `age-damaged` if the passphrase is
/// right and the content was changed or cut.
pub fn open(
    name: &Path,
    bytes: &[u8],
    passphrase: &Passphrase,
) -> Result<Zeroizing<Vec<u8>>, CliError> {
    use age::DecryptError as E;
    let refused = |code| CliError::input(code).arg("file", name.display().to_string());
    let decryptor = decryptor(name, bytes)?;
    let mut identity = age::scrypt::Identity::new(passphrase.secret());
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let mut reader =
        decryptor.decrypt(std::iter::once(&identity as _)).map_err(|cause| match cause {
            E::DecryptionFailed | E::KeyDecryptionFailed | E::NoMatchingKeys => {
                refused("age-wrong-passphrase").hint("age-wrong-passphrase")
            }
            E::ExcessiveWork { required, .. } => {
                refused("age-work").arg("required", required).arg("max", MAX_WORK_FACTOR)
            }
            cause => refused("age-damaged").caused_by(cause),
        })?;
    // Full size at once: a growing buffer would leave copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut plain).map_err(|cause| match cause.kind() {
        ErrorKind::UnexpectedEof => refused("age-truncated"),
        _ => refused("age-damaged").caused_by(cause),
    })?;
    Ok(plain)
}

/// Checks, without the passphrase, that a file is one that a passphrase opens.
///
/// # Errors
/// As [`open`], but for those that need the passphrase.
pub fn check_form(name: &Path, bytes: &[u8]) -> Result<(), CliError> {
    decryptor(name, bytes).map(|_| ())
}

fn decryptor<'b>(name: &Path, bytes: &'b [u8]) -> Result<age::Decryptor<&'b [u8]>, CliError> {
    use age::DecryptError as E;
    check_size(name, bytes)?;
    let refused = |code| CliError::input(code).arg("file", name.display().to_string());
    if !bytes.starts_with(AGE_HEADER) {
        return Err(match bytes {
            _ if bytes.starts_with(AGE_ARMOUR) => refused("age-armoured").hint("age-armoured"),
            _ if AGE_HEADER.starts_with(bytes) && !bytes.is_empty() => refused("age-truncated"),
            _ if bytes.starts_with(AGE_ANY_VERSION) => refused("age-newer"),
            _ => refused("age-not"),
        });
    }
    let decryptor = age::Decryptor::new_buffered(bytes).map_err(|cause| match cause {
        E::Io(cause) if cause.kind() == ErrorKind::UnexpectedEof => refused("age-truncated"),
        cause => refused("age-damaged").caused_by(cause),
    })?;
    if !decryptor.is_scrypt() {
        return Err(refused("age-no-passphrase"));
    }
    Ok(decryptor)
}

fn check_size(name: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if bytes.len() <= MAX_LOCKED_BYTES {
        return Ok(());
    }
    let error = CliError::input("age-large").arg("file", name.display().to_string());
    Err(error.arg("max", MAX_LOCKED_BYTES / (1024 * 1024)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    fn name() -> &'static Path {
        Path::new("wallet.age")
    }

    fn code(bytes: &[u8], with: &str) -> &'static str {
        open(name(), bytes, &passphrase(with)).unwrap_err().code()
    }

    #[test]
    fn what_is_locked_opens_with_the_same_passphrase_only() {
        let sealed = seal(name(), b"seed", &passphrase("correct horse")).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "));
        let header = String::from_utf8_lossy(&sealed[..80]).into_owned();
        assert!(header.lines().nth(1).unwrap().ends_with(" 17"), "{header}");
        assert_eq!(**open(name(), &sealed, &passphrase("correct horse")).unwrap(), *b"seed");
        assert_eq!(code(&sealed, "wrong horse"), "age-wrong-passphrase");
    }

    #[test]
    fn what_is_no_wallet_is_told_from_a_wrong_passphrase() {
        assert_eq!(code(b"", "x"), "age-not");
        assert_eq!(code(b"\x80noise", "x"), "age-not");
        assert_eq!(code(b"age-encryption.org/v2\n-> ?\n", "x"), "age-newer");
        assert_eq!(code(b"age-encryption.org/v1", "x"), "age-truncated");
        assert_eq!(code(b"age-encryption.org/v1\n-> scr", "x"), "age-truncated");
        assert_eq!(code(b"age-encryption.org/v1\nnoise\n", "x"), "age-damaged");
        assert_eq!(code(b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", "x"), "age-armoured");
    }

    #[test]
    fn a_cut_or_changed_file_is_damaged_and_gives_no_content() {
        let sealed = seal(name(), &[7; 200], &passphrase("p")).unwrap();
        assert_eq!(code(&sealed[..sealed.len() - 1], "p"), "age-damaged");
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(code(&changed, "p"), "age-damaged");
        assert_eq!(code(&sealed[..100], "p"), "age-truncated");
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused_before_the_work() {
        let sealed = seal(name(), b"seed", &passphrase("p")).unwrap();
        let end = sealed.windows(4).position(|part| part == b" 17\n").unwrap();
        let mut greedy = sealed.clone();
        greedy[end + 1..end + 3].copy_from_slice(b"21");
        assert_eq!(code(&greedy, "p"), "age-work");
    }

    #[test]
    fn a_file_locked_with_a_key_is_named_as_such() {
        let key = age::x25519::Identity::generate().to_public();
        let sealed = age::encrypt(&key, b"seed").unwrap();
        assert_eq!(code(&sealed, "p"), "age-no-passphrase");
    }

    #[test]
    fn an_oversized_file_is_refused_first() {
        assert_eq!(code(&vec![0; MAX_LOCKED_BYTES + 1], "p"), "age-large");
    }

    #[cfg(unix)]
    #[test]
    fn a_passphrase_is_the_first_line_of_a_descriptor() {
        use std::os::fd::AsRawFd;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all("kwentong barbero\r\nsecond line\n".as_bytes()).unwrap();
        let fd = u32::try_from(file.as_raw_fd()).unwrap();
        assert_eq!(read_passphrase("", Some(fd), None).unwrap().0.as_str(), "kwentong barbero");
        let closed = read_passphrase("", Some(9_999), None).unwrap_err();
        assert_eq!(closed.code(), "passphrase-fd");
    }

    #[test]
    fn an_empty_overlong_or_unreadable_passphrase_is_refused() {
        let failed = |cause| CliError::usage("passphrase-fd").caused_by(cause);
        let read = |bytes: &[u8]| first_line(bytes, failed).and_then(Passphrase::new);
        assert_eq!(read(b"\nx").unwrap_err().code(), "passphrase-empty");
        assert_eq!(read(&[b'x'; 5000]).unwrap_err().code(), "passphrase-long");
        assert_eq!(read(b"\xff\n").unwrap_err().code(), "passphrase-fd");
        assert!(read(b"no line break").is_ok());
    }

    #[test]
    fn a_passphrase_is_never_printed() {
        assert_eq!(format!("{:?}", passphrase("hunter2")), "Passphrase(..)");
    }
}
