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
totalise-answer-people = Nothing was counted: the attestations are not shown to be about one person. Each has to show the same birth date, and the same document number or name.

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
totalise-left-no-figure = No. { $number }: it is certified year by year, and no year is shown
totalise-left-same-time = No. { $number }: the same institution certifies the same time of the same scheme in No. { $other }, and it is not shown which replaces which. Ask for series and sequence of both.

totalise-complete = Completeness
totalise-note-years-hidden = No. { $number }: its total is more than the years shown, so years of it are hidden
totalise-note-years-unknown = No. { $number }: its total is not shown, so it cannot be told whether years of it are hidden
totalise-note-scheme-holds-more = No. { $number }: the institution has more on record in this scheme than is shown
totalise-note-scheme-all-shown = No. { $number }: all that the institution has on record in this scheme is shown
totalise-note-complete = No. { $number }: the institution states that every period of the scheme “{ $scheme }” up to { $day } is attested
totalise-note-not-complete = No. { $number }: the institution does not state that every period of the scheme “{ $scheme }” is attested. It was asked for { $day }.
totalise-note-partly-refunded = No. { $number }: contributions were paid back in part on { $day }
totalise-hidden = Periods that are not shown are not counted. Periods of other States that are hidden make the share of { $state } larger than it is; only the institutions can state completeness.

totalise-steps = Steps
totalise-head-step = step
totalise-head-input = from
totalise-head-result = to
totalise-head-rule = rule
totalise-step-converted = No. { $number } converted
totalise-step-cut = No. { $number } cut off at a day
totalise-step-displaced = No. { $number } gives way to No. { $other } where they coincide
totalise-step-placed = No. { $number } placed where time was free
totalise-step-own = Own time added up
totalise-step-foreign = Time of other States: there, and added
totalise-step-yearly-limit = A calendar year limited
totalise-step-own-minimum = Own time held against the minimum
totalise-step-alone = Own time alone held against what the right needs
totalise-step-together = All time held against what the right needs
totalise-step-needed = As much foreign time as the right needs
totalise-step-short = Own time held against the threshold of a short period
totalise-step-ratio = Own time over the time that it is divided by
totalise-step-third-state = Time of a third State added

totalise-not = Not counted, and why
totalise-not-line = { $what }: { $time }, because { $why }
totalise-not-period = No. { $number }
totalise-not-foreign = time of other States
totalise-why-no-agreement = the agreement is not in force between the two States for this
totalise-why-no-totalisation = the agreement adds no periods
totalise-why-other-partner = the agreement adds the time of one partner only
totalise-why-other-branch = it counts for other branches
totalise-why-not-for-right = it does not count towards the right
totalise-why-refunded = its contributions were paid back, which ends the right from them
totalise-why-kind = the agreement does not count this kind of period
totalise-why-before-day = it lies before the day from which time counts
totalise-why-after-risk = it lies after the risk
totalise-why-after-age = it lies after an age
totalise-why-displaced = the same time counts for another State
totalise-why-same-state = two institutions of one State report the same time
totalise-why-no-room = no free time was left for it
totalise-why-year-full = the calendar year is full
totalise-why-not-owed = the State need not add foreign time
totalise-why-outside-home = it was spent outside the home scheme

totalise-beware = Beware
totalise-warn-hidden-raises-share = Periods that are not shown would make the share smaller.
totalise-warn-refund-ends = No. { $number }: contributions that are paid back end the right from them.
totalise-warn-other-ages = The right may open in one State earlier than in another; a claim can be put off.
totalise-warn-number-not-dates = No. { $number }: the certified number and the dates disagree; the number counts.
totalise-warn-same-state = No. { $number } and No. { $other }: two institutions of one State report the same time; its own law decides.
totalise-warn-mixed-units = Several units within one calendar year came to more than a year.
totalise-warn-exactly-one-year = The own time is exactly a year, which is no short period.
totalise-warn-short-with-right = A period below a year still pays if it alone gives a right.
totalise-warn-one-sided = The agreement binds only the other side to add periods.
totalise-warn-residence-not-counted = No. { $number }: residence that counts in one State does not count here.
totalise-warn-rounded-by-year = Figures by year are rounded every year; one figure for all would be rounded once.
totalise-warn-not-in-force = The agreement was not in force on the day.
totalise-warn-hypothetical = The sum of all time is hypothetical: no agreement adds these periods.
totalise-warn-dates-uncertain = No. { $number }: no exact days are known; it is presumed not to coincide with others.
totalise-warn-not-chained = Agreements cannot be chained: one partner at a time.

totalise-missing = Missing, and who can supply it
totalise-miss-completeness = a statement of the institutions of { $state } up to which day everything is attested
totalise-miss-exact-days = the exact days of No. { $number }, from the institution of { $state }
totalise-miss-national-right = whether the own time alone gives a right, from the institution of { $state }
totalise-miss-time = { $time } more, to open the right in { $state }

totalise-rules = Rules
totalise-rule-memory = not read at its source
totalise-rule-from = Agreement data: { $id }, { $title }
totalise-footer = This computation shows what the attestations give under the rules as the agreement data states them. It is no decision and no legal advice. The competent institution decides.
totalise-signed = Checked by
totalise-date = Date
totalise-written = The worksheet is in { $file }.

totalise-unit-year = { $count ->
    [one] { $time } year
   *[other] { $time } years
    }
totalise-unit-quarter = { $count ->
    [one] { $time } quarter
   *[other] { $time } quarters
    }
totalise-unit-month = { $count ->
    [one] { $time } month
   *[other] { $time } months
    }
totalise-unit-week = { $count ->
    [one] { $time } week
   *[other] { $time } weeks
    }
totalise-unit-day = { $count ->
    [one] { $time } day
   *[other] { $time } days
    }


error-totalise-rules = the periods cannot be counted under this agreement
error-totalise-agreement = no agreement is called { $name }
hint-totalise-agreement = name a shipped one such as eu-883, a file of rules, or the digest of a logged agreement with --node
error-totalise-without-rules = the agreement { $name } has no rules on periods
error-totalise-agreement-ended = the agreement { $name } was withdrawn or is void
