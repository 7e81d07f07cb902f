<?php
// Send HTTP requests to the web server of this container, and print what came of each.
//   php -n -r "$(tail -n +2 ask.php)" -- PORT LOG...
// Runs on every PHP from 5.4 on: it is what each such container has. The first log is the one that
// gets a line for every request, or "" where there is none.
// Reads one request a line, "SECONDS REQUEST", the request in Base64 as it goes over the wire.
// Prints parts, each as a line "NAME BYTES" and that many bytes: seconds (how long it took; "none"
// where no whole answer came), answer (as it came over the wire); for each log, by its number, what
// was added to it meanwhile; end.
$logs = array_slice($argv, 2);
$port = (int) $argv[1];

function size_of($log)
{
    clearstatcache();
    return $log !== '' && is_file($log) ? filesize($log) : 0;
}

function part($name, $content)
{
    fwrite(STDOUT, $name . ' ' . strlen($content) . "\n" . $content);
}

function exchange($port, $seconds, $request)
{
    $until = microtime(true) + $seconds;
    $socket = @stream_socket_client("tcp://127.0.0.1:$port", $number, $error, $seconds);
    if ($socket === false) {
        return null;
    }
    stream_set_timeout($socket, $seconds);
    for ($sent = 0; $sent < strlen($request); $sent += $written) {
        $written = @fwrite($socket, substr($request, $sent, 65536));
        if ($written === false || $written === 0) {
            break; // it may have answered already, and not want the rest
        }
    }
    $answer = '';
    while (!feof($socket)) {
        $chunk = fread($socket, 65536);
        $state = stream_get_meta_data($socket);
        if ($chunk === false || $state['timed_out'] || microtime(true) > $until) {
            return null;
        }
        $answer .= $chunk;
    }
    return $answer;
}

while (($line = fgets(STDIN)) !== false) {
    list($seconds, $coded) = explode(' ', trim($line), 2);
    $before = array_map('size_of', $logs);
    $began = microtime(true);
    $answer = exchange($port, (int) $seconds, base64_decode($coded));
    $took = microtime(true) - $began;
    // nginx writes its line when all is sent, which may be a moment later than all of it is here.
    for ($tries = 0; $tries < 100 && $logs[0] !== '' && size_of($logs[0]) === $before[0]; $tries++) {
        usleep(5000);
    }
    // PHP's master and the error log have theirs a moment later: until all are quiet.
    $sizes = array_map('size_of', $logs);
    for ($quiet = 0, $tries = 0; $quiet < 4 && $tries < 60; $tries++) {
        usleep(5000);
        $now = array_map('size_of', $logs);
        $quiet = $now === $sizes ? $quiet + 1 : 0;
        $sizes = $now;
    }
    part('seconds', $answer === null ? 'none' : sprintf('%.6F', $took));
    part('answer', (string) $answer);
    foreach ($logs as $number => $log) {
        $now = size_of($log);
        $from = $now < $before[$number] ? 0 : $before[$number];
        if ($now > $from) {
            part((string) ($number + 1), file_get_contents($log, false, null, $from, $now - $from));
        }
    }
    part('end', '');
}
