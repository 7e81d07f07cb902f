"""Password hashes as the shop stored them, bytes that depend on the seed alone.

bcrypt is slow by design, so there is a small pool of hashes; what is hashed is known, for people
who want to log in to the demo.
"""

import base64
import hashlib
from functools import cache

import bcrypt

_COST = 10
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_KNOWN = (
    "geheim", "passwort1", "hallo123", "fussball", "Sonnenschein!", "qwertz", "12345678",
    "Schatzi2014", "München72", "letmein", "azerty", "zażółć", "iloveyou", "dragon99",
    "correct horse battery staple", "Sommer2019", "şifre123", "changeme",
)  # fmt: skip


@cache
def hash_password(seed: int, password: str, purpose: str = "") -> str:
    """Hash a password with bcrypt, as PHP's password_hash() writes it.

    Args:
        seed: The generator's seed; the salt comes from it.
        password: What is hashed.
        purpose: Makes another salt for the same password.
    """
    salt = hashlib.sha256(f"{seed}/{purpose}/{password}".encode()).digest()[:16]
    written = base64.b64encode(salt).rstrip(b"=").translate(bytes.maketrans(_STANDARD, _BCRYPT))
    return bcrypt.hashpw(password.encode(), b"$2y$%d$" % _COST + written).decode()


def hash_pool(seed: int) -> tuple[str, ...]:
    """Hash the passwords people choose."""
    return tuple(hash_password(seed, password) for password in _KNOWN)


def hash_before_2016(salt: str, password: str) -> str:
    """Hash a password the way the shop did before 2016."""
    return (
        f"sha1:{salt}:{hashlib.sha1((salt + password).encode(), usedforsecurity=False).hexdigest()}"
    )
