//! What each answers without a network, and that the document says so.

use carnet_peers::{offline, render};

#[test]
fn each_answers_offline_what_the_table_says() {
    // Accepted or refused: carnet, sd-cwt, ssi, sd-jwt-rs, isomdl.
    let expected = [
        ("genuine", "+++++"),
        ("altered: another name shown", "---++"),
        ("revoked by the issuer", "-++++"),
        ("unknown issuer", "--+--"),
        ("issuer's server down", "++-++"),
        ("nothing newer than two days known", "-++++"),
    ];
    let cases = offline::cases();
    assert_eq!(cases.len(), expected.len());
    for (case, (name, answers)) in cases.iter().zip(expected) {
        let given: String =
            case.answers.iter().map(|a| if a.said.is_ok() { '+' } else { '-' }).collect();
        assert_eq!((case.name, given.as_str()), (name, answers), "{:?}", case.answers);
    }
}

#[test]
fn the_document_holds_the_answers_as_they_are_given() {
    let text = std::fs::read_to_string(render::document()).unwrap();
    let table = render::offline(&offline::cases());
    assert_eq!(render::replaced(&text, "offline", &table).unwrap(), text, "run with --write");
}
