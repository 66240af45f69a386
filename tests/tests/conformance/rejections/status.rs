//! Token Status List, CWT form.

use super::Rejection;

pub const ALL: &[Rejection] = &[
    (
        "referenced token that fails is rejected first",
        "draft-ietf-oauth-status-list-20, section 8.3",
        &["verify/issuer-signature-wrong", "verify/expired"],
    ),
    (
        "status without a status list",
        "draft-ietf-oauth-status-list-20, section 6",
        &["credential/status-missing", "credential/status-empty"],
    ),
    (
        "idx that is no unsigned integer, uri that is no text",
        "draft-ietf-oauth-status-list-20, section 6",
        &[
            "credential/status-index-negative",
            "credential/status-index-a-text",
            "credential/status-index-missing",
            "credential/status-uri-bytes",
        ],
    ),
    (
        "signature of the token wrong",
        "draft-ietf-oauth-status-list-20, section 8.3",
        &[
            "status-token/signature-wrong",
            "status-token/list-changed-after-signing",
            "status-token/signed-by-the-credential-key",
            "status-token/algorithm-eddsa",
            "status-token/algorithm-es256",
            "evidence/status-list-signature-wrong",
            "verify/evidence-with-a-forged-status-list",
        ],
    ),
    (
        "typ of the token missing or wrong",
        "draft-ietf-oauth-status-list-20, section 5.2",
        &[
            "status-token/type-missing",
            "status-token/type-of-the-jwt-form",
            "status-token/type-without-application",
            "status-token/type-of-a-credential",
        ],
    ),
    (
        "required claim of the token missing",
        "draft-ietf-oauth-status-list-20, section 5.2",
        &["status-token/sub-missing", "status-token/iat-missing", "status-token/list-missing"],
    ),
    (
        "CWT tag on the token, or no COSE tag",
        "draft-ietf-oauth-status-list-20, section 5.2",
        &["status-token/tagged-as-cwt", "status-token/untagged"],
    ),
    (
        "sub that is not the referenced uri",
        "draft-ietf-oauth-status-list-20, section 8.3",
        &[
            "verify/status-list-unknown",
            "verify/status-list-of-another-issuer",
            "verify/status-list-on-the-web",
        ],
    ),
    (
        "token that has expired, or is not recent enough",
        "draft-ietf-oauth-status-list-20, section 8.3",
        &["verify/status-list-expired", "evidence/status-list-superseded"],
    ),
    (
        "list that inflates beyond a bound, or not at all",
        "draft-ietf-oauth-status-list-20, section 4",
        &[
            "status-list/inflates-beyond-the-limit",
            "status-list/stream-cut",
            "status-list/stream-raw-deflate",
            "status-list/stream-checksum-wrong",
            "status-list/stream-empty",
        ],
    ),
    (
        "bits other than 1, 2, 4 or 8",
        "draft-ietf-oauth-status-list-20, section 4",
        &["status-list/bits-0", "status-list/bits-3", "status-list/bits-16", "status-token/bits-3"],
    ),
    (
        "index out of bounds",
        "draft-ietf-oauth-status-list-20, section 8.3",
        &["verify/status-index-beyond-the-list"],
    ),
    (
        "value invalid, suspended or without meaning",
        "draft-ietf-oauth-status-list-20, section 7",
        &["verify/revoked", "verify/suspended", "verify/status-value-3"],
    ),
    (
        "a valid status does not revive an expired token",
        "draft-ietf-oauth-status-list-20, section 8.3",
        &["verify/expired"],
    ),
    (
        "least significant bit first is accepted",
        "draft-ietf-oauth-status-list-20, section 4.1",
        &[
            "status-list/valid-1-bit",
            "status-list/valid-2-bit",
            "status-list/valid-4-bit",
            "status-list/valid-8-bit",
        ],
    ),
];
