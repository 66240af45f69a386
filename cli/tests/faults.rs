//! What goes wrong on real machines and networks: processes that are killed again and again, a file cut
//! short, wires that are cut or slow, a flood.
//!
//! `CARNET_TEST_ALL=1` kills 200 times, a usual run 20 times.

#[cfg(test)]
#[path = "faults/network.rs"]
mod network;
#[cfg(test)]
mod support;
#[cfg(test)]
#[path = "faults/wire.rs"]
mod wire;

use std::sync::Mutex;

use steps::{CLERKS, kills, pause};
use support::node::{Node, until};
use support::statements::{Desk, digests, size};
use support::{PASSPHRASE, User};

#[cfg(test)]
mod steps {
    use std::time::Duration;

    /// Threads that state something all the time.
    pub const CLERKS: usize = 4;

    pub fn kills() -> u64 {
        let is_all = std::env::var_os("CARNET_TEST_ALL").is_some_and(|all| all == "1");
        if is_all { 200 } else { 20 }
    }

    /// A pause before a kill, in milliseconds: another each time, the same in every run.
    pub fn pause(round: u64) -> Duration {
        let drawn = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        Duration::from_millis(20 + drawn % 230)
    }
}

#[test]
fn killed_again_and_again_while_it_appends_a_node_loses_nothing_that_it_acknowledged() {
    let user = User::new();
    let did = Node::institution(&user, "institute", "Fictitious Institute", "training-body");
    let acknowledged = Mutex::new(Vec::new());
    for round in 0..kills() {
        let node = Node::start(&user, "institute");
        std::thread::scope(|scope| {
            for clerk in 0..CLERKS as u64 {
                let (desk, acknowledged) = (Desk::of(&user, "institute", &node), &acknowledged);
                scope.spawn(move || {
                    let first = (round * CLERKS as u64 + clerk) << 32;
                    for number in first.. {
                        let Some(stated) = desk.state(number) else { return };
                        acknowledged.lock().unwrap().push(stated);
                    }
                });
            }
            std::thread::sleep(pause(round));
            node.kill();
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() as u64 > kills(), "{} statements", acknowledged.len());
    user.run("node check --dir institute").ok();
    let node = Node::start(&user, "institute");
    let held = digests(&user, &did, &node.url);
    let is_there = |(digest, leaf): &&(String, u64)| held.get(*leaf as usize) == Some(digest);
    let lost = acknowledged.iter().filter(|stated| !is_there(stated)).count();
    println!("{} kills, {} statements acknowledged, {lost} lost", kills(), acknowledged.len());
    assert_eq!(lost, 0);
    user.run(&format!("log verify {did} --node {}", node.url)).ok();
}

#[test]
fn killed_again_and_again_while_it_copies_a_node_goes_on_where_it_was() {
    let user = User::new();
    let did = Node::institution(&user, "institute", "Fictitious Institute", "training-body");
    Node::institution(&user, "union", "Fictitious Union", "union");
    let owner = Node::start(&user, "institute");
    let desk = Desk::of(&user, "institute", &owner);
    let follower = Node::start(&user, "union");
    follower.follow(&user, &did, &owner);
    follower.kill();
    let mut largest = 0;
    for round in 0..kills() {
        for number in 0..20 {
            desk.state(round << 32 | number).expect("the owner runs");
        }
        let follower = Node::start(&user, "union");
        // What it had told that it holds, it holds.
        let held = size(&did, &follower.url);
        assert!(held >= largest, "{held} after {largest}");
        std::thread::sleep(pause(round));
        largest = size(&did, &follower.url);
        follower.kill();
    }
    user.run("node check --dir union").ok();
    let follower = Node::start(&user, "union");
    let all = size(&did, &owner.url);
    assert!(all > kills() * 20, "{all}");
    until(|| match size(&did, &follower.url) {
        held if held == all => Ok(()),
        held => Err(format!("{held} of {all}")),
    });
    println!("{} kills, {all} entries copied", kills());
    assert_eq!(digests(&user, &did, &follower.url), digests(&user, &did, &owner.url));
    user.run(&format!("log verify {did} --node {}", follower.url)).ok();
}

#[test]
fn a_wallet_that_was_half_written_is_named_and_left_as_it_is() {
    let user = User::new();
    user.run_locked("wallet new --wallet ana.age", PASSPHRASE).ok();
    let whole = std::fs::read(user.path("ana.age")).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        let half = &whole[..length];
        std::fs::write(user.path("ana.age"), half).unwrap();
        let failed = user.run_locked("wallet list --wallet ana.age", PASSPHRASE);
        failed.fails(3, &["ana.age"]);
        assert_eq!(std::fs::read(user.path("ana.age")).unwrap(), half);
    }
    std::fs::write(user.path("ana.age"), &whole).unwrap();
    user.run_locked("wallet list --wallet ana.age", PASSPHRASE).ok();
}
