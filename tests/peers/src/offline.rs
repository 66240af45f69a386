//! What each answers without a network.
//!
//! Every answer is the library's own, got by calling it. The remark beside it is ours.

use std::net::TcpListener;

use carnet_proto::cbor::Encode as _;
use carnet_proto::presentation::KeyBindingToken;
use carnet_proto::profile::claim;
use carnet_proto::status::Status;
use carnet_proto::time::DAY;
use data_encoding::BASE64URL_NOPAD;
use ssi::claims::sd_jwt::SdJwtBuf;

use crate::mdoc::Isomdl;
use crate::ours::{ISSUER, Ours};
use crate::sd_cwt::SdCwtCrate;
use crate::sd_jwt_rs::SdJwtRs;
use crate::ssi_sd_jwt::Ssi;
use crate::{Peer, worker};

/// The name that somebody else would like to have.
const ANOTHER_NAME: &str = "Somebody Else";

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who answered.
    pub peer: &'static str,
    /// Nothing said against it, or what was.
    pub said: Result<(), String>,
    /// What to know about it.
    pub remark: &'static str,
}

/// One case and all answers to it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is presented.
    pub name: &'static str,
    /// Answers, in the order of [`PEERS`].
    pub answers: Vec<Answer>,
}

/// The columns.
pub const PEERS: [&str; 5] = ["carnet", "sd-cwt", "ssi", "sd-jwt-rs", "isomdl"];

struct All {
    ours: Ours,
    sd_cwt: SdCwtCrate,
    ssi: Ssi,
    sd_jwt_rs: SdJwtRs,
    isomdl: Isomdl,
}

/// Asks everybody everything.
#[must_use]
pub fn cases() -> Vec<Case> {
    let all = All {
        ours: Ours::new(),
        sd_cwt: SdCwtCrate::new(),
        ssi: Ssi::new(),
        sd_jwt_rs: SdJwtRs::new(),
        isomdl: Isomdl::new(),
    };
    vec![all.genuine(), all.altered(), all.revoked(), all.unknown(), all.down(), all.stale()]
}

impl All {
    fn case(&self, name: &'static str, said: [(Result<(), String>, &'static str); 5]) -> Case {
        let answers = PEERS.iter().zip(said);
        let answers = answers.map(|(peer, (said, remark))| Answer { peer, said, remark });
        Case { name, answers: answers.collect() }
    }

    fn peers(&self) -> [&dyn Peer; 4] {
        [&self.sd_cwt, &self.ssi, &self.sd_jwt_rs, &self.isomdl]
    }

    fn genuine(&self) -> Case {
        let [sd_cwt, ssi, sd_jwt_rs, isomdl] =
            self.peers().map(|peer| peer.verify(&peer.present(&peer.issue())));
        let stapled = self.ours.present_with(true).to_file();
        self.case(
            "genuine",
            [
                (self.ours.verify_stapled(&stapled), "nothing at hand but the policy"),
                (sd_cwt, "the caller brings the issuer's key and checks the holder"),
                (ssi, "the caller brings the issuer's key and compares audience and nonce"),
                (sd_jwt_rs, "the caller brings the issuer's key"),
                (isomdl, "the caller brings the authority's certificate"),
            ],
        )
    }

    /// One of the three values shown is another one.
    fn altered(&self) -> Case {
        let altered = self.ours_altered();
        let [sd_cwt, ssi, sd_jwt_rs, isomdl] = self.peers().map(|peer| peer.present(&peer.issue()));
        let sd_cwt = self.sd_cwt.altered(&sd_cwt, claim::NAME_LATIN, ANOTHER_NAME);
        let isomdl = self.isomdl.altered(&isomdl, "name_latin", ANOTHER_NAME);
        // The holder alters, and binds: what is left is the issuer's word.
        let ssi = self.ssi.bind(altered_sd_jwt(&ssi));
        let sd_jwt_rs = self.ssi.bind(altered_sd_jwt(&sd_jwt_rs));
        let sd_jwt_rs = self.sd_jwt_rs.read(&sd_jwt_rs).map(|claims| {
            assert!(claims.get("birth_date").is_some() && claims.get("name_latin").is_none());
        });
        let read = self.isomdl.read(&isomdl, "name_latin").map(|name| {
            assert_eq!(name, ANOTHER_NAME);
        });
        self.case(
            "altered: another name shown",
            [
                (self.ours.verify_stapled(&altered), ""),
                (self.sd_cwt.verify(&sd_cwt), ""),
                (self.ssi.verify(&ssi), ""),
                (
                    sd_jwt_rs,
                    "the altered name is left out of what the verifier is shown, and nothing says \
                     so",
                ),
                (
                    read,
                    "0.2.0 does not compare what is shown with the digests that are signed; \
                     merged upstream since (spruceid/isomdl#132)",
                ),
            ],
        )
    }

    fn ours_altered(&self) -> Vec<u8> {
        let mut presentation = self.ours.present_with(true);
        let presented = &mut presentation.presented[0];
        let name = worker::PERSON.name_latin.as_ref().expect("a name").to_cbor();
        let another = carnet_proto::text::Line::parse(ANOTHER_NAME).expect("a line").to_cbor();
        // Same length, so that no head changes.
        let mut another = another;
        another.resize(name.len(), b' ');
        another[0] = name[0];
        let at = presented.token.windows(name.len()).position(|w| w == name).expect("the name");
        presented.token[at..at + name.len()].copy_from_slice(&another);
        // The holder signs it anew: what is left is the issuer's word.
        let token = KeyBindingToken::parse(&presented.token).expect("a token");
        let inner = token.credential.with_disclosures(|_| true);
        let wallet = &self.ours.world.wallet;
        let key = wallet.key(&wallet.credentials()[0]);
        presented.token = KeyBindingToken::sign(&inner, &token.claims, &key);
        presentation.to_file()
    }

    /// The issuer has revoked the credential.
    fn revoked(&self) -> Case {
        let mut ours = Ours::new();
        ours.world.set_status(ISSUER, 1000, Status::Invalid);
        ours.world.step(3600);
        ours.settle();
        let before = ours.present_with(true).to_file();
        assert!(ours.verify_stapled(&before).is_ok(), "what was fetched before counts for a day");
        assert!(
            ours.verify_warm(&ours.verifier(), &before).is_err(),
            "and not for whoever has logs at hand"
        );
        ours.world.refresh();
        let stapled = ours.present_with(true).to_file();
        let [sd_cwt, ssi, sd_jwt_rs, isomdl] =
            self.peers().map(|peer| peer.verify(&peer.present(&peer.issue())));
        self.case(
            "revoked by the issuer",
            [
                (
                    ours.verify_stapled(&stapled),
                    "the same with logs at hand, whatever is stapled; with none at hand, evidence \
                     fetched before the revocation counts for as long as the policy lets a view \
                     be old, here a day",
                ),
                (sd_cwt, "status is a claim like any other: the caller must"),
                (
                    ssi,
                    "`verify` does not read the claim `status`; a client for lists is in `ssi`, \
                     and needs the network",
                ),
                (sd_jwt_rs, "no notion of status: the caller must"),
                (isomdl, "no notion of status, no CRL is read: the caller must"),
            ],
        )
    }

    /// Well made, by somebody whom nobody that the verifier trusts vouches for.
    fn unknown(&self) -> Case {
        let ours = Ours::issued_by("stranger");
        let stapled = ours.present_with(true).to_file();
        let ssi = self.ssi.present(&self.ssi.issue_as_stranger());
        let sd_cwt = self.sd_cwt.present(&self.sd_cwt.issue_as_stranger());
        let sd_jwt_rs = self.sd_jwt_rs.present(&self.sd_jwt_rs.issue_as_stranger());
        let isomdl = self.isomdl.present(&self.isomdl.issue_as_stranger());
        assert!(self.ssi.verify(&ssi).is_err(), "another key than the one pinned");
        self.case(
            "unknown issuer",
            [
                (ours.verify_stapled(&stapled), ""),
                (
                    self.sd_cwt.verify(&sd_cwt),
                    "only because the caller brings one key: `iss` is tied to none",
                ),
                (
                    self.ssi.verify_with_dids(&ssi),
                    "its resolver takes any `did:jwk`: who may issue is for the caller; with the \
                     issuer's key pinned it is refused",
                ),
                (
                    self.sd_jwt_rs.verify(&sd_jwt_rs),
                    "only because the caller's callback returns one key; it cannot say that it \
                     knows none",
                ),
                (self.isomdl.verify(&isomdl), ""),
            ],
        )
    }

    /// Nothing listens where the issuer publishes its key.
    fn down(&self) -> Case {
        let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = closed.local_addr().expect("an address").port();
        drop(closed);
        let stapled = self.ours.present_with(true).to_file();
        let did = format!("did:web:127.0.0.1%3A{port}");
        let ssi = self.ssi.present(&self.ssi.issue_as_web(&did));
        let url = format!("http://127.0.0.1:{port}/status/0");
        assert!(self.ssi.fetch_status(&url).is_err(), "no list either");
        let ssi = self.ssi.verify_with_dids(&ssi).map_err(|e| e.replace(&port.to_string(), "PORT"));
        let [sd_cwt, _, sd_jwt_rs, isomdl] =
            self.peers().map(|peer| peer.verify(&peer.present(&peer.issue())));
        self.case(
            "issuer's server down",
            [
                (self.ours.verify_stapled(&stapled), "asks no server"),
                (sd_cwt, "asks no server: the caller got the key before"),
                (ssi, "an issuer with a `did:web`; nor can its status list be fetched"),
                (sd_jwt_rs, "asks no server: the caller got the key before"),
                (isomdl, "asks no server: the certificate travels along"),
            ],
        )
    }

    /// The same two days later, for a policy that accepts what is a day old.
    fn stale(&self) -> Case {
        let mut ours = Ours::new();
        ours.world.now = ours.world.now.plus(2 * DAY);
        ours.settle();
        let stapled = ours.present_with(true).to_file();
        let [sd_cwt, ssi, sd_jwt_rs, isomdl] =
            self.peers().map(|peer| peer.verify(&peer.present(&peer.issue())));
        let none = "no notion of how old its knowledge is";
        self.case(
            "nothing newer than two days known",
            [
                (ours.verify_stapled(&stapled), "a day is what the policy allows"),
                (sd_cwt, none),
                (ssi, none),
                (sd_jwt_rs, none),
                (isomdl, none),
            ],
        )
    }
}

/// Shows another name in an SD-JWT, without the holder's binding.
fn altered_sd_jwt(presentation: &[u8]) -> SdJwtBuf {
    let text = str::from_utf8(presentation).expect("text");
    let (shown, _) = text.rsplit_once('~').expect("an SD-JWT");
    let parts = shown.split('~').map(|part| {
        let decoded = BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded {
            Some(disclosure) if disclosure.contains("\"name_latin\"") => {
                let name = worker::PERSON.name_latin.as_ref().expect("a name").to_string();
                let altered = disclosure.replace(&name, ANOTHER_NAME);
                assert_ne!(altered, disclosure);
                BASE64URL_NOPAD.encode(altered.as_bytes())
            }
            _ => part.to_owned(),
        }
    });
    let altered = parts.collect::<Vec<_>>().join("~") + "~";
    SdJwtBuf::new(altered.into_bytes()).expect("an SD-JWT")
}
