"""Addresses, option files and passwords: what is read, and what is never shown."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sandbox.database.address import Address, parse_address
from sandbox.database.connect import Tls, choose_tls
from sandbox.database.credentials import Credentials, Secret, find_credentials, find_password
from sandbox.database.option_file import read_option_file, unquote_option
from sandbox.errors import SettingsError, UsageError

ADDRESS = Address("reader", "db.example", 3306, "shop")


def private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_address_is_read_with_its_escapes() -> None:
    assert parse_address("mysql://re%40der@db.example/sh%2Fop") == Address(
        "re@der", "db.example", 3306, "sh/op"
    )
    assert parse_address("mariadb://u@[::1]:3307/shop") == Address("u", "::1", 3307, "shop")
    assert parse_address("mysql://u@/shop?socket=/run/my%20sql.sock") == Address(
        "u", "", 3306, "shop", "/run/my sql.sock"
    )


@pytest.mark.parametrize(
    "url",
    [
        "mysql://re%40der@db.example:3307/sh%2Fop",
        "mysql://u@[::1]:3307/shop",
        "mysql://u@/shop?socket=/run/my%20sql.sock",
        "mysql://db.example:3306/shop",
    ],
)
def test_address_prints_as_it_was_written(url: str) -> None:
    assert str(parse_address(url)) == url


@pytest.mark.parametrize(
    "url",
    [
        "mysql://reader:pa55word@db.example/shop",
        "mysql://reader:@db.example/shop",
        "mysql://:pa55word@db.example/shop",
        "mysql://reader:pa55word@/shop?socket=/run/x",
    ],
)
def test_password_in_an_address_is_refused_without_an_echo(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(url)
    assert "pa55word" not in caught.value.message + caught.value.hint
    assert "password" in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u@h/shop",
        "db.example/shop",
        "mysql://u@h",
        "mysql://u@h/",
        "mysql://u@h/shop/orders",
        "mysql://u@/shop",
        "mysql://u@h/shop?socket=/run/x",
        "mysql://u@h/shop?ssl=off",
        "mysql://u@h:port/shop",
        "mysql://u@h:99999/shop",
        "mysql://u@h/shop#x",
        "mysql://u@[::1/shop",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        parse_address(url)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("db.example", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_what_leaves_the_machine_has_to_be_verified(host: str, local: bool) -> None:  # noqa: FBT001
    credentials = Credentials(Address("u", host, 3306, "shop"), Secret("x"))
    assert credentials.address.is_local is local
    assert choose_tls(credentials) == Tls(required=not local)
    assert choose_tls(credentials, insecure=True) == Tls(required=False)


def test_secret_shows_itself_to_nobody() -> None:
    secret = Secret("pa55word")
    assert "pa55word" not in f"{secret} {secret!r} {[secret]}"
    assert pickle.loads(pickle.dumps(secret)).reveal() == "pa55word"  # noqa: S301 - our own
    assert "pa55word" not in repr(Credentials(ADDRESS, secret))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        (" 'it' ", "it"),
        ('"a#b" # comment', "a#b"),
        ("a#b", "a"),
        (r"a\sb\tc\\d", "a b\tc\\d"),
        (r'"say \"x\""', 'say "x"'),
        (r"'o''clock'", "o''clock"),
        ('"', '"'),
        (r"a\qb", r"a\qb"),
        ("", ""),
        ("'  x '", "  x "),
    ],
)
def test_option_values_are_read_as_mysql_does(text: str, value: str) -> None:
    assert unquote_option(text) == value


def test_option_file_is_read_by_group(tmp_path: Path) -> None:
    file = private(
        tmp_path / "my.cnf",
        "# a comment\n; another\n!include /somewhere\npassword=before any group\n"
        "[mysqld]\npassword=server\n[client] # ours\nuser = reader\npassword = first\n"
        "loose_ssl_ca=/etc/ca.pem\nskip-auto-rehash\n"
        "[sandbox]\npassword='sec#ond'\nport=3307\nssl-cert=c.pem\nssl-key=k.pem\nhost=h\n"
        "[mysqldump]\npassword=dump\n",
    )
    options = read_option_file(file)
    assert options.password == Secret("sec#ond")
    assert (options.user, options.host, options.port) == ("reader", "h", 3307)
    assert options.ssl_ca == Path("/etc/ca.pem")
    assert (options.ssl_cert, options.ssl_key) == (Path("c.pem"), Path("k.pem"))
    assert "sec#ond" not in repr(options)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_file_that_others_may_read_is_refused_with_the_cure(tmp_path: Path, mode: int) -> None:
    file = private(tmp_path / "my.cnf", "[client]\npassword=pa55word\n", mode)
    for defaults, password in ((file, None), (None, file)):
        with pytest.raises(SettingsError) as caught:
            find_password(
                ADDRESS, home=tmp_path / "none", defaults_file=defaults, password_file=password
            )
        assert caught.value.hint == f"Run: chmod 600 {file}"
        assert "pa55word" not in caught.value.message


def test_open_home_file_is_no_obstacle_if_no_password_is_taken_from_it(tmp_path: Path) -> None:
    home_file = private(tmp_path / ".my.cnf", "[client]\npassword=pa55word\n", 0o644)
    password = private(tmp_path / "password", "mine\n")
    assert find_password(ADDRESS, home=tmp_path, password_file=password).reveal() == "mine"
    with pytest.raises(SettingsError, match="others may use it"):
        find_password(ADDRESS, home=tmp_path)
    private(home_file, "[client]\nuser=reader\n", 0o644)
    assert find_password(ADDRESS, home=tmp_path, ask=lambda _: "asked").reveal() == "asked"


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.cnf cannot be read"):
        read_option_file(tmp_path / "none.cnf")
    with pytest.raises(SettingsError, match="port is no number"):
        read_option_file(private(tmp_path / "port.cnf", "[client]\nport=pa55word\n"))
    latin = tmp_path / "latin.cnf"
    latin.write_bytes(b"[client]\npassword=\xe4\n")
    latin.chmod(0o600)
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_option_file(latin)
    two = private(tmp_path / "two", "one\ntwo\n")
    with pytest.raises(SettingsError, match="more than one line"):
        find_password(ADDRESS, password_file=two, home=tmp_path)


def test_password_comes_from_the_first_that_has_one(tmp_path: Path) -> None:
    password_file = private(tmp_path / "password", "from-file\n")
    defaults = private(tmp_path / "my.cnf", "[client]\npassword=from-defaults\n")
    home = tmp_path / "home"
    home.mkdir()
    private(home / ".my.cnf", "[client]\npassword=from-home\n")

    def ask(prompt: str) -> str:
        assert "reader" in prompt
        return "from-prompt"

    def found(password: Path | None, options: Path | None, home: Path) -> str:
        return find_password(
            ADDRESS, ask=ask, home=home, password_file=password, defaults_file=options
        ).reveal()

    assert found(password_file, defaults, home) == "from-file"
    assert found(None, defaults, home) == "from-defaults"
    assert found(None, None, home) == "from-home"
    assert found(None, None, tmp_path / "nowhere") == "from-prompt"


@pytest.mark.parametrize("other", ["user=root", "host=elsewhere"])
def test_home_file_of_another_account_is_not_used(tmp_path: Path, other: str) -> None:
    private(tmp_path / ".my.cnf", f"[client]\n{other}\npassword=not-ours\n")
    with pytest.raises(SettingsError, match="No password"):
        find_password(ADDRESS, home=tmp_path)


def test_without_anybody_to_ask_the_ways_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        find_password(ADDRESS, home=tmp_path)
    for way in ("--password-file", "--defaults-file", "~/.my.cnf", "terminal"):
        assert way in caught.value.hint


def test_option_file_fills_what_the_address_leaves_out(tmp_path: Path) -> None:
    file = private(
        tmp_path / "my.cnf", "[client]\nuser=filled\nport=3399\npassword=x\nssl-ca=/ca.pem\n"
    )
    found = find_credentials(parse_address("mysql://db.example/shop"), defaults_file=file)
    assert found.address == Address("filled", "db.example", 3399, "shop")
    assert found.ca == Path("/ca.pem")
    kept = find_credentials(Address("mine", "db.example", 3307, "shop"), defaults_file=file)
    assert kept.address == Address("mine", "db.example", 3307, "shop")
    for port in (3306, 3307):
        named = parse_address(f"mysql://mine@db.example:{port}/shop")
        assert find_credentials(named, defaults_file=file).address.port == port
    with pytest.raises(UsageError, match="no user"):
        find_credentials(Address("", "db.example", 3306, "shop"), home=tmp_path)


def test_empty_password_file_is_an_account_without_a_password(tmp_path: Path) -> None:
    empty = private(tmp_path / "password", "")
    assert find_password(ADDRESS, password_file=empty, home=tmp_path).reveal() == ""
