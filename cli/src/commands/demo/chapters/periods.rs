//! Periods of three countries: counted by the treaty that binds two of them, and alone where none does.

use super::Play;
use super::federation::in_force;
use crate::commands::demo::people::keep;
use crate::commands::demo::terminal::{CommandLine, Counted};
use crate::error::{Answer, CliError};
use crate::text::Args;
use carnet_proto::id::Digest;
use carnet_proto::verify::policy::TrustPurpose;
use carnet_proto::wallet::{WalletCredential, contents_of};
use serde_json::Value;
use std::path::Path;

const PHILIPPINE: &str = include_str!("../papers/philippine.toml");
const SAUDI: &str = include_str!("../papers/saudi.toml");
const GERMAN: &str = include_str!("../papers/german.toml");
const REFUNDED: &str = include_str!("../papers/refunded.toml");
const MISTAKEN: &str = include_str!("../papers/mistaken.toml");

/// Those who certify periods.
const FUNDS: [&str; 3] = ["ph-pension", "de-pension", "sa-pension"];
/// What they certify, and by which form: the fourth time was paid back, the fifth
/// sheet says what the first does, and the last is a mistake.
const PAPERS: [(&str, &str, &str); 6] = [
    ("philippine", "ph-pension", PHILIPPINE),
    ("saudi", "sa-pension", SAUDI),
    ("german", "de-pension", GERMAN),
    ("refunded", "de-pension", REFUNDED),
    ("again", "ph-pension", PHILIPPINE),
    ("mistaken", "ph-pension", MISTAKEN),
];
/// What she shows first: her periods, in the order of time.
const SHOWN: [&str; 3] = ["philippine", "saudi", "german"];
/// The file with the periods that stays.
const FILE: &str = "welder-periods.carnet";
/// The file with the sheet that is revoked.
const MISTAKE_FILE: &str = "with-a-mistake.carnet";

/// Who counts, under which law, and how many months that asks for.
struct Desk<'a> {
    node: &'a str,
    policy: &'a str,
    agreement: &'a str,
    state: &'a str,
    needed: &'a str,
}

impl<'a> Desk<'a> {
    const fn german(agreement: &'a str) -> Self {
        let (node, policy) = ("de-pension", "pension.toml");
        Self { node, policy, agreement, state: "DE", needed: "60" }
    }

    const fn philippine(agreement: &'a str) -> Self {
        let (node, policy) = ("ph-pension", "pension-ph.toml");
        Self { node, policy, agreement, state: "PH", needed: "120" }
    }
}

impl Play<'_, '_> {
    /// Three funds join, two of them agree, and a clerk counts.
    pub(super) fn periods(&mut self) -> Result<(), CliError> {
        self.story.chapter("periods")?;
        let running = self.stage.join()?;
        let got = format!("{running} nodes run");
        self.story.step("funds-join", &Args::new(), "10 nodes run", got)?;
        for key in FUNDS {
            let home = key.split('-').next().unwrap_or_default();
            let witnesses = match home {
                // It has nobody at home who would.
                "sa" => ["ph-authority", "de-authority", "de-union"].map(str::to_owned),
                _ => ["authority", "union", "employers"].map(|role| format!("{home}-{role}")),
            };
            self.stage.name_witnesses(key, &witnesses)?;
        }
        let agreement = self.propose()?;
        self.ratify_periods("periods-ratify-de", "de-pension", &agreement)?;
        for (paper, issuer, form) in PAPERS {
            self.certify(paper, issuer, "contribution", form)?;
        }
        let periods = self.hero()?.wallet.credentials().iter().filter(|c| is_period(c)).count();
        let got = format!("{periods} sheets");
        self.story.step("periods-issue", &Args::new(), "6 sheets", got)?;
        for key in FUNDS {
            self.stage.publish_status(key)?;
        }
        let agreed = format!("{} nodes agree", self.stage.converge()?);
        self.story.step("converge-funds", &Args::new(), "10 nodes agree", agreed)?;

        let funds = ["de-pension", "sa-pension"];
        let purpose = TrustPurpose::Contribution;
        self.trust("pension.toml", "https://musterrentenkasse.example", &funds, purpose)?;
        self.trust("pension-ph.toml", "https://hsif.example", &["ph-pension"], purpose)?;
        self.refresh(0)?;
        let file = self.show_periods(FILE, &SHOWN)?;
        let early = self.count(&Desk::german(&agreement), &file);
        let got = match &early {
            Err(error) if error.code() == "totalise-not-in-force" => "not in force",
            Err(_) => "error",
            Ok(_) => "counted",
        };
        self.story.step("periods-early", &Args::new(), "not in force", got)?;
        self.ratify_periods("periods-ratify-ph", "ph-pension", &agreement)?;
        self.stage.converge()?;
        self.refresh(0)?;

        let file = self.show_periods(FILE, &SHOWN)?;
        self.shown("periods-shown", &file)?;
        self.counting(&agreement, &file)
    }

    /// The treaty that binds two of the three countries, and the question that none answers.
    fn counting(&mut self, agreement: &str, file: &Path) -> Result<(), CliError> {
        let german = self.count(&Desk::german(agreement), file)?;
        let expected = "42 + 78 = 120 months of 60: the right opens";
        self.story.step("periods-counted", &Args::new(), expected, told(&german))?;
        self.quote(&german)?;
        let got = not_counted(&german, "saudi", &SHOWN);
        let expected = "12 months not counted: no-agreement";
        self.story.step("periods-saudi", &Args::new(), expected, got)?;
        self.quote_about(&german, &SHOWN, "saudi")?;

        let both = self.show_periods("two-states.carnet", &["philippine", "german"])?;
        let philippine = self.count(&Desk::philippine(agreement), &both)?;
        let expected = "78 + 42 = 120 months of 120: the right opens, share 78/120";
        self.story.step("periods-share", &Args::new(), expected, told(&philippine))?;
        self.quote_by(&philippine, "DE-PH-13")?;

        let none = Desk { state: "SA", needed: "120", ..Desk::german("none") };
        let alone = self.count(&none, file)?;
        let expected = "12 + 0 = 12 months of 120: the right does not open";
        self.story.step("periods-none", &Args::new(), expected, told(&alone))?;
        self.quote_by(&alone, "NOAG")
    }

    /// What is genuine and does not count, and what is no longer genuine.
    pub(super) fn not_counted(&mut self) -> Result<(), CliError> {
        self.story.chapter("not-counted")?;
        let desk = Desk::german("de-ph");
        let shown = [&SHOWN[..], &["refunded"]].concat();
        let file = self.show_periods("with-refunded.carnet", &shown)?;
        let counted = self.count(&desk, &file)?;
        let got = not_counted(&counted, "refunded", &shown);
        let expected = "12 months not counted: refunded";
        self.story.step("periods-refunded", &Args::new(), expected, got)?;
        self.quote_about(&counted, &shown, "refunded")?;

        let shown = [&SHOWN[..], &["again"]].concat();
        let file = self.show_periods("with-the-same-twice.carnet", &shown)?;
        let counted = self.count(&desk, &file)?;
        let reason = counted.json.pointer("/left_out/0/reason").and_then(Value::as_str);
        let got = format!("{}; left out: {}", sum(&counted), reason.unwrap_or("nothing"));
        let expected = "42 + 78 = 120 months; left out: same-time";
        self.story.step("periods-twice", &Args::new(), expected, got)?;
        self.quote_about(&counted, &shown, "again")?;

        let shown = [&SHOWN[..], &["mistaken"]].concat();
        let file = self.show_periods(MISTAKE_FILE, &shown)?;
        let got = told_with_refused(&self.count(&desk, &file)?);
        let expected = "42 + 90 = 132 months; refused: nothing";
        self.story.step("periods-mistaken", &Args::new(), expected, got)?;
        let revoke = CommandLine::new("status set mistaken invalid --publish");
        self.stage.operate(revoke, "ph-pension")?.run(self.stage.now())?;
        self.stage.converge()?;
        let counted = self.count(&desk, &file)?;
        let expected = "42 + 78 = 120 months; refused: status";
        self.story.step("periods-revoked", &Args::new(), expected, told_with_refused(&counted))?;
        let refused: Vec<_> = counted.steps.first().cloned().into_iter().collect();
        refused.iter().try_for_each(|line| self.story.quote(line))?;
        let answer = if counted.answer == Answer::Unknown { "cannot tell" } else { "an answer" };
        self.story.step("periods-open", &Args::new(), "cannot tell", answer)
    }

    /// Makes the copies of her periods that stay: what counts, and with what was revoked.
    pub(super) fn show_all_periods(&self) -> Result<(), CliError> {
        self.show_periods(FILE, &SHOWN)?;
        self.show_periods(MISTAKE_FILE, &[&SHOWN[..], &["mistaken"]].concat()).map(|_| ())
    }

    /// The German fund writes down whose periods count, and the rules by which they are added: those of
    /// the treaty as they ship. Returns the digest.
    fn propose(&mut self) -> Result<String, CliError> {
        let path = self.stage.dir().join("treaty.toml");
        keep(&path, self.treaty()?.as_bytes())?;
        let now = self.stage.now();
        let propose = CommandLine::new("agreement propose").and(&path);
        let (_, stated) = self.stage.operate(propose, "de-pension")?.json(now)?;
        let digest = stated.get("digest").and_then(Value::as_str).unwrap_or_default().to_owned();
        let fetched = self.stage.fetch("de-pension")?.ledger();
        let known = fetched.agreements();
        let logged = Digest::from_hex(&digest).and_then(|digest| known.get(&digest).cloned());
        let rules = logged.and_then(|(_, _, agreement)| agreement.periods.as_ref());
        let got = rules.map_or("none".to_owned(), |rules| format!("rules of {}", rules.id));
        self.story.step("periods-propose", &Args::new(), "rules of DE-PH", got)?;
        Ok(digest)
    }

    fn treaty(&self) -> Result<String, CliError> {
        let mut text = format!(
            "# Rules of a real treaty between fictitious funds.\nversion = 1\nkind = \"contributions\"\n\
             titles = {{ en = \"Agreement on Social Security\" }}\nfrom = \"{}\"\nperiods = \"de-ph\"\n",
            self.stage.now().date()
        );
        for (home, country) in [("ph", "PH"), ("de", "DE")] {
            text += &format!("\n[[party]]\ncountry = \"{country}\"\nwitnesses = [\n");
            for role in ["authority", "union", "employers"] {
                text += &format!("  \"{}\",\n", self.stage.did(&format!("{home}-{role}"))?);
            }
            let fund = format!("{home}-pension");
            let (did, name) = (self.stage.did(&fund)?, self.stage.name(&fund)?);
            text += &format!(
                "]\nquorum = 2\n\n[[party.body]]\ndid = \"{did}\"\nname = \"{name}\"\nmay_accredit = 0\n\n\
                 [[party.body.grant]]\ncredential = \"urn:carnet:contribution:1\"\n\
                 branches = [\"old-age\", \"invalidity\", \"survivors\"]\ncountries = [\"{country}\"]\n\n\
                 [[party.signatory]]\ndid = \"{did}\"\nname = \"{name}\"\nrole = \"social-security\"\n\
                 must = true\n"
            );
        }
        Ok(text)
    }

    fn ratify_periods(
        &mut self,
        id: &'static str,
        key: &str,
        agreement: &str,
    ) -> Result<(), CliError> {
        let ratify = CommandLine::new("agreement ratify").and(agreement);
        let (_, stated) = self.stage.operate(ratify, key)?.json(self.stage.now())?;
        let digest = stated.get("digest").and_then(Value::as_str).and_then(Digest::from_hex);
        let state = digest.map_or("unknown", |digest| in_force(&self.stage, key, &digest));
        self.story.step(id, &Args::new(), "in force", state)
    }

    /// Counts the periods of a copy towards an old-age pension.
    fn count(&self, desk: &Desk<'_>, file: &Path) -> Result<Counted, CliError> {
        let line = self.story.typed("totalise --branch old-age");
        line.and("--agreement")
            .and(desk.agreement)
            .and("--claim-country")
            .and(desk.state)
            .and("--needed")
            .and(desk.needed)
            .and(file)
            .and("--policy")
            .and(self.stage.dir().join(desk.policy))
            .and("--node")
            .and(self.stage.url(desk.node)?)
            .count(self.stage.now())
    }

    /// Tells what came of counting, and how: every step, and every rule with the place where it stands.
    fn quote(&mut self, Counted { result, steps, rules, .. }: &Counted) -> Result<(), CliError> {
        result.iter().chain(steps).chain(rules).try_for_each(|line| self.story.quote(line))
    }

    /// Tells what came of counting, and of the steps and rules those of one rule.
    fn quote_by(&mut self, counted: &Counted, rule: &str) -> Result<(), CliError> {
        let Counted { result, steps, rules, .. } = counted;
        let about = steps.iter().chain(rules).filter(|line| line.contains(rule));
        result.iter().chain(about).try_for_each(|line| self.story.quote(line))
    }

    /// Tells the sentences about one of the papers shown.
    fn quote_about(
        &mut self,
        counted: &Counted,
        shown: &[&str],
        paper: &str,
    ) -> Result<(), CliError> {
        let place = shown.iter().position(|known| *known == paper).map_or(0, |place| place + 1);
        let number = self.story.texts().get("totalise-number", &Args::new().with("number", place));
        let about = counted.steps.iter().filter(|line| line.starts_with(&number));
        about.cloned().collect::<Vec<_>>().iter().try_for_each(|line| self.story.quote(line))
    }

    /// Looks at what a copy shows, as whoever verifies it does.
    fn shown(&mut self, id: &'static str, file: &Path) -> Result<(), CliError> {
        let verify = CommandLine::new("verify")
            .and(file)
            .and("--policy")
            .and(self.stage.dir().join("pension.toml"))
            .and("--node")
            .and(self.stage.url("de-pension")?);
        let (answer, report) = verify.json(self.stage.now())?;
        let all = |claim: &str| -> usize {
            let credentials = report.pointer("/credentials").and_then(Value::as_array);
            let shown = credentials.into_iter().flatten().filter_map(|credential| {
                credential.pointer(&format!("/disclosed/contribution/{claim}"))?.as_array()
            });
            shown.map(Vec::len).sum()
        };
        let credentials = report.pointer("/credentials").and_then(Value::as_array);
        let got = format!(
            "{} valid periods, {} employers, {} earnings",
            if answer == Answer::Yes { credentials.map_or(0, Vec::len) } else { 0 },
            all("employers"),
            all("earnings"),
        );
        self.story.step(id, &Args::new(), "3 valid periods, 0 employers, 0 earnings", got)
    }
}

/// Tells whether a credential attests a period.
fn is_period(credential: &WalletCredential) -> bool {
    contents_of(credential).is_ok_and(|contents| contents.claims.contribution().is_some())
}

/// Returns a time of the outcome as it prints.
fn time(counted: &Counted, name: &str) -> String {
    let time = counted.json.pointer(&format!("/outcome/{name}"));
    time.map(crate::render::inline).unwrap_or_default()
}

fn sum(counted: &Counted) -> String {
    let [own, foreign, total] = ["own", "foreign", "total"].map(|name| time(counted, name));
    format!("{own} + {foreign} = {total} months")
}

/// Says what came of counting: own time, foreign time, both, and whether that is enough.
fn told(counted: &Counted) -> String {
    let opens = match counted.json.pointer("/outcome/together").and_then(Value::as_bool) {
        Some(true) => "the right opens",
        Some(false) => "the right does not open",
        None => "?",
    };
    let share = match counted.json.pointer("/outcome/ratio").filter(|ratio| !ratio.is_null()) {
        Some(_) => format!(", share {}/{}", time(counted, "ratio/num"), time(counted, "ratio/den")),
        None => String::new(),
    };
    format!("{} of {}: {opens}{share}", sum(counted), time(counted, "needed"))
}

fn told_with_refused(counted: &Counted) -> String {
    let check = counted.json.pointer("/refused/0/check").and_then(Value::as_str);
    format!("{}; refused: {}", sum(counted), check.unwrap_or("nothing"))
}

/// Says how much of one of the papers shown was not counted, and why.
fn not_counted(counted: &Counted, paper: &str, shown: &[&str]) -> String {
    let place = shown.iter().position(|known| *known == paper);
    let all = counted.json.pointer("/outcome/explanation/not_counted").and_then(Value::as_array);
    let is_it = |not: &&Value| not.get("period").and_then(Value::as_u64) == place.map(|p| p as u64);
    let Some(not) = all.into_iter().flatten().find(is_it) else { return "counted".to_owned() };
    let part = |name: &str| not.get(name).map(crate::render::inline).unwrap_or_default();
    format!("{} months not counted: {}", part("time"), part("reason"))
}
