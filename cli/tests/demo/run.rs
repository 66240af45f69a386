//! One run of the demo that the tests of this binary share.

use crate::support::{Answer, User};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

/// The ports that a node takes by default, for HTTP and for its peers.
const DEFAULT_PORTS: [u16; 2] = [7878, 7879];

/// A demo that has been played.
pub struct Run {
    /// Where its files are.
    pub dir: PathBuf,
    /// What `carnet demo --json` printed.
    pub answer: Answer,
    /// Whether it made anything in the home of the user.
    pub touched_home: bool,
    /// Held while the files are in use, in case somebody else runs the same tests.
    _lock: File,
}

/// Plays the demo at the first call. The default ports are taken while it plays.
pub fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        // Not in a temporary directory, since a static is never dropped: the next run clears it.
        let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let lock = File::create(base.join("demo.lock")).unwrap();
        lock.lock().unwrap();
        let dir = base.join("demo");
        match std::fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => panic!("{error}"),
            _ => {}
        }
        // Where one is taken already, that is as good.
        let held = DEFAULT_PORTS.map(|port| TcpListener::bind(("127.0.0.1", port)));
        for taken in held.iter().filter_map(|held| held.as_ref().err()) {
            assert_eq!(taken.kind(), ErrorKind::AddrInUse, "{taken}");
        }
        let user = User::new();
        let answer = user.run_with(["demo", "--json", "--dir", dir.to_str().unwrap()], b"");
        let touched_home = user.path("home").exists();
        Run { dir, answer, touched_home, _lock: lock }
    })
}

impl Run {
    /// Returns the path of one of its files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Reads one of its files.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }
}

/// Returns every file below a directory with its size and when it was written.
pub fn listing(dir: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        if meta.is_dir() {
            files.extend(listing(&entry.path()));
        } else {
            files.insert(entry.path(), (meta.len(), meta.modified().unwrap()));
        }
    }
    files
}
