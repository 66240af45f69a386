//! A node as its operator meets it: what it says of itself, what it logs, and what watches it.

#[path = "demo/traces.rs"]
mod traces;

#[cfg(test)]
mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use support::User;
use support::node::{Node, until};
use traces::Traces;

/// Asks a node over HTTP; returns the status and the body.
fn get(url: &str, path: &str) -> (u16, String) {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn propose(user: &User, node: &Node, witnesses: &[&str], quorum: u8) {
    let list: Vec<_> = witnesses.iter().map(|did| format!("\"{did}\"")).collect();
    let text = format!("witnesses = [{}]\nquorum = {quorum}\n", list.join(", "));
    std::fs::write(user.path("profile.toml"), text).unwrap();
    node.operate(user, "node profile profile.toml").ok();
}

/// The text of `node status` without what differs from run to run.
fn status(user: &User, node: &Node, dir: &str, known: &[(&str, &str)]) -> String {
    let answer = user.run(&format!("node status --node {} --dir {dir}", node.url)).ok();
    let mut lines: Vec<String> = Vec::new();
    for line in answer.lines() {
        let mut line = line.to_owned();
        for (did, name) in known {
            line = line.replace(did, name);
        }
        let words = line.split(' ').map(|word| {
            let digits = word.chars().all(|c| c.is_ascii_digit());
            let is_address = word.starts_with("/ip4/") || word.starts_with("12D3");
            match word {
                word if is_address => "ADDRESS",
                word if digits && !word.is_empty() => "N",
                word => word,
            }
        });
        lines.push(words.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n")
}

#[test]
fn status_says_first_what_to_do_and_then_who_witnesses() {
    let user = User::new();
    let ministry = Node::institution(&user, "ministry", "Ministry of Labour", "ministry");
    let union = Node::institution(&user, "union", "Union of Welders", "union");
    let absent = Node::institution(&user, "absent", "Absent Body", "union");
    let m = Node::start(&user, "ministry");
    let u = Node::start(&user, "union");
    let text = status(&user, &m, "ministry", &[]);
    println!("{text}");
    u.follow(&user, &ministry, &m);
    m.follow(&user, &union, &u);
    propose(&user, &m, &[&ministry, &union, &absent], 2);
    let text = until(|| {
        let text = status(&user, &m, "ministry", &[]);
        if text.contains("✓ Union") { Ok(text) } else { Err(text) }
    });
    println!("{text}");
    println!("{}", user.run(&format!("doctor --node {}", m.url)).stdout);
    panic!();
}
