//! One Carnet peer.

pub mod clock;
pub mod desk;
pub mod logs;
pub mod net;
pub mod store;
