use alloc::collections::BTreeSet;
use alloc::string::ToString as _;

use super::*;
use crate::anchor::Batch;
use crate::cbor::{Bytes, Decode as _, Mode};
use crate::classification::Country;
use crate::credential::SdCwt;
use crate::credential::attested::Attested;
use crate::credential::issue::Issue;
use crate::file;
use crate::id::{Did, Digest};
use crate::issuing::CredentialFile;
use crate::key::{Purpose, Seed};
use crate::presentation::{KeyBindingToken, Presentation};
use crate::profile::{FileKind, Profile};
use crate::request::KeyRequest;
use crate::status::StatusUri;
use crate::test_support::{NOW, SeededRng, contribution, person};
use crate::time::DAY;
use crate::verify::report::CredentialReport;
use crate::wallet::{PresentRequest, Wallet, contents_of};

/// A wallet with these attestations.
fn wallet(attested: &[Attested]) -> Wallet {
    let mut wallet = Wallet::new(Seed::new([5; 32]));
    let mut rng = SeededRng(4);
    let issuer = Did::of_inception(b"an institution");
    for attested in attested {
        let request = wallet.request_key(issuer, NOW, &mut rng).unwrap();
        let issued = Issue {
            issuer: &issuer,
            holder_key: KeyRequest::open(&request, &issuer).unwrap().key(),
            person: &person(),
            attested,
            issued_at: NOW,
            expires_at: NOW.plus(100 * DAY),
            status: (StatusUri { issuer, list: 0 }, 7),
        };
        let key = Seed::new([1; 32]).signing_key(Purpose::Credential);
        let sd_cwt = issued.sign(&key, &mut rng).unwrap().sd_cwt;
        let digest = SdCwt::parse(&sd_cwt, Mode::Strict).unwrap().digest();
        let batch = Batch::new(&[digest], &mut rng).unwrap();
        let anchor = batch.anchors(Digest::of(b"issuance")).next().unwrap();
        let file = CredentialFile { profile: Profile::SdCwt08, sd_cwt: Bytes(sd_cwt), anchor };
        wallet.add(file).unwrap();
    }
    wallet
}

/// Presents all credentials, and returns what is withheld of each, as a verifier sees it.
fn shown(wallet: &Wallet, preset: Preset) -> Result<Vec<CredentialReport>, PresetError> {
    let contents: Vec<_> =
        wallet.credentials().iter().map(|credential| contents_of(credential).unwrap()).collect();
    let each = preset.disclosures(&contents.iter().collect::<Vec<_>>())?;
    let request = PresentRequest {
        audience: "urn:carnet:anyone",
        nonce: None,
        issued_at: NOW,
        expires_at: NOW.plus(DAY),
        disclose: &[],
        with_evidence: false,
    };
    let chosen: Vec<_> = (0..).zip(each).collect();
    let presentation = wallet.present_each(&chosen, &request, |_| None).unwrap();
    let bytes = presentation.to_file();
    let body = file::unwrap(&bytes, FileKind::Presentation, bytes.len()).unwrap();
    for presented in &Presentation::from_cbor(body).unwrap().presented {
        assert!(KeyBindingToken::parse(&presented.token).is_ok());
    }
    let policy = crate::verify::policy::Policy {
        trust_anchors: Vec::new(),
        audience: "urn:carnet:anyone".to_string(),
        accept: crate::verify::policy::Accept::Prepared,
        witnesses: None,
        view_age: DAY,
        clock_skew: 300,
    };
    let report = crate::verify::verify(body, &policy, &crate::ledger::Ledger::new(), NOW);
    Ok(report.credentials)
}

/// Names what a preset reveals of a credential that holds everything.
fn revealed(report: &CredentialReport) -> BTreeSet<&'static str> {
    let all = crate::credential::contribution::redactable_names()
        .chain(crate::credential::claims::redactable_names());
    all.filter(|name| !report.withheld.contains(name)).collect()
}

fn state(code: &str) -> Country {
    Country::parse(code).unwrap()
}

#[test]
fn each_preset_reveals_what_it_says_and_nothing_else() {
    let wallet = wallet(&[contribution().into()]);
    let ratio =
        ["years", "total", "scheme_totals", "national_right", "series", "sequence", "supersedes"];
    for (preset, expected) in [
        (Preset::Eligible, BTreeSet::from(["years"])),
        (Preset::Ratio, BTreeSet::from(ratio)),
        (Preset::OwnAmount(state("DE").into()), ratio.into_iter().chain(["earnings"]).collect()),
        (Preset::WageClaim, BTreeSet::from(["employers", "earnings"])),
        (Preset::AtLeast(12), BTreeSet::from(["years"])),
    ] {
        let report = shown(&wallet, preset).unwrap().remove(0);
        assert_eq!(revealed(&report), expected, "{preset:?}");
        let disclosed = report.disclosed.unwrap();
        assert_eq!(disclosed.person, crate::credential::claims::Person::default());
        assert_eq!(disclosed.sub, None);
    }
}

#[test]
fn as_few_years_are_shown_as_it_takes() {
    let wallet = wallet(&[contribution().into()]);
    let years = |months| {
        let report = shown(&wallet, Preset::AtLeast(months)).unwrap().remove(0);
        let disclosed = report.disclosed.unwrap();
        let years = &disclosed.attested.contribution().unwrap().years;
        years.iter().map(|year| year.year).collect::<Vec<_>>()
    };
    assert_eq!(years(0), Vec::<u16>::new());
    assert_eq!(years(12), [2015]);
    assert_eq!(years(13), [2014, 2015]);
    assert_eq!(years(31), [2014, 2015, 2016]);
    let too_few = shown(&wallet, Preset::AtLeast(32)).unwrap_err();
    assert_eq!(too_few, PresetError::TooFew { held: 31, wanted: 32 });
}

#[test]
fn earnings_are_shown_to_the_state_that_computes_and_to_no_other() {
    let other = Contribution { legislation: state("PH"), ..contribution() };
    let wallet = wallet(&[contribution().into(), other.into()]);
    let reports = shown(&wallet, Preset::OwnAmount(state("DE").into())).unwrap();
    let shows = |report: &CredentialReport| revealed(report).contains("earnings");
    assert_eq!(reports.iter().map(shows).collect::<Vec<_>>(), [true, false]);
    let none = shown(&wallet, Preset::OwnAmount(state("FR").into())).unwrap_err();
    assert_eq!(none, PresetError::NoneOfState(state("FR").into()));
    let several = shown(&wallet, Preset::WageClaim).unwrap_err();
    assert_eq!(several, PresetError::SeveralStates(state("DE").into(), state("PH").into()));
}

#[test]
fn only_periods_have_presets_and_only_months_are_counted() {
    let skills = wallet(&[crate::test_support::skill().into()]);
    let refused = shown(&skills, Preset::Eligible).unwrap_err();
    assert_eq!(refused, PresetError::NoContribution(1));
    let mut weeks = contribution();
    weeks.years.clear();
    (weeks.mode, weeks.total) = (ReportingMode::Aggregate, None);
    weeks.scheme_totals = None;
    weeks.value = Some(Quantity::of(Unit::Week, Decimal::whole(60)));
    let refused = shown(&wallet(&[weeks.into()]), Preset::AtLeast(12)).unwrap_err();
    assert_eq!(refused, PresetError::NoMonths(1, Unit::Week));
}

#[test]
fn what_was_paid_back_proves_no_month() {
    let refunded = Contribution {
        refunded: Refund::Full,
        refund_date: crate::time::Date::parse("2017-01-01"),
        ..contribution()
    };
    let wallet = wallet(&[refunded.into()]);
    let found = shown(&wallet, Preset::AtLeast(12));
    assert!(matches!(found, Err(PresetError::TooFew { held: 0, wanted: 12 })), "{found:?}");
}
