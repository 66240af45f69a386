//! The pages of `docs/operate/` say what the code does.

use std::fmt::Display;

use super::*;
use crate::config::{MAX_CONFIG_BYTES, MAX_LISTED};
use crate::desk::register::{MAX_LIST_ENTRIES, MAX_RECORDS_AT_ONCE};
use crate::desk::status::MAX_LISTS;
use crate::http::{MAX_BODY_BYTES, MAX_CONCURRENT, MAX_WAIT_SECONDS, REQUEST_TIMEOUT, WARNINGS};
use crate::logs::{MAX_FOLLOW_ADDRESSES, MAX_FOLLOWS, MAX_LOGS};
use crate::net::{
    BAN_SECONDS, BYTES_PER_SECOND, GOSSIP_PER_SECOND, MAX_CONNECTIONS, MAX_GOSSIP_BYTES,
    MAX_INBOUND, MAX_INBOUND_PER_PEER, MAX_INCOMING_CONNECTIONS, MAX_MESSAGE_BYTES, MAX_PERSISTENT,
    MAX_REMEMBERED_PEERS, REQUESTS_PER_SECOND,
};
use crate::store::{MAX_BATCH_BYTES, MAX_VALUE_BYTES};
use crate::witness::{RECOSIGN_SECONDS, REPEAT_SECONDS};
use crate::writer::{MAX_GROUP, REQUEST_QUEUE};

/// Compares what stands in a page between two marks, or writes it.
fn compare(page: &str, mark: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate").join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(&format!("<!-- {mark} -->\n")).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let wanted = format!("{before}<!-- {mark} -->\n{wanted}<!-- end -->{after}");
    if std::env::var_os("CARNET_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        let how = "CARNET_UPDATE=1 cargo test -p carnet-node documents";
        assert!(text == wanted, "docs/operate/{page} is stale: {how}");
    }
}

#[test]
fn the_page_of_the_configuration_is_the_template() {
    let template = Config::default().to_toml();
    compare("configuration.md", "template", &format!("```toml\n{template}```\n"));
}

#[test]
fn every_warning_is_in_the_page_of_troubles() {
    let mut table = "| Identifier | Means | Ready |\n|---|---|---|\n".to_owned();
    for (id, message, stops) in WARNINGS {
        let ready = if stops { "no" } else { "yes" };
        table += &format!("| `{id}` | {message} | {ready} |\n");
    }
    compare("troubleshooting.md", "warnings", &table);
}

#[test]
fn every_limit_of_a_node_is_in_the_page_of_limits() {
    let mut table = "| Limit | Value | Unit | Beyond it |\n|---|---|---|---|\n".to_owned();
    let mut row = |name: &str, value: &dyn Display, unit: &str, beyond: &str| {
        table += &format!("| `{name}` | {value} | {unit} | {beyond} |\n");
    };
    row("MAX_CONFIG_BYTES", &MAX_CONFIG_BYTES, "bytes of `carnet.toml`", "the node does not start");
    row("MAX_LISTED", &MAX_LISTED, "entries of a list in it", "the node does not start");
    row("MAX_LOGS", &MAX_LOGS, "logs held", "further ones are not fetched");
    row("MAX_FOLLOWS", &MAX_FOLLOWS, "institutions followed by command", "`follow` is refused");
    let one = "addresses of a followed institution";
    row("MAX_FOLLOW_ADDRESSES", &MAX_FOLLOW_ADDRESSES, one, "`follow` is refused");
    let beyond = "a connection is closed";
    row("MAX_CONNECTIONS", &MAX_CONNECTIONS, "connections in all", beyond);
    row("MAX_INCOMING_CONNECTIONS", &MAX_INCOMING_CONNECTIONS, "opened by others", beyond);
    row("MAX_PERSISTENT", &MAX_PERSISTENT, "addresses kept dialled", "`follow` is refused");
    let beyond = "the peer loses its score: throttled, then banned";
    row("MAX_MESSAGE_BYTES", &MAX_MESSAGE_BYTES, "bytes of a message", beyond);
    row("MAX_GOSSIP_BYTES", &MAX_GOSSIP_BYTES, "bytes of a gossip message", beyond);
    row("REQUESTS_PER_SECOND", &REQUESTS_PER_SECOND, "requests a second from a peer", beyond);
    row("BYTES_PER_SECOND", &BYTES_PER_SECOND, "bytes a second from and to a peer", beyond);
    row("GOSSIP_PER_SECOND", &GOSSIP_PER_SECOND, "gossip messages a second from a peer", beyond);
    row("MAX_INBOUND_PER_PEER", &MAX_INBOUND_PER_PEER, "open requests of a peer", "refused");
    row("MAX_INBOUND", &MAX_INBOUND, "open requests of all peers", "refused");
    row("BAN_SECONDS", &BAN_SECONDS, "seconds that a ban lasts", "the peer may come back");
    let beyond = "the oldest is forgotten";
    row("MAX_REMEMBERED_PEERS", &MAX_REMEMBERED_PEERS, "peers whose score is kept", beyond);
    row("MAX_GROUP", &MAX_GROUP, "statements in a commit", "the next commit takes them");
    row("REQUEST_QUEUE", &REQUEST_QUEUE, "requests that wait for a writer", "callers wait");
    row("MAX_RECORDS_AT_ONCE", &MAX_RECORDS_AT_ONCE, "rows of a batch", "the order is refused");
    row("MAX_LISTS", &MAX_LISTS, "status lists of an institution", "nothing more is issued");
    let beyond = "the node does not start";
    row("MAX_LIST_ENTRIES", &MAX_LIST_ENTRIES, "entries of a status list", beyond);
    row("MAX_CONCURRENT", &MAX_CONCURRENT, "HTTP requests at once", "more wait");
    row("MAX_BODY_BYTES", &MAX_BODY_BYTES, "bytes of an HTTP body", "413");
    row("REQUEST_TIMEOUT", &REQUEST_TIMEOUT.as_secs(), "seconds for an HTTP request", "408");
    row("MAX_WAIT_SECONDS", &MAX_WAIT_SECONDS, "seconds that `wait` may ask for", "400");
    let one = "seconds until a checkpoint is cosigned anew";
    row("RECOSIGN_SECONDS", &RECOSIGN_SECONDS, one, "it is cosigned again");
    let one = "seconds in which a submitted checkpoint gets the same cosignature";
    row("REPEAT_SECONDS", &REPEAT_SECONDS, one, "it is cosigned anew");
    let beyond = "the statement or record is refused";
    row("MAX_VALUE_BYTES", &MAX_VALUE_BYTES, "bytes of a value in the store", beyond);
    row("MAX_BATCH_BYTES", &MAX_BATCH_BYTES, "bytes of a commit", beyond);
    compare("limits.md", "limits", &table);
}
