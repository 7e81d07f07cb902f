# Send HTTP requests to the web server of this container, and print what came of each.
#   sh -c "$(cat ask.sh)" ask LOG...
# Reads one request a line: CONFIG BODY SECONDS, where CONFIG and BODY are Base64 of curl's settings
# and of the request's body, "-" for none. The first log is the one that gets a line for every
# request, or "" where there is none.
# Prints parts, each as a line "NAME BYTES" and that many bytes: said (curl's exit code, HTTP
# status, seconds), head, body; for each log, by its number, what was added to it meanwhile; end.
set -u
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder" || exit 1
size() { stat -c %s "$1" 2>/dev/null || echo 0; }
part() { echo "$1 $(size "$2")"; cat "$2" 2>/dev/null; }
unpack() { case $1 in -) : ;; *) printf %s "$1" | base64 -d ;; esac; }
while IFS=' ' read -r config body seconds; do
    unpack "$config" >config && unpack "$body" >sent || exit 1
    number=0
    for log; do number=$((number + 1)); size "$log" >"size$number"; done
    : >head; : >body
    curl --config config --max-time "$seconds" --dump-header head --output body \
        --write-out '%{http_code} %{time_total}' >answer 2>/dev/null
    printf '%s %s' "$?" "$(cat answer)" >said
    # nginx writes its line when all is sent, which may be a moment later than curl has all of it.
    tries=0
    while [ -n "${1:-}" ] && [ "$(size "$1")" = "$(cat size1)" ] && [ "$tries" -lt 50 ]; do
        sleep 0.01; tries=$((tries + 1))
    done
    part said said; part head head; part body body
    number=0
    for log; do
        number=$((number + 1))
        now=$(size "$log") before=$(cat "size$number")
        [ "$now" -ge "$before" ] || before=0
        if [ -n "$log" ] && [ "$now" -gt "$before" ]; then
            tail -c "+$((before + 1))" "$log" >added 2>/dev/null
            part "$number" added
        fi
    done
    echo 'end 0'
done
