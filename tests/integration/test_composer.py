"""Zend Framework by way of Composer, from a repository on disk in place of Composer's registry."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sandbox.replica.engine import Engine
from sandbox.replica.recipes import recipes_folder
from servers import ImageOf

pytestmark = [pytest.mark.docker, pytest.mark.heavy]

GROUND = "prod-sandbox/test-composer-ground:1"
ZF1 = "prod-sandbox/test-composer-zf1:1"
LOOK = "prod-sandbox/test-composer-look:1"
PACKAGE = {"name": "shardj/zf1-future", "version": "1.23.5", "license": "BSD-3-Clause"}


def test_composers_recipe_gives_the_same_framework_as_the_package(
    engine: Engine, image_of: ImageOf, tmp_path: Path
) -> None:
    """The recipe's own steps; only where Composer looks for the package is another place."""
    ground, recipe, look = (tmp_path / name for name in ("ground", "recipe", "look"))
    ground.mkdir()
    (ground / "composer.json").write_text(json.dumps(PACKAGE))
    (ground / "Dockerfile").write_text(
        f"FROM {image_of('base', 'bookworm')}\n"
        "COPY composer.json LICENSE.txt /srv/zf1-future/\n"
        f"COPY --from={image_of('zf1')} /usr/share/php/Zend /srv/zf1-future/library/Zend\n"
    )
    (ground / "LICENSE.txt").write_text("New BSD License\n")
    shutil.copytree(recipes_folder() / "zf1", recipe)
    wanted = json.loads((recipe / "composer.json").read_text())
    path = {"type": "path", "url": "/srv/zf1-future", "options": {"symlink": False}}
    wanted["repositories"] = [path, {"packagist.org": False}]
    (recipe / "composer.json").write_text(json.dumps(wanted))
    look.mkdir()
    (look / "Dockerfile").write_text(
        f"FROM {image_of('base', 'bookworm')}\n"
        f"COPY --from={ZF1} / /composer/\n"
        f"COPY --from={image_of('zf1')} / /package/\n"
        "RUN diff -r /composer/usr/share/php/Zend /package/usr/share/php/Zend"
        " && test -s /composer/usr/share/doc/zf1-future/LICENSE.txt\n"
    )
    try:
        engine.build(ground, tags=(GROUND,), arguments={})
        arguments = {"BASE": GROUND, "VERSION": "composer"}
        engine.build(recipe, dockerfile="Dockerfile.composer", tags=(ZF1,), arguments=arguments)
        engine.build(look, tags=(LOOK,), arguments={})
    finally:
        for made in (LOOK, ZF1, GROUND):
            engine.remove_image(made)
