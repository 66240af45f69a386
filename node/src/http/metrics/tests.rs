use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use carnet_proto::cbor::Encode as _;

use super::*;
use crate::http::BACKUP_MARK;
use crate::test_support::{Running, make, order, profile, within_a_minute};

const CBOR: &str = "application/cbor";

/// The samples of an answer: name with labels, and value.
fn samples(text: &str) -> Vec<(&str, BTreeMap<&str, &str>, f64)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line| -> (&str, BTreeMap<&str, &str>, f64) {
        let (series, value) = str::rsplit_once(line, ' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
        let pair = |label| -> (&str, &str) {
            let (key, value) = str::split_once(label, '=').unwrap();
            (key, value.trim_matches('"'))
        };
        (name, labels.map(pair).collect(), value.parse().unwrap())
    };
    lines.map(sample).collect()
}

async fn metrics_of(running: &Running) -> String {
    let answer = running.get("/metrics").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(OPEN_METRICS)));
    String::from_utf8(answer.body).unwrap()
}

fn value(text: &str, name: &str) -> Option<f64> {
    samples(text).into_iter().find(|(found, ..)| *found == name).map(|(_, _, value)| value)
}

/// Two nodes that witness each other, the first with a class issued and a backup made.
async fn pair(parent: &Path) -> (Running, Running) {
    let (home, away) = (parent.join("home"), parent.join("away"));
    let (did, witness) = (make(&home), make(&away));
    std::fs::write(home.join(BACKUP_MARK), b"").unwrap();
    let (ours, theirs) = (Running::start(&home).await, Running::start(&away).await);
    assert_eq!(theirs.follow(did, &[ours.address()]).await.status, 200);
    assert_eq!(ours.follow(witness, &[]).await.status, 200);
    let mut proposed = profile();
    proposed.witnesses.extend([witness, did]);
    proposed.quorum = Some(1);
    let path = "/operator/v1/statements/profile?wait=60";
    let stated = ours.post(path, CBOR, &proposed.to_cbor()).await;
    assert_eq!((stated.status, stated.json()["cosigned"].as_bool()), (200, Some(true)));
    let order = order(did, "class", 2).to_cbor();
    assert_eq!(ours.post("/operator/v1/issue", CBOR, &order).await.status, 200);
    within_a_minute("each has cosigned the other", async || {
        let text = metrics_of(&ours).await;
        ["carnet_log_view_age_seconds", "carnet_followed_oldest_seconds"]
            .iter()
            .all(|name| value(&text, name).is_some())
    })
    .await;
    (ours, theirs)
}

#[tokio::test]
async fn every_metric_of_the_table_is_told_with_its_type_and_labels_and_no_other() {
    let parent = tempfile::tempdir().unwrap();
    let (ours, theirs) = pair(parent.path()).await;
    assert_eq!(ours.get("/nothing").await.status, 404);
    let text = metrics_of(&ours).await;
    assert!(text.ends_with("# EOF\n"), "{text}");
    let declared = |word: &str| -> BTreeMap<&str, &str> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(word));
        lines.filter_map(|line| line.split_once(' ')).collect()
    };
    let (types, helps) = (declared("# TYPE "), declared("# HELP "));
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, labels, _) in samples(&text) {
        let name = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        told.entry(name).or_default().extend(labels.into_keys().filter(|label| *label != "le"));
    }
    for metric in METRICS {
        let family = metric.name.trim_end_matches("_total");
        assert_eq!(types.get(family), Some(&metric.kind), "{}", metric.name);
        assert_eq!(helps.get(family), Some(&&*format!("{}.", metric.help)), "{}", metric.name);
        assert_eq!(metric.kind == "counter", metric.name.ends_with("_total"), "{}", metric.name);
        let labels: BTreeSet<&str> = metric.labels.iter().copied().collect();
        assert_eq!(told.remove(metric.name), Some(labels), "{}", metric.name);
    }
    assert!(told.is_empty(), "not in the table: {told:?}");
    assert_eq!(types.len(), METRICS.len());

    // Some of the values.
    for (name, least) in [
        ("carnet_statements_total", 2.0),
        ("carnet_commits_total", 2.0),
        ("carnet_batches", 1.0),
        ("carnet_status_lists", 1.0),
        ("carnet_cosignatures_given_total", 1.0),
        ("carnet_cosignatures_received_total", 1.0),
        ("carnet_log_quorum", 1.0),
        ("carnet_store_commit_seconds_count", 2.0),
        ("carnet_peers", 1.0),
        ("carnet_http_open_requests", 1.0),
        ("carnet_ready", 1.0),
    ] {
        assert!(value(&text, name).unwrap() >= least, "{name}: {text}");
    }
    assert_eq!(value(&text, "carnet_log_tolerated_witnesses"), Some(0.0));
    let sent = |(name, labels, count): &(&str, BTreeMap<&str, &str>, f64)| {
        *name == "carnet_sync_bytes_total" && labels["direction"] == "sent" && *count > 0.0
    };
    assert!(samples(&text).iter().any(sent));
    theirs.node.stop().await;
    ours.node.stop().await;
}

#[tokio::test]
async fn labels_name_no_peer_no_followed_log_no_worker_and_no_path_that_was_asked_for() {
    let parent = tempfile::tempdir().unwrap();
    let (ours, theirs) = pair(parent.path()).await;
    let before = samples(&metrics_of(&ours).await).len();
    let stranger = carnet_proto::id::Did::of_inception(b"stranger");
    for number in 0..20 {
        ours.get(&format!("/v1/logs/{stranger}/entries?from={number}")).await;
        ours.get(&format!("/nowhere/{number}")).await;
        ours.get(&format!("/operator/v1/register?after=class-{number}")).await;
    }
    let text = metrics_of(&ours).await;
    let peer = theirs.node.peer_id().to_string();
    let unwanted = [peer.as_str(), "class-", "Worker", "nowhere", "operator/v1/", "127.0.0.1"];
    for word in unwanted.into_iter().chain([&*stranger.to_string()]) {
        assert!(!text.contains(word), "{word}: {text}");
    }
    // A route more has a counter and a histogram: not one series for each request.
    let series = |route: &str| {
        let of = |labels: &BTreeMap<&str, &str>| labels.get("route") == Some(&route);
        samples(&text).iter().filter(|(_, labels, _)| of(labels)).count()
    };
    assert!((1..30).contains(&series("/v1/logs/{did}/entries")), "{text}");
    assert!((1..30).contains(&series(NO_ROUTE)), "{text}");
    assert!(samples(&text).len() < before + 60, "{text}");
    theirs.node.stop().await;
    ours.node.stop().await;
}

/// The table of the document.
fn table() -> String {
    let row = |metric: &Metric| {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let (kind, unit) = (metric.kind, metric.unit);
        let labels = labels.join(", ");
        format!(
            "| `{}` | {kind} | {unit} | {labels} | {} | {} |\n",
            metric.name, metric.help, metric.alert
        )
    };
    let head =
        "| Metric | Type | Unit | Labels | Meaning | Alert when |\n|---|---|---|---|---|---|\n";
    METRICS.iter().map(row).fold(head.to_owned(), |text, row| text + &row)
}

#[test]
fn the_document_has_the_table_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate/metrics.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- metrics -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let wanted = format!("{before}<!-- metrics -->\n{}<!-- end -->{after}", table());
    if std::env::var_os("CARNET_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        let how = "CARNET_UPDATE=1 cargo test -p carnet-node metrics";
        assert!(text == wanted, "docs/operate/metrics.md is stale: {how}");
    }
}

#[test]
fn the_pages_name_no_metric_and_no_warning_that_there_is_not() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate");
    let mut named = 0;
    for page in std::fs::read_dir(pages).unwrap() {
        let path = page.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        // A crate, and a schema of a database.
        let others = ["carnet_node", "carnet_register"];
        for word in words.filter(|word| word.starts_with("carnet_") && !others.contains(word)) {
            named += 1;
            assert!(METRICS.iter().any(|metric| metric.name == word), "{}: {word}", path.display());
        }
        for list in text.split("carnet_warnings{id=").skip(1) {
            let list = list.trim_start_matches('~').split('"').nth(1).unwrap();
            for id in list.split('|') {
                let known = crate::http::WARNINGS.iter().any(|(known, ..)| *known == id);
                assert!(known, "{}: {id}", path.display());
            }
        }
    }
    assert!(named > 50, "{named}");
}
