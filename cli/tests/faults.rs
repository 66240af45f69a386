//! What goes wrong on real machines: processes that are killed again and again, a file cut short.
//!
//! `CARNET_TEST_ALL=1` kills 200 times, a usual run 20 times.

#[cfg(test)]
mod support;

use std::sync::Mutex;

use steps::{CLERKS, digests, kills, pause, size, state};
use support::node::{Node, until};
use support::{PASSPHRASE, User};

#[cfg(test)]
mod steps {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::Duration;

    use carnet_proto::cbor::Encode as _;
    use carnet_proto::id::Did;
    use carnet_proto::statement::accreditation::{Accreditation, Grant};
    use carnet_proto::text::Line;
    use carnet_proto::time::{UnixSeconds, Validity};
    use serde_json::Value;

    use super::support::User;

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

    /// Sends a request over a connection of its own; `None` if the node is gone before it has answered.
    fn exchange(url: &str, request: &[u8]) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(url.strip_prefix("http://")?).ok()?;
        stream.write_all(request).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    }

    /// States an accreditation that nobody else states. Returns its digest and leaf, once acknowledged.
    pub fn state(url: &str, token: &str, number: u64) -> Option<(String, u64)> {
        let accreditation = Accreditation {
            subject: Did::of_inception(&number.to_be_bytes()),
            name: Line::parse("Fictitious school").ok()?,
            grants: vec![Grant {
                credential_type: Line::parse(carnet_proto::profile::VCT_SKILL).ok()?,
                occupations: vec![],
                fields: vec![],
                levels: vec![],
                branches: vec![],
                countries: vec![],
            }],
            may_accredit: 0,
            validity: Validity { from: UnixSeconds(1_700_000_000), until: None },
            legal_basis: None,
            appeal_body: None,
        };
        let body = accreditation.to_cbor();
        let head = format!(
            "POST /operator/v1/statements/accreditation HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/cbor\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let (status, answer) = exchange(url, &[head.as_bytes(), &body].concat())?;
        let digest = answer["digest"].as_str()?.to_owned();
        (status == 200).then_some((digest, answer["leaf"].as_u64()?))
    }

    /// Returns the digest of every statement of a log, by leaf.
    pub fn digests(user: &User, did: &str, url: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        loop {
            let from = found.len();
            let line = format!("log show {did} --from {from} --count 1000 --json --node {url}");
            let page = user.run(&line).json();
            let page = page["statements"].as_array().unwrap();
            if page.is_empty() {
                return found;
            }
            found.extend(page.iter().map(|s| s["digest"].as_str().unwrap().to_owned()));
        }
    }

    /// Returns how many entries of a log a node holds.
    pub fn size(did: &str, url: &str) -> u64 {
        let request =
            format!("GET /v1/logs/{did} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
        let answer = exchange(url, request.as_bytes());
        answer
            .filter(|(status, _)| *status == 200)
            .map_or(0, |(_, log)| log["size"].as_u64().unwrap())
    }
}

#[test]
fn killed_again_and_again_while_it_appends_a_node_loses_nothing_that_it_acknowledged() {
    let user = User::new();
    let did = Node::institution(&user, "institute", "Fictitious Institute", "training-body");
    let token = std::fs::read_to_string(user.path("institute/operator.token")).unwrap();
    let acknowledged = Mutex::new(Vec::new());
    for round in 0..kills() {
        let node = Node::start(&user, "institute");
        std::thread::scope(|scope| {
            for clerk in 0..CLERKS as u64 {
                let (url, token, acknowledged) = (node.url.clone(), token.trim(), &acknowledged);
                scope.spawn(move || {
                    let first = (round * CLERKS as u64 + clerk) << 32;
                    for number in first.. {
                        let Some(stated) = state(&url, token, number) else { return };
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
    let token = std::fs::read_to_string(user.path("institute/operator.token")).unwrap();
    let owner = Node::start(&user, "institute");
    let follower = Node::start(&user, "union");
    follower.follow(&user, &did, &owner);
    follower.kill();
    let mut largest = 0;
    for round in 0..kills() {
        for number in 0..20 {
            state(&owner.url, token.trim(), round << 32 | number).expect("the owner runs");
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
