//! Reading and writing files safely: with a limit, atomically, and never over something by accident.

use crate::error::CliError;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Stands for stdin where a file to read is named.
pub const STDIN: &str = "-";

/// Who may read a file or a directory that we make. Only unix tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner alone: secrets, and whatever is about a person.
    Private,
    /// Whomever the process's umask lets.
    Shared,
}

/// What to do with a file that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Leave it and fail.
    Keep,
    /// Put the new one in its place.
    Replace,
}

/// Returns the directory of everything that belongs to this user: `$CARNET_HOME`, else
/// `$XDG_DATA_HOME/carnet`, else `~/.carnet`.
///
/// # Errors
/// `no-home` if none of the three is set.
pub fn carnet_home() -> Result<PathBuf, CliError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CARNET_HOME")
        .or_else(|| set("XDG_DATA_HOME").map(|dir| dir.join("carnet")))
        .or_else(|| std::env::home_dir().map(|dir| dir.join(".carnet")))
        .ok_or_else(|| CliError::usage("no-home").hint("no-home"))
}

/// Reads a whole file of at most `max` bytes; `-` is stdin.
///
/// # Errors
/// `file-missing`, `file-read`, or `file-large`, each naming the file.
pub fn read_limited(path: &Path, max: u64) -> Result<Vec<u8>, CliError> {
    let fail = |cause: io::Error| match cause.kind() {
        ErrorKind::NotFound => named(CliError::input("file-missing"), path),
        _ => named(CliError::store("file-read"), path).caused_by(cause),
    };
    let reader: Box<dyn Read> = if path == Path::new(STDIN) {
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(fail)?;
        if file.metadata().map_err(fail)?.is_dir() {
            return Err(fail(ErrorKind::IsADirectory.into()));
        }
        Box::new(file)
    };
    read_all(reader, max).map_err(fail)?.ok_or_else(|| {
        named(CliError::input("file-large"), path).arg("limit", max).hint("file-large")
    })
}

/// Reads a whole text file of at most `max` bytes; `-` is stdin.
///
/// # Errors
/// Those of [`read_limited`], or `file-not-text` if it is not UTF-8.
pub fn read_text(path: &Path, max: u64) -> Result<String, CliError> {
    let bytes = read_limited(path, max)?;
    String::from_utf8(bytes)
        .map_err(|cause| named(CliError::input("file-not-text"), path).caused_by(cause))
}

fn read_all(reader: impl Read, max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    reader.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= max).then_some(bytes))
}

/// Writes a file so that it is there whole or not at all, also after a power failure: a temporary
/// file beside it, synced, then renamed.
///
/// # Errors
/// `file-exists` if there is one and it is to be kept, `file-write` otherwise; both name the file.
pub fn write(
    path: &Path,
    bytes: &[u8],
    access: Access,
    existing: Existing,
) -> Result<(), CliError> {
    let exists = || named(CliError::usage("file-exists"), path);
    if existing == Existing::Keep && fs::symlink_metadata(path).is_ok() {
        return Err(exists());
    }
    // A link stays a link: the file behind it is what is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    replace(&target, bytes, access, existing).map_err(|cause| match cause.kind() {
        ErrorKind::AlreadyExists => exists(),
        ErrorKind::NotFound => named(CliError::store("file-write"), path)
            .caused_by(io::Error::new(cause.kind(), "there is no such directory")),
        _ => named(CliError::store("file-write"), path).caused_by(cause),
    })
}

fn replace(target: &Path, bytes: &[u8], access: Access, existing: Existing) -> io::Result<()> {
    let dir = match target.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".carnet-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if access == Access::Private { 0o600 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = access;
    let mut file = builder.tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Keep => file.persist_noclobber(target)?,
        Existing::Replace => file.persist(target)?,
    };
    // The rename is in the directory; only unix can sync one.
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// Makes a directory and those above it; one that exists is left as it is.
///
/// # Errors
/// `dir-create`, naming the directory.
pub fn create_dir(path: &Path, access: Access) -> Result<(), CliError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(if access == Access::Private { 0o700 } else { 0o777 });
    }
    #[cfg(not(unix))]
    let _ = access;
    builder
        .create(path)
        .map_err(|cause| named(CliError::store("dir-create"), path).caused_by(cause))
}

fn named(error: CliError, path: &Path) -> CliError {
    error.arg("file", path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Texts;

    #[test]
    fn a_file_is_written_whole_and_not_over_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.carnet");
        write(&path, b"one", Access::Shared, Existing::Keep).unwrap();
        let error = write(&path, b"two", Access::Shared, Existing::Keep).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), ("file-exists", 2));
        assert_eq!(read_limited(&path, 10).unwrap(), b"one");
        write(&path, b"two", Access::Shared, Existing::Replace).unwrap();
        assert_eq!(read_limited(&path, 10).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        fs::create_dir(&path).unwrap();
        let error = write(&path, b"x", Access::Shared, Existing::Replace).unwrap_err();
        assert_eq!(error.code(), "file-write");
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let nowhere = dir.path().join("no/such/dir/file");
        let error = write(&nowhere, b"x", Access::Shared, Existing::Keep).unwrap_err();
        assert!(error.message(&Texts::load(Some("en"))).contains("no/such/dir/file"));
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_for_its_owner_alone_and_a_link_stays_a_link() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, b"new", Access::Private, Existing::Replace).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        let private = dir.path().join("home/wallets");
        create_dir(&private, Access::Private).unwrap();
        assert_eq!(fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_file_above_the_limit_is_refused_with_its_name_and_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        fs::write(&path, [0; 11]).unwrap();
        let error = read_limited(&path, 10).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), ("file-large", 3));
        let message = error.message(&Texts::load(Some("en")));
        assert!(message.contains("big") && message.contains("10"), "{message}");
        assert_eq!(read_limited(&path, 11).unwrap().len(), 11);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let missing = read_limited(&dir.path().join("none"), 10).unwrap_err();
        assert_eq!(missing.code(), "file-missing");
        assert_eq!(read_limited(dir.path(), 10).unwrap_err().code(), "file-read");
        let latin = dir.path().join("latin1.toml");
        fs::write(&latin, b"name = \"J\xfcrgen\"").unwrap();
        assert_eq!(read_text(&latin, 100).unwrap_err().code(), "file-not-text");
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = create_dir(&file.join("below"), Access::Private).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), ("dir-create", 3));
        assert!(error.message(&Texts::load(Some("en"))).contains("below"));
    }
}
