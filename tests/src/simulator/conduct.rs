//! What the transport of a node does about its peers' conduct, in virtual time: the rates, points
//! and bans of `carnet_node::net`.

use std::collections::BTreeMap;

use carnet_node::net::{
    BAN_SCORE, BAN_SECONDS, BURST_SECONDS, GOSSIP_PER_SECOND, Misbehaviour, REQUESTS_PER_SECOND,
    SCORE_HALF_LIFE, THROTTLE_SCORE, THROTTLED_SHARE,
};

use super::node::Member;

#[derive(Debug)]
struct Record {
    points: f64,
    at: u64,
    requests: f64,
    gossip: f64,
    banned_until: u64,
}

/// What one node remembers of its peers.
#[derive(Debug, Default)]
pub struct Conduct {
    records: BTreeMap<Member, Record>,
}

impl Conduct {
    fn record(&mut self, peer: Member, now: u64) -> &mut Record {
        let record = self.records.entry(peer).or_insert_with(|| Record {
            points: 0.0,
            at: now,
            requests: REQUESTS_PER_SECOND * BURST_SECONDS,
            gossip: GOSSIP_PER_SECOND * BURST_SECONDS,
            banned_until: 0,
        });
        let seconds = now.saturating_sub(record.at) as f64 / 1000.0;
        record.at = now;
        record.points *= 0.5_f64.powf(seconds / SCORE_HALF_LIFE.as_secs_f64());
        let share = if record.points >= THROTTLE_SCORE { THROTTLED_SHARE } else { 1.0 };
        for (level, rate) in
            [(&mut record.requests, REQUESTS_PER_SECOND), (&mut record.gossip, GOSSIP_PER_SECOND)]
        {
            *level = (*level + seconds * rate * share).min(rate * BURST_SECONDS);
        }
        record
    }

    /// Adds points. Returns whether the peer is banned by it.
    pub fn report(&mut self, peer: Member, what: Misbehaviour, now: u64) -> bool {
        let record = self.record(peer, now);
        record.points += what.points();
        if record.points < BAN_SCORE {
            return false;
        }
        record.points = THROTTLE_SCORE;
        record.banned_until = now + BAN_SECONDS * 1000;
        true
    }

    /// Returns whether a peer is banned.
    pub fn is_banned(&self, peer: Member, now: u64) -> bool {
        self.records.get(&peer).is_some_and(|record| record.banned_until > now)
    }

    /// Counts a request. Returns false if the peer is over its rate.
    pub fn admits_request(&mut self, peer: Member, now: u64) -> bool {
        let record = self.record(peer, now);
        let is_admitted = record.requests >= 1.0;
        record.requests -= f64::from(u8::from(is_admitted));
        is_admitted
    }

    /// Counts a gossip message. Returns false if the peer is over its rate.
    pub fn admits_gossip(&mut self, peer: Member, now: u64) -> bool {
        let record = self.record(peer, now);
        let is_admitted = record.gossip >= 1.0;
        record.gossip -= f64::from(u8::from(is_admitted));
        is_admitted
    }
}
