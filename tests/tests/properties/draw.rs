//! Values of every type of the formats, drawn from a string of bytes. Where the bytes end, everything
//! is as small as it may be: so a case that fails shrinks with its bytes.

use carnet_proto::anchor::Anchor;
use carnet_proto::cbor::Bytes;
use carnet_proto::challenge::Challenge;
use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::contribution::Contribution;
use carnet_proto::credential::skill::{
    Assessment, AssessmentMethod, ClaimType, Endorsed, Endorsement, EvidenceRule, Experience,
    LanguageSkill, Learning, Licence, LicenceStatus, PriorLearningEvidence, PriorLearningKind,
    Skill, SkillItem,
};
use carnet_proto::evidence::{
    EarlierCheckpoint, EntryEvidence, Evidence, LogEvidence, StatementEvidence, StatusEvidence,
};
use carnet_proto::id::{Commitment, CredentialId, Did, Digest, LeafIndex, RootHash, TreeSize};
use carnet_proto::issuing::{
    CredentialFile, IssuedBatch, IssuedRow, IssuingOrder, IssuingRow, PersonRow,
};
use carnet_proto::key::{CoseKey, PublicKey, PublicKeySet, Purpose, Seed};
use carnet_proto::log::checkpoint::{Checkpoint, Note, NoteSignature};
use carnet_proto::log::fork::ForkProof;
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::log::proof::{ConsistencyProof, InclusionProof};
use carnet_proto::presentation::{KeyBindingClaims, Presentation, Presented};
use carnet_proto::profile::Profile;
use carnet_proto::recognition::RecognitionTerms;
use carnet_proto::request::KeyRequestClaims;
use carnet_proto::statement::accreditation::{
    Accreditation, Branch, Grant, Level, LevelRange, Withdrawal, WithdrawalReason,
};
use carnet_proto::statement::agreement::{
    Agreement, AgreementKind, Body, Denunciation, Party, Ratification, Signatory, SourceText,
};
use carnet_proto::statement::fork::Accusation;
use carnet_proto::statement::identity::{Inception, Rotation, Succession};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::{Contact, InstitutionProfile, NodeAddress, Role};
use carnet_proto::statement::standing::{Closing, KeyPeriod, Standing, State};
use carnet_proto::status::{MIN_ENTRIES, StatusList, StatusReference};
use carnet_proto::sync::message::{
    Checkpoints, CosignRefusal, Cosigned, Entries, ForkShown, ForkWanted, Gossip, Head, Heads,
    Offer, Peers, PeersWanted, Range, Refusal, RefusalReason, Request, Response, Since, StatusPage,
    StatusTokens,
};
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{Date, UnixSeconds, Validity};
use carnet_proto::totalisation::period::{PeriodKind, StateCode, TimeUnit};
use carnet_proto::totalisation::rules::{
    AgreementFamily, Denominator, Formula, Mechanism, MechanismKind, PeriodRule, PeriodRules,
    QuarterBasis, RuleId, ShortPeriod,
};
use carnet_proto::wallet::{PendingKey, WalletBody, WalletCredential};
use carnet_tests::world::{period, period_by_year};

/// The bytes that are left.
pub struct Source<'s>(pub &'s [u8]);

impl Source<'_> {
    pub fn draw<T: Draw>(&mut self) -> T {
        T::draw(self)
    }

    pub fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % bound
    }

    fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    /// Draws a number that is as likely short as long.
    fn number(&mut self) -> u64 {
        let width = self.byte() % 9;
        (0..width).fold(0, |n, _| n << 8 | u64::from(self.byte()))
    }

    fn list<T: Draw>(&mut self, length: std::ops::RangeInclusive<usize>) -> Vec<T> {
        let length = length.start() + self.below(length.end() - length.start() + 1);
        (0..length).map(|_| self.draw()).collect()
    }
}

fn each_once<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}

/// How a value is drawn.
pub trait Draw: Sized {
    fn draw(s: &mut Source<'_>) -> Self;
}

macro_rules! draw {
    ($($type:ty: |$s:ident| $value:expr;)*) => {
        $(impl Draw for $type {
            fn draw($s: &mut Source<'_>) -> Self {
                $value
            }
        })*
    };
}

/// Records, by the names of their fields; what no record may be is put right behind `where`.
macro_rules! records {
    ($($type:ident { $($field:ident),* $(,)? } $(where |$x:ident, $s:ident| $right:expr)?;)*) => {
        $(impl Draw for $type {
            fn draw(s: &mut Source<'_>) -> Self {
                #[allow(unused_mut)]
                let mut value = Self { $($field: s.draw()),* };
                $({
                    let ($x, $s) = (&mut value, s);
                    $right;
                })?
                value
            }
        })*
    };
}

/// Enumerations that know all their values.
macro_rules! codes {
    ($($type:ident)*) => { draw! { $($type: |s| s.one_of($type::ALL);)* } };
}

// Most combinations of its fields break a rule: one that breaks none is varied.
impl Draw for Contribution {
    fn draw(s: &mut Source<'_>) -> Self {
        let of = if s.draw() { period() } else { period_by_year() };
        let series: Option<CredentialId> = s.draw();
        let legislation: Country = s.draw();
        let part = StateCode::parse(&format!("{}-QC", legislation.code()));
        Self {
            legislation,
            legislation_part: part.filter(|_| s.draw()),
            scheme: s.draw(),
            dates_uncertain: s.draw(),
            category: s.draw(),
            sequence: series.map(|_| s.draw()),
            series,
            supersedes: s.draw(),
            occupation: s.draw(),
            special_scheme: s.draw(),
            ..of
        }
    }
}

impl<T: Draw> Draw for Vec<T> {
    fn draw(s: &mut Source<'_>) -> Self {
        s.list(0..=3)
    }
}

impl<T: Draw> Draw for Option<T> {
    fn draw(s: &mut Source<'_>) -> Self {
        (s.byte() % 2 == 1).then(|| s.draw())
    }
}

impl<const N: usize> Draw for [u8; N] {
    fn draw(s: &mut Source<'_>) -> Self {
        std::array::from_fn(|_| s.byte())
    }
}

/// Draws a text of letters, marks and signs from all over Unicode.
fn text(s: &mut Source<'_>) -> String {
    (0..s.below(40))
        .filter_map(|_| {
            let width = [7, 8, 11, 16, 21][s.below(5)];
            char::from_u32((s.number() % (1 << width)) as u32)
        })
        .collect()
}

/// Puts two times into their order.
fn sort<T: PartialOrd>(first: &mut T, last: &mut Option<T>) {
    if let Some(last) = last.as_mut().filter(|last| **last < *first) {
        std::mem::swap(first, last);
    }
}

/// Draws witnesses, none twice, and a quorum that they can reach.
fn witnesses(witnesses: &mut Vec<Did>, quorum: &mut Option<u8>) {
    witnesses.sort_unstable();
    witnesses.dedup();
    let count = witnesses.len() as u8;
    *quorum = (count > 0).then(|| quorum.unwrap_or(0) % count.max(1) + 1);
}

codes! { AgreementFamily AgreementKind AssessmentMethod Branch ClaimType CosignRefusal EvidenceRule LicenceStatus PriorLearningKind Profile RefusalReason Role WithdrawalReason }

codes! { MechanismKind PeriodKind TimeUnit ShortPeriod Denominator QuarterBasis Formula }

/// A rule adds, and nothing else: which keys go together is tried where rules are read.
fn adds() -> Vec<Mechanism> {
    vec![Mechanism::new(MechanismKind::Totalise)]
}

draw! {
    StateCode: |s| StateCode::from(s.draw::<Country>());
    RuleId: |s| RuleId::parse(&format!("R-{}", s.number())).unwrap();
    u8: |s| s.byte();
    u32: |s| s.number() as u32;
    u64: |s| s.number();
    bool: |s| s.byte() % 2 == 1;
    String: |s| text(s);
    Bytes: |s| { let length = s.below(70); Bytes((0..length).map(|_| s.byte()).collect()) };
    UnixSeconds: |s| UnixSeconds(s.number() % ((1 << 40) + 1));
    Date: |s| Date((s.number() % 3_652_059) as i32 - 719_162);
    LeafIndex: |s| LeafIndex(s.number());
    RecognitionTerms: |s| {
        let mut terms = carnet_tests::recognition::terms();
        terms.version = s.draw();
        terms.texts = s.draw();
        terms.scope.sectors = s.draw();
        terms.scope.occupations.extend(s.list::<Occupation>(0..=3));
        terms.scope.claims = s.draw();
        terms.parties[1].region = s.draw();
        terms.title_rows[0].occupation = s.draw();
        terms.samples[0].skill = s.draw();
        terms
    };
    TreeSize: |s| TreeSize(s.number());
    Did: |s| Did::of_inception(&s.draw::<[u8; 8]>());
    Digest: |s| Digest::new(s.draw());
    RootHash: |s| RootHash::new(s.draw());
    Commitment: |s| Commitment::new(s.draw());
    CredentialId: |s| CredentialId::new(s.draw());
    Line: |s| Line::parse(&text(s)).unwrap_or_else(|_| Line::parse("x").unwrap());
    Language: |s| Language::parse(s.one_of(&["en", "tl", "sr-Latn-RS", "yue-HK", "de-1996"])).unwrap();
    Occupation: |s| Occupation::all().nth(s.below(619)).unwrap();
    Field: |s| Field::all().nth(s.below(220)).unwrap();
    Country: |s| Country::all().nth(s.below(249)).unwrap();
    Framework: |s| Framework::parse(s.one_of(&["EQF", "PQF", "NVQ-LK", "Q9"])).unwrap();
    Level: |s| Level::parse(&format!("{}.{}", s.below(100), s.below(10))).unwrap();
    InclusionProof: |s| InclusionProof::new(s.list(0..=6)).unwrap();
    ConsistencyProof: |s| ConsistencyProof::new(s.list(0..=6)).unwrap();
    PublicKey: |s| Seed::new(s.draw()).signing_key(Purpose::Status).public();
    CoseKey: |s| CoseKey(s.draw());
    PublicKeySet: |s| Seed::new(s.draw()).public_key_set();
    StatusReference: |s| StatusReference { index: s.draw(), uri: s.draw() };
    Note: |s| {
        let key = Seed::new([s.byte(); 32]);
        let checkpoint = Checkpoint::new(&s.draw(), s.draw());
        let mut note = Note::sign(&checkpoint, &key.signing_key(Purpose::Checkpoint));
        for _ in 0..s.below(3) {
            let witness = key.signing_key(Purpose::Witness);
            note.add(note.clone().cosign(&s.draw(), &witness, s.draw()));
        }
        note
    };
    NoteSignature: |s| {
        let note: Note = s.draw();
        note.cosign(&s.draw(), &Seed::new(s.draw()).signing_key(Purpose::Witness), s.draw())
    };
    State: |s| match s.below(3) {
        0 => State::InForce,
        1 => State::Withdrawn { effective: s.draw(), by: s.draw(), retroactive: s.draw() },
        _ => State::Void,
    };
    StatusList: |s| {
        let mut list = StatusList::new(MIN_ENTRIES);
        for _ in 0..s.below(8) {
            let (index, status) = (s.number() % u64::from(MIN_ENTRIES), s.draw());
            assert!(list.set(index, status));
        }
        list
    };
    carnet_proto::status::Status: |s| s.one_of(carnet_proto::status::Status::ALL);
    Request: |s| match s.below(6) {
        0 => Request::Heads(s.draw()),
        1 => Request::Entries(s.draw()),
        2 => Request::Checkpoints(s.draw()),
        3 => Request::Status(s.draw()),
        4 => Request::Cosign(s.draw()),
        _ => Request::Peers(s.draw()),
    };
    Response: |s| match s.below(7) {
        0 => Response::Heads(s.draw()),
        1 => Response::Entries(s.draw()),
        2 => Response::Checkpoints(s.draw()),
        3 => Response::Status(s.draw()),
        4 => Response::Cosigned(s.draw()),
        5 => Response::Peers(s.draw()),
        _ => Response::Refused(s.draw()),
    };
    Gossip: |s| Gossip::Checkpoint(s.draw());
    KeyBindingClaims: |s| KeyBindingClaims {
        audience: s.draw(),
        expires_at: s.draw(),
        issued_at: s.draw(),
        nonce: s.draw::<Option<[u8; 16]>>().map(|n| n.repeat(1 + s.below(4))),
        container: s.draw(),
    };
    Presented: |s| Presented { token: s.draw::<Bytes>().0, anchor: s.draw() };
    Presentation: |s| Presentation {
        profile: s.draw(),
        presented: s.list(1..=3),
        evidence: s.draw::<Option<u64>>().map(|n| carnet_proto::cbor::Encode::to_cbor(&n)),
    };
}

records! {
    Validity { from, until } where |v, _s| sort(&mut v.from, &mut v.until);
    Name { language, text };
    TreeHead { size, root };
    Inception { keys, next };
    Rotation { keys, next, repudiated_from, kept } where |r, s| {
        // The beginning of a log cannot be void.
        r.repudiated_from = r.repudiated_from.map(|from| LeafIndex(from.0.max(1)));
        r.kept = if r.repudiated_from.is_some() { s.draw() } else { Vec::new() };
        r.kept.sort_unstable();
        r.kept.dedup()
    };
    Succession { institution, closed, successor };
    ForkProof { inception, smaller, larger, root, proof, rotations }
        where |p, s| p.proof = p.root.map(|_| s.draw());
    Accusation { accused, proof }
        where |a, _s| a.accused = Did::of_inception(&a.proof.inception.0);
    Issuance { credential_type, root };
    NodeAddress { peer, addresses };
    Contact { role, address };
    InstitutionProfile { names, country, role, web, nodes, contacts, witnesses, quorum }
        where |p, s| { p.names.push(s.draw()); witnesses(&mut p.witnesses, &mut p.quorum) };
    LevelRange { framework, lowest, highest }
        where |r, _s| if r.highest < r.lowest { std::mem::swap(&mut r.lowest, &mut r.highest) };
    Grant { credential_type, occupations, fields, levels, branches, countries };
    Accreditation { subject, name, grants, may_accredit, validity, legal_basis, appeal_body }
        where |a, s| { a.grants.push(s.draw()); a.may_accredit %= 9 };
    Withdrawal { target, effective, reason, retroactive } where |w, _s| {
        w.retroactive &= [WithdrawalReason::Fraud, WithdrawalReason::GrantedInError].contains(&w.reason)
    };
    Body { did, name, grants, may_accredit };
    Signatory { did, name, role, must };
    Party { country, bodies, signatories, witnesses, quorum } where |p, s| {
        p.signatories.push(Signatory { must: true, ..s.draw() });
        witnesses(&mut p.witnesses, &mut p.quorum)
    };
    SourceText { language, digest, address };
    PeriodRule { id, citation, text, general_knowledge, does } where |r, s| {
        r.text.push(s.draw());
        r.does = adds()
    };
    PeriodRules { id, family, parties, branches, from, until, rules } where |r, s| {
        r.parties.extend([s.draw::<StateCode>(), s.draw()]);
        each_once(&mut r.parties);
        if r.parties.len() == 1 {
            r.parties.clear();
        }
        if r.from.zip(r.until).is_some_and(|(from, until)| until < from) {
            std::mem::swap(&mut r.from, &mut r.until);
        }
        (0_u8..).zip(&mut r.rules).for_each(|(n, one)| one.id = RuleId::parse(&format!("R{n}")).unwrap())
    };
    Mechanism { kind, countries, kinds, over, value, unit, week, month, quarter, year, date, category,
        scheme, short, policy, basis, formula } where |m, _s| *m = Mechanism::new(MechanismKind::Totalise);
    Agreement { kind, titles, parties, validity, chains, texts, periods, recognition } where |a, s| {
        if let Some(periods) = &mut a.periods {
            a.kind = AgreementKind::Contributions;
            periods.parties.clear();
        }
        a.titles.push(s.draw());
        a.parties.extend([s.draw(), s.draw()]);
        // Its rules would have to name these parties.
        a.recognition = None;
        let signatories = a.parties.iter_mut().flat_map(|p| &mut p.signatories);
        (0_u8..).zip(signatories).for_each(|(n, one)| one.did = Did::of_inception(&[n]));
        let countries = a.parties.iter().map(|p| StateCode::from(p.country));
        if let Some(periods) = &mut a.periods {
            periods.parties.extend(countries);
            each_once(&mut periods.parties);
        }
        // Of one country alone they are no rules.
        a.periods = a.periods.take().filter(|periods| periods.parties.len() > 1);
    };
    Ratification { agreement, party, role, since };
    Denunciation { agreement, party, role, effective };
    KeyPeriod { from, until, keys, next, repudiated_from, kept };
    Closing { closed, successor, by };
    Standing { keys, statements, status_lists, profile, closing }
        where |x, s| x.keys.push(s.draw());
    Anchor { issuance, blinding, index, path }
        where |a, s| a.path = InclusionProof::new(s.list(5..=16)).unwrap();
    Challenge { audience, nonce, issued_at, expires_at, purpose, wishes } where |c, s| {
        c.nonce = Bytes(s.draw::<[u8; 16]>().repeat(1 + s.below(4)));
        c.issued_at = UnixSeconds(c.issued_at.0 % (1 << 39));
        c.expires_at = c.issued_at.plus(1 + s.number() % (1 << 39))
    };
    SkillItem { code, title, level };
    Assessment { methods, body, date, result, language, place, passed };
    Learning { provider, hours, credits, start, end } where |l, _s| if let Some(start) = &mut l.start {
        sort(start, &mut l.end);
    };
    Experience { role, start, end, hours, supervised, employer }
        where |e, _s| sort(&mut e.start, &mut e.end);
    Licence { number, register, status, restrictions, good_standing };
    PriorLearningEvidence { kind, date, vouched_by, digest, unit, rules };
    LanguageSkill { language, level }
        where |l, s| l.level = Line::parse(s.one_of(&["A1", "A2", "B1", "B2", "C1", "C2"])).unwrap();
    Endorsement { by, digest };
    Endorsed { credential, role, statement } where |e, _s| e.role = Role::Union;
    Skill {
        claim_type, title, national_code, standard, occupation, esco_occupation, framework, level,
        isced_level, field, award_date, valid_until, renewal, country, endorsements, series, sequence,
        supersedes, skills, assessment, learning, experience, licence, prior_learning, languages,
        endorses,
    } where |x, _s| {
        x.isced_level = x.isced_level.map(|level| level % 9);
        sort(&mut x.award_date, &mut x.valid_until)
    };
    EarlierCheckpoint { note, proof };
    StatementEvidence { entry, leaf, state, position, path };
    EntryEvidence { entry, leaf, path };
    StatusEvidence { token, position, path };
    Evidence { logs };
    LogEvidence {
        inception, note, standing, standing_path, earlier, statements, issuances, status, profile,
        rotations, successions,
    };
    Person { name_native, name_latin, name_icao, birth_date, nationality, document_number, portrait }
        where |p, s| {
            p.birth_date = Some(p.birth_date.unwrap_or(s.draw()));
            p.name_icao = Some(s.draw())
        };
    PersonRow { name_native, name_latin, name_icao, birth_date, nationality, document_number, portrait };
    IssuingRow { row, key_request, person, skill, expires_at, contribution }
        where |r, s| if r.contribution.is_some() == r.skill.is_some() {
            r.contribution = None;
            r.skill = Some(s.draw())
        };
    IssuingOrder { rows } where |o, s| {
        o.rows.push(s.draw());
        let periods = o.rows.last().is_some_and(|row| row.contribution.is_some());
        o.rows.retain(|row| row.contribution.is_some() == periods)
    };
    IssuedRow { row, file };
    IssuedBatch { issuance, rows };
    CredentialFile { profile, sd_cwt, anchor };
    KeyRequestClaims { institution, key, issued_at };
    PendingKey { salt, institution, created_at };
    WalletCredential { profile, sd_cwt, anchor, salt, evidence, refreshed_at };
    WalletBody { seed, credentials, pending };
    Head { origin, size, state, revision, is_forked };
    Heads { epoch, heads } where |h, _s| {
        h.heads.sort_by_key(|head| head.origin);
        h.heads.dedup_by_key(|head| head.origin)
    };
    Range { origin, from, to };
    Entries { entries, note, proof };
    Since { origin, epoch, revision };
    Checkpoints { epoch, revision, notes, more };
    StatusPage { origin, start, offset };
    StatusTokens { size, root, start, tokens, offset, left } where |t, _s| {
        if t.offset > 0 || t.left > 0 { t.tokens.truncate(1) }
    };
    ForkWanted { origin, note };
    ForkShown { proof };
    Offer { note };
    Cosigned { size, lines, refusal };
    PeersWanted { most };
    Peers { nodes };
    Refusal { reason };
}
