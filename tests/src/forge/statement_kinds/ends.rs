//! How keys and institutions begin and end, and proofs of forks.

use super::*;

/// A rotation after a theft: it reveals the set whose key signs the statements of the cases.
pub(super) fn rotation() -> Rotation {
    let mut kept = vec![Digest::of(b"one kept"), Digest::of(b"another kept")];
    kept.sort_unstable();
    Rotation {
        keys: Seed::new([8; 32]).public_key_set(),
        next: Seed::new([9; 32]).public_key_set().commitment(),
        repudiated_from: Some(LeafIndex(7)),
        kept,
    }
}

pub(super) fn succession() -> Succession {
    Succession { institution: subject(), closed: START, successor: Some(issuer()) }
}

pub(super) fn accusation() -> Accusation {
    let proof = fork::same_size();
    Accusation { accused: Did::of_inception(&proof.inception.0), proof }
}

pub(super) fn ends(c: &mut Cases, rotation: &Forged, succession: &Forged, fork: &Forged) {
    c.source("wire-format.md, rotation");
    let own = self::rotation();
    let kept = |digests: &[&Digest]| {
        let list = digests.iter().map(|digest| Value::Bytes(digest.as_bytes().to_vec()));
        Value::Array(list.collect())
    };
    let [one, other] = &own.kept[..] else { panic!("two") };
    let keys = |alter: &dyn Fn(&mut Entries)| {
        altered(rotation, |p| {
            let Value::Map(mut keys) = remove(p, 1) else { panic!("a map") };
            alter(&mut keys);
            set(p, 1, Value::Map(keys));
        })
    };
    let credential = *own.keys.credential.as_bytes();
    let itself = own.keys.commitment();
    for (name, error, input, about) in [
        (
            "rotation-inception-void",
            "Invalid",
            altered(rotation, |p| set(p, 3, int(0))),
            "The beginning of a log cannot be void.",
        ),
        (
            "rotation-keeps-where-nothing-is-void",
            "Invalid",
            altered(rotation, |p| drop(remove(p, 3))),
            "Statements are kept, and none is void.",
        ),
        (
            "rotation-kept-not-in-order",
            "Invalid",
            altered(rotation, |p| set(p, 4, kept(&[other, one]))),
            "Statements kept stand in the order of their digests.",
        ),
        (
            "rotation-kept-twice",
            "Invalid",
            altered(rotation, |p| set(p, 4, kept(&[one, one]))),
            "A statement is kept twice.",
        ),
        (
            "rotation-kept-list-empty",
            "Invalid",
            altered(rotation, |p| set(p, 4, kept(&[]))),
            "An empty list is written instead of left out.",
        ),
        (
            "rotation-1025-kept",
            "TooLarge",
            altered(rotation, |p| set(p, 4, list_of(Value::Bytes(vec![7; 32]), MAX_KEPT + 1))),
            "A rotation keeps at most 1,024 statements.",
        ),
        (
            "rotation-commits-to-itself",
            "Invalid",
            altered(rotation, |p| set(p, 2, Value::Bytes(itself.as_bytes().to_vec()))),
            "The set committed to is the one revealed.",
        ),
        (
            "rotation-key-twice",
            "Invalid",
            keys(&|k| set(k, 3, Value::Bytes(credential.to_vec()))),
            "Two of the six keys are the same.",
        ),
        (
            "rotation-without-commitment",
            "Missing",
            altered(rotation, |p| drop(remove(p, 2))),
            "A rotation commits to the set after it.",
        ),
        (
            "rotation-unknown-member",
            "UnknownKey",
            altered(rotation, |p| set(p, 5, int(1))),
            "There is a member that rotations do not have.",
        ),
    ] {
        c.invalid(name, "valid-rotation", &format!("Malformed:{error}"), about, input);
    }
    c.source("wire-format.md, succession");
    for (name, error, input, about) in [
        (
            "succession-of-itself",
            "Invalid",
            altered(succession, |p| set(p, 3, Value::Text(subject().to_string()))),
            "An institution succeeds itself.",
        ),
        (
            "succession-without-time",
            "Missing",
            altered(succession, |p| drop(remove(p, 2))),
            "It is not said when the institution closed.",
        ),
        (
            "succession-unknown-member",
            "UnknownKey",
            altered(succession, |p| set(p, 4, int(1))),
            "There is a member that successions do not have.",
        ),
    ] {
        c.invalid(name, "valid-succession", &format!("Malformed:{error}"), about, input);
    }
    c.source("wire-format.md, fork");
    let root = |p: &mut Entries| {
        let Value::Map(mut proof) = remove(p, 2) else { panic!("a map") };
        set(&mut proof, 4, Value::Bytes(vec![7; 32]));
        set(p, 2, Value::Map(proof));
    };
    for (name, error, input, about) in [
        (
            "fork-of-another-log",
            "Invalid",
            altered(fork, |p| set(p, 1, Value::Text(subject().to_string()))),
            "The proof is against another log.",
        ),
        ("fork-root-without-proof", "Invalid", altered(fork, root), "A root without its proof."),
        (
            "fork-without-proof",
            "Missing",
            altered(fork, |p| drop(remove(p, 2))),
            "Somebody is accused, and nothing proven.",
        ),
    ] {
        c.invalid(name, "valid-fork", &format!("Malformed:{error}"), about, input);
    }
}

pub(super) fn inception(c: &mut Cases) {
    c.source("wire-format.md, inception");
    let seed = Seed::new([8; 32]);
    let next = Seed::new([9; 32]).public_key_set().commitment();
    let statement = Statement::incept(Inception { keys: seed.public_key_set(), next }, &key());
    c.valid(
        "valid-inception",
        "An inception, whose hash is the institution's identifier.",
        input(statement.entry()),
        reads(&statement),
    );
    let good = Forged::of(statement.entry());
    let keys = |alter: &dyn Fn(&mut Entries)| {
        altered(&good, |p| {
            let Value::Map(mut keys) = remove(p, 1) else { panic!("a map") };
            alter(&mut keys);
            set(p, 1, Value::Map(keys));
        })
    };
    let credential = seed.signing_key(Purpose::Credential).public();
    for (name, error, input, about) in [
        (
            "inception-with-an-issuer",
            "Invalid",
            {
                let named = good.clone().protected(|h| {
                    let Value::Map(mut claims) = remove(h, 15) else { panic!("a map") };
                    set(&mut claims, 1, Value::Text(issuer().to_string()));
                    set(h, 15, Value::Map(claims));
                });
                input(&named.sign(&key()))
            },
            "An inception names an issuer, which it cannot know.",
        ),
        (
            "inception-key-twice",
            "Invalid",
            keys(&|k| set(k, 3, Value::Bytes(credential.as_bytes().to_vec()))),
            "Two of the six keys are the same.",
        ),
        (
            "inception-key-missing",
            "Missing",
            keys(&|k| drop(remove(k, 6))),
            "One of the six keys is missing.",
        ),
        (
            "inception-key-of-low-order",
            "Invalid",
            keys(&|k| {
                let mut identity = vec![0; 32];
                identity[0] = 1;
                set(k, 5, Value::Bytes(identity));
            }),
            "A key is of low order.",
        ),
    ] {
        c.invalid(name, "valid-inception", &format!("Malformed:{error}"), about, input);
    }
}
