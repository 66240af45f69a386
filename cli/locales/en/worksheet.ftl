# Worksheets of `carnet totalise`.

totalise-title = Periods counted together
totalise-lead = From the attestations shown, and from nothing else.
totalise-agreement = Agreement
totalise-state = State that is asked
totalise-branch = Branch
totalise-risk = Date of the risk
totalise-no-risk = not given: all time counts
totalise-unit = Counted in
totalise-made = Made at
totalise-person = Person, as shown
totalise-born = Born
totalise-needed = Time that the right needs
totalise-not-known = not given here

totalise-answer-alone = From the attestations shown: the right opens from the { $own } of { $state } alone; { $needed } are needed.
totalise-answer-together = From the attestations shown: { $own } of { $state } and { $foreign } of other States make { $total }. The right needs { $needed }: it opens with the periods of the other States.
totalise-answer-short = From the attestations shown: { $own } of { $state } and { $foreign } of other States make { $total }. The right needs { $needed }: it does not open.
totalise-answer-open = From the attestations shown: { $own } of { $state } and { $foreign } of other States make { $total }. How much the right needs is not stated here; --needed compares it.
totalise-answer-not-bound = This agreement does not bind { $state }: under it nothing can be said of a right there with periods of others. Only its own { $own } are shown.
totalise-answer-undetermined = Whether the right opens cannot be told: what was left out or is not shown, as told below, could change the answer.
totalise-answer-no-adding = This agreement does not let { $state } add periods of others here, so only its own { $own } count.
totalise-answer-hypothetical = If an agreement added them, all would make { $total }. That is no right to anything.
totalise-answer-relieved = The own time is short and gives no right alone: the institution of { $state } pays nothing for it, and the others count it.
totalise-answer-may-refuse = The own time is short: the institution of { $state } may refuse to pay for it; the others still count it.
totalise-answer-share = Share of { $state }: { $num } / { $den }.
totalise-answer-nothing = Nothing was counted: no contribution attestation could be relied on.
totalise-answer-refused = { $count ->
    [one] One credential was refused and is not counted
   *[other] { $count } credentials were refused and are not counted
    }; the result can be another with it.
totalise-answer-people = Nothing was counted: the attestations are not shown to be about one person. Each has to show the same birth date, and the same document number or name. Where two document numbers are shown, the same name is not enough: it may be one person with a renewed document, or two people. Whoever issued under the old number can issue anew with the present one.

totalise-attestations = Attestations
totalise-head-number = No.
totalise-head-state = State
totalise-head-scheme = scheme
totalise-head-kind = kind
totalise-head-months = from, to
totalise-head-certified = certified
totalise-head-converted = converted
totalise-head-counted = counted
totalise-head-issuer = issued by
totalise-not-counted-mark = no
totalise-refused = Refused, and not counted
totalise-refused-line = { $file }: { $reason } (check { $check })
totalise-no-contribution = it attests no period
totalise-left-out = Valid, and not counted
totalise-left-replaced = No. { $number }: a newer attestation that was shown, No. { $other }, takes its place
totalise-left-shown-twice = No. { $number }: the same as No. { $other }
totalise-left-no-figure = No. { $number }: it is certified year by year, and no year is shown. With its years the result can be another.
totalise-left-same-time = No. { $number }: the same institution certifies the same time of the same scheme in No. { $other }, and it is not shown whether one replaces the other. Only the one that certifies more counts. Ask for series and sequence of both.

totalise-complete = Completeness
totalise-note-years-hidden = No. { $number }: its total is more than the years shown, so years of it are hidden
totalise-note-years-unknown = No. { $number }: its total is not shown, so it cannot be told whether years of it are hidden
totalise-note-scheme-holds-more = No. { $number }: the institution has more on record in this scheme than is shown; what was paid back is not among it
totalise-note-scheme-all-shown = No. { $number }: all that the institution has on record in this scheme is shown; what was paid back is not among it
totalise-note-complete = No. { $number }: the institution states that every period of the scheme “{ $scheme }” up to { $day } is attested
totalise-note-not-complete = No. { $number }: the institution does not state that every period of the scheme “{ $scheme }” is attested. It was asked for { $day }.
totalise-note-partly-refunded = No. { $number }: contributions were paid back in part on { $day }
totalise-note-other-law = No. { $number }: the institution { $institution } certifies time under the law of { $law }. Only an institution of { $law } says what counts there; whoever is posted abroad stays under the law of the State that sent them (certificate A1). Ask it to confirm the time.
totalise-note-odd = No. { $number }: { $reason }. Ask the institution.
totalise-hidden = Periods that are not shown are not counted. Periods of other States that are hidden make the share of { $state } larger than it is; only the institutions can state completeness.

totalise-steps = Steps
totalise-head-step = step
totalise-head-rule = rule
totalise-head-citation = where it stands
totalise-number = No. { $number }

totalise-not = Not counted, and why

totalise-beware = Beware

totalise-missing = Missing, and who can supply it

totalise-rules = Rules
totalise-rule-memory = not read at its source
totalise-rule-from = Agreement data: { $id }, { $title }
totalise-footer = This computation shows what the attestations give under the rules as the agreement data states them. It is no decision and no legal advice. The competent institution decides.
totalise-signed = Checked by
totalise-date = Date
totalise-written = The worksheet is in { $file }.

totalise-time-year = { $count ->
    [one] { $time } year
   *[other] { $time } years
    }
totalise-time-quarter = { $count ->
    [one] { $time } quarter
   *[other] { $time } quarters
    }
totalise-time-month = { $count ->
    [one] { $time } month
   *[other] { $time } months
    }
totalise-time-week = { $count ->
    [one] { $time } week
   *[other] { $time } weeks
    }
totalise-time-day = { $count ->
    [one] { $time } day
   *[other] { $time } days
    }

error-totalise-rules = the periods cannot be counted under this agreement
error-totalise-agreement = no agreement is called { $name }
hint-totalise-agreement = name a shipped one such as eu-883, a file of rules, or the digest of a logged agreement with --node
error-totalise-not-party = the agreement { $agreement } does not bind { $state }, so nothing is verified by it; it binds { $parties }
hint-totalise-not-party = name the agreement that binds that State for that branch; --agreement none tells what its own law alone gives
error-totalise-not-branch = the agreement { $agreement } is not about { $branch }, so nothing is verified by it; it is about { $branches }
error-totalise-without-rules = the agreement { $name } has no rules on periods
error-totalise-not-in-force = the agreement { $name } is not in force, as far as the logs at hand say
hint-totalise-not-in-force = `carnet agreement show` says who has not signed, or has left; --node takes whole logs, in which a ratification is found
