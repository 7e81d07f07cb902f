"""Which images a sandbox made: each has one more name, ``prod-sandbox/of-NAME:…``.

Images are made once for what they hold, and may serve several sandboxes; the names say whom. An
image that no sandbox's name is left on is removed.
"""

from __future__ import annotations

from docker.errors import APIError, ImageNotFound

from sandbox.replica.engine import Engine, translated
from sandbox.replica.recipes import PREFIX

_OF = f"{PREFIX}/of-"


def own_image(engine: Engine, sandbox: str, image: str) -> None:
    """Note that a sandbox uses an image, given by reference ``prod-sandbox/KIND:TAG``."""
    engine.tag(image, _name_for(sandbox, image))


def owned_images(engine: Engine, sandbox: str) -> tuple[str, ...]:
    """Give the names that a sandbox's images have for it."""
    with translated("looking for the images of a sandbox"):
        found = engine.client.images.list(name=f"{_OF}{sandbox}")
    return tuple(
        sorted(tag for one in found for tag in one.tags if tag.startswith(_named(sandbox)))
    )


def image_owners(engine: Engine) -> frozenset[str]:
    """Name every sandbox that has a name on an image."""
    with translated("looking for images of sandboxes"):
        found = engine.client.images.list(name=f"{_OF}*")
    tags = (tag for one in found for tag in one.tags)
    return frozenset(tag.removeprefix(_OF).partition(":")[0] for tag in tags if tag.startswith(_OF))


def disown_images(engine: Engine, sandbox: str, *, but: str = "") -> int:
    """Take a sandbox's names off its images; give how many were of no use to anybody else.

    Those are removed; one that a container still uses stays until its own sandbox goes.

    Args:
        engine: The engine.
        sandbox: The sandbox.
        but: Reference of an image that it goes on using.
    """
    kept = _name_for(sandbox, but) if but else ""
    return sum(disown_image(engine, name) for name in owned_images(engine, sandbox) if name != kept)


def disown_image(engine: Engine, name: str) -> bool:
    """Take one name off an image; tell whether the image went with it."""
    with translated(f"removing the image {name}"):
        try:
            image = engine.client.images.get(name)
            others = [tag for tag in image.tags if tag != name]
            engine.client.images.remove(name)
            if any(tag.startswith(_OF) for tag in others):
                return False
            for tag in others:
                engine.client.images.remove(tag)
        except ImageNotFound:
            return False
        except APIError as error:
            if error.status_code == _CONFLICT:  # a container runs on it
                return False
            raise
    return True


_CONFLICT = 409


def _named(sandbox: str) -> str:
    return f"{_OF}{sandbox}:"


def _name_for(sandbox: str, image: str) -> str:
    kind, _, tag = image.removeprefix(f"{PREFIX}/").partition(":")
    return f"{_OF}{sandbox}:{kind}-{tag}"
