//! Keys that are replaced, institutions that are restored and succeeded, by the command line.

#[cfg(test)]
mod support;

use steps::{institution, issue, text, until_published, with_words};
use support::User;
use support::node::{Node, until};

#[cfg(test)]
mod steps {
    use super::support::node::{Node, until};
    use super::support::{Answer, PASSPHRASE, User};
    use serde_json::Value;

    /// Runs a command that reads 24 words from stdin.
    pub fn with_words(user: &User, line: &str, words: &str) -> Answer {
        let args = line.split_whitespace().chain(["--words-fd", "0"]);
        user.run_with(args, format!("{words}\n").as_bytes())
    }

    /// Makes an institution, and returns its identifier and the words of its next keys.
    pub fn institution(user: &User, dir: &str) -> (String, String) {
        let who = ["--name", "Institute of Welding", "--country", "PH", "--role", "training-body"];
        let made = Node::init(user, dir, &who);
        (text(&made["did"]), text(&made["next_words"]))
    }

    pub fn text(value: &Value) -> String {
        value.as_str().unwrap().to_owned()
    }

    /// Issues one certificate to a wallet; returns its place in the register.
    pub fn issue(user: &User, node: &Node, institution: &str) -> Value {
        user.run_locked("wallet new --wallet ana.age", PASSPHRASE).ok();
        let request = format!("wallet key --for {institution} --out ana.request --wallet ana.age");
        user.run_locked(&request, PASSPHRASE).ok();
        std::fs::write(user.path("class.csv"), user.run("issue skill --csv-template").ok())
            .unwrap();
        node.operate(user, "issue skill --csv class.csv --out issued").json()
    }

    pub fn until_published(user: &User, node: &Node) {
        until(|| {
            let status = node.operate(user, "node status").json();
            let is_done =
                status["phase"] == "publishing" && status["size"] == status["published_size"];
            if is_done { Ok(()) } else { Err(status.to_string()) }
        });
    }
}

#[test]
fn keys_are_replaced_from_their_words_and_the_node_goes_on_with_them() {
    let user = User::new();
    let (did, words) = institution(&user, "node");
    let node = Node::start(&user, "node");
    issue(&user, &node, &did);
    let rotate = "key rotate --dir node --yes";
    with_words(&user, rotate, &words).fails(3, &["stop it first"]);
    assert_eq!(node.stop(), 0);

    with_words(&user, rotate, "one two three").fails(2, &["not 24 words"]);
    let strange = "abandon ".repeat(23) + "art";
    with_words(&user, rotate, &strange).fails(2, &["not the words of the next keys"]);
    with_words(&user, "key rotate --dir node", &words).fails(2, &["new words are on paper"]);
    let log = || user.run("node check --dir node --json").json()["logs"][0]["size"].clone();
    let before = log();
    let shown = with_words(&user, "key rotate --dir node --yes --json", &words).json();
    assert_eq!((&shown["did"], shown["void"].as_array().unwrap().len()), (&did.as_str().into(), 0));
    assert_ne!(log(), before);
    with_words(&user, rotate, &words).fails(2, &["of the keys in force"]);

    // What a thief might have stated since leaf 3 is void; the class is known to the register.
    let next = text(&shown["next_words"]);
    let plain = with_words(&user, &format!("{rotate} --repudiated-from 3"), &next).ok();
    for word in ["kept: issuance at leaf 3", "24 words will be the next keys", "replaced: leaf"] {
        assert!(plain.contains(word), "{word}: {plain}");
    }
    let node = Node::start(&user, "node");
    until_published(&user, &node);
    node.operate(&user, "status set class-7-ana invalid --publish").ok();
    let log = user.run(&format!("log show {did} --node {}", node.url)).ok();
    assert!(log.contains("rotation"), "{log}");
    assert_eq!(node.stop(), 0);
}

#[test]
fn an_institution_is_restored_from_its_words_and_the_copy_of_its_witness() {
    let user = User::new();
    let (did, words) = institution(&user, "home");
    let (witness, _) = institution(&user, "away");
    let (home, away) = (Node::start(&user, "home"), Node::start(&user, "away"));
    away.follow(&user, &did, &home);
    home.follow(&user, &witness, &away);
    let profile = format!("witnesses = [\"{witness}\"]\nquorum = 1\n");
    std::fs::write(user.path("profile.toml"), profile).unwrap();
    home.operate(&user, "node profile profile.toml").ok();
    issue(&user, &home, &did);
    until(|| {
        let size = home.operate(&user, "node status").json()["size"].clone();
        let status = away.operate(&user, "node status").json();
        let logs = status["logs"].as_array().unwrap();
        let is_whole = logs.iter().any(|log| log["did"] == did.as_str() && log["size"] == size);
        // Its status lists come after its entries.
        let held = user.run(&format!("log verify {did} --node {}", away.url));
        if is_whole && held.code == 0 { Ok(()) } else { Err(status.to_string() + &held.stderr) }
    });
    assert_eq!(home.stop(), 0);
    std::fs::rename(user.path("home"), user.path("old")).unwrap();

    let restore = format!(
        "node restore {did} --dir again --from {} --yes --http 127.0.0.1:0 --listen /ip4/127.0.0.1/tcp/0",
        away.url
    );
    with_words(&user, &restore, &("abandon ".repeat(23) + "art"))
        .fails(2, &["not the words of the next keys"]);
    assert!(!user.path("again").exists());
    let taken = restore.replace("--dir again", "--dir away");
    // No words are shown that would be void.
    with_words(&user, &taken, &words).fails(3, &["not empty"]);
    let taken = restore.replace("--dir again", "--dir old");
    with_words(&user, &taken, &words)
        .fails(3, &["not empty", "an old state of this institution", "--backup"]);
    // With the old directory, its register is kept; it is made and not run here.
    let kept = restore.replace("--dir again", "--dir kept");
    with_words(&user, &format!("{kept} --backup away"), &words)
        .fails(2, &["away is not a directory of", "register/"]);
    let shown = with_words(&user, &format!("{kept} --backup old"), &words).ok();
    assert!(shown.contains("It knows every batch of the log"), "{shown}");
    assert_eq!(user.run("node check --dir kept --json").json()["records"], 1);
    std::fs::remove_dir_all(user.path("old")).unwrap();

    // One word a line is as good.
    let shown = with_words(&user, &restore, &words.replace(' ', "\n")).ok();
    assert!(shown.contains("status list was taken over"), "{shown}");
    assert!(shown.contains("has no record any more"), "{shown}");
    let again = Node::start(&user, "again");
    until_published(&user, &again);
    again.operate(&user, "issue skill --csv class.csv --out again-issued").ok();
    let line = format!("status set --list {did}/status/1 --index 0 suspended --publish");
    assert_eq!(again.operate(&user, &line).json()["before"], "valid");
    assert_eq!(again.stop(), 0);
}

#[test]
fn a_closed_institution_is_succeeded() {
    let user = User::new();
    let (did, _) = institution(&user, "closing");
    let (successor, _) = institution(&user, "successor");
    let (closing, continues) = (Node::start(&user, "closing"), Node::start(&user, "successor"));
    issue(&user, &closing, &did);
    continues.follow(&user, &did, &closing);
    let adopt = format!("status adopt --institution {did}");
    continues.operate(&user, &adopt).fails(3, &["not continued here"]);
    let succeed = format!("succeed --closed 2026-06-30 --successor {successor}");
    closing.operate(&user, &succeed).fails(2, &["not confirmed"]);
    let mistyped = succeed.replace("2026-", "2999-");
    closing.operate(&user, &format!("{mistyped} --yes")).fails(2, &["has not come yet"]);
    closing.operate(&user, &format!("{succeed} --yes")).ok();
    closing.operate(&user, "node profile profile.toml").fails(3, &[]);
    let adopted = until(|| match continues.operate(&user, &adopt) {
        answer if answer.code == 0 => Ok(answer.json()),
        answer => Err(answer.stderr),
    });
    assert_eq!((&adopted["lists"], &adopted["published"]), (&1.into(), &1.into()));
    let line = format!("status set --list {did}/status/1 --index 4711 invalid --publish");
    assert_eq!(continues.operate(&user, &line).json()["after"], "invalid");
    let back = format!("status set --list {did}/status/1 --index 4711 valid");
    continues.operate(&user, &back).fails(3, &["final"]);
}

#[test]
fn who_accredited_an_institution_that_fell_silent_closes_it_and_continues_its_lists() {
    let user = User::new();
    let (silent, _) = institution(&user, "silent");
    let (authority, _) = institution(&user, "authority");
    let (other, _) = institution(&user, "other");
    let (gone, ministry) = (Node::start(&user, "silent"), Node::start(&user, "authority"));
    let stranger = Node::start(&user, "other");
    issue(&user, &gone, &silent);
    for node in [&ministry, &stranger] {
        node.follow(&user, &silent, &gone);
    }
    stranger.follow(&user, &authority, &ministry);
    std::fs::write(user.path("grant.toml"), user.run("accredit --template").ok()).unwrap();
    let grant = "--name Institute --grant grant.toml --from 2020-01-01";
    ministry.operate(&user, &format!("accredit --subject {silent} {grant}")).ok();
    let adopt = format!("status adopt --institution {silent}");
    ministry.operate(&user, &adopt).fails(3, &["not continued here"]);
    until(|| {
        let status = ministry.operate(&user, "node status").json();
        let logs = status["logs"].as_array().unwrap();
        let size = |log: &serde_json::Value| log["size"].as_u64().unwrap_or_default();
        let is_held = logs.iter().any(|log| log["did"] == silent.as_str() && size(log) > 3);
        if is_held { Ok(()) } else { Err(status.to_string()) }
    });
    assert_eq!(gone.stop(), 0);

    // Nobody closes an institution that it has not accredited.
    let succeed = |by: &str| {
        format!("succeed --closed 2026-06-30 --institution {silent} --successor {by} --yes")
    };
    stranger.operate(&user, &succeed(&other)).fails(3, &["accredit"]);
    ministry.operate(&user, &succeed(&authority)).ok();
    let adopted = until(|| match ministry.operate(&user, &adopt) {
        answer if answer.code == 0 => Ok(answer.json()),
        answer => Err(answer.stderr),
    });
    assert_eq!((&adopted["lists"], &adopted["published"]), (&1.into(), &1.into()));
    let line = format!("status set --list {silent}/status/1 --index 4711 invalid --publish");
    assert_eq!(ministry.operate(&user, &line).json()["after"], "invalid");
    stranger.operate(&user, &adopt).fails(3, &["not continued here"]);
}

#[test]
fn what_cannot_be_done_to_a_node_is_said_with_what_can() {
    let user = User::new();
    user.run("key rotate --dir nonode --yes")
        .fails(3, &["the keys are not replaced", "no node in this directory", "--dir DIR"]);
    user.run("node migrate --to sled --dir nonode")
        .fails(3, &["there is no node in nonode that could be moved", "--dir DIR"]);
    user.run("node init --dir node --no-log").ok();
    let same = "another place: --to \"host=/run/postgresql";
    user.run("node migrate --to sled --dir node").fails(3, &["keeps its data there already", same]);
    let postgres = "node migrate --dir node --to postgresql://carnet@127.0.0.1:1/carnet";
    let told = user.run(&format!("{postgres} --password-file none"));
    let told = told.fails(3, &["cannot read the password", "--password-file FILE names a file"]);
    assert!(told.contains("there is no such file") && !told.contains("os error"), "{told}");
    let config = user.path("node/carnet.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("nonsense = 1\n{text}")).unwrap();
    let told = user.run("node run --dir node").fails(3, &["mend that line of carnet.toml"]);
    assert!(!told.contains("carnet node init"), "{told}");
    user.run("node status --node http://127.0.0.1:1 --dir node")
        .fails(3, &["nothing answers at that address"]);
}
