//! Two countries make themselves known, accredit, and agree; an institute certifies a class.

use super::Play;
use crate::commands::demo::people::{Employer, Worker, keep};
use crate::commands::demo::stage::Stage;
use crate::commands::demo::story::Story;
use crate::commands::demo::terminal::CommandLine;
use crate::commands::demo::trouble;
use crate::error::CliError;
use crate::files;
use crate::forms::class::Class;
use crate::forms::{agreement, grant, table};
use crate::policy;
use crate::text::Args;
use carnet_proto::classification::Country;
use carnet_proto::statement::accreditation::Accreditation;
use carnet_proto::statement::agreement::Ratification;
use carnet_proto::statement::profile::Role;
use carnet_proto::text::Line;
use carnet_proto::time::{DAY, Validity};
use carnet_proto::verify::policy::TrustPurpose;
use std::collections::BTreeMap;
use std::path::Path;

/// The class list that ships with the project. Its columns for the key requests and the expiry are
/// filled by the demo.
const CLASS: &str = include_str!("../class.csv");
/// What the institute is accredited for.
const GRANT: &str = include_str!("../grant.toml");
/// What the agreement makes of qualifications, beside whose attestations count.
const RECOGNITION: &str = include_str!("../recognition.toml");
/// Five years, in days: for so long credentials count, and so long ago the institute was accredited.
pub(super) const YEARS: u64 = 5 * 365;

/// The employer's name in presentations.
pub const AUDIENCE: &str = "https://musterwerft.example/verify";

/// Starts the nodes and lets both countries say who they are and whom they trust.
pub fn begin<'s, 'c>(mut stage: Stage, story: &'s mut Story<'c>) -> Result<Play<'s, 'c>, CliError> {
    story.chapter("countries")?;
    story.day(0, stage.now())?;
    let running = stage.start()?;
    story.step("nodes-start", &Args::new(), "8 nodes run", format!("{running} nodes run"))?;
    let mut named = 0;
    for key in stage.institutions() {
        let home = key.split('-').next().unwrap_or_default();
        let witnesses = ["authority", "union", "employers"].map(|role| format!("{home}-{role}"));
        stage.name_witnesses(key, &witnesses)?;
        named += 1;
    }
    story.step("witnesses", &Args::new(), "7 institutions", format!("{named} institutions"))?;

    stage.step_to_day(1);
    story.day(1, stage.now())?;
    let path = stage.dir().join("grant.toml");
    keep(&path, GRANT.as_bytes())?;
    let accreditation = Accreditation {
        subject: stage.did("ph-institute")?,
        name: stage.name("ph-institute")?,
        grants: grant::read(&path)?,
        may_accredit: 0,
        // It has held on paper for long; what was awarded since then counts abroad.
        validity: Validity { from: stage.now().minus(YEARS * DAY).start_of_day(), until: None },
        legal_basis: Some(Line::parse("Halimbawa Skills Act, section 7").map_err(trouble)?),
        appeal_body: Some(Line::parse("Halimbawa Appeals Board").map_err(trouble)?),
    };
    let accreditation = stage.state("ph-authority", "accreditation", &accreditation)?;
    let in_force = in_force(&stage, "ph-authority", &accreditation);
    story.step("accredit", &Args::new(), "in force", in_force)?;

    let path = stage.dir().join("agreement.toml");
    keep(&path, agreement_text(&stage)?.as_bytes())?;
    let text = agreement::read(&path)?;
    let digest = stage.state("de-authority", "agreement", &text)?;
    let proposed = self::in_force(&stage, "de-authority", &digest);
    story.step("propose", &Args::new(), "in force", proposed)?;

    let employer = employer(&stage)?;
    let mut play = Play {
        stage,
        story,
        employer,
        workers: Vec::new(),
        accreditation,
        agreement: digest,
        papers: BTreeMap::new(),
    };
    play.converge("converge-agreement")?;
    play.ratify("ratify-ph-authority", "ph-authority")?;
    play.ratify("ratify-ph-union", "ph-union")?;
    play.ratify("ratify-ph-employers", "ph-employers")?;
    play.ratify("ratify-de-authority", "de-authority")?;
    play.ratify("ratify-de-employers", "de-employers")?;
    Ok(play)
}

/// Tells whether a statement is in force in the log of an institution.
pub(super) fn in_force(
    stage: &Stage,
    key: &str,
    digest: &carnet_proto::id::Digest,
) -> &'static str {
    use carnet_proto::statement::standing::State;
    let held = stage.fetch(key).ok().and_then(|fetched| {
        let did = stage.did(key).ok()?;
        fetched.replicas.get(&did)?.view().statements.get(digest).map(|held| held.state)
    });
    match held {
        Some(State::InForce) => "in force",
        Some(_) => "ended",
        None => "unknown",
    }
}

/// The employer trusts its own country's authority and nobody else.
fn employer(stage: &Stage) -> Result<Employer, CliError> {
    let text = policy::template(AUDIENCE).replace("view_age = \"24h\"", "view_age = \"7d\"");
    let text = policy::with_anchor(
        &text,
        &stage.did("de-authority")?,
        &stage.name("de-authority")?,
        &[TrustPurpose::Skill],
    );
    let rules = policy::parse(Path::new("trust.toml"), &text)?;
    Ok(Employer::new(rules, &stage.dir().join("employer")))
}

/// The agreement, as the parties' clerks would write it.
fn agreement_text(stage: &Stage) -> Result<String, CliError> {
    let mut text = format!(
        "# Germany accepts welding qualifications that the other side's authority vouches for.\n\
         version = 1\nkind = \"skills\"\ntitles = {{ en = \"Welders' Recognition Agreement\" }}\n\
         from = \"{}\"\n",
        stage.now().date()
    );
    for (home, country) in [("ph", "PH"), ("de", "DE")] {
        let did = |role: &str| stage.did(&format!("{home}-{role}"));
        text += &format!("\n[[party]]\ncountry = \"{country}\"\nwitnesses = [\n");
        for role in ["authority", "union", "employers"] {
            text += &format!("  \"{}\",\n", did(role)?);
        }
        text += "]\nquorum = 2\n";
        if home == "ph" {
            let name = stage.name("ph-authority")?;
            text += &format!(
                "\n[[party.body]]\ndid = \"{}\"\nname = \"{name}\"\nmay_accredit = 1\n\n\
                 [[party.body.grant]]\noccupations = [\"721\"]\nfields = [\"0715\"]\n\
                 levels = [{{ framework = \"PQF\", lowest = \"1\", highest = \"4\" }}]\n\
                 countries = [\"PH\"]\n",
                did("authority")?
            );
        }
        for (role, office) in
            [("authority", "ministry"), ("union", "union"), ("employers", "employers-body")]
        {
            let key = format!("{home}-{role}");
            text += &format!(
                "\n[[party.signatory]]\ndid = \"{}\"\nname = \"{}\"\nrole = \"{office}\"\nmust = true\n",
                stage.did(&key)?,
                stage.name(&key)?
            );
        }
    }
    let from = stage.now().date().to_string();
    Ok(text + &RECOGNITION.replace("FROM", &from))
}

impl Play<'_, '_> {
    /// Lets a signatory ratify the agreement.
    pub(super) fn ratify(&mut self, id: &'static str, key: &str) -> Result<(), CliError> {
        let (home, role) = key.split_once('-').unwrap_or((key, ""));
        let role = match role {
            "union" => Role::Union,
            "employers" => Role::EmployersBody,
            _ => Role::Ministry,
        };
        let party = Country::parse(if home == "ph" { "PH" } else { "DE" }).map_err(trouble)?;
        let ratification =
            Ratification { agreement: self.agreement, party, role, since: self.stage.now() };
        let digest = self.stage.state(key, "ratification", &ratification)?;
        let state = in_force(&self.stage, key, &digest);
        self.story.step(id, &Args::new(), "in force", state)
    }

    /// The institute certifies the class: key requests in, one file per row out.
    pub(super) fn class(&mut self) -> Result<(), CliError> {
        self.story.chapter("class")?;
        self.go_to_day(3)?;
        let dir = self.stage.dir().to_owned();
        let path = dir.join("class").join("class.csv");
        keep(&path, self.class_list()?.as_bytes())?;
        for row in table::read::<Class>(&path)? {
            let mut worker = Worker::new(row);
            let request = worker.request(&self.stage, "ph-institute")?;
            let file = worker.row.key_request.clone().ok_or_else(|| CliError::bug("demo"))?;
            keep(&file, &request)?;
            self.workers.push(worker);
        }
        let requests = format!("{} key requests", self.workers.len());
        self.story.step("key-requests", &Args::new(), "25 key requests", requests)?;

        let bad = dir.join("class").join("class-with-mistakes.csv");
        let wrong = self.class_list()?.replacen("7212", "7299", 1).replacen(",PH,", ",QQ,", 1);
        keep(&bad, wrong.as_bytes())?;
        let out = dir.join("class").join("issued");
        let refused = match self.issue(&bad, &out) {
            Err(error) => format!("{} mistakes, nothing issued", error.all_mistakes().len()),
            Ok(()) => "issued".into(),
        };
        self.story.step("bad-rows", &Args::new(), "2 mistakes, nothing issued", refused)?;

        self.issue(&path, &out)?;
        let mut issued = 0;
        for worker in &mut self.workers {
            let file = out.join(format!("{}.carnet", worker.row.row));
            worker.take(&files::read_limited(&file, 1 << 20)?)?;
            issued += 1;
        }
        self.story.step(
            "issue-class",
            &Args::new(),
            "25 credentials",
            format!("{issued} credentials"),
        )?;
        self.converge("converge")
    }

    fn issue(&self, csv: &Path, out: &Path) -> Result<(), CliError> {
        let issue = CommandLine::new("issue skill --csv").and(csv).and("--out").and(out);
        self.stage.operate(issue, "ph-institute")?.run(self.stage.now()).map(|_| ())
    }

    /// The class list with a file name for each key request, and an expiry five years from now.
    fn class_list(&self) -> Result<String, CliError> {
        let mut reader = csv::Reader::from_reader(CLASS.as_bytes());
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = reader.headers().map_err(trouble)?.clone();
        writer.write_record(&header).map_err(trouble)?;
        let expires = self.stage.now().plus(YEARS * DAY).date().to_string();
        for record in reader.records() {
            let record = record.map_err(trouble)?;
            let row = record.get(0).unwrap_or_default().to_owned();
            let cells = header.iter().zip(&record).map(|(column, cell)| match column {
                "key_request" => format!("requests/{row}.request"),
                "expires" => expires.clone(),
                _ => cell.to_owned(),
            });
            writer.write_record(cells).map_err(trouble)?;
        }
        let bytes = writer.into_inner().map_err(|error| trouble(error.to_string()))?;
        String::from_utf8(bytes).map_err(trouble)
    }
}
