#!/usr/bin/env bash
# Set this machine up for working on sandbox, and say what is done.
#
#   scripts/setup.sh python   virtual environment with the pinned packages, and what building them needs
#   scripts/setup.sh engine   a Docker engine that answers, and what makes base images without a registry
#   scripts/setup.sh          both
#
# As root on Debian it installs what is missing. Elsewhere it lists all that is missing and ends with 1.
# It can be run again at any time: what is there is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

# Where a root shell got its PATH from a user, the engine's programs are not on it. These three can be
# set otherwise, for machines that keep things elsewhere.
PATH=$PATH:${SYSTEM_PATH-/usr/local/sbin:/usr/sbin:/sbin}
socket=${DOCKER_SOCKET:-/var/run/docker.sock}
engine_log=${DOCKERD_LOG:-/var/log/dockerd.log}

venv=.venv
stamp=$venv/.installed-from
packages=() # Debian packages to install
missing=()  # those that nothing works without, each line with its reason, for people
useful=()   # those that it works without, in some places
updated=    # whether the package lists were brought up to date

say() { printf 'setup     %s\n' "$*"; }
fail() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }

can_install() { [ "$(id -u)" = 0 ] && [ -r /etc/debian_version ] && command -v apt-get >/dev/null; }

need() { # REASON PACKAGE...: note that packages are missing
    local reason=$1; shift
    packages+=("$@")
    missing+=("$* ($reason)")
}

need_where() { # REASON PACKAGE...: note what is needed in some places only
    local reason=$1; shift
    packages+=("$@")
    useful+=("$* ($reason)")
}

install_or_stop() { # install everything noted, or say all of it at once
    if [ "${#packages[@]}" = 0 ]; then return; fi
    if ! can_install; then
        if [ "${#missing[@]}" = 0 ]; then say "not installed: ${useful[*]}"; return; fi
        {
            printf 'error: this machine lacks the following, and only root on Debian can install it from here:\n'
            printf '  %s\n' "${missing[@]}" ${useful[@]+"${useful[@]}"}
            printf 'hint: install these (the names are those of Debian packages), then run again.\n'
        } >&2
        exit 1
    fi
    say "installing ${packages[*]}"
    update_lists
    quietly "installing ${packages[*]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}"
    packages=() missing=() useful=()
}

update_lists() {
    if [ -n "$updated" ]; then return; fi
    quietly "bringing the package lists up to date" apt-get update -qq
    updated=yes
}

quietly() { # WHAT COMMAND...: show a command's output only where it fails
    local what=$1 log; shift
    log=$(mktemp)
    if ! "$@" </dev/null >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        fail "$what failed (the last lines are above)." "run apt-get update, mend what it says, then run again."
    fi
    rm -f "$log"
}

# --- what is missing -----------------------------------------------------------------------------

find_python() { # the newest suitable one that is there
    local candidate
    for candidate in "${PYTHON:-}" python3.14 python3.13 python3.12 python3.11 python3; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"; return
        fi
    done
}

wanted_stamp() { cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1; }

environment_is_fresh() {
    [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted_stamp)" ]
}

look_at_python() { # note what the virtual environment needs
    if environment_is_fresh; then return; fi
    local python name
    python=$(find_python)
    # Where none is there yet, the packages of Debian's own python3 are the ones that fit it.
    name=$([ -z "$python" ] && echo python3 || basename "$(readlink -f "$python")")
    if [ -z "$python" ]; then need "Python 3.11 or newer" python3; fi
    if ! has_module venv ensurepip; then need "virtual environments" "$name-venv"; fi
    # mysqlclient comes as source: it is compiled against the client library.
    if ! pkg-config --exists libmariadb 2>/dev/null && ! pkg-config --exists mysqlclient 2>/dev/null; then
        need "building mysqlclient" pkg-config libmariadb-dev
    fi
    if ! command -v gcc >/dev/null; then need "building mysqlclient" gcc libc6-dev; fi
    if ! has_headers; then need "building mysqlclient" "$name-dev"; fi
    if ! command -v git >/dev/null; then need "the demo's builds are git commits" git; fi
}

has_module() { [ -n "$python" ] && "$python" -c "import $1, $2" 2>/dev/null; }

has_headers() {
    [ -n "$python" ] && "$python" -c 'import os, sysconfig; raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
}

look_at_engine() { # note what an engine, and images without a registry, need
    if ! has_engine; then
        need "a Docker engine" docker.io iptables
        # The engine confines containers with AppArmor where the kernel has it, and fails without its parser.
        if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] && ! command -v apparmor_parser >/dev/null; then
            need "a Docker engine on this kernel" apparmor
        fi
    fi
    # Whether a registry answers is not known yet; elsewhere than on Debian it is the usual way.
    if [ -r /etc/debian_version ] && ! command -v mmdebstrap >/dev/null; then
        need_where "base images where no registry answers" mmdebstrap
    fi
}

has_engine() { # an engine's program, or any sign of an engine that is somewhere else
    command -v dockerd >/dev/null || [ -S "$socket" ] || [ -n "${DOCKER_HOST:-}" ] || [ -n "${DOCKER_CONTEXT:-}" ] ||
        grep -qs '"currentContext"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json" ||
        grep -qsE '^[[:space:]]*host[[:space:]]*=[[:space:]]*"[^"]' sandbox.toml
}

# --- what is done --------------------------------------------------------------------------------

make_environment() {
    if environment_is_fresh; then return; fi
    local python
    python=$(find_python)
    if [ -z "$python" ]; then
        fail "no Python 3.11 or newer, and none in this release of Debian." \
            "install one and name it: make setup PYTHON=/path/to/python3"
    fi
    say "virtual environment in $venv with $("$python" --version)"
    # Made anew: a half-made environment of an earlier try is not repaired but replaced.
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    wanted_stamp > "$stamp"
    say "packages installed from requirements.lock, every one checked against its hash"
}

ask_engine() { "$venv/bin/python" scripts/ask_engine.py "$@"; }

have_engine() {
    local answer=0
    ask_engine --quiet || answer=$?
    # 1: none answers; whatever else is wrong (no right to it, settings, no bridge) nobody can start away.
    if [ "$answer" != 1 ]; then
        if [ "$answer" != 0 ]; then ask_engine || exit 1; fi
        return
    fi
    if [ -n "${DOCKER_HOST:-}" ]; then
        fail "no Docker engine answers at DOCKER_HOST." "start it, or unset DOCKER_HOST to use the local one."
    fi
    if ! can_install; then
        fail "no Docker engine answers, and only root can start one from here." "start it: sudo systemctl start docker"
    fi
    if ! command -v dockerd >/dev/null; then
        ask_engine || exit 1 # says where it looked
    fi
    start_engine
    say "Docker engine answers"
}

start_engine() {
    if [ -d /run/systemd/system ]; then
        systemctl start docker
    else
        say "starting dockerd (no systemd here); its log: $engine_log"
        # In a session of its own: Ctrl-C in this terminal is not meant for it.
        setsid dockerd </dev/null >"$engine_log" 2>&1 &
    fi
    local try
    for try in $(seq 60); do
        if ask_engine --quiet; then return; fi
        sleep 0.5
    done
    tail -n 15 "$engine_log" >&2 2>/dev/null || true
    fail "dockerd was started but does not answer within 30 s." "read its log (journalctl -u docker, or $engine_log)."
}

have_package_lists() { # apt tells its mirror only once it has lists
    if can_install && [ -z "$(apt-get indextargets 'Created-By: Packages' 2>/dev/null | head -n 1)" ]; then
        say "bringing apt's package lists up to date: there are none yet"
        update_lists
    fi
}

case "${1:-all}" in
    python)
        look_at_python
        install_or_stop
        make_environment ;;
    engine | all)
        look_at_python
        look_at_engine
        install_or_stop
        make_environment
        have_engine
        have_package_lists ;;
    *) printf 'usage: %s [python|engine]\n' "$0" >&2; exit 2 ;;
esac
