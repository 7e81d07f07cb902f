"""Names and places, made once with Faker and then drawn from.

Takes the seed, gives a pool per country. Faker is too slow to be asked for every row, and its own
companies include real ones, so companies are made of surnames here.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from faker import Faker

_LOCALES = {
    "DE": ("de_DE", 900),
    "AT": ("de_AT", 150),
    "CH": ("de_CH", 100),
    "FR": ("fr_FR", 150),
    "PL": ("pl_PL", 120),
    "TR": ("tr_TR", 80),
    "CZ": ("cs_CZ", 80),
    "GB": ("en_GB", 100),
    "JP": ("ja_JP", 40),
    "GR": ("el_GR", 40),
}
COUNTRY_WEIGHTS = {
    "DE": 70, "AT": 8, "CH": 4, "FR": 5, "PL": 4, "TR": 3, "CZ": 2, "GB": 2, "JP": 1, "GR": 1,
}  # fmt: skip
_CENTRES = {
    "DE": (51.1, 10.4), "AT": (47.5, 14.1), "CH": (46.8, 8.2), "FR": (46.6, 2.4),
    "PL": (52.1, 19.4), "TR": (39.1, 35.2), "CZ": (49.8, 15.5), "GB": (52.4, -1.5),
    "JP": (36.2, 138.3), "GR": (39.1, 22.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A postcode with its city, and about where it lies."""

    postcode: str
    city: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Pool:
    """The names and places of one country."""

    country: str
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[Place, ...]

    def draw_company(self, rng: random.Random) -> str:
        """Draw a company that is called after its owners."""
        one, other = rng.choice(self.surnames), rng.choice(self.surnames)
        return rng.choice(
            (
                f"{one} GmbH",
                f"{one} & {other} GbR",
                f"{one} + Söhne KG",
                f'Café "{one}"',
                f"{one} AG",
            )
        )


@cache
def build_pools(seed: int) -> dict[str, Pool]:
    """Make the pool of every country customers come from."""
    return {
        country: _build_pool(country, locale, size, seed)
        for country, (locale, size) in _LOCALES.items()
    }


def _build_pool(country: str, locale: str, size: int, seed: int) -> Pool:
    fake = Faker(locale)
    fake.seed_instance(f"{seed}/{country}")
    rng = random.Random(f"{seed}/places/{country}")
    latitude, longitude = _CENTRES[country]
    return Pool(
        country,
        women=_several(fake.first_name_female, size // 2),
        men=_several(fake.first_name_male, size // 2),
        surnames=_several(fake.last_name, size),
        streets=_several(fake.street_name, size),
        places=tuple(
            Place(
                fake.postcode(),
                fake.city(),
                round(latitude + rng.uniform(-2, 2), 6),
                round(longitude + rng.uniform(-2, 2), 6),
            )
            for _ in range(size)
        ),
    )


def _several(make: Callable[[], str], count: int) -> tuple[str, ...]:
    return tuple(make() for _ in range(count))
