# Recognition of skills: `carnet recognise`, `carnet agreement check` and `denounce`.

recognise-refused = { $file } is not used: it is { $verdict }. { $reason }
recognise-superseded = An attestation that a newer one replaces is not used.
recognise-other-person = The presentations are not shown to be of one person: each has to disclose the same birth date, and the same document number or an equal name. Nothing was added up.
recognise-other-documents = The presentations are not shown to be of one person: name and birth date are the same, and the document numbers are not. It may be one person with a renewed or a second document, or two people of one name. It would be shown by attestations with the same number: whoever issued under the old one can issue anew with the present one. Nothing was added up.
recognise-nothing-valid = Nothing that was shown is valid, so nothing was judged. `carnet verify` says why.
recognise-from-shown = This is what the agreements make of the attestations shown, on { $day }. The competent body decides. It is no legal advice.
recognise-question = { $occupation } { $title } in { $country }
recognise-opens = What the attestations shown open abroad
recognise-opens-nothing = No agreement at hand opens anything abroad with them.
recognise-attestations = Attestations
recognise-attestation = { $number }. { $title }, { $claim }, awarded { $day } by { $issuer }
recognise-endorsed = endorsed by { $issuer }, which has a seat as { $role } in { $agreement }
recognise-endorsed-own-claim = endorsed by { $issuer }, which says of itself that it speaks as { $role }: no agreement at hand gives it that seat
recognise-agreement = { $title }, { $id }, version { $version }
recognise-not-binding = It is not shown to bind anybody.
recognise-binding = It stands in a log and is signed.
recognise-way = { $home } to { $host }: { $occupation } { $title }
recognise-way-title = There it is called “{ $title }”.
recognise-steps = Steps
recognise-signatures = Signatures
recognise-seat = { $country }: { $name }, { $role }{ $must ->
    [yes] , has to sign
   *[no] {""}
}
recognise-conditions = Conditions
recognise-missing = The fewest further pieces of evidence that would show the rest
recognise-missing-item = { $evidence }{ $conditions ->
    [none] {""}
   *[other] {" "}(for: { $conditions })
}{ $titles ->
    [none] {""}
   *[other] : { $titles }
}
recognise-missing-nothing = Nothing that you could show changes this.
recognise-compensation = To make up for the difference ({ $chooser ->
    [worker] the worker chooses
   *[host] the host country's body chooses
})
recognise-measure = { $kind }{ $maximum ->
    [none] {""}
   *[other] , at most { $maximum }
}: { $text }
recognise-procedure = How to apply
recognise-body = Competent body: { $body }
recognise-documents = Documents: { $documents }
recognise-acknowledgement = It acknowledges within { $span }.
recognise-decision = It decides within { $span }.
recognise-fee = Fee: at most { $amount } { $currency }, paid by the { $payer }.
recognise-no-fee = There is no fee.
recognise-appeal = Appeal: { $appeal }
recognise-others = Other agreements
recognise-levels = What reference frameworks say of the level
recognise-level-row = { $from } corresponds to { $to }. For reference only: a level alone recognises nothing.
recognise-level-none = { $from } and { $to }: no agreed correspondence.
recognise-general-knowledge = general knowledge: compare with the text
recognise-fictitious = made up
recognise-html-written = written to { $file }

recognise-outcome-automatic = Recognised. Nothing more is asked.
recognise-outcome-recognised_with_conditions = Recognised once the conditions below that are not shown yet are shown.
recognise-outcome-compensation_required = Recognised after a compensation measure.
recognise-outcome-partial = A part of the occupation is open.
recognise-outcome-refused = Not recognised by what is shown.
recognise-outcome-not_in_scope = The agreement is between both countries, and does not speak of this: no agreed correspondence.
recognise-outcome-no_agreement = No agreement on this binds both countries.

recognise-evidence-qualification-certificate = a certificate of the qualification
recognise-evidence-unit-certificate = a certificate of the unit
recognise-evidence-register-extract = an extract of the register
recognise-evidence-good-standing-certificate = a certificate of good standing
recognise-evidence-work-certificate = a certificate of work
recognise-evidence-language-certificate = a certificate of the language
recognise-evidence-examination-certificate = a certificate of the examination
recognise-evidence-training-record = a record of continuing education
recognise-evidence-birth-date = the birth date, disclosed
recognise-evidence-prior-learning-record = the evidence behind the recognition of prior learning, disclosed

recognise-supplier-qualification-certificate = from the body that awards it
recognise-supplier-unit-certificate = from the body that awards it
recognise-supplier-register-extract = from the body that keeps the register
recognise-supplier-good-standing-certificate = from the body that keeps the register
recognise-supplier-work-certificate = from the employer, or whoever attests work there
recognise-supplier-language-certificate = from a body that examines the language
recognise-supplier-examination-certificate = from the body that held the examination; its result has to be disclosed
recognise-supplier-training-record = from whoever gave the training
recognise-supplier-birth-date = you disclose it, if an attestation of yours holds it
recognise-supplier-prior-learning-record = you disclose it (`--disclose prior_learning`), if the attestation holds it
recognise-supplier-issuers = from an issuer that the agreement accepts: { $issuers }

recognise-step-file-only = Judged by the rules of a file. Nobody's signature was looked up.
recognise-step-signed = The agreement is signed by those that have to sign: { $signed } of { $seats } seats.
recognise-step-signed-in-part = The agreement is signed in part only, { $signed } of { $seats } seats; open: { $open }.
recognise-step-in-force = It is in force between both countries since { $from }.
recognise-step-not-yet-in-force = It is in force between both countries only from { $from }.
recognise-step-ended = It ended on { $end }, and no longer helps this attestation.
recognise-step-ended-but-stays = It ended on { $end }; what was awarded before is still judged by it.
recognise-step-occupation-in-scope = { $occupation } { $title } is in its scope.
recognise-step-occupation-outside = { $occupation } { $title } is outside its scope.
recognise-step-purpose-outside = It does not cover { $purpose }.
recognise-step-activities-excluded = Left out are: { $activities }.
recognise-step-claim-outside = None of the attestations shown is of a kind that it maps: { $claims }.
recognise-step-level-outside = { $framework } { $level } is outside the levels of its scope.
recognise-step-esco-outside = The ESCO occupation of the attestation is outside its scope.
recognise-step-issuer-accepted = { $issuer } was accepted as issuer on the day of the award, { $day }.
recognise-step-issuer-not-accepted = { $issuer } is not an issuer that it accepts.
recognise-step-issuer-other-time = { $issuer } was not accepted as issuer on the day of the award, { $day }.
recognise-step-attestation-ended = The attestation counted up to { $day }: it has ended.
recognise-step-assessment-failed = The attestation says that the assessment was not passed.
recognise-step-assessment-not-shown = Whether the assessment was passed is not shown.
recognise-step-prior-learning-met = The evidence behind the recognition of prior learning ({ $count } pieces) meets validity, sufficiency, authenticity and currency.
recognise-step-prior-learning-not-shown = The evidence behind the recognition of prior learning is not disclosed, so its four rules (validity, sufficiency, authenticity, currency) cannot be looked at.
recognise-step-prior-learning-statements = The recognition of prior learning rests on what the person says alone, which is not sufficient.
recognise-step-prior-learning-references = The recognition of prior learning rests on references of others alone, which are not sufficient.
recognise-step-prior-learning-rules = No evidence behind the recognition of prior learning meets one of the four rules: validity, sufficiency, authenticity, currency.
recognise-step-prior-learning-old = Evidence behind the recognition of prior learning is said to be current and was older than four years on the day of the award.
recognise-step-prior-learning-future = Evidence behind the recognition of prior learning is of a day behind the award.
recognise-step-title-corresponds = “{ $home }” corresponds to “{ $host }” in { $country }.
recognise-step-title-other-standard = “{ $home }” corresponds by the standard { $wanted }; the attestation shows { $shown ->
    [none] none
   *[other] { $shown }
}.
recognise-step-units-covered = Units of the host title that are shown apart: { $units }.
recognise-step-units-missing = Units of the host title that are not shown: { $units }.
recognise-step-level-same = { $title } demands { $wanted_framework } { $wanted }; the attestation is of { $framework } { $level }.
recognise-step-level-reached = { $title } demands { $wanted_framework } { $wanted }; by this row { $framework } { $level } reaches it.
recognise-step-level-one-below = { $title } demands { $wanted_framework } { $wanted }; { $framework } { $level } is one below and accepted for it.
recognise-step-level-too-low = { $title } demands { $wanted_framework } { $wanted }; { $framework } { $level } does not reach it.
recognise-step-level-alone = { $framework } { $level } corresponds to { $wanted_framework } { $wanted }. A level alone recognises nothing.
recognise-step-no-correspondence = { $title } demands { $wanted_framework } { $wanted }; for { $framework } { $level } there is no agreed correspondence.
recognise-step-no-title-row = For “{ $title }” there is no agreed correspondence.
recognise-step-other-occupation = The attestation is of another occupation: { $occupation } { $title }.
recognise-step-compensation = A compensation measure may be asked for ({ $because }).
recognise-step-compensation-waived = Work of { $length } makes up for the difference: no measure may be asked for.
recognise-step-compensation-not-foreseen = The agreement foresees no measure that would make up for this ({ $reason }).
recognise-step-partial-access = What is covered is open without the rest.
recognise-step-nothing-shown = Nothing that it maps is shown.
recognise-step-no-agreement = No agreement at hand binds a country of the attestations and { $country }.
recognise-step-own-certificate = An attestation is of { $country } itself: there it needs no agreement.
recognise-step-host-decides = only the host country's body can say
recognise-step-experience-not-shown = no work in the occupation is shown; { $length } is asked
recognise-step-experience-met = { $days } days of work are shown; { $length } is asked
recognise-step-experience-short = { $days } days of work are shown, which is less than { $length }
recognise-step-registration-not-shown = no registration is shown
recognise-step-registration-met = registered now: { $register }
recognise-step-registration-ended = the registration has ended: { $register }
recognise-step-registration-status = the registration is { $status }: { $register }
recognise-step-standing-not-shown = good standing is not shown
recognise-step-standing-old = good standing was attested for { $day }, longer ago than { $within }
recognise-step-standing-met = good standing is attested for { $day }
recognise-step-sanctions-none = the register attests good standing, and no licence shown says otherwise
recognise-step-education-not-shown = no continuing education is shown; { $hours } hours are asked
recognise-step-education-short = { $shown } of { $hours } hours are shown
recognise-step-education-met = { $shown } hours are shown; { $hours } are asked
recognise-step-language-not-shown = { $language } is not shown; { $level } is asked
recognise-step-language-result-not-shown = whether { $language } at { $level } was passed is not shown: its assessment has to say so
recognise-step-language-short = { $language } { $shown } is shown; { $level } is asked
recognise-step-language-met = { $language } { $shown } is shown; { $level } is asked
recognise-step-examination-not-shown = the examination { $code } is not shown
recognise-step-examination-old = the examination { $code } was passed on { $day }, too long ago
recognise-step-examination-ended = the examination { $code } of { $day } no longer holds
recognise-step-examination-failed = the examination { $code } of { $day } was not passed
recognise-step-examination-contradiction = cannot be told: of the examination { $code } on { $day } one attestation says that it was passed, and another that it was not
recognise-step-examination-result-not-shown = whether the examination { $code } of { $day } was passed is not shown
recognise-step-registration-contradiction = cannot be told: attestations of { $register } contradict each other, and none is the newest
recognise-step-evidence-other-kind = “{ $title }” ({ $claim }, { $issuer }) is not counted for this: it is not a kind of evidence that the agreement asks for
recognise-step-evidence-other-issuer = “{ $title }” ({ $claim }) is not counted for this: the agreement does not accept { $issuer }
recognise-step-evidence-other-time = “{ $title }” ({ $claim }) is not counted for this: { $issuer } was not accepted as issuer on { $day }, the day of the award
recognise-step-examination-met = the examination { $code } was passed on { $day }
recognise-step-age-not-shown = the birth date is not shown
recognise-step-age-met = the age fits
recognise-step-age-outside = the age does not fit

check-case-right = { $id }: { $about } — { $outcome }
check-case-wrong = { $id }: { $about }
check-case-expected = expected { $expected }
check-case-found = found { $found }
check-recognition = { $id }, version { $version }: { $titles ->
        [one] one title row
       *[other] { $titles } title rows
    }, { $levels ->
        [one] one level row
       *[other] { $levels } level rows
    }, { $conditions ->
        [one] one condition
       *[other] { $conditions } conditions
    }, { $cases ->
        [one] one case
       *[other] { $cases } cases
    }
check-basis = { $knowledge ->
        [one] one rule rests
       *[other] { $knowledge } rules rest
    } on general knowledge, { $fictitious ->
        [one] one is
       *[other] { $fictitious } are
    } made up
check-right = every case comes out as the file says
check-wrong = { $count ->
    [one] one case comes out otherwise
   *[other] { $count } cases come out otherwise
}
check-no-case = it has no cases: write some, so that every party's program gives the same answer
agreement-worker-pays = In { $country } the worker pays up to { $amount } { $currency } to { $body }. No worker bears fees of recruitment or the costs that go with it, tests of skills among them (ILO, General principles for fair recruitment; Definition of recruitment fees, 2019). If a law sets this fee, the source should name it; else let the employer or the State pay.
check-levels = { $frameworks ->
        [one] one framework
       *[other] { $frameworks } frameworks
    }, { $rows ->
        [one] one row
       *[other] { $rows } rows
    }, { $none ->
        [one] one pair
       *[other] { $none } pairs
    } without an agreed correspondence

agreement-denounced = denounced from { $from } on: statement { $digest }, leaf { $leaf }
agreement-leaves = { "      " }no longer bound from { $day } on
agreement-recognition = Recognition of skills: { $id }, version { $version }; { $titles ->
        [one] one title row
       *[other] { $titles } title rows
    }, { $conditions ->
        [one] one condition
       *[other] { $conditions } conditions
    }; what was awarded before its end { $acquired }.
agreement-threshold = { $country }: { $signed } of { $roles } ({ $names }), { $least } needed

issue-weak = { $row }: { $reason }
recognise-beside = As { $occupation } { $title } in { $country }: { $outcome } `carnet recognise` says why, step by step.
error-verify-recognition-of-several = several presentations are judged for one occupation only together
hint-recognise = use `carnet recognise` for them
