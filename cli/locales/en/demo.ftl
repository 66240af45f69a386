demo-opening =
    A certificate crosses a border. Everything you will see happens on this machine: eight nodes with
    their own keys, databases and ports, in two countries; three more join later. The institutions and
    people are made up; the software is what runs outside. The clock starts 30 days ago and is stepped
    between chapters.
demo-day = Day { $day }, { $date }. The clock is stepped.
demo-as-expected = → { $got }
demo-not-as-expected = → { $got }, but { $expected } was expected

demo-chapter-countries = 1. Two countries
demo-chapter-countries-about =
    In each country an authority, a union and an employers' body run a node and keep a log of their own.
    They witness each other: what two of them have cosigned, none of them can take back. There is no
    register above them.
demo-step-nodes-start = Eight nodes start on loopback and find each other.
demo-step-witnesses = Seven institutions say who they are and which witnesses to rely on.
demo-step-accredit = The Halimbawa Skills Authority accredits the Institute of Welding, for the trades of metal workers up to level 4.
demo-step-propose = The Musteramt writes down an agreement: Germany accepts what the other side's authority vouches for, once all six bodies have ratified.
demo-step-converge-agreement = The agreement reaches every node.
demo-step-ratify-ph-authority = The Halimbawa Skills Authority ratifies.
demo-step-ratify-ph-union = The Halimbawa Union of Metal Workers ratifies.
demo-step-ratify-ph-employers = The Halimbawa Chamber of Shipyards ratifies.
demo-step-ratify-de-authority = The Musteramt für Berufsbildung ratifies.
demo-step-ratify-de-employers = The Musterverband der Werften ratifies.

demo-chapter-class = 2. A class of 25
demo-chapter-class-about =
    Twenty-five welders have passed. Each has a wallet and hands in a signed request for a key that
    serves this certificate only. The clerk certifies the class from one table.
demo-step-key-requests = The class hands in its key requests.
demo-step-bad-rows = A table with an occupation and a country that do not exist is refused whole.
demo-step-issue-class = The clerk issues the class. The log learns one random-looking number, not who or how many.
demo-step-converge = Every node holds every log, cosigned by the witnesses.

demo-chapter-early = 3. Too early
demo-chapter-early-about =
    Malaya Halimbawa, welder, applies at Musterwerft, a shipyard in Germany. But the Mustergewerkschaft
    has not ratified yet. Nobody says that her certificate is false; nobody can say yes.
demo-step-not-ratified = The yard asks its node.
demo-step-ratify-de-union = Two days later the Mustergewerkschaft Metall ratifies.

demo-chapter-yard = 4. Five minutes at the yard
demo-chapter-yard-about =
    Malaya comes back. Her wallet fetches evidence from her union's node: all logs, so that the node does
    not learn which of them matters to her. The yard makes a challenge; she shows three claims and
    keeps the rest. Then every node but the yard's is switched off.
demo-step-wallet = Her wallet holds one credential, with proof of when it existed.
demo-step-refresh = It fetches evidence.
demo-step-present = She shows name, birth date and assessment, with evidence: { $bytes } bytes.
demo-step-nodes-stop = All nodes stop, but the yard's own.
demo-step-verify-evidence = Somebody with nothing but the yard's trust anchor and what Malaya brought verifies.
demo-step-verify-node = The yard verifies with the copy on its own node. Who vouches for the institute:
demo-step-same-path = Both found the same way to her institute.

demo-chapter-forgers = 5. What forgers try
demo-chapter-forgers-about =
    The other nodes are still off. The yard meets everything a forger can think of.
demo-step-forged-key = A certificate in the institute's name, signed with somebody else's key.
demo-step-altered-claim = "competent" becomes "Competent" in a disclosed claim.
demo-step-foreign-disclosure = A classmate's claim is put in the place of an own one.
demo-step-answer-once = Malaya answers a new challenge.
demo-step-replayed-nonce = The same answer is sent a second time.
demo-step-wrong-audience = An answer made for another yard.
demo-step-another-holder = A thief of the file signs with a key of their own.
demo-step-no-anchor = A certificate without its anchor: it may have been dated back.
demo-step-unknown-issuer = A certificate of a school that nobody vouches for.
demo-step-two-people = Two people's certificates in one container.

demo-chapter-weeks = 6. The weeks pass
demo-chapter-weeks-about =
    The nodes come back and carry on where they were. The institute suspends one certificate and revokes
    another; it issues a short-lived one, and one for a trade that it may not certify.
demo-step-nodes-restart = Seven nodes start again from their databases.
demo-step-converge-restart = They agree again.
demo-step-suspended = The suspended certificate.
demo-step-revoked = The revoked certificate.
demo-step-outside-scope = A nursing certificate of the Institute of Welding.
demo-step-expired = Five days later: the short-lived certificate.
demo-step-stale-status = The institute's node has been down for nine days, and its status lists have run out.
demo-step-stale-evidence = Evidence that is two weeks old, by itself.

demo-chapter-recognition = 7. What it opens in Germany
demo-chapter-recognition-about =
    That a certificate is genuine does not say what it is worth abroad. The agreement that the six bodies
    have signed says it, as data: which title corresponds to which, and under what conditions. The yard's
    program works it out and says why, each step with the place where the rule stands.
demo-step-recognise-certificate = Malaya shows her certificate alone: as welder in Germany. What is still missing is named, and who can certify it.
demo-step-accredit-chamber = The Halimbawa Skills Authority accredits the Chamber of Shipyards, so that it may certify work.
demo-step-recognise-work = The Chamber has certified her work, and she shows that too.
demo-step-recognise-all = The institute has tested her German, and she shows all three.
demo-step-recognise-no-row = The same papers, as sheet-metal worker in Germany: no agreed correspondence. A similar title or an equal level opens nothing.
demo-step-recognise-no-agreement = The same papers, as welder in Saudi Arabia: its bodies have signed nothing.

demo-chapter-theft = 8. Stolen keys
demo-chapter-theft-about =
    Somebody has copied the institute's keys and its password, and sells a certificate. The institute
    notices, takes the 24 words from its safe, and replaces the keys. It says from which leaf of its log on
    nothing was its own.
demo-step-bought = A certificate that the thief has sold: the keys are the institute's, and nobody knows yet.
demo-step-rotate = The institute replaces its keys, and repudiates what was stated from leaf { $leaf } on.
demo-step-stolen = The certificate that the thief has sold.
demo-step-before-the-theft = Malaya's certificate, anchored before the theft.

demo-chapter-histories = 9. Two histories
demo-chapter-histories-about =
    The thief still has the old keys, and signs another history of the institute's log. A witness
    compares it with what it holds. Two signed checkpoints that cannot both be true are a proof that needs no trust.
demo-step-second-history = The thief asks a witness to cosign the other history.
demo-step-fork-proven = The proof goes from node to node.
demo-step-fork-verified = The yard checks the proof itself: the institute's keys have signed two histories.
demo-step-fork-harmless = No witness has cosigned the thief's, so that nothing is in doubt: Malaya's certificate.

demo-chapter-withdrawal = 10. The accreditation is withdrawn
demo-chapter-withdrawal-about =
    The institute no longer meets the conditions. What it certified before still stands; what it
    certifies from now on does not, whatever date it writes.
demo-step-withdraw = The Halimbawa Skills Authority withdraws the accreditation.
demo-step-withdrawn-before = A certificate issued two days after.
demo-step-withdrawal-left-out = The same, with the withdrawal left out of the evidence.
demo-step-withdrawn-afterwards = Malaya's certificate, from before.

demo-chapter-closing = 11. The institute closes
demo-chapter-closing-about =
    The institute publishes its lists for the last time, says that it has closed, and switches its node
    off. Its graduates keep what they have.
demo-step-close = It states its end in its log.
demo-step-graduate = Two days later: Malaya's certificate.
demo-step-last-list = What the yard is told of its status.
demo-step-revoked-before-closing = The certificate that was revoked stays revoked.

demo-chapter-periods = 12. Periods of three countries
demo-chapter-periods-about =
    Before her training Malaya worked in three countries, and paid contributions in each. Three funds join
    with nodes of their own. Two of them put the rules of the treaty between Germany and the Philippines
    into their logs; the third has signed nothing with either. Each certifies what it has on record. She
    shows how long, and neither where she worked nor what she earned.
demo-step-funds-join = A Philippine, a German and a Saudi fund start nodes, and everybody follows their logs.
demo-step-periods-propose = The Musterrentenkasse writes down whose periods count, and by which rules they are added.
demo-step-periods-issue = Each fund certifies its time, one sheet a period: 78 months in the Philippines, 12 in Saudi Arabia, 42 in Germany. Three more sheets are of no use, as will be seen.
demo-step-converge-funds = What the funds have stated reaches every node. It names nobody.
demo-step-periods-ratify-de = The Musterrentenkasse ratifies.
demo-step-periods-early = Its clerk wants to count already. But one side has not signed.
demo-step-periods-ratify-ph = The Halimbawa Social Insurance Fund ratifies.
demo-step-periods-shown = She shows the three sheets with the preset “ratio”. Which claims the clerk sees:
demo-step-periods-counted = An old-age pension in Germany needs 60 months. She has 42 there. The clerk counts by the agreement in the log; number 1 is the Philippine sheet, 2 the Saudi, 3 the German:
demo-step-periods-saudi = The Saudi year is genuine, and adds nothing: no agreement binds Saudi Arabia to either of the two.
demo-step-periods-share = The other way around: the Philippine fund, where 120 months are needed. Each State pays for its own time; there the pension is divided by time:
demo-step-periods-none = And Saudi Arabia itself, where no agreement applies? Its own law alone, if it asks for 120 months. She can still go on insuring herself there, or ask that fund what it pays to those who leave:

demo-chapter-not-counted = 13. What does not count
demo-chapter-not-counted-about =
    Genuine papers can still mislead: time that was paid out, the same time on two sheets, a sheet that was
    taken back. Each is named, with the reason.
demo-step-periods-refunded = A German year from 2013, whose contributions were paid back in 2016.
demo-step-periods-twice = The Philippine fund has certified the same time on a second sheet.
demo-step-periods-mistaken = A sheet on a year of somebody else, issued to her by mistake. Nobody has noticed.
demo-step-periods-revoked = The fund notices, and revokes it. The clerk counts the same file again:
demo-step-periods-open = An answer that leaves something out is not given as a yes.

demo-chapter-today = 14. Today
demo-chapter-today-about =
    The clock is at the real time. Malaya prepares copies that anybody may check against an identity
    document, without a challenge and without a network.
demo-step-copy = The copy, checked from its own evidence.
demo-step-copy-altered = The same copy with one byte changed.
demo-step-privacy = { $messages } messages between nodes and { $entries } log entries are searched for { $traces } names, birth dates, numbers, employers, keys and digests of the workers.

demo-end = { $right } of { $count } steps came out as expected, in { $seconds } s.
demo-end-not-ok = Only { $right } of { $count } steps came out as expected. This is a bug in carnet.
demo-kept = Everything that was made is in { $dir }. Try: carnet verify { $dir }/presentation.carnet --policy { $dir }/trust.toml
demo-not-kept = Nothing was kept; `carnet demo --dir DIR` keeps every file.

error-demo = the demo does not find what it made itself
error-demo-directory = Cannot make a temporary directory for the demo.
error-demo-not-empty = { $dir } is not empty: the demo wants a new directory.
error-demo-trouble = The demo could not go on.
