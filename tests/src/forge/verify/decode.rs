//! What does not decode.

use carnet_proto::cbor::Encode as _;
use carnet_proto::presentation::Presentation;
use carnet_proto::profile::Profile;
use carnet_proto::verify::report::{Outcome, check, reason};

use super::{Maker, Question, alone, file_around, token};

pub fn cases(m: &mut Maker, usual: &Question) {
    let malformed = (check::DECODE, Outcome::Fail, reason::MALFORMED);
    m.valid(
        "valid-decode",
        "Everything decodes.",
        usual,
        (check::DECODE, Outcome::Pass, reason::OK),
    );
    m.source("RFC 8949, section 3; wire-format.md, presentations");
    let ask = |file: Vec<u8>| Question { file, ..usual.clone() };
    let body = Presentation::open(&usual.file).expect("a presentation").to_vec();
    for (name, file, about) in [
        ("body-cut", usual.file[..usual.file.len() - 1].to_vec(), "The container ends early."),
        (
            "body-trailing-byte",
            [usual.file.as_slice(), &[0]].concat(),
            "A byte follows the container.",
        ),
        ("body-not-a-container", file_around(b"\xff"), "What is inside the file is no container."),
        (
            "no-credential",
            file_around(
                &Presentation { profile: Profile::SdCwt08, presented: vec![], evidence: None }
                    .to_cbor(),
            ),
            "The container holds no token.",
        ),
        (
            "body-indefinite-length",
            file_around(&[&[0xbf], &body[1..], &[0xff]].concat()),
            "The container has indefinite length.",
        ),
    ] {
        m.invalid(name, "valid", about, &ask(file), malformed);
    }
    let sealed = m.sealed("plain");
    let good = token(&sealed, &m.answer(), &super::SHOWN).token;
    let ask_token =
        |m: &Maker, token: Vec<u8>| m.question(&alone(token, Some(sealed.anchor.clone()), None));
    m.source("SD-CWT -08, sections 4 and 8.1; wire-format.md, presentations");
    let retyped = super::super::cose::Forged::of(&good)
        .protected(|h| super::super::set(h, 16, super::super::int(293)));
    let question = ask_token(m, retyped.sign(&sealed.key));
    m.invalid(
        "token-of-the-wrong-type",
        "valid",
        "The token has the type of a credential.",
        &question,
        malformed,
    );
    let question = ask_token(m, super::shown_of(&sealed, &super::SHOWN));
    m.invalid(
        "credential-without-token",
        "valid",
        "The credential stands in the place of the token: nobody bound it.",
        &question,
        malformed,
    );
    let mut cut = good.clone();
    cut.pop();
    let question = ask_token(m, cut);
    m.invalid("token-cut", "valid", "The token ends early.", &question, malformed);
    m.source("wire-format.md, evidence");
    for (name, evidence, about) in [
        ("evidence-null", b"\xf6".as_slice(), "The evidence is null instead of left out."),
        ("evidence-of-an-empty-log", b"\x81\xa0", "The evidence of a log has no members."),
    ] {
        let presentation = Presentation {
            evidence: Some(evidence.to_vec()),
            ..alone(good.clone(), Some(sealed.anchor.clone()), None)
        };
        let question = m.question(&presentation);
        m.invalid(
            name,
            "valid",
            about,
            &question,
            (check::DECODE, Outcome::Fail, reason::MALFORMED_EVIDENCE),
        );
    }
}
