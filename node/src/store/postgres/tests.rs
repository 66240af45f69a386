use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::super::conformance::{self, Disk};
use super::super::{FORMAT_VERSION, entries};
use super::cluster::Cluster;
use super::*;

/// A lease that does not run out in a test.
const LONG: u64 = 3600;

struct Schema {
    cluster: Arc<Cluster>,
    name: String,
}

impl Disk for Schema {
    type Opened = PostgresStore;

    fn open(&self) -> Result<PostgresStore, StoreError> {
        open(&self.cluster, &self.name)
    }
}

fn database(cluster: &Cluster, schema: &str, holder: &str) -> Arc<Database> {
    Database::open(cluster.options(schema, holder, LONG)).unwrap()
}

fn open(cluster: &Cluster, schema: &str) -> Result<PostgresStore, StoreError> {
    let database = Database::open(cluster.options(schema, "test", LONG))?;
    assert_eq!(database.acquire()?, None);
    PostgresStore::open(&database, Space::Logs)
}

fn one(key: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.put(key, key);
    batch
}

#[test]
fn it_is_a_store() {
    let Some(cluster) = Cluster::shared() else { return };
    conformance::run(|| Schema { name: cluster.schema(), cluster: Arc::clone(&cluster) });
}

#[test]
fn what_is_acknowledged_is_committed_to_disk_whatever_the_server_is_set_to() {
    let Some(cluster) = Cluster::start_new() else { return };
    cluster.sql("ALTER SYSTEM SET synchronous_commit = off");
    cluster.sql("SELECT pg_reload_conf()");
    while cluster.sql("SHOW synchronous_commit") != "off" {
        thread::sleep(Duration::from_millis(10));
    }
    let store = open(&cluster, "carnet").unwrap();
    let rows = store.database.read("SHOW synchronous_commit".into(), Vec::new()).unwrap();
    assert_eq!(rows[0].try_get::<_, &str>(0).unwrap(), "on");
    drop(store);

    cluster.sql("ALTER SYSTEM SET fsync = off");
    cluster.stop();
    cluster.start();
    let Err(StoreError::Refused { detail, .. }) = open(&cluster, "carnet") else {
        panic!("a server that forgets was taken")
    };
    assert!(detail.contains("fsync"), "{detail}");
}

#[test]
fn only_the_holder_of_the_lease_writes_and_others_read() {
    let Some(cluster) = Cluster::shared() else { return };
    let schema = cluster.schema();
    let writer = open(&cluster, &schema).unwrap();
    writer.apply(one(b"a")).unwrap();

    let second = database(&cluster, &schema, "second");
    let holder = second.acquire().unwrap().unwrap();
    assert_eq!(holder.name, "test");
    assert!(holder.left > Duration::from_secs(LONG / 2));
    let reader = PostgresStore::open(&second, Space::Logs).unwrap();
    assert_eq!(reader.get(b"a").unwrap(), Some(b"a".to_vec()));
    let refused = reader.apply(one(b"b")).unwrap_err();
    assert!(matches!(&refused, StoreError::NotWriter { holder: Some(name) } if name == "test"));
    assert!(refused.to_string().contains("held by test"));

    // A clean stop hands it over at once.
    drop(writer);
    assert_eq!(second.acquire().unwrap(), None);
    reader.apply(one(b"b")).unwrap();
}

#[test]
fn a_writer_that_was_paused_past_its_lease_is_refused_when_it_wakes_up() {
    let Some(cluster) = Cluster::shared() else { return };
    let schema = cluster.schema();
    let old = Database::open(cluster.options(&schema, "old", 1)).unwrap();
    assert_eq!(old.acquire().unwrap(), None);
    let paused = PostgresStore::open(&old, Space::Logs).unwrap();
    paused.apply(one(b"before")).unwrap();
    old.pause();

    let new = database(&cluster, &schema, "new");
    while new.acquire().unwrap().is_some() {
        thread::sleep(Duration::from_millis(50));
    }
    // It still believes that it holds the lease: what refuses it is the database.
    let refused = paused.apply(one(b"behind the other's back")).unwrap_err();
    assert!(matches!(refused, StoreError::NotWriter { holder: Some(name) } if name == "new"));
    let store = PostgresStore::open(&new, Space::Logs).unwrap();
    store.apply(one(b"after")).unwrap();
    let found: Vec<_> = entries(&store, b"").map(|found| found.unwrap().0).collect();
    assert_eq!(found, [b"after".to_vec(), b"before".to_vec()]);
    let refused = paused.apply(one(b"again"));
    assert!(matches!(refused, Err(StoreError::NotWriter { .. })));
}

#[test]
fn a_lease_that_ran_out_and_that_nobody_took_is_still_good() {
    let Some(cluster) = Cluster::shared() else { return };
    let schema = cluster.schema();
    let database = Database::open(cluster.options(&schema, "test", 1)).unwrap();
    assert_eq!(database.acquire().unwrap(), None);
    let store = PostgresStore::open(&database, Space::Logs).unwrap();
    database.pause();
    while database.holder().unwrap().is_some() {
        thread::sleep(Duration::from_millis(50));
    }
    store.apply(one(b"late")).unwrap();
    assert_eq!(database.holder().unwrap().unwrap().name, "test", "and writing renews it");
}

#[test]
fn a_lease_is_renewed_for_as_long_as_its_holder_lives() {
    let Some(cluster) = Cluster::shared() else { return };
    let schema = cluster.schema();
    let first = Database::open(cluster.options(&schema, "first", 1)).unwrap();
    assert_eq!(first.acquire().unwrap(), None);
    let expires = || cluster.sql(&format!("SELECT expires FROM {schema}.lease"));
    let before = expires();
    while expires() == before {
        thread::sleep(Duration::from_millis(20));
    }
    let second = database(&cluster, &schema, "second");
    assert_eq!(second.acquire().unwrap().unwrap().name, "first");
    // Taken by force, as when it could not be renewed: the holder is told without writing anything.
    cluster.sql(&format!("UPDATE {schema}.lease SET nonce = 'x', holder = 'x', token = token + 1"));
    let mut state = first.lease();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(state.wait_for(|state| *state == LeaseState::Lost)).unwrap();
}

#[test]
fn two_writers_that_take_the_lease_from_each_other_never_lose_or_mix_a_batch() {
    const ROUNDS: u32 = 40;
    let Some(cluster) = Cluster::shared() else { return };
    let schema = cluster.schema();
    let databases = ["a", "b"].map(|name| database(&cluster, &schema, name));
    let stores = databases.each_ref().map(|database| {
        let _ = database.acquire().unwrap();
        PostgresStore::open(database, Space::Logs).unwrap()
    });
    let appended = thread::scope(|scope| {
        let threads = [0, 1].map(|who| {
            let (store, database) = (&stores[who], &databases[who]);
            scope.spawn(move || {
                let mut appended = 0;
                while appended < ROUNDS {
                    // As a log appends: behind the last entry that it sees.
                    let last = store.last(b"e").unwrap();
                    let next = last
                        .map_or(0, |(key, _)| u32::from_be_bytes(key[1..].try_into().unwrap()) + 1);
                    let key = [b"e".as_slice(), &next.to_be_bytes()].concat();
                    let mut batch = Batch::new();
                    batch.put(key, [who as u8]).put(b"c", next.to_be_bytes());
                    match store.apply(batch) {
                        Ok(()) => {
                            appended += 1;
                            if appended % 5 == 0 {
                                database.release();
                            }
                        }
                        Err(StoreError::NotWriter { .. }) => drop(database.acquire().unwrap()),
                        Err(error) => panic!("{error}"),
                    }
                }
                appended
            })
        });
        threads.map(|thread| thread.join().unwrap()).iter().sum::<u32>()
    });
    assert_eq!(entries(&stores[0], b"e").count(), usize::try_from(appended).unwrap());
}

#[test]
fn after_a_restart_of_the_server_reading_and_writing_go_on() {
    let Some(cluster) = Cluster::start_new() else { return };
    let store = open(&cluster, "carnet").unwrap();
    store.apply(one(b"before")).unwrap();
    cluster.stop();
    thread::scope(|scope| {
        let writing = scope.spawn(|| store.apply(one(b"during")));
        let reading = scope.spawn(|| store.get(b"before"));
        thread::sleep(Duration::from_millis(300));
        cluster.start();
        writing.join().unwrap().unwrap();
        assert!(reading.join().unwrap().unwrap().is_some());
    });
    assert!(store.get(b"during").unwrap().is_some());
    store.apply(one(b"after")).unwrap();
}

#[test]
fn a_server_that_stays_away_is_named_and_what_was_given_up_is_settled_before_anything_is_read() {
    let Some(cluster) = Cluster::start_new() else { return };
    let mut options = cluster.options("carnet", "test", LONG);
    options.patience = Duration::from_millis(200);
    let database = Database::open(options).unwrap();
    assert_eq!(database.acquire().unwrap(), None);
    let store = PostgresStore::open(&database, Space::Logs).unwrap();
    let token = || cluster.sql("SELECT token FROM carnet.lease").parse::<i64>().unwrap();
    let before = token();
    cluster.stop();
    let failed = store.apply(one(b"given up")).unwrap_err();
    let StoreError::Unreachable { server, .. } = &failed else { panic!("{failed}") };
    assert!(server.starts_with("postgres at /tmp/pg"), "{server}");
    assert!(matches!(store.get(b"given up"), Err(StoreError::Unreachable { .. })));
    cluster.start();
    // The new token keeps the batch out, should it still be under way somewhere.
    assert_eq!(store.get(b"given up").unwrap(), None);
    assert_eq!(token(), before + 1);
    store.apply(one(b"next")).unwrap();
    assert_eq!(entries(&store, b"").count(), 1);
}

#[test]
fn a_batch_whose_answer_is_lost_is_committed_once_and_known_to_be() {
    let Some(cluster) = Cluster::shared() else { return };
    let schema = cluster.schema();
    let store = open(&cluster, &schema).unwrap();
    let writes = || cluster.sql(&format!("SELECT writes FROM {schema}.lease"));
    // The first answer is to the batch; the others to the question whether it was committed.
    for lost in 1..=3u8 {
        let before = writes().parse::<u8>().unwrap();
        store.database.lose_answers(lost.into());
        store.apply(one(&[b'k', lost])).unwrap();
        assert_eq!(writes(), (before + 1).to_string());
        assert!(store.get(&[b'k', lost]).unwrap().is_some());
    }
    store.apply(one(b"next")).unwrap();
}

#[test]
fn a_batch_whose_connection_ends_before_it_is_committed_is_committed_after_all() {
    let Some(cluster) = Cluster::start_new() else { return };
    let store = open(&cluster, "carnet").unwrap();
    cluster.sql(
        "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql \
         AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON carnet.entries \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.wait()",
    );
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE application_name = 'carnet' AND state = 'active'";
    thread::scope(|scope| {
        let writing = scope.spawn(|| store.apply(one(b"k")));
        while cluster.sql(kill) == "0" {
            assert!(!writing.is_finished(), "it was not interrupted");
        }
        writing.join().unwrap().unwrap();
    });
    assert_eq!(entries(&store, b"").count(), 1);
    assert_eq!(cluster.sql("SELECT writes FROM carnet.lease"), "2", "the format and the batch");
}

#[test]
fn a_newer_store_is_refused_before_anything_in_it_is_changed() {
    let Some(cluster) = Cluster::shared() else { return };
    let schema = cluster.schema();
    let store = open(&cluster, &schema).unwrap();
    store.apply(one(b"a")).unwrap();
    store.apply(Batch::format(FORMAT_VERSION + 1)).unwrap();
    drop(store);
    let dump = || cluster.sql(&format!("TABLE {schema}.lease; TABLE {schema}.entries"));
    let before = dump();
    let refused = Database::open(cluster.options(&schema, "test", LONG));
    assert!(matches!(refused, Err(StoreError::NewerVersion { .. })));
    assert_eq!(dump(), before);
}

#[test]
fn wrong_credentials_and_missing_databases_are_told_from_a_server_that_is_away() {
    let Some(cluster) = Cluster::shared() else { return };
    let mut options = cluster.options("carnet", "test", LONG);
    options.config.dbname("nowhere");
    let refused = Database::open(options).unwrap_err();
    let StoreError::Refused { detail, .. } = refused else { panic!("{refused}") };
    assert!(detail.contains("nowhere") && detail.contains("3D000"), "{detail}");
    let mut options = cluster.options("carnet", "test", LONG);
    options.config.user("stranger");
    assert!(matches!(Database::open(options), Err(StoreError::Refused { .. })));
}

#[test]
fn a_register_has_a_schema_of_its_own() {
    let Some(cluster) = Cluster::shared() else { return };
    let schema = cluster.schema();
    let database = database(&cluster, &schema, "test");
    assert_eq!(database.acquire().unwrap(), None);
    let logs = PostgresStore::open(&database, Space::Logs).unwrap();
    let did = Did::of_inception(b"x");
    let register = PostgresStore::open(&database, Space::Register(did)).unwrap();
    register.apply(one(b"secret")).unwrap();
    assert_eq!(logs.get(b"secret").unwrap(), None);
    let tables = cluster
        .sql(&format!("SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}_register'"));
    assert_eq!(tables, "1");
    assert!(database.disk_bytes() > 0);
}

/// Schema in which this test binary, run as a child, writes until it is refused.
const CHILD: &str = "CARNET_TEST_LEASE_CHILD";

#[cfg(unix)]
#[test]
fn a_process_that_was_stopped_by_a_signal_and_goes_on_after_a_takeover_is_refused() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::{Command, Stdio};
    if let Ok(url) = std::env::var(CHILD) {
        let settings = PostgresSettings::new(url, "carnet".into(), None, 1).unwrap();
        let options = settings.options(std::path::Path::new("."), "child").unwrap();
        let database = Database::open(options).unwrap();
        assert_eq!(database.acquire().unwrap(), None);
        let store = PostgresStore::open(&database, Space::Logs).unwrap();
        for number in 0u32.. {
            let refused = store.apply(one(&[b"c".as_slice(), &number.to_be_bytes()].concat()));
            let said = match &refused {
                Ok(()) => format!("ack {number}"),
                Err(error) => format!("refused: {error}"),
            };
            let mut out = std::io::stdout().lock();
            writeln!(out, "\n{said}").unwrap();
            out.flush().unwrap();
            if refused.is_err() {
                return;
            }
        }
    }
    let Some(cluster) = Cluster::start_new() else { return };
    let name = thread::current().name().unwrap().to_owned();
    let settings = cluster.settings("carnet", 1);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(CHILD, settings.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id().to_string();
    let signal = |signal: &str| {
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    };
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut lines = lines.filter(|line| line.starts_with("ack") || line.starts_with("refused"));
    assert_eq!(lines.nth(20).unwrap(), "ack 20");
    signal("-STOP");
    let database = database(&cluster, "carnet", "parent");
    while database.acquire().unwrap().is_some() {
        thread::sleep(Duration::from_millis(50));
    }
    let store = PostgresStore::open(&database, Space::Logs).unwrap();
    let before = entries(&store, b"c").count();
    store.apply(one(b"parent")).unwrap();
    signal("-CONT");
    let mut acknowledged = 21;
    let last = lines.find(|line| {
        acknowledged += usize::from(line.starts_with("ack"));
        line.starts_with("refused")
    });
    child.wait().unwrap();
    assert!(last.as_ref().is_some_and(|last| last.ends_with("held by parent")), "{last:?}");
    assert_eq!(entries(&store, b"c").count(), before, "nothing came after the takeover");
    assert!(acknowledged <= before, "{acknowledged} were acknowledged, {before} are there");
}
