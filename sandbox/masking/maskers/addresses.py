"""Addresses of machines, places on the web, and mail."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from sandbox.masking.prf import Prf
from sandbox.masking.words import Words

_MAIL = re.compile(r"[^\s@<>,;\"()\[\]|=]{1,64}@[^\s@<>,;\"()\[\]|=]+")
_TOP_LEVEL = re.compile(r"\.[^\W\d_]{2,}\W*$")
IPV4 = r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]\d|\d)"
# Only candidates: what is none ("10:20:30") is told apart by parsing it.
IPV6 = r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:(?:\.\d{1,3}){3})?(?![\w:])"
# An address may also be one number, as INET_ATON() makes it, or its bytes' hexadecimal digits. A
# port or the length of a net may stand behind it.
_ADDRESS = re.compile(
    rf"(?P<written>{IPV6}|{IPV4})(?P<behind>(?:\]?:[0-9]{{1,5}}|/[0-9]{{1,3}})(?![\w.:]))?"
    r"|(?<![\w.:])(?:(?P<number>[0-9]{8,10})|(?:0[xX])?(?P<bytes>[0-9A-Fa-f]{8}))(?![\w.:])"
)
_NUMBER = re.compile(r"[0-9]{1,64}")
_NUMBERS_OF_ADDRESSES = range(1 << 24, 1 << 32)
_MOST_OCTET = 255
_LINK_LOCAL = 0xFE80
_V4_LENGTH, _V6_LENGTH = 4, 16
# The own machine, no machine, and netmasks: nobody's address.
_NOBODY = frozenset({"0.0.0.0", "127.0.0.1", "255.255.255.255"})  # noqa: S104 - names
_NOBODY_V6 = re.compile(r"[0:]*:0{0,3}[01]?")
# Octets of as many digits.
_V4_CLASS_OF = ((0, 9),) * 10 + ((10, 99),) * 90 + ((100, 255),) * 156
_KEPT_IN_FRONT = {"10": 1, "127": 1, "192.168": 2, "169.254": 2}
_URL = re.compile(
    r"([A-Za-z][A-Za-z0-9+.\-]*:)?(//|(?=www\.))([^/?#\s]*)([^\s]*)", re.DOTALL | re.IGNORECASE
)
_BETWEEN_PARAMETERS = re.compile("([?&#])")


def mask_mail(words: Words, text: str) -> str:
    """Mask every mail address in a text, and all else of it word by word.

    The last label of the domain stays where it is one; so do all signs that are no letters.
    """
    if "@" not in text:
        return words.mask(text)
    masked, end = [], 0
    for found in _MAIL.finditer(text):
        masked += [words.mask(text[end : found.start()]), _mask_one_mail(words, found[0])]
        end = found.end()
    return "".join(masked) + words.mask(text[end:])


def _mask_one_mail(words: Words, mail: str) -> str:
    top = _TOP_LEVEL.search(mail, mail.index("@"))
    end = top.start() if top else len(mail)
    return words.mask(mail[:end]) + mail[end:]


class Addresses:
    """Masks IP addresses: same length, same kind, text and packed alike."""

    def __init__(self, prf: Prf, domain: str) -> None:
        self._prf = prf
        self._domain = domain

    def mask_text(self, text: str, rest: Callable[[str], str]) -> str:
        """Mask every address in a text; what stands between them is given to `rest`.

        Numbers between them may be parts of addresses, so none of them stays.
        """
        masked, end = [], 0
        for found in _ADDRESS.finditer(text):
            address = self._mask_candidate(found)
            if address is not None:
                masked += [self._mask_between(text[end : found.start()], rest), address]
                end = found.end()
        return "".join(masked) + self._mask_between(text[end:], rest)

    def _mask_candidate(self, found: re.Match[str]) -> str | None:
        """Mask what looks like an address; None where it is none."""
        if found["written"] is not None:
            behind = found["behind"] or ""
            return (
                self.mask_one(found["written"]) + behind if is_address(found["written"]) else None
            )
        if found["number"] is not None:
            number = int(found["number"])
            if number not in _NUMBERS_OF_ADDRESSES:
                return None
            masked = int.from_bytes(self.mask_packed(number.to_bytes(_V4_LENGTH, "big")))
            return f"{masked:0{len(found['number'])}d}"
        written = found["bytes"]
        digits = self.mask_packed(bytes.fromhex(written)).hex()
        return found[0].removesuffix(written) + (digits.upper() if written.isupper() else digits)

    def _mask_between(self, text: str, rest: Callable[[str], str]) -> str:
        return _NUMBER.sub(self._mask_number, rest(text)) if text else text

    def _mask_number(self, found: re.Match[str]) -> str:
        """Exchange digits; what is too large for an octet stays so."""
        number, length = int(found[0]), len(found[0])
        image = self._prf.permute_within(
            number,
            10**length,
            self._domain,
            "part of an address",
            lambda other: (other > _MOST_OCTET) == (number > _MOST_OCTET) or length != len("255"),
        )
        return f"{image:0{length}d}"

    def mask_one(self, address: str) -> str:
        """Mask one address that `is_address` takes for one."""
        if ":" not in address:
            return address if address in _NOBODY else self._mask_v4(address)
        if _NOBODY_V6.fullmatch(address):
            return address
        return self._mask_v6(address)

    def mask_packed(self, value: bytes) -> bytes:
        """Mask a packed address of 4 or 16 bytes, like its text form."""
        if len(value) == _V4_LENGTH:
            return ipaddress.IPv4Address(self.mask_one(str(ipaddress.IPv4Address(value)))).packed
        address = ipaddress.IPv6Address(value)
        inner = address.ipv4_mapped
        if inner is not None:
            return value[:12] + ipaddress.IPv4Address(self.mask_one(str(inner))).packed
        return ipaddress.IPv6Address(self.mask_one(str(address))).packed

    def _mask_v4(self, address: str) -> str:
        octets = address.split(".")
        kept = _KEPT_IN_FRONT.get(octets[0]) or _KEPT_IN_FRONT.get(".".join(octets[:2]), 0)
        parts = octets[kept:]
        classes = [_V4_CLASS_OF[int(part)] for part in parts]
        value, size = 0, 1
        for part, (low, high) in zip(parts, classes, strict=True):
            value, size = value * (high - low + 1) + int(part) - low, size * (high - low + 1)
        tweak = f"v4 {'.'.join(octets[:kept])} {classes}"
        image = self._prf.permute(value, size, self._domain, tweak)
        new = []
        for part, (low, high) in zip(reversed(parts), reversed(classes), strict=True):
            image, place = divmod(image, high - low + 1)
            new.append(f"{low + place:0{len(part)}d}")
        return ".".join(octets[:kept] + new[::-1])

    def _mask_v6(self, address: str) -> str:
        head, colon, tail = address.rpartition(":")
        if "." in tail:
            # An IPv4 address in IPv6 clothes: the prefix says which clothes.
            return f"{head}{colon}{self.mask_one(tail)}"
        groups = address.split(":")
        inner = ipaddress.IPv6Address(address).ipv4_mapped
        if inner is not None:
            # The same without dots; its length may change, its meaning must not.
            packed = ipaddress.IPv4Address(self.mask_one(str(inner))).packed
            new = [int.from_bytes(packed[2:], "big"), int.from_bytes(packed[:2], "big")]
            return ":".join(groups[:-2] + [_write_group(group, new) for group in groups[-2:]])
        values = [int(group, 16) for group in groups if group]
        ranges = [_hex_class(value) for value in values]
        if values[:1] == [_LINK_LOCAL]:
            ranges[0] = (_LINK_LOCAL, _LINK_LOCAL)
        value, size = 0, 1
        for one, (low, high) in zip(values, ranges, strict=True):
            value, size = value * (high - low + 1) + one - low, size * (high - low + 1)
        image = self._prf.permute(value, size, self._domain, f"v6 {_shape_of(address)}")
        new = []
        for low, high in reversed(ranges):
            image, place = divmod(image, high - low + 1)
            new.append(low + place)
        return ":".join(_write_group(group, new) if group else "" for group in groups)


def is_address(text: str) -> bool:
    """Tell an address from what only looks like one, a time of day for instance.

    >>> is_address("2001:db8::1"), is_address("10:20:30")
    (True, False)
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _hex_class(value: int) -> tuple[int, int]:
    """Give the values that have as many hexadecimal digits; zero stays zero."""
    if value == 0:
        return 0, 0
    digits = len(f"{value:x}")
    return 16 ** (digits - 1), 16**digits - 1


def _shape_of(address: str) -> str:
    try:
        whole = ipaddress.IPv6Address(address)
    except ValueError:
        return address.count(":") * ":"
    groups = whole.exploded.split(":")
    return ":".join("0" if int(group, 16) == 0 else str(len(group.lstrip("0"))) for group in groups)


def _write_group(group: str, new: list[int]) -> str:
    written = f"{new.pop():0{len(group)}x}"
    return written.upper() if group.upper() == group and group.lower() != group else written


def mask_url(words: Words, addresses: Addresses, path: Callable[[str], str], text: str) -> str:
    """Mask a URL: scheme and last label of the host stay; path and parameters are given to `path`.

    The host becomes what it becomes behind the @ of a mail address; one of a single label
    (``localhost``) is given to `path`.
    """
    found = _URL.fullmatch(text)
    if found is None:
        return path(text)
    scheme, slashes, authority, rest = found.groups(default="")
    user, at, host = authority.rpartition("@")
    bare = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if is_address(bare):
        masked_host = host.replace(bare, addresses.mask_one(bare), 1)
    else:
        name, colon, port = host.partition(":")
        top = _TOP_LEVEL.search(name)
        masked = words.mask(name[: top.start()]) + top[0] if top else path(name)
        masked_host = f"{masked}{colon}{port}"
    masked_rest = "".join(path(part) if part else "" for part in _BETWEEN_PARAMETERS.split(rest))
    return f"{scheme}{slashes}{words.mask(user)}{at}{masked_host}{masked_rest}"
