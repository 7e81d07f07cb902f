# Succeed once nginx listens on PORT and php-fpm on its socket or on a port of its own. What arrives
# from then on waits in their queues: nothing has to be sent to the application to find out.
#   sh -c "$(cat listens.sh)" listens PORT
port=$(printf '%04X' "$1")
# Docker's own resolver listens on 127.0.0.11.
listening() {
    awk 'FNR > 1 && $4 == "0A" && $2 !~ /^0B00007F:/ { sub(/.*:/, "", $2); print $2 }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
listening | grep -qx "$port" || exit 1
awk '$6 == "01" && $4 == "00010000" && $8 ~ /^\// { found = 1 } END { exit !found }' /proc/net/unix &&
    exit 0
listening | grep -vqx "$port"
