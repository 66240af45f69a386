//! C2SP notes and cosignatures, RFC 9162 proofs.

use super::Rejection;

pub const ALL: &[Rejection] = &[
    (
        "control character other than the line break",
        "C2SP signed-note",
        &["checkpoint/carriage-return"],
    ),
    (
        "body and signatures not apart, or not ended",
        "C2SP signed-note",
        &[
            "checkpoint/no-empty-line",
            "checkpoint/no-line-break-at-the-end",
            "checkpoint/no-signature",
        ],
    ),
    (
        "signature line not of its form",
        "C2SP signed-note",
        &[
            "checkpoint/hyphen-for-dash",
            "checkpoint/signature-not-base64",
            "checkpoint/signature-shorter-than-a-key-id",
        ],
    ),
    (
        "key name empty, or with a space or plus",
        "C2SP signed-note",
        &["checkpoint/key-name-empty", "checkpoint/key-name-with-plus"],
    ),
    (
        "known key whose signature fails",
        "C2SP signed-note",
        &[
            "checkpoint/signature-wrong",
            "checkpoint/signature-cut",
            "checkpoint/second-signature-of-the-log-wrong",
            "checkpoint/size-changed-after-signing",
        ],
    ),
    (
        "no signature of the log",
        "C2SP tlog-checkpoint",
        &[
            "checkpoint/not-signed-by-the-log",
            "checkpoint/signed-by-another-key",
            "checkpoint/key-id-of-another-type",
        ],
    ),
    (
        "unknown keys are ignored, and 16 lines and more accepted",
        "C2SP signed-note",
        &["checkpoint/valid-with-unknown-keys", "checkpoint/valid-64-lines"],
    ),
    (
        "body other than origin, size and root",
        "C2SP tlog-checkpoint",
        &[
            "checkpoint/root-missing",
            "checkpoint/extension-line",
            "checkpoint/origin-empty",
            "checkpoint/another-origin",
        ],
    ),
    (
        "size not in plain decimal",
        "C2SP tlog-checkpoint",
        &[
            "checkpoint/size-with-leading-zero",
            "checkpoint/size-with-sign",
            "checkpoint/size-empty",
            "checkpoint/size-beyond-64-bits",
        ],
    ),
    (
        "root not 32 bytes in base64",
        "C2SP tlog-checkpoint",
        &["checkpoint/root-31-bytes", "checkpoint/root-not-base64"],
    ),
    (
        "size 0 with the root of nothing is accepted",
        "C2SP tlog-checkpoint",
        &["checkpoint/valid-empty-log"],
    ),
    (
        "cosignature over another message",
        "C2SP tlog-cosignature",
        &[
            "cosignature/body-signed-without-its-header",
            "cosignature/header-of-another-version",
            "cosignature/time-with-leading-zero",
            "cosignature/another-checkpoint",
        ],
    ),
    (
        "cosignature with another time, or none",
        "C2SP tlog-cosignature",
        &["cosignature/time-changed", "cosignature/time-missing", "cosignature/signature-wrong"],
    ),
    (
        "leaf index not below the tree size",
        "RFC 9162, section 2.1.3.2",
        &[
            "inclusion-proof/index-equal-to-size",
            "inclusion-proof/index-beyond-size",
            "inclusion-proof/tree-empty",
        ],
    ),
    (
        "inclusion proof of another length",
        "RFC 9162, section 2.1.3.2",
        &[
            "inclusion-proof/hash-missing",
            "inclusion-proof/hash-left-over",
            "inclusion-proof/path-empty",
        ],
    ),
    (
        "inclusion proof to another root",
        "RFC 9162, section 2.1.3.2",
        &[
            "inclusion-proof/another-root",
            "inclusion-proof/another-entry",
            "inclusion-proof/another-index",
            "inclusion-proof/hash-changed",
            "inclusion-proof/hashes-swapped",
        ],
    ),
    ("node passed off as a leaf", "RFC 9162, section 2.1.1", &["inclusion-proof/node-for-a-leaf"]),
    (
        "newer tree smaller than the older",
        "RFC 9162, section 2.1.4.2",
        &["consistency-proof/sizes-reversed"],
    ),
    (
        "consistency proof from size 0",
        "RFC 9162, section 2.1.4",
        &["consistency-proof/from-size-0"],
    ),
    (
        "equal sizes with a proof, or with other roots",
        "RFC 9162, section 2.1.4.2",
        &[
            "consistency-proof/equal-sizes-with-a-proof",
            "consistency-proof/equal-sizes-with-other-roots",
        ],
    ),
    (
        "empty proof between different sizes",
        "RFC 9162, section 2.1.4.2",
        &["consistency-proof/proof-empty", "consistency-proof/proof-empty-from-a-perfect-tree"],
    ),
    (
        "consistency proof of another length, or to other roots",
        "RFC 9162, section 2.1.4.2",
        &[
            "consistency-proof/hash-missing",
            "consistency-proof/hash-left-over",
            "consistency-proof/another-old-root",
            "consistency-proof/another-new-root",
            "consistency-proof/hash-changed",
            "consistency-proof/hashes-swapped",
        ],
    ),
    (
        "hash that has not 32 bytes",
        "RFC 9162, section 2.1",
        &[
            "consistency-proof/hash-of-31-bytes",
            "anchor/path-of-31-bytes-more",
            "evidence/path-of-33-bytes",
        ],
    ),
    (
        "equal sizes with an empty proof are accepted",
        "RFC 9162, section 2.1.4.2",
        &["consistency-proof/valid-5-to-5", "consistency-proof/valid-1-to-1"],
    ),
];
