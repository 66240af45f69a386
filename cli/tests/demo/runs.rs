//! Runs under other circumstances.

use super::run::{listing, run};
use crate::support::{Answer, User};
use std::process::Command;

#[test]
fn a_second_run_into_the_same_directory_is_refused_and_nothing_is_lost() {
    let dir = &run().dir;
    let before = listing(dir);
    let again = User::new().run_with(["demo", "--dir", dir.to_str().unwrap()], b"");
    again.fails(2, &["not empty", dir.to_str().unwrap()]);
    assert_eq!(listing(dir), before);
}

#[test]
fn a_directory_that_cannot_be_made_is_named_in_the_error() {
    let user = User::new();
    std::fs::write(user.path("file"), "in the way").unwrap();
    let below = user.path("file").join("demo");
    let refused = user.run_with(["demo", "--dir", below.to_str().unwrap()], b"");
    refused.fails(3, &[below.to_str().unwrap()]);
    assert_eq!(std::fs::read(user.path("file")).unwrap(), b"in the way");
}

#[test]
fn without_a_network_a_node_is_set_up_and_a_copy_is_verified() {
    let permitted = Command::new("unshare").args(["-rn", "true"]).output();
    if !permitted.is_ok_and(|output| output.status.success()) {
        println!("left out: unshare -rn is not permitted here");
        return;
    }
    let user = User::new();
    let cut_off = |args: &[&str]| -> Answer {
        let command = user.command(args);
        let mut cut_off = Command::new("unshare");
        cut_off.arg("-rn").arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => cut_off.env(key, value),
                None => cut_off.env_remove(key),
            };
        }
        cut_off.current_dir(command.get_current_dir().unwrap()).output().unwrap().into()
    };
    let role = ["--name", "Ministry", "--country", "PH", "--role", "ministry"];
    cut_off(&[["node", "init", "--dir", "node"].as_slice(), &role].concat()).ok();
    cut_off(&["node", "check", "--dir", "node"]).ok();
    let copy = run().path("presentation.carnet");
    let policy = run().path("trust.toml");
    let [copy, policy] = [&copy, &policy].map(|path| path.to_str().unwrap());
    cut_off(&["verify", copy, "--policy", policy]).ok();
}
