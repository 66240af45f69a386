//! That whoever watches sees it if an honest node breaks a rule: each rule, broken on purpose.

use carnet_tests::simulator::{Sabotage, Scenario, Simulation, Violation};

/// Seeds of which one in seven has a log with two histories.
const TRIED: std::ops::Range<u64> = 0..120;

/// Spoils the first member, seed by seed, until the rule is seen to be broken.
fn assert_seen(sabotage: Sabotage, only_forks: bool, is_it: impl Fn(&Violation) -> bool) {
    let mut others = Vec::new();
    for seed in TRIED.filter(|seed| !only_forks || seed % 7 == 1) {
        let simulation = Simulation::new(Scenario::draw(seed)).with(0, sabotage);
        match simulation.run() {
            Err(failure) if is_it(&failure.violation) => return,
            Err(failure) => others.push(failure.violation),
            Ok(_) => {}
        }
    }
    panic!("{sabotage:?} was never seen, but {others:?}");
}

#[test]
fn a_second_history_that_is_accepted_is_seen() {
    assert_seen(Sabotage::TakesAnotherHistory, true, |violation| {
        matches!(violation, Violation::TwoHistories { member: 0, .. })
    });
}

#[test]
fn two_roots_that_one_witness_cosigns_are_seen() {
    assert_seen(Sabotage::CosignsBoth, true, |violation| {
        matches!(violation, Violation::TwoRootsCosigned { member: 0, .. })
    });
}

#[test]
fn blame_on_an_honest_node_is_seen() {
    assert_seen(Sabotage::BlamesAnybody, false, |violation| {
        matches!(violation, Violation::HonestAccused { member: 0, .. })
    });
}

#[test]
fn a_node_that_falls_behind_is_seen() {
    assert_seen(Sabotage::IsDeaf, false, |violation| {
        matches!(violation, Violation::Diverged { .. })
    });
}

#[test]
fn a_fork_that_nobody_proves_is_seen() {
    assert_seen(Sabotage::KeepsNoProof, true, |violation| match violation {
        Violation::Unproven { .. } => true,
        Violation::Diverged { what } => what.contains("fork"),
        _ => false,
    });
}

#[test]
fn traffic_beyond_its_bounds_is_seen() {
    for (sabotage, of) in [
        (Sabotage::AsksTooOften, "requests to a peer in a minute"),
        (Sabotage::TellsTooOften, "milliseconds between two gossip messages about a log"),
    ] {
        assert_seen(
            sabotage,
            false,
            |violation| matches!(violation, Violation::Unbounded { member: 0, what, .. } if *what == of),
        );
    }
}
