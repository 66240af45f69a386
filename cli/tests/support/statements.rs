//! What a node is made to state, and what it holds.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use carnet_proto::cbor::Encode as _;
use carnet_proto::id::Did;
use carnet_proto::statement::accreditation::{Accreditation, Grant};
use carnet_proto::text::Line;
use carnet_proto::time::{UnixSeconds, Validity};
use serde_json::Value;

use super::User;
use super::node::Node;

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

/// Where an institution states things.
pub struct Desk {
    url: String,
    token: String,
}

impl Desk {
    pub fn of(user: &User, dir: &str, node: &Node) -> Self {
        let token = std::fs::read_to_string(user.path(&format!("{dir}/operator.token"))).unwrap();
        Self { url: node.url.clone(), token: token.trim().to_owned() }
    }

    /// States an accreditation that nobody else states. Returns its digest and leaf, once acknowledged.
    pub fn state(&self, number: u64) -> Option<(String, u64)> {
        let Self { url, token } = self;
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
    let request = format!("GET /v1/logs/{did} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
    let answer = exchange(url, request.as_bytes());
    answer.filter(|(status, _)| *status == 200).map_or(0, |(_, log)| log["size"].as_u64().unwrap())
}
