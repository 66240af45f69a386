# Periods of several countries, and the rules that add them.

cases-total = { $matching } of { $count } cases come out as expected
case-not-computed = cannot be computed: { $reason }
case-differs = { $at }: expected { $expected }, computed { $computed }
agreement-rules = { $id }, { $family }: { $rules } rules, { $unsure } of them from general knowledge
agreement-no-cases = there is no case in the file to hold the rules against
