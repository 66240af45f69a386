# Periods of several countries, and the rules that add them.

cases-total = { $count ->
    [one] { $matching ->
        [0] the one case does not come out as expected
       *[other] the one case comes out as expected
        }
   *[other] { $matching } of { $count } cases come out as expected
    }
cases-not-compared = { $count ->
    [one] one case expects nothing, so that there is nothing to compare
   *[other] { $count } cases expect nothing, so that there is nothing to compare
    }
case-not-compared = nothing to compare: the case expects nothing; computed { $computed }
case-not-computed = cannot be computed: { $reason }
case-differs = { $at }: expected { $expected }, computed { $computed }
agreement-rules = { $id }, { $family }: { $rules ->
    [one] one rule
   *[other] { $rules } rules
    }, { $unsure } of them from general knowledge
agreement-no-cases = there is no case in the file to hold the rules against

# How an answer came about.
totalise-basis = From the attestations shown, and no legal advice:
totalise-rule = { $text } ({ $rule })
totalise-unit-year = years
totalise-unit-quarter = quarters
totalise-unit-month = months
totalise-unit-week = weeks
totalise-unit-day5 = days of a five-day week
totalise-unit-day6 = days of a six-day week
totalise-unit-day7 = days of a seven-day week
totalise-unit-day = days
totalise-unit-contribution-week = weekly contributions
totalise-step-converted = { $period }: certified time comes to { $input } { $unit }, and { $result } of them count
totalise-step-cut = { $period }: { $result } of { $input } { $unit } are left before or after the day that counts
totalise-step-displaced = { $period }: { $result } of { $input } { $unit } are left beside { $other }, which holds the same time
totalise-step-placed = { $period }: the days are not known; there is room for { $result } of { $input } { $unit }
totalise-step-own = own time: { $result } { $unit }
totalise-step-foreign = time of the other States: { $input } { $unit }, of which { $result } are added
totalise-step-calendar = { $state }: its figures come to { $input } { $unit } one by one; added by calendar year before they are rounded, and held to the calendar, to { $result }
totalise-step-yearly-limit = all time of all States is { $input } { $unit }; the calendar holds { $result }
totalise-step-room-left = all time of all States is { $input } { $unit }; with time that gave way to figures that come to less together than one by one, the calendar holds { $result }
totalise-step-own-minimum = { $input } { $unit } of own time are there, and { $result } must be
totalise-step-alone = own time alone: { $input } { $unit } of { $result } that the right needs
totalise-step-together = all time together: { $input } { $unit } of { $result } that the right needs
totalise-step-needed = the right needs { $result } { $unit } of foreign time
totalise-step-short = { $input } { $unit } of own time against { $result }, below which time is short
totalise-step-ratio = the own share is { $input } of { $result } { $unit }
totalise-step-third-state = with third States { $result } { $unit }, without them { $input }

totalise-without-foreign-time = the foreign time
totalise-left-out-no-agreement = { $period }: { $time } { $unit } do not count, because no agreement between the two States for this branch was shown
totalise-left-out-no-totalisation = { $period }: { $time } { $unit } do not count, because the agreement adds no time here
totalise-left-out-other-partner = { $period }: does not count, because the agreement adds the time of one partner only
totalise-left-out-other-branch = { $period }: { $time } { $unit } count for other branches only
totalise-left-out-not-for-right = { $period }: { $time } { $unit } do not count towards this
totalise-left-out-refunded = { $period }: { $time } { $unit } do not count, because the contributions were paid back
totalise-left-out-kind = { $period }: { $time } { $unit } do not count, because the agreement does not count this kind of time
totalise-left-out-before-day = { $period }: { $time } { $unit } lie before the day from which time counts
totalise-left-out-after-risk = { $period }: { $time } { $unit } lie after the risk
totalise-left-out-after-age = { $period }: { $time } { $unit } lie after the age up to which time counts
totalise-left-out-displaced = { $period }: { $time } { $unit } count for another State
totalise-left-out-same-state = { $period }: { $time } { $unit } are reported in another attestation of the same State too; that State's own law decides
totalise-left-out-no-room = { $period }: no free time was left for { $time } { $unit }
totalise-left-out-year-full = { $period }: { $time } { $unit } are more than the calendar holds
totalise-left-out-calendar-full = { $state }: { $time } { $unit } do not count, because its figures are added before they are rounded, and no month counts twice
totalise-left-out-not-owed = { $period }: { $time } { $unit } are not added, because the State need not add them
totalise-left-out-outside-home = { $period }: { $time } { $unit } were spent outside the home scheme

totalise-warning-hidden-raises-share = Time abroad that is not shown would make this share smaller. Only the institutions can say that nothing is missing.
totalise-warning-refund-ends = { $period }: the contributions were paid back, and with them { $time } { $unit } are lost. Whoever is offered a refund should ask first what it ends.
totalise-warning-other-ages = The right may open earlier or later in another State; ask each of them.
totalise-warning-number-not-dates = { $period }: the certified number is more than its dates hold. The number counts.
totalise-warning-same-state = { $period } and { $other }: two attestations of one State are about the same time. It is counted once.
totalise-warning-mixed-units = Several figures came to more than the calendar holds; the rest was dropped.
totalise-warning-exactly-one-year = The own time is exactly the threshold, and so is not short.
totalise-warning-short-with-right = The own time is short, but gives a right of its own; the institution pays.
totalise-warning-one-sided = The agreement binds only the other side to add time.
totalise-warning-not-bound = The agreement does not bind the State that is asked, so it adds nothing here.
totalise-warning-residence-not-counted = { $period }: residence that counts in its own State does not count here.
totalise-warning-rounded-by-year = { $period }: it is certified year by year and rounded every year; one figure for all years could come to less.
totalise-warning-not-in-force = The agreement is not in force on the day of the claim.
totalise-warning-hypothetical = { $time } { $unit } is hypothetical: it would be reached if an agreement added this time.
totalise-warning-dates-uncertain = { $period }: no exact days are known, so it is presumed not to coincide with anything.
totalise-warning-not-chained = Agreements cannot be chained: time of a further State is not added.

totalise-missing-completeness = { $period }: a statement up to which day everything is stated, from the institution in { $state }
totalise-missing-exact-days = { $period }: the exact days, from the institution in { $state }
totalise-missing-national-right = { $period }: whether it alone gives a right, from the institution in { $state }
totalise-missing-birth-date = the birth date, which the person can disclose: { $state } adds its own time only before an age
totalise-missing-time = { $time } { $unit } more, certified by a State whose periods count here
