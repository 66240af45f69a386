//! What the operating system answers, in words.

use std::io::ErrorKind;

/// Returns the text for an answer of the operating system, where there is one.
pub fn text(kind: ErrorKind) -> Option<&'static str> {
    crate::uses_texts![
        "os-not-found",
        "os-exists",
        "os-permission",
        "os-refused",
        "os-in-use",
        "os-timed-out",
        "os-unreachable",
        "os-broken-off",
        "os-not-a-directory",
        "os-a-directory",
        "os-full",
        "os-read-only"
    ];
    Some(match kind {
        ErrorKind::NotFound => "os-not-found",
        ErrorKind::AlreadyExists => "os-exists",
        ErrorKind::PermissionDenied => "os-permission",
        ErrorKind::ConnectionRefused => "os-refused",
        ErrorKind::AddrInUse => "os-in-use",
        ErrorKind::TimedOut => "os-timed-out",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "os-unreachable",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            "os-broken-off"
        }
        ErrorKind::NotADirectory => "os-not-a-directory",
        ErrorKind::IsADirectory => "os-a-directory",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "os-full",
        ErrorKind::ReadOnlyFilesystem => "os-read-only",
        _ => return None,
    })
}
