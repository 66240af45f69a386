//! Credentials with their disclosures, and the containers that they are shown in.

use carnet_proto::anchor::Anchor;
use carnet_proto::cbor::{Decode, Encode, Encoder, Mode, Value};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::claims::{AlwaysShown, Claims};
use carnet_proto::credential::contribution::Contribution;
use carnet_proto::credential::disclosure::{Node, Reader, Restored, redact, restore};
use carnet_proto::credential::skill::Skill;
use carnet_proto::evidence::Evidence;
use carnet_proto::presentation::{KeyBindingClaims, KeyBindingToken, Presentation, Presented};
use carnet_proto::profile::Profile;

use super::decoders::strict;
use super::fixture::SeededRng;
use super::recipe::Recipe;

const PROFILE: Profile = Profile::SdCwt08;

/// SD-CWTs as received, and claims that are redacted and restored.
pub fn credential(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else { return };
    match selector % 4 {
        0 => sd_cwt(rest, Mode::Strict),
        1 => sd_cwt(rest, Mode::Foreign),
        2 => {
            // A payload, and disclosures that need not fit it.
            let mut recipe = Recipe::new(rest);
            let mode = if recipe.byte() & 1 == 0 { Mode::Strict } else { Mode::Foreign };
            let payload = recipe.piece(usize::MAX);
            let mut pieces = Vec::new();
            while !recipe.is_done() {
                pieces.push(recipe.piece(usize::MAX));
            }
            for reader in [Reader::Holder, Reader::Verifier] {
                read(restore(PROFILE, payload, &pieces, reader, mode).ok());
            }
            let _ = AlwaysShown::read(payload);
        }
        _ => redacted(&mut Recipe::new(rest)),
    }
}

fn sd_cwt(data: &[u8], mode: Mode) {
    let Ok(token) = SdCwt::parse(data, mode) else { return };
    let count = token.disclosures().len();
    for reader in [Reader::Holder, Reader::Verifier] {
        read(token.restore(PROFILE, reader).ok());
    }
    token.kid();
    if mode == Mode::Foreign {
        return;
    }
    for keep in [0, count / 2, count] {
        let shown = token.with_disclosures(|index| index < keep);
        let shown = SdCwt::parse(&shown, mode).expect("a credential with fewer disclosures is one");
        assert_eq!((shown.disclosures().len(), shown.digest()), (keep, token.digest()));
    }
}

fn read(restored: Option<Restored>) {
    let Some(restored) = restored else { return };
    if let Ok(claims) = Claims::read(&restored.claims) {
        match &claims.attested {
            Attested::Skill(skill) => drop(strict::<Skill>(&skill.to_cbor())),
            Attested::Contribution(contribution) => {
                drop(strict::<Contribution>(&contribution.to_cbor()));
            }
        }
    }
}

/// Claims by a recipe: redacted, shown in part, and tampered with.
fn redacted(recipe: &mut Recipe<'_>) {
    let entries = entries(recipe, 0);
    let plain = plain(&Node::Map(entries.clone()));
    let mut rng = SeededRng(u64::from(recipe.word()));
    let (payload, all) = redact(PROFILE, entries, &mut rng);
    let give = |shown: &[Vec<u8>], reader| {
        let slices: Vec<_> = shown.iter().map(Vec::as_slice).collect();
        restore(PROFILE, &payload, &slices, reader, Mode::Strict)
    };
    if all.len() <= carnet_proto::profile::MAX_DISCLOSURES {
        let whole = give(&all, Reader::Holder).expect("what was redacted can be restored");
        assert_eq!((whole.claims.to_cbor(), whole.withheld), (plain.to_cbor(), 0));
    }
    let mut shown: Vec<_> = all.iter().filter(|_| recipe.byte() & 1 == 0).cloned().collect();
    if !shown.is_empty() {
        let at = recipe.index(shown.len());
        shown.rotate_left(at);
    }
    for reader in [Reader::Holder, Reader::Verifier] {
        if let Ok(part) = give(&shown, reader) {
            assert!(
                is_part(&part.claims.to_value().expect("claims"), &plain),
                "only what was there can be shown"
            );
        }
    }
    let at = recipe.index(shown.len());
    if let Some(disclosure) = shown.get_mut(at)
        && recipe.tamper(disclosure)
        && !all.contains(disclosure)
    {
        assert!(give(&shown, Reader::Holder).is_err(), "an altered disclosure fits nothing");
    }
}

fn entries(recipe: &mut Recipe<'_>, depth: u8) -> Vec<(Value, Node, bool)> {
    let mut entries: Vec<(Value, Node, bool)> = Vec::new();
    for _ in 0..recipe.byte() % 6 {
        let shape = recipe.byte();
        let key = if shape & 1 == 0 {
            // Beyond the claims that must always show.
            Value::Int(-70_000 - i128::from(recipe.byte()))
        } else {
            Value::Text(format!("k{}", recipe.byte()))
        };
        if entries.iter().all(|(known, ..)| *known != key) {
            entries.push((key, node(recipe, depth + 1), shape & 2 != 0));
        }
    }
    entries
}

fn node(recipe: &mut Recipe<'_>, depth: u8) -> Node {
    match (recipe.byte() % 8, depth) {
        (0 | 1, 0..6) => Node::Map(entries(recipe, depth)),
        (2 | 3, 0..6) => {
            let count = recipe.byte() % 6;
            let element = |_| (node(recipe, depth + 1), recipe.byte() & 1 == 0);
            Node::Array((0..count).map(element).collect())
        }
        (4, _) => Node::Value(Value::Text("t".repeat(recipe.index(300)))),
        (5, _) => Node::Value(Value::Bytes(vec![7; recipe.index(300)])),
        (6, _) => Node::Value(Value::Bool(recipe.byte() & 1 == 0)),
        _ => Node::Value(Value::Int(i128::from(recipe.word()))),
    }
}

fn plain(node: &Node) -> Value {
    match node {
        Node::Value(value) => value.clone(),
        Node::Encoded(bytes) => Value::from_cbor(bytes).expect("encoded by us"),
        Node::Map(entries) => {
            Value::Map(entries.iter().map(|(key, node, _)| (key.clone(), plain(node))).collect())
        }
        Node::Array(items) => Value::Array(items.iter().map(|(node, _)| plain(node)).collect()),
    }
}

/// Returns whether a value is another with entries or elements left out.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Map(part), Value::Map(whole)) => part.iter().all(|(key, value)| {
            whole.iter().any(|(known, inner)| known == key && is_part(value, inner))
        }),
        (Value::Array(part), Value::Array(whole)) => {
            let mut whole = whole.iter();
            part.iter().all(|value| whole.any(|inner| is_part(value, inner)))
        }
        (part, whole) => part == whole,
    }
}

/// Containers, key-binding tokens and what is stapled to them.
pub fn presentation(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else { return };
    match selector % 4 {
        0 => {
            let Some(presentation) = strict::<Presentation>(rest) else { return };
            for presented in &presentation.presented {
                token(&presented.token);
            }
            if let Some(stapled) = &presentation.evidence {
                evidence(stapled);
            }
            let file = presentation.to_file();
            assert_eq!(Presentation::open(&file), Ok(rest));
        }
        1 => token(rest),
        2 => evidence(rest),
        _ => {
            strict::<KeyBindingClaims>(rest);
            strict::<Presented>(rest);
            strict::<Anchor>(rest);
        }
    }
}

fn token(data: &[u8]) {
    let Ok(token) = KeyBindingToken::parse(data) else { return };
    let claims = token.claims.to_cbor();
    assert_eq!(KeyBindingClaims::from_cbor(&claims), Ok(token.claims.clone()));
    read(token.credential.restore(PROFILE, Reader::Verifier).ok());
}

fn evidence(data: &[u8]) {
    let Some(evidence) = strict::<Evidence>(data) else { return };
    let (ledger, dropped) = evidence.verify();
    let (again, dropped_again) = evidence.verify();
    assert_eq!((ledger.logs().count(), dropped), (again.logs().count(), dropped_again));
    // Joined with nothing it is of the format still, and joined with itself no different.
    let joined = Evidence::join([evidence.clone()]).to_cbor();
    let read = Evidence::from_cbor(&joined).expect("joined evidence is evidence");
    assert_eq!(Evidence::join([read.clone(), read]).to_cbor(), joined);
    let mut e = Encoder::new();
    e.raw(&joined);
    assert_eq!(Evidence::join_encoded(&[e.as_bytes()]), Some(joined));
}
