//! Shared support of the tests that need two crates or more.

pub mod forge;
pub mod world;

use std::convert::Infallible;
use std::path::PathBuf;

use rand_core::{TryCryptoRng, TryRng};

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

/// Random numbers that are the same in every run (SplitMix64). Secret from nobody.
#[derive(Clone, Debug)]
pub struct SeededRng(pub u64);

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let random = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}
