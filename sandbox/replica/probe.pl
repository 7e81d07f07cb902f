# Try every way out at once, and print for each argument one line: its place, what came of it, and
# for a name the addresses that it has. What came is one of
#   connected  answered  refused (which only somebody who was reached can do)  nothing
# Perl because it is in every Debian image, and hundreds of ways take one process here, not hundreds.
#   perl -e "$(cat probe.pl)" SECONDS 'tcp ADDRESS PORT' 'udp ADDRESS PORT HEX' 'name NAME' ...
use strict;
use warnings;
use Errno qw(EINPROGRESS ECONNREFUSED);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket qw(:DEFAULT AF_INET6 inet_pton pack_sockaddr_in6);

my ($seconds, @ways) = @ARGV;
my @came = ('nothing') x @ways;
my (%open, @pipes);

# A link-local address means something only together with an interface: try it on each.
sub places {
    my ($address, $port) = @_;
    return ([AF_INET, pack_sockaddr_in($port, inet_aton($address))]) if $address !~ /:/;
    my $packed = inet_pton(AF_INET6, $address);
    return ([AF_INET6, pack_sockaddr_in6($port, $packed)]) if $address !~ /^fe[89ab]/i;
    my @places;
    for my $file (glob '/sys/class/net/*/ifindex') {
        open my $index, '<', $file or die "$file: $!\n";
        push @places, [AF_INET6, pack_sockaddr_in6($port, $packed, int <$index>)];
    }
    return @places;
}

sub heard {
    my ($way, $what) = @_;
    $came[$way] = $what if $came[$way] eq 'nothing' || $what eq 'connected' || $what eq 'answered';
}

for my $way (0 .. $#ways) {
    my ($how, $address, $port, $hex) = split / /, $ways[$way];
    if ($how eq 'name') {
        open $pipes[$way], '-|', 'timeout', $seconds, 'getent', 'ahosts', $address
            or die "getent: $!\n";
        next;
    }
    for my $place (places($address, $port)) {
        my ($family, $where) = @$place;
        # A kernel without IPv6 makes no such socket, and reaches nothing through one.
        socket(my $socket, $family, $how eq 'udp' ? SOCK_DGRAM : SOCK_STREAM, 0)
            or ($family == AF_INET6 and next) or die "socket: $!\n";
        fcntl $socket, F_SETFL, O_NONBLOCK or die "fcntl: $!\n";
        if (connect $socket, $where) {
            if ($how eq 'udp') { send $socket, pack('H*', $hex), 0 }
            else { heard($way, 'connected'); next }
        }
        elsif ($! != EINPROGRESS) {
            heard($way, 'refused') if $! == ECONNREFUSED;
            next;
        }
        $open{fileno $socket} = [$way, $how, $socket];
    }
}

my $left = $seconds;
while (%open && $left > 0) {
    my ($read, $write) = ('', '');
    vec($_->[1] eq 'udp' ? $read : $write, fileno $_->[2], 1) = 1 for values %open;
    my ($ready, $unused) = select $read, $write, undef, $left;
    last if $ready <= 0;
    $left = $unused; # Linux says so
    for my $number (keys %open) {
        my ($way, $how, $socket) = @{$open{$number}};
        next if !vec($how eq 'udp' ? $read : $write, $number, 1);
        delete $open{$number};
        if ($how eq 'udp') {
            my $answered = defined recv $socket, my $answer, 4096, 0;
            heard($way, $answered ? 'answered' : $! == ECONNREFUSED ? 'refused' : 'nothing');
        }
        else {
            my $error = unpack 'i', getsockopt $socket, SOL_SOCKET, SO_ERROR;
            heard($way, !$error ? 'connected' : $error == ECONNREFUSED ? 'refused' : 'nothing');
        }
    }
}

for my $way (0 .. $#ways) {
    my %addresses;
    if (my $pipe = $pipes[$way]) {
        while (<$pipe>) { $addresses{(split)[0]} = 1 }
        $came[$way] = 'answered' if %addresses;
    }
    print join(' ', $way, $came[$way], sort keys %addresses), "\n";
}
