"""Names of secrets: the one list for logs, requests, settings and definitions."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from sandbox.masking.dictionary import split_camel, word_set

# In capital or small letters, also with something in front ("dbpassword"); digits do not count.
_SECRET = re.compile(
    r"\w*(?:passwor[dt]|passwd|kennwort|passphrase|passcode|secret|token|pwd)s?"
    r"|\w*(?:api|aes|crypt|secret|private|licen[cs]e|access|auth|hmac)keys?"
    r"|\w*(?<!com)(?<!by)(?<!tres)(?<!sur)(?<!over)(?<!under)pass|\w*pw"
    r"|(?:sms|mobile|push|user|card|[imt])?(?:pin|tan)s?|t?otp|(?:auth|pin|tan)code|cvc|cvv|dsn"
    r"|(?:password)?salt|pepper|credentials?|creds|bearer|jwt|[cx]srf|authorization"
    r"|passwor[dt](?:hash|confirm|repeat|again|new|old|hint)\w*"
)
# What makes the word behind it one.
_BEFORE = {
    "key": word_set(
        "access aes api auth crypt crypto des encrypt encryption gpg hmac licence license master "
        "pgp private rsa secret session shared signing ssh"
    ),
    "code": word_set("access auth authorization login recovery security sms verification"),
    "by": word_set("identified"),
}
# "password_state" says something about a password, and is none.
_ABOUT = word_set(
    "at attempts changed count created date enabled expired expires expiry id kind length lifetime "
    "name on policy question required reset state status time ttl type valid"
)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_LETTERS = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=2**12)
def is_secret_name(name: str) -> bool:
    """Tell whether a name, of a column, parameter or setting, is one of a secret.

    >>> [is_secret_name(one) for one in ("smtpPassword", "user%5Bpin%5D", "aes_key", "passwd2")]
    [True, True, True, True]
    >>> [is_secret_name(one) for one in ("password_state", "pinned", "span", "primary_key")]
    [False, False, False, False]
    """
    decoded = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), name)
    return split_camel(decoded)[-1].casefold() not in _ABOUT and speaks_of_secret(decoded)


def speaks_of_secret(text: str) -> bool:
    """Tell whether a text has the name of a secret anywhere in it.

    >>> speaks_of_secret("the password is valid")
    True
    """
    words = [word.casefold() for word in split_camel(text)]
    written = {word.casefold() for word in _LETTERS.findall(text)}
    return any(_SECRET.fullmatch(word) for word in {*words, *written}) or any(
        word in _BEFORE.get(behind.removesuffix("s"), ()) for word, behind in pairwise(words)
    )
