//! What runs of each folder, what is left out, and why. In one place, for the runner and for
//! `docs/vectors.md`.

use crate::{cbor, cose, domain, ed25519, merkle, receipts, sd_cwt, sd_cwt_signed, tlog};
use crate::{token_status_list, vc_bridge};

/// One folder, or one file, at the top of the vectors.
pub struct Folder {
    pub name: &'static str,
    /// What it holds, and who made it.
    pub about: &'static str,
    /// The tests that run it, by their names.
    pub tests: &'static [(&'static str, fn())],
    /// Files that no test opens, by a pattern with at most one `*`, and why.
    pub left_out: &'static [(&'static str, &'static str)],
    /// What its SOURCE.txt speaks of and is not there.
    pub absent: &'static [&'static str],
}

macro_rules! tests {
    ($($module:ident :: $test:ident),* $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($test)), $module::$test)),*]
    };
}

const FOR_PEOPLE: &str = "the same object, written out for people to read";
const NOT_PERIODS: &str = "certificates of the law that applies and of entitlement to care, and their forms: neither is a period";
const FOR_BRIDGES: &str = "concerns bridges to other credential formats, which are still to come";

pub const FOLDERS: &[Folder] = &[
    Folder {
        name: "c2sp-tlog",
        about: "The example of C2SP's signed-note, and a log of 15 entries with its checkpoints and tiles \
                by transparency-dev/tessera.",
        tests: tests![
            tlog::the_example_note_verifies_until_it_is_changed,
            tlog::every_checkpoint_of_a_foreign_log_verifies_and_has_the_root_of_its_entries,
        ],
        left_out: &[],
        absent: &["witness-add-checkpoint.json"],
    },
    Folder {
        name: "cbor",
        about: "Good and bad encodings: RFC 7049 and RFC 8949, appendix A; the CBOR working group's collection; \
                the drafts on deterministic serialization.",
        tests: tests![
            cbor::appendix_a_of_rfc_7049_is_read_and_written,
            cbor::appendix_a_of_rfc_8949_is_read_and_written,
            cbor::good_is_read_and_bad_is_refused,
            cbor::strict_mode_takes_the_deterministic_form_alone,
            cbor::the_table_of_common_deterministic_encoding_holds,
        ],
        left_out: &[
            (
                "cbor-wg-test-vectors/*.edn",
                "the source of the `.cbor` of the same name, which runs",
            ),
            ("cbor-wg-test-vectors/*README.md", "says what the files are"),
        ],
        absent: &[],
    },
    Folder {
        name: "cose-receipts",
        about: "The two receipts of RFC 9942's repository. Their key is not published: signatures cannot be checked.",
        tests: tests![receipts::the_two_proofs_of_a_foreign_tree_lead_to_one_root],
        left_out: &[
            ("draft-repo-examples/*.cddl", "the grammar, not an object"),
            ("draft-repo-examples/*.diag", FOR_PEOPLE),
        ],
        absent: &["scitt-ed25519/"],
    },
    Folder {
        name: "cose-sign1",
        about: "cose-wg/Examples: `COSE_Sign1` with Ed25519, Ed448 and ES256, good and spoilt; the tokens of RFC 8392.",
        tests: tests![
            cose::an_ed25519_object_verifies_until_a_byte_is_flipped,
            cose::an_ecdsa_object_verifies_over_our_bytes_if_and_only_if_it_is_good,
            cose::other_objects_of_cose_are_refused_by_their_tag,
            cose::the_claims_of_rfc_8392_are_read,
        ],
        left_out: &[],
        absent: &[],
    },
    Folder {
        name: "did-key",
        about: "Key pairs of the did:key method with their documents, by the W3C's community group.",
        tests: tests![ed25519::seeds_give_the_public_keys_of_their_did_key],
        left_out: &[("x25519.json", "keys for agreement; nothing of ours encrypts to a DID")],
        absent: &[],
    },
    Folder {
        name: "domain",
        about: "Public classifications and samples of other systems' documents.",
        tests: tests![
            domain::occupations_are_those_of_isco_08,
            domain::every_occupation_of_esco_has_one_of_our_codes,
            domain::fields_are_those_of_isced_f_2013,
            domain::countries_are_those_of_iso_3166,
            domain::what_esco_names_fits_an_attestation,
            domain::every_currency_of_iso_4217_can_be_attested,
            domain::frameworks_have_the_levels_that_are_published,
            domain::levels_correspond_as_is_published_and_no_others_do,
            domain::types_and_schemes_are_those_of_sed_p5000,
            domain::periods_of_sed_p5000_can_be_attested,
        ],
        left_out: &[
            ("europass_nqf_levels_en.csv", "names of frameworks, without their levels"),
            ("dc4eu_*", NOT_PERIODS),
            ("elm_credential_sample.jsonld", FOR_BRIDGES),
            ("openbadge3_complete_sample.json", FOR_BRIDGES),
        ],
        absent: &[],
    },
    Folder {
        name: "ed25519-cctv",
        about: "C2SP/CCTV: signatures with points of low order, second encodings and mixed cofactors, which tell \
                the rules of Ed25519 apart.",
        tests: tests![ed25519::edge_case_signatures_are_judged_by_the_one_rule],
        left_out: &[("README.md", "says what the flags mean")],
        absent: &[],
    },
    Folder {
        name: "merkle-rfc9162",
        about: "transparency-dev/merkle: proofs over SHA-256, most of them wrong in one way.",
        tests: tests![
            merkle::inclusion_proofs_hold_where_they_should_and_nowhere_else,
            merkle::consistency_proofs_hold_where_they_should_and_nowhere_else,
        ],
        left_out: &[],
        absent: &["testdata/subtreeinclusion/", "testdata/subtreeconsistency/"],
    },
    Folder {
        name: "sd-cwt",
        about: "The signed examples of draft-ietf-spice-sd-cwt: issuer P-384 (ES384), holder P-256 (ES256).",
        tests: tests![
            sd_cwt_signed::every_token_is_signed_by_the_key_that_the_draft_prints,
            sd_cwt_signed::diagnostic_notation_says_what_the_bytes_say,
            sd_cwt_signed::every_salt_is_drawn_once,
            sd_cwt::a_disclosure_is_found_by_the_hash_of_its_encoded_byte_string_and_no_other,
            sd_cwt::a_figure_of_the_draft_shows_the_other_hash,
            sd_cwt::what_is_disclosed_returns_to_its_place,
            sd_cwt::leaving_out_a_disclosure_takes_those_inside_it_along,
            sd_cwt::a_foreign_key_binding_token_has_the_claims_of_one_and_is_not_ours,
            sd_cwt_signed::a_token_that_breaks_one_rule_of_any_sd_cwt_is_refused,
        ],
        left_out: &[
            (
                "2026-04-editors-copy/aead-*",
                "encrypted disclosures (header 171), which our profile refuses; so is that part of `keys_and_aead.json`",
            ),
            (
                "2026-04-editors-copy/elided-kbt.edn",
                "a key-binding token with its credential left out by an ellipsis",
            ),
        ],
        absent: &["draft-08/"],
    },
    Folder {
        name: "token-status-list",
        about: "The examples of draft-ietf-oauth-status-list, and the same as one hexadecimal text each.",
        tests: tests![
            token_status_list::every_status_of_every_list_is_read,
            token_status_list::a_foreign_status_list_token_is_read_and_the_strict_mode_refuses_it,
            token_status_list::a_foreign_credential_says_where_its_status_stands,
            token_status_list::the_signed_examples_verify_until_a_byte_is_flipped,
            token_status_list::the_pages_of_the_draft_print_the_same_bytes_in_each_form,
        ],
        left_out: &[("examples/status_list_jwt*", "the JWT form, which nothing of ours reads")],
        absent: &[],
    },
    Folder {
        name: "totalisation-cases.json",
        about: "Worked cases of totalising contribution periods under treaties.",
        tests: &[],
        left_out: &[(
            "totalisation-cases.json",
            "computed, every case, by the tests of the command line",
        )],
        absent: &[],
    },
    Folder {
        name: "vc-bridge",
        about: "Data Integrity examples of the W3C and of Open Badges 3.0, signed with Ed25519.",
        tests: tests![vc_bridge::the_signatures_of_data_integrity_verify_over_the_printed_hashes],
        left_out: &[
            (
                "vc-di-eddsa/*.json",
                "the documents before they are canonicalised: bridges are still to come",
            ),
            (
                "openbadges/*",
                "canonical forms whose signature stands only in the specification's guide",
            ),
        ],
        absent: &[],
    },
];
