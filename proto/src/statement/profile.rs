//! Who an institution says it is. Nothing here is believed about anyone else: verifiers use the names
//! that accreditations and agreements give.

use alloc::vec::Vec;

use crate::cbor::{codes, record};
use crate::classification::Country;
use crate::id::Did;
use crate::text::{Line, MAX_NAMES, Name};

/// Most nodes that a profile names.
pub const MAX_NODES: usize = 16;
/// Most network addresses of a node.
pub const MAX_ADDRESSES: usize = 8;
/// Most role contacts.
pub const MAX_CONTACTS: usize = 8;
/// Most witnesses that a profile, an agreement's party or a policy names.
pub const MAX_WITNESSES: usize = 32;

codes! {
    /// What an institution is.
    pub enum Role {
        /// A ministry.
        Ministry = 1, "ministry";
        /// A regulator or qualifications authority.
        Regulator = 2, "regulator";
        /// A training body.
        TrainingBody = 3, "training-body";
        /// A union of workers.
        Union = 4, "union";
        /// A body of employers.
        EmployersBody = 5, "employers-body";
        /// A social-security institution.
        SocialSecurity = 6, "social-security";
        /// An employer.
        Employer = 7, "employer";
    }
}

record! {
    /// A node that serves the institution's log.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NodeAddress {
        /// Its libp2p peer id.
        peer [1]: Line,
        /// Its multiaddrs.
        addresses [2; ..MAX_ADDRESSES]: Vec<Line>,
    }
}

record! {
    /// An address of a function, never of a person.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Contact {
        /// The function: "verification desk".
        role [1]: Line,
        /// E-mail, telephone or web address.
        address [2]: Line,
    }
}

record! {
    /// An institution about itself.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct InstitutionProfile {
        /// Names by language.
        names [1; ..MAX_NAMES]: Vec<Name>,
        /// Country.
        country [2]: Country,
        /// What it is.
        role [3]: Role,
        /// Web address.
        web [4]: Option<Line>,
        /// Nodes that serve its log.
        nodes [5; ..MAX_NODES]: Vec<NodeAddress>,
        /// Whom to ask.
        contacts [6; ..MAX_CONTACTS]: Vec<Contact>,
        /// The witnesses that it proposes to those who trust it.
        witnesses [7; ..MAX_WITNESSES]: Vec<Did>,
        /// How many of them make a quorum.
        quorum [8]: Option<u8>,
    }
    check |profile| if profile.names.is_empty() {
        Err("a profile gives at least one name")
    } else {
        check_quorum(&profile.witnesses, profile.quorum)
    }
}

/// Checks that a quorum can be reached and that no witness stands twice.
pub(crate) fn check_quorum(witnesses: &[Did], quorum: Option<u8>) -> Result<(), &'static str> {
    let mut sorted = Vec::from(witnesses);
    sorted.sort_unstable();
    sorted.dedup();
    match quorum {
        _ if sorted.len() != witnesses.len() => Err("a witness is named twice"),
        None if witnesses.is_empty() => Ok(()),
        Some(quorum) if quorum >= 1 && usize::from(quorum) <= witnesses.len() => Ok(()),
        _ => Err("a quorum is at least 1 and at most the number of witnesses"),
    }
}
