//! The description of the interface, made from the code that serves it.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{lists, metrics, operator, public, resolve, status, views, witness};

#[derive(OpenApi)]
#[openapi(
    info(title = "Carnet node", description = "Public logs of institutions, and their operators"),
    paths(
        public::health,
        status::ready,
        metrics::metrics,
        public::node,
        public::logs,
        public::log,
        public::entries,
        public::statements,
        public::checkpoints,
        public::status,
        public::fork,
        views::checkpoint,
        views::tile,
        views::bundle,
        views::proof,
        views::inclusion,
        views::consistency,
        witness::add_checkpoint,
        witness::checkpoint,
        resolve::resolve,
        status::status,
        operator::state,
        operator::issue,
        operator::set_status,
        operator::publish_status,
        lists::adopt,
        lists::set_entry,
        operator::follows,
        operator::follow,
        operator::unfollow,
        operator::register,
    ),
    modifiers(&Token),
)]
struct Description;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// Returns the description.
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
