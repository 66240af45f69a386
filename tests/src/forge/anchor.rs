//! Anchors: the way from a credential to the root of its batch.

use carnet_proto::anchor::{Anchor, Batch};
use carnet_proto::cbor::{Encode as _, Value};
use carnet_proto::id::{Digest, RootHash};
use serde_json::json;

use super::{Cases, Entries, altered_map, hex, int, remove, set};
use crate::SeededRng;

fn credential(number: u8) -> Digest {
    Digest::of(&[number])
}

/// The anchor of the first of two credentials in a batch, and the root of the batch.
pub fn anchor() -> (Anchor, RootHash) {
    let batch = Batch::new(&[credential(1), credential(2)], &mut SeededRng(11)).expect("a batch");
    let anchor = batch.anchors(Digest::of(b"issuance")).next().expect("an anchor");
    (anchor, batch.root())
}

/// Anchors with one defect each.
pub fn cases() -> Cases {
    let mut c = Cases::new("anchor");
    let (good, root) = anchor();
    let context = |credential: Digest, root: &[u8]| json!({ "credential": credential.to_string(), "root": hex(root) });
    let bytes = good.to_cbor();
    let input = |bytes: &[u8]| json!({ "anchor": hex(bytes) });
    c.context(context(credential(1), root.as_bytes()))
        .source("wire-format.md, anchors; RFC 9162, section 2.1.3.2");
    c.valid(
        "valid",
        "A credential in a batch of 32.",
        input(&bytes),
        json!({ "issuance": good.issuance.to_string() }),
    );
    let altered = |alter: &dyn Fn(&mut Entries)| input(&altered_map(&bytes, alter));
    let path: Vec<u8> = good.path.hashes().concat();
    let other_index = i64::try_from(good.index.0 ^ 1).expect("an index");
    let mut blinding = good.blinding;
    blinding[0] ^= 1;
    let mut changed = path.clone();
    changed[0] ^= 1;
    for (name, error, input, about) in [
        (
            "blinding-changed",
            "WrongRoot",
            altered(&|e| set(e, 2, Value::Bytes(blinding.to_vec()))),
            "One bit of the blinding is another.",
        ),
        (
            "index-changed",
            "WrongRoot",
            altered(&|e| set(e, 3, int(other_index))),
            "The position is that of the neighbour.",
        ),
        (
            "path-changed",
            "WrongRoot",
            altered(&|e| set(e, 4, Value::Bytes(changed.clone()))),
            "One bit of the path is another.",
        ),
        (
            "index-outside-the-batch",
            "WrongRoot",
            altered(&|e| set(e, 3, int(32))),
            "The position is not below the size of the batch.",
        ),
        (
            "path-of-4-levels",
            "Invalid",
            altered(&|e| set(e, 4, Value::Bytes(path[..128].to_vec()))),
            "A batch has at least 32 leaves.",
        ),
        (
            "path-of-17-levels",
            "Invalid",
            altered(&|e| set(e, 4, Value::Bytes(vec![0; 17 * 32]))),
            "A batch has at most 65,536 leaves.",
        ),
        (
            "path-of-6-levels",
            "WrongRoot",
            altered(&|e| set(e, 4, Value::Bytes([path.as_slice(), &[0; 32]].concat()))),
            "The path has a hash too many: the batch would be twice as large.",
        ),
        (
            "path-of-31-bytes-more",
            "Invalid",
            altered(&|e| set(e, 4, Value::Bytes([path.as_slice(), &[0; 31]].concat()))),
            "A hash of the path is cut.",
        ),
        (
            "blinding-of-16-bytes",
            "WrongLength",
            altered(&|e| set(e, 2, Value::Bytes(vec![1; 16]))),
            "The blinding has 16 bytes.",
        ),
        (
            "issuance-missing",
            "Missing",
            altered(&|e| drop(remove(e, 1))),
            "The issuance is not named.",
        ),
        (
            "unknown-member",
            "UnknownKey",
            altered(&|e| set(e, 5, Value::Null)),
            "There is a member that anchors do not have.",
        ),
    ] {
        c.invalid(name, "valid", error, about, input);
    }
    c.context(context(credential(2), root.as_bytes()));
    c.invalid(
        "another-credential",
        "valid",
        "WrongRoot",
        "The anchor of one credential is shown with another of the same batch.",
        input(&bytes),
    );
    let mut other = *root.as_bytes();
    other[0] ^= 1;
    c.context(context(credential(1), &other));
    c.invalid(
        "another-batch",
        "valid",
        "WrongRoot",
        "The issuance has another root.",
        input(&bytes),
    );
    c
}
