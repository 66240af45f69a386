//! What can be done to a presentation on its way: by its holder, by whoever carries it, and by a
//! stranger with a log of his own.

use carnet_proto::cbor::{Decode, Decoder, Encode, Encoder, Mode, Value};
use carnet_proto::cose;
use carnet_proto::credential::SdCwt;
use carnet_proto::evidence::{Evidence, LogEvidence};
use carnet_proto::id::{Did, LeafIndex};
use carnet_proto::key::Purpose;
use carnet_proto::log::checkpoint::Note;
use carnet_proto::presentation::{
    KeyBindingClaims, KeyBindingToken, Presentation, Presented, container_digest,
};
use carnet_proto::profile::{AUDIENCE_ANYONE, header};
use carnet_proto::time::UnixSeconds;

use super::super::fixture::{AUDIENCE, Fixture, NONCE, seed};
use super::super::recipe::Recipe;
use super::adversary::{Adversary, forge};
use super::{Base, encode};

/// The seeds of the fixture's institutions are 1 to this.
const INSTITUTIONS: u8 = 8;

/// A presentation that is being changed.
pub struct Case {
    base: &'static Base,
    presentation: Presentation,
    evidence: Evidence,
    pub now: UnixSeconds,
    is_cut: bool,
}

impl Case {
    pub fn new(base: &'static Base, chosen: usize) -> Self {
        let (presentation, evidence) = base.bodies[chosen].clone();
        Self { base, presentation, evidence, now: base.now, is_cut: false }
    }

    /// Returns the bytes, tampered with once more if the recipe wanted that.
    pub fn into_body(self, recipe: &mut Recipe<'_>) -> Vec<u8> {
        let mut body = encode(&self.presentation, &self.evidence);
        if self.is_cut {
            recipe.tamper(&mut body);
        }
        body
    }

    /// Makes one change. Not every one can be made to every presentation.
    pub fn change(&mut self, recipe: &mut Recipe<'_>) {
        let at = recipe.index(self.presentation.presented.len());
        match recipe.byte() % 16 {
            0 => {
                if let Some(presented) = self.presentation.presented.get_mut(at) {
                    recipe.tamper(&mut presented.token);
                }
            }
            1 => self.change_anchor(at, recipe),
            2 => {
                let mask = recipe.word();
                self.present_again(at, |token, claims| {
                    (token.with_disclosures(|i| mask >> (i % 16) & 1 == 1), claims)
                });
            }
            3 => self.change_disclosures(at, recipe),
            4 => self.change_binding(at, recipe),
            5 => self.forge(at, recipe),
            6 => self.change_container(at, recipe),
            7 => self.change_logs(recipe),
            8 | 9 => self.change_log(recipe),
            10 => self.change_note(recipe),
            11 => self.bind_all(),
            12 | 13 => self.staple_adversary(at, recipe),
            14 => {
                let seconds =
                    u64::from(recipe.word()) * if recipe.byte() & 1 == 0 { 1 } else { 60 };
                let is_later = recipe.byte() & 1 == 0;
                self.now = if is_later { self.now.plus(seconds) } else { self.now.minus(seconds) };
            }
            _ => self.is_cut = true,
        }
    }

    /// Lets the holder sign a token anew, with other disclosures or claims.
    fn present_again(
        &mut self,
        at: usize,
        change: impl FnOnce(&SdCwt<'_>, KeyBindingClaims) -> (Vec<u8>, KeyBindingClaims),
    ) {
        let Some(presented) = self.presentation.presented.get_mut(at) else { return };
        let Ok(token) = KeyBindingToken::parse(&presented.token) else { return };
        let known = self.base.by_digest.get(&token.credential.digest());
        let key = &self.base.genuine[known.copied().unwrap_or_default()].key;
        let (sd_cwt, claims) = change(&token.credential, token.claims.clone());
        presented.token = KeyBindingToken::sign(&sd_cwt, &claims, key);
    }

    fn change_anchor(&mut self, at: usize, recipe: &mut Recipe<'_>) {
        let other = self.base.genuine[recipe.index(self.base.genuine.len())].anchor.clone();
        let Some(presented) = self.presentation.presented.get_mut(at) else { return };
        match (recipe.byte() % 6, &mut presented.anchor) {
            (0, anchor) => *anchor = None,
            (1, anchor) => *anchor = Some(other),
            (2, Some(anchor)) => anchor.blinding[recipe.index(32)] ^= recipe.byte(),
            (3, Some(anchor)) => anchor.index = LeafIndex(recipe.word().into()),
            (4, Some(anchor)) => anchor.issuance = other.issuance,
            (_, Some(anchor)) => anchor.path = other.path,
            _ => {}
        }
    }

    /// Shows disclosures in another order, twice, or those of another credential.
    fn change_disclosures(&mut self, at: usize, recipe: &mut Recipe<'_>) {
        let other = &self.base.genuine[recipe.index(self.base.genuine.len())].sd_cwt;
        let other = SdCwt::parse(other, Mode::Strict).expect("a credential");
        let what = recipe.byte();
        let (first, second) = (usize::from(recipe.byte()), usize::from(recipe.byte()));
        let mut altered = other.disclosures()[first % other.disclosures().len()].to_vec();
        if what & 8 != 0 {
            recipe.tamper(&mut altered);
        }
        self.present_again(at, |token, claims| {
            let mut shown: Vec<&[u8]> = token.disclosures().to_vec();
            let count = shown.len();
            match what % 4 {
                0 if count > 0 => shown.swap(first % count, second % count),
                1 if count > 0 => shown.push(shown[first % count]),
                2 => shown.push(&altered),
                _ if count > 0 => shown[second % count] = &altered,
                _ => {}
            }
            let mut e = Encoder::new();
            e.map(1).int(header::SD_CLAIMS.into()).array(shown.len());
            for disclosure in shown {
                e.raw(disclosure);
            }
            (cose::with_unprotected(token.sign1(), e.as_bytes()), claims)
        });
    }

    fn change_binding(&mut self, at: usize, recipe: &mut Recipe<'_>) {
        let (what, value) = (recipe.byte(), recipe.word());
        let digest = self.base.by_digest.keys().next().copied();
        let now = self.now;
        self.present_again(at, |token, mut claims| {
            match what % 9 {
                0 => claims.audience = "urn:carnet:verifier:other".into(),
                1 => claims.audience = AUDIENCE_ANYONE.into(),
                2 => claims.nonce = None,
                3 => claims.nonce = Some(vec![what; 16 + usize::from(value % 49)]),
                4 => claims.expires_at = claims.issued_at.plus(value.into()),
                5 => claims.issued_at = now.plus(u64::from(value)).minus(1 << 15),
                6 => claims.container = digest,
                7 => claims.container = None,
                _ => {
                    claims.nonce = Some(NONCE.into());
                    claims.audience = AUDIENCE.into();
                }
            }
            (token.with_disclosures(|_| true), claims)
        });
    }

    /// Changes what the issuer signed and signs it with some institution's key, even the issuer's.
    fn forge(&mut self, at: usize, recipe: &mut Recipe<'_>) {
        let signer = seed(1 + recipe.byte() % (INSTITUTIONS + 2));
        let purpose = Purpose::ALL[recipe.index(Purpose::ALL.len())];
        let what = recipe.byte();
        let which = usize::from(recipe.byte());
        let number = recipe.word();
        self.present_again(at, |token, claims| {
            let payload = token.payload().unwrap_or_default();
            let Ok(value) = Value::decode(&mut Decoder::new(payload, Mode::Strict)) else {
                return (token.with_disclosures(|_| true), claims);
            };
            let mut entries = value.as_map().unwrap_or_default().to_vec();
            let which = which % entries.len().max(1);
            match what % 4 {
                0 if !entries.is_empty() => drop(entries.remove(which)),
                1 if !entries.is_empty() => entries[which].1 = Value::Int(number.into()),
                2 => entries.push((Value::Int(-70_000 - i128::from(number)), Value::Null)),
                _ => {}
            }
            let payload = Value::Map(entries).to_cbor();
            (forge(token, &payload, &signer.signing_key(purpose)), claims)
        });
    }

    fn change_container(&mut self, at: usize, recipe: &mut Recipe<'_>) {
        let presented = &mut self.presentation.presented;
        if presented.is_empty() {
            return;
        }
        match recipe.byte() % 4 {
            0 => drop(presented.remove(at)),
            1 => presented.push(presented[at].clone()),
            2 => {
                let other = recipe.index(presented.len());
                presented.swap(at, other);
            }
            _ => {
                // The holder shows another credential as well.
                let genuine = &self.base.genuine[recipe.index(self.base.genuine.len())];
                let Ok(token) = KeyBindingToken::parse(&presented[at].token) else { return };
                let mask = recipe.word();
                let sd_cwt = SdCwt::parse(&genuine.sd_cwt, Mode::Strict).expect("a credential");
                let shown = sd_cwt.with_disclosures(|i| mask >> (i % 16) & 1 == 1);
                let token = KeyBindingToken::sign(&shown, &token.claims, &genuine.key);
                presented.push(Presented { token, anchor: Some(genuine.anchor.clone()) });
            }
        }
    }

    /// Lets the holder bind all tokens to the container that they are in now.
    fn bind_all(&mut self) {
        let presented = self.presentation.presented.iter();
        let tokens = presented.filter_map(|p| KeyBindingToken::parse(&p.token).ok());
        let digests: Vec<_> = tokens.map(|token| token.credential.digest()).collect();
        for at in 0..self.presentation.presented.len() {
            self.present_again(at, |token, claims| {
                let container = container_digest(&digests);
                (token.with_disclosures(|_| true), KeyBindingClaims { container, ..claims })
            });
        }
    }

    fn change_logs(&mut self, recipe: &mut Recipe<'_>) {
        let logs = &mut self.evidence.logs;
        if logs.is_empty() {
            return;
        }
        let (at, other) = (recipe.index(logs.len()), recipe.index(logs.len()));
        match recipe.byte() % 4 {
            0 => drop(logs.remove(at)),
            1 => logs.push(logs[at].clone()),
            2 => logs.swap(at, other),
            _ => {
                let borrowed = self.base.bodies[recipe.index(self.base.bodies.len())].1.clone();
                logs.extend(borrowed.logs);
            }
        }
    }

    fn change_log(&mut self, recipe: &mut Recipe<'_>) {
        let count = self.evidence.logs.len();
        let other = self.evidence.logs.get(recipe.index(count)).cloned();
        let at = recipe.index(count);
        let (Some(log), Some(other)) = (self.evidence.logs.get_mut(at), other) else { return };
        let what = recipe.byte();
        match what % 14 {
            0 => change_list(&mut log.statements, other.statements, recipe),
            1 => change_list(&mut log.issuances, other.issuances, recipe),
            2 => change_list(&mut log.status, other.status, recipe),
            3 => change_list(&mut log.earlier, other.earlier, recipe),
            4 => log.profile = if what & 16 == 0 { None } else { other.profile },
            5 => log.standing = other.standing,
            6 => log.note = other.note,
            7 => drop(recipe.tamper(&mut log.standing.0)),
            8 => drop(recipe.tamper(&mut log.inception.0)),
            9 => {
                let item = recipe.index(log.statements.len());
                if let Some(item) = log.statements.get_mut(item) {
                    if what & 16 == 0 {
                        recipe.tamper(&mut item.entry.0);
                    } else {
                        item.leaf = LeafIndex(recipe.word().into());
                    }
                }
            }
            10 => {
                let item = recipe.index(log.status.len());
                if let Some(item) = log.status.get_mut(item) {
                    recipe.tamper(&mut item.token.0);
                }
            }
            11 => change_list(&mut log.rotations, other.rotations, recipe),
            12 => change_list(&mut log.successions, other.successions, recipe),
            _ => {
                let item = recipe.index(log.issuances.len());
                if let Some(item) = log.issuances.get_mut(item) {
                    if what & 16 == 0 {
                        recipe.tamper(&mut item.entry.0);
                    } else {
                        item.leaf = LeafIndex(recipe.word().into());
                    }
                }
            }
        }
    }

    /// Takes cosignatures away, repeats them, changes their times, or adds those of strangers.
    fn change_note(&mut self, recipe: &mut Recipe<'_>) {
        let at = recipe.index(self.evidence.logs.len());
        let Some(log) = self.evidence.logs.get_mut(at) else { return };
        let Ok(mut note) = Note::parse(&log.note) else {
            return;
        };
        let mask = recipe.word();
        match recipe.byte() % 4 {
            0 => {
                let mut index = 0;
                note = note.retain(|_| {
                    index += 1;
                    mask >> (index % 16) & 1 == 1
                });
            }
            1 => {
                let lines = note.signatures().to_vec();
                let mut line = lines[recipe.index(lines.len())].clone();
                recipe.tamper(&mut line.bytes);
                note.add(line);
            }
            2 => {
                let stranger = Adversary::new(seed(200 + recipe.byte() % 32));
                let key = stranger.seed.signing_key(Purpose::Witness);
                note.add(note.cosign(&stranger.did, &key, self.now));
            }
            _ => {
                // In the name of a witness, but not by its key.
                let logs = &Fixture::get().logs;
                let witness = logs[recipe.index(logs.len())].origin();
                let key = seed(200).signing_key(Purpose::Witness);
                note.add(note.cosign(&witness, &key, self.now));
            }
        }
        log.note = note.to_string();
    }

    /// Staples a stranger's log, and perhaps shows a credential that the stranger issued.
    fn staple_adversary(&mut self, at: usize, recipe: &mut Recipe<'_>) {
        let what = recipe.byte();
        let mut adversary = Adversary::new(seed(200 + what % 4));
        let (did, now) = (adversary.did, self.base.now);
        let known: Vec<Did> = Fixture::get().logs.iter().map(|log| log.origin()).collect();
        let pick = |recipe: &mut Recipe<'_>| match recipe.index(known.len() + 1) {
            0 => did,
            n => known[n - 1],
        };
        let long_ago = now.minus(30 * 86_400);
        if what & 4 != 0 {
            let witnesses = if what & 8 == 0 { vec![] } else { vec![pick(recipe)] };
            adversary.introduce(witnesses);
        }
        for _ in 0..recipe.byte() % 4 {
            let who = pick(recipe);
            match recipe.byte() % 2 {
                // No institution signs an agreement twice.
                1 if who != did => adversary.agree(&[who], vec![did], long_ago),
                _ => adversary.accredit(who, long_ago),
            }
        }
        if what & 16 != 0 {
            let Some(presented) = self.presentation.presented.get(at) else { return };
            let Ok(token) = KeyBindingToken::parse(&presented.token) else { return };
            let known = self.base.by_digest.get(&token.credential.digest());
            let key = &self.base.genuine[known.copied().unwrap_or_default()].key;
            let Some((sd_cwt, anchor)) = adversary.issue(&token.credential) else { return };
            let token = KeyBindingToken::sign(&sd_cwt, &token.claims, key);
            self.presentation.presented[at] = Presented { token, anchor: Some(anchor) };
        }
        adversary.lists(u32::from(what >> 7), 1 << 10, now);
        for _ in 0..recipe.byte() % 4 {
            match recipe.byte() % 5 {
                0 => adversary.rotate(None),
                1 => adversary.rotate(Some(recipe.byte().into())),
                2 => adversary.end(pick(recipe), now.minus(recipe.word().into()), None),
                3 => adversary.end(pick(recipe), now.minus(86_400), Some(pick(recipe))),
                _ => adversary.confess(),
            }
        }
        let witness = adversary.seed.signing_key(Purpose::Witness);
        let cosigners = if what & 32 == 0 { vec![] } else { vec![(did, witness)] };
        let log: LogEvidence = adversary.evidence(&cosigners, now);
        self.evidence.logs.push(log);
    }
}

fn change_list<T: Clone>(list: &mut Vec<T>, other: Vec<T>, recipe: &mut Recipe<'_>) {
    let (what, at) = (recipe.byte(), recipe.index(list.len()));
    match what % 4 {
        0 if !list.is_empty() => drop(list.remove(at)),
        1 if !list.is_empty() => list.push(list[at].clone()),
        2 => list.clear(),
        _ => list.extend(other),
    }
}
