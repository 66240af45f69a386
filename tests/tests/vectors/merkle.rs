//! transparency-dev/merkle: inclusion and consistency proofs over SHA-256, most of them wrong.

use std::path::Path;

use carnet_proto::id::{LeafHash, LeafIndex, RootHash, TreeSize};
use carnet_proto::log::{ConsistencyProof, InclusionProof, TreeHead};
use serde_json::Value as Json;

use crate::{base64, files, json, passed};

fn hash(value: &Json) -> Option<[u8; 32]> {
    base64(value).try_into().ok()
}

/// Reads size and root. Some files have a word for a root that does not matter; a root of ours has
/// 32 bytes, so that those are filled up with zeros.
fn head(case: &Json, size: &str, root: &str) -> Option<TreeHead> {
    let mut bytes = base64(&case[root]);
    bytes.resize(bytes.len().max(32), 0);
    let root = RootHash::new(bytes.try_into().ok()?);
    Some(TreeHead { size: TreeSize(case[size].as_u64()?), root })
}

fn hashes(case: &Json) -> Option<Vec<[u8; 32]>> {
    case["proof"].as_array().into_iter().flatten().map(hash).collect()
}

/// Returns whether the proof holds; hashes of another length have no type here to stand in.
fn includes(case: &Json) -> Option<()> {
    let head = head(case, "treeSize", "root")?;
    let index = LeafIndex(case["leafIdx"].as_u64()?);
    let leaf = LeafHash::new(hash(&case["leafHash"])?);
    InclusionProof::new(hashes(case)?).ok()?.verify(index, leaf, &head).ok()
}

fn is_consistent(case: &Json) -> Option<()> {
    let (old, new) = (head(case, "size1", "root1")?, head(case, "size2", "root2")?);
    ConsistencyProof::new(hashes(case)?).ok()?.verify(&old, &new).ok()
}

fn run(suite: &str, directory: &Path, proves: fn(&Json) -> Option<()>, at_least: usize) {
    let mut accepted = 0;
    let files = files(directory, "json");
    for path in &files {
        let case = json(path);
        let holds = proves(&case).is_some();
        assert_eq!(!holds, case["wantErr"].as_bool().unwrap(), "{path:?}");
        accepted += usize::from(holds);
    }
    assert!(accepted >= 5, "{suite}: only {accepted} proofs hold");
    passed(suite, files.len(), at_least);
}

pub fn inclusion_proofs_hold_where_they_should_and_nowhere_else() {
    let Some(directory) = carnet_tests::vectors("merkle-rfc9162/testdata/inclusion") else {
        return;
    };
    run("merkle inclusion", &directory, includes, 98);
}

pub fn consistency_proofs_hold_where_they_should_and_nowhere_else() {
    let Some(directory) = carnet_tests::vectors("merkle-rfc9162/testdata/consistency") else {
        return;
    };
    run("merkle consistency", &directory, is_consistent, 98);
}
