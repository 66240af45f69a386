//! Keys that were replaced, logs that were closed.

use super::Rejection;

pub const ALL: &[Rejection] = &[
    (
        "rotation that the set before has not committed to",
        "wire-format.md, rotation",
        &[
            "evidence/rotation-not-committed",
            "fork-proof/rotation-not-committed",
            "fork-proof/rotations-swapped",
            "fork-proof/rotation-to-keys-used-before",
        ],
    ),
    (
        "rotation that the set revealed has not signed",
        "wire-format.md, rotation",
        &[
            "evidence/rotation-signature-wrong",
            "evidence/rotation-signed-by-the-set-before",
            "fork-proof/rotation-signature-wrong",
            "fork-proof/rotation-signed-by-the-set-before",
        ],
    ),
    (
        "rotation of another log, or no rotation",
        "wire-format.md, rotation",
        &[
            "evidence/rotation-of-another-log",
            "fork-proof/rotation-of-another-log",
            "fork-proof/rotation-of-another-kind",
        ],
    ),
    (
        "checkpoint or standing signed by a set that was replaced, or is not shown",
        "wire-format.md, evidence",
        &[
            "evidence/note-signed-by-the-set-before",
            "evidence/standing-signed-by-the-set-before",
            "evidence/rotation-missing",
            "evidence/rotation-twice",
            "fork-proof/rotation-missing",
        ],
    ),
    (
        "standing that says otherwise than the rotations",
        "wire-format.md, standing and evidence",
        &[
            "evidence/rotation-that-repudiates-nothing",
            "evidence/standing-hides-what-is-void",
            "evidence/standing-keeps-others",
            "evidence/standing-with-a-gap-between-sets",
            "evidence/standing-with-a-rotation-before-what-it-voids",
            "evidence/standing-with-a-set-at-the-first-leaf",
        ],
    ),
    (
        "what is void, or stands behind a closing",
        "wire-format.md, reading a log",
        &["evidence/succession-void", "evidence/issuance-behind-the-closing"],
    ),
    (
        "checkpoints of a fork signed by sets that a rotation revealed are accepted",
        "wire-format.md, proof of a fork",
        &["fork-proof/valid-rotated", "fork-proof/valid-rotated-other-line"],
    ),
];
