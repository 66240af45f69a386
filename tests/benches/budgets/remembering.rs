//! Verifies under one policy with one ledger.

use carnet_proto::ledger::Ledger;
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::Report;
use carnet_proto::verify::verify;

/// A policy and a ledger.
pub struct Verifier<'l> {
    policy: &'l Policy,
    ledger: &'l Ledger,
}

impl<'l> Verifier<'l> {
    pub fn new(policy: &'l Policy, ledger: &'l Ledger) -> Self {
        Self { policy, ledger }
    }

    pub fn verify(&self, body: &[u8], now: UnixSeconds) -> Report {
        verify(body, self.policy, self.ledger, now)
    }
}
