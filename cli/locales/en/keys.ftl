# Keys that are replaced, and what ends.
key-words-prompt = The 24 words of the next keys: { "" }
key-plan = The keys of { $did } will be replaced, at leaf { $leaf } or behind what others hold of its log by then.
key-void = { "  " }void: { $kind } at leaf { $leaf }, statement { $digest }
key-kept = { "  " }kept: { $kind } at leaf { $leaf }, statement { $digest }
key-kept-why = Issuances are kept whose batch the register of this node knows; --keep-none keeps none.
key-words =
    These 24 words will be the next keys once the keys are replaced. They are shown this once and kept nowhere. Write them on paper before you go on, and keep the paper with the old words until this command has said that it is done: until then the old ones count, and these are nothing.
key-confirm = Are the words on paper, and shall the keys be replaced? Answer yes:{ " " }
key-rotated =
    The keys are replaced: leaf { $leaf }, statement { $digest }. { $lists ->
        [0] There is no status list.
        [one] One status list was signed anew.
       *[other] { $lists } status lists were signed anew.
    }
    Next: `carnet node run --dir { $dir }` publishes it once the witnesses have confirmed.
error-key-rotate = the keys are not replaced
hint-key-rotate = stop the node first; `carnet node check` says what is wrong with its directory
error-key-unconfirmed = nothing was changed, because nobody said that the new words are on paper: the old words stay the valid ones, and any that were shown just now are nothing
hint-key-unconfirmed = answer yes on a terminal, or add --yes where the output is kept safe
error-digest-whole = { $digest } is not a digest: 64 hexadecimal digits
error-words-fd = no words can be read from file descriptor { $fd }
error-words-no-terminal = there is no terminal to ask for the words
hint-words-fd = hand them over by a file descriptor: --words-fd 3 3<FILE
error-words-wrong = these are not 24 words that belong together
hint-words-wrong = read them once more, in their order; a single wrong word is noticed
error-words-not-next = these are not the words of the next keys of { $did }
restore-plan = The log of { $did } has { $size } entries and holds. Its keys will be replaced by the next ones, in { $dir }.
restore-left-out = { $url } is left out: { $reason }
restored =
    The institution is in { $dir }. { $lists ->
        [0] It had no status list.
        [one] Its status list was taken over as it was published; new credentials get a new one.
       *[other] Its { $lists } status lists were taken over as they were published; new credentials get new ones.
    }
restored-no-register = What was issued before has no record any more, and is revoked by list and index.
restored-register =
    The register of the backup was taken over. { $records ->
        [0] Its records agree with the published lists.
        [one] One record was brought in line with the published lists.
       *[other] { $records } records were brought in line with the published lists.
    } { $batches ->
        [0] It knows every batch of the log.
        [one] One batch of the log was issued later: its certificates have no record any more, and are revoked by list and index.
       *[other] { $batches } batches of the log were issued later: their certificates have no record any more, and are revoked by list and index.
    }
restored-next = Next: `carnet node run --dir { $dir }`. The password of its operator is in { $token }.
hint-restore-not-empty = name another directory with --dir: nothing is overwritten
hint-restore-old-directory = an old state of this institution lies there. If its keys are in force still, `carnet node run` completes its log from peers, and takes no words. If they were replaced since, or stolen, move it away and name it with --backup, so that its register is taken over
error-restore-backup = { $dir } is not a directory of { $did }
hint-restore-backup = a backup has the files institution.did and register.key and the directory register/
hint-restore-backup-log = name nodes that hold all of the log with --from, best its witnesses; if its keys are in force still, `carnet node run` in the backup needs no words and completes it
error-restore-none = no node gave a log of { $did } that holds
error-restore-fork = the nodes hold two histories of the log of { $did }
hint-restore-fork = name only nodes whose history its witnesses have cosigned; `carnet log show` tells which
succeed-own = With this statement the log of { $did } ends: it takes nothing any more but status lists.
succeed-confirm = Shall this be stated? Answer yes:{ " " }
succeeded =
    { $did } closes on { $closed }; { $successors ->
        [0] nobody continues its status lists
       *[other] { $successor } continues them
    }: leaf { $leaf }, statement { $digest }.
error-succeed-future = { $day } has not come yet: what closes an institution counts at once, so it is stated on the day or after
error-succeed-unconfirmed = nothing was stated, because it was not confirmed
hint-succeed-unconfirmed = answer yes on a terminal, or add --yes
status-adopted =
    { $lists ->
        [0] No further list was taken over
        [one] One list was taken over
       *[other] { $lists } lists were taken over
    } as published; { $lost ->
        [0] no batch is unknown here
        [one] one batch is unknown here
       *[other] { $lost } batches are unknown here
    }, { $records ->
        [0] no record was changed
        [one] one record was changed
       *[other] { $records } records were changed
    }.
