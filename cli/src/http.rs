//! The client that talks to a node: JSON, and CBOR as raw bytes.
//!
//! It follows no redirect, so a token and a question reach the host that was named and no other.

use crate::error::CliError;
use crate::files;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;
use ureq::http::{Method, Request, StatusCode, Uri, header};
use zeroize::Zeroizing;

/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time of a whole exchange, body included.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(120);
/// Largest JSON answer, in bytes.
pub const MAX_JSON_BYTES: u64 = 8 * 1024 * 1024;
/// Largest operator token file, in bytes.
const MAX_TOKEN_BYTES: u64 = 1024;
/// Largest answer to a request that failed, in bytes.
const MAX_REFUSAL_BYTES: u64 = 16 * 1024;
/// How much of a node's own message is shown, in characters.
const MAX_REFUSAL_CHARS: usize = 500;

const JSON: &str = "application/json";
const CBOR: &str = "application/cbor";

/// One node, by its address.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    local: bool,
    encrypted: bool,
    token: Option<Zeroizing<String>>,
}

impl Client {
    /// Takes the address of a node: `http://` or `https://`, a host, a port and perhaps a path.
    ///
    /// # Errors
    /// `node-address` if it is not one.
    pub fn new(address: &str) -> Result<Self, CliError> {
        let wrong = || CliError::usage("node-address").arg("url", address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let host = authority.map(|authority| authority.host()).ok_or_else(wrong)?;
        let encrypted = uri.scheme_str() == Some("https");
        if (!encrypted && uri.scheme_str() != Some("http")) || uri.query().is_some() {
            return Err(wrong());
        }
        let local = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        let mut config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(EXCHANGE_TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("carnet/", env!("CARGO_PKG_VERSION")));
        if local {
            config = config.proxy(None);
        }
        let agent = config.build().new_agent();
        let base = address.trim_end_matches('/').to_owned();
        Ok(Self { agent, base, local, encrypted, token: None })
    }

    /// Adds the operator token, which goes with every request from now on.
    ///
    /// # Errors
    /// `token-in-clear` if the node is on another machine and the address is not `https`.
    pub fn with_token(mut self, token: Zeroizing<String>) -> Result<Self, CliError> {
        if !self.local && !self.encrypted {
            let error = CliError::usage("token-in-clear").arg("url", self.base);
            return Err(error.hint("token-in-clear"));
        }
        self.token = Some(token);
        Ok(self)
    }

    /// Returns the address of the node.
    pub fn address(&self) -> &str {
        &self.base
    }

    /// Fetches JSON.
    ///
    /// # Errors
    /// `node-unreachable`, `node-timeout`, `node-token`, `node-refused`, `node-large` or `node-answer`.
    pub fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, CliError> {
        self.parse(&self.exchange(Method::GET, path, None, MAX_JSON_BYTES)?.1)
    }

    /// Fetches JSON that may not be there (404).
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn find_json<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, CliError> {
        match self.find_bytes(path, MAX_JSON_BYTES)? {
            Some(body) => self.parse(&body).map(Some),
            None => Ok(None),
        }
    }

    /// Fetches JSON that comes with 200, or with 503 from a node that cannot do its work.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn get_json_if_ready<T: DeserializeOwned>(&self, path: &str) -> Result<T, CliError> {
        let (status, body) = self.send(Method::GET, path, None, MAX_JSON_BYTES)?;
        match status {
            StatusCode::SERVICE_UNAVAILABLE => self.parse(&body),
            status => self.parse(&self.accept(status, body)?),
        }
    }

    /// Fetches at most `max` raw bytes.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn get_bytes(&self, path: &str, max: u64) -> Result<Vec<u8>, CliError> {
        Ok(self.exchange(Method::GET, path, None, max)?.1)
    }

    /// Fetches at most `max` raw bytes that may not be there (404).
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn find_bytes(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, CliError> {
        let (status, body) = self.send(Method::GET, path, None, max)?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status => self.accept(status, body).map(Some),
        }
    }

    /// Sends JSON and reads JSON.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, CliError> {
        let body = serde_json::to_vec(body)
            .map_err(|cause| CliError::bug("json-write").caused_by(cause))?;
        self.parse(&self.exchange(Method::POST, path, Some((JSON, &body)), MAX_JSON_BYTES)?.1)
    }

    /// Sends CBOR and reads at most `max` raw bytes.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn post_cbor(&self, path: &str, body: &[u8], max: u64) -> Result<Vec<u8>, CliError> {
        Ok(self.exchange(Method::POST, path, Some((CBOR, body)), max)?.1)
    }

    /// Sends CBOR and reads at most `max` raw bytes, or what the node says is wrong with it (422).
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn post_cbor_or_refusal(
        &self,
        path: &str,
        body: &[u8],
        max: u64,
    ) -> Result<Result<Vec<u8>, Vec<u8>>, CliError> {
        let (status, answer) = self.send(Method::POST, path, Some((CBOR, body)), max)?;
        match status {
            StatusCode::UNPROCESSABLE_ENTITY => Ok(Err(answer)),
            status => self.accept(status, answer).map(Ok),
        }
    }

    /// Sends CBOR and reads JSON.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn post_cbor_for_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &[u8],
    ) -> Result<T, CliError> {
        self.parse(&self.post_cbor(path, body, MAX_JSON_BYTES)?)
    }

    /// Asks the node to remove something.
    ///
    /// # Errors
    /// As [`Client::get_json`].
    pub fn delete(&self, path: &str) -> Result<(), CliError> {
        self.exchange(Method::DELETE, path, None, MAX_JSON_BYTES).map(|_| ())
    }

    fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &[u8])>,
        max: u64,
    ) -> Result<(StatusCode, Vec<u8>), CliError> {
        let (status, body) = self.send(method, path, body, max)?;
        self.accept(status, body).map(|body| (status, body))
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &[u8])>,
        max: u64,
    ) -> Result<(StatusCode, Vec<u8>), CliError> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            let value = Zeroizing::new(format!("Bearer {}", token.as_str()));
            request = request.header(header::AUTHORIZATION, value.as_str());
        }
        let sent = match body {
            Some((kind, bytes)) => request
                .header(header::CONTENT_TYPE, kind)
                .body(bytes)
                .map_err(ureq::Error::Http)
                .and_then(|request| self.agent.run(request)),
            None => request
                .body(())
                .map_err(ureq::Error::Http)
                .and_then(|request| self.agent.run(request)),
        };
        let mut answer = sent.map_err(|cause| self.failed(cause))?;
        let status = answer.status();
        let limit = match status {
            status if status.is_success() => max,
            // A list of wrong rows.
            StatusCode::UNPROCESSABLE_ENTITY => MAX_JSON_BYTES,
            _ => MAX_REFUSAL_BYTES,
        };
        let body = answer.body_mut().with_config().limit(limit).read_to_vec();
        body.map(|body| (status, body)).map_err(|cause| match cause {
            ureq::Error::BodyExceedsLimit(_) => self.error("node-large").arg("max", limit),
            cause => self.failed(cause),
        })
    }

    fn accept(&self, status: StatusCode, body: Vec<u8>) -> Result<Vec<u8>, CliError> {
        if status.is_success() {
            return Ok(body);
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(self.error("node-token").hint("node-token"));
        }
        let error = self.error("node-refused").arg("status", status.as_u16());
        Err(error.arg("reason", refusal(&body).unwrap_or_else(|| "no reason given".to_owned())))
    }

    fn parse<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, CliError> {
        serde_json::from_slice(body)
            .map_err(|cause| self.error("node-answer").hint("node-answer").caused_by(cause))
    }

    fn failed(&self, cause: ureq::Error) -> CliError {
        match cause {
            ureq::Error::Timeout(_) => self.error("node-timeout"),
            ureq::Error::Io(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Tls(_)
            | ureq::Error::Rustls(_) => self.error("node-unreachable").hint("node-unreachable"),
            _ => self.error("node-answer").hint("node-answer"),
        }
        .caused_by(cause)
    }

    fn error(&self, code: &'static str) -> CliError {
        CliError::network(code).arg("url", self.base.clone())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Reads an operator token from its file: one line.
///
/// # Errors
/// `token-missing` if there is no such file, `token-file` if it holds no token, or those of reading.
pub fn read_token(path: &Path) -> Result<Zeroizing<String>, CliError> {
    let name = path.display().to_string();
    let bytes = files::read_limited(path, MAX_TOKEN_BYTES).map(Zeroizing::new).map_err(
        |error| match error.code() {
            "file-missing" => {
                CliError::usage("token-missing").arg("file", name.clone()).hint("token-missing")
            }
            _ => error,
        },
    )?;
    let token = std::str::from_utf8(&bytes).map(str::trim_ascii).unwrap_or_default();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CliError::input("token-file").arg("file", name));
    }
    Ok(Zeroizing::new(token.to_owned()))
}

/// Reads what a node says when it refuses, `{code, message}`: its message, else its code.
fn refusal(body: &[u8]) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = ["message", "code"].iter().find_map(|name| json.get(name)?.as_str())?;
    Some(text.chars().take(MAX_REFUSAL_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Texts;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    /// Answers one request with `answer` and hands back what was asked.
    fn node(answer: String) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                let start = head.len();
                stream.read_line(&mut head).unwrap();
                let line = head[start..].to_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            head + &String::from_utf8(body).unwrap()
        });
        (url, asked)
    }

    fn answer(status: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn message(error: &CliError) -> String {
        error.message(&Texts::load(Some("en")))
    }

    #[test]
    fn json_and_the_operator_token_reach_the_node() {
        let (url, asked) = node(answer("200 OK", r#"{"size":7}"#));
        let client = Client::new(&url).unwrap().with_token("t0ken".to_owned().into()).unwrap();
        let got: serde_json::Value =
            client.post_json("/v1/x", &serde_json::json!({"a": 1})).unwrap();
        assert_eq!(got["size"], 7);
        let asked = asked.join().unwrap();
        assert!(asked.starts_with("POST /v1/x HTTP/1.1\r\n"), "{asked}");
        assert!(asked.to_lowercase().contains("authorization: bearer t0ken\r\n"), "{asked}");
        assert!(asked.ends_with(r#"{"a":1}"#), "{asked}");
        assert!(!format!("{client:?}").contains("t0ken"));
    }

    #[test]
    fn an_unreachable_node_is_named_with_a_hint() {
        // A port that was free a moment ago and that nobody listens on.
        let url = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}", listener.local_addr().unwrap())
        };
        let error = Client::new(&url).unwrap().get_bytes("/", 10).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), ("node-unreachable", 3));
        assert!(message(&error).contains(&url));
    }

    #[test]
    fn a_wrong_token_is_told_from_a_refusal_which_says_why() {
        let (url, _) = node(answer("401 Unauthorized", ""));
        let error = Client::new(&url).unwrap().get_bytes("/", 10).unwrap_err();
        assert_eq!(error.code(), "node-token");
        let (url, _) =
            node(answer("409 Conflict", r#"{"code":"taken","message":"already there"}"#));
        let error = Client::new(&url).unwrap().get_bytes("/", 10).unwrap_err();
        assert_eq!(error.code(), "node-refused");
        assert!(message(&error).contains("already there"), "{}", message(&error));
    }

    #[test]
    fn an_answer_above_the_limit_is_refused() {
        let (url, _) = node(answer("200 OK", "0123456789ABC"));
        let error = Client::new(&url).unwrap().get_bytes("/", 10).unwrap_err();
        assert_eq!(error.code(), "node-large");
    }

    #[test]
    fn what_is_not_there_is_not_an_error_when_looked_for() {
        let (url, _) = node(answer("404 Not Found", "{}"));
        assert_eq!(Client::new(&url).unwrap().find_bytes("/", 10).unwrap(), None);
        let (url, _) = node(answer("404 Not Found", "{}"));
        assert!(Client::new(&url).unwrap().get_bytes("/", 10).is_err());
    }

    #[test]
    fn a_redirect_is_not_followed() {
        let (url, _) = node(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
                .into(),
        );
        let error = Client::new(&url).unwrap().get_bytes("/", 10).unwrap_err();
        assert_eq!(error.code(), "node-refused");
    }

    #[test]
    fn an_answer_of_another_shape_is_named() {
        let (url, _) = node(answer("200 OK", "<html>"));
        let error = Client::new(&url).unwrap().get_json::<Vec<u8>>("/").unwrap_err();
        assert_eq!(error.code(), "node-answer");
    }

    #[test]
    fn only_an_address_of_a_node_is_taken() {
        for good in ["http://127.0.0.1:7878", "https://node.example/carnet/", "http://[::1]:80"] {
            assert!(Client::new(good).is_ok(), "{good}");
        }
        for bad in ["", "127.0.0.1:7878", "ftp://x", "http://", "http://u:p@x", "http://x/?q=1"] {
            assert_eq!(Client::new(bad).unwrap_err().code(), "node-address", "{bad}");
        }
    }

    #[test]
    fn a_token_does_not_travel_in_clear_to_another_machine() {
        let token = || Zeroizing::new("t".to_owned());
        let remote = Client::new("http://198.51.100.7:7878").unwrap();
        assert_eq!(remote.with_token(token()).unwrap_err().code(), "token-in-clear");
        for fine in ["https://node.example", "http://localhost:1", "http://[::1]:1"] {
            assert!(Client::new(fine).unwrap().with_token(token()).is_ok(), "{fine}");
        }
    }

    #[test]
    fn a_token_file_that_is_missing_or_empty_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("operator.token");
        assert_eq!(read_token(&path).unwrap_err().code(), "token-missing");
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(read_token(&path).unwrap_err().code(), "token-file");
        std::fs::write(&path, "abc\n").unwrap();
        assert_eq!(read_token(&path).unwrap().as_str(), "abc");
    }
}
