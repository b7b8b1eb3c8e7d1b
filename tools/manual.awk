# A program's --help as a manual page or as a completion of a shell: -v form=man|bash|zsh|fish -v program=NAME
# -v version=N. An option's line is "  -x, --name VALUE  text"; texts may go on in the next lines.

function add_commands(text,  i, n, list) {
    n = split(text, list, "|")
    for (i = 1; i <= n; i++)
        if (!seen[list[i]]++) commands = commands (commands ? " " : "") list[i]
}
function hold(line) { lines[++line_count] = line }

# The lines of --help are read first: options[], each with its letter, value, choices and text.
{ match($0, /^ */); indent = RLENGTH }
index($0, "Usage: ") == 1 || index(substr($0, indent + 1), program " ") == 1 && !described {
    sub(/^(Usage:)? */, "")
    synopsis[++synopsis_count] = $0
    if ($2 ~ /^[a-z|]+$/) add_commands($2)
    next
}
{ described = 1 }
indent && indent < 10 && /^ +(-[a-zA-Z], )?--[a-zA-Z]/ {
    rest = $0
    sub(/^ +/, "", rest)
    letter = ""
    if (rest ~ /^-[a-zA-Z], /) { letter = substr(rest, 2, 1); rest = substr(rest, 5) }
    name = rest
    sub(/ .*/, "", name)
    rest = substr(rest, length(name) + 1)
    value = ""
    if (rest ~ /^ [A-Z]+ /) { value = rest; sub(/^ /, "", value); sub(/ .*/, "", value); rest = substr(rest, length(value) + 2) }
    sub(/^ +/, "", rest)
    option = ++option_count
    names[option] = name; letters[option] = letter; values[option] = value; texts[option] = rest
    hold("option " option)
    next
}
indent >= 10 && option { sub(/^ +/, ""); texts[option] = texts[option] " " $0; next }
/^$/ { option = 0; hold(""); next }
{ option = 0; hold("text " $0) }

function choices(i,  text) { # "a|b|c" of an option, as "a b c"
    text = texts[i]
    if (values[i] != "NAME" || text !~ /: [a-zA-Z0-9_.-]+(\|[a-zA-Z0-9_.-]+)+ \(default/) return ""
    sub(/ \(default.*/, "", text)
    sub(/.*: /, "", text)
    gsub(/\|/, " ", text)
    return text
}
function takes_file(i) { return values[i] ~ /^(TEXT|FILE|DIR|FOLDER)$/ }
function all_names(  i, text) { for (i = 1; i <= option_count; i++) text = text " " names[i]; return substr(text, 2) }

# ---- The manual page

function roff(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    sub(/^[.']/, "\\\\\\&&", text)
    return text
}
function sentence(  i, text) { # the first one behind the usage that is not of a table
    for (i = 1; i <= line_count && lines[i] !~ /^option/; i++)
        if (lines[i] ~ /^text/ && lines[i] !~ /^text ? ?[a-z]+  +[^ ]/) {
            text = text " " substr(lines[i], 6)
            if (text ~ /\.( |$)/) break
        }
    sub(/\.( .*)?$/, "", text)
    if (match(text, /\. /)) text = substr(text, 1, RSTART - 1)
    gsub(/ [(][^)]*[)]/, "", text)
    if (match(text, /[:;] /)) text = substr(text, 1, RSTART - 1)
    return tolower(substr(text, 2, 1)) substr(text, 3)
}
function print_option(i) {
    print ".TP"
    printf ".B %s%s", letters[i] ? "\\-" letters[i] ", " : "", roff(names[i])
    print values[i] ? " \\fI" values[i] "\\fR" : ""
    print roff(texts[i])
}
function next_is_option(i) { return lines[i + 1] ~ /^option/ }
function print_text(line, i) {
    if (line ~ /^Exit status: /) { print ".SH EXIT STATUS"; print roff(substr(line, 14)) }
    else if (next_is_option(i)) print ".SS " roff(line)
    else if (line ~ /^ ? ?[a-z]+  +[^ ]/) { # a command and what it does
        sub(/^ */, "", line)
        print ".TP\n.B " roff(substr(line, 1, index(line, " ") - 1))
        sub(/^[a-z]+ +/, "", line)
        print roff(line)
        tagged = 1
    }
    else if (tagged && line ~ /^[^ ]/) { print ".PP\n" roff(line); tagged = 0 }
    else { sub(/^ +/, "", line); print roff(line) }
}
function man(  i, under) {
    print ".\\\" Made from " program " --help."
    print ".TH " toupper(roff(program)) " 1 \"\" \"pix2pix\\-cl " version "\" \"User Commands\""
    print ".SH NAME\n" roff(program) " \\- " roff(sentence())
    print ".SH SYNOPSIS"
    for (i = 1; i <= synopsis_count; i++) print (i > 1 ? ".br\n" : "") roff(synopsis[i])
    print ".SH DESCRIPTION"
    for (i = 1; i <= line_count; i++) {
        if (!under && (lines[i] ~ /^option/ || next_is_option(i) && lines[i] != "")) { print ".SH OPTIONS"; under = 1 }
        if (lines[i] == "") { if (!under && i > 1 && !next_is_option(i) && !next_is_option(i + 1)) print ".PP"; tagged = 0 }
        else if (lines[i] ~ /^option/) print_option(substr(lines[i], 8))
        else print_text(substr(lines[i], 6), i)
    }
    print ".SH SEE ALSO\nThe other programs of pix2pix\\-cl:"
    print others(program) "."
}
function others(but,  i, n, list, text) {
    n = split(programs, list, " ")
    for (i = 1; i <= n; i++)
        if (list[i] != but) text = text (text ? ",\n" : "") ".BR " roff(list[i]) " (1)"
    gsub(/\(1\),/, "(1),", text)
    return text
}

# ---- Completions

function bash(  i, id, words) {
    id = program
    gsub(/-/, "_", id)
    print "# Made from " program " --help."
    print "_" id "()\n{\n    local cur=$2\n    COMPREPLY=()\n    case $3 in"
    for (i = 1; i <= option_count; i++) {
        words = choices(i)
        if (words) print "    " names[i] ") COMPREPLY=($(compgen -W \"" words "\" -- \"$cur\")); return ;;"
    }
    print "    esac\n    case $cur in\n    -*) COMPREPLY=($(compgen -W \"" all_names() "\" -- \"$cur\")) ;;"
    if (commands)
        print "    *) [ \"$COMP_CWORD\" != 1 ] || COMPREPLY=($(compgen -W \"" commands "\" -- \"$cur\")) ;;"
    print "    esac\n}\ncomplete -o default -F _" id " " program
}
function zsh_text(text) {
    gsub(/'/, "'\\''", text)
    gsub(/\[/, "(", text) # which close and open descriptions
    gsub(/\]/, ")", text)
    return text
}
function zsh(  i, after) {
    print "#compdef " program "\n# Made from " program " --help.\n_arguments \\"
    for (i = 1; i <= option_count; i++) {
        after = !values[i] ? "" : ":" values[i] ":" (choices(i) ? "(" choices(i) ")" : takes_file(i) ? "_files" : "")
        print "  '" names[i] (values[i] ? "=" : "") "[" zsh_text(texts[i]) "]" after "' \\"
    }
    if (commands) print "  '1:command:(" commands ")' \\"
    print "  '*:file:_files'"
}
function fish(  i, text) {
    print "# Made from " program " --help."
    if (commands)
        print "complete -c " program " -n __fish_use_subcommand -a '" commands "'"
    for (i = 1; i <= option_count; i++) {
        text = texts[i]
        gsub(/\\/, "\\\\", text)
        gsub(/'/, "\\'", text)
        printf "complete -c %s -l %s%s", program, substr(names[i], 3), letters[i] ? " -s " letters[i] : ""
        if (choices(i)) printf " -x -a '%s'", choices(i)
        else if (values[i]) printf takes_file(i) ? " -r" : " -x"
        print " -d '" text "'"
    }
}
END {
    if (form == "man") man()
    if (form == "bash") bash()
    if (form == "zsh") zsh()
    if (form == "fish") fish()
}
