//! The size of what a worker hands over: it has to fit one QR code.

use carnet_proto::anchor::Batch;
use carnet_proto::cbor::{Decode as _, Encode as _, Mode, Value};
use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::{self, Claims, Person};
use carnet_proto::credential::disclosure::{Placed, Reader};
use carnet_proto::credential::issue::Issue;
use carnet_proto::credential::skill::{
    self, Assessment, AssessmentMethod, ClaimType, Learning, Skill, SkillItem,
};
use carnet_proto::id::{Did, Digest};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::presentation::{
    KeyBindingClaims, KeyBindingToken, Presentation, Presented, container_digest,
};
use carnet_proto::profile::{MAX_LIVE_SECONDS, MAX_PREPARED_SECONDS, Profile};
use carnet_proto::statement::accreditation::Level;
use carnet_proto::status::StatusUri;
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{DAY, Date, UnixSeconds};
use carnet_tests::SeededRng;

/// Most bytes of the file in the promise.
const MAX_BYTES: usize = 1600;
/// Most bytes when one unit out of the list is shown: two disclosures instead of one, the outer with
/// the hashes of the whole list.
const MAX_BYTES_WITH_UNIT: usize = 1760;
/// Most hashes of redacted claims, decoys included.
const MAX_HASHES: usize = 16;

const NOW: UnixSeconds = UnixSeconds(20_760 * DAY + 40_000);

fn line(text: &str) -> Line {
    Line::parse(text).unwrap()
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn worker() -> Person {
    Person {
        name_native: Some(line("Maria Corazon de los Reyes-Villanueva")),
        name_latin: Some(line("Maria Corazon de los Reyes-Villanueva")),
        name_icao: Some(line("DE LOS REYES VILLANUEVA<<MARIA CORAZON")),
        birth_date: Some(date("1993-05-17")),
        nationality: Some(Country::parse("PH").unwrap()),
        document_number: Some(line("P4915937B")),
        portrait: None,
    }
}

fn welder() -> Skill {
    let unit = |code, title| SkillItem {
        code: line(code),
        title: Some(line(title)),
        level: Level::parse("2"),
    };
    Skill {
        claim_type: ClaimType::Qualification,
        title: Name {
            language: Language::parse("en").unwrap(),
            text: line("Shielded Metal Arc Welding (SMAW) NC II"),
        },
        national_code: Some(line("MEESMW213")),
        standard: None,
        occupation: Occupation::parse("7212").unwrap(),
        esco_occupation: None,
        framework: Framework::parse("PQF").unwrap(),
        level: Level::parse("2").unwrap(),
        isced_level: None,
        field: Field::parse("0715").unwrap(),
        award_date: date("2026-10-23"),
        valid_until: None,
        renewal: None,
        country: Country::parse("PH").unwrap(),
        endorsements: Vec::new(),
        series: None,
        sequence: None,
        supersedes: None,
        skills: vec![
            unit("MEE721303", "Weld carbon steel plates using SMAW"),
            unit("MEE721304", "Weld carbon steel pipes using SMAW"),
        ],
        assessment: Some(Assessment {
            methods: vec![AssessmentMethod::Practical, AssessmentMethod::Interview],
            body: Some(line("Batangas Assessment Centre")),
            date: Some(date("2026-10-19")),
            result: Some(line("competent")),
            language: Language::parse("fil"),
            place: Some(line("Batangas City")),
            passed: None,
        }),
        learning: Some(Learning {
            provider: Some(line("Batangas School of Trades")),
            hours: Some(268),
            credits: None,
            start: Some(date("2026-03-02")),
            end: Some(date("2026-09-18")),
        }),
        experience: Vec::new(),
        licence: None,
        prior_learning: Vec::new(),
        languages: Vec::new(),
        endorses: None,
    }
}

/// The name of a claim or entry; `unit` for an element of the list of skills.
fn name(placed: &Placed) -> &'static str {
    match placed.path.as_slice() {
        [claim] => claims::claim_name(claim).unwrap(),
        [_, entry] => skill::entry_name(entry).unwrap(),
        _ => "unit",
    }
}

/// How a holder shows a credential.
#[derive(Clone, Copy, Debug)]
enum Shown {
    /// To a challenge with a nonce of this many bytes.
    Live(usize),
    Prepared,
}

/// Presents a new credential out of a batch of 64; returns the file.
fn present(seed: u64, names: &[&str], shown: Shown) -> Vec<u8> {
    let mut rng = SeededRng(seed);
    let issuer = Did::of_inception(&seed.to_be_bytes());
    let issuer_key = Seed::new([1; 32]).signing_key(Purpose::Credential);
    let holder_key = Seed::new([2; 32]).credential_key(&[0; 16]);
    let request = Issue {
        issuer: &issuer,
        holder_key: holder_key.public(),
        person: &worker(),
        attested: &welder().into(),
        issued_at: NOW,
        expires_at: NOW.plus(5 * 365 * DAY),
        status: (StatusUri { issuer, list: 12 }, 131_071),
    };
    let issued = request.sign(&issuer_key, &mut rng).unwrap();
    let token = SdCwt::parse(&issued.sd_cwt, Mode::Strict).unwrap();
    // The holder has one disclosure for each hash, decoys too.
    let hashes = token.disclosures().len();
    assert!(hashes <= MAX_HASHES, "{hashes} hashes");

    let mut batch: Vec<_> = (0..63_u8).map(|n| Digest::of(&[n])).collect();
    batch.push(token.digest());
    let batch = Batch::new(&batch, &mut rng).unwrap();
    let anchor = batch.anchors(Digest::of(b"issuance")).last().unwrap();
    assert_eq!(anchor.path.hashes().len(), 6);

    let placed = token.restore(Profile::SdCwt08, Reader::Holder).unwrap().placed;
    let find = |wanted: &&str| placed.iter().find(|placed| name(placed) == *wanted).unwrap();
    let wanted: Vec<_> = names.iter().map(find).collect();
    let kept = |i: usize| wanted.iter().any(|placed| placed.index == i || placed.parent == Some(i));
    let sd_cwt = token.with_disclosures(kept);

    // A verifier with a log of its own is named by its identifier, of 63 bytes.
    let audience = format!("{}", Did::of_inception(b"an employer"));
    assert_eq!(audience.len(), 63);
    let (nonce, life) = match shown {
        Shown::Live(bytes) => (Some(vec![7; bytes]), MAX_LIVE_SECONDS),
        Shown::Prepared => (None, MAX_PREPARED_SECONDS),
    };
    let claims = KeyBindingClaims {
        audience,
        issued_at: NOW,
        expires_at: NOW.plus(life),
        nonce,
        container: container_digest(&[token.digest()]),
    };
    let token = KeyBindingToken::sign(&sd_cwt, &claims, &holder_key);
    let presented = vec![Presented { token, anchor: Some(anchor) }];
    let file = Presentation { profile: Profile::SdCwt08, presented, evidence: None }.to_file();
    println!("{shown:?}, {names:?}, {hashes} hashes: {} bytes", file.len());
    file
}

/// Opens a file as a verifier does, prints what it is made of, and returns the credential's claims.
fn open(file: &[u8]) -> Claims {
    let body = Presentation::from_cbor(Presentation::open(file).unwrap()).unwrap();
    let [Presented { token, anchor: Some(anchor) }] = body.presented.as_slice() else {
        panic!("one credential with its anchor");
    };
    let token = KeyBindingToken::parse(token).unwrap();
    let credential = &token.credential;
    assert!(anchor.root(&credential.digest()).is_some());
    let restored = credential.restore(Profile::SdCwt08, Reader::Verifier).unwrap();
    let claims = Claims::read(&restored.claims).unwrap();
    assert!(token.is_signed_by(&claims.holder_key));

    let (sign1, payload) = (credential.sign1(), credential.payload().unwrap());
    let disclosures: Vec<_> = credential.disclosures().iter().map(|d| d.len()).collect();
    let inner = sign1.raw.len() - sign1.protected.len() - payload.len();
    let (holder, anchor) = (token.claims.to_cbor().len(), anchor.to_cbor().len());
    println!(
        "  credential {} (protected {}, payload {}, disclosures {disclosures:?}, signature and \
         heads {}), holder's claims {holder}, anchor {anchor}, signature and heads {}",
        sign1.raw.len(),
        sign1.protected.len(),
        payload.len(),
        inner - disclosures.iter().sum::<usize>(),
        file.len() - sign1.raw.len() - holder - anchor,
    );
    let payload = Value::from_cbor(payload).unwrap();
    let sizes = payload
        .as_map()
        .unwrap()
        .iter()
        .map(|(key, value)| format!("{key:?} {}", key.to_cbor().len() + value.to_cbor().len()));
    println!("  payload: {}", sizes.collect::<Vec<_>>().join(", "));
    claims
}

#[test]
fn a_welder_shows_three_claims_within_1600_bytes() {
    for (seed, entry) in (1..).zip(["assessment", "learning"]) {
        for shown in [Shown::Live(16), Shown::Prepared] {
            let file = present(seed, &["name_latin", "birth_date", entry], shown);
            let claims = open(&file);
            let Person { name_latin, birth_date, .. } = worker();
            assert_eq!(claims.person, Person { name_latin, birth_date, ..Person::default() });
            assert_eq!(claims.skill().unwrap().assessment.is_some(), entry == "assessment");
            assert_eq!(claims.skill().unwrap().learning.is_some(), entry == "learning");
            assert!(file.len() <= MAX_BYTES, "{} bytes", file.len());
        }
    }
}

#[test]
fn a_single_unit_of_the_skills_costs_the_hashes_of_the_others() {
    for shown in [Shown::Live(16), Shown::Prepared] {
        let file = present(3, &["name_latin", "birth_date", "unit"], shown);
        assert_eq!(open(&file).skill().unwrap().skills.len(), 1);
        assert!(file.len() <= MAX_BYTES_WITH_UNIT, "{} bytes", file.len());
    }
}
