//! COSE receipts.

use super::Rejection;

pub const ALL: &[Rejection] = &[
    (
        "not tagged as COSE_Sign1",
        "RFC 9942, section 4",
        &["receipt/untagged", "receipt/tagged-as-mac0"],
    ),
    (
        "algorithm or data structure not protected",
        "RFC 9942, section 4",
        &[
            "receipt/algorithm-unprotected",
            "receipt/algorithm-missing",
            "receipt/structure-unprotected",
            "receipt/structure-missing",
        ],
    ),
    (
        "unknown data structure",
        "RFC 9942, section 4",
        &["receipt/structure-0", "receipt/structure-2"],
    ),
    (
        "unknown kind of proof, or none",
        "RFC 9942, section 4",
        &[
            "receipt/proof-of-unknown-kind",
            "receipt/proofs-missing",
            "receipt/proofs-empty",
            "receipt/proof-list-empty",
        ],
    ),
    (
        "leaf index not below the tree size",
        "RFC 9942, section 5; RFC 9162, section 2.1.3.2",
        &["receipt/leaf-index-equal-to-size", "receipt/tree-empty"],
    ),
    (
        "path of another length, or to another root",
        "RFC 9942, section 5; RFC 9162, section 2.1.3.2",
        &[
            "receipt/path-empty",
            "receipt/path-hash-missing",
            "receipt/path-hash-left-over",
            "receipt/path-hash-of-31-bytes",
            "receipt/path-changed",
            "receipt/path-swapped",
            "receipt/index-changed",
            "receipt/another-statement",
        ],
    ),
    (
        "consistency that does not hold",
        "RFC 9942, section 5; RFC 9162, section 2.1.4.2",
        &[
            "receipt/consistency-from-size-0",
            "receipt/consistency-sizes-reversed",
            "receipt/consistency-from-another-size",
            "receipt/consistency-path-cut",
            "receipt/consistency-path-changed",
            "receipt/consistency-older-root-another",
        ],
    ),
    (
        "signature over the root wrong",
        "RFC 9942, section 5",
        &[
            "receipt/signature-wrong",
            "receipt/signature-over-another-root",
            "receipt/signed-by-the-checkpoint-key",
            "receipt/key-identifier-of-another-key",
        ],
    ),
    (
        "issuer or subject missing or another",
        "RFC 9943, section 7",
        &["receipt/claims-missing", "receipt/issuer-a-url", "receipt/subject-of-another"],
    ),
    (
        "empty path in a tree of one leaf, or between equal sizes, is accepted",
        "RFC 9162, section 2.1",
        &["receipt/valid-empty-path", "receipt/valid-5-to-5"],
    ),
];
