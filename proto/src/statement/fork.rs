//! That another log shows two histories, said under an institution's own name.

use crate::cbor::record;
use crate::id::Did;
use crate::log::fork::ForkProof;

record! {
    /// A proof against another log. It convinces by itself; that it stands in a log keeps it there.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Accusation {
        /// Whose log it is.
        accused [1]: Did,
        /// The proof.
        proof [2]: ForkProof,
    }
    check |accusation| if Did::of_inception(&accusation.proof.inception.0) == accusation.accused {
        Ok(())
    } else {
        Err("the proof is against another log")
    }
}
