# What institutions, verifiers and everybody else are told.

without-end = without end

followed =
    The node follows { $did } now; { $count ->
        [one] one log
       *[other] { $count } logs
    } in all.
follow-copied =
    It holds { $size ->
        [one] the one entry
       *[other] all { $size } entries
    } of the log that its peers have.
progress-follow = copying the log
progress-copying = copying logs
unfollowed =
    The node no longer follows { $did }, and still { $count ->
        [one] one log
       *[other] { $count } logs
    }.
accredited = { $name } is accredited by leaf { $leaf }, statement { $digest }.
withdrawn = The accreditation of { $name } is withdrawn with effect from { $effective }, by leaf { $leaf }, statement { $digest }.

agreement-proposed =
    The agreement stands at leaf { $leaf }. Its digest, by which its signatories ratify it, is { $digest }.
agreement-ratified = “{ $title }” is ratified for { $country } as { $role }, by leaf { $leaf }, statement { $digest }.
agreement-digest = digest { $digest }
agreement-dates = from { $from }, { $until }
until-day = until { $day }
agreement-in-force = in force: everyone who must has ratified
agreement-not-in-force = not in force
agreement-unclear = the logs of some who must ratify are not on this node, so it cannot be told whether it is in force
agreement-body = { "  " }{ $name } ({ $did }): { $scope }
agreement-signatory =
    { $name } as { $role }{ $must ->
        [yes] , must ratify
       *[other] { "" }
    }
agreement-witnesses = { "  " }witnesses, { $quorum } of: { $names }

issued =
    { $count ->
        [one] One credential
       *[other] { $count } credentials
    } in { $dir }, one file each for its holder. The issuance is statement { $digest }.
issue-checked =
    { $count ->
        [one] One row
       *[other] { $count } rows
    } checked, nothing wrong. Nothing was issued.
status-set = { $record }: { $before } before, { $after } now.
status-not-published = It shows once the lists are published: on schedule, or by `carnet status publish`.
status-published =
    { $lists ->
        [one] One status list
       *[other] { $lists } status lists
    } published; the log has { $size } entries.

resolve-did = { "  " }{ $did }
resolve-fingerprint = { "  " }fingerprint { $fingerprint }
resolve-role = { "  " }{ $role } in { $country }
resolve-log =
    { "  " }{ $size } entries, { $ignored ->
        [0] every one of which counts
        [one] one of which counts for nothing
       *[other] { $ignored } of which count for nothing
    }
resolve-cosigned = { "  " }cosigned by { $cosigned }
resolve-claims = Name, role and country are what the institution says of itself. Compare the fingerprint by another channel.
log-head-leaf = leaf
log-head-digest = digest
log-head-kind = kind
log-head-state = state
log-head-summary = about
log-holds =
    All { $size } entries lead to the newest checkpoint, it ends with the right standing, and { $lists ->
        [one] one status list is
       *[other] { $lists } status lists are
    } the newest.
log-not-in-order = All { $size } entries lead to the newest checkpoint, but: { $reason }
log-signatures =
    { $checkpoints ->
        [one] One checkpoint
       *[other] { $checkpoints } checkpoints
    }; the newest bears lines of { $cosignatures ->
        [one] one other
       *[other] { $cosignatures } others
    }, which are not checked here: a verifier judges them by its own rules.
log-saved = { $file }: statement { $digest } ({ $kind }), leaf { $leaf } of { $size }.
log-shown = Statement { $digest } ({ $kind }) is leaf { $leaf } of the { $size } entries of this log.
log-shown-first-keys = By the log's first keys, statement { $digest } ({ $kind }) is leaf { $leaf } of the { $size } entries of this log.
log-shown-first-keys-limits = This rests on the log's first keys alone, which may have been replaced or stolen since: whoever has them can make such a file. Without `--inception` the log itself is asked.
log-shown-later = The log of this node does not tell: { $reason }. Ask a node with a newer copy.
log-shown-others =
    The checkpoint bears { $others ->
        [0] no line of anyone else: no witness has cosigned it yet
        [one] lines of one other, which are not checked here: a verifier judges them by its own rules
       *[other] lines of { $others } others, which are not checked here: a verifier judges them by its own rules
    }.
log-shown-limits = That it was stated does not show that it is still in force: `carnet log show` tells.
log-not-shown = The file does not show that: { $reason }
log-shown-unknown = The inception alone cannot tell: { $reason }. The institution may have other keys by now; check without `--inception`.
fork-saved = { $file } proves that the log of { $did } shows two histories. Whoever has the file can check it without asking anyone.
fork-stated = Leaf { $leaf } says that the log of { $did } shows two histories, statement { $digest }.
fork-proven = The log of { $did } shows two histories: the checkpoints of { $smaller } and of { $larger } entries, both signed by it, cannot both be true.
fork-proven-means =
    { $common ->
        [0] They have no entry in common for certain
       *[other] They have { $common } entries in common at most
    }. Whoever runs the institution showed different things to different people, or its checkpoint key was stolen. Rely on nothing that was published since; ask the institution by another channel.
fork-not-proven = The file proves nothing: { $reason }
log-ignored = Leaf { $leaf } counts for nothing: { $reason }

trust-compare =
    { $name }
    { $did }
    Fingerprint: { $fingerprint }
    Ask the institution for its fingerprint by another channel, such as a telephone number you know, and compare.
trust-confirm = Is it the same? Type yes:{" "}
trust-confirm-yes = yes
trust-purposes-added = { $name } was a trust anchor in { $file } already; it is one now for: { $purposes }. Fingerprint: { $fingerprint }
trust-added = { $name } is a trust anchor now, in { $file }. Fingerprint: { $fingerprint }
trust-new-file = The file is new. Put your own name into `audience`; the other rules are explained there.
trust-removed = { $name } is no longer a trust anchor in { $file }.
trust-file = { $file }
trust-audience = presentations are made for { $audience }
trust-accepts-live = accepts answers to your own challenges only
trust-accepts-prepared = accepts copies, to be compared with an identity document
trust-view-age = what is known of a log may be { $hours } hours old
trust-skew = clocks may differ by { $skew } seconds
trust-witnesses-named = witnesses: those that agreements and trust anchors name
trust-witnesses-own = witnesses: { $quorum } of these { $count }
trust-none = no trust anchor: nothing can be found valid. `carnet trust add` adds one.
trust-anchor =
    trust anchor { $name }, for: { $purposes }
    { "  " }{ $did }
    { "  " }fingerprint { $fingerprint }

doctor-home = files are kept in { $dir }
doctor-home-none = nothing is kept in { $dir } yet
doctor-home-open = others can write to { $dir }
doctor-next-home-open = take that right away: chmod go-w { $dir }
doctor-wallet = there is a wallet at { $file }, and a passphrase opens it
doctor-wallet-none = there is no wallet at { $file }
doctor-next-wallet-none = only a worker needs one: carnet wallet new
doctor-policy = { $file } is valid and trusts { $anchors }
doctor-policy-none = there are no rules at { $file }
doctor-policy-no-anchor = { $file } is valid but trusts nobody
doctor-next-trust-add = only a verifier needs one: carnet trust add DID --name NAME
doctor-node =
    a node answers at { $url }: version { $version }, { $institutions ->
        [one] one institution
       *[other] { $institutions } institutions
    }
doctor-node-none = no node answers at { $url }
doctor-next-node-none = a worker or verifier needs none of its own; an institution: carnet node init, then carnet node run
doctor-next-node-down = start it with `carnet node run`, or name the address at which it answers with --node URL
doctor-witnesses = of the { $count } witnesses of { $name }, { $tolerates } may be silent
doctor-witnesses-tight = the witnesses of { $name } can settle only if none of the { $count } is silent: { $quorum } of them make a quorum
doctor-witnesses-never = the witnesses of { $name } can never settle: { $quorum } of { $count } make a quorum, and each needs one of the others
doctor-next-witnesses = with a quorum of { $quorum }, name { $needed } witnesses or more, on nodes of their own: carnet node profile
doctor-peers =
    it is connected to { $peers ->
        [one] one other node
       *[other] { $peers } other nodes
    }
doctor-no-peers = it is connected to no other node
doctor-next-no-peers = it works alone; to get witnesses and copies: carnet follow DID --address ADDR
doctor-clock =
    the clock here and that of the node differ by { $seconds ->
        [one] one second
       *[other] { $seconds } seconds
    }
doctor-clock-off = the clock here and that of the node differ by { $seconds } seconds, more than verification allows
doctor-clock-behind = the clock here is behind what witnesses of { $name } signed
doctor-next-clock-off = set the clock of this machine, best by network time
doctor-logs = { $count ->
        [one] the one log here was { $fresh ->
            [0] not cosigned
           *[other] cosigned
        } within two hours
       *[other] { $fresh } of { $count } logs were cosigned within two hours
    }
doctor-logs-none = the node has no logs
doctor-next-logs-none = follow an institution: carnet follow DID --address ADDR
doctor-log-stale = the log of { $name } was last cosigned { $age } ago
doctor-next-log-stale = is the node connected? A verifier may refuse a view as old as that.
doctor-log-uncosigned = the log of { $name } bears no cosignature of a witness
doctor-next-log-uncosigned = its institution names witnesses by `carnet node profile`, and asks them to follow it

node-made =
    The node is in { $dir }, and with it the keys of the institution.
    { "  " }identifier  { $did }
    { "  " }fingerprint { $fingerprint }
node-made-no-log = The node is in { $dir }. It follows the logs of others and owns none.
node-words =
    These 24 words are the next keys of the institution. They are shown this once and kept nowhere. Write them on paper and lock it away, apart from this machine: whoever has lost the keys in force, or to whom they were stolen, needs them.
node-next =
    Next: `carnet node run --dir { $dir }` starts it. It announces no address yet: set `announce` in carnet.toml, then other nodes can find it. The password of its operator is in { $token }.
node-profile-stated = The profile stands at leaf { $leaf }, statement { $digest }.
node-started =
    The node answers at { $url }
    { "  " }listens at { $addresses }
    { "  " }as { $peer }
node-stopped = The node has stopped; everything is on disk.
node-no-log = a node without a log
node-standby = a node that stands by: another one writes the log
node-status-who =
    { "  " }{ $did }
    { "  " }fingerprint { $fingerprint }
node-status-up =
    { "  " }version { $version }, up for { $up }
    { "  " }listens at { $addresses }
    { "  " }as { $peer }
node-status-log = Own log: { $size ->
        [one] one entry
       *[other] { $size } entries
    }, { $published } of them published
node-status-waiting = Nothing of it is published until a quorum of its witnesses confirms that they know of nothing newer
node-status-catching-up = Others hold more of it, which is fetched from them; nothing can be stated until it is complete
node-status-view = A quorum last cosigned it { $age } ago: { $quorum } of { $count } witnesses make one, { $tolerates ->
        [0] and none may be silent
        [one] and one may be silent
       *[other] and { $tolerates } may be silent
    }
node-status-no-view = No quorum has cosigned it: { $quorum } of { $count } witnesses make one
node-status-no-witnesses = It proposes no witnesses
node-status-cosigned = { $name }, { $age } ago
node-status-cosigned-older = { $name }, { $age } ago, and not the newest checkpoint yet
node-status-silent = { $name }, silent for { $age }
node-status-silent-ever = { $name }, has never cosigned it
node-status-not-held = { $name }, whose own log is not held here
node-status-lists = Status lists: { $count }, signed { $age } ago
node-status-no-lists = Status lists: none
node-status-peers = Other nodes: { $peers } connected, { $banned ->
        [0] none
       *[other] { $banned }
    } banned
node-head-log = log
node-head-whose = whose
node-head-size = entries
node-head-lag = missing
node-head-cosigned = last cosigned, ago
node-ready = The node does its work.
node-own = own
node-followed = followed
node-never = never
node-status-pending = Pending: { $requests ->
        [one] one request
       *[other] { $requests } requests
    }, { $messages ->
        [one] one message
       *[other] { $messages } messages
    }, { $entries ->
        [one] one entry
       *[other] { $entries } entries
    }
node-status-pending-none = Pending: nothing
node-status-disk = Disk: { $store }, { $used } MiB used, { $free } MiB free
node-status-disk-used = Disk: { $store }, { $used } MiB used
node-status-backup = Last backup: { $age } ago
node-status-backup-unknown = Last backup: unknown

node-warning-store-unreachable = The database { $store } cannot be reached: { $cause }
node-warning-store-unreachable-next = orders are refused until it is back, then the node goes on by itself; is PostgreSQL running?
node-warning-store-failed = A write to the { $store } failed, and nothing more is written: { $cause }
node-warning-store-failed-next = make room or mend the disk, then start the node again; `carnet node check` tells what is damaged
node-warning-older-than-published = Others hold { $signed } entries of the own log, and this node { $held }: it is completed from them, and nothing is stated meanwhile
node-warning-older-than-published-next = wait; what was stated here and not published is stated again on top. If no backup was put back, somebody else signs with its keys: see docs/operate/keys.md
node-warning-own-contradicted = The key of the own log has signed { $signed } entries that do not follow from the { $held } held here
node-warning-own-contradicted-next = somebody else signs with it, or an old backup was published: stop the node, tell your witnesses, and see docs/operate/keys.md
node-warning-own-unconfirmed = The witnesses of the own log have not confirmed yet that they know of nothing newer: nothing is published or issued
node-warning-own-unconfirmed-next = wait until a quorum of them is reachable; if they are gone for good, see docs/operate/keys.md
node-warning-register-older = The register does not know { $batches } batches of the own log: nothing can be issued
node-warning-register-older-next = stop the node and put back the newest backup of register/; if that was done, `carnet status adopt`; see docs/operate/backup.md
node-warning-clock-behind = The clock is { $age } behind what this witness has signed: it cosigns nothing
node-warning-clock-behind-next = set the clock right, best by network time; see docs/operate/troubleshooting.md
node-warning-catching-up = The node is fetching { $missing ->
        [0] what it missed
       *[other] { $missing } entries that it missed
    }
node-warning-catching-up-next = wait; if this lasts longer than ten minutes, look whether the nodes it follows are reachable
node-warning-own-fork = The own log is proven to show two histories
node-warning-own-fork-next = somebody else may have its keys: stop the node, tell your witnesses, and do not issue
node-warning-out-of-order = The own log does not end with the right standing: nobody will cosign it
node-warning-out-of-order-next = stop the node and run `carnet node check`
node-warning-witnesses-never = { $quorum } of { $witnesses } witnesses can never be reached: a witness needs a quorum of the others too
node-warning-witnesses-never-next = name at least { $needed } witnesses on nodes of their own, or lower the quorum: carnet node profile
node-warning-quorum-lost =
    { $silent ->
        [one] One of { $witnesses } witnesses is silent
       *[other] { $silent } of { $witnesses } witnesses are silent
    }, more than the { $tolerates } that may be: answers become undetermined
node-warning-quorum-lost-next = call those who run them; the silent ones are below
node-warning-status-late = The status lists were last signed { $age } ago, and run out in { $rest }
node-warning-status-late-next = the node's own log says why; `carnet status publish` tries again
node-warning-disk-low = { $free } MiB are left on the disk: when it is full, nothing more is written
node-warning-disk-low-next = make room on it
node-warning-fork = The log of { $name } shows two histories, which is proven
node-warning-fork-next = `carnet log fork save { $did } --out fork.carnet` saves the proof; ask the institution by another channel
node-warning-witness-silent = The witness { $name } has been silent { $last ->
        [0] from the beginning
       *[other] for { $age }
    }
node-warning-witness-silent-next = call those who run it: is its node up, and does it follow this institution?
node-warning-witness-unknown = The witness { $name } cannot be counted: its own log is not held here
node-warning-witness-unknown-next = carnet follow { $witness } --address ADDR
node-warning-witnesses-tight = { $quorum } of { $witnesses } witnesses tolerate no silent witness
node-warning-witnesses-tight-next = name one more, or two: carnet node profile
node-warning-no-witnesses = The institution proposes no witnesses, so that nobody abroad can rely on its log
node-warning-no-witnesses-next = ask other bodies to follow it, then name them: carnet node profile
node-warning-missing = { $missing } entries of the log of { $name } are missing here
node-warning-missing-next = is a node connected that has them? They come by themselves.
node-warning-no-peers = No other node is connected
node-warning-no-peers-next = is the network up, and does a firewall stand between? The node goes on dialling.
node-warning-backup-none = Certificates were issued, and no backup is known
node-warning-backup-none-next = back up register/, and write last-backup in the node's directory; see docs/operate/backup.md
node-warning-backup-old = The last backup was made { $age } ago
node-warning-backup-old-next = back up now; see docs/operate/backup.md
node-checked-log = { $did }: { $size ->
        [one] one entry
       *[other] { $size } entries
    }, { $ignored ->
        [0] and every one counts
        [one] one of them counts for nothing
       *[other] { $ignored } of them count for nothing
    }
node-config-checked = { $file } is in order
node-dropped-copy = The copy of { $did } is dropped; the node fetches it again from its peers.
node-dropped = The copy of { $did } was damaged and is dropped; the node fetches it again.
node-checked =
    { $records ->
        [one] One record
       *[other] { $records } records
    } in the register; { $problems ->
        [0] nothing is wrong
        [one] one problem
       *[other] { $problems } problems
    }.

error-node-init = no node can be made in { $dir }
error-no-profile = the log of { $did } has no profile to start from
error-node-start = the node in { $dir } cannot start
hint-node-start = there is no node in this directory: name that of your node with --dir DIR, or make one with `carnet node init`
hint-node-config = mend that line of carnet.toml; `carnet node check --config` reads it without starting anything
hint-node-files = put the file back from your backup of this directory; see docs/operate/backup.md
error-node-none = there is no node in { $dir } that could be moved
hint-node-address = another program or node listens there already; `carnet node status` asks a node that runs, and `http` and `listen` in carnet.toml change the address
hint-store-locked = a node with this directory is running already: `carnet node status` asks it; stop it first, or give this one a directory of its own
hint-store-leased = the other node or command writes this database; stop it first, or wait until its lease runs out
hint-store-damaged = do not delete anything. `carnet node check --repair` sets what is damaged aside and keeps what still checks out; copies of others' logs are fetched again
hint-store-newer = a later version of carnet wrote this; run that version, or one after it
hint-store-moved = the node goes on in the place it was moved to: carnet.toml should name that; starting from this copy would give its log two histories
hint-store-permission = run it as the user who owns this directory, and see that nobody made it read-only
hint-store-full = make space on this disk; nothing that was acknowledged is lost
hint-store-unreachable = is PostgreSQL running, and does `url` in carnet.toml name it?
hint-store-password = `password_file` in carnet.toml names a file with the password of the database, for the user of the node alone (mode 0600); a relative name is looked for in the directory of the node
hint-store-target-password = --password-file FILE names a file with the password of the database, for the user of the node alone (mode 0600); a relative name is looked for in the directory of the node
hint-store-target-unreachable = is PostgreSQL running, and does --to name it? Such as "host=/run/postgresql user=carnet dbname=carnet"
hint-store-target-left = move `store` and `register` away from the directory of the node: they are what was left behind when it was moved, or belong to something else
hint-store-same = name another place: --to "host=/run/postgresql user=carnet dbname=carnet" moves to PostgreSQL, --to sled to files; `[store]` in carnet.toml says where the data is now
hint-store-refused = see the cause: user, password_file, database and rights are those of PostgreSQL; `url` in carnet.toml names them
hint-store-occupied = name another --schema, or drop that one if nobody needs it; an interrupted copy is gone on with by itself
error-store-target = --to is not a connection string of PostgreSQL without a password, and not `sled`
error-node-migrate = the node in { $dir } was not moved, and goes on where it is
node-moving = copying and comparing
node-moved =
    Moved from { $from } to { $to }.
    { "  " }{ $entries ->
        [one] One entry is
       *[other] { $entries } entries are
    } the same there; { $logs ->
        [one] one log
       *[other] { $logs } logs
    } and { $records ->
        [one] one record
       *[other] { $records } records
    } check out
    { "  " }carnet.toml names the new place; the old one is kept, and is not opened again
node-standing-by = The node answers at { $url }, and stands by: { $holder } writes its database.
node-set-aside = What was damaged is now in { $path }; nothing of it was deleted.
node-salvaged =
    { $count ->
        [0] No log could be taken over from it whole
        [one] One log was taken over from it whole
       *[other] { $count } logs were taken over from it whole
    }; copies of others' logs that are missing are fetched again when the node runs.
node-status-standby =
    { "  " }stands by: { $holder } writes its database
error-node-check = the node in { $dir } cannot be checked
error-http-address = { $value } is not an address such as 127.0.0.1:7878
error-multiaddress = { $value } is not an address such as /ip4/0.0.0.0/tcp/7879
error-words = the words of the next keys cannot be made
error-node-stands-by = the node at { $url } stands by: { $holder } writes its database
hint-node-stands-by = ask the node that writes, and name it with --node URL; this one takes over if that one is gone
error-no-institution = the node at { $url } owns no log
error-did = { $did } is not the identifier of an institution
error-did-unknown = the node does not know { $did }
hint-did-unknown = it may have to follow it first: carnet follow DID --address ADDR
error-statement = { $statement } names no statement; give its leaf, or 12 or more of the first digits of its digest
error-statement-unknown = the log of { $did } has no statement { $statement }
error-statement-ambiguous = several statements of { $did } begin with { $statement }; give more of its digest
error-statement-issuance = statement { $statement } of { $did } is an issuance; who asks for it tells the node which batch of credentials matters to them
hint-statement-issuance = fetch the log as a whole, as a wallet or `carnet log verify DID` does; only statements about institutions are saved one by one
error-saved-file = { $file } is not what `carnet log { $command }` saves
error-fork-file = { $file } is not a proof of a fork
error-fork-none = this node has no proof that the log of { $did } shows two histories
error-fork-wrong = the node's proof against { $did } proves nothing
error-saved-inception = { $file } does not hold leaf 0 of the log of { $did }
error-log-wrong = the log of { $did } does not hold: { $reason }
error-form = { $file }, line { $line }, column { $column }: { $reason }
error-form-rule = { $file }: { $reason }
error-form-mistakes =
    { $count ->
        [one] one mistake
       *[other] { $count } mistakes
    } in { $file }
error-rows =
    { $count ->
        [one] one mistake
       *[other] { $count } mistakes
    } in { $file }, and nothing was issued
hint-rows = `carnet { $command } --columns` says what each column holds
error-issue-unwritten =
    everything was issued, and { $written } files were written, but { $count ->
        [one] one was
       *[other] { $count } were
    } not
hint-issue-unwritten = make these invalid by `carnet status set ROW invalid`, and issue them again under new row keys
error-policy-missing = there are no rules at { $file }
hint-policy-missing = `carnet trust add DID --name NAME` makes them; name another file with --policy FILE
error-trust-known = { $did } is a trust anchor in { $file } already, for: { $purposes }
error-trust-unknown = { $did } is no trust anchor in { $file }
error-trust-witnesses = { $file } names witnesses already; change them there
error-trust-unconfirmed = nothing was added, because the fingerprint was not confirmed
hint-trust-unconfirmed = compare it, then answer yes on a terminal, or add --yes
error-trust-by-hand = { $file } is not written as `carnet trust add` writes it, and is left as it is
hint-trust-by-hand = take the trust anchor out with an editor
error-terminal = the terminal cannot be read
error-name = this is not a name
error-line = this is not a text of one line
error-day = { $reason }
error-statement-rule = such a statement cannot be made
error-arguments = arguments that should be there are not
error-digest-unknown = no statement has a digest that begins with { $digest }
error-digest-ambiguous = several statements have a digest that begins with { $digest }
error-digest-short = { $digest } is not the beginning of a digest: at least 4 hexadecimal digits
hint-digest = `carnet log show DID` lists them
error-withdrawn-already = withdrawn already from { $effective }; this would not make it stricter
error-agreement-not-named = the agreement { $digest } does not name { $did } as a signatory
error-agreement-not-ratified = this institution has not ratified { $digest }, or has left it
error-agreement-unknown = there is no agreement { $name }: no such file, none built in with this id, and none in the logs at hand with a digest that begins so
hint-agreement-unknown = built in are { $names }; one in a log is named by its digest, with --node
error-agreement-of-recognition = { $name } is an agreement on recognition and adds no periods
hint-agreement-of-recognition = `carnet recognise` judges by it; `carnet totalise` takes one such as eu-883
error-agreement-of-periods = { $name } is an agreement on periods and recognises no skills
hint-agreement-of-periods = `carnet totalise` counts by it; `carnet recognise` without --agreement goes by those that count for you
error-recognise-not-party = { $country } is no party of { $agreements }, so nothing is verified by it
hint-recognise-not-party = name an agreement that binds that country, or none: then those are looked at that count for you
error-agreement-no-recognition = the agreement { $digest } has no rules of recognition, or is not in force yet
error-agreement-ratified-already = this institution has ratified { $digest } already

error-presentation-not = { $file } is not a presentation
error-challenge-record = { $file }, a record of a challenge of yours, is damaged or newer than this program
hint-challenge-record = restore it; or delete it, then the answer to that one challenge is refused
hint-presentation-not = ask the holder for the .carnet file that `carnet wallet present` made
error-presentation-twice = { $file } and { $other } are the same presentation, which counts once; nothing was verified
hint-presentation-twice = name each presentation once
error-presentation-one-challenge = { $file } and { $other } answer the same challenge, of which one answer counts; nothing was verified
hint-presentation-one-challenge = ask the holder for one presentation of all of it, or make a challenge for each
error-verify-stdin = `-` is named twice, and stdin can be read once only
error-presentation-newer = { $file } was made by a newer version of carnet; update carnet to verify it
