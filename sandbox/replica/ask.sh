# Send one HTTP request to the web server of this container, and print what came of it.
#   sh -c "$(cat ask.sh)" ask CONFIG BODY SECONDS LOG...
# CONFIG and BODY are Base64: curl's settings, and the request's body. The logs are given with the
# one that gets a line for every request first, or "" for none.
# Prints parts, each as a line "NAME BYTES" and that many bytes: said (curl's exit code, HTTP
# status, seconds), head, body, and for each log, by its number, what was added to it meanwhile.
set -u
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT || exit 1
config=$1 body=$2 seconds=$3
shift 3
size() { stat -c %s "$1" 2>/dev/null || echo 0; }
part() { echo "$1 $(size "$2")"; cat "$2" 2>/dev/null; }
printf %s "$config" | base64 -d >"$folder/config" && printf %s "$body" | base64 -d >"$folder/sent" || exit 1
number=0
for log; do number=$((number + 1)); size "$log" >"$folder/size$number"; done
: >"$folder/head"; : >"$folder/body"
cd "$folder" || exit 1
curl --config config --max-time "$seconds" \
    --dump-header "$folder/head" --output "$folder/body" --write-out '%{http_code} %{time_total}' \
    >"$folder/answer" 2>/dev/null
printf '%s %s' "$?" "$(cat "$folder/answer")" >"$folder/said"
# nginx writes its line when all is sent, which may be a moment later than curl has all of it.
tries=0
while [ -n "${1:-}" ] && [ "$(size "$1")" = "$(cat "$folder/size1")" ] && [ "$tries" -lt 50 ]; do
    sleep 0.01; tries=$((tries + 1))
done
part said "$folder/said"; part head "$folder/head"; part body "$folder/body"
number=0
for log; do
    number=$((number + 1))
    [ -n "$log" ] || continue
    before=$(cat "$folder/size$number")
    [ "$(size "$log")" -ge "$before" ] || before=0
    tail -c "+$((before + 1))" "$log" >"$folder/added" 2>/dev/null || : >"$folder/added"
    part "$number" "$folder/added"
done
