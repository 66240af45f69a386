# Words that several commands share.

answer-valid = valid
answer-invalid = invalid
answer-undetermined = undetermined

prompt-passphrase = Passphrase of { $file }:{" "}
prompt-passphrase-new = New passphrase for { $file }:{" "}
prompt-passphrase-again = The same passphrase again:{" "}

note = note: { $text }
