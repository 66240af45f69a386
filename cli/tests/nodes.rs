//! Real nodes as processes on loopback, operated and read by the command line.

#[cfg(test)]
#[path = "nodes/abroad.rs"]
mod abroad;
#[cfg(test)]
mod support;

use serde_json::Value;
use std::io::Read as _;
use std::process::Stdio;
use support::node::{Node, until};
use support::{Answer, PASSPHRASE, User};

/// Makes a wallet with a key request for an institution, in the file that the row of the template names.
fn wallet_with_request(user: &User, institution: &str) {
    user.run_locked("wallet new --wallet ana.age", PASSPHRASE).ok();
    user.run_locked(
        &format!("wallet key --for {institution} --out ana.request --wallet ana.age"),
        PASSPHRASE,
    )
    .ok();
}

#[test]
fn a_certificate_is_issued_carried_and_verified_and_its_status_counts() {
    let user = User::new();
    let authority = Node::institution(&user, "authority", "Skills Authority", "regulator");
    let institute = Node::institution(&user, "institute", "Institute of Welding", "training-body");
    Node::init(&user, "employer", &["--no-log"]);
    let a = Node::start(&user, "authority");
    let i = Node::start(&user, "institute");
    let e = Node::start(&user, "employer");
    a.follow(&user, &institute, &i);
    i.follow(&user, &authority, &a);
    e.follow(&user, &authority, &a);
    e.follow(&user, &institute, &i);

    std::fs::write(user.path("grant.toml"), user.run("accredit --template").ok()).unwrap();
    let accredit = format!(
        "accredit --subject {institute} --name Institute --grant grant.toml --from 2020-01-01"
    );
    let accreditation = a.operate(&user, &accredit).json();
    let accreditation = accreditation["digest"].as_str().unwrap().to_owned();

    // The institutions name each other as witnesses, now that each has an identifier.
    let witnesses = format!("witnesses = [\"{authority}\", \"{institute}\"]\nquorum = 1\n");
    std::fs::write(user.path("profile.toml"), witnesses).unwrap();
    a.operate(&user, "node profile profile.toml").ok();
    let status = a.operate(&user, "node status").json();
    assert_eq!((&status["did"], &status["quorum"]), (&Value::from(authority.as_str()), &1.into()));

    wallet_with_request(&user, &institute);
    std::fs::write(user.path("class.csv"), user.run("issue skill --csv-template").ok()).unwrap();
    i.operate(&user, "issue skill --csv class.csv --out issued --dry-run").ok();
    assert!(!user.path("issued").exists(), "a dry run writes nothing");
    i.operate(&user, "issue skill --csv class.csv --out issued").ok();
    let again = i.operate(&user, "issue skill --csv class.csv --out again");
    again.fails(3, &["rows"]);
    user.run_locked("wallet add issued/class-7-ana.carnet --wallet ana.age", PASSPHRASE).ok();
    user.run_locked("wallet add issued/class-7-ana.carnet --wallet ana.age", PASSPHRASE)
        .fails(3, &["already"]);

    user.run(&format!("trust add {authority} --name Authority --yes --policy trust.toml")).ok();
    let present = |name: &str| {
        user.run(&format!("challenge --policy trust.toml --out {name}.challenge")).ok();
        let line = format!(
            "wallet present 1 --challenge {name}.challenge --disclose name_latin --disclose \
             skills.1 --out {name}.carnet --wallet ana.age"
        );
        user.run_locked(&line, PASSPHRASE).ok();
    };

    // Nobody can judge it before evidence is at hand, and that is no no; nor is the nonce spent.
    present("first");
    let bare = user.run("verify first.carnet --policy trust.toml --json");
    assert_eq!(bare.code, 3, "{}", bare.stdout);
    let refresh = format!("wallet refresh --node {} --wallet ana.age", e.url);
    until(|| match user.run_locked(&refresh, PASSPHRASE) {
        done if done.code == 0 => Ok(()),
        failed => Err(failed.stdout + &failed.stderr),
    });
    let verify = format!("verify first.carnet --policy trust.toml --json --node {}", e.url);
    let report = until(|| match user.run(&verify) {
        answer if answer.code == 0 => Ok(answer.json()),
        answer => Err(answer.stdout + &answer.stderr),
    });
    assert_eq!((&report["version"], &report["verdict"]), (&1.into(), &"valid".into()));
    let credential = &report["credentials"][0];
    assert_eq!(credential["path"][1]["name"], "Institute");
    assert_eq!(credential["disclosed"]["name_latin"], "Ana Example");
    assert_eq!(credential["disclosed"]["birth_date"], Value::Null);
    assert!(credential["proven_time"].is_u64() && report["evidence_age"].is_u64());
    assert!(credential["withheld"].as_array().unwrap().contains(&"birth_date".into()));

    // The same answer a second time.
    let replayed = user.run(&verify);
    assert_eq!(replayed.code, 1);
    assert!(replayed.stdout.contains("nonce-used"), "{}", replayed.stdout);

    // Stapled evidence is enough.
    until(|| {
        user.run_locked(&refresh, PASSPHRASE).ok();
        present("second");
        let answer = user.run("verify second.carnet --policy trust.toml --offline");
        let _ = ["carnet", "challenge"]
            .map(|end| std::fs::remove_file(user.path(&format!("second.{end}"))));
        if answer.code == 0 { Ok(()) } else { Err(answer.stdout) }
    });

    // Of two answers to one challenge in a folder the first counts, also beside one to another.
    present("third");
    present("fourth");
    let twin =
        "wallet present 1 --challenge third.challenge --disclose name_latin --out twin.carnet";
    user.run_locked(&format!("{twin} --wallet ana.age"), PASSPHRASE).ok();
    let line = "verify third.carnet twin.carnet fourth.carnet --policy trust.toml --offline";
    let answer = user.run(&format!("{line} --json"));
    let lines: Vec<Value> =
        answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |line: &Value| (line["file"].clone(), line["verdict"].clone());
    assert_eq!(
        lines.iter().map(said).collect::<Vec<_>>(),
        [("third.carnet", "valid"), ("twin.carnet", "invalid"), ("fourth.carnet", "valid")]
            .map(|(file, verdict)| (file.into(), verdict.into()))
    );
    assert!(lines[1].to_string().contains("nonce-used"), "{}", lines[1]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    let again = user.run(line);
    assert_eq!(again.stdout.matches("(Ana Example): ").count(), 3, "{}", again.stdout);
    assert!(again.stdout.contains("\n3 files: 0 valid, 3 invalid"), "{}", again.stdout);

    // The holder is told who asks, what for and for what.
    let ask = ["challenge", "--policy", "trust.toml", "--purpose", "Hiring a welder", "--ask"];
    user.run_with(ask.iter().chain(&["name-latin", "--out", "asked.challenge"]), b"").ok();
    let answer = "wallet present 1 --challenge asked.challenge --wallet ana.age";
    let told = user.run_locked(&format!("{answer} --out told.carnet"), PASSPHRASE).stderr;
    assert!(told.contains("Hiring a welder") && told.contains("asks for: name_latin"), "{told}");
    let told = user.run_locked(&format!("{answer} --out again.carnet --json"), PASSPHRASE).json();
    assert_eq!(
        (&told["purpose"], &told["asked"][0]),
        (&"Hiring a welder".into(), &"name_latin".into())
    );

    // Another's wallet does not take it.
    user.run_locked("wallet new --wallet ben.age", "another horse").ok();
    user.run_locked("wallet add issued/class-7-ana.carnet --wallet ben.age", "another horse")
        .fails(3, &["did not request"]);

    // A copy is for those who take copies, shows who it is about, and does not survive a change.
    let copy = "wallet present 1 1 --audience urn:carnet:anyone --days 30 --disclose name_latin \
                --wallet ana.age --out copy.carnet";
    user.run_locked(copy, PASSPHRASE).fails(2, &["a name and the birth date"]);
    user.run_locked(&format!("{copy} --disclose birthdate"), PASSPHRASE)
        .fails(2, &["no claim `birthdate`"]);
    user.run_locked(&format!("{copy} --disclose birth-date"), PASSPHRASE).ok();
    let refused = user.run("verify copy.carnet --policy trust.toml");
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    let told = refused.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("✗ Holder: it is a copy for anyone") && told.contains("`carnet challenge`")
    );
    let rules = std::fs::read_to_string(user.path("trust.toml")).unwrap();
    let rules = rules.replace("accept = \"live\"", "accept = \"prepared\"");
    std::fs::write(user.path("copies.toml"), rules).unwrap();
    let accepted = user.run("verify copy.carnet --policy copies.toml").ok();
    assert!(accepted.contains("It is a copy"), "{accepted}");
    let again = user.run("verify copy.carnet --policy copies.toml --json").json();
    assert_eq!(again["credentials"].as_array().unwrap().len(), 1, "named twice, shown once");
    abroad::ask(&user);
    let mut altered = std::fs::read(user.path("copy.carnet")).unwrap();
    let at = altered.windows(11).position(|part| part == b"Ana Example").unwrap();
    altered[at + 1] = b'm';
    std::fs::write(user.path("altered.carnet"), altered).unwrap();
    let answer = user.run("verify altered.carnet --policy copies.toml");
    assert_eq!(answer.code, 1, "{}", answer.stdout);
    assert!(answer.stdout.starts_with("✗ invalid\n"), "{}", answer.stdout);
    let refused =
        user.run("recognise altered.carnet --policy copies.toml --agreement partnership.toml");
    assert_eq!(refused.code, 3, "nothing could be judged: {}", refused.stdout);
    assert!(
        refused.stdout.contains("altered.carnet is not used: it is invalid"),
        "{}",
        refused.stdout
    );

    // What the issuer suspends stops counting, and says so in words.
    i.operate(&user, "status set class-7-ana suspended --publish").ok();
    let number = std::cell::Cell::new(0);
    until(|| {
        number.set(number.get() + 1);
        let name = format!("third-{}", number.get());
        present(&name);
        let answer =
            user.run(&format!("verify {name}.carnet --policy trust.toml --node {}", e.url));
        match answer.code {
            1 if answer.stdout.contains("suspended") => Ok(()),
            _ => Err(answer.stdout),
        }
    });
    // The holder is told too, before a verifier has to.
    let told = user.run_locked(&refresh, PASSPHRASE).ok();
    assert!(told.contains("suspended by its issuer"), "{told}");
    i.operate(&user, "status set class-7-nobody invalid").fails(3, &["refused"]);

    let number = std::cell::Cell::new(0);
    let i = a_lost_register_takes_nothing_back(&user, i, |url| {
        number.set(number.get() + 1);
        let name = format!("revoked-{}", number.get());
        present(&name);
        user.run(&format!("verify {name}.carnet --policy trust.toml --node {url}"))
    });

    let target: String = accreditation.chars().take(10).collect();
    a.operate(&user, &format!("withdraw {target} --reason ceased")).ok();
    a.operate(&user, &format!("withdraw {target} --reason ceased"))
        .fails(2, &["withdrawn-already", "would not make it stricter"]);
    let earlier = format!("withdraw {target} --reason ceased --effective 2024-01-01");
    a.operate(&user, &earlier).ok();
    a.operate(&user, &earlier).fails(2, &["withdrawn already from 2024-01-01"]);
    let shown = user.run(&format!("log show {authority} --node {}", a.url)).ok();
    assert!(shown.contains("withdrawal") && shown.contains("withdrawn"), "{shown}");
    user.run(&format!("log verify {institute} --node {}", e.url)).ok();
    let resolved = user.run(&format!("resolve {institute} --node {}", e.url)).ok();
    assert!(resolved.contains("Institute of Welding"), "{resolved}");
    let wrong = format!("node status --node {} --token-file employer/operator.token", i.url);
    user.run(&wrong).fails(3, &["does not accept the operator token", "--token-file"]);

    // A node that is told to stop leaves everything in order.
    assert_eq!(i.stop(), 0);
    user.run("node check --dir institute").ok();
}

/// Revokes for good, loses the register and finds it again; `verify` asks what a node knows.
#[cfg(test)]
fn a_lost_register_takes_nothing_back(
    user: &User,
    node: Node,
    verify: impl Fn(&str) -> Answer,
) -> Node {
    let is_revoked = |node: &Node| {
        until(|| match verify(&node.url) {
            answer if answer.code == 1 && answer.stdout.contains("has revoked it") => Ok(()),
            answer => Err(answer.stdout + &answer.stderr),
        });
    };
    node.operate(user, "status set class-7-ana invalid --publish").ok();
    is_revoked(&node);
    assert_eq!(node.stop(), 0);
    let (register, kept) = (user.path("institute/register"), user.path("register-kept"));
    std::fs::rename(&register, &kept).unwrap();

    let found = user.run("node check --dir institute");
    assert_eq!(found.code, 1, "{}", found.stdout);
    assert!(!found.stdout.contains("nothing is wrong"), "{}", found.stdout);
    for older in
        ["the register is older than the status lists", "the register is older than the log"]
    {
        assert!(found.stdout.contains(older), "{}", found.stdout);
    }
    let node = Node::start(user, "institute");
    node.operate(user, "status publish").fails(3, &["restore register/ from its newest backup"]);
    node.operate(user, "issue skill --csv class.csv --out again")
        .fails(3, &["the register is older than the log"]);
    is_revoked(&node);
    assert_eq!(node.stop(), 0);

    std::fs::remove_dir_all(&register).unwrap();
    std::fs::rename(&kept, &register).unwrap();
    user.run("node check --dir institute").ok();
    let node = Node::start(user, "institute");
    node.operate(user, "status publish").ok();
    is_revoked(&node);
    node
}

#[test]
fn an_agreement_is_proposed_read_and_ratified_by_whom_it_names() {
    let user = User::new();
    let one = Node::institution(&user, "one", "Authority One", "regulator");
    let two = Node::institution(&user, "two", "Ministry Two", "ministry");
    let union = Node::institution(&user, "union", "Union One", "union");
    let a = Node::start(&user, "one");
    let template = user.run("agreement propose --template").ok();
    let text = template
        .replace(&format!("did:carnet:{}", "a".repeat(52)), &one)
        .replace(&format!("did:carnet:c{}", "a".repeat(51)), &union)
        .replace(&format!("did:carnet:e{}", "a".repeat(51)), &two);
    // With rules of recognition, of which two roles on each side have to sign.
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/recognition/skills-partnership.toml");
    let model = std::fs::read_to_string(model).unwrap();
    let rules = format!("[recognition]{}", model.split_once("[recognition]").unwrap().1);
    std::fs::write(user.path("agreement.toml"), format!("{text}\n{rules}")).unwrap();
    user.run("agreement check agreement.toml").ok();
    let proposed = a.operate(&user, "agreement propose agreement.toml").json();
    let digest = proposed["digest"].as_str().unwrap().to_owned();
    let show = format!("agreement show {} --node {}", &digest[..8], a.url);
    // The others' logs are not here, so whether it is in force cannot be told; its own part can.
    let shown = user.run(&format!("{show} --json")).json();
    assert_eq!(shown["digest"], digest.as_str());
    assert_eq!(shown["in_force"], false);
    a.operate(&user, &format!("agreement ratify {digest}")).ok();
    a.operate(&user, &format!("agreement ratify {digest}")).fails(2, &["ratified"]);
    let shown = user.run(&format!("{show} --json")).json();
    assert_eq!(shown["in_force"], Value::Null);
    assert!(shown["parties"][0]["signatories"][0]["ratification"].is_string());
    let text = user.run(&show).ok();
    assert!(text.contains("Ministry of Country Two as ministry, must ratify"), "{text}");
    a.operate(&user, "agreement ratify 00000000").fails(2, &["digest-unknown"]);
    assert!(text.contains("Recognition of skills: skills-partnership, version 1"), "{text}");
    assert!(
        text.contains("Philippines: 0 of 3 (), 3 needed"),
        "a regulator is none of them: {text}"
    );
    assert_eq!(shown["recognition"]["threshold"]["parties"][0]["enough"], false);
    // It leaves from a day on, and is bound up to that day.
    let leave = format!("agreement denounce {digest} --from 2099-01-01");
    a.operate(&user, &leave).ok();
    a.operate(&user, &leave).fails(2, &["has left it"]);
    let shown = user.run(&format!("{show} --json")).json();
    let seat = &shown["parties"][0]["signatories"][0];
    assert_eq!(seat["leaves"], "2099-01-01");
    assert!(seat["ratification"].is_string(), "{seat}");
    assert!(user.run(&show).ok().contains("no longer bound from 2099-01-01 on"));
    let doctor = user.run(&format!("doctor --node {}", a.url)).ok();
    assert!(doctor.contains("? the one log here was not cosigned"), "nobody follows it: {doctor}");
}

#[test]
fn what_was_acknowledged_survives_a_kill_in_the_middle_of_issuing() {
    let user = User::new();
    let did = Node::institution(&user, "institute", "Institute", "training-body");
    let template = user.run("issue skill --csv-template").ok();
    let (head, row) = template.trim_end().split_once('\n').unwrap();
    let node = Node::start(&user, "institute");
    let mut acknowledged = Vec::new();
    user.run_locked("wallet new --wallet ana.age", PASSPHRASE).ok();
    for number in 0..4 {
        let request = format!("{number}.request");
        user.run_locked(
            &format!("wallet key --for {did} --out {request} --wallet ana.age"),
            PASSPHRASE,
        )
        .ok();
        let row =
            row.replace("ana.request", &request).replace("class-7-ana", &format!("row-{number}"));
        std::fs::write(user.path(&format!("{number}.csv")), format!("{head}\n{row}\n")).unwrap();
    }
    for number in 0..3 {
        let line = format!("issue skill --csv {number}.csv --out out-{number}");
        let issued = node.operate(&user, &line).json();
        acknowledged.push(issued["issuance"].as_str().unwrap().to_owned());
    }
    // A fourth is under way when the power fails.
    let mut fourth = user
        .command([
            "issue",
            "skill",
            "--csv",
            "3.csv",
            "--out",
            "out-3",
            "--dir",
            "institute",
            "--json",
            "--node",
        ])
        .arg(&node.url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    node.kill();
    let mut answer = String::new();
    fourth.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    fourth.wait().unwrap();
    if let Ok(issued) = serde_json::from_str::<Value>(&answer) {
        acknowledged.push(issued["issuance"].as_str().unwrap().to_owned());
    }
    user.run("node check --dir institute").ok();
    let node = Node::start(&user, "institute");
    let log = user.run(&format!("log show {did} --json --node {}", node.url)).json();
    let digests: Vec<_> =
        log["statements"].as_array().unwrap().iter().map(|s| &s["digest"]).collect();
    for digest in &acknowledged {
        assert!(digests.contains(&&Value::from(digest.as_str())), "{digest} is lost");
    }
    for number in 0..3 {
        node.operate(&user, &format!("status set row-{number} suspended")).ok();
    }
    // It goes on where it was.
    node.operate(&user, "status publish").ok();
    user.run(&format!("log verify {did} --node {}", node.url)).ok();
}

#[test]
fn a_node_is_made_once_and_its_secrets_are_for_its_owner() {
    let user = User::new();
    let made = Node::init(&user, "node", &["--name", "X", "--country", "PH", "--role", "union"]);
    assert_eq!(made["next_words"].as_str().unwrap().split(' ').count(), 24);
    let again =
        ["node", "init", "--dir", "node", "--name", "X", "--country", "PH", "--role", "union"];
    user.run_with(again, b"").fails(3, &["not empty"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: std::path::PathBuf| {
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode(user.path("node")), 0o700);
        assert_eq!(mode(user.path("node/operator.token")), 0o600);
    }
    user.run("node run --dir nowhere").fails(3, &["nowhere", "carnet node init"]);
}

#[test]
fn a_statement_is_saved_with_its_receipt_or_proof_and_checked_without_a_node() {
    let user = User::new();
    let did = Node::institution(&user, "authority", "Skills Authority", "regulator");
    let school = Node::institution(&user, "school", "Institute of Welding", "training-body");
    Node::init(&user, "copy", &["--no-log"]);
    let (authority, copy) = (Node::start(&user, "authority"), Node::start(&user, "copy"));
    copy.follow(&user, &did, &authority);
    std::fs::write(user.path("grant.toml"), user.run("accredit --template").ok()).unwrap();
    let accredit =
        format!("accredit --subject {school} --name School --grant grant.toml --from 2020-01-01");
    let stated = authority.operate(&user, &accredit).json();
    let digest = stated["digest"].as_str().unwrap();
    let run = |line: &str, node: &Node| user.run(&format!("{line} --node {}", node.url));

    run(&format!("log receipt {did} 0 --out inception.cose"), &authority).ok();
    let line = format!("log receipt {did} {digest} --out stated.cose");
    let saved = run(&format!("{line} --json"), &authority).json();
    assert_eq!((&saved["kind"], &saved["digest"]), (&"accreditation".into(), &digest.into()));
    run(&line, &authority).fails(2, &["stated.cose"]);
    // A node that only holds a copy has proofs of everything and receipts of nothing.
    let line = format!("log proof {did} {} --out stated.tlog-proof", &digest[..12]);
    until(|| match run(&line, &copy) {
        done if done.code == 0 => Ok(()),
        failed => Err(failed.stderr),
    });
    run(&format!("log receipt {did} 0 --out other.cose"), &copy).fails(3, &["own node"]);
    run(&format!("log proof {did} 0 --out inception.tlog-proof"), &copy).ok();
    run(&format!("log proof {did} {} --out none", "f".repeat(64)), &copy).fails(3, &["ffff"]);
    run(&format!("log proof {did} last --out none"), &copy).fails(2, &["last"]);
    let online = run(&format!("log verify {did} --receipt stated.cose"), &copy).ok();
    assert!(online.starts_with("✓ Statement"), "{online}");
    run(&format!("log proof {did} 900 --out none"), &copy).fails(3, &["900"]);
    authority.stop();
    copy.stop();

    let verify = format!("log verify {did} --node http://127.0.0.1:9");
    for saved in ["--receipt stated.cose", "--proof stated.tlog-proof"] {
        for inception in ["inception.cose", "inception.tlog-proof"] {
            let line = format!("{verify} {saved} --inception {inception}");
            let text = user.run(&line).ok();
            assert!(text.contains(&digest[..12]) && text.contains("still in force"), "{text}");
            assert!(text.contains("first keys alone"), "{text}");
            let shown = user.run(&format!("{line} --json")).json();
            assert_eq!((&shown["ok"], &shown["digest"]), (&true.into(), &digest.into()));
            assert_eq!(shown["rests_on"], "first-keys");
        }
    }
    for (name, altered) in [("stated.cose", "a.cose"), ("stated.tlog-proof", "a.tlog-proof")] {
        let mut bytes = std::fs::read(user.path(name)).unwrap();
        // In the name that the statement gives; as base64, in the middle of it.
        let at = bytes.windows(6).position(|six| six == b"School").unwrap_or(400);
        bytes[at + 1] = if bytes[at + 1] == b'm' { b'n' } else { b'm' };
        std::fs::write(user.path(altered), bytes).unwrap();
        let kind = if name.ends_with("cose") { "--receipt" } else { "--proof" };
        let line = format!("{verify} {kind} {altered} --inception inception.cose");
        let answer = user.run(&line);
        assert_eq!(answer.code, 1, "{}{}", answer.stdout, answer.stderr);
        assert!(answer.stdout.starts_with("✗ "), "{}", answer.stdout);
        assert_eq!(user.run(&format!("{line} --json")).json()["ok"], false);
    }
    let line = format!("{verify} --receipt stated.tlog-proof --inception inception.cose");
    user.run(&line).fails(3, &["stated.tlog-proof", "log receipt"]);
    let line = format!("{verify} --receipt stated.cose --inception stated.cose");
    user.run(&line).fails(3, &["leaf 0"]);
    user.run(&format!("{verify} --inception inception.cose")).fails(2, &["--receipt"]);
}
