#!/bin/sh
# capture.sh - write down how this web server is set up, so that a failure can be reproduced elsewhere.
#
#   sh capture.sh [-o OUT] [--name NAME] [--app DIR] [--config FILE]... [--log FILE]...
#                 [--since HOURS] [--max-log-mb N]
#
#   -o OUT          the archive, mode 0600; - is standard output.       [capture-NAME.tar.gz]
#   --name NAME     what to call this server.                           [its host name]
#   --app DIR       folder of the release that is live.                 [from nginx's root]
#   --config FILE   another ini file of the application; repeatable     [the *.ini that its source names]
#   --log FILE      a log; repeatable. Given once, no other is taken.   [what the settings name]
#   --since HOURS   take rotated logs as well that changed this lately. [24]
#   --max-log-mb N  of each log at most this much, its end.             [16]
#
# THE ARCHIVE HOLDS SECRETS: settings and logs are copied as they are. Keep it as you keep a password, give it
# to `sandbox export` and to nobody else, then delete it. The export masks all of it.
#
# READS   names and versions of the system, host name, time zone, locale; the command lines in /proc, to find
#         nginx and php-fpm; names of the environment that php-fpm was started in, values of LANG and LC_ALL only;
#         nginx.conf and what it includes; php-fpm.conf, its pools, php.ini and the folders of it;
#         of the release: *.ini below a config folder, .user.ini, .git/HEAD and its ref, VERSION and REVISION,
#         a checksum and the words of its source; ini files that its source names by an absolute path; logs.
# NEVER   private keys, password files, sessions, uploads, databases, anything over the network.
# RUNS    php -r (command line, code below), php-fpm -v, nginx -V, and uname, hostname, date, find, sed, awk,
#         tail, sort, sha256sum, tar, gzip. Not nginx -T: it makes log files that are missing.
# WRITES  OUT, and a private folder beside it (beside /tmp for -) that is removed however this ends, but for
#         kill -9. Nothing else: no service is touched, asked or restarted.
# COSTS   a few seconds of one core at lowest priority; reads each source file twice. Every step has a limit:
#         60 s, 50,000 files of 1 MB of source, 200 settings, 24 logs.
# RIGHTS  any user. What that user may not see is named on standard error and in the archive.
set -u
umask 077
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

say() { printf 'capture: %s\n' "$*" >&2; }
usage() { say "$1 (see the first lines of this script)"; exit 2; }

out='' name='' app='' configs='' logs='' since=24 max_mb=16
line_end='
'
while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || usage "$1 needs a value, or is not known"
    case $1 in
        -o) out=$2 ;;
        --name) name=$2 ;;
        --app) app=$2 ;;
        --config) configs=$configs$2$line_end ;;
        --log) logs=$logs$2$line_end ;;
        --since) since=$2 ;;
        --max-log-mb) max_mb=$2 ;;
        *) usage "$1 is not known" ;;
    esac
    shift 2
done
case $since,$max_mb in *[!0-9,]* | ,* | *, | 0?*,* | *,0?*) usage 'HOURS and N are whole numbers' ;; esac
[ -n "$name" ] || name=$(hostname 2>/dev/null || uname -n)
name=$(printf '%s' "$name" | tr -c 'A-Za-z0-9._-' '-' | cut -c1-64)
[ -n "$out" ] || out=capture-$name.tar.gz
if [ "$out" = - ]; then
    [ ! -t 1 ] || usage 'standard output is a terminal'
    work=$(mktemp -d "${TMPDIR:-/tmp}/capture.XXXXXX") || exit 1
else
    if [ -e "$out" ] || [ -L "$out" ]; then usage 'OUT is there already'; fi
    work=$(mktemp -d "$(dirname "$out")/.capture.XXXXXX") || exit 1
fi
trap 'rm -rf "$work"' EXIT; trap 'exit 130' HUP INT TERM
renice -n 19 $$ >/dev/null 2>&1
top=$work/capture
mkdir -p "$top/config" "$top/logs" "$top/facts"
for one in missing.txt roles.tsv release.txt vocabulary.txt facts/environment.txt; do : >"$top/$one"; done
for one in logs nginx pools release zend; do : >"$work/$one"; done
printf 'sandbox-capture 1\n' >"$top/FORMAT"

missing() { printf '%s\n' "$*" >>"$top/missing.txt"; say "not seen: $*"; }
fact() { [ -z "$2" ] || printf '%s\t%s\n' "$1" "$(printf '%s' "$2" | tr '\000-\037' ' ' | cut -c1-400)" >>"$top/facts.tsv"; }
have() { command -v "$1" >/dev/null 2>&1; }
limited() { if have timeout; then timeout 60 "$@"; else "$@"; fi; }
each() { while IFS= read -r line; do "$@" "$line"; done; }  # run a command on every line of standard input
real() { (cd "$(dirname "$1")" 2>/dev/null && printf '%s/%s\n' "$(pwd -P)" "$(basename "$1")"); }
release_files() { limited find -L "$app" \( -name .git -o -name .svn \) -prune -o -type f "$@" 2>/dev/null; }

# keep_config ROLE FILE: copy a settings file as it is. False if that was not possible.
keep_config() {
    [ -f "$2" ] && file=$(real "$2") && [ ! -e "$top/config$file" ] || return 1
    if [ "$(wc -l <"$top/roles.tsv")" -ge 200 ]; then missing "$file: there are over 200 settings"; return 1; fi
    if [ ! -r "$file" ]; then missing "$file: no right to read it"; return 1; fi
    mkdir -p "$top/config$(dirname "$file")" && head -c 1048576 "$file" >"$top/config$file" || return 1
    [ "$(wc -c <"$file")" -le 1048576 ] || missing "$file: what lies behind its first MB"
    printf '%s\t%s\n' "$1" "$file" >>"$top/roles.tsv"
}

# keep_log KIND FILE: the end of a log, and of its rotated files that changed lately.
keep_log() {
    case $2 in /dev/* | /proc/*) return ;; /*) ;; *) return ;; esac  # not for syslog:, stderr, off
    if [ ! -e "$2" ]; then missing "$2: this log is not there, or not visible"; return; fi
    for log in "$2" "$2".1 "$2"-*[0-9] "$2".*.gz "$2"-*.gz; do
        [ -f "$log" ] && log=$(real "$log") && [ ! -e "$top/logs$log" ] || continue
        [ "$log" = "$(real "$2")" ] || [ -n "$(find "$log" -mmin "-$((since * 60))" 2>/dev/null)" ] || continue
        if [ "$(wc -l <"$work/logs")" -ge 24 ]; then missing "$log: there are over 24 logs"; return; fi
        if [ ! -r "$log" ]; then missing "$log: no right to read it"; continue; fi
        mkdir -p "$top/logs$(dirname "$log")"
        case $log in
            *.gz) limited gzip -dc "$log" 2>/dev/null | tail -c "$((max_mb * 1048576))" >"$top/logs$log" ;;
            *) limited tail -c "$((max_mb * 1048576))" "$log" >"$top/logs$log" ;;
        esac || missing "$log: it could not be read to its end"
        printf '%s\t%s\n' "$1" "$log" | tee -a "$work/logs" >>"$top/roles.tsv"
    done
}

# directives NAME FILE: first argument of every directive of that name in an nginx file.
directives() {
    sed 's/^[[:space:]]*#.*//; s/[[:space:]]#.*//' "$2" | tr '\n;{}' ' \n\n\n' |
        sed -n "s/^[[:space:]]*$1[[:space:]]\\{1,\\}[\"']\\{0,1\\}\\([^\"' ]*\\).*/\\1/p"
}
# settings PATTERN FILE: values of the settings whose name matches in an ini file.
settings() { [ ! -r "$2" ] || sed -n -E "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$2" | sed 's/;.*//; s/"//g; s/[[:space:]]*$//'; }
variables() { tr '\n\000' '\001\n' <"$parent/environ" | sed -n "$1"; }  # a line end in a value begins no name
setting_names() { sed -n -E 's/^[[:space:]]*([A-Za-z0-9_.]+)[^=]*=.*/\1/p' "$1"; }

# --- the system --------------------------------------------------------------------------------------------
fact name "$name"; fact captured_at "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
fact captured_by "$(id -u -n 2>/dev/null || id -u)"; fact since_hours "$since"
fact system.kernel "$(uname -s -r -m)"
for key in ID VERSION_ID; do fact "system.$key" "$(sed -n "s/^$key=//p" /etc/os-release 2>/dev/null | tr -d '"')"; done
fact time.zone "$(readlink /etc/localtime 2>/dev/null | sed 's,.*/zoneinfo/,,')"; fact time.offset "$(date +%z)"
locale=$(cat /etc/default/locale /etc/locale.conf 2>/dev/null | sed -n 's/^LANG=//p' | tr -d "\"'" | tail -n 1)

# --- nginx -------------------------------------------------------------------------------------------------
# include PATTERN: the files of an include, with what they include in turn.
include() {
    case $1 in /*) pattern=$1 ;; *) pattern=$(dirname "$nginx_conf")/$1 ;; esac
    (IFS=$line_end; for one in $pattern; do printf '%s\n' "$one"; done) | while IFS= read -r one; do
        keep_config nginx "$one" && printf '%s\n' "$one" >>"$work/nginx" && directives include "$one" | each include
    done
}
nginx_conf=$(nginx -V 2>&1 | tr ' ' '\n' | sed -n 's/^--conf-path=//p')
fact nginx.version "$(nginx -v 2>&1 | sed -n 's,.*nginx/,,p')"
include "${nginx_conf:=/etc/nginx/nginx.conf}"
[ -s "$work/nginx" ] || missing 'nginx: its settings'

# --- php-fpm and php ---------------------------------------------------------------------------------------
for one in /proc/[0-9]*; do
    title=$(tr '\000' ' ' 2>/dev/null <"$one/cmdline") || continue
    case $title in 'php-fpm: master process ('*) title=${title#*\(}; printf '%s\t%s\n' "${title%%)*}" "$one" ;; esac
done >"$work/masters" 2>/dev/null
if [ ! -s "$work/masters" ]; then
    missing 'php-fpm: no running master process; its settings are those of the usual places'
    ls -d /etc/php/*/fpm/php-fpm.conf /etc/php-fpm.conf /usr/local/etc/php-fpm.conf /etc/opt/remi/php*/php-fpm.conf \
        >"$work/masters" 2>/dev/null
fi
while IFS=$(printf '\t') read -r conf process; do
    home=$(dirname "$conf")
    for one in "$conf" $(settings include "$conf") "$home"/pool.d/*.conf "$home"/php-fpm.d/*.conf; do
        keep_config fpm "$one" && printf '%s\n' "$one" >>"$work/pools"
    done
    for one in "$home/php.ini" "$home"/conf.d/*.ini "$home"/php.d/*.ini "$home/php/php.ini" "$home"/php/conf.d/*.ini; do
        keep_config php "$one" && printf '%s\n' "$one" >>"$work/pools"
    done
    # php-fpm overwrites its own environment; the process that started it has it still, if that is not init.
    parent=/proc/$(sed -n 's/^PPid:[[:space:]]*//p' "$process/status" 2>/dev/null)
    case $(cat "$parent/comm" 2>/dev/null) in systemd | init | '') parent=/none ;; esac
    if [ -r "$parent/environ" ]; then
        variables 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' >>"$top/facts/environment.txt"
        locale=$(variables 's/^LC_ALL=//p'); locale=${locale:-$(variables 's/^LANG=//p')}; locale=${locale:-C}
    else
        missing 'php-fpm: names in its environment, but for env[...] of its pools'
    fi
    version=$(printf '%s' "$conf" | sed -n 's,.*/php/\([0-9.]*\)/.*,\1,p')
    for one in "php-fpm$version" php-fpm; do if have "$one"; then break; fi; done
    fact php.fpm.version "$(limited "$one" -d log_errors=0 -v 2>/dev/null </dev/null | sed -n 's/^PHP \([^ ]*\).*/\1/p')"
done <"$work/masters"
fact locale "$locale"; fact locale.charset "${locale:+$(LC_ALL=$locale locale charmap 2>/dev/null)}"
missing 'php-fpm: its settings were read from files; the running process was not asked'
# The three settings given here keep the asking from leaving a trace; they are not reported.
if have php; then
    # shellcheck disable=SC2016 # PHP's variables, not the shell's
    limited php -d log_errors=0 -d display_errors=0 -d opcache.enable_cli=0 -r '
        $lines = "";
        foreach (get_loaded_extensions() as $name) { $lines .= $name . "\t" . phpversion($name) . "\n"; }
        file_put_contents($argv[1] . "/extensions.tsv", $lines);
        $lines = "";
        foreach (ini_get_all(null, false) as $name => $value) {
            if (in_array($name, array("log_errors", "display_errors", "opcache.enable_cli"))) { continue; }
            $lines .= "$name = \"" . str_replace(array("\r", "\n"), " ", addcslashes((string) $value, "\"\\")) . "\"\n";
        }
        file_put_contents($argv[1] . "/php-cli.ini", $lines);
        echo PHP_VERSION;' "$top/facts" >"$work/version" 2>/dev/null </dev/null || missing 'php: it did not answer'
    fact php.cli.version "$(cat "$work/version")"
else
    missing 'php: there is no php to ask, so no list of extensions and of settings in force'
fi

# --- the release -------------------------------------------------------------------------------------------
# find_app ROOT: the folder of the release that a root of nginx belongs to, if it looks like one.
find_app() {
    for one in "$1/.." "$1"; do
        if [ -d "$1" ] && { [ -d "$one/application" ] || [ -f "$one/composer.json" ]; }; then printf '%s\n' "$one"; break; fi
    done
}
[ -n "$app" ] || app=$(each directives root <"$work/nginx" | sort -u | each find_app | head -n 1)
if [ -z "$app" ] || ! app=$(cd "$app" 2>/dev/null && pwd -P) || [ "$app" = / ]; then
    missing 'the release: which folder it is (give it with --app)'
else
    fact release.path "$app"
    for one in VERSION REVISION; do fact "release.$one" "$(head -n 1 "$app/$one" 2>/dev/null)"; done
    head=$(cat "$app/.git/HEAD" 2>/dev/null)  # read, not asked: git would run what its settings name
    case $head in 'ref: '*)
        head=$(cat "$app/.git/${head#ref: }" 2>/dev/null || sed -n "s,^\([0-9a-f]*\) ${head#ref: }\$,\1,p" "$app/.git/packed-refs");; esac
    fact release.git "$head"
    find -L "$app" ! -readable 2>/dev/null | head -n 20 | while IFS= read -r one; do missing "$one: no right to read it"; done
    fact release.all_files "$(release_files -print | head -n 200000 | wc -l)"
    release_files -size -2048 -print | grep -E '\.(php|phtml|inc|ini|xml|json|lock|ya?ml|sql|tpl|twig|html|js|css)$|/(VERSION|REVISION)$' |
        sort | head -n 50000 >"$work/release"
    tr '\n' '\000' <"$work/release" | limited xargs -0 sha256sum 2>/dev/null |
        awk -v skip="${#app}" '/^[0-9a-f]+  / { print $1 "  " substr($0, 68 + skip) }' >"$top/release.txt"
    # Words of the source: neither its comments, nor lines that set a secret, nor the values of ini files.
    grep -E '\.(php|phtml|inc)$' "$work/release" | tr '\n' '\000' | limited xargs -0 cat 2>/dev/null |
        sed -E "/([Pp]ass|PASS|[Pp]wd|PWD|[Ss]ecret|SECRET|[Tt]oken|TOKEN|[Kk]ey|KEY|[Ss]alt|SALT)[A-Za-z_]*[\"']?\]?[[:space:]]*(=>?|,)[[:space:]]*[\"']/d" |
        sed -E 's,^[[:space:]]*(//|#|\*|/\*).*,,; s,[[:space:]]//[[:space:]].*,,; s,/\*[^*]*\*/,,g' >"$work/source"
    {
        grep -ohwE '[A-Za-z_]{3,40}' "$work/source"
        grep -ohE '([$>:]|function +|class +|new +)[A-Za-z_][A-Za-z0-9_]{2,40}' "$work/source" | sed -E 's/^[^ ]* +//; s/^[$>:]//'
        grep '\.ini$' "$work/release" | each setting_names | tr . '\n' | grep -E '^[A-Za-z_]{3,40}$'
    } | sort -u | head -n 100000 >"$top/vocabulary.txt"
    release_files \( -path '*config*/*.ini' -o -name .user.ini \) -print | head -n 40 >"$work/zend"
    grep -oE "[\"']/[A-Za-z0-9_./-]+\\.ini[\"']" "$work/source" | tr -d "\"'" | sort -u | head -n 20 | each real >>"$work/zend"
fi
printf '%s' "$configs" | while IFS= read -r one; do
    if [ -f "$one" ]; then real "$one" >>"$work/zend"; else missing "$one: this file is not there, or not visible"; fi
done
each keep_config application <"$work/zend"

# --- logs --------------------------------------------------------------------------------------------------
if [ -n "$logs" ]; then
    printf '%s' "$logs" | while IFS= read -r one; do keep_log given "$(real "$one" || printf '%s' "$one")"; done
else
    each directives access_log <"$work/nginx" | sort -u | each keep_log nginx-access
    each directives error_log <"$work/nginx" | sort -u | each keep_log nginx-error
    each settings '(php_(admin_)?value\[error_log\]|error_log|slowlog)' <"$work/pools" | sort -u | each keep_log php
    each settings '[A-Za-z0-9_.]*([sS]tream|[lL]og[fF]ile)' <"$work/zend" |
        sed "s,^APPLICATION_PATH *[.]* *,$app/application," | grep log | sort -u | each keep_log application
fi
[ -s "$work/logs" ] || missing 'logs: none was found (give them with --log)'

# --- the archive -------------------------------------------------------------------------------------------
(cd "$work" && tar -cf - capture) | gzip -1 >"$work/archive"
gzip -t "$work/archive" 2>/dev/null || { say 'the archive could not be written'; exit 1; }
if [ "$out" = - ]; then cat "$work/archive"; else mv "$work/archive" "$out" && say "wrote $out"; fi || exit 1
say "$(wc -l <"$top/missing.txt" | tr -d ' ') things were not seen. The archive holds secrets: see the top of this script."
