"""Where the shipped rule packs are, and their text. The only place where masking reads files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sandbox.masking.rules import Source, packs_extended_by

_ENDING = ".yaml"


def packs_folder() -> Path:
    """Find the packs: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "masking_rules"
    return checkout if (checkout / "common.yaml").is_file() else package / "shipped/masking_rules"


def with_packs(own: Sequence[Source]) -> tuple[Source, ...]:
    """Give a project's own rules behind the shipped packs that they extend, directly or not.

    A pack that is not there is left out: `parse_rules` then says at which line it is extended.
    """
    known = {source.pack for source in own}
    ordered: list[Source] = []

    def add(names: Sequence[str]) -> None:
        for name in names:
            if name in known:
                continue
            known.add(name)
            file = packs_folder() / f"{name}{_ENDING}"
            # A name with a folder in it is no pack of ours.
            if file.parent == packs_folder() and file.is_file():
                source = Source(file.name, file.read_text(encoding="utf-8"))
                add(packs_extended_by(source))
                ordered.append(source)

    for source in own:
        add(packs_extended_by(source))
    return (*ordered, *own)
