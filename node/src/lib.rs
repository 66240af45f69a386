//! One Carnet peer.

pub mod clock;
pub mod config;
mod cores;
pub mod desk;
pub mod http;
pub mod institution;
pub mod logs;
pub mod machine;
pub mod net;
pub mod run;
pub mod store;
pub mod sync;
pub mod witness;
pub mod writer;

#[cfg(test)]
mod test_support;
