//! SD-CWT: credentials and key-binding tokens.

use super::Rejection;

pub const ALL: &[Rejection] = &[
    (
        "indefinite length",
        "SD-CWT -08, section 5.1",
        &[
            "cbor/strict-indefinite-map",
            "cbor/strict-indefinite-array",
            "cbor/strict-indefinite-text",
            "cbor/strict-indefinite-bytes",
            "cbor/foreign-indefinite-map",
            "credential/payload-indefinite-length",
        ],
    ),
    (
        "duplicate key",
        "SD-CWT -08, section 5.4",
        &[
            "cbor/strict-duplicate-key",
            "cbor/foreign-duplicate-key",
            "cbor/foreign-duplicate-key-in-another-length",
            "credential/payload-duplicate-key",
        ],
    ),
    (
        "forbidden key type",
        "SD-CWT -08, section 5.3",
        &[
            "credential/key-a-byte-string",
            "credential/key-a-boolean",
            "credential/key-an-array",
            "credential/key-an-empty-text",
            "credential/key-a-text-of-256-bytes",
            "cbor/strict-map-as-key",
            "cbor/strict-array-as-key",
        ],
    ),
    (
        "more than one tag level in a map key",
        "SD-CWT -08, section 5.3",
        &["cbor/strict-doubly-tagged-key", "cbor/foreign-doubly-tagged-key"],
    ),
    (
        "tag 58 or 62 in an issued token",
        "SD-CWT -08, sections 5.3 and 11",
        &[
            "credential/tag-58-on-a-key",
            "credential/tag-58-on-a-value",
            "credential/tag-58-on-an-element",
            "credential/tag-62-on-a-key",
            "credential/tag-62-on-an-element",
            "credential/disclosed-value-with-tag-58",
            "credential/disclosed-key-tagged-to-be-redacted",
        ],
    ),
    (
        "missing or wrong typ of the credential",
        "SD-CWT -08, section 4",
        &[
            "credential/type-missing",
            "credential/type-of-a-key-binding-token",
            "key-binding/credential-of-the-wrong-type",
        ],
    ),
    (
        "missing or wrong typ of the key-binding token",
        "SD-CWT -08, section 8.1",
        &[
            "key-binding/type-missing",
            "key-binding/type-of-a-credential",
            "verify/token-of-the-wrong-type",
        ],
    ),
    (
        "header 15 in a key-binding token",
        "SD-CWT -08, section 8.1",
        &["key-binding/cwt-claims-header"],
    ),
    (
        "iss or sub in a key-binding token",
        "SD-CWT -08, section 8.1",
        &["key-binding/iss-present", "key-binding/sub-present"],
    ),
    ("key-binding token without aud", "SD-CWT -08, section 8.1", &["key-binding/aud-missing"]),
    (
        "key-binding token without iat and cti",
        "SD-CWT -08, section 8.1",
        &["key-binding/iat-and-cti-missing"],
    ),
    (
        "exp or nbf without iat in a key-binding token",
        "SD-CWT -08, section 8.1",
        &["key-binding/exp-without-iat", "key-binding/nbf-without-iat"],
    ),
    (
        "empty header 17 or 171",
        "SD-CWT -08, section 6 and appendix A",
        &["credential/disclosures-empty", "credential/encrypted-disclosures-empty"],
    ),
    (
        "unmatched disclosure",
        "SD-CWT -08, section 9, step 8",
        &[
            "credential/disclosure-altered",
            "credential/disclosure-of-another-credential",
            "credential/disclosure-without-what-holds-it",
            "credential/hash-over-the-contents-alone",
            "verify/disclosure-of-another-credential",
        ],
    ),
    (
        "duplicate key after restoring",
        "SD-CWT -08, section 9, step 8",
        &["credential/disclosed-key-exists"],
    ),
    (
        "never-redacted claim redacted",
        "SD-CWT -08, section 6",
        &[
            "credential/iss-redacted",
            "credential/exp-redacted",
            "credential/iat-redacted",
            "credential/cti-redacted",
            "credential/cnf-redacted",
            "credential/vct-redacted",
            "credential/status-redacted",
            "credential/part-of-cnf-redacted",
        ],
    ),
    (
        "payload and header 15 disagreeing",
        "SD-CWT -08, section 5.3",
        &["credential/cwt-claims-header"],
    ),
    (
        "times of the credential out of order",
        "SD-CWT -08, section 9, step 3",
        &[
            "verify/nbf-after-iat",
            "verify/exp-at-iat",
            "verify/exp-before-iat",
            "verify/expired",
            "verify/not-yet-valid",
        ],
    ),
    (
        "times of the token out of order",
        "SD-CWT -08, section 9, step 7",
        &[
            "verify/token-ends-as-it-begins",
            "verify/token-ends-before-it-begins",
            "verify/token-before-its-credential",
            "verify/token-outlives-its-credential",
            "verify/token-after-its-credential",
        ],
    ),
    (
        "aud is not this verifier",
        "SD-CWT -08, section 9, step 9",
        &[
            "verify/for-another-verifier",
            "verify/copy-for-another-verifier",
            "credential/aud-in-a-credential",
        ],
    ),
    (
        "cnonce is not this verifier's, or was used",
        "SD-CWT -08, section 9, step 6",
        &[
            "verify/nonce-of-nobody",
            "verify/nonce-used",
            "verify/nonce-expired",
            "verify/no-nonce-handed-out",
            "verify/nonce-with-a-byte-more",
        ],
    ),
    (
        "algorithm that does not fit the key",
        "SD-CWT -08, section 6.1; RFC 9864",
        &[
            "credential/algorithm-eddsa",
            "credential/algorithm-es256",
            "credential/algorithm-missing",
            "key-binding/algorithm-eddsa",
            "key-binding/algorithm-es256",
            "key-binding/algorithm-missing",
        ],
    ),
    (
        "signature of the issuer wrong",
        "SD-CWT -08, section 9, step 2",
        &[
            "credential/signature-wrong",
            "credential/signature-of-another-key",
            "key-binding/credential-forged",
            "verify/issuer-signature-wrong",
        ],
    ),
    (
        "signature of the holder wrong",
        "SD-CWT -08, section 9, step 5",
        &[
            "key-binding/signature-wrong",
            "key-binding/signed-by-a-thief",
            "key-binding/signed-by-the-issuer",
            "verify/signed-by-a-thief",
        ],
    ),
    (
        "disclosures in any order are accepted",
        "SD-CWT -08, section 9, step 8",
        &["credential/valid-in-another-order"],
    ),
];
