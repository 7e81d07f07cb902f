"""Marked values in every hiding place: none of them is in the bundle, said, or left over.

The search shares nothing with the masking rules: it knows the planted texts and looks for their
bytes, folded to lower case, in every file, packed or not, and in names of files.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import zstandard

from captures import write_capture
from commands import COMMAND, environment, option_file, sandbox
from database_servers import DatabaseServer
from sandbox.cli.commands import run
from sandbox.masking.masker import Masker
from sandbox.model import Batch, MaskedBatch

pytestmark = pytest.mark.docker
ON_MARIADB = pytest.mark.parametrize(
    "database_server", [("mariadb", "10.11")], ids=["mariadb"], indirect=True
)

# Words that no dictionary knows and no generator of ours would give twice.
WORDS = [f"{start}{middle}quorv" for start in ("zab", "mex", "tul") for middle in ("ipho", "ogra")]
MAIL = "wexlorp.trandul@quibsoft.example"
PHONE = "+49 171 8246097531"
IBAN = "DE89370400440532013000"
CARD = "4111111111111111"
TOKEN = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"  # noqa: S105 - the one that must not be found
# Such numbers and days may be keys and moments: planted only where they are somebody's.
BIRTHDAY, SSN, LATITUDE = "1953-02-27", "738194625", "47.7391846"
PLANTED = [*WORDS, "wexlorp", "trandul", "quibsoft", "8246097531", IBAN, CARD, TOKEN,
           BIRTHDAY, SSN, LATITUDE, "7391846"]  # fmt: skip

TABLE = """CREATE TABLE hiding (
  id INT PRIMARY KEY, email VARCHAR(120) UNIQUE COMMENT 'not mexiphoquorv''s',
  first_name VARCHAR(60) DEFAULT 'tuliphoquorv', company TINYTEXT,
  city CHAR(40) CHARACTER SET latin1, phone VARCHAR(40), iban VARCHAR(40), card_number VARCHAR(40),
  api_token VARCHAR(80), note TEXT, message LONGTEXT, payload JSON, preferences MEDIUMTEXT,
  response MEDIUMTEXT, session_data BLOB, photo LONGBLOB, url VARCHAR(200), ip VARBINARY(16)
) COMMENT='ask zabiphoquorv first'"""
VIEW = f"""CREATE VIEW shown AS SELECT AES_DECRYPT(photo, '{WORDS[0]}') AS photo,
  IF(email = '{MAIL}', '{CARD}', 'Host=a,Password={WORDS[1]}') AS card, '{WORDS[2]}' AS api_key,
  phone IN ('{PHONE}', '{IBAN}') AS called, X'{MAIL.encode().hex()}' AS mail
  FROM hiding WHERE api_token <> '{TOKEN}'"""
RULES = """extends: [common, zend]
tables:
  hiding: {session_data: php_session, photo: binary, payload: json, preferences: serialized}
"""


def rows() -> Iterator[tuple[bytes | str | int | None, ...]]:
    for number, word in enumerate(WORDS):
        serialized = f's:{len(word)}:"{word}"'
        # In documents as value and as key: of an array, a session, JSON, an element.
        yield (
            number, f"{number}{MAIL}", word.title(), f"{word} & Sons", f"{word}é",
            PHONE, IBAN, CARD, TOKEN[number:] + TOKEN[:number],
            f"Mrs {word.upper()} called from {PHONE}, write to {MAIL}; card {CARD}",
            f"{word}\t{word}\n{MAIL}\\{word}'{word}\"",
            f'{{"who": "{word}", "to": ["{MAIL}"], "{word}": 1}}',
            f"a:2:{{i:0;{serialized};i:1;a:1:{{{serialized};{serialized}}}}}",
            f'<payer name="{word}" {word}="1"><mail>{MAIL}</mail><{word}/></payer>',
            f"user|{serialized};mail|i:1;{word}|i:1;",
            b"\x89PNG" + word.encode() + b"\0" + MAIL.encode(),
            f"https://quibsoft.example/{word}?mail={MAIL}", b"\x7f\x28\x01\x02",
        )  # fmt: skip


@pytest.fixture
def arguments(database_server: DatabaseServer, tmp_path: Path) -> Iterator[list[str]]:
    """Plant everything; give an export of it that works."""
    server = database_server
    database = server.make_database()
    server.run(TABLE, VIEW, database=database)
    connection = server.connect(database)
    with connection.cursor() as cursor:
        for row in rows():
            marks = ", ".join(["%s"] * len(row))
            cursor.execute(f"INSERT INTO hiding VALUES ({marks})", row)
    connection.close()
    account = server.make_account(f"SELECT, SHOW VIEW ON {database}.*")
    option_file(tmp_path, f"{account}-secret")
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "error.log").write_text(log())
    (tmp_path / "given.jsonl").write_text("\n".join(map(json.dumps, given_requests())))
    assert sandbox("keygen", "--out", tmp_path / "key").exit_code == 0
    yield [
        "export",
        f"--source=mysql://{account}@127.0.0.1:{server.port}/{database}",
        f"--defaults-file={tmp_path / 'reader.cnf'}",
        f"--key-file={tmp_path / 'key'}",
        f"--rules={tmp_path / 'rules.yaml'}",
        f"--from-log={tmp_path / 'error.log'}",
        f"--requests={tmp_path / 'given.jsonl'}",
        f"--server=web1={captured(tmp_path)}",
        f"--out={tmp_path / 'bundle'}",
    ]
    server.run(f"DROP DATABASE {database}")


def log() -> str:
    """A log that names people, among them one who is in no table."""
    return (
        f"2026-11-25T10:00:00+01:00 ERR [1] GET /api/hiding/3 500 Error: no {WORDS[0]} in a.php:1\n"
        f"2026-11-25T10:00:01+01:00 ERR [2] Duplicate entry '1{MAIL}' for key 'email'\n"
        f"2026-11-25T10:00:02+01:00 INFO [3] mail to {MAIL} of Mr {WORDS[1].title()}, {PHONE}\n"
    )


def given_requests() -> Iterator[dict[str, object]]:
    """Requests as somebody wrote them down, with all that they had at hand."""
    word, other = WORDS[0], WORDS[1]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    secrets = f"password={word}&user%5Bpin%5D={other}&email={quote(MAIL)}&x={quote_plus(PHONE)}"
    of_somebody = (
        f"birth[date]={BIRTHDAY}&user%5Bssn%5D={SSN}&at[lat]={LATITUDE}&n[0][x]={SSN}"
        f"&f[0][name]=pin&f[0][value]={SSN}&born.day={BIRTHDAY}T00%3A00&died_on={BIRTHDAY}&{SSN}"
    )
    nested = {
        "birth": {"date": BIRTHDAY, "days": [[f"{BIRTHDAY}T00:00:00.000Z"]]}, "hired_on": BIRTHDAY,
        "lat": float(LATITUDE), "n": [int(SSN), SSN, LATITUDE], "customer": {"date": BIRTHDAY},
        SSN: {BIRTHDAY: 1}, "f": [{"name": "born", "value": f"{BIRTHDAY} 10:00"}, ["pin", SSN]],
    }  # fmt: skip
    bodies: tuple[object, ...] = (
        {word: other, "email": MAIL, "password": word, "note": f"Mrs {word.title()}: {CARD}"},
        {"fields": [{"name": "api_key", "value": TOKEN}, [IBAN, {"first_name": word.title()}]]},
        [int(CARD), float(f"0.{CARD}"), {"phone": PHONE, "date": word, "pin": {other: word}}],
        f"{word} {MAIL} {IBAN}", f"<password>{word}</password>", f'{{"a": "{MAIL}"',
        json.dumps({"mail": MAIL, "token": TOKEN}), f"a=b&{word}={other}&{secrets}",
        f"\\u{ord(word[0]):04x}{word[1:]}",
        nested, {"filter": json.dumps(nested), "link": f"/x?{of_somebody}"}, of_somebody,
        f"<a ssn='{SSN}'><lat>{LATITUDE}</lat><born>{BIRTHDAY}T10:00</born>{SSN}</a>",
    )  # fmt: skip
    for number, body in enumerate(bodies):
        step = {
            "method": "POST",
            "url": f"/{word}/hiding/lat/{LATITUDE}/{SSN}.0?mail={quote(MAIL)}&{secrets}"
            f"&{of_somebody}",
            "body": body,
        }
        yield step | {
            "name": f"{word} {number}",
            "headers": {
                "Cookie": f"a={word}", "Authorization": f"Basic {word}", "X-Api-Key": TOKEN,
                "Accept": f"text/{word}", "Referer": f"https://{word}.example/{other}",
                f"X-{word}": other, "Host": f"{word}.example", "X-Forwarded-For": MAIL,
                "X-SSN": SSN, "X-Birth-Date": f"{BIRTHDAY} 10:00", "X-At": f"{LATITUDE},9.1",
            },
            "before": [step | {"headers": form}, step],
            "servers": ["web1"],
            "failed": {
                "status": 500, "exception": word, "place": f"library/{word}/{other}.php:12",
                "field": f"$.{word}[0]['{other}']['{SSN}']", "is": "empty",
            },
        }  # fmt: skip


def captured(folder: Path) -> Path:
    """Give what the capture script would have written on a server, secrets and all."""
    secret = WORDS[2]
    files = {
        "facts.tsv": f"name\tweb1\nsystem.ID\tdebian\nother\t{secret}\n",
        "roles.tsv": "application\t/srv/application.ini\nnginx\t/etc/nginx/nginx.conf\n",
        "vocabulary.txt": "application\nerror\n",
        "config/srv/application.ini": (
            f'[production]\nresources.db.params.password = "{secret}"\n; by {WORDS[3]}\n'
            f'mail.from = "{MAIL}"\napi.key = {TOKEN}\n'
        ),
        "config/etc/nginx/nginx.conf": f'http {{ proxy_set_header X-Token "{secret}"; }}\n',
        "logs/var/log/shop.log": log(),
    }
    return write_capture(folder / "web1.tar.gz", files)


def found_in(text: bytes) -> list[str]:
    """Give the planted texts that are in a text: as they are, or packed as base64 or hex."""
    folded = text.lower()
    return [
        planted
        for planted in PLANTED
        if planted.lower().encode() in folded
        or any(form in text for form in packed_forms(planted.encode()))
        or planted.encode().hex().encode() in folded
    ]


def packed_forms(text: bytes) -> list[bytes]:
    """Give what a text looks like inside base64, at each of the three places it can begin."""
    forms = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + text)
        start = (before * 8 + 5) // 6
        forms.append(encoded[start : len(encoded) - 4])
    return forms


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            if file.suffix == ".zst":
                content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
            yield str(file.relative_to(folder)), content


@ON_MARIADB
def test_nothing_planted_is_in_the_bundle_or_in_what_is_said(
    arguments: list[str], tmp_path: Path
) -> None:
    done = sandbox(*arguments, folder=tmp_path)
    assert done.exit_code == 0, done.said
    contents = list(files_of(tmp_path / "bundle"))
    assert len(contents) > 5
    given = dict(contents)["requests/given.jsonl"]
    assert given.count(b"\n") == len(list(given_requests()))
    for name, content in contents:
        assert found_in(content + name.encode()) == [], name
    assert found_in(done.said.encode("utf-8", "surrogateescape")) == []
    shown = sandbox("inspect", tmp_path / "bundle", "--columns", folder=tmp_path)
    assert shown.exit_code == 0, shown.said
    assert found_in(shown.said.encode("utf-8", "surrogateescape")) == []


def test_the_search_finds_what_is_there() -> None:
    for planted in PLANTED:
        for form in (planted, planted.upper(), planted.encode().hex()):
            assert planted in found_in(b".." + form.encode() + b"..")
        for before in (b"", b".", b".."):
            packed = base64.b64encode(before + planted.encode() + b"....")
            assert planted in found_in(packed)


@ON_MARIADB
@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_a_crash_in_the_middle_says_nothing_of_what_it_read(
    arguments: list[str],
    debug: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(_masker: Masker, batch: Batch) -> MaskedBatch:
        raise ValueError(f"cannot mask {batch.cells!r}")

    monkeypatch.setattr(Masker, "mask_batch", crash)
    assert run([*arguments, *debug]) == 1
    said = capsys.readouterr()
    assert "this is a bug in sandbox" in said.err
    assert found_in((said.out + said.err).encode("utf-8", "surrogateescape")) == []


@ON_MARIADB
def test_no_secret_is_in_the_process_list_and_nothing_lies_around(
    arguments: list[str], tmp_path: Path
) -> None:
    before = {file for file in tmp_path.rglob("*") if file.is_file()}
    seen: set[bytes] = set()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            seen |= processes_below(process.pid)
    assert process.returncode == 0
    assert len(seen) > 1
    password = next(
        line.partition("=")[2].strip('"')
        for line in (tmp_path / "reader.cnf").read_text().splitlines()
        if line.startswith("password")
    )
    key = (tmp_path / "key").read_text().strip()
    for text in seen:
        assert password.encode() not in text
        assert key.encode() not in text
        assert found_in(text) == []
    left = {file for file in tmp_path.rglob("*") if file.is_file()} - before
    assert all(file.is_relative_to(tmp_path / "bundle") for file in left)


def processes_below(parent: int) -> set[bytes]:
    """Give command lines and environments of a process and its children."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            status = (entry / "status").read_text()
            if entry.name == str(parent) or f"PPid:\t{parent}\n" in status:
                found |= {(entry / name).read_bytes() for name in ("cmdline", "environ")}
        except OSError:
            continue  # it has ended meanwhile
    return found
