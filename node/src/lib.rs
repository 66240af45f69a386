//! One Carnet peer.
