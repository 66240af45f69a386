//! A genuine presentation with one bit, or a few bytes, of it changed.

use std::sync::OnceLock;

use carnet_proto::cbor::Encode as _;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::Presentation;
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::Verdict;
use carnet_proto::verify::verify;
use carnet_tests::world::{AUDIENCE, World};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::cases;

/// What a verifier has before it, with the whole logs and with stapled evidence.
struct Genuine {
    plain: Presentation,
    stapled: Presentation,
    policy: Policy,
    ledger: Ledger,
    now: UnixSeconds,
}

fn genuine() -> &'static Genuine {
    static GENUINE: OnceLock<Genuine> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let mut world = World::usual();
        world.refresh();
        let genuine = Genuine {
            plain: world.present(0),
            stapled: world.present_as(&[0], AUDIENCE, Some(&[9; 16]), true),
            policy: world.policy(),
            ledger: world.ledger(),
            now: world.now,
        };
        assert_eq!(genuine.verdict(&genuine.plain.to_cbor(), true), Verdict::Valid);
        assert_eq!(genuine.verdict(&genuine.stapled.to_cbor(), false), Verdict::Valid);
        genuine
    })
}

impl Genuine {
    fn verdict(&self, body: &[u8], with_logs: bool) -> Verdict {
        let none = Ledger::new();
        let ledger = if with_logs { &self.ledger } else { &none };
        verify(body, &self.policy, ledger, self.now).verdict
    }
}

/// The place in a body of what encodes to these bytes.
fn place(body: &[u8], part: &[u8]) -> std::ops::Range<usize> {
    let at = body.windows(part.len()).position(|window| window == part).unwrap();
    at..at + part.len()
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn one_flipped_bit_in_a_token_or_an_anchor_is_never_valid(
        in_anchor in any::<bool>(), stapled in any::<bool>(), at in any::<Index>(), bit in 0..8_u8,
    ) {
        let genuine = genuine();
        let presentation = if stapled { &genuine.stapled } else { &genuine.plain };
        let body = presentation.to_cbor();
        let shown = &presentation.presented[0];
        let part = if in_anchor { shown.anchor.to_cbor() } else { shown.token.clone() };
        let range = place(&body, &part);
        let mut changed = body.clone();
        changed[range.start + at.index(range.len())] ^= 1 << bit;
        prop_assert_ne!(genuine.verdict(&changed, !stapled), Verdict::Valid);
    }

    #[test]
    fn a_few_changed_bytes_outside_the_evidence_are_never_valid(
        changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        inserted in proptest::collection::vec((any::<Index>(), any::<u8>()), 0..3),
        removed in proptest::collection::vec(any::<Index>(), 0..3),
    ) {
        let genuine = genuine();
        let body = genuine.plain.to_cbor();
        let mut changed = body.clone();
        for (at, byte) in changes {
            let at = at.index(changed.len());
            changed[at] = byte;
        }
        for (at, byte) in inserted {
            changed.insert(at.index(changed.len()), byte);
        }
        for at in removed {
            changed.remove(at.index(changed.len()));
        }
        let is_valid = genuine.verdict(&changed, true) == Verdict::Valid;
        prop_assert_eq!(is_valid, changed == body);
    }

    #[test]
    fn a_changed_byte_of_the_evidence_never_makes_a_verifier_see_more(at in any::<Index>(), bit in 0..8_u8) {
        // Evidence may carry what is not needed, so that a change there can leave the answer as it
        // is; but without the logs, what it proves it proves by itself.
        let genuine = genuine();
        let body = genuine.stapled.to_cbor();
        let evidence = genuine.stapled.evidence.as_ref().unwrap();
        let range = place(&body, evidence);
        let mut changed = body.clone();
        changed[range.start + at.index(range.len())] ^= 1 << bit;
        let right = verify(&body, &genuine.policy, &Ledger::new(), genuine.now);
        let found = verify(&changed, &genuine.policy, &Ledger::new(), genuine.now);
        if found.verdict == Verdict::Valid {
            let (right, found) = (&right.credentials[0], &found.credentials[0]);
            prop_assert_eq!(&right.path, &found.path);
            prop_assert!(found.proven_time >= right.proven_time);
        }
    }
}
