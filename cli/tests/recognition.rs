//! Certificates, work and endorsements, from those who issue them to what they open abroad.

#[cfg(test)]
mod support;

use serde_json::Value;
use support::node::{Node, until};
use support::{PASSPHRASE, User};

/// A grant for welders.
const GRANT: &str = "[[grant]]\noccupations = [\"7212\"]\nfields = [\"0715\"]\n\
    levels = [{ framework = \"PQF\", lowest = \"1\", highest = \"4\" }]\ncountries = [\"PH\"]\n";
/// A date of birth and a name, which join attestations.
const PERSON: &str = "--disclose name_latin --disclose birth_date";

/// Two institutions, a wallet, and what is issued to it.
struct Federation {
    user: User,
    ministry: Node,
    board: Node,
    board_did: String,
    ministry_did: String,
}

#[cfg(test)]
impl Federation {
    fn new() -> Self {
        let user = User::new();
        let ministry_did = Node::institution(&user, "ministry", "Ministry", "ministry");
        let board_did = Node::institution(&user, "board", "Board", "training-body");
        let (ministry, board) = (Node::start(&user, "ministry"), Node::start(&user, "board"));
        ministry.follow(&user, &board_did, &board);
        board.follow(&user, &ministry_did, &ministry);
        std::fs::write(user.path("grant.toml"), GRANT).unwrap();
        let name = "--name Authority --grant grant.toml --from 2020-01-01";
        ministry.operate(&user, &format!("accredit --subject {board_did} {name}")).ok();
        let witnesses = format!("witnesses = [\"{ministry_did}\", \"{board_did}\"]\nquorum = 1\n");
        std::fs::write(user.path("profile.toml"), witnesses).unwrap();
        ministry.operate(&user, "node profile profile.toml").ok();
        user.run_locked("wallet new --wallet ana.age", PASSPHRASE).ok();
        let trust = format!("trust add {ministry_did} --name Ministry --policy trust.toml --yes");
        user.run(&trust).ok();
        Self { user, ministry, board, board_did, ministry_did }
    }

    /// Writes what is to be attested to a new key of the wallet.
    fn form(&self, name: &str, number: &str, skill: &str) {
        let issuer = if name == "union" { &self.ministry_did } else { &self.board_did };
        let key = format!("wallet key --for {issuer} --out {name}.request --wallet ana.age");
        self.user.run_locked(&key, PASSPHRASE).ok();
        let text = format!(
            "row = \"ana-{name}\"\nkey_request = \"{name}.request\"\nexpires = \"2031-01-01\"\n\
             [person]\nname_latin = \"Ana Example\"\nbirth_date = \"1998-02-17\"\n\
             document_number = \"{number}\"\n[skill]\nlanguage = \"en\"\noccupation = \"7212\"\n\
             framework = \"PQF\"\nlevel = \"2\"\nfield = \"0715\"\naward_date = \"2026-01-15\"\n\
             country = \"PH\"\n{skill}"
        );
        std::fs::write(self.user.path(&format!("{name}.toml")), text).unwrap();
    }

    /// Issues it and takes it into the wallet.
    fn issue(&self, name: &str, number: &str, skill: &str) {
        self.form(name, number, skill);
        let issuer = if name == "union" { &self.ministry } else { &self.board };
        issuer.operate(&self.user, &format!("issue skill --toml {name}.toml --out issued")).ok();
        let add = format!("wallet add issued/ana-{name}.carnet --wallet ana.age");
        self.user.run_locked(&add, PASSPHRASE).ok();
    }

    /// Presents credentials under a new challenge.
    fn present(&self, name: &str, what: &str) {
        let user = &self.user;
        for end in ["challenge", "carnet"] {
            let _ = std::fs::remove_file(user.path(&format!("{name}.{end}")));
        }
        user.run(&format!("challenge --policy trust.toml --out {name}.challenge")).ok();
        let line =
            format!("wallet present {what} --challenge {name}.challenge --out {name}.carnet");
        user.run_locked(&format!("{line} --wallet ana.age"), PASSPHRASE).ok();
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
fn missing(route: &Value) -> Vec<(String, String)> {
    let all = route["missing"].as_array().unwrap().iter();
    all.map(|m| (m["evidence"].to_string(), m["issuers"].to_string())).collect()
}

#[test]
fn what_is_missing_abroad_is_named_with_who_can_supply_it_and_whose_word_counts() {
    let all = Federation::new();
    let user = &all.user;
    let qualification = "claim_type = \"qualification\"\nstandard = \"2020\"\n\
        title = \"Shielded Metal Arc Welding NC II\"\nnational_code = \"SMAW-NC-II\"\n";
    all.issue("welder", "X1", qualification);
    let work = "claim_type = \"work-experience\"\ntitle = \"Welder\"\n[[skill.experience]]\n\
        role = \"welder\"\nstart = \"2023-06-01\"\nend = \"2025-12-31\"\n";
    all.issue("work", "X1", work);
    all.issue("renewed", "X2", work);
    // One request makes one credential, also in another batch and for somebody else.
    all.form("ben", "Y1", qualification);
    let text = std::fs::read_to_string(user.path("ben.toml")).unwrap();
    let text = text.replace("ben.request", "welder.request").replace("Ana", "Ben");
    std::fs::write(user.path("ben.toml"), text).unwrap();
    all.board
        .operate(user, "issue skill --toml ben.toml --out issued")
        .fails(3, &["key_request", "a key of its own"]);
    let failed = "claim_type = \"qualification\"\ntitle = \"Welding\"\n[skill.assessment]\n\
        methods = [\"practical\"]\npassed = false\n";
    all.form("failed", "X1", failed);
    all.board
        .operate(user, "issue skill --toml failed.toml --out issued")
        .fails(3, &["its assessment was not passed"]);
    // The ministry supports the certificate, and says that it does so as a union.
    let shown = user.run_locked("wallet show 1 --wallet ana.age --json", PASSPHRASE).json();
    let id = shown["id"].as_str().or_else(|| shown["credential"].as_str()).unwrap_or_default();
    assert!(!id.is_empty(), "{shown}");
    let endorsement = format!(
        "claim_type = \"endorsement\"\ntitle = \"Endorsement\"\n\
         [skill.endorses]\ncredential = \"{id}\"\nrole = \"union\"\n"
    );
    all.issue("union", "X1", &endorsement);

    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/recognition/skills-partnership.toml");
    let model = std::fs::read_to_string(model).unwrap();
    let (rules, _) = model.split_once("[[recognition.sample]]").unwrap();
    let rules = rules.replace("Skills Authority (fictitious)", "Authority");
    std::fs::write(user.path("rules.toml"), &rules).unwrap();
    let recognise = |file: &str, more: &str| {
        user.run(&format!("recognise {file} --policy trust.toml --offline {more}"))
    };
    let welder = "--agreement rules.toml --destination DE --occupation 7212";

    // As soon as witnesses have cosigned what was issued, stapled evidence is enough.
    let refresh = format!("wallet refresh --node {} --wallet ana.age", all.ministry.url);
    let told = until(|| {
        user.run_locked(&refresh, PASSPHRASE);
        all.present("one", &format!("1 {PERSON}"));
        let answer = recognise("one.carnet", &format!("{welder} --json"));
        if answer.code == 0 { Ok(answer.json()) } else { Err(answer.stdout + &answer.stderr) }
    });
    let route = &told["recognition"]["routes"][0];
    let from = "[\"Authority\"]".to_owned();
    let wanted = ["work-certificate", "language-certificate", "unit-certificate"];
    assert_eq!(missing(route), wanted.map(|kind| (format!("\"{kind}\""), from.clone())), "{route}");
    all.present("one", &format!("1 {PERSON}"));
    let told = flat(&recognise("one.carnet", welder).ok());
    let who = "a certificate of work (for: practice); from an issuer that the agreement accepts: \
               Authority";
    assert!(told.contains(who), "{told}");

    // With a certificate of work beside it one piece less is missing.
    let shown = format!("1 2 {PERSON} --disclose experience --disclose document_number");
    let present = |name: &str, what: &str| {
        until(|| {
            user.run_locked(&refresh, PASSPHRASE);
            all.present(name, what);
            let answer = user.run(&format!("verify {name}.carnet --policy trust.toml --offline"));
            all.present(name, what);
            if answer.code == 0 { Ok(()) } else { Err(answer.stdout) }
        });
    };
    present("two", &shown);
    let two = recognise("two.carnet", &format!("{welder} --json")).json();
    let route = &two["recognition"]["routes"][0];
    assert_eq!(missing(route).len(), 2, "{route}");
    // The other way round: what both open.
    all.present("abroad", &shown);
    let opens = recognise("abroad.carnet", "--agreement rules.toml").ok();
    let told = flat(&opens);
    assert!(told.contains("What the attestations shown open abroad"), "{told}");
    assert!(told.contains("Philippines to Germany: 7212") && !told.contains("(for: practice)"));

    // Two document numbers are not outweighed by a name, in one container or in two.
    let apart = format!("1 3 {PERSON} --disclose experience --disclose document_number");
    all.present("apart", &apart);
    let answer = recognise("apart.carnet", welder);
    assert_eq!(answer.code, 3, "{}", answer.stdout);
    assert!(flat(&answer.stdout).contains("a renewed or a second document"), "{}", answer.stdout);
    all.present("old", &format!("1 {PERSON} --disclose document_number"));
    all.present("new", &format!("3 {PERSON} --disclose experience --disclose document_number"));
    let answer = recognise("old.carnet new.carnet", welder);
    assert_eq!(answer.code, 3, "{}", answer.stdout);
    assert!(flat(&answer.stdout).contains("can issue anew with the present one. Nothing was"));

    // Who endorses says itself as what it speaks.
    let endorsed = format!("1 4 {PERSON} --disclose endorses");
    present("endorsed", &endorsed);
    let told = flat(&recognise("endorsed.carnet", welder).ok());
    let claim = "endorsed by Ministry, which says of itself that it speaks as union";
    assert!(told.contains(claim), "{told}");
    // An agreement that the trust anchor ratified gives it that seat.
    let mut agreement = "version = 1\nkind = \"skills\"\ntitles = { en = \"Welders\" }\n\
         from = \"2026-01-01\"\nchains = false\n"
        .to_owned();
    for (country, did, role) in
        [("PH", &all.ministry_did, "union"), ("DE", &all.board_did, "ministry")]
    {
        agreement += &format!(
            "[[party]]\ncountry = \"{country}\"\n[[party.signatory]]\ndid = \"{did}\"\n\
             name = \"Seat\"\nrole = \"{role}\"\nmust = true\n"
        );
    }
    let (_, tables) = rules.split_once("[recognition]").unwrap();
    agreement += &format!("[recognition]{tables}");
    std::fs::write(user.path("agreement.toml"), &agreement).unwrap();
    let proposed = all.ministry.operate(user, "agreement propose agreement.toml").json();
    let digest = proposed["digest"].as_str().unwrap_or_else(|| panic!("{proposed}"));
    all.ministry.operate(user, &format!("agreement ratify {digest}")).ok();
    all.present("seated", &endorsed);
    let node = format!("--destination DE --occupation 7212 --node {}", all.ministry.url);
    let answer = user.run(&format!("recognise seated.carnet --policy trust.toml {node}"));
    let told = flat(&answer.stdout);
    let seat = "endorsed by Ministry, which has a seat as union in skills-partnership";
    assert!(told.contains(seat), "{told} {}", answer.stderr);
    // A party that its rules leave out is refused.
    let third = agreement.replace(
        "[recognition]\n",
        &format!(
            "[[party]]\ncountry = \"FR\"\n[[party.signatory]]\ndid = \"{}\"\nname = \"Seat\"\n\
             role = \"ministry\"\nmust = true\n[recognition]\n",
            all.board_did.replace(&all.board_did[11..14], "aaa")
        ),
    );
    std::fs::write(user.path("third.toml"), third).unwrap();
    user.run("agreement check third.toml").fails(3, &["leave a party out"]);
}

#[test]
fn what_is_not_there_is_told_alike_by_every_command() {
    let user = User::new();
    user.run("wallet list --lang xx").fails(2, &["there are texts in: en"]);
    user.run("verify a.carnet --lang xx").fails(2, &["there are texts in: en"]);
    let did = Node::institution(&user, "board", "Board", "training-body");
    let add = format!("trust add {did} --name Board --policy trust.toml --yes");
    user.run(&add).ok();
    user.run(&add).fails(2, &["already, for: skill"]);
    let told = user.run(&format!("{add} --for contributions")).ok();
    assert!(flat(&told).contains("already; it is one now for: skill, contribution"), "{told}");
    let listed = user.run("trust list --policy trust.toml --json").json();
    let anchors = listed["trust_anchors"].as_array().unwrap();
    assert_eq!(anchors.len(), 1);
    assert_eq!(anchors[0]["purposes"], serde_json::json!(["skill", "contribution"]));
}

#[test]
fn a_fee_that_the_worker_pays_is_pointed_out() {
    let user = User::new();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/recognition/skills-partnership.toml");
    let model = std::fs::read_to_string(model).unwrap();
    assert!(model.contains("payer = \"employer\""), "{model}");
    std::fs::write(user.path("fair.toml"), &model).unwrap();
    let told = flat(&user.run("agreement check fair.toml").ok());
    assert!(!told.contains("the worker pays"), "{told}");
    let worker = model.replace("payer = \"employer\"", "payer = \"worker\"");
    std::fs::write(user.path("worker.toml"), &worker).unwrap();
    let told = flat(&user.run("agreement check worker.toml").ok());
    assert!(told.contains("the worker pays up to 200 EUR to"), "{told}");
    let told = user.run("agreement check worker.toml --json").json();
    assert_eq!(told["warnings"][0]["id"], "worker-pays");
    assert_eq!(told["warnings"].as_array().unwrap().len(), 1, "{told}");
    // Every mistake is told at once, with its line.
    let wrong =
        worker.replacen("acquired = ", "aquired = ", 1).replacen("host = \"DE\"", "host = 5", 1);
    std::fs::write(user.path("wrong.toml"), wrong).unwrap();
    user.run("agreement check wrong.toml").fails(
        3,
        &[
            "3 mistakes in wrong.toml",
            "there is no key \"aquired\"",
            "the key \"acquired\" is missing",
        ],
    );
    // What costs nothing costs the worker nothing.
    std::fs::write(user.path("free.toml"), worker.replace("amount = 200", "amount = 0")).unwrap();
    let told = user.run("agreement check free.toml --json").json();
    assert_eq!(told["warnings"], serde_json::json!([]));
}
