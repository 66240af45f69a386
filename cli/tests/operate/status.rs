//! What a node says of itself to its operator.

use crate::support::User;
use crate::support::node::{Node, until};

fn propose(user: &User, node: &Node, witnesses: &[&str], quorum: u8) {
    let list: Vec<_> = witnesses.iter().map(|did| format!("\"{did}\"")).collect();
    let text = format!("witnesses = [{}]\nquorum = {quorum}\n", list.join(", "));
    std::fs::write(user.path("profile.toml"), text).unwrap();
    node.operate(user, "node profile profile.toml").ok();
}

/// The words of `node status`, without what differs from run to run.
fn status(user: &User, node: &Node, dir: &str, known: &[(&str, &str)]) -> String {
    let answer = user.run(&format!("node status --node {} --dir {dir}", node.url)).ok();
    let mut words = answer.split_whitespace().peekable();
    let mut kept: Vec<String> = Vec::new();
    while let Some(word) = words.next() {
        let is_number = word.chars().all(|c| c.is_ascii_digit());
        let is_address = word.starts_with("/ip4/") || word.starts_with("12D3");
        if let Some((_, name)) = known.iter().find(|(did, _)| *did == word) {
            kept.push((*name).to_owned());
        } else if is_address {
            kept.push("ADDRESS".to_owned());
        } else if is_number && words.peek().is_some_and(|next| next.starts_with("second")) {
            let unit = words.next().unwrap();
            let comma = if unit.ends_with(',') { "," } else { "" };
            kept.push(format!("TIME{comma}"));
        } else if is_number && words.peek().is_some_and(|next| ["MiB", "ms"].contains(next)) {
            kept.push("N".to_owned());
        } else {
            kept.push(word.to_owned());
        }
        if word == "fingerprint" {
            words.by_ref().take(8).for_each(drop);
        }
    }
    kept.join(" ")
}

#[test]
fn status_says_first_what_to_do_and_then_who_witnesses() {
    let user = User::new();
    let ministry = Node::institution(&user, "ministry", "Ministry", "ministry");
    let union = Node::institution(&user, "union", "Union of Welders", "union");
    let absent = Node::institution(&user, "absent", "Absent Body", "union");
    let known = [(&*ministry, "MINISTRY"), (&*union, "UNION"), (&*absent, "ABSENT")];
    let m = Node::start(&user, "ministry");
    let u = Node::start(&user, "union");
    assert_eq!(
        status(&user, &m, "ministry", &known),
        "? The institution proposes no witnesses, so that nobody abroad can rely on its log \
         ask other bodies to follow it, then name them: carnet node profile \
         Ministry MINISTRY fingerprint version 0.1.0, up for TIME listens at ADDRESS as ADDRESS \
         Own log: 3 entries, 3 of them published It proposes no witnesses Status lists: none \
         Other nodes: 0 connected, none banned \
         log whose entries missing last cosigned, ago Ministry own 3 0 never \
         Pending: nothing Disk: sled, N MiB used, N MiB free Last backup: unknown"
    );

    u.follow(&user, &ministry, &m);
    m.follow(&user, &union, &u);
    propose(&user, &m, &[&ministry, &union, &absent], 2);
    let text = until(|| {
        let text = status(&user, &m, "ministry", &known);
        let is_settled = text.contains("✓ Union of Welders, TIME ago ?") && text.contains("1 conn");
        if is_settled { Ok(text) } else { Err(text) }
    });
    let (before, rest) = text.split_once(" Other nodes: ").unwrap();
    assert_eq!(
        before,
        "? One of 3 witnesses is silent, more than the 0 that may be: answers become undetermined \
         call those who run them; the silent ones are below \
         ? The witness ABSENT cannot be counted: its own log is not held here \
         carnet follow ABSENT --address ADDR \
         Ministry MINISTRY fingerprint version 0.1.0, up for TIME listens at ADDRESS as ADDRESS \
         Own log: 5 entries, 5 of them published \
         No quorum has cosigned it: 2 of 3 witnesses make one \
         ✓ Union of Welders, TIME ago \
         ? ABSENT, whose own log is not held here \
         Status lists: none"
            .replace("ABSENT,", &format!("{absent},"))
    );
    assert!(rest.contains("Union of Welders followed 3 0 "), "{rest}");
    assert!(rest.contains("Ministry own 5 0 "), "{rest}");

    // Each makes the other's log count once it is proposed with a quorum that can be reached.
    propose(&user, &m, &[&ministry, &union], 1);
    let text = until(|| {
        let text = status(&user, &m, "ministry", &known);
        if text.contains("A quorum last") { Ok(text) } else { Err(text) }
    });
    let expected = "A quorum last cosigned it TIME ago: 1 of 2 witnesses make one, and none may be \
                    silent ✓ Union of Welders, ";
    assert!(text.contains(expected), "{text}");
    let first = "? 1 of 2 witnesses tolerate no silent witness name one more, or two";
    assert!(text.starts_with(first), "{text}");
    let json = m.operate(&user, "node status").json();
    assert_eq!(json["warnings"][0]["id"], "witnesses-tight");
    assert_eq!(json["witnesses"]["tolerates"], 0);
}

#[test]
fn doctor_says_when_witnesses_cannot_settle_and_when_no_node_answers() {
    let user = User::new();
    let ministry = Node::institution(&user, "ministry", "Ministry", "ministry");
    let union = Node::institution(&user, "union", "Union of Welders", "union");
    let node = Node::start(&user, "ministry");
    let doctor = |code: i32, words: &str| {
        let answer = user.run(&format!("doctor --node {}", node.url));
        let said = answer.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(answer.code, code, "{said}");
        assert!(said.contains(words), "{said}");
    };
    propose(&user, &node, &[&ministry, &union], 2);
    doctor(1, "✗ the witnesses of Ministry can never settle: 2 of 2 make a quorum, and each needs");
    propose(&user, &node, &[&ministry, &union], 1);
    doctor(0, "? the witnesses of Ministry can settle only if none of the 2 is silent");
    let others: Vec<_> =
        (0..2).map(|n| Node::institution(&user, &format!("other{n}"), "Other", "union")).collect();
    propose(&user, &node, &[&ministry, &union, &others[0], &others[1]], 2);
    doctor(0, "✓ of the 4 witnesses of Ministry, 1 may be silent");

    let url = node.url.clone();
    assert_eq!(node.stop(), 0);
    let answer = user.run(&format!("doctor --node {url}"));
    assert_eq!(answer.code, 1, "{}", answer.stdout);
    assert!(answer.stdout.contains("✗ no node answers"), "{}", answer.stdout);
    // Who never set one up needs none.
    assert_eq!(user.run("doctor").code, 0);
    std::fs::create_dir_all(user.path("home/node")).unwrap();
    assert_eq!(user.run("doctor").code, 1);
}

#[test]
fn a_configuration_is_checked_without_stopping_the_node() {
    let user = User::new();
    Node::institution(&user, "node", "Institute", "training-body");
    let running = Node::start(&user, "node");
    let said = user.run("node check --dir node --config").ok();
    assert!(said.contains("✓ node/carnet.toml is in order"), "{said}");
    let path = user.path("node/carnet.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\npeers = []", "\npears = []")).unwrap();
    let wrong = user.run("node check --dir node --config");
    let line = text.lines().position(|line| line == "peers = []").unwrap() + 1;
    assert_eq!(wrong.code, 1);
    let said = wrong.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected =
        format!("✗ node/carnet.toml, line {line}: there is no key `pears`; did you mean `peers`?");
    assert!(said.contains(&expected), "{said}");
    assert_eq!(running.stop(), 0);
    user.run("node run --dir node").fails(3, &["did you mean `peers`?"]);
}
