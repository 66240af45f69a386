//! Every key of `carnet.toml`: what it says, and how it is written. The one place where keys are
//! described; documents and templates are made of it.

use libp2p::Multiaddr;
use toml::de::DeTable;

use super::{Announce, Config, WitnessedLog, Wrong};

/// A key of the configuration.
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What it says, its unit, its range and what happens at the end of it.
    pub(super) about: &'static str,
    /// How it is written.
    write: fn(&Config) -> String,
}

/// Keys of a table of `witnessed`.
const WITNESSED: [&str; 2] = ["origin", "key"];

/// Keys of the table `store`.
const STORE: [&str; 5] = ["kind", "url", "schema", "password_file", "lease_seconds"];

/// The keys, in the order of the file. `store` and `witnessed` are written last, being tables.
pub(super) const KEYS: [Key; 15] = [
    Key {
        name: "listen",
        about: "Where to listen for other nodes, over TCP and QUIC, as multiaddresses; at most 64. \
                Port 0 lets the system choose. Without any, others cannot connect to this node, and it still \
                connects to them.",
        write: |config| addresses(&config.listen),
    },
    Key {
        name: "mdns",
        about: "Whether to look for nodes on the local network (mDNS), which tells everybody there \
                that this one is here: true or false.",
        write: |config| config.mdns.to_string(),
    },
    Key {
        name: "http",
        about: "Where the HTTP interface listens. It speaks plain HTTP: beyond this machine, put a \
                proxy with TLS in front of it.",
        write: |config| quote(&config.http.to_string()),
    },
    Key {
        name: "announce",
        about: "Addresses that the public profile names, so that others find this node: a list, or \
                \"listening\" for those that it listens on. At most 64 here, of which a profile \
                names the first 8. A change is stated in the log when the node starts.",
        write: |config| match &config.announce {
            Announce::Nothing => "[]".to_owned(),
            Announce::Listening => quote("listening"),
            Announce::Addresses(items) => addresses(items),
        },
    },
    Key {
        name: "peers",
        about: "Nodes to be connected to at all times, such as \"/ip4/192.0.2.7/tcp/7879\"; at most \
                64. A lost one is dialled again after 1 second, then less often, at last every 60 \
                seconds.",
        write: |config| addresses(&config.peers),
    },
    Key {
        name: "follows",
        about: "Institutions whose logs are kept here, by identifier, besides those followed by \
                command; at most 64 here, and 4096 with those.",
        write: |config| list(config.follows.iter().map(ToString::to_string)),
    },
    Key {
        name: "anti_entropy_seconds",
        about: "Seconds between two comparisons with a random peer, from 1 to 604800. It finds what \
                gossip lost: more seldom saves traffic, and takes longer to find it.",
        write: |config| config.anti_entropy.as_secs().to_string(),
    },
    Key {
        name: "status_schedule_seconds",
        about: "Seconds between two publications of the status lists, from 1 to 604800. A list runs \
                out 7 days after it was signed: nothing can be confirmed after that.",
        write: |config| config.status_schedule.to_string(),
    },
    Key {
        name: "status_list_entries",
        about: "Entries of a new status list, from 131072 to 4194304. One that is three quarters \
                full gets a successor; there are at most 48, after which nothing can be issued.",
        write: |config| config.status_list_entries.to_string(),
    },
    Key {
        name: "cache_mebibytes",
        about: "Memory for pages of the database that were read, in MiB, from 1 to 1048576, for the \
                logs and for each register. Beyond it pages are read again from the disk.",
        write: |config| config.cache_mebibytes.to_string(),
    },
    Key {
        name: "institutions",
        about: "Directories of the institutions whose logs this node writes, below that of the \
                node; at most 64. With none it follows others and owns no log.",
        write: |config| list(config.institutions.iter().map(|path| path.display().to_string())),
    },
    Key {
        name: "log_format",
        about: "Form of the lines on standard error: \"text\" for people, \"json\" with an object a \
                line for programs.",
        write: |config| quote(config.log_format.name()),
    },
    Key {
        name: "log_level",
        about: "Least important lines to write: \"error\", \"warn\", \"info\" or \"debug\". The \
                environment variable CARNET_LOG goes before it.",
        write: |config| quote(config.log_level.name()),
    },
    Key {
        name: "store",
        about: "Where logs and registers are kept, a table: `kind = \"sled\"`, below this directory, or \
                `kind = \"postgres\"` with `url`, such as \"host=/run/postgresql user=carnet\", without \
                a password; `schema`, for this node alone, by default \"carnet\"; `password_file`, of \
                mode 0600, without which the environment variable PGPASSWORD is looked at; and \
                `lease_seconds`, from 1 to 3600, by default 15, after which a second node takes over \
                from one that is gone. `carnet node migrate` moves everything, and changes this.",
        write: |config| config.store.to_toml(),
    },
    Key {
        name: "witnessed",
        about: "Logs of others that are cosigned when they ask (C2SP tlog-witness), a table each, at \
                most 64. What is not listed is answered with 404.",
        write: |config| config.witnessed.iter().map(witnessed).collect(),
    },
];

/// Longest line of a comment, in characters.
const WIDTH: usize = 96;

/// Writes a configuration.
pub(super) fn write(config: &Config) -> String {
    let mut text =
        "# Configuration of a Carnet node. It is read once, when the node starts: after a change,\n\
         # `carnet node check --config` looks for mistakes. A key that is left out has its default.\n"
            .to_owned();
    let default = Config::default();
    for key in &KEYS {
        text.push('\n');
        let is_table = key.name == "witnessed";
        let about = match key.name {
            "witnessed" => format!("{} Default: none.", key.about),
            "store" => format!("{} Default: sled.", key.about),
            _ => format!("{} Default: {}", key.about, (key.write)(&default)),
        };
        wrap(&mut text, &about);
        if key.name == "store" {
            text.push_str(&(key.write)(config));
        } else if is_table {
            text.push_str("#\n# [[witnessed]]\n# origin = \"log.example/2026\"\n");
            text.push_str("# key = \"NAME+ID+KEY\"\n");
            text.push_str(&(key.write)(config));
        } else {
            text.push_str(&format!("{} = {}\n", key.name, (key.write)(config)));
        }
    }
    text
}

/// Writes words as lines of a comment.
fn wrap(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}

/// Refuses a key that there is not, and names the one that may be meant.
pub(super) fn check(text: &str) -> Result<(), Wrong> {
    // What is no TOML at all is told by whoever reads the values.
    let Ok(document) = DeTable::parse(text) else { return Ok(()) };
    let known: Vec<_> = KEYS.iter().map(|key| key.name).collect();
    check_table(document.get_ref(), &known)?;
    let store = document.get_ref().get("store").and_then(|value| value.get_ref().as_table());
    if let Some(table) = store {
        check_table(table, &STORE)?;
    }
    let tables = document.get_ref().get("witnessed").and_then(|value| value.get_ref().as_array());
    for table in tables.into_iter().flatten().filter_map(|table| table.get_ref().as_table()) {
        check_table(table, &WITNESSED)?;
    }
    Ok(())
}

fn check_table(table: &DeTable<'_>, known: &[&str]) -> Result<(), Wrong> {
    let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
    let Some(first) = unknown.min_by_key(|key| key.span().start) else { return Ok(()) };
    let name = first.get_ref();
    let nearest = known.iter().map(|key| (distance(name, key), key)).min();
    let message = match nearest {
        Some((distance, key)) if distance <= 2.max(key.len() / 3) => {
            format!("there is no key `{name}`; did you mean `{key}`?")
        }
        _ => format!("there is no key `{name}`; there are {}", known.join(", ")),
    };
    Err(Wrong { at: first.span().start, message })
}

/// Returns the key whose value stands at a byte.
pub(super) fn at(text: &str, at: usize) -> Option<&'static str> {
    let document = DeTable::parse(text).ok()?;
    let mut items = document.get_ref().iter();
    let (found, _) = items.find(|(_, value)| value.span().contains(&at))?;
    KEYS.iter().map(|key| key.name).find(|name| *name == found.get_ref().as_ref())
}

/// Counts the characters to be changed, added or left out between two words.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, a) in one.chars().enumerate() {
        let mut left = line + 1;
        let mut next = Vec::from([left]);
        for ((b, diagonal), above) in other.chars().zip(&row).zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(a != b)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(items: impl Iterator<Item = String>) -> String {
    let quoted: Vec<_> = items.map(|item| quote(&item)).collect();
    format!("[{}]", quoted.join(", "))
}

fn addresses(items: &[Multiaddr]) -> String {
    list(items.iter().map(ToString::to_string))
}

fn witnessed(log: &WitnessedLog) -> String {
    let (origin, key) = (quote(log.origin()), quote(&log.key().to_vkey()));
    format!("\n[[witnessed]]\norigin = {origin}\nkey = {key}\n")
}
