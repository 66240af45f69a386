//! `carnet demo`, played once by the binary: its steps, the files that it leaves, and what its nodes
//! said to each other.

#[cfg(test)]
mod support;

#[cfg(test)]
mod demo {
    mod files;
    mod privacy;
    mod run;
    mod runs;
    mod steps;
    mod traces;
}
