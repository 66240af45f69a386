//! Shared support of the tests that need two crates or more.

pub mod forge;
pub mod recognition;
mod seeded;
pub mod simulator;
pub mod world;

pub use seeded::SeededRng;

use std::path::PathBuf;

/// Where other people's test data lies: `$CARNET_VECTORS`, else `shared/vectors` beside the
/// repository. `None` if there is no such directory.
#[must_use]
pub fn vectors_dir() -> Option<PathBuf> {
    let dir = std::env::var_os("CARNET_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        PathBuf::from,
    );
    dir.is_dir().then_some(dir)
}

/// Returns the path of one file or directory below [`vectors_dir`], or says in one line that the test
/// was left out because it is not there.
///
/// # Panics
/// With `CARNET_TEST_ALL=1` a missing vector is a failure.
#[must_use]
pub fn vectors(name: &str) -> Option<PathBuf> {
    let found = vectors_dir().map(|dir| dir.join(name)).filter(|path| path.exists());
    if found.is_none() {
        leave_out(&format!("the vectors {name} are not here; set CARNET_VECTORS"));
    }
    found
}

/// Says in one line that a test was left out, and why.
///
/// # Panics
/// With `CARNET_TEST_ALL=1` leaving a test out is a failure.
pub fn leave_out(reason: &str) {
    assert!(std::env::var_os("CARNET_TEST_ALL").is_none_or(|all| all != "1"), "{reason}");
    println!("left out: {reason}");
}
