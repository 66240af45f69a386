//! The way by which a body was reached.

use alloc::vec::Vec;

use super::index::{BodyNumber, Edge, Via};
use super::title;
use crate::id::{Did, Digest};
use crate::verify::policy::TrustAnchor;
use crate::verify::report::{Link, Reason};

/// A body that was reached.
#[derive(Clone)]
pub(super) struct Reached<'i, 'l> {
    pub body: BodyNumber,
    pub did: Did,
    pub realm: usize,
    /// Steps of accreditation that may still follow.
    pub steps: u8,
    /// The last link; absent at a trust anchor.
    pub last: Option<Step<'i, 'l>>,
    /// The trust anchor from which the way begins.
    pub anchor: &'l TrustAnchor,
    /// The first link that does not hold.
    pub doubt: Option<(Reason, Option<Digest>)>,
}

/// A link taken.
#[derive(Clone, Copy)]
pub(super) struct Step<'i, 'l> {
    pub edge: &'i Edge<'l>,
    /// The body that it leads from, and the realm there.
    pub from: (Did, usize),
    /// The place of the step before among those taken.
    pub before: Option<usize>,
}

/// Returns the links that lead from a body.
pub(super) fn onward<'e, 'i, 'l>(
    edges: &'e [&'i Edge<'l>],
    body: BodyNumber,
) -> &'e [&'i Edge<'l>] {
    let from = edges.partition_point(|edge| edge.from < body);
    let onward = edges.get(from..).unwrap_or_default();
    onward.split(|edge| edge.from != body).next().unwrap_or_default()
}

/// Returns the steps to a body, the last one first.
pub(super) fn steps<'i, 'l>(
    reached: &Reached<'i, 'l>,
    taken: &[Step<'i, 'l>],
) -> impl Iterator<Item = Step<'i, 'l>> {
    core::iter::successors(reached.last, |step| taken.get(step.before?).copied())
}

/// Returns the way to a body.
pub(super) fn links(reached: &Reached<'_, '_>, taken: &[Step<'_, '_>]) -> Vec<Link> {
    let anchor = reached.anchor;
    let mut links: Vec<_> = steps(reached, taken)
        .map(|Step { edge, .. }| match &edge.via {
            Via::Accreditation { digest, accreditation, .. } => Link::Accreditation {
                by: edge.by,
                did: accreditation.subject,
                name: accreditation.name.clone(),
                statement: **digest,
                appeal_body: accreditation.appeal_body.clone(),
            },
            Via::Agreement { logged, country, body, .. } => Link::Agreement {
                by: edge.by,
                did: body.did,
                name: body.name.clone(),
                title: title(logged.agreement),
                country: *country,
                statement: *logged.digest,
            },
        })
        .collect();
    links.push(Link::TrustAnchor { did: anchor.did, name: anchor.name.clone() });
    links.reverse();
    links
}

/// The order among bodies reached by equally long ways: first those without doubt, then by who
/// vouches and by which statement.
pub(super) fn order(reached: &Reached<'_, '_>) -> (bool, Did, Option<Digest>) {
    let last = reached.last.map(|step| step.edge);
    let by = last.map_or(reached.anchor.did, |edge| edge.by);
    (reached.doubt.is_some(), by, last.map(|edge| *edge.statement()))
}
