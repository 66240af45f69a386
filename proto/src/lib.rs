//! Carnet protocol core.
#![no_std]
extern crate alloc;

pub mod classification;
