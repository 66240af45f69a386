//! Runs the binary as a user would, in a home of its own.

#[allow(dead_code, reason = "only some of the tests run nodes")]
pub mod node;
#[allow(dead_code, reason = "only some of the tests make nodes state something")]
pub mod statements;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The passphrase of wallets whose passphrase does not matter.
#[allow(dead_code, reason = "only some of the tests make wallets")]
pub const PASSPHRASE: &str = "correct horse";

/// A user with a directory for files, which is also where commands run.
pub struct User {
    dir: TempDir,
}

/// What a command answered.
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl User {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns a command with nothing of the machine's user in it.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carnet"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("CARNET_HOME", self.path("home"))
            .env("LC_ALL", "C.UTF-8")
            .env_remove("CARNET_TOKEN_FILE")
            .env_remove("CARNET_LOG")
            .env_remove("NO_COLOR");
        command
    }

    /// Runs a command line, split at spaces.
    pub fn run(&self, line: &str) -> Answer {
        self.run_with(line.split_whitespace(), b"")
    }

    /// Runs a command whose passphrase is read from stdin, as descriptor 0.
    pub fn run_locked(&self, line: &str, passphrase: &str) -> Answer {
        let args = line.split_whitespace().chain(["--passphrase-fd", "0"]);
        self.run_with(args, format!("{passphrase}\n").as_bytes())
    }

    pub fn run_with<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        stdin: &[u8],
    ) -> Answer {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input closes it; that is its right.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap().into()
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Answer {
    /// Asserts success and returns stdout.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }

    /// Asserts a failure by its exit code and words on stderr; stdout stays empty.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> String {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "", "a failure leaves stdout empty");
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in: {}", self.stderr);
        }
        self.stderr
    }

    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{error}\nstdout: {}\nstderr: {}", self.stdout, self.stderr)
        })
    }
}
