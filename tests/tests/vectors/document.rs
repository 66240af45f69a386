//! `docs/vectors.md`, made from the table and from what ran.

use std::fmt::Write as _;
use std::path::Path;

use crate::runner::{Run, accounted, fits};
use crate::table::FOLDERS;

const STALE: &str =
    "docs/vectors.md is stale: CARNET_UPDATE=1 cargo test -p carnet-tests --test vectors";

pub fn is_current(vectors: &Path, run: &Run) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors.md");
    let text = render(vectors, run);
    if std::env::var_os("CARNET_UPDATE").is_some() {
        std::fs::write(path, text).unwrap();
    } else {
        assert!(std::fs::read_to_string(path).is_ok_and(|found| found == text), "{STALE}");
    }
}

fn render(vectors: &Path, run: &Run) -> String {
    let mut out = String::from(
        "# Other people's vectors\n\n\
         Published test data of others that runs against our decoders and verifiers, what of it is left out, \
         and why. It is\nread where it lies (`$CARNET_VECTORS`, else `shared/vectors` beside the repository) and \
         not copied; each folder has a\n`SOURCE.txt` with repository, commit and licence. This page is made from \
         `tests/tests/vectors/table.rs`;\n`CARNET_UPDATE=1 cargo test -p carnet-tests --test vectors` writes it \
         anew, and the same without the variable compares.\nA folder that is not listed, one of which nothing \
         ran, and a file that is neither opened nor left out here are\nfailures. Signatures with ECDSA are \
         checked in the tests alone, over the bytes that `carnet-proto` says are signed.\n\n\
         | Folder | Cases passed | Files run | Files left out |\n|---|--:|--:|--:|\n",
    );
    let mut details = String::new();
    let (mut all, mut all_run, mut all_idle) = (0, 0, 0);
    for folder in FOLDERS.iter().filter(|folder| vectors.join(folder.name).exists()) {
        let name = folder.name;
        let files = accounted(vectors, folder, run);
        let opened = files.iter().filter(|(_, opened)| *opened).count();
        let suites = |test| run.suites.get(test).map_or(&[][..], Vec::as_slice);
        let tests = folder.tests.iter().map(|(test, _)| (*test, suites(test)));
        let cases: usize = tests.clone().flat_map(|(_, s)| s).map(|(_, cases)| cases).sum();
        let idle = files.len() - opened;
        (all, all_run, all_idle) = (all + cases, all_run + opened, all_idle + idle);
        let anchor = name.replace('.', "");
        writeln!(out, "| [`{name}`](#{anchor}) | {cases} | {opened} | {idle} |").unwrap();

        writeln!(details, "\n## `{name}`\n\n{}", folder.about).unwrap();
        if !folder.absent.is_empty() {
            let names: Vec<_> = folder.absent.iter().map(|name| format!("`{name}`")).collect();
            writeln!(
                details,
                "Its SOURCE.txt speaks of {} too, which are not in this copy.",
                names.join(" and ")
            )
            .unwrap();
        }
        if !folder.tests.is_empty() {
            details.push_str("\n| Test | Suite | Cases passed |\n|---|---|--:|\n");
        }
        for (test, suites) in tests {
            for (suite, cases) in suites {
                writeln!(details, "| `{test}` | {suite} | {cases} |").unwrap();
            }
        }
        if !folder.left_out.is_empty() {
            details.push_str("\n| Left out | Files | Why |\n|---|--:|---|\n");
        }
        for (pattern, why) in folder.left_out {
            let count =
                files.iter().filter(|(file, opened)| !opened && fits(pattern, file)).count();
            writeln!(details, "| `{pattern}` | {count} | {why} |").unwrap();
        }
    }
    writeln!(out, "| all | {all} | {all_run} | {all_idle} |").unwrap();
    out + &details
}
