//! Issuing a credential, against one signature and its hashes.

use std::cell::LazyCell;

use carnet_tests::SeededRng;

use super::bench::{Bench, Spec};
use super::samples::Order;
use super::table::Budget;

pub fn rows(bench: &mut Bench) {
    let order = LazyCell::new(Order::new);
    let mut rng = SeededRng(3);
    bench.compare(
        Spec {
            what: "issue: a credential with 12 redactable claims",
            yardstick: "one signature and its SHA-256",
            item: "credentials",
            items: 1,
            budget: Budget::Times(1.5),
        },
        || order.sign(&mut rng),
        || order.work(),
    );
}
