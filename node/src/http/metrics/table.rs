//! Every metric: what `docs/operate/metrics.md` tells, and what `/metrics` says as help.

/// A metric as it is queried; counters end in `_total`.
pub(super) struct Metric {
    pub(super) name: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "compared with what is registered"))]
    pub(super) kind: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the document"))]
    pub(super) unit: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "compared with what is registered"))]
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the document"))]
    pub(super) alert: &'static str,
}

/// One line of the table.
macro_rules! metrics {
    ($($name:ident $kind:ident $unit:literal [$($label:ident)*] $help:literal, $alert:literal;)*) => {
        &[$(Metric {
            name: stringify!($name),
            kind: stringify!($kind),
            unit: $unit,
            labels: &[$(stringify!($label)),*],
            help: $help,
            alert: $alert,
        }),*]
    };
}

/// The metrics, in the order of the document.
pub(super) const METRICS: &[Metric] = metrics! {
    carnet_build_info gauge "" [version] "Always 1; the label is the version of the program", "";
    carnet_ready gauge "0 or 1" [] "Whether the node does its work, as at /ready", "0 for 5 minutes";
    carnet_warnings gauge "warnings" [id] "Warnings of node status, by identifier", "above 0 for an hour; at once for store-failed, store-unreachable, older-than-published, own-fork";
    carnet_uptime_seconds gauge "seconds" [] "Time since the node started", "falls again and again";
    carnet_clock_seconds gauge "Unix seconds" [] "The clock of the node", "differs from time() by more than 60";
    carnet_disk_bytes gauge "bytes" [] "Size of the stores on disk", "";
    carnet_disk_free_bytes gauge "bytes" [] "Room on the disk for this user", "below 1 GiB";
    carnet_backup_age_seconds gauge "seconds" [] "Time since last-backup was written; absent if it never was", "above 8 days, or absent";
    carnet_log_entries gauge "entries" [log] "Entries of an own log", "";
    carnet_log_published_entries gauge "entries" [log] "Entries under the newest checkpoint of an own log", "below carnet_log_entries for 5 minutes";
    carnet_log_older_entries gauge "entries" [log] "Entries that the key of an own log was seen to sign and that are not here", "above 0";
    carnet_log_publishing gauge "" [log] "1 if an own log is published, 0 while it waits for its witnesses or is completed from peers", "0 for 10 minutes";
    carnet_log_view_age_seconds gauge "seconds" [log] "Age of an own log as verifiers count it: of the cosignature that completed the newest quorum; absent without one", "above 2 hours, or absent";
    carnet_log_quorum gauge "witnesses" [log] "Cosignatures that make a quorum, by the own profile", "";
    carnet_log_tolerated_witnesses gauge "witnesses" [log] "Witnesses that may be silent; below 0 no quorum can ever be reached", "below 1";
    carnet_witness_silent_seconds gauge "seconds" [log witness] "Time since a proposed witness cosigned an own log; absent if it never did", "above 2 hours";
    carnet_statements_total counter "statements" [log] "Statements committed and published, standings not counted", "";
    carnet_commits_total counter "commits" [log] "Group commits of the writer", "";
    carnet_refused_requests_total counter "requests" [log] "Requests that the writer refused or could not commit", "grows for an hour";
    carnet_writer_queue gauge "requests" [log] "Requests that wait for the writer, at most 1024", "above 512 for 5 minutes";
    carnet_batches gauge "batches" [log] "Batches of credentials in the own log", "";
    carnet_status_lists gauge "lists" [log] "Status lists of the institution, at most 48", "above 40";
    carnet_status_age_seconds gauge "seconds" [log] "Time since the oldest status list was signed; absent without lists", "above twice status_schedule_seconds";
    carnet_status_failures_total counter "publications" [log] "Scheduled publications of the status lists that failed", "grows";
    carnet_register_unknown_batches gauge "batches" [log] "Batches of the log that the register does not know", "above 0";
    carnet_followed_logs gauge "logs" [] "Logs of others that are held or wanted, at most 10000", "above 9000";
    carnet_followed_missing_entries gauge "entries" [] "Entries that followed logs were seen to sign and that are not here", "above 0 for an hour";
    carnet_followed_oldest_seconds gauge "seconds" [] "Age of the newest cosignature of the followed log that was cosigned longest ago", "above 2 hours";
    carnet_forked_logs gauge "logs" [] "Logs that are proven to show two histories", "grows";
    carnet_store_commit_seconds histogram "seconds" [store] "Time until a batch was on disk, fsync included; the store is logs or register", "99th percentile above 1";
    carnet_failed_stores gauge "stores" [store] "Stores of which a write failed, and which take no more", "above 0";
    carnet_cosignatures_given_total counter "cosignatures" [] "Cosignatures given to logs of others", "";
    carnet_cosignatures_refused_total counter "requests" [] "Checkpoints that were not cosigned when they could have been", "grows for an hour";
    carnet_cosignatures_received_total counter "cosignatures" [] "Cosignatures that came for the newest checkpoints of own logs", "does not grow for 2 hours";
    carnet_peers gauge "peers" [] "Other nodes that are connected, at most 512 connections", "0 for 15 minutes";
    carnet_banned_peers gauge "peers" [] "Peers that are refused for a time", "";
    carnet_bans_total counter "bans" [] "Bans imposed on peers that broke rules", "grows";
    carnet_sync_messages_total counter "messages" [direction kind] "Messages between nodes: sent or received; request, response or gossip. Gossip that is only passed on is not counted", "";
    carnet_sync_bytes_total counter "bytes" [direction kind] "Bytes of these messages, without the transport", "";
    carnet_sync_requests_total counter "requests" [outcome] "Requests to other nodes, by what became of them", "share of answered below a half for an hour";
    carnet_sync_queue gauge "messages" [] "What waits for replication, at most 128", "above 100 for 5 minutes";
    carnet_http_requests_total counter "requests" [route status] "Requests over HTTP; the operator's routes are one", "any status 500 or above";
    carnet_http_request_seconds histogram "seconds" [route] "Time until an answer began", "99th percentile above 2.5";
    carnet_http_open_requests gauge "requests" [] "Requests that are being answered, at most 256", "above 200 for 5 minutes";
    process_resident_memory_bytes gauge "bytes" [] "Memory of the process (Linux)", "near MemoryMax of the unit";
    process_open_fds gauge "files" [] "Files and connections that are open (Linux)", "above 80 % of the limit";
    process_cpu_seconds_total counter "seconds" [] "Processor time of the process (Linux)", "rate above 0.9 for an hour";
};
