//! ISO/IEC 18013-5 mdoc with `isomdl`.
//!
//! Its reader accepts one document type only, that of driving licences, so the worker's claims stand in
//! that one's namespace. Every element of an mdoc can be withheld; what Carnet always shows is one more
//! element, always shown. The encryption of a session between two devices is left out on both sides.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::LazyLock;
use std::time::Duration;

use ciborium::Value;
use isomdl::cbor;
use isomdl::definitions::device_key::cose_key::{CoseKey, EC2Curve, EC2Y};
use isomdl::definitions::device_request::{DataElements, ItemsRequest, Namespaces};
use isomdl::definitions::device_signed::DeviceAuthType;
use isomdl::definitions::helpers::{NonEmptyVec, Tag24};
use isomdl::definitions::x509::X5Chain;
use isomdl::definitions::x509::trust_anchor::{TrustAnchor, TrustAnchorRegistry, TrustPurpose};
use isomdl::definitions::{
    DeviceKeyInfo, DeviceResponse, DigestAlgorithm, SessionEstablishment, SessionTranscript180135,
    ValidityInfo,
};
use isomdl::issuance::Mdoc;
use isomdl::presentation::authentication::AuthenticationStatus;
use isomdl::presentation::device::{
    DeviceSession, Document, Documents, RequestedItems, SessionManager, SessionManagerInit,
};
use isomdl::presentation::{reader, reader_utils};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::builder::{Builder as _, CertificateBuilder, Profile};
use x509_cert::der::asn1::Ia5String;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage,
    IssuerAltName, KeyUsage, KeyUsages, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::Validity;

use crate::Peer;
use crate::worker::{
    self, EXPIRES_AT, HOLDER_SECRET, ISSUED_AT, ISSUER_SECRET, REDACTABLE, SHOWN, STRANGER_SECRET,
};

const DOC_TYPE: &str = "org.iso.18013.5.1.mDL";
const NAMESPACE: &str = "org.iso.18013.5.1";
/// The element for what is always shown.
const ALWAYS: &str = "skill";
/// Key purpose of a document signer (ISO/IEC 18013-5, table B.4).
const DOCUMENT_SIGNER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.0.18013.5.1.2");
/// CBOR tag of a full date (RFC 8943).
const TAG_FULL_DATE: u64 = 1004;
/// Secret keys of two certificate authorities.
const AUTHORITY_SECRET: [u8; 32] = [0x31; 32];
const STRANGE_AUTHORITY_SECRET: [u8; 32] = [0x75; 32];

/// An issuer with its certificate, a holder with a session, a verifier who trusts the authority.
pub struct Isomdl {
    issuer: SigningKey,
    holder: SigningKey,
    chain: X5Chain,
    trusted: TrustAnchorRegistry,
    session: SessionTranscript180135,
    requested: RequestedItems,
}

fn key(secret: &[u8; 32]) -> SigningKey {
    SigningKey::from_slice(secret).expect("a key")
}

/// A certificate authority and a document signer that it certifies, with the extensions of tables B.2
/// and B.4 of ISO/IEC 18013-5.
fn certificates(authority: &SigningKey, signer: &SigningKey, name: &str) -> [Certificate; 2] {
    let name = Name::from_str(&format!("CN={name},C=PH")).expect("a name");
    let year = Duration::from_secs(365 * 86_400);
    let spki = |key: &SigningKey| {
        SubjectPublicKeyInfoOwned::from_key(*key.verifying_key()).expect("a key")
    };
    let identifier = |key: &SigningKey| {
        let spki = spki(key).to_der().expect("a key");
        let spki = SubjectPublicKeyInfoRef::from_der(&spki).expect("a key");
        SubjectKeyIdentifier::try_from(spki).expect("a digest")
    };
    let contact = GeneralName::Rfc822Name(Ia5String::new("desk@authority.example").expect("text"));
    let list = Ia5String::new("https://authority.example/crl").expect("text");
    let lists = CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![
            GeneralName::UniformResourceIdentifier(list),
        ])),
        reasons: None,
        crl_issuer: None,
    }]);
    let build = |subject: Name, issuer: Option<Name>, key: &SigningKey, is_authority: bool| {
        let mut builder = CertificateBuilder::new(
            Profile::Manual { issuer },
            SerialNumber::from(7u32),
            Validity::from_now(year).expect("a year"),
            subject,
            spki(key),
            authority,
        )
        .expect("a certificate");
        builder.add_extension(&identifier(key)).expect("an extension");
        builder.add_extension(&IssuerAltName(vec![contact.clone()])).expect("an extension");
        builder.add_extension(&lists).expect("an extension");
        if is_authority {
            let usage = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
            builder.add_extension(&usage).expect("an extension");
            let constraints = BasicConstraints { ca: true, path_len_constraint: Some(0) };
            builder.add_extension(&constraints).expect("an extension");
        } else {
            let above = AuthorityKeyIdentifier {
                key_identifier: Some(identifier(authority).0),
                ..Default::default()
            };
            builder.add_extension(&above).expect("an extension");
            let usage = KeyUsage(KeyUsages::DigitalSignature.into());
            builder.add_extension(&usage).expect("an extension");
            let purpose = ExtendedKeyUsage(vec![DOCUMENT_SIGNER]);
            builder.add_extension(&purpose).expect("an extension");
        }
        builder.build::<DerSignature>().expect("a certificate")
    };
    let subject = Name::from_str("CN=Fictitious Institute,C=PH").expect("a name");
    [build(name.clone(), None, authority, true), build(subject, Some(name), signer, false)]
}

fn chain(certificate: Certificate) -> X5Chain {
    let chain = X5Chain::builder().with_certificate(certificate).expect("a certificate");
    chain.build().expect("a chain")
}

/// Establishes a session between a device that holds a document and a reader.
fn establish(document: Document, wanted: &Namespaces) -> SessionManager {
    let documents = Documents::new(DOC_TYPE.into(), document);
    let device = SessionManagerInit::initialise(documents, None, None).expect("a session");
    let (device, qr) = device.qr_engagement().expect("a QR code");
    let registry = TrustAnchorRegistry::default();
    let (_, request, _) =
        reader::SessionManager::establish_session(qr, wanted.clone(), registry.clone())
            .expect("a session");
    let request: SessionEstablishment = cbor::from_slice(&request).expect("a request");
    device.process_session_establishment(request, registry).expect("a session").0
}

/// The worker's claims as elements.
static ELEMENTS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let mut claims = worker::json("");
    let mut elements: BTreeMap<_, _> = REDACTABLE
        .iter()
        .map(|place| {
            let name = place[place.len() - 1];
            let value = worker::at(&claims, place);
            let value = match name {
                "portrait" => Value::Bytes(vec![0x5a; 32]),
                "birth_date" => {
                    let date = value.as_str().expect("a date").to_owned();
                    Value::Tag(TAG_FULL_DATE, Box::new(Value::Text(date)))
                }
                _ => Value::serialized(value).expect("a value"),
            };
            (name.to_owned(), value)
        })
        .collect();
    let skill = claims[ALWAYS].as_object_mut().expect("a map");
    skill.retain(|key, _| !REDACTABLE.iter().any(|place| place.last() == Some(&key.as_str())));
    elements.insert(ALWAYS.into(), Value::serialized(&claims[ALWAYS]).expect("a value"));
    elements
});

fn wanted() -> Vec<String> {
    let shown = SHOWN.iter().map(|place| place[place.len() - 1].to_owned());
    shown.chain([ALWAYS.to_owned()]).collect()
}

impl Default for Isomdl {
    fn default() -> Self {
        Self::new()
    }
}

impl Isomdl {
    /// With fixed keys, and a session that is established already.
    #[must_use]
    pub fn new() -> Self {
        let [authority, signer] =
            certificates(&key(&AUTHORITY_SECRET), &key(&ISSUER_SECRET), "Fictitious Authority");
        let trusted = TrustAnchorRegistry {
            anchors: vec![TrustAnchor { certificate: authority, purpose: TrustPurpose::Iaca }],
        };
        let mut names = wanted().into_iter().map(|name| (name, false));
        let (first, intent) = names.next().expect("an element");
        let mut data = DataElements::new(first, intent);
        names.for_each(|(name, intent)| {
            data.insert(name, intent);
        });
        let namespaces = Namespaces::new(NAMESPACE.into(), data);
        let (issuer, holder) = (key(&ISSUER_SECRET), key(&HOLDER_SECRET));
        let chain = chain(signer);
        let mdoc = issue(&issuer, &holder, &chain);
        let session = establish(mdoc.into(), &namespaces).session_transcript();
        let requested =
            vec![ItemsRequest { doc_type: DOC_TYPE.into(), namespaces, request_info: None }];
        Self { issuer, holder, chain, trusted, session, requested }
    }

    /// A credential of somebody whom an unknown authority certifies.
    #[must_use]
    pub fn issue_as_stranger(&self) -> Vec<u8> {
        let issuer = key(&STRANGER_SECRET);
        let [_, signer] =
            certificates(&key(&STRANGE_AUTHORITY_SECRET), &issuer, "Strange Authority");
        encode(issue(&issuer, &self.holder, &chain(signer)))
    }

    /// A presentation in which one element that is shown has another value.
    #[must_use]
    pub fn altered(&self, presentation: &[u8], name: &str, value: &str) -> Vec<u8> {
        let mut response: DeviceResponse = cbor::from_slice(presentation).expect("a response");
        let mut documents = response.documents.take().expect("documents").into_inner();
        let namespaces = documents[0].issuer_signed.namespaces.as_mut().expect("elements");
        let altered = namespaces[NAMESPACE].iter().map(|item| {
            let mut item = item.as_ref().clone();
            if item.element_identifier == name {
                item.element_value = Value::Text(value.into());
            }
            Tag24::new(item).expect("an element")
        });
        let altered = NonEmptyVec::try_from(altered.collect::<Vec<_>>()).expect("elements");
        namespaces.insert(NAMESPACE.into(), altered);
        response.documents = Some(NonEmptyVec::try_from(documents).expect("documents"));
        cbor::to_vec(&response).expect("a response")
    }

    /// Verifies, and returns what the verifier is shown under a name.
    ///
    /// # Errors
    /// What `isomdl` says against it.
    pub fn read(&self, presentation: &[u8], name: &str) -> Result<String, String> {
        let response: DeviceResponse = cbor::from_slice(presentation).map_err(|e| e.to_string())?;
        let (document, chain, shown) = reader::parse(&response).map_err(|e| e.to_string())?;
        let outcome = reader_utils::validate_response(
            self.session.clone(),
            self.trusted.clone(),
            chain,
            document.clone(),
            shown,
        );
        let valid = AuthenticationStatus::Valid;
        if outcome.issuer_authentication != valid || outcome.device_authentication != valid {
            return Err(serde_json::to_string(&outcome.errors).expect("JSON"));
        }
        let shown = &outcome.response[NAMESPACE][name];
        Ok(shown.as_str().map_or_else(|| shown.to_string(), str::to_owned))
    }
}

fn issue(issuer: &SigningKey, holder: &SigningKey, chain: &X5Chain) -> Mdoc {
    let point = holder.verifying_key().to_encoded_point(false);
    let device_key = CoseKey::EC2 {
        crv: EC2Curve::P256,
        x: point.x().expect("a point").to_vec(),
        y: EC2Y::Value(point.y().expect("a point").to_vec()),
    };
    let at = |seconds: u64| {
        OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).expect("a time"))
            .expect("a time")
    };
    let validity = ValidityInfo {
        signed: at(ISSUED_AT),
        valid_from: at(ISSUED_AT),
        valid_until: at(EXPIRES_AT),
        expected_update: None,
    };
    Mdoc::builder()
        .doc_type(DOC_TYPE.into())
        .namespaces([(NAMESPACE.to_owned(), ELEMENTS.clone())].into())
        .validity_info(validity)
        .digest_algorithm(DigestAlgorithm::SHA256)
        .device_key_info(DeviceKeyInfo { device_key, key_authorizations: None, key_info: None })
        // Nobody else here makes decoys of twelve claims.
        .enable_decoy_digests(false)
        .issue::<SigningKey, Signature>(chain.clone(), issuer.clone())
        .expect("a credential")
}

fn encode(mdoc: Mdoc) -> Vec<u8> {
    cbor::to_vec(&Document::from(mdoc)).expect("a document")
}

/// A device in a session.
struct Device<'a> {
    documents: Documents,
    session: &'a SessionTranscript180135,
}

impl DeviceSession for Device<'_> {
    type ST = SessionTranscript180135;

    fn documents(&self) -> &Documents {
        &self.documents
    }

    fn session_transcript(&self) -> SessionTranscript180135 {
        self.session.clone()
    }

    fn device_auth_type(&self) -> DeviceAuthType {
        DeviceAuthType::Sign1
    }
}

impl Peer for Isomdl {
    fn name(&self) -> &'static str {
        "isomdl"
    }

    fn algorithm(&self) -> &'static str {
        "ES256 (p256 0.13)"
    }

    fn issue(&self) -> Vec<u8> {
        encode(issue(&self.issuer, &self.holder, &self.chain))
    }

    fn present(&self, credential: &[u8]) -> Vec<u8> {
        let document: Document = cbor::from_slice(credential).expect("a document");
        let documents = Documents::new(DOC_TYPE.into(), document);
        let device = Device { documents, session: &self.session };
        let permitted = [(DOC_TYPE.to_owned(), [(NAMESPACE.to_owned(), wanted())].into())].into();
        let mut response = device.prepare_response(&self.requested, permitted);
        let (_, payload) = response.get_next_signature_payload().expect("a document to sign");
        let signature: Signature = self.holder.sign(payload);
        response.submit_next_signature(signature.to_vec());
        cbor::to_vec(&response.finalize_response()).expect("a response")
    }

    fn verify(&self, presentation: &[u8]) -> Result<(), String> {
        self.read(presentation, "name_latin").map(|_| ())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.issuer.sign(message);
        signature.to_vec()
    }

    fn verify_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature).expect("64 bytes");
        self.issuer.verifying_key().verify(message, &signature).is_ok()
    }
}
