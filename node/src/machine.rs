//! What the machine tells of this process and its disk. Where a system does not tell, the answer is
//! `None`.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Clock ticks in a second, as Linux counts them for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// What this process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Process {
    /// Memory in use, in bytes.
    pub memory_bytes: Option<u64>,
    /// Processor time used since the start, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Files and connections that are open.
    pub open_files: Option<u64>,
}

/// Asks the system what this process uses.
pub fn process() -> Process {
    let status = fs::read_to_string("/proc/self/status").ok();
    let stat = fs::read_to_string("/proc/self/stat").ok();
    Process {
        memory_bytes: status.and_then(|text| memory(&text)),
        cpu_seconds: stat.and_then(|text| cpu(&text)),
        open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
    }
}

fn memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn cpu(stat: &str) -> Option<f64> {
    // The name of the program may hold spaces and parentheses: what counts comes after the last.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

/// Counts the bytes of the files below a path.
pub fn bytes_in(path: &Path) -> u64 {
    let Ok(found) = fs::symlink_metadata(path) else { return 0 };
    if !found.is_dir() {
        return found.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| bytes_in(&entry.path())).sum()
}

/// Returns the bytes that this user may still write to the disk of a path.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Returns the bytes that this user may still write to the disk of a path.
#[cfg(not(unix))]
pub fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Returns the seconds since a file was last written, by the machine's clock; 0 if that is to come.
pub fn age_of(path: &Path) -> Option<u64> {
    let written = fs::metadata(path).ok()?.modified().ok()?;
    Some(SystemTime::now().duration_since(written).map_or(0, |age| age.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_of_a_process_is_read() {
        assert_eq!(memory("Name:\tx\nVmRSS:\t  12 kB\nThreads:\t1\n"), Some(12 * 1024));
        assert_eq!(memory("Name:\tx\n"), None);
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";
        assert_eq!(cpu(stat), Some(3.0));
        assert_eq!(cpu(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory_and_files() {
        let process = process();
        assert!(process.memory_bytes.unwrap() > 1 << 20);
        assert!(process.open_files.unwrap() > 2);
        assert!(process.cpu_seconds.unwrap() >= 0.0);
    }

    #[test]
    fn files_are_counted_below_a_directory() {
        let parent = tempfile::tempdir().unwrap();
        fs::create_dir(parent.path().join("a")).unwrap();
        fs::write(parent.path().join("a/b"), [0; 10]).unwrap();
        fs::write(parent.path().join("c"), [0; 5]).unwrap();
        assert_eq!(bytes_in(parent.path()), 15);
        assert_eq!(bytes_in(&parent.path().join("none")), 0);
        assert_eq!(age_of(&parent.path().join("none")), None);
        assert!(age_of(&parent.path().join("c")).unwrap() < 3600);
        #[cfg(unix)]
        assert!(free_bytes(parent.path()).unwrap() > 0);
    }
}
