"""Keyed pseudorandom functions and permutations: where every pseudonym comes from.

A permutation over ``range(size)`` is one-to-one by construction, whatever the size. Without the
key it can be neither computed nor inverted.
"""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Callable
from functools import lru_cache

_ROUNDS = 8
_SMALL = 512
_MIDDLE_HALF = 10_000  # eight digits: 160 KB of remembered rounds
_NETWORKS = 128
_WIDTH = 64
_PERSON_LENGTH = 16
KEY_LENGTH = 32


class Prf:
    """Pseudorandom functions under one key, a domain apart from every other.

    Args:
        key: The secret; of any length that is not zero.
    """

    def __init__(self, key: bytes) -> None:
        if not key:
            raise ValueError("the masking key is empty")
        # The derived key has one fixed length, whatever ops keep in their file.
        self._key = hashlib.blake2b(key, digest_size=_WIDTH, person=b"sandbox-key").digest()
        self.shuffle = lru_cache(maxsize=4096)(self._shuffle)
        self._network = lru_cache(maxsize=_NETWORKS)(self._make_network)

    @property
    def key_id(self) -> str:
        """Give a short name of the key that tells nothing of it."""
        return hashlib.blake2b(self._key, digest_size=6, person=b"sandbox-key-id").hexdigest()

    def digest(self, domain: str, message: bytes, length: int = _WIDTH) -> bytes:
        """Hash a message under the key, up to 64 bytes long."""
        return hashlib.blake2b(
            message, digest_size=length, key=self._key, person=_person(domain)
        ).digest()

    def number(self, domain: str, message: bytes) -> int:
        """Give a large pseudorandom number for a message."""
        return int.from_bytes(self.digest(domain, message), "big")

    def stream(self, domain: str, message: bytes, length: int) -> bytes:
        """Give as many pseudorandom bytes for a message as are asked for."""
        seed = self.digest(domain, message)
        blocks = range(-(-length // _WIDTH))
        return b"".join(self.digest(domain, seed + block.to_bytes(8, "big")) for block in blocks)[
            :length
        ]

    def permute(self, value: int, size: int, domain: str, tweak: str) -> int:
        """Give the image of a value under the permutation of ``range(size)`` of a domain and tweak.

        Raises:
            ValueError: The value is outside the range.
        """
        if not 0 <= value < size:
            raise ValueError("a value outside the permutation's range")
        if size <= _SMALL:
            return self.shuffle(size, domain, tweak)[value]
        network = self._network(size, domain, tweak)
        while True:
            value = network.permute(value)
            if value < size:
                return value

    def permute_within(
        self, value: int, size: int, domain: str, tweak: str, allowed: Callable[[int], bool]
    ) -> int:
        """Permute only those values of the range for which `allowed` holds, as `value` does.

        Walks the cycle until it is back among them, so that it stays one-to-one there.
        """
        while True:
            value = self.permute(value, size, domain, tweak)
            if allowed(value):
                return value

    def _make_network(self, size: int, domain: str, tweak: str) -> _Feistel | _RememberingFeistel:
        mixer = hashlib.blake2b(digest_size=_WIDTH, key=self._key, person=_person(domain))
        mixer.update(f"{size}:{len(tweak)}:{tweak}:".encode())
        left_size = math.isqrt(size - 1) + 1
        kind = _RememberingFeistel if left_size <= _MIDDLE_HALF else _Feistel
        return kind(left_size, -(-size // left_size), mixer)

    def _shuffle(self, size: int, domain: str, tweak: str) -> tuple[int, ...]:
        seed = f"{size}:{len(tweak)}:{tweak}:".encode()
        ranks = [self.digest(domain, seed + place.to_bytes(2, "big"), 16) for place in range(size)]
        return tuple(sorted(range(size), key=ranks.__getitem__))


class _Feistel:
    """A Feistel network over ``range(left_size * right_size)``, its rounds hashed under the key."""

    def __init__(self, left_size: int, right_size: int, mixer: hashlib.blake2b) -> None:
        self._left_size = left_size
        self._right_size = right_size
        self._mixer = mixer

    def permute(self, value: int) -> int:
        """Give the image of a value."""
        left, right = divmod(value, self._right_size)
        for turn in range(0, _ROUNDS, 2):
            left = (left + self._round(turn, right)) % self._left_size
            right = (right + self._round(turn + 1, left)) % self._right_size
        return left * self._right_size + right

    def _round(self, turn: int, half: int) -> int:
        hashed = self._mixer.copy()
        hashed.update(b"%d:%x" % (turn, half))
        return int.from_bytes(hashed.digest(), "big")


class _RememberingFeistel(_Feistel):
    """The same where halves are few: each round hashes a half once, and remembers the result."""

    _UNKNOWN = 0xFFFF

    def __init__(self, left_size: int, right_size: int, mixer: hashlib.blake2b) -> None:
        super().__init__(left_size, right_size, mixer)
        self._known = [array("H", [self._UNKNOWN]) * left_size for _ in range(_ROUNDS)]

    def permute(self, value: int) -> int:
        """Give the image of a value."""
        left_size, right_size, unknown = self._left_size, self._right_size, self._UNKNOWN
        left, right = divmod(value, right_size)
        for turn, known in enumerate(self._known):
            # Even rounds move the left half by the right one, odd rounds the right by the left.
            if turn % 2 == 0:
                moved = known[right]
                if moved == unknown:
                    moved = known[right] = self._round(turn, right) % left_size
                left = (left + moved) % left_size
            else:
                moved = known[left]
                if moved == unknown:
                    moved = known[left] = self._round(turn, left) % right_size
                right = (right + moved) % right_size
        return left * right_size + right


@lru_cache(maxsize=1024)
def _person(domain: str) -> bytes:
    written = domain.encode()
    if len(written) <= _PERSON_LENGTH:
        return written
    return hashlib.blake2b(written, digest_size=_PERSON_LENGTH).digest()
