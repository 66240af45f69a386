//! The desk: where an institution issues, and keeps track of what it issued.

pub mod register;
