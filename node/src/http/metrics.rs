//! `/metrics`, in the text format of OpenMetrics.
//!
//! No label names a peer or a followed log, and none comes from outside: the number of series is bounded
//! by the institutions of this node and the witnesses that their profiles propose. How many
//! certificates were issued or revoked is not told, nor are the operator's routes told apart, as the log
//! hides the first too.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tracing::Instrument as _;

use super::overview::Overview;
use super::status::Readiness;
use super::warnings::warnings;
use super::{Api, ApiError};
use crate::writer::Phase;

mod stores;
mod table;
#[cfg(test)]
mod tests;

use table::METRICS;
#[cfg(test)]
use table::Metric;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper ends of the classes of answer times, in seconds.
const ANSWER_SECONDS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];
/// Stands for the routes of operators, which are not told apart.
const OPERATOR: &str = "/operator/v1";
/// Stands for paths that are no route.
const NO_ROUTE: &str = "other";

type Labels = Vec<(&'static str, String)>;

/// What is counted of the requests of the HTTP interface.
#[derive(Debug)]
pub struct HttpCounters {
    requests: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram>,
    open: Gauge,
    /// Numbers the requests, for log lines.
    next: AtomicU64,
}

impl Default for HttpCounters {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(ANSWER_SECONDS)),
            open: Gauge::default(),
            next: AtomicU64::new(1),
        }
    }
}

/// Counts a request, and gives what is logged of it a number, which the answer states as
/// `x-request-id`.
pub(super) async fn count(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let route = match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(path) if path.starts_with(OPERATOR) => OPERATOR,
        Some(path) => path,
        None => NO_ROUTE,
    };
    let route = route.to_owned();
    let counters = &api.requests;
    let id = counters.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let start = Instant::now();
    counters.open.inc();
    let open = Open(&counters.open);
    let span = tracing::info_span!("request", id, route);
    let mut response = next.run(request).instrument(span).await;
    drop(open);
    let seconds = start.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    tracing::debug!(id, route, status, seconds, "answered");
    response.headers_mut().insert("x-request-id", id.into());
    counters.seconds.get_or_create(&Labels::from([("route", route.clone())])).observe(seconds);
    let labels = Labels::from([("route", route), ("status", status.to_string())]);
    counters.requests.get_or_create(&labels).inc();
    response
}

/// Counts a request as open until it is dropped, also by a caller who hung up.
struct Open<'g>(&'g Gauge);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What is collected for one answer.
#[derive(Default)]
struct Page(Registry);

impl Page {
    fn help(name: &str) -> &'static str {
        METRICS.iter().find(|metric| metric.name == name).map_or("", |metric| metric.help)
    }

    fn gauge(&mut self, name: &'static str, value: f64) {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        self.0.register(name, Self::help(name), gauge);
    }

    fn optional(&mut self, name: &'static str, value: Option<u64>) {
        if let Some(value) = value {
            self.gauge(name, value as f64);
        }
    }

    fn counter(&mut self, name: &'static str, value: f64) {
        let counter = Counter::<f64, AtomicU64>::default();
        counter.inc_by(value);
        self.0.register(name.trim_end_matches("_total"), Self::help(name), counter);
    }

    fn gauges(&mut self, name: &'static str, series: impl IntoIterator<Item = (Labels, f64)>) {
        let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        for (labels, value) in series {
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, Self::help(name), family);
    }

    fn counters(&mut self, name: &'static str, series: impl IntoIterator<Item = (Labels, u64)>) {
        let family = Family::<Labels, Counter>::default();
        for (labels, value) in series {
            family.get_or_create(&labels).inc_by(value);
        }
        self.0.register(name.trim_end_matches("_total"), Self::help(name), family);
    }
}

/// What is counted, in the text format of OpenMetrics.
#[utoipa::path(get, path = "/metrics", responses(
    (status = 200, content_type = "application/openmetrics-text", body = String)))]
pub(super) async fn metrics(State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let seen = Overview::recent(&api).await?;
    let mut page = Page::default();
    node(&mut page, &api, &seen);
    logs(&mut page, &seen);
    stores::stores(&mut page, &api.node.stores);
    network(&mut page, &api, &seen);
    http(&mut page, &api);
    process(&mut page);
    let mut text = String::new();
    encode(&mut text, &page.0).map_err(|error| ApiError::internal(&error))?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

fn node(page: &mut Page, api: &Api, seen: &Overview) {
    let warnings = warnings(seen, &api.node, None);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    page.gauges("carnet_build_info", [(Labels::from([("version", version)]), 1.0)]);
    page.gauge("carnet_uptime_seconds", seen.uptime as f64);
    page.gauge("carnet_clock_seconds", seen.now as f64);
    page.gauge("carnet_ready", f64::from(u8::from(Readiness::of(&warnings).is_ready())));
    let mut counts: std::collections::BTreeMap<&str, f64> =
        super::warnings::WARNINGS.iter().map(|(id, ..)| (*id, 0.0)).collect();
    for warning in &warnings {
        *counts.entry(warning.id).or_default() += 1.0;
    }
    let of = |(id, count): (&str, f64)| (Labels::from([("id", id.to_owned())]), count);
    page.gauges("carnet_warnings", counts.into_iter().map(of));
    page.gauge("carnet_disk_bytes", seen.disk_bytes as f64);
    page.optional("carnet_disk_free_bytes", seen.free_bytes);
    page.optional("carnet_backup_age_seconds", seen.backup_age);
}

fn logs(page: &mut Page, seen: &Overview) {
    let own = || seen.own.iter();
    let log = |did: &carnet_proto::id::Did| Labels::from([("log", did.to_string())]);
    page.gauges("carnet_log_entries", own().map(|o| (log(&o.did), o.size as f64)));
    page.gauges("carnet_log_published_entries", own().map(|o| (log(&o.did), o.published as f64)));
    let behind =
        |o: &super::overview::OwnState| o.heard.signed.0.saturating_sub(o.published) as f64;
    page.gauges("carnet_log_older_entries", own().map(|o| (log(&o.did), behind(o))));
    let publishing = |o: &super::overview::OwnState| f64::from(u8::from(o.phase == Phase::Writing));
    page.gauges("carnet_log_publishing", own().map(|o| (log(&o.did), publishing(o))));
    let ages = own().filter_map(|o| Some((log(&o.did), o.witnesses.view_age? as f64)));
    page.gauges("carnet_log_view_age_seconds", ages);
    let quorums = own().filter_map(|o| Some((log(&o.did), f64::from(o.witnesses.quorum?))));
    page.gauges("carnet_log_quorum", quorums);
    let spare = own().filter_map(|o| Some((log(&o.did), o.witnesses.tolerates? as f64)));
    page.gauges("carnet_log_tolerated_witnesses", spare);
    let silence = own().flat_map(|own| {
        own.witnesses.list.iter().filter_map(|witness| {
            let seconds = seen.now.saturating_sub(witness.last?);
            let labels =
                Labels::from([("log", own.did.to_string()), ("witness", witness.did.to_string())]);
            Some((labels, seconds as f64))
        })
    });
    page.gauges("carnet_witness_silent_seconds", silence);
    page.counters("carnet_statements_total", own().map(|o| (log(&o.did), o.writer.statements)));
    page.counters("carnet_commits_total", own().map(|o| (log(&o.did), o.writer.commits)));
    page.counters("carnet_refused_requests_total", own().map(|o| (log(&o.did), o.writer.refused)));
    page.gauges("carnet_writer_queue", own().map(|o| (log(&o.did), o.writer.waiting as f64)));
    page.gauges("carnet_batches", own().map(|o| (log(&o.did), o.batches as f64)));
    page.gauges("carnet_status_lists", own().map(|o| (log(&o.did), o.lists as f64)));
    let ages = own().filter_map(|o| Some((log(&o.did), o.status_age? as f64)));
    page.gauges("carnet_status_age_seconds", ages);
    let failed = own().map(|o| (log(&o.did), o.failed_publications));
    page.counters("carnet_status_failures_total", failed);
    let unknown = own().map(|o| (log(&o.did), o.unknown_batches as f64));
    page.gauges("carnet_register_unknown_batches", unknown);
    let others = || seen.logs.iter().filter(|log| !log.own);
    page.gauge("carnet_followed_logs", others().count() as f64);
    page.gauge("carnet_followed_missing_entries", others().map(|l| l.missing as f64).sum());
    page.optional("carnet_followed_oldest_seconds", others().filter_map(|log| log.age).max());
    page.gauge("carnet_forked_logs", seen.logs.iter().filter(|log| log.forked).count() as f64);
}

fn network(page: &mut Page, api: &Api, seen: &Overview) {
    let (given, refused) = api.witness.counts();
    page.counter("carnet_cosignatures_given_total", given as f64);
    page.counter("carnet_cosignatures_refused_total", refused as f64);
    page.counter("carnet_cosignatures_received_total", api.logs.cosignatures_received() as f64);
    page.gauge("carnet_peers", seen.peers as f64);
    page.gauge("carnet_banned_peers", seen.banned as f64);
    let counters = api.net.counters();
    page.counter("carnet_bans_total", counters.bans() as f64);
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    let traffic = || {
        counters.traffic().map(|(direction, kind, messages, bytes)| {
            let labels = Labels::from([("direction", word(&direction)), ("kind", word(&kind))]);
            (labels, messages, bytes)
        })
    };
    page.counters("carnet_sync_messages_total", traffic().map(|(l, messages, _)| (l, messages)));
    page.counters("carnet_sync_bytes_total", traffic().map(|(labels, _, bytes)| (labels, bytes)));
    let requests = counters.requests();
    let requests = requests.map(|(o, n)| (Labels::from([("outcome", o.name().to_owned())]), n));
    page.counters("carnet_sync_requests_total", requests);
    page.gauge("carnet_sync_queue", seen.sync.pending as f64);
}

fn http(page: &mut Page, api: &Api) {
    let HttpCounters { requests, seconds, open, .. } = &api.requests;
    let help = Page::help;
    let name = "carnet_http_requests_total";
    page.0.register(name.trim_end_matches("_total"), help(name), requests.clone());
    let name = "carnet_http_request_seconds";
    page.0.register(name, help(name), seconds.clone());
    let name = "carnet_http_open_requests";
    page.0.register(name, help(name), open.clone());
}

fn process(page: &mut Page) {
    let process = crate::machine::process();
    page.optional("process_resident_memory_bytes", process.memory_bytes);
    page.optional("process_open_fds", process.open_files);
    if let Some(seconds) = process.cpu_seconds {
        page.counter("process_cpu_seconds_total", seconds);
    }
}
