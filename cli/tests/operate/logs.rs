//! What a node logs and tells machines, searched for workers and secrets.

use crate::support::node::Node;
use crate::support::{PASSPHRASE, User};
use crate::traces::Traces;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Asks a node over HTTP; returns the status and the body.
fn ask(url: &str, method: &str, path: &str, head: &str, body: &[u8]) -> (u16, String) {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\
         {head}\r\n",
        body.len()
    );
    stream.write_all(&[request.as_bytes(), body].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A class of workers, as the institute's clerk would type it.
fn class(user: &User, institute: &str) -> String {
    user.run_locked("wallet new --wallet ana.age", PASSPHRASE).ok();
    let template = user.run("issue skill --csv-template").ok();
    let (head, row) = template.trim_end().split_once('\n').unwrap();
    let request = "ana.request";
    let mut list = format!("{head}\n");
    for number in 0..3 {
        let key = format!("wallet key --for {institute} --out {number}.request --wallet ana.age");
        user.run_locked(&key, PASSPHRASE).ok();
        let row = row
            .replace(request, &format!("{number}.request"))
            .replace("class-7-ana", &format!("class-7-worker-{number}"))
            .replace("Ana Example", &format!("Ana Example Number {number}"));
        let _ = writeln!(list, "{row}");
    }
    list
}

#[test]
fn nothing_of_a_worker_and_no_secret_is_logged_even_when_everything_is() {
    let user = User::new();
    let institute = Node::institution(&user, "institute", "Institute of Welding", "training-body");
    let union = Node::institution(&user, "union", "Union of Welders", "union");
    let path = user.path("institute/carnet.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.replace("log_level = \"info\"", "log_level = \"debug\"");
    let text = text.replace("log_format = \"text\"", "log_format = \"json\"");
    std::fs::write(&path, text).unwrap();
    let node = Node::start(&user, "institute");
    let other = Node::start(&user, "union");
    other.follow(&user, &institute, &node);
    node.follow(&user, &union, &other);

    let list = class(&user, &institute);
    std::fs::create_dir(user.path("class")).unwrap();
    std::fs::write(user.path("class/class.csv"), &list).unwrap();
    std::fs::write(user.path("class.csv"), &list).unwrap();
    node.operate(&user, "issue skill --csv class.csv --out class/issued").ok();
    // What goes wrong is logged more than what goes well.
    node.operate(&user, "issue skill --csv class.csv --out again").fails(3, &["rows"]);
    std::fs::write(user.path("bad.csv"), list.replace("1998", "2998")).unwrap();
    let _ = node.operate(&user, "issue skill --csv bad.csv --out bad");
    node.operate(&user, "status set class-7-worker-1 invalid").ok();
    node.operate(&user, "status publish").ok();
    let token = std::fs::read_to_string(user.path("institute/operator.token")).unwrap();
    let token = token.trim();
    let head = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    for (path, body) in [
        (
            "/operator/v1/credentials/status",
            "{\"record\": \"class-7-worker-9\", \"status\": \"valid\"}",
        ),
        (
            "/operator/v1/credentials/status",
            "{\"record\": \"class-7-worker-0\", \"status\": \"x\"}",
        ),
        ("/operator/v1/issue", "Ana Example Number 0"),
        ("/v1/witness/add-checkpoint", "old 0\n\nAna Example Number 0"),
    ] {
        assert!(ask(&node.url, "POST", path, &head, body.as_bytes()).0 >= 400, "{path}");
    }
    let path = "/operator/v1/register?after=class-7-worker-1";
    assert_eq!(ask(&node.url, "GET", path, &head, b"").0, 200);
    let wrong = "authorization: Bearer class-7-worker-1\r\n";
    assert_eq!(ask(&node.url, "GET", path, wrong, b"").0, 403);
    let public = ["/metrics", "/ready", "/health", "/v1/logs", "/openapi.json"]
        .map(|path| ask(&node.url, "GET", path, "", b"").1);
    assert_eq!(node.stop(), 0);

    let logged = std::fs::read(user.path("institute.log")).unwrap();
    let lines: Vec<Value> = String::from_utf8(logged.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    let answered = lines.iter().filter(|line| line["message"] == "answered").count();
    assert!(answered > 10, "requests are logged: {answered} of {}", lines.len());
    let numbered = lines.iter().filter(|line| line["id"].is_u64() && line["route"].is_string());
    assert!(numbered.count() >= answered);

    let mut traces = Traces::of_class(&user.path("class"));
    for secret in ["operator.token", "institution.seed", "node.seed", "register.key"] {
        let bytes = std::fs::read(user.path("institute").join(secret)).unwrap();
        traces.add("secret", bytes.trim_ascii());
    }
    assert!(traces.all.len() > 100);
    let hays = public.iter().map(String::as_bytes).chain([logged.as_slice()]);
    assert_eq!(traces.search(hays), BTreeSet::new());
    // The same search finds what is there.
    let planted = [logged.as_slice(), b"{\"row\": \"class-7-worker-1\"}"].concat();
    assert_eq!(traces.search([planted.as_slice()]).len(), 1);
}
