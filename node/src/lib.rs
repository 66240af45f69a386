//! One Carnet peer.

pub mod clock;
pub mod store;
