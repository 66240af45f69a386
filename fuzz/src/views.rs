//! Other views of a log: receipts, tiles, bundles of entries, proofs in a file of their own, what witnesses are sent.

use carnet_proto::id::LeafHash;
use carnet_proto::log::add_checkpoint::AddCheckpoint;
use carnet_proto::log::bundle;
use carnet_proto::log::merkle::Tree;
use carnet_proto::log::receipt::{ForeignReceipt, Receipt, TransparentStatement};
use carnet_proto::log::tile::TilePath;
use carnet_proto::log::tlog_proof::TlogProof;

/// Reads one of them, by the first byte.
pub fn views(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else { return };
    match selector % 6 {
        0 => {
            let head = Tree::from_leaves([LeafHash::new([1; 32])]).head();
            if let Ok(receipt) = ForeignReceipt::parse(rest) {
                let _ = receipt.head_including(LeafHash::new([2; 32]));
                let _ = receipt.head_continuing(&head);
                receipt.to_be_signed(&head.root);
            }
            if Receipt::parse(rest).is_ok() {
                assert!(ForeignReceipt::parse(rest).is_ok(), "ours is no less to others");
            }
        }
        1 => {
            let _ = TransparentStatement::parse_foreign(rest);
            if let Ok(statement) = TransparentStatement::parse(rest) {
                assert!(statement.receipts().all(|receipt| Receipt::parse(receipt).is_ok()));
            }
        }
        2 => {
            if let Ok(path) = str::from_utf8(rest)
                && let Ok(tile) = TilePath::parse(path)
            {
                assert_eq!(tile.to_string(), path);
                let _ = tile.split(rest);
            }
        }
        3 => {
            let Some((width, rest)) = rest.split_first_chunk::<2>() else { return };
            if let Ok(entries) = bundle::split(rest, u16::from_be_bytes(*width)) {
                let mut again = Vec::new();
                for entry in entries {
                    bundle::push(&mut again, entry).expect("as short as it was");
                }
                assert_eq!(again, rest);
            }
        }
        4 => {
            if let Ok(text) = str::from_utf8(rest)
                && let Ok(proof) = TlogProof::parse(text)
            {
                assert_eq!(proof.to_string(), text);
            }
        }
        _ => {
            if let Ok(text) = str::from_utf8(rest)
                && let Ok(submission) = AddCheckpoint::parse(text)
            {
                assert_eq!(submission.to_string(), text);
            }
        }
    }
}
