//! Resolution of identifiers in the form of the Universal Resolver (DID Core, section 7.1).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use carnet_proto::id::Did;
use carnet_proto::key::Purpose;
use carnet_proto::ledger::LogView;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::cosigned::profile;
use super::public::held;
use super::{Api, ApiError};

/// Resolves an identifier of an institution to its current keys and the addresses of its nodes.
#[utoipa::path(get, path = "/1.0/identifiers/{did}", params(("did" = String, Path)), responses(
    (status = 200, body = Object, description = "A DID resolution result"),
    (status = 400, body = Object), (status = 404, body = Object)))]
pub(super) async fn resolve(State(api): State<Arc<Api>>, Path(did): Path<String>) -> Response {
    let did = match Did::parse(&did) {
        Ok(did) => did,
        Err(error) => {
            return failed("invalidDid", &ApiError::bad_request("did", error.to_string()));
        }
    };
    match held(&api, &did) {
        Ok(replica) => Json(json!({
            "@context": "https://w3id.org/did-resolution/v1",
            "didDocument": document(replica.view()),
            "didResolutionMetadata": { "contentType": "application/did+json" },
            "didDocumentMetadata": {
                "versionId": replica.size().0.to_string(),
            },
        }))
        .into_response(),
        Err(error) => failed("notFound", &error),
    }
}

fn failed(code: &str, error: &ApiError) -> Response {
    let status: StatusCode = error.status();
    let body = json!({
        "code": error.code(),
        "message": error.message(),
        "didDocument": null,
        "didResolutionMetadata": { "error": code },
        "didDocumentMetadata": {},
    });
    (status, Json(body)).into_response()
}

fn document(log: &LogView) -> Value {
    let did = log.origin.to_string();
    let keys = log.current_keys().map(|period| period.keys);
    let method = |purpose: &Purpose| {
        let key = keys.as_ref()?.key(*purpose);
        Some(json!({
            "id": format!("{did}#{}", purpose.name()),
            "type": "JsonWebKey",
            "controller": did,
            "publicKeyJwk": {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": BASE64URL_NOPAD.encode(key.as_bytes()),
                "kid": key.kid().to_string(),
            },
        }))
    };
    let nodes = profile(log).map(|profile| profile.nodes.as_slice()).unwrap_or_default();
    let service = |(number, node): (usize, &carnet_proto::statement::profile::NodeAddress)| {
        let addresses: Vec<_> = node.addresses.iter().map(|line| line.as_str()).collect();
        json!({
            "id": format!("{did}#node-{number}"),
            "type": "CarnetNode",
            "serviceEndpoint": { "peer": node.peer.as_str(), "addresses": addresses },
        })
    };
    json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
        "id": did,
        "verificationMethod": Purpose::ALL.iter().filter_map(method).collect::<Vec<_>>(),
        "assertionMethod": [format!("{did}#{}", Purpose::Credential.name())],
        "service": nodes.iter().enumerate().map(service).collect::<Vec<_>>(),
    })
}
