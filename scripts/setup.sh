#!/usr/bin/env bash
# Set this machine up for working on sandbox, and say what is done.
#
#   scripts/setup.sh python   virtual environment with the pinned packages, and what building them needs
#   scripts/setup.sh engine   a Docker engine that answers, and what makes base images without a registry
#   scripts/setup.sh          both
#
# As root on Debian it installs what is missing. Elsewhere it lists what is missing and ends with 1.
# It can be run again at any time: what is there is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.installed-from
missing=()

say() { printf 'setup     %s\n' "$*"; }

can_install() { [ "$(id -u)" = 0 ] && [ -r /etc/debian_version ] && command -v apt-get >/dev/null; }

need_packages() { # REASON PACKAGE...: install them, or note that they are missing
    local reason=$1; shift
    if can_install; then
        say "installing $* ($reason)"
        local log; log=$(mktemp)
        if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
            tail -n 15 "$log" >&2
            printf 'error: installing %s failed (the last lines are above).\nhint: run apt-get update, mend what it says, then run again.\n' "$*" >&2
            rm -f "$log"
            exit 1
        fi
        rm -f "$log"
    else
        missing+=("$* ($reason)")
    fi
}

stop_if_missing() {
    if [ "${#missing[@]}" -gt 0 ]; then
        {
            printf 'error: this machine lacks the following, and only root on Debian can install it from here:\n'
            printf '  %s\n' "${missing[@]}"
            printf 'hint: install these (the names are those of Debian packages), then run again.\n'
        } >&2
        exit 1
    fi
}

find_python() { # the newest suitable one that is there
    local candidate
    for candidate in "${PYTHON:-}" python3.14 python3.13 python3.12 python3.11 python3; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"; return
        fi
    done
}

setup_python() {
    local python wanted
    wanted=$(cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1)
    if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi

    python=$(find_python)
    if [ -z "$python" ]; then
        need_packages "Python 3.11 or newer" python3
        stop_if_missing
        python=$(find_python)
        if [ -z "$python" ]; then
            printf 'error: no Python 3.11 or newer, and none in this release of Debian.\nhint: install one and name it: make setup PYTHON=/path/to/python3\n' >&2
            exit 1
        fi
    fi
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        need_packages "virtual environments" "$(basename "$(readlink -f "$python")")-venv"
    fi
    # mysqlclient comes as source: it is compiled against the client library.
    if ! pkg-config --exists libmariadb 2>/dev/null && ! pkg-config --exists mysqlclient 2>/dev/null; then
        need_packages "building mysqlclient" pkg-config libmariadb-dev
    fi
    command -v gcc >/dev/null || need_packages "building mysqlclient" gcc libc6-dev
    if ! "$python" -c 'import os, sysconfig; raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'; then
        need_packages "building mysqlclient" "$(basename "$(readlink -f "$python")")-dev"
    fi
    command -v git >/dev/null || need_packages "the demo's builds are git commits" git
    stop_if_missing

    say "virtual environment in $venv with $("$python" --version)"
    # Made anew: a half-made environment of an earlier try is not repaired but replaced.
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    printf '%s\n' "$wanted" > "$stamp"
    say "packages installed from requirements.lock, every one checked against its hash"
}

engine_answers() { "$venv/bin/python" -c 'import docker; docker.from_env(timeout=10).ping()' 2>/dev/null; }

start_engine() {
    if [ -d /run/systemd/system ]; then
        systemctl start docker
    else
        say "starting dockerd (no systemd here); its log: /var/log/dockerd.log"
        nohup dockerd >/var/log/dockerd.log 2>&1 &
    fi
    local try
    for try in $(seq 60); do
        if engine_answers; then return; fi
        sleep 0.5
    done
    tail -n 15 /var/log/dockerd.log >&2 2>/dev/null || true
    printf 'error: dockerd was started but does not answer within 30 s.\nhint: read its log (journalctl -u docker, or /var/log/dockerd.log).\n' >&2
    exit 1
}

setup_engine() {
    if ! engine_answers; then
        if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
            printf 'error: a Docker engine is here, but this user may not talk to it.\nhint: sudo usermod -aG docker %s, then log in again.\n' "$(id -un)" >&2
            exit 1
        fi
        if [ -n "${DOCKER_HOST:-}" ]; then
            printf 'error: no Docker engine answers at DOCKER_HOST.\nhint: start it, or unset DOCKER_HOST to use the local one.\n' >&2
            exit 1
        fi
        command -v dockerd >/dev/null || need_packages "a Docker engine" docker.io iptables
        stop_if_missing
        if ! can_install; then
            printf 'error: no Docker engine answers, and only root can start one from here.\nhint: start it: sudo systemctl start docker\n' >&2
            exit 1
        fi
        start_engine
        say "Docker engine answers"
    fi
    # Only needed where no registry answers; cheap enough to have either way on a Debian machine.
    if can_install && ! command -v mmdebstrap >/dev/null; then
        need_packages "base images without a registry" mmdebstrap
    fi
}

case "${1:-all}" in
    python) setup_python ;;
    engine) setup_python; setup_engine ;;
    all) setup_python; setup_engine ;;
    *) printf 'usage: %s [python|engine]\n' "$0" >&2; exit 2 ;;
esac
