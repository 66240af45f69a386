use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;

use super::super::claims::{self, Claims};
use super::super::disclosure::{DECOY_MULTIPLE, Placed, Reader, Restored};
use super::super::{SdCwt, skill as skills};
use super::*;
use crate::cbor::{Decode as _, Encode as _, Mode};
use crate::profile::{SIMPLE_REDACTED_KEYS, TAG_REDACTED_ELEMENT};
use crate::test_support::{NOW, SeededRng, holder_key, issue, issuer_key, person, skill};
use crate::time::DAY;

fn parse(bytes: &[u8]) -> SdCwt<'_> {
    SdCwt::parse(bytes, Mode::Strict).unwrap()
}

fn restored(token: &SdCwt<'_>, reader: Reader) -> Restored {
    token.restore(Profile::SdCwt08, reader).unwrap()
}

/// The value and key that a disclosure holds.
fn contents(disclosure: &[u8]) -> Vec<Value> {
    let contents = Value::from_cbor(disclosure).unwrap();
    let contents = Value::from_cbor(contents.as_bytes().unwrap()).unwrap();
    let Value::Array(parts) = contents else { panic!("{contents:?}") };
    parts
}

/// The name under which reports list what a disclosure holds.
fn name(placed: &Placed) -> &'static str {
    match placed.path.as_slice() {
        [outer] => claims::claim_name(outer).unwrap(),
        [_, inner, ..] => skills::entry_name(inner).unwrap(),
        [] => unreachable!(),
    }
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_holder_gets_back_exactly_what_was_issued() {
    let issued = issue(&person(), &skill(), &mut SeededRng(1));
    let token = parse(&issued.sd_cwt);
    assert!(token.is_signed_by(&issuer_key().public()));
    assert_eq!(token.kid(), Some(issuer_key().public().kid()));
    let restored = restored(&token, Reader::Holder);
    assert_eq!(restored.withheld, 0);
    let claims = Claims::read(&restored.claims).unwrap();
    assert_eq!(claims.person, person());
    assert_eq!(claims.skill(), Some(&skill()));
    assert_eq!(claims.id, issued.id);
    assert_eq!(claims.issuer, Did::of_inception(b"an institution"));
    assert_eq!(claims.holder_key, holder_key().public());
    assert_eq!(claims.status.index, 97_341);
    assert_eq!(claims.status.uri, format!("{}/status/3", claims.issuer));
    assert!(claims.subject.unwrap().starts_with("urn:carnet:holder:"));
    // A second would identify the holder among those of the day.
    assert_eq!(claims.issued_at, NOW.start_of_day());
    assert_eq!(claims.expires_at, NOW.start_of_day().plus(1000 * DAY));
}

#[test]
fn every_redactable_field_is_withheld_by_default() {
    let issued = issue(&person(), &skill(), &mut SeededRng(2));
    let token = parse(&issued.sd_cwt);
    let all = restored(&token, Reader::Holder);
    let named: BTreeSet<_> = all.placed.iter().map(name).collect();
    let redactable = claims::redactable_names().chain(skills::redactable_names());
    assert_eq!(named, redactable.collect(), "each can be shown");

    let bare = token.with_disclosures(|_| false);
    let shown = Claims::read(&restored(&parse(&bare), Reader::Verifier).claims).unwrap();
    assert_eq!((shown.subject, shown.person), (None, Person::default()));
    let mut always = skill();
    (always.series, always.sequence, always.supersedes) = (None, None, None);
    (always.skills, always.experience) = (vec![], vec![]);
    (always.assessment, always.learning, always.licence) = (None, None, None);
    (always.prior_learning, always.languages) = (vec![], vec![]);
    always.endorses = None;
    assert_eq!(shown.attested, always.into());
}

#[test]
fn what_is_withheld_appears_nowhere_in_the_bytes() {
    let issued = issue(&person(), &skill(), &mut SeededRng(3));
    let token = parse(&issued.sd_cwt);
    let placed = restored(&token, Reader::Holder).placed;
    for one in &placed {
        let is_shown = |i| i == one.index || Some(i) == one.parent;
        let bytes = token.with_disclosures(is_shown);
        for (i, disclosure) in token.disclosures().iter().enumerate() {
            let mut parts = contents(disclosure).into_iter();
            let salt = parts.next().unwrap();
            assert_eq!(holds(&bytes, salt.as_bytes().unwrap()), is_shown(i));
            // Shorter values, such as a country, may stand there by chance or for another reason.
            for part in parts.map(|p| p.to_cbor()).filter(|p| p.len() > 4) {
                assert_eq!(holds(&bytes, &part), is_shown(i), "{} shows {part:x?}", name(one));
            }
        }
    }
}

#[test]
fn each_claim_can_be_shown_to_a_verifier_alone() {
    let issued = issue(&person(), &skill(), &mut SeededRng(4));
    let token = parse(&issued.sd_cwt);
    let placed = restored(&token, Reader::Holder).placed;
    for one in &placed {
        let bytes = token.with_disclosures(|i| i == one.index || Some(i) == one.parent);
        let shown = restored(&parse(&bytes), Reader::Verifier);
        assert_eq!(shown.placed.len(), 1 + usize::from(one.parent.is_some()));
        let claims = Claims::read(&shown.claims).unwrap();
        let units = if one.path.last() == Some(&Value::Null) { 1 } else { 0 };
        assert_eq!(claims.skill().unwrap().skills.len(), units, "{}", name(one));
    }
}

/// Counts the hashes in every map and array of a value.
fn redactions(value: &Value, counts: &mut Vec<usize>) {
    match value {
        Value::Map(entries) => {
            for (key, value) in entries {
                if let (Value::Simple(SIMPLE_REDACTED_KEYS), Value::Array(hashes)) = (key, value) {
                    counts.push(hashes.len());
                    assert!(hashes.is_sorted_by_key(|h| h.as_bytes()), "their order says nothing");
                }
                redactions(value, counts);
            }
        }
        Value::Array(items) => {
            let is_hash = |item: &&Value| matches!(item, Value::Tag(TAG_REDACTED_ELEMENT, _));
            counts.push(items.iter().filter(is_hash).count());
            items.iter().for_each(|item| redactions(item, counts));
        }
        _ => {}
    }
}

#[test]
fn decoys_hide_how_many_claims_there_are() {
    let mut sparse = skill();
    (sparse.licence, sparse.languages, sparse.experience) = (None, vec![], vec![]);
    sparse.skills.truncate(2);
    let mut few = person();
    (few.portrait, few.document_number) = (None, None);
    for (person, skill) in [(person(), skill()), (few, sparse)] {
        let issued = issue(&person, &skill, &mut SeededRng(5));
        let token = parse(&issued.sd_cwt);
        let mut counts = Vec::new();
        redactions(&Value::from_cbor(token.payload().unwrap()).unwrap(), &mut counts);
        for disclosure in token.disclosures() {
            contents(disclosure).iter().for_each(|part| redactions(part, &mut counts));
        }
        assert!(counts.iter().all(|n| n % DECOY_MULTIPLE == 0), "{counts:?}");
        // One disclosure for each hash, so that none hides a claim from the holder.
        assert_eq!(counts.iter().sum::<usize>(), token.disclosures().len());
        let restored = restored(&token, Reader::Holder);
        assert!(restored.placed.len() < token.disclosures().len());
        let decoyed = token.restore(Profile::SdCwt08, Reader::Verifier);
        assert_eq!(decoyed, Err(super::super::disclosure::DisclosureError::Decoy));
    }
}

#[test]
fn a_disclosure_does_not_fit_another_credential_of_the_same_person() {
    let mut rng = SeededRng(6);
    let (one, other) = (issue(&person(), &skill(), &mut rng), issue(&person(), &skill(), &mut rng));
    let (one, other) = (parse(&one.sd_cwt), parse(&other.sd_cwt));
    for foreign in other.disclosures() {
        let swapped = super::super::disclosure::restore(
            Profile::SdCwt08,
            one.payload().unwrap(),
            &[foreign],
            Reader::Holder,
            Mode::Strict,
        );
        assert_eq!(swapped, Err(super::super::disclosure::DisclosureError::Unmatched));
    }
}

#[test]
fn two_credentials_of_a_person_share_no_identifier() {
    let mut rng = SeededRng(7);
    let issued = [(); 2].map(|()| issue(&person(), &skill(), &mut rng));
    let claims = issued.each_ref().map(|issued| {
        Claims::read(&restored(&parse(&issued.sd_cwt), Reader::Holder).claims).unwrap()
    });
    assert_ne!(claims[0].id, claims[1].id);
    assert_ne!(claims[0].subject, claims[1].subject);
    let tokens = issued.each_ref().map(|issued| parse(&issued.sd_cwt));
    let disclosures = tokens.iter().flat_map(|token| token.disclosures());
    let salts: Vec<_> = disclosures.map(|d| contents(d)[0].to_cbor()).collect();
    assert_eq!(salts.iter().collect::<BTreeSet<_>>().len(), salts.len());
}

/// What [`Issue::sign`] says about a request.
fn outcome(
    person: &Person,
    skill: &skills::Skill,
    expires_at: UnixSeconds,
) -> Result<(), IssueError> {
    let issuer = Did::of_inception(b"an institution");
    let request = Issue {
        issuer: &issuer,
        holder_key: holder_key().public(),
        person,
        attested: &skill.clone().into(),
        issued_at: NOW,
        expires_at,
        status: (StatusUri { issuer, list: 1 }, 1),
    };
    request.sign(&issuer_key(), &mut SeededRng(8)).map(|_| ())
}

#[test]
fn a_credential_names_somebody_with_a_birth_date_and_outlives_its_day() {
    let later = NOW.plus(DAY);
    assert_eq!(outcome(&person(), &skill(), later), Ok(()));
    let day = NOW.start_of_day();
    for too_early in [NOW, NOW.end_of_day(), UnixSeconds(0)] {
        let expected = IssueError::Expired(too_early.start_of_day());
        assert!(too_early.start_of_day() <= day);
        assert_eq!(outcome(&person(), &skill(), too_early), Err(expected));
    }
    let nameless = Person { birth_date: person().birth_date, ..Person::default() };
    assert_eq!(outcome(&nameless, &skill(), later), Err(IssueError::NoName));
    let ageless = Person { birth_date: None, ..person() };
    assert_eq!(outcome(&ageless, &skill(), later), Err(IssueError::NoName));
    let native = Person { name_native: person().name_native, ..nameless };
    assert_eq!(outcome(&native, &skill(), later), Ok(()), "one name in any script is enough");
}

#[test]
fn what_could_not_be_read_again_is_not_issued() {
    let later = NOW.plus(DAY);
    let mut backwards = skill();
    backwards.valid_until = Some(crate::time::Date(backwards.award_date.0 - 1));
    assert!(matches!(outcome(&person(), &backwards, later), Err(IssueError::Malformed(_))));
    let mut crowded = skill();
    crowded.skills = vec![crowded.skills[0].clone(); skills::MAX_ITEMS + 1];
    assert!(matches!(outcome(&person(), &crowded, later), Err(IssueError::Malformed(_))));
    let mut large = skill();
    let long = crate::test_support::line(&"ß".repeat(128));
    let item = skills::Experience {
        role: long.clone(),
        employer: Some(long.clone()),
        ..large.experience[0].clone()
    };
    large.experience = vec![item; skills::MAX_ITEMS];
    assert_eq!(outcome(&person(), &large, later), Ok(()));
    let item = skills::SkillItem { code: long.clone(), title: Some(long), level: None };
    large.skills = vec![item; skills::MAX_ITEMS];
    let refused = outcome(&person(), &large, later);
    assert!(matches!(refused, Err(IssueError::TooLarge(n)) if n > MAX_CREDENTIAL_BYTES));
}

#[test]
fn names_are_given_back_in_their_own_script() {
    for name in ["ᜋᜎᜌ", "महेन्द्र बहादुर", "மாலதி", "محمد عبد الله", "Nguyễn Thị Ánh"]
    {
        let person = Person { name_native: Some(crate::test_support::line(name)), ..person() };
        let issued = issue(&person, &skill(), &mut SeededRng(9));
        let claims = restored(&parse(&issued.sd_cwt), Reader::Holder).claims;
        let shown: String =
            Claims::read(&claims).unwrap().person.name_native.unwrap().as_str().into();
        assert_eq!(shown, name);
    }
}
