"""Which version of which server is in which Debian suite. A table; knows nothing else of us.

Settings are checked against it, and images are planned from it.
"""

from __future__ import annotations

from collections.abc import Mapping

# suite -> the parts of it to install from, beside each other in a mirror's archives.
ARCHIVES: Mapping[str, tuple[str, ...]] = {
    # Out of support since August 2026: its security archive lists packages whose files are gone.
    "bullseye": ("", "-updates"),
    "bookworm": ("", "-updates", "-security"),
    "trixie": ("", "-updates", "-security"),
    "sid": ("",),
}

# role -> version -> the Debian suite that packages it.
PACKAGED: Mapping[str, Mapping[str, str]] = {
    "base": {suite: suite for suite in ARCHIVES},
    "zf1": {"debian": "trixie", "composer": "bookworm"},
    "mariadb": {"10.5": "bullseye", "10.11": "bookworm", "11.8": "trixie"},
    "mysql": {"9.7": "sid"},
    "php": {"7.4": "bullseye", "8.2": "bookworm", "8.4": "trixie"},
    "gateway": {"1": "bookworm"},
    "sink": {"1": "bookworm"},
}


def is_reference(choice: str) -> bool:
    """Tell an image name from a version, which has neither a colon nor a slash nor a digest.

    >>> is_reference("php:5.6-fpm"), is_reference("8.2")
    (True, False)
    """
    return any(mark in choice for mark in ":/@")
