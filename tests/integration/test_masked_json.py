"""MySQL orders the members of JSON and writes its numbers anew: what is masked has to agree."""

from __future__ import annotations

import json
import random

import pytest

from database_servers import DatabaseServer
from sandbox.masking.maskers.json_members import as_server_keeps_it

pytestmark = [
    pytest.mark.docker,
    pytest.mark.parametrize("database_server", [("mysql", "9.7")], ids=["mysql"], indirect=True),
]

KEYS = (
    "a",
    "b",
    "Z",
    "id",
    "name",
    "Straße",
    "żółw",
    "andersson",
    "lindqvist",
    "muellerin",
    "日本",
    "",
)
NUMBERS = (
    "0", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
    "18446744073709551616", "1.5", "-0.1", "100.0", "1e20", "1.5e-7", "123456789012345.6",
    "12345678901.25", "0.30000000000000004", "1e15", "999999999999999.0", "3.4e38", "1e-15",
)  # fmt: skip
TEXTS = (
    "",
    "Lindqvist",
    'quote "',
    "back\\slash",
    "tab\t",
    "line\n",
    "\x01",
    "\x7f",
    "é",
    "😀",
    "/",
)


def document(draw: random.Random, depth: int = 0) -> str:
    """Write a document of every kind of value, its members in any order."""
    kind = draw.choice(["object", "list", "text", "number", "word"] if depth < 4 else ["number"])
    if kind == "object":
        keys = draw.sample(KEYS, draw.randint(0, len(KEYS)))
        members = (f"{json.dumps(key)}: {document(draw, depth + 1)}" for key in keys)
        return f"{{{', '.join(members)}}}"
    if kind == "list":
        return f"[{', '.join(document(draw, depth + 1) for _ in range(draw.randint(0, 4)))}]"
    if kind == "text":
        return json.dumps(draw.choice(TEXTS))
    return draw.choice(NUMBERS if kind == "number" else ("true", "false", "null"))


def test_json_is_written_as_the_server_gives_it_back(database_server: DatabaseServer) -> None:
    draw = random.Random(7)  # noqa: S311 - the same ones each time
    documents = [document(draw) for _ in range(2000)] + [*NUMBERS, *map(json.dumps, TEXTS)]
    database = database_server.make_database()
    with database_server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id INT PRIMARY KEY, j JSON)")
        rows = [(number, text) for number, text in enumerate(documents)]
        cursor.executemany("INSERT INTO t VALUES (%s, %s)", rows)
    given = [
        row[0].decode() for row in database_server.ask("SELECT j FROM t ORDER BY id", database)
    ]
    assert [as_server_keeps_it(text) for text in documents] == given
