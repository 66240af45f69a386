//! A node as its operator meets it: what it says of itself, what it logs, and what watches it.

#[cfg(test)]
mod support;

#[cfg(test)]
#[path = "demo/traces.rs"]
mod traces;

#[cfg(test)]
mod operate {
    mod logs;
    mod status;
}
