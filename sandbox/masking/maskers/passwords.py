"""Passwords become one that everybody knows, in the algorithm that production used."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache

import bcrypt

from sandbox.masking.maskers.identifiers import mask_token
from sandbox.masking.prf import Prf
from sandbox.masking.words import Words

KNOWN_PASSWORD = "sandbox"  # noqa: S105 - published: it opens every account of a replica, and nothing else
_BCRYPT = re.compile(r"(\$2[abxy]?\$)(\d\d)\$[./A-Za-z0-9]{53}")
_SALTED_SHA1 = re.compile(r"(sha1:)([^:]*)(:)([0-9a-fA-F]{40})")
_HEX = {32: "md5", 40: "sha1"}
_HEX_DIGITS = re.compile(r"[0-9a-fA-F]+")
_MOST_COST = 12
_SHA = r"sha(?:1|224|256|384|512)"
ALGORITHM = re.compile(
    rf"""(?:
        \$2[abxy]?\$(?:\d\d\$)?
        |\$(?:1|5|6|7|y|gy|apr1|md5|sha1|P|H|S|argon2(?:i|d|id)|scrypt|pbkdf2(?:-{_SHA})?)\$
        |(?:pbkdf2_{_SHA}|bcrypt(?:_{_SHA})?|argon2|scrypt|{_SHA}|md5|crypt)\$
        |\{{(?:S?{_SHA}|S?SHA|S?MD5|CRYPT|BCRYPT|ARGON2(?:I|D|ID)?|PBKDF2|SCRYPT|NOOP|PLAIN)\}}
        |(?:md5|{_SHA}|bcrypt|argon2(?:i|d|id)?|crypt|scrypt|pbkdf2(?::{_SHA})?):
    )
    (?:(?:rounds|v|m|t|p|ln|r)=\d{{1,7}}[,$]){{0,6}}""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
"""What says how a hash was made; anything else in front of it is the password itself."""
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_CRYPT = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Passwords:
    """Sets the known password; what is no hash that it knows stays unusable, masked by shape."""

    def __init__(self, prf: Prf, domain: str, words: Words) -> None:
        self._prf = prf
        self._words = words
        self._domain = domain
        self._hash = lru_cache(maxsize=64)(self._bcrypt)

    def mask(self, text: str) -> str:
        """Mask a password's hash, or a password."""
        found = _BCRYPT.fullmatch(text)
        if found:
            # A costlier hash would take seconds, and would tell nothing more.
            return self._hash(found[1], min(int(found[2]), _MOST_COST))
        salted = _SALTED_SHA1.fullmatch(text)
        if salted:
            salt = self._by_shape(salted[2])
            return f"{salted[1]}{salt}{salted[3]}{_hex('sha1', salt, salted[4])}"
        algorithm = _HEX.get(len(text))
        if algorithm and _HEX_DIGITS.fullmatch(text):
            return _hex(algorithm, "", text)
        prefix = ALGORITHM.match(text)
        end = prefix.end() if prefix else 0
        return text[:end] + self._by_shape(text[end:])

    def _by_shape(self, text: str) -> str:
        return mask_token(self._prf, self._domain, self._words, text)

    def _bcrypt(self, prefix: str, cost: int) -> str:
        seed = self._prf.digest(self._domain, f"bcrypt {cost}".encode(), 16)
        salt = base64.b64encode(seed).rstrip(b"=").translate(bytes.maketrans(_STANDARD, _CRYPT))
        written = bcrypt.hashpw(KNOWN_PASSWORD.encode(), b"$2b$%02d$" % max(4, cost) + salt)
        return prefix + written.decode().split("$", 2)[2]


def _hex(algorithm: str, salt: str, old: str) -> str:
    hashed = hashlib.new(
        algorithm, (salt + KNOWN_PASSWORD).encode("utf-8", "surrogateescape"), usedforsecurity=False
    ).hexdigest()
    return hashed.upper() if old.isupper() else hashed
