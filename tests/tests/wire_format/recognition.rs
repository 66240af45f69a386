//! Rules of recognition.

use super::example::Example;

pub fn rules_of_recognition() -> Example {
    let terms = carnet_tests::recognition::terms();
    assert_eq!(carnet_proto::recognition::check_cases(&terms), []);
    let party = &terms.parties[0];
    let procedure = party.procedure.as_ref().unwrap();
    let compensation = terms.compensation.as_ref().unwrap();
    Example::of("recognition-terms", "what an agreement says of recognition", &terms)
        .holds("recognition-party", party)
        .holds("procedure", procedure)
        .holds("fee-limit", procedure.fee.as_ref().unwrap())
        .holds("time-span", procedure.decision.as_ref().unwrap())
        .holds("citation", &procedure.source)
        .holds("recognition-scope", &terms.scope)
        .holds("national-title", &terms.scope.national_titles[0])
        .holds("accepted-issuer", &terms.scope.issuers[0])
        .holds("host-requirement", &terms.requirements[0])
        .holds("level-row", &terms.levels[0])
        .holds("title-row", &terms.title_rows[0])
        .holds("unit-name", &terms.title_rows[0].missing[0])
        .holds("condition", &terms.conditions[0])
        .holds("compensation-rules", compensation)
        .holds("compensation-measure", &compensation.measures[0])
        .holds("supervision", terms.supervision.as_ref().unwrap())
        .holds("signing-rule", terms.signing.as_ref().unwrap())
        .holds("sample-attestation", &terms.samples[0])
        .holds("recognition-case", &terms.cases[0])
}
