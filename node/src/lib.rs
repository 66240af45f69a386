//! One Carnet peer.

pub mod clock;
pub mod config;
pub mod desk;
pub mod institution;
pub mod logs;
pub mod net;
pub mod store;
pub mod writer;
