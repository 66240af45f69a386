//! Keys that were replaced or stolen, institutions that closed, logs that show two histories.

use carnet_proto::verify::report::{Outcome, check, reason};

use super::Maker;

pub fn cases(m: &mut Maker) {
    replaced(m);
    closed(m);
    forked(m);
}

fn replaced(m: &mut Maker) {
    m.source("wire-format.md, rotation; checks.md, issuer-key and path");
    m.valid(
        "valid-issued-before-a-rotation",
        "The issuer has replaced its keys since; the accreditor's log has a rotation too.",
        &m.with("rotated"),
        (check::ISSUER_KEY, Outcome::Pass, reason::OK),
    );
    m.invalid(
        "issued-with-replaced-keys",
        "valid-issued-before-a-rotation",
        "Logged after the rotation, and signed with the keys of before.",
        &m.with("with-replaced-keys"),
        (check::ISSUER_KEY, Outcome::Fail, reason::KEY_NOT_IN_FORCE),
    );
    m.invalid(
        "issued-with-repudiated-keys",
        "valid-issued-before-a-rotation",
        "A later rotation declares void what was stated from the leaf of the issuance on.",
        &m.with("robbed"),
        (check::ISSUER_KEY, Outcome::Fail, reason::KEY_REPUDIATED),
    );
    m.invalid(
        "accredited-with-repudiated-keys",
        "valid-issued-before-a-rotation",
        "A later rotation of the accreditor declares the accreditation void.",
        &m.with("void"),
        (check::PATH, Outcome::Fail, reason::ACCREDITATION_VOID),
    );
}

fn closed(m: &mut Maker) {
    m.source("wire-format.md, succession; checks.md, status");
    m.valid(
        "valid-issuer-closed",
        "The issuer has stated its end, and no successor.",
        &m.with("closed"),
        (check::STATUS, Outcome::Pass, reason::ISSUER_CLOSED),
    );
    m.valid(
        "valid-issuer-succeeded",
        "The accreditor has stated the issuer's end, and who continues its status list.",
        &m.with("wound-up"),
        (check::STATUS, Outcome::Pass, reason::ISSUER_SUCCEEDED),
    );
}

fn forked(m: &mut Maker) {
    m.source("wire-format.md, proof of a fork; checks.md, forks");
    m.valid(
        "valid-no-fork",
        "No proof of a fork is known of a log on the way.",
        &m.with("rotated"),
        (check::FORKS, Outcome::Pass, reason::OK),
    );
    m.valid(
        "valid-fork-without-quorum",
        "The issuer's log shows a second history that no witness has cosigned.",
        &m.with("quiet"),
        (check::FORKS, Outcome::Pass, reason::FORK_HARMLESS),
    );
    m.unclear(
        "forked",
        "valid-fork-without-quorum",
        "The issuer's log shows two histories, and a quorum has cosigned both.",
        &m.with("forked"),
        (check::FORKS, Outcome::Undetermined, reason::FORKED),
        &[],
    );
    // The agreement lets the authority accredit, and nobody below it.
    let at_home = |name: &str| {
        let mut question = m.with(name);
        question.policy.trust_anchors[0].did = m.story.world.did("ph-ministry");
        question
    };
    let (quiet, under) = (at_home("quiet"), at_home("under"));
    m.valid(
        "valid-fork-at-home",
        "As valid-fork-without-quorum, for a verifier at home.",
        &quiet,
        (check::FORKS, Outcome::Pass, reason::FORK_HARMLESS),
    );
    m.unclear(
        "accredited-by-a-forked-body",
        "valid-fork-at-home",
        "The accreditor's log shows two histories, and a quorum has cosigned both.",
        &under,
        (check::PATH, Outcome::Undetermined, reason::FORKED),
        &[check::FORKS],
    );
}
