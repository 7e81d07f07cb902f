"""Name what stands for values that do not leave, so that equal values stay recognisably equal."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.capture.allowed import kind_of
from sandbox.masking.segments import Placeholder, length_class

_SCHEME = re.compile(rb"(https?|ftp|smtp)://")
_NAME_LIMIT = 80  # characters


@dataclass
class Placeholders:
    """The placeholders of one bundle.

    One registry serves all servers of a bundle: where a setting has the same value on two servers
    it gets the same placeholder, and where one server differs it gets another (``…~2``), so that
    the odd one out shows without its value.
    """

    _values: dict[str, list[bytes]] = field(default_factory=dict, repr=False)
    _places: dict[Placeholder, dict[str, None]] = field(default_factory=dict)

    def stand_for(self, name: str, value: bytes, where: str, kind: str = "") -> Placeholder:
        """Give the placeholder of a value.

        Args:
            name: Name of the setting.
            value: Its value; only its length, kind and equality with others are told.
            where: Server, file and line.
            kind: What the value is; guessed from the setting's name and the value's form if empty.
        """
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")[:_NAME_LIMIT] or "value"
        known = self._values.setdefault(plain, [])
        if value not in known:
            known.append(value)
        number = known.index(value) + 1
        scheme = _SCHEME.match(value)
        placeholder = Placeholder(
            plain if number == 1 else f"{plain}~{number}",
            kind or kind_of(name, value),
            length_class(len(value)),
            scheme[1].decode() if scheme else "",
        )
        self._places.setdefault(placeholder, {})[where] = None
        return placeholder

    def listed(self) -> tuple[tuple[Placeholder, tuple[str, ...]], ...]:
        """Give every placeholder with its places, sorted by name."""
        ordered = sorted(self._places.items(), key=lambda item: str(item[0]))
        return tuple((placeholder, tuple(places)) for placeholder, places in ordered)
