//! Formulas of single countries. Agreements name them; none of them knows an agreement.

pub mod australia;
pub mod canada;
pub mod ireland;
pub mod noncontributory;
pub mod usa;
