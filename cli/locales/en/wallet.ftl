# The wallet, challenges and what a holder sees.

wallet-made =
    Your wallet is in { $file }. Keep a copy of the file and remember the passphrase: nobody can open it without.
wallet-key-made =
    The request is in { $file }. Hand it to { $did }; the credential it makes is for your wallet alone.
wallet-empty = The wallet is empty. `carnet wallet key --for DID --out FILE` makes a request for a credential.
wallet-head-number = No.
wallet-head-title = credential
wallet-head-level = level or time
wallet-head-issuer = issuer
wallet-head-until = until
wallet-head-evidence = evidence of
wallet-none = none
wallet-pending = A key waits for a credential of { $did }, requested on { $day }.
wallet-show-id = id { $id }
wallet-show-issuer = issued by { $issuer }
wallet-show-times = issued on { $issued }, counts until { $until }
wallet-show-evidence = evidence fetched at { $at }
wallet-show-no-evidence = no evidence yet: `carnet wallet refresh` fetches it
wallet-show-always = Always shown:
wallet-show-chosen = Shown only if you choose it, by --disclose and its name:
wallet-added = { $number }. { $title }, until { $until }, issued by { $issuer }
wallet-added-next = `carnet wallet refresh` fetches what verifiers need offline; `carnet wallet show` lists the claims.
wallet-presented-live = { $file } answers { $audience } and counts once, until { $until }.
wallet-presented-copy =
    { $file } is a copy for { $audience }, which counts until { $until }. It answers no challenge: no verifier has asked for it, and it can be shown more than once. Whoever verifies it compares it with an identity document.
wallet-disclosed = It discloses: { $claims }.
wallet-disclosed-nothing = It discloses nothing but what is always shown.
wallet-no-evidence =
    note: the wallet holds no evidence for this; a verifier without a node of its own cannot judge it. `carnet wallet refresh` fetches it.
wallet-asked = note: not disclosed of what was asked for: { $claims }. Whether you show it is yours to decide.
wallet-unasked = note: the preset shows what the challenge does not ask for: { $claims }. Hand the file over only if you want that to be seen.
wallet-refreshed =
    { $logs ->
        [one] One log
       *[other] { $logs } logs
    } fetched, { $count ->
        [one] one credential
       *[other] { $count } credentials
    } refreshed.
wallet-revoked = Credential { $number } is revoked by its issuer: no verifier will accept it. Ask the issuer why.
wallet-suspended = Credential { $number } is suspended by its issuer for now: no verifier will accept it. Ask the issuer why.
wallet-not-refreshed =
    Credential { $number } was not refreshed: the node does not have the log of { $issuer } up to its issuance. Try again later, or another node.

challenge-from = note: { $audience } asks to see it.
challenge-purpose = note: it says what for: { $purpose }
challenge-claims = note: it asks for: { $claims }. Whether you show it is yours to decide.

challenge-made =
    { $file } asks for a presentation to { $audience }. An answer is accepted once, until { $until }.

progress-logs = fetching logs
progress-issue = issuing
log-left-out = note: the log of { $did } is left out: { $reason }

error-wallet-missing = there is no wallet at { $file }
hint-wallet-missing = `carnet wallet new` makes one; name another with --wallet FILE
error-wallet-newer = { $file } was written by a newer version of carnet
error-wallet-damaged = { $file } opens, but does not hold a wallet
error-wallet-no-credential = no one credential of the wallet is called { $credential }
hint-wallet-list = `carnet wallet list` gives their numbers
error-wallet-key = no key can be made
error-wallet-add = { $file } cannot be put into the wallet
error-wallet-present = this cannot be presented
error-wallet-preset = this preset cannot be made of these credentials
hint-wallet-preset = `carnet wallet show` tells what each of them holds; --disclose names claims one by one
contribution-title = Contributions { $start } to { $end }, { $country }, { $scheme }
error-credential-file = { $file } is not a credential as an institution hands it out
error-credential-read = a credential of the wallet cannot be read
error-challenge-file = { $file } is not a challenge
error-challenge-expired = the challenge { $file } was open until { $until }
hint-challenge-expired = ask the verifier for another, and check the clock of this machine
error-challenge-make = there is no such challenge
error-audience = this is not a name for a verifier
error-purpose = this is not a purpose
error-claim-name = this is not the name of a claim
error-claim-unknown = { $claim } is no claim that a holder can disclose
hint-claim-unknown = what is always shown need not be asked for; beside it one can ask for: { $claims }
error-presentation-large = the presentation would have { $size } bytes, more than the { $max } that verifiers accept
hint-presentation-large = show fewer credentials at once, or leave the evidence out with --without-evidence
error-prepared-needs = a copy must disclose a name and the birth date
hint-prepared-needs = add --disclose name_latin --disclose birth_date, or answer a challenge with --challenge FILE
