use super::*;
use crate::text::Line;

/// Draws conditions from a number, without a library: each takes the kinds of its bits.
fn drawn(mut seed: u64) -> Vec<Vec<EvidenceKind>> {
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let count = next() % 7;
    let kinds = |bits: u64| {
        let all = EvidenceKind::ALL.iter().enumerate();
        all.filter(|(i, _)| bits >> i & 1 == 1).map(|(_, kind)| *kind).collect()
    };
    (0..count).map(|_| kinds(next() & next() & 0x1ff)).collect()
}

fn shows(set: &[EvidenceKind], open: &[Vec<EvidenceKind>]) -> bool {
    open.iter().all(|kinds| kinds.is_empty() || kinds.iter().any(|kind| set.contains(kind)))
}

#[test]
fn it_shows_everything_and_nothing_smaller_does() {
    let mut several = 0;
    for seed in 0..400 {
        let open = drawn(seed);
        let names: Vec<Line> = (0..open.len()).map(|i| line(&i.to_string())).collect();
        let given: Vec<_> = names.iter().zip(open.iter().map(Vec::as_slice)).collect();
        let found = smallest(&given);
        let set: Vec<_> = found.iter().map(|missing| missing.evidence).collect();
        assert!(shows(&set, &open), "{seed}");
        several += usize::from(set.len() > 1);
        for bits in 0_u32..1 << EvidenceKind::ALL.len() {
            if (bits.count_ones() as usize) < set.len() {
                let all = EvidenceKind::ALL.iter().enumerate();
                let other: Vec<_> =
                    all.filter(|(i, _)| bits >> i & 1 == 1).map(|(_, kind)| *kind).collect();
                assert!(!shows(&other, &open), "{seed}: {other:?} would do for {set:?}");
            }
        }
        // Every condition that evidence shows stands with one piece that shows it.
        let with_evidence = open.iter().filter(|kinds| !kinds.is_empty()).count();
        assert_eq!(found.iter().map(|m| m.conditions.len()).sum::<usize>(), with_evidence);
        assert!(found.iter().all(|missing| !missing.conditions.is_empty()), "{seed}");
    }
    assert!(several > 50, "the draw is too easy: {several}");
}

#[test]
fn one_document_that_shows_two_things_is_asked_for_once() {
    let mut terms = terms();
    let both = EvidenceKind::GoodStandingCertificate;
    let registration = condition(ConditionKind::Registration, EvidenceKind::RegisterExtract);
    let standing = Condition {
        within: Some(span("3 months")),
        ..condition(ConditionKind::GoodStanding, both)
    };
    let mut either = registration;
    either.evidence.push(both);
    terms.conditions = vec![either, standing];
    let answer = ask(&terms, &[certificate()]);
    let missing = &answer.routes[0].missing;
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].evidence, both);
    assert_eq!(missing[0].conditions, [line("registration"), line("good-standing")]);
}
