//! That what the simulation is about did happen.

use carnet_tests::simulator::{Behaviour, Outcome};

/// Everything that has to have happened in a hundred seeds.
const HAPPENED: [&str; 39] = [
    // The network.
    "lost",
    "late",
    "doubled",
    "a partition",
    "lost in a partition",
    "a connection broke",
    // The nodes.
    "a node was stopped",
    "a node died between its disk and the network",
    "a node came back",
    "a status list",
    // Lies, each of a kind.
    "lie: bytes that are no message",
    "lie: too many bytes",
    "lie: another answer",
    "lie: heads that are not held",
    "lie: another entry",
    "lie: another order",
    "lie: an entry less",
    "lie: another proof",
    "lie: a note that the log never signed",
    "lie: a false cosignature with entries",
    "lie: a false checkpoint",
    "lie: more checkpoints than there are",
    "lie: a cosignature that does not verify",
    "lie: gossip that the log never signed",
    "lie: gossip with a false cosignature",
    "lie: a request that is none",
    // What else peers do.
    "fork: a second history",
    "flood: requests",
    "flood: gossip",
    "stall: answered too late",
    "stall: all but the last byte",
    "stall: never answered",
    "replay: an old answer",
    "replay: old gossip",
    "withhold: served what was",
    // What honest nodes saw of it.
    "offence: a false proof",
    "offence: no message",
    "offence: too many bytes",
    "bans",
];

/// Asserts that every fault and every behaviour happened, and was seen where it can be.
pub fn assert_complete(outcome: &Outcome) {
    let missing: Vec<_> = HAPPENED.iter().filter(|what| outcome.tally.of(what) == 0).collect();
    assert!(missing.is_empty(), "never happened: {missing:?}");
    for behaviour in Behaviour::ALL {
        assert!(outcome.behaviours.contains_key(&behaviour), "nobody {behaviour:?}");
    }
    assert!(outcome.tally.of("forks seen") > 0 && outcome.forks_proven > 0, "no fork was proven");
    assert!(outcome.tally.of("gossip rejected") > 0, "no gossip was rejected");
}
