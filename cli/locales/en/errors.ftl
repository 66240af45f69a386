# What went wrong (error-*), and the one thing to do about it (hint-*).

error-cause = because: { $cause }
error-hint = hint: { $hint }

error-stdout = the result cannot be written
error-json-write = a result cannot be written as JSON

# What the operating system answers.
os-not-found = there is no such file or directory
os-exists = a file of this name exists already
os-permission = this user may not do that
os-refused = nothing answers at that address
os-in-use = something listens at that address already
os-timed-out = no answer came in time
os-unreachable = that address cannot be reached from here
os-broken-off = the connection broke off
os-not-a-directory = a part of the path is a file and no directory
os-a-directory = it is a directory
os-full = no space is left
os-read-only = nothing can be written there

# Files.
error-no-home = there is no home directory to keep files in
hint-no-home = name a directory in the environment variable CARNET_HOME
error-file-missing = there is no file { $file }
error-file-read = { $file } cannot be read
error-file-write = { $file } cannot be written
error-html-and-json = a page and JSON cannot both go to stdout; name a file with --html
error-file-exists = { $file } exists already and is not overwritten
error-file-large = { $file } is larger than { $limit } bytes
hint-file-large = is it the file you meant?
error-file-not-text = { $file } is not UTF-8 text
error-dir-create = the directory { $file } cannot be created

# Passphrases and the files they lock.
error-passphrase-empty = the passphrase is empty
error-passphrase-short = the passphrase has fewer than { $min } characters, too few to keep anybody out
error-passphrase-long = the passphrase is longer than { $max } bytes
error-passphrase-differs = the two passphrases are not the same
error-passphrase-fd = no passphrase can be read from file descriptor { $fd }
error-passphrase-no-terminal = there is no terminal to ask for a passphrase
hint-passphrase-fd = hand it over by a file descriptor: --passphrase-fd 3 3<FILE
error-age-seal = the file cannot be locked with a passphrase
error-age-large = { $file } is larger than { $max } MiB
error-age-not = { $file } is not a file locked by age
error-age-armoured = { $file } is an age file in text form; the binary form is needed
hint-age-armoured = decrypt it with any age tool, and encrypt it again without armour
error-age-newer = { $file } has a version of the age format that is newer than this program
error-age-truncated = { $file } has been cut short
error-age-damaged = { $file } is damaged: it was cut short or changed after it was written
error-age-no-passphrase = { $file } is locked with a key, not with a passphrase
error-age-wrong-passphrase = the passphrase of { $file } is wrong
hint-age-wrong-passphrase = capitals, spaces and the keyboard layout count
error-age-work =
    { $file } asks for more work to open than is accepted (factor { $required }, at most { $max })

# The node.
error-node-address = { $url } is not the address of a node, such as http://127.0.0.1:7878
error-node-unreachable = the node at { $url } cannot be reached
hint-node-unreachable = is `carnet node run` running? If it listens elsewhere, name it with --node URL
error-node-timeout = the node at { $url } did not answer in time
error-node-token = the node at { $url } does not accept the operator token
hint-node-token = the token is in operator.token in the directory of that node; name it with --token-file FILE
error-node-refused = the node at { $url } refused: { $reason } ({ $status })
error-node-large = the answer of the node at { $url } is larger than { $max } bytes
error-node-answer = the answer of { $url } cannot be understood
hint-node-answer = is it a Carnet node, and of the same version as this program?
error-token-in-clear = the operator token is not sent in clear to { $url }
hint-token-in-clear = use an https address, or a tunnel to the machine of the node
error-token-missing = there is no operator token at { $file }
hint-token-missing = it lies in the directory of the node: name that with --dir DIR, or the file with --token-file FILE, or in the environment variable CARNET_TOKEN_FILE
error-token-file = { $file } does not hold an operator token

# Several mistakes at once.
error-mistakes-more = and { $count } more
error-mistake = line { $line }: { $reason }
error-mistake-in = line { $line }, { $column }: { $reason }
