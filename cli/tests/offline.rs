//! Commands that need no node: transcripts of whole processes.

#[cfg(test)]
mod support;

use support::{PASSPHRASE, User};

const DID: &str = "did:carnet:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "did:carnet:caaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn policy(user: &User) {
    user.run(&format!("trust add {DID} --name Ministry --yes --policy trust.toml")).ok();
}

#[test]
fn a_wallet_is_made_once_and_opens_with_its_passphrase_only() {
    let user = User::new();
    user.run_locked("wallet new", "7 chars").fails(2, &["fewer than 8 characters"]);
    let made = user.run_locked("wallet new", "correct horse").ok();
    assert!(made.contains("home/wallet.age"), "{made}");
    let before = std::fs::read(user.path("home/wallet.age")).unwrap();
    assert!(before.starts_with(b"age-encryption.org/v1\n"));
    user.run_locked("wallet new", "another").fails(2, &["exists already"]);
    assert_eq!(std::fs::read(user.path("home/wallet.age")).unwrap(), before);
    assert!(user.run_locked("wallet list", "correct horse").ok().contains("empty"));
    let wrong = user.run_locked("wallet list", "wrong horse");
    wrong.fails(3, &["passphrase of", "is wrong", "hint:"]);
    user.run_locked("wallet list", "").fails(2, &["passphrase is empty"]);
    user.run("wallet list").fails(2, &["no terminal", "--passphrase-fd"]);
}

#[test]
fn a_key_request_is_for_one_institution_and_the_wallet_remembers_it() {
    let user = User::new();
    user.run_locked("wallet new --wallet ana.age", PASSPHRASE).ok();
    let line = format!("wallet key --for {DID} --out ana.request --wallet ana.age");
    user.run_locked(&line, PASSPHRASE).ok();
    assert!(std::fs::metadata(user.path("ana.request")).unwrap().len() <= 1024);
    user.run_locked(&line, PASSPHRASE).fails(2, &["ana.request exists already"]);
    let listed = user.run_locked("wallet list --wallet ana.age --json", PASSPHRASE).json();
    assert_eq!(listed["version"], 1);
    assert_eq!(listed["pending"][0]["institution"], DID);
    assert_eq!(listed["pending"].as_array().unwrap().len(), 1);
    user.run_locked("wallet key --for did:web:x --out b.request --wallet ana.age", PASSPHRASE)
        .fails(2, &["did:web:x is not the identifier", "did:carnet:"]);
    user.run_locked("wallet show 1 --wallet ana.age", PASSPHRASE)
        .fails(2, &["called 1", "wallet list"]);
}

#[test]
fn a_wallet_that_is_missing_damaged_cut_or_no_wallet_says_so() {
    let user = User::new();
    user.run_locked("wallet list", PASSPHRASE).fails(3, &["there is no wallet at", "wallet new"]);
    user.run_locked("wallet new --wallet w.age", PASSPHRASE).ok();
    let good = std::fs::read(user.path("w.age")).unwrap();
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    for (bytes, words) in [
        (changed.as_slice(), "is damaged"),
        (&good[..good.len() - 1], "is damaged"),
        (&good[..30], "cut short"),
        (b"age-encryption.org/v2\n-> x\n", "newer than this program"),
        (b"noise", "is not a file locked by age"),
    ] {
        std::fs::write(user.path("w.age"), bytes).unwrap();
        user.run_locked("wallet list --wallet w.age", PASSPHRASE).fails(3, &[words]);
    }
}

#[test]
fn a_wallet_of_a_newer_version_is_told_from_a_damaged_one() {
    let user = User::new();
    for (body, words) in [
        // ["carnet", kind 4, version 2, {}]
        (&b"\x84\x66carnet\x04\x02\xa0"[..], "newer version of carnet"),
        (b"\x84\x66carnet\x04\x01\xa0", "does not hold a wallet"),
        (b"\x84\x66carnet\x05\x01\xa0", "does not hold a wallet"),
    ] {
        let mut recipient = age::scrypt::Recipient::new(PASSPHRASE.to_owned().into());
        recipient.set_work_factor(2);
        std::fs::write(user.path("w.age"), age::encrypt(&recipient, body).unwrap()).unwrap();
        user.run_locked("wallet list --wallet w.age", PASSPHRASE).fails(3, &[words]);
    }
}

#[test]
fn trust_is_given_after_comparing_a_fingerprint_and_taken_back() {
    let user = User::new();
    let add = format!("trust add {DID} --name Ministry --policy trust.toml");
    let asked = user.run(&add).fails(2, &["Fingerprint: ", "not confirmed", "--yes"]);
    assert!(!user.path("trust.toml").exists());
    let added = user.run(&format!("{add} --yes")).ok();
    let fingerprint = asked.split("Fingerprint: ").nth(1).unwrap().lines().next().unwrap();
    assert!(added.contains(fingerprint), "{added}");
    user.run(&format!("{add} --yes")).fails(2, &["is a trust anchor", "already"]);
    let text = std::fs::read_to_string(user.path("trust.toml")).unwrap();
    std::fs::write(user.path("trust.toml"), text.replace("version = 1", "version = 1 # ours"))
        .unwrap();
    user.run(&format!("trust add {OTHER} --name Other --policy trust.toml --yes")).ok();
    let listed = user.run("trust list --policy trust.toml --json").json();
    assert_eq!(listed["trust_anchors"].as_array().unwrap().len(), 2);
    assert_eq!(listed["accept"], "live");
    user.run(&format!("trust remove {DID} --policy trust.toml")).ok();
    user.run(&format!("trust remove {DID} --policy trust.toml")).fails(2, &["is no trust anchor"]);
    let text = std::fs::read_to_string(user.path("trust.toml")).unwrap();
    assert!(text.contains("# ours") && text.contains(OTHER) && !text.contains(DID), "{text}");
}

#[test]
fn rules_that_are_missing_or_misspelt_refuse_with_file_line_and_column() {
    let user = User::new();
    user.run("trust list").fails(3, &["no rules at", "carnet trust add"]);
    policy(&user);
    let good = std::fs::read_to_string(user.path("trust.toml")).unwrap();
    std::fs::write(user.path("trust.toml"), format!("skip_status = true\n{good}")).unwrap();
    user.run("trust list --policy trust.toml")
        .fails(3, &["trust.toml, line 1, column 1", "skip_status"]);
    std::fs::write(user.path("trust.toml"), good.replace("accept = \"live\"", "")).unwrap();
    user.run("trust list --policy trust.toml").fails(3, &["accept"]);
}

#[test]
fn a_challenge_is_handed_out_and_its_nonce_kept_in_private() {
    let user = User::new();
    policy(&user);
    let line = "challenge --policy trust.toml --ask name_latin --out challenge.carnet";
    let made = user.run(&format!("{line} --json")).json();
    assert_eq!(made["version"], 1);
    assert!(
        std::fs::read(user.path("challenge.carnet")).unwrap().starts_with(b"\x84\x66carnet\x05")
    );
    assert_eq!(std::fs::read_dir(user.path("home/challenges")).unwrap().count(), 1);
    user.run(line).fails(2, &["exists already"]);
    user.run("challenge --policy none.toml --out c.carnet").fails(3, &["no rules at none.toml"]);
}

#[test]
fn a_challenge_asks_for_nothing_that_nobody_can_disclose() {
    let user = User::new();
    policy(&user);
    let ask = |claim: &str| {
        user.run(&format!("challenge --policy trust.toml --ask {claim} --out challenge.carnet"))
    };
    for claim in ["nonsense", "scheme", "years.x", "years.", "nonsense.1", "contribution"] {
        ask(claim).fails(2, &[claim, "can ask for: name_latin", "scheme_totals", "assessment"]);
    }
    assert!(!user.path("challenge.carnet").exists(), "nothing was made");
    assert!(!user.path("home/challenges").exists(), "and no nonce is kept");
    ask("birth-date --ask years.1 --ask skills --ask total").ok();
}

#[test]
fn what_is_no_presentation_gets_no_verdict() {
    let user = User::new();
    policy(&user);
    for (name, bytes, words) in [
        ("noise", b"\xff\x00noise".to_vec(), "not a Carnet file"),
        ("empty", Vec::new(), "not a Carnet file"),
        ("newer", b"\x84\x66carnet\x01\x18\x2a\xa0".to_vec(), "newer version of carnet"),
        ("request", b"\x84\x66carnet\x03\x01\xa0".to_vec(), "this is a key request"),
        ("large", vec![0; 4 * 1024 * 1024 + 1], "larger than 4194304 bytes"),
    ] {
        std::fs::write(user.path(name), bytes).unwrap();
        let answer = user.run(&format!("verify {name} --policy trust.toml --offline"));
        answer.fails(3, &[words]);
    }
    user.run("verify none.carnet --policy trust.toml").fails(3, &["there is no file none.carnet"]);
}

#[test]
fn what_is_malformed_inside_a_presentation_is_invalid_with_the_reason() {
    let user = User::new();
    policy(&user);
    for body in [&b"\xa0"[..], b"\xa2\x01\x01", b"\xa2\x01\x01\x02\x80", b"\xff"] {
        let bytes = [&b"\x84\x66carnet\x01\x01"[..], body].concat();
        let answer = user.run_with(["verify", "-", "--policy", "trust.toml", "--json"], &bytes);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        let report = answer.json();
        assert_eq!(report["verdict"], "invalid");
        assert_eq!(report["credentials"][0]["checks"][0]["id"], "decode");
        assert_eq!(report["credentials"][0]["checks"][0]["outcome"], "fail");
        assert_eq!(report["credentials"][0]["checks"][0]["reason"]["id"], "malformed");
    }
}

#[test]
fn of_several_files_each_gets_a_line_and_those_that_cannot_be_read_are_named() {
    let user = User::new();
    policy(&user);
    let malformed = b"\x84\x66carnet\x01\x01\xff";
    std::fs::write(user.path("malformed.carnet"), malformed).unwrap();
    std::fs::write(user.path("noise"), b"noise").unwrap();
    let files = ["verify", "none.carnet", "malformed.carnet", "noise", "-"];
    let rules = ["--policy", "trust.toml"];
    let told = user.run_with(files.iter().chain(&rules), malformed);
    assert_eq!((told.code, told.stderr.as_str()), (1, ""));
    let lines: Vec<_> = told.stdout.lines().collect();
    for (line, words) in lines.iter().zip([
        "? none.carnet: there is no file none.carnet",
        "✗ malformed.carnet: ",
        "? noise: noise is not a presentation",
        "✗ -: ",
        "4 files: 0 valid, 2 invalid, 0 undetermined, 2 could not be read",
    ]) {
        assert!(line.starts_with(words), "no {words:?} in {}", told.stdout);
    }
    assert_eq!(lines.len(), 5);

    let told = user.run_with(files.iter().chain(&rules).chain(&["--json"]), malformed);
    let lines: Vec<serde_json::Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| &line["file"]).collect::<Vec<_>>(), files[1..]);
    assert_eq!(lines[0]["error"]["code"], "file-missing");
    assert_eq!(lines[2]["error"]["causes"][0], "not a Carnet file");
    for judged in [&lines[1], &lines[3]] {
        assert_eq!((&judged["version"], &judged["verdict"]), (&1.into(), &"invalid".into()));
        assert_eq!(judged["credentials"][0]["checks"][0]["reason"]["id"], "malformed");
    }

    let told = user.run("verify noise none.carnet --policy trust.toml");
    assert_eq!((told.code, told.stdout.lines().count()), (3, 3), "{}", told.stdout);
    user.run("verify - - --policy trust.toml").fails(2, &["`-` is named twice"]);
    user.run("verify noise none.carnet --policy none.toml").fails(3, &["no rules at none.toml"]);
}

#[test]
fn a_long_list_is_verified_whole_and_a_reader_that_goes_away_changes_no_answer() {
    let user = User::new();
    policy(&user);
    let names: Vec<_> = (0..600).map(|number| format!("{number}.carnet")).collect();
    for name in &names {
        std::fs::write(user.path(name), b"noise").unwrap();
    }
    // The last one decides.
    std::fs::write(user.path("599.carnet"), b"\x84\x66carnet\x01\x01\xff").unwrap();
    let line: Vec<_> = ["verify", "--policy", "trust.toml"].map(str::to_owned).into();
    let told = user.run_with(line.iter().chain(&names), b"");
    let lines: Vec<_> = told.stdout.lines().collect();
    assert_eq!((told.code, lines.len()), (1, 601), "{}", told.stderr);
    for (line, name) in lines.iter().zip(&names) {
        assert!(line.contains(&format!(" {name}: ")), "{line} is not about {name}");
    }
    let mut child = user
        .command(line.iter().chain(&names))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let answer: support::Answer = child.wait_with_output().unwrap().into();
    assert_eq!((answer.code, answer.stderr.as_str()), (1, ""));
}

#[test]
fn a_failure_in_json_is_one_line_on_stderr() {
    let user = User::new();
    let stderr = user.run("trust list --json").fails(3, &[]);
    let error: serde_json::Value = serde_json::from_str(&stderr).unwrap();
    assert_eq!(error["error"]["code"], "policy-missing");
    assert_eq!(stderr.lines().count(), 1);
}

#[test]
fn all_wrong_rows_of_a_class_are_listed_and_nothing_is_issued() {
    let user = User::new();
    let template = user.run("issue skill --csv-template").ok();
    let (head, row) = template.trim_end().split_once('\n').unwrap();
    let bad = row.replace("7212", "7219").replace("1998-02-17", "1998-02-30");
    let text = format!("{head}\r\n{row}\r\n\r\n{bad}\r\n{row}\r\n");
    std::fs::write(user.path("class.csv"), text).unwrap();
    let line = "issue skill --csv class.csv --out issued --node http://127.0.0.1:1";
    let stderr = user.run(line).fails(
        3,
        &[
            "4 mistakes in class.csv, and nothing was issued",
            "line 4, row: the same key stands in line 2 already",
            "line 4, birth_date: \"1998-02-30\" is not a day",
            "line 4, occupation: 7219 is not an ISCO-08 occupation",
            "line 5, row: the same key stands in line 2 already",
            "--columns",
        ],
    );
    assert_eq!(stderr.matches("\n  line ").count(), 4, "{stderr}");
    assert!(!user.path("issued").exists());
    let json: serde_json::Value =
        serde_json::from_str(&user.run(&format!("{line} --json")).fails(3, &[])).unwrap();
    assert_eq!(json["error"]["code"], "rows");
    assert_eq!(json["error"]["mistakes"][0]["line"], 4);
    assert_eq!(json["error"]["mistakes"][0]["column"], "birth_date");
}

#[test]
fn forms_name_file_line_and_column() {
    let user = User::new();
    let template = user.run("agreement propose --template").ok();
    std::fs::write(user.path("a.toml"), template.replace("role = \"union\"", "role = \"onion\""))
        .unwrap();
    let stderr = user
        .run("agreement propose a.toml")
        .fails(3, &["a.toml, line ", "\"onion\" is not a role"]);
    assert!(stderr.contains("union"), "{stderr}");
    let grant = user.run("accredit --template").ok();
    std::fs::write(user.path("g.toml"), grant.replace("721", "7219")).unwrap();
    let line = format!("accredit --subject {DID} --name Body --grant g.toml");
    user.run(&line).fails(3, &["g.toml, line 5", "7219"]);
    let certificate = user.run("issue skill --toml-template").ok();
    std::fs::write(user.path("c.toml"), certificate.replace("\"7212\"", "\"9999\"")).unwrap();
    user.run("issue skill --toml c.toml --out o").fails(3, &["c.toml, line ", "9999"]);
}

#[test]
fn an_unreachable_node_is_an_unknown_answer_with_a_hint() {
    let user = User::new();
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("http://127.0.0.1:{port}");
    policy(&user);
    let mut presentation = b"\x84\x66carnet\x01\x01".to_vec();
    presentation.extend(b"\xa0");
    std::fs::write(user.path("p.carnet"), presentation).unwrap();
    for line in [
        format!("resolve {DID} --node {url}"),
        format!("log verify {DID} --node {url}"),
        format!("verify p.carnet --policy trust.toml --node {url}"),
    ] {
        user.run(&line).fails(3, &["cannot be reached", "hint: "]);
    }
    // Whoever names a node wants it to answer.
    let answer = user.run(&format!("doctor --node {url} --policy trust.toml"));
    let (code, doctor) = (answer.code, answer.stdout);
    assert_eq!(code, 1, "{doctor}");
    assert!(doctor.contains("no node answers") && doctor.contains("trusts Ministry"), "{doctor}");
    let json = user.run(&format!("doctor --node {url} --policy trust.toml --json")).json();
    assert_eq!((&json["version"], &json["ok"]), (&1.into(), &false.into()));
}

#[test]
fn a_missing_token_and_a_directory_that_cannot_be_made_are_named() {
    let user = User::new();
    user.run("node status --dir nowhere").fails(2, &["no operator token at nowhere"]);
    std::fs::write(user.path("file"), "").unwrap();
    let stderr = user
        .run_with(
            [
                "node",
                "init",
                "--dir",
                "file/node",
                "--name",
                "X",
                "--country",
                "PH",
                "--role",
                "union",
            ],
            b"",
        )
        .fails(3, &["no node can be made in file/node", "because: "]);
    assert!(!stderr.contains("panick"), "{stderr}");
    std::fs::write(user.path("home"), "").unwrap();
    user.run_locked("wallet new", PASSPHRASE).fails(3, &["directory", "cannot be created"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let user = User::new();
    let mut child = user
        .command(["issue", "skill", "--columns"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let answer: support::Answer = child.wait_with_output().unwrap().into();
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
}

#[test]
fn help_and_version_are_on_stdout_and_wrong_usage_on_stderr() {
    let user = User::new();
    for line in ["--help", "--version", "wallet present --help"] {
        assert!(!user.run(line).ok().is_empty());
    }
    user.run("wallet presnt").fails(2, &["presnt", "present"]);
    user.run("").fails(2, &["Usage"]);
}

#[test]
fn a_proof_of_two_histories_is_checked_without_asking_anyone() {
    let user = User::new();
    let write = |name: &str, bytes: &[u8]| std::fs::write(user.path(name), bytes).unwrap();
    let vectors = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let fork_proof = |name: &str| {
        let text = std::fs::read(vectors.join("fork-proof").join(name)).unwrap();
        let case: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let hex = case["input"]["file"].as_str().unwrap();
        data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
    };
    write("same.carnet", &fork_proof("valid-same-size.json"));
    write("older.carnet", &fork_proof("valid-older.json"));
    write("fails.carnet", &fork_proof("proof-fails.json"));
    write("noise.carnet", b"noise");
    for file in ["same.carnet", "older.carnet"] {
        let said = user.run(&format!("log fork verify {file}")).ok();
        assert!(said.contains("shows two histories: the checkpoints of"), "{said}");
        assert!(said.contains("ask the institution by another channel"), "{said}");
        let shown = user.run(&format!("log fork show {file}")).ok();
        assert_eq!(shown.matches("\u{2014} did:carnet:").count(), 2, "{shown}");
        let json = user.run(&format!("log fork verify {file} --json")).json();
        assert_eq!((&json["version"], &json["ok"]), (&1.into(), &true.into()));
        assert!(json["did"].as_str().unwrap().starts_with("did:carnet:"));
    }
    let json = user.run("log fork show older.carnet --json").json();
    assert_eq!(json["smaller"]["size"], 3);
    assert_eq!((&json["larger"]["size"], &json["common"]), (&6.into(), &2.into()));
    let fails = user.run("log fork verify fails.carnet");
    assert_eq!(fails.code, 1);
    assert!(fails.stdout.contains("proves nothing: the larger checkpoint"), "{}", fails.stdout);
    user.run("log fork verify noise.carnet").fails(3, &["noise.carnet is not a proof of a fork"]);
    user.run("log fork verify missing.carnet").fails(3, &["missing.carnet"]);
}
