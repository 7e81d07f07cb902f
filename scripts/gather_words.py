"""Write down the everyday words that may stay in free text, or check that they are up to date.

Those of Faker's lorem providers, without every word that occurs in a name of a person, a city, a
street or a company in any of Faker's languages.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sandbox.masking.dictionary import split_words

WORDS = Path(__file__).resolve().parent.parent / "sandbox/masking/everyday_words.txt"
_LANGUAGES = (
    "en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "cs_CZ", "da_DK",
)  # fmt: skip
_POOLS = ("person", "address", "company")
_NAMES_NOT_OF_PEOPLE = frozenset({"formats", "catch_phrase", "bs", "job"})


def gathered() -> str:
    """Give the file's text."""
    everyday = split_words(word for language in _LANGUAGES for word in _lorem_of(language))
    words = sorted(everyday - _words_of_names())
    return textwrap.fill(" ".join(words), width=100, break_on_hyphens=False) + "\n"


def main() -> int:
    """Write or check the file."""
    text = gathered()
    if "--check" not in sys.argv[1:]:
        WORDS.write_text(text, encoding="utf-8")
        return 0
    if WORDS.exists() and WORDS.read_text(encoding="utf-8") == text:
        return 0
    print(f"error: {WORDS.name} is stale. Run: make docs", file=sys.stderr)  # noqa: T201
    return 1


def _lorem_of(language: str) -> tuple[str, ...]:
    module = importlib.import_module(f"faker.providers.lorem.{language}")
    return tuple(module.Provider.word_list)


def _words_of_names() -> frozenset[str]:
    return split_words(
        text
        for pool in _POOLS
        for module in _modules_of(f"faker.providers.{pool}")
        for text in _texts_of(module)
    )


def _modules_of(package_name: str) -> Iterator[ModuleType]:
    package = importlib.import_module(package_name)
    yield package
    for found in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package_name}.{found.name}")


def _texts_of(module: ModuleType) -> Iterator[str]:
    provider = getattr(module, "Provider", None)
    for name, pool in vars(provider).items() if provider else ():
        if not any(part in name for part in _NAMES_NOT_OF_PEOPLE) and not name.startswith("__"):
            yield from _flatten(pool)


def _flatten(pool: object) -> Iterator[str]:
    if isinstance(pool, str):
        if "{{" not in pool:
            yield pool
    elif isinstance(pool, dict):
        yield from _flatten(tuple(pool))
    elif isinstance(pool, (list, tuple, set, frozenset)):
        for one in pool:
            yield from _flatten(one)


if __name__ == "__main__":
    sys.exit(main())
