"""Patterns of names in rules: ``*`` and ``?`` as in a shell, alternatives apart by ``|``."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern; names are compared without case.

    >>> bool(compile_pattern("*_ip|ip").fullmatch("client_ip"))
    True
    """
    folded = pattern.casefold()
    alternatives = [
        "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in one.strip())
        for one in folded.split("|")
    ]
    return re.compile("|".join(f"(?:{one})" for one in alternatives), re.DOTALL)


def is_exact(pattern: str) -> bool:
    """Tell whether a pattern names one thing only."""
    return not any(sign in pattern for sign in "*?|")
