//! What goes wrong on real networks: processes between which a wire is cut or slow, one that stands
//! still, and one address that floods.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::support::User;
use crate::support::node::{Node, until};
use crate::support::statements::{Desk, digests, size};
use crate::wire::Wire;

mod steps {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Duration;

    /// Follows a log over a wire of its own.
    pub fn follow(user: &User, node: &Node, did: &str, owner: &Node) -> Wire {
        let wire = Wire::to(owner.socket());
        let address = format!("{}/p2p/{}", wire.multiaddress(), owner.peer());
        node.operate(user, &format!("follow {did} --address {address}")).ok();
        wire
    }

    pub fn until_held(node: &Node, did: &str, wanted: u64) {
        until(|| match size(did, &node.url) {
            held if held == wanted => Ok(()),
            held => Err(format!("{held} of {wanted}")),
        });
    }

    /// Connects again and again, and says what no node says, or nothing. Returns how often.
    pub fn flood(target: &Node, is_over: &AtomicBool) -> u64 {
        let mut held = Vec::new();
        let mut count = 0;
        while !is_over.load(Ordering::SeqCst) {
            let Ok(mut stream) = TcpStream::connect(target.socket()) else {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            };
            stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
            count += 1;
            let said: &[u8] = match count % 4 {
                0 => b"\x13/multistream/1.0.0\n\x07/noise\n",
                1 => &[0xff; 4096],
                2 => b"GET / HTTP/1.1\r\n\r\n",
                _ => b"",
            };
            // It may be refused at any point.
            let _ = stream.write_all(said);
            let _ = stream.read(&mut [0; 64]);
            held.push(stream);
            if held.len() > 200 {
                held.clear();
            }
        }
        count
    }
}

#[test]
fn both_sides_of_a_cut_wire_hold_the_same_once_it_heals() {
    let user = User::new();
    let institute = Node::institution(&user, "institute", "Fictitious Institute", "training-body");
    let union = Node::institution(&user, "union", "Fictitious Union", "union");
    let (a, b) = (Node::start(&user, "institute"), Node::start(&user, "union"));
    let wires = [steps::follow(&user, &b, &institute, &a), steps::follow(&user, &a, &union, &b)];
    let (desk_a, desk_b) = (Desk::of(&user, "institute", &a), Desk::of(&user, "union", &b));
    desk_a.state(1).unwrap();
    desk_b.state(2).unwrap();
    let (of_a, of_b) = (size(&institute, &a.url), size(&union, &b.url));
    steps::until_held(&b, &institute, of_a);
    steps::until_held(&a, &union, of_b);

    wires.iter().for_each(Wire::cut);
    for number in 10..30 {
        desk_a.state(number).unwrap();
        desk_b.state(number).unwrap();
    }
    assert!(wires.iter().all(|wire| !wire.is_used()));
    assert_eq!((size(&institute, &b.url), size(&union, &a.url)), (of_a, of_b));

    wires.iter().for_each(Wire::heal);
    let (of_a, of_b) = (size(&institute, &a.url), size(&union, &b.url));
    steps::until_held(&b, &institute, of_a);
    steps::until_held(&a, &union, of_b);
    assert_eq!(digests(&user, &institute, &a.url), digests(&user, &institute, &b.url));
    assert_eq!(digests(&user, &union, &a.url), digests(&user, &union, &b.url));
    user.run(&format!("log verify {institute} --node {}", b.url)).ok();
    user.run(&format!("log verify {union} --node {}", a.url)).ok();
}

#[test]
fn a_slow_peer_and_one_that_stands_still_keep_nobody_waiting() {
    let user = User::new();
    let did = Node::institution(&user, "institute", "Fictitious Institute", "training-body");
    for other in ["slow", "still", "quick"] {
        Node::institution(&user, other, &format!("Fictitious {other} union"), "union");
    }
    let owner = Node::start(&user, "institute");
    let desk = Desk::of(&user, "institute", &owner);
    let [slow, still, quick] = ["slow", "still", "quick"].map(|dir| Node::start(&user, dir));
    let wire = steps::follow(&user, &slow, &did, &owner);
    let _others = [&still, &quick].map(|node| steps::follow(&user, node, &did, &owner));
    desk.state(1).unwrap();
    for node in [&slow, &still, &quick] {
        steps::until_held(node, &did, size(&did, &owner.url));
    }

    wire.slow(true);
    still.pause();
    for number in 100..400 {
        desk.state(number).unwrap();
    }
    let all = size(&did, &owner.url);
    steps::until_held(&quick, &did, all);
    let before = wire.bytes();
    until(|| if wire.bytes() > before { Ok(()) } else { Err("nothing on the slow wire".into()) });
    assert!(size(&did, &slow.url) < all, "the slow wire was not slow");

    still.resume();
    steps::until_held(&still, &did, all);
    wire.slow(false);
    steps::until_held(&slow, &did, all);
}

#[test]
fn a_flood_from_one_address_keeps_nobody_from_being_served() {
    let user = User::new();
    let did = Node::institution(&user, "institute", "Fictitious Institute", "training-body");
    Node::institution(&user, "union", "Fictitious Union", "union");
    let owner = Node::start(&user, "institute");
    let follower = Node::start(&user, "union");
    let _wire = steps::follow(&user, &follower, &did, &owner);
    let desk = Desk::of(&user, "institute", &owner);
    desk.state(1).unwrap();
    steps::until_held(&follower, &did, size(&did, &owner.url));
    let (is_over, floods) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| floods.fetch_add(steps::flood(&owner, &is_over), Ordering::SeqCst));
        }
        for number in 10..60 {
            desk.state(number).unwrap();
        }
        steps::until_held(&follower, &did, size(&did, &owner.url));
        is_over.store(true, Ordering::SeqCst);
    });
    let floods = floods.load(Ordering::SeqCst);
    println!("{floods} connections of the flood");
    assert!(floods > 100, "{floods}");
    // Who comes after it is let in too.
    Node::institution(&user, "late", "Fictitious late union", "union");
    let late = Node::start(&user, "late");
    let _late_wire = steps::follow(&user, &late, &did, &owner);
    steps::until_held(&late, &did, size(&did, &owner.url));
}

#[test]
fn a_copy_that_its_operator_drops_is_fetched_anew_and_an_own_log_is_never_dropped() {
    let user = User::new();
    let institute = Node::institution(&user, "institute", "Fictitious Institute", "training-body");
    let union = Node::institution(&user, "union", "Fictitious Union", "union");
    let (owner, follower) = (Node::start(&user, "institute"), Node::start(&user, "union"));
    let _wire = steps::follow(&user, &follower, &institute, &owner);
    steps::until_held(&follower, &institute, size(&institute, &owner.url));
    follower.stop();
    let drop = |did: &str| user.run(&format!("node check --dir union --json --drop {did}"));
    drop(&union).fails(3, &[&union]);
    let report = drop(&institute).json();
    assert_eq!(report["dropped"][0], institute);
    assert_eq!(report["logs"].as_array().unwrap().len(), 1);
    drop(&institute).fails(3, &[&institute]);
    let follower = Node::start(&user, "union");
    steps::until_held(&follower, &institute, size(&institute, &owner.url));
}
