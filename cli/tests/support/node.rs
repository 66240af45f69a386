//! Nodes as processes.

use super::{Answer, User};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Longest time that anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that runs until it is dropped.
pub struct Node {
    child: Child,
    dir: String,
    pub url: String,
    address: String,
}

impl Node {
    /// Makes a node; `who` are the arguments of `node init` that say what it is.
    pub fn init(user: &User, dir: &str, who: &[&str]) -> Value {
        let listen = ["--http", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"];
        let first = ["node", "init", "--json", "--dir", dir];
        let args = first.iter().chain(who).chain(&listen);
        let answer = user.run_with(args, b"");
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        answer.json()
    }

    pub fn institution(user: &User, dir: &str, name: &str, role: &str) -> String {
        let made = Self::init(user, dir, &["--name", name, "--country", "PH", "--role", role]);
        made["did"].as_str().unwrap().to_owned()
    }

    pub fn start(user: &User, dir: &str) -> Self {
        let log = std::fs::File::create(user.path(&format!("{dir}.log"))).unwrap();
        let mut child = user
            .command(["node", "run", "--json", "--dir", dir])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        let started: Value = loop {
            let read = reader.read_line(&mut text).unwrap();
            assert_ne!(
                read,
                0,
                "{}",
                std::fs::read_to_string(user.path(&format!("{dir}.log"))).unwrap()
            );
            if let Ok(json) = serde_json::from_str(&text) {
                break json;
            }
        };
        // The rest is read, so that the node never waits for us.
        std::thread::spawn(move || reader.read_to_end(&mut Vec::new()));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let peer = text(&started["peer_id"]);
        Self {
            child,
            dir: dir.to_owned(),
            url: text(&started["http"]),
            address: format!("{}/p2p/{peer}", text(&started["addresses"][0])),
        }
    }

    /// Operates the node.
    pub fn operate(&self, user: &User, line: &str) -> Answer {
        user.run(&format!("{line} --node {} --dir {} --json", self.url, self.dir))
    }

    pub fn follow(&self, user: &User, did: &str, other: &Node) {
        self.operate(user, &format!("follow {did} --address {}", other.address)).ok();
    }

    /// Where it listens for nodes.
    pub fn socket(&self) -> SocketAddr {
        let mut parts = self.address.split('/');
        let (ip, port) = (parts.nth(2).unwrap(), parts.nth(1).unwrap());
        format!("{ip}:{port}").parse().unwrap()
    }

    /// Its identifier among nodes.
    pub fn peer(&self) -> &str {
        self.address.rsplit('/').next().unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Makes it stand still, with all its connections open.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Sends SIGTERM and waits for the end.
    pub fn stop(mut self) -> i32 {
        self.signal("-TERM");
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// Ends the process at once, as a power failure would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again until the answer will do.
#[track_caller]
pub fn until<T>(mut ask: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match ask() {
            Ok(value) => return value,
            Err(last) => assert!(start.elapsed() < PATIENCE, "still: {last}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
