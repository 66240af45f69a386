# The report on a presentation. A reason may have another text at one check: reason-<reason>-<check>.

report-valid = Every check holds.
report-valid-copy =
    Every check holds. It is a copy: compare name and birth date with an identity document of the person before you.
report-credential = Credential { $number }: { $verdict }
report-checks = What was checked
report-path = Who vouches for the issuer
report-proven = Proven to have existed by { $time }.
report-disclosed = What is shown
report-beware = Beware: { $reason }. Ask the institution.
report-withheld =
    { $count ->
        [0] Not shown: { $claims }.
       *[other] Not shown, or not in the credential: { $claims }. Up to { $count } parts were held back; some may be mere padding.
    }
report-evidence-age = What was relied on is { $age } old at most.
report-no-evidence = Nothing that is known of any log could be relied on.
report-ask-issuer = Questions about this credential: ask { $issuer }.
report-ask-appeal = Questions about this credential: ask { $issuer }. Appeals about its accreditation go to { $appeal }.
report-ask-calls-itself = The issuer calls itself “{ $issuer }”; nobody you trust has confirmed that name.
report-ask-unknown = The credential says that it was issued by { $issuer }. Find out who that is by a way you trust.
report-ask-holder = Ask the holder for another presentation.

# Of several files: one line each, and a line at the end.
verify-file = { $file }: { $reason }
verify-file-of = { $file } ({ $name }): { $reason }
verify-count =
    { $count } files: { $valid } valid, { $invalid } invalid, { $undetermined } undetermined, { $unreadable } could not be read
progress-verify = verifying

span-seconds =
    { $count ->
        [one] one second
       *[other] { $count } seconds
    }
span-minutes = { $count } minutes
span-hours = { $count } hours
span-days = { $count } days

path-trust-anchor = You trust { $name }.
path-accreditation = { $by } has accredited { $name } (statement { $statement }).
path-agreement = By the agreement “{ $title }”, which { $by } has signed, attestations of { $name } of { $country } count (statement { $statement }).

check-decode = Form
check-holder-binding = Holder
check-container = Shown together
check-same-subject = One person
check-issuer-key = Issuer's key
check-issuer-signature = Issuer's signature
check-disclosures = Disclosures
check-claim-shape = Claims
check-time = Time
check-status = Status
check-anchor = Existence
check-witnesses = Witnesses
check-forks = One history
check-path = Trust

reason-ok = it holds
reason-ok-decode = it is well-formed
reason-ok-container =
    { $count ->
        [one] it was shown by itself, as it was made
       *[other] all { $count } credentials were shown together, as they were made
    }
reason-ok-same-subject = all { $count } credentials show the same person
reason-ok-issuer-key = the key was that of { $issuer } when the credential was issued
reason-ok-issuer-signature = the issuer signed exactly this credential
reason-ok-disclosures = everything shown is as the issuer signed it
reason-ok-claim-shape = the claims are complete and of the right form
reason-ok-time = it counts until { $until }
reason-ok-status = neither revoked nor suspended, by a list { $age } old
reason-ok-witnesses =
    { $quorum ->
        [one] at least one independent witness
       *[other] at least { $quorum } independent witnesses
    } cosigned the log, last at { $seen }
reason-ok-forks = no log on the way is known to show two histories
reason-ok-path =
    { $links ->
        [0] you trust the issuer itself
        [one] one step leads from { $from } to { $to }
       *[other] { $links } steps lead from { $from } to { $to }
    }
reason-depends = not checked, because an earlier check did not hold
reason-malformed = it is malformed: { $detail }
reason-malformed-evidence = the evidence stapled to it is malformed: { $detail }
reason-holder-signature = whoever made this presentation does not hold the key that the credential belongs to
reason-wrong-audience = it was made for { $found }, not for { $expected }. Ask the holder for one that answers a challenge of yours
reason-nonce-unknown = it answers a challenge that is not one of yours
reason-nonce-used = it answers a challenge that was answered before: to judge it again, make a new challenge
reason-nonce-expired = it answers a challenge that was open until { $until }
reason-prepared-refused = it is a copy, and you accept only answers to your own challenges. Hand the holder a challenge (`carnet challenge`), or judge copies by rules of their own, with accept = "prepared", and compare each with an identity document
reason-open-copy-refused = it is a copy for anyone, and you accept only answers to your own challenges. Hand the holder a challenge (`carnet challenge`), or judge copies by rules of their own, with accept = "prepared", and compare each with an identity document
reason-live-unasked = it answers somebody's challenge, and you accept only copies made beforehand
reason-presentation-expired = the presentation counted until { $until }; ask for a new one
reason-presentation-future = the presentation is dated { $issued }, which is in the future; is the clock here right?
reason-presentation-times = the times of the presentation contradict each other or the credential
reason-presentation-too-long = the presentation is made to count for longer than is allowed
reason-live = the holder of the key answered your challenge
reason-prepared = the holder of the key made this copy; compare it with an identity document
reason-container-mismatch = it was made to be shown with other credentials than these
reason-single = there is one credential
reason-subject-not-shown = the credentials are not shown to be of one person: each must show the same birth date, and the same name or document number
reason-subject-other-documents = the credentials are not shown to be of one person: name and birth date are the same, and the document numbers are not. It may be one person with a renewed or a second document, or two people of one name. It would be shown by credentials with the same number: whoever issued under the old one can issue anew with the present one
reason-issuer-unknown = nothing is known here about the institution that the credential names as its issuer
reason-key-unknown = { $issuer } never had the key that signed this
reason-key-unknown-stale = the key that signed this is not known here, but what is known of { $issuer } is too old to rely on
reason-key-not-in-force = { $issuer } had replaced or repudiated the key that signed this
reason-key-repudiated = { $issuer } has repudiated the keys that signed this: they were in a thief's hands
reason-signature-wrong = the signature is wrong: the credential is forged or was changed
reason-disclosure-wrong = something shown was changed, or is from another credential: { $detail }
reason-type-unsupported = the credential is of a type that this version of carnet does not know: { $type }
reason-claims-wrong = the claims are not those of a credential: { $detail }
reason-prepared-incomplete = a copy must show a name and the birth date, and this one does not
reason-expired = the credential counted until { $until }
reason-not-yet-valid = the credential counts only from { $from }
reason-times-wrong = the times of the credential contradict each other
reason-qualification-ended = the qualification itself ended on { $until }
reason-revoked = the issuer has revoked it
reason-suspended = the issuer has suspended it for now
reason-status-value = the issuer gave it a status that means nothing here ({ $value })
reason-status-index = its place is beyond the end of the issuer's status list
reason-status-other-issuer = it points to the status list of another institution
reason-status-unknown = the issuer's status list is not at hand, so it cannot be told whether it was revoked
reason-status-stale = the issuer's status list is { $age } old, too old to rely on; get a newer one
reason-issuer-closed = the issuer closed on { $closed }; it was not revoked in its last list
reason-issuer-succeeded = the issuer closed on { $closed }; its successor continues its list, { $age } old, and has not revoked it
reason-anchor-missing = nothing came with it that proves when it existed
reason-issuance-unknown = the issuance it refers to ({ $statement }) is not known here
reason-anchor-wrong = it is not in the batch that it claims to be in
reason-issued-after-anchor = it is dated later than { $proven }, when its batch was proven to exist
reason-not-proven = not enough witnesses prove when it existed
reason-proven = it is proven to have existed by { $proven }
reason-no-quorum = not enough witnesses have cosigned the log of { $log }
reason-view-stale = what is known of { $log } is of { $seen }, too old to rely on; get it anew
reason-clock-behind = the clock here is behind { $seen }, which witnesses have signed; set it
reason-forked = the log of { $log } shows two histories since { $since }, and witnesses have cosigned both; ask { $log } by another channel
reason-fork-harmless = the log of { $log } shows a second history, which leaves nothing in doubt here
reason-no-path = nobody you trust is known to vouch for the issuer
reason-no-trust-anchor = you have named nobody whom you trust for this kind of credential
reason-outside-scope =
    { $part ->
        [occupation] the accreditation of { $name } does not cover this occupation
        [field] the accreditation of { $name } does not cover this field of education
        [level] the accreditation of { $name } does not cover this level
        [branch] the accreditation of { $name } does not cover this branch of social security
        [country] the accreditation of { $name } does not cover qualifications or periods of this country
       *[other] the accreditation of { $name } does not cover this kind of credential
    }
reason-accreditation-not-yet = the accreditation of { $name } began only at { $from }, after the credential was issued
reason-accreditation-ended = the accreditation of { $name } had ended at { $until }, before the credential is proven to have existed
reason-accreditation-withdrawn = the accreditation of { $name } had been withdrawn before the credential is proven to have existed
reason-withdrawal-unclear = the accreditation of { $name } was withdrawn, and it cannot be told whether the credential existed before
reason-withdrawn-retroactively = the accreditation of { $name } was withdrawn with effect on what was issued before; ask who accredited it
reason-accreditation-void = a statement was signed with keys that { $name } has repudiated
reason-may-not-accredit = { $name } may not accredit others
reason-agreement-not-ratified = the agreement “{ $title }” is not ratified by all who must sign: { $missing }
reason-agreement-not-in-force = the agreement “{ $title }” is not in force now
