//! One Carnet peer.

pub mod clock;
pub mod desk;
pub mod net;
pub mod store;
