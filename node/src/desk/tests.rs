use carnet_proto::cbor::Bytes;
use carnet_proto::key::Seed;
use carnet_proto::statement::Statement;
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::standing::empty_head;
use carnet_proto::status::StatusUri;
use zeroize::Zeroizing;

use super::*;
use crate::clock::SystemClock;
use crate::desk::register::RegisterKey;
use crate::institution::TokenDigest;
use crate::store::memory::{Fault, MemoryDisk, MemoryStore};
use crate::test_support::order;
use crate::writer::Writer;

/// A desk on two disks that can be made to fail.
struct Office {
    desk: Arc<Desk>,
    logs: Arc<Logs>,
    writer: Writer,
    log_disk: MemoryDisk,
    register_disk: MemoryDisk,
}

fn office(list_entries: u32) -> Office {
    let (store, register) = (MemoryStore::new(), MemoryStore::new());
    let (log_disk, register_disk) = (store.disk(), register.disk());
    let logs = Arc::new(Logs::open(Arc::new(store)).unwrap());
    let seed = Seed::new([1; 32]);
    let key = seed.signing_key(Purpose::Statement);
    let next = Seed::new([2; 32]).public_key_set().commitment();
    let inception = Inception { keys: seed.public_key_set(), next };
    let inception = Statement::incept(inception, &key);
    let did = *inception.issuer();
    let standing = carnet_proto::ledger::Replica::new(inception.entry()).unwrap();
    let standing = standing.derive_standing(empty_head());
    let standing = Statement::sign(&did, standing, &key).unwrap();
    logs.begin_own(&[inception, standing]).unwrap();
    let writer = Writer::start(Arc::clone(&logs), did, seed.clone(), true).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join(crate::institution::TOKEN_FILE);
    std::fs::write(token, [b'a'; 52]).unwrap();
    let institution = Institution {
        did,
        seed,
        token: TokenDigest::open(directory.path()).unwrap(),
        register_key: RegisterKey::from_bytes(Zeroizing::new([7; 32])),
        directory: directory.path().to_owned(),
    };
    let (handle, clock) = (writer.handle(), Arc::new(SystemClock));
    let register = Arc::new(register);
    let desk =
        Desk::open(&institution, register, Arc::clone(&logs), handle, clock, list_entries).unwrap();
    Office { desk: Arc::new(desk), logs, writer, log_disk, register_disk }
}

impl Office {
    async fn records(&self) -> usize {
        self.desk.records(None, MAX_PAGE).await.unwrap().len()
    }

    fn view(&self) -> Arc<carnet_proto::ledger::LogView> {
        Arc::clone(self.logs.get(self.desk.did()).unwrap().view())
    }
}

#[tokio::test]
async fn a_disk_that_fails_while_issuing_leaves_rows_that_can_be_issued() {
    for (is_log, successes) in [(true, 0), (false, 0), (false, 1), (false, 2)] {
        let office = office(1 << 17);
        let disk = if is_log { &office.log_disk } else { &office.register_disk };
        disk.fail_after(successes, Fault::NotWritten);
        let failed = office.desk.issue(order(*office.desk.did(), "class", 3)).await;
        assert!(matches!(failed, Err(DeskError::Writer(_) | DeskError::Register(_))), "{failed:?}");
        disk.heal();
        assert_eq!(office.records().await, 0);
        // In the last case the root is in the log: the register is no older for that.
        assert_eq!(office.view().issuances.len(), usize::from(successes == 2));
        let found = older::find(&office.desk.register, &office.view()).unwrap();
        assert_eq!(found, Vec::new());
        let issued = office.desk.issue(order(*office.desk.did(), "class", 3)).await.unwrap();
        assert_eq!((issued.rows.len(), office.records().await), (3, 3));
        assert!(office.logs.get(office.desk.did()).unwrap().is_in_order().is_ok());
        office.writer.stop().await;
    }
}

#[tokio::test]
async fn a_list_that_is_three_quarters_full_is_followed_by_another() {
    let office = office(64);
    let did = *office.desk.did();
    for (prefix, count, lists) in [("a", 40, 1), ("b", 8, 1), ("c", 1, 2), ("d", 1, 2)] {
        office.desk.issue(order(did, prefix, count)).await.unwrap();
        assert_eq!(office.view().status.len(), lists, "{prefix}");
        assert!(office.view().has_newest_status());
    }
    let of = |list| office.view().status[&StatusUri { issuer: did, list }.to_string()].clone();
    office.desk.set_state("a-0".into(), RecordState::Invalid).await.unwrap();
    office.desk.set_state("c-0".into(), RecordState::Suspended).await.unwrap();
    assert_eq!(office.desk.publish_status().await.unwrap().lists, 2);
    let count = |list| {
        let list = of(list).list();
        (0..list.len()).filter(|index| list.value(*index) != Some(0)).count()
    };
    assert_eq!((count(1), count(2)), (1, 1));
    let lists = status::lists_of(&office.view());
    assert_eq!(older::keeps_all(&office.view(), &lists), Ok(()));
    let vanishes = OlderRegister::Vanishes { published: 2, known: 1 };
    assert_eq!(older::keeps_all(&office.view(), &lists[1..]), Err(vanishes));
    office.writer.stop().await;
}

#[tokio::test]
async fn orders_at_the_same_time_never_share_a_row_key_or_an_index() {
    let office = office(1 << 17);
    let did = *office.desk.did();
    let issue = |prefix: &'static str| {
        let desk = Arc::clone(&office.desk);
        tokio::spawn(async move { desk.issue(order(did, prefix, 20)).await.is_ok() })
    };
    let tasks = [issue("same"), issue("same"), issue("other")];
    let mut granted = 0;
    for task in tasks {
        granted += usize::from(task.await.unwrap());
    }
    assert_eq!((granted, office.records().await), (2, 40));
    let records = office.desk.records(None, MAX_PAGE).await.unwrap();
    let places: std::collections::BTreeSet<_> =
        records.iter().map(|record| (record.status_list, record.status_index)).collect();
    assert_eq!(places.len(), 40);
    let (first, rest) = records.split_first().unwrap();
    let after = office.desk.records(Some(first.label.as_str().to_owned()), 3).await.unwrap();
    assert_eq!(after, rest[..3]);
    office.writer.stop().await;
}

#[tokio::test]
async fn a_row_key_that_is_too_long_is_told() {
    let office = office(1 << 17);
    let mut order = order(*office.desk.did(), "class", 2);
    order.rows[1].row = carnet_proto::text::Line::parse(&"x".repeat(201)).unwrap();
    order.rows[0].key_request = Bytes(b"noise".to_vec());
    let Err(DeskError::Rows(rows)) = office.desk.issue(order).await else { panic!("issued") };
    let told: Vec<_> = rows.iter().map(|row| (row.row, row.field)).collect();
    assert_eq!(told, [(0, "key_request"), (1, "row")]);
    assert_eq!(office.records().await, 0);
    office.writer.stop().await;
}

#[tokio::test]
async fn a_key_that_was_used_in_an_earlier_batch_is_not_used_for_somebody_else() {
    let office = office(1 << 17);
    let did = *office.desk.did();
    let first = order(did, "first", 2);
    let request = first.rows[1].key_request.clone();
    office.desk.issue(first).await.unwrap();
    let mut second = order(did, "second", 2);
    second.rows[0].key_request = request;
    for answer in [office.desk.check(second.clone()).await, office.desk.issue(second).await] {
        let Err(DeskError::Rows(rows)) = answer else { panic!("issued") };
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].row, rows[0].field), (0, "key_request"));
        assert!(rows[0].message.contains("a key of its own"), "{}", rows[0].message);
    }
    assert_eq!(office.records().await, 2, "all rows or none");
    office.writer.stop().await;
}
