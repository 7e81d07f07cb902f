"""Definitions do what production's do; what they say, their secrets and persons do not leave."""

from __future__ import annotations

import pytest

from masked_people import done, mask, people_masker, said, value
from sandbox.masking.definitions import mask_declared
from sandbox.masking.masker import Masker
from sandbox.model import ObjectKind

TABLE, VIEW, TRIGGER = ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.TRIGGER
FUNCTION, PROCEDURE, EVENT = ObjectKind.FUNCTION, ObjectKind.PROCEDURE, ObjectKind.EVENT


@pytest.fixture(scope="module")
def masker() -> Masker:
    return people_masker()


def procedure(body: str) -> str:
    return f"CREATE PROCEDURE `p`() BEGIN {body} END"


def body(masker: Masker, inside: str, mode: str | None = None) -> str:
    """Give what becomes of what a procedure does."""
    head, _, rest = mask(masker, PROCEDURE, procedure(inside), mode).partition("BEGIN ")
    assert head == "CREATE PROCEDURE `p`() "
    return rest.removesuffix(" END")


def test_comments_of_a_table_are_masked_and_its_literals_stay(masker: Masker) -> None:
    definition = (
        "CREATE TABLE `comment '` (\n  `a` enum('paid','o''pen') DEFAULT 'o''pen' COMMENT "
        "'ask Lindqvist''s boss',\n  `b` int COMMENT 'paid'\n) COMMENT='by Lindqvist'"
    )
    masked = done(masker, TABLE, definition)
    expected = definition.replace(
        "ask Lindqvist''s boss", said(masker, "ask Lindqvist's boss").replace("'", "''")
    )
    expected = expected.replace("'by Lindqvist'", f"'{said(masker, 'by Lindqvist')}'")
    assert masked.text.content.decode() == expected
    assert "Lindqvist" not in expected
    assert (masked.literals, masked.unknown) == (3, 0)


def test_a_sequence_and_a_partition_can_say_something_too(masker: Masker) -> None:
    partitions = "PARTITION BY LIST (`a`) (PARTITION p VALUES IN (5) COMMENT = 'Lindqvist')"
    for kind, definition in (
        (ObjectKind.SEQUENCE, "CREATE SEQUENCE `s` start with 1 ENGINE=InnoDB COMMENT='Lindqvist'"),
        (TABLE, f"CREATE TABLE `t` (`a` int) {partitions}"),
    ):
        masked = done(masker, kind, definition)
        expected = definition.replace("Lindqvist", said(masker, "Lindqvist"))
        assert (masked.text.content.decode(), masked.literals) == (expected, 0)


def test_what_a_routine_does_stays_and_what_it_says_does_not(masker: Masker) -> None:
    comments = ("for Lindqvist", "-- ask Lindqvist", "/* and # Lindqvist */", "# Lindqvist\n",
                "/*!999999 Lindqvist */")  # fmt: skip
    definition = (
        "CREATE FUNCTION `f`(`a` varchar(9) CHARACTER SET utf8mb4) RETURNS int COMMENT '%s'\nBEGIN "
        "%s\n  %s RETURN (SELECT 1 FROM t WHERE a = 'paid' OR a = '-- Xy' %s) %s;"
    )
    masked = done(masker, FUNCTION, definition % comments)
    told = tuple(said(masker, one) for one in comments)
    assert masked.text.content.decode() == definition % told
    assert "Lindqvist" not in definition % told
    assert (masked.literals, masked.unknown) == (2, 1)


def test_columns_called_comment_or_connection_are_names_in_a_body(masker: Masker) -> None:
    code = (
        "UPDATE t SET comment = 'zqhandled' WHERE comment='zqopen' AND connection = 'ldap'; "
        "SELECT comment 'zqalias';"
    )
    masked = done(masker, PROCEDURE, procedure(code))
    assert masked.text.content.decode() == procedure(code)
    assert masked.literals == 4
    for kind, start in (
        (EVENT, "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY COMMENT 'Lindqvist' DO "),
        (TRIGGER, "CREATE TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW "),
    ):
        code = "UPDATE t SET comment = 'Lindqvist'"
        masked = done(masker, kind, start + code)
        assert masked.text.content.decode().endswith(code)
        assert masked.text.content.count(b"Lindqvist") == 1
        assert (masked.literals, masked.unknown) == (1, 1)


def test_the_sql_mode_says_what_a_literal_is(masker: Masker) -> None:
    code = r"SET @p = 'C:\'; -- Lindqvist asked 'x'"
    masked = body(masker, code, "NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES")
    assert masked == code.replace("-- Lindqvist asked 'x'", said(masker, "-- Lindqvist asked 'x'"))
    scrambled = r"SET @p='C:\', @r='zzabc # def', @t = 1 ;"
    assert body(masker, scrambled, "NO_BACKSLASH_ESCAPES") == scrambled
    escaped = r"SET @p='it\'s # here', @q = 'x'; # Lindqvist"
    assert body(masker, escaped).startswith(r"SET @p='it\'s # here', @q = 'x'; # ")
    assert "Lindqvist" not in body(masker, escaped)
    name = 'SELECT "o@post.example" FROM t;'
    assert body(masker, name, "ANSI_QUOTES") == name
    assert "o@post" not in body(masker, name)


def test_code_in_a_versioned_comment_is_code(masker: Masker) -> None:
    definition = "CREATE TABLE `t` (`a` int /*!80023 INVISIBLE */ /*M! WITHOUT */)"
    masked = done(masker, TABLE, definition)
    assert (masked.text.content.decode(), masked.literals) == (definition, 0)


def test_a_remote_table_loses_the_way_to_its_server(masker: Masker) -> None:
    definition = (
        "CREATE TABLE `r` (`a` int) ENGINE=CONNECT CONNECTION='mysql://user:secret@host/db/t' "
        "`OPTION_LIST`='Host=10.1.1.1,User=root,Password=Sommer2019,Header=1'"
    )
    masked = mask(masker, TABLE, definition)
    assert masked.startswith("CREATE TABLE `r` (`a` int) ENGINE=CONNECT CONNECTION='sandbox' ")
    assert "Header=1" in masked
    for lost in ("Sommer", "10.1.1.1", "=root"):
        assert lost not in masked


SECRETS = (
    "SET @a = AES_ENCRYPT(x, '{}');",
    "SET @a = AES_DECRYPT(x, SHA2('{}', 256), iv, 'hkdf');",
    "SET @a = DES_ENCRYPT(x, '{}');",
    "SET @a = DECODE(x, '{}');",
    "SET @k = '{}'; SELECT AES_DECRYPT(a, @k);",
    "CREATE USER a IDENTIFIED BY '{}';",
    "CREATE USER a IDENTIFIED BY PASSWORD '{}';",
    "CREATE USER a IDENTIFIED WITH 'caching_sha2_password' BY '{}';",
    "SET PASSWORD FOR a = '{}';",
    "SET PASSWORD FOR a = PASSWORD('{}');",
    "CHANGE MASTER TO MASTER_PASSWORD='{}';",
    "UPDATE u SET u.smtpPassword = CONCAT('{}', b);",
    "IF NEW.`api_key` IN ('paid', '{}') THEN SET b = 1; END IF;",
    "IF LOWER(u.token) <> '{}' THEN SET b = 1; END IF;",
    "INSERT INTO u (login, pwd, state) VALUES (NEW.login, '{}', 'paid');",
    "DECLARE v_secret VARCHAR(40) CHARACTER SET latin1 DEFAULT '{}';",
    "SELECT '{}' AS passwd;",
    "SELECT 1 FROM u WHERE '{}' = u.passwd;",
    """SET @s = 'UPDATE u SET password="{}" WHERE id=?';""",
    "SET @s = 'CREATE USER a IDENTIFIED BY ''{}''';",
    "SET @s = 'Server=db,Pwd={},Pooling=on';",
    "SET @s = 'CREATE USER a IDENTIFIED BY PASSWORD ''{}''';",
    "INSERT INTO u (name, pwd) VALUES ('zqa', 'paid'), ('zqb', 'paid'), ('zqc', '{}');",
    "INSERT INTO u (n, pwd) VALUES ('zq', MD5('{}')) ON DUPLICATE KEY UPDATE a = 'zqd';",
    "INSERT INTO u (name, pwd) VALUES ROW('zqa', 'paid'), ROW('zqb', '{}');",
    "SET PASSWORD FOR 'root'@'%' = '{}';",
    "SET u.token = IF(status = 'zqopen', '{}', NULL);",
    "DECLARE a, userPin VARCHAR(40) DEFAULT '{}';",
)


@pytest.mark.parametrize("code", SECRETS)
def test_a_secret_becomes_what_it_becomes_in_logs(masker: Masker, code: str) -> None:
    secret = "Sup3rS3cret"  # noqa: S105 - one of a test
    log = masker.mask_text(f"password={secret}".encode(), "log").content.decode()
    pseudonym = log.removeprefix("password=")
    assert pseudonym != secret
    masked = body(masker, code.format(secret))
    changed = masked.replace(pseudonym, secret)
    assert pseudonym in masked
    # Of the list, every member is masked.
    assert changed.replace(masker.mask_text(b"paid", "secret").content.decode(), "paid") == (
        code.format(secret)
    )


def test_a_key_in_hexadecimal_digits_stays_one(masker: Masker) -> None:
    for key in ("X'DEADBEEF'", "UNHEX('F3229A0B371ED2D9')", "0x5375703372"):
        code = f"SET @a = AES_ENCRYPT(x, {key});"
        masked = body(masker, code)
        assert masked != code
        digits = masked.partition("x, ")[2].removeprefix("UNHEX('").removeprefix("X'")
        bytes.fromhex(digits.removeprefix("0x").rstrip("');"))


NO_SECRETS = (
    "IF NEW.password_state = 'zqnone' THEN SET a = 'zqthen'; END IF;",
    "IF NEW.passport = 'zqpass' OR NEW.cache_key = 'zqkey' THEN SET b = 1; END IF;",
    "UPDATE tokens SET tokens.name = 'zqname' WHERE token IS NULL AND a = 'zqa';",
    "INSERT INTO u (pwd, state) VALUES (NEW.pwd, 'zqstate');",
    "SET @a = AES_ENCRYPT(x, y, iv, 'pbkdf2_hmac');",
    "CREATE USER a IDENTIFIED VIA 'ed25519' USING y;",
    "SET @s = 'UPDATE u SET password=PASSWORD(?) WHERE a=''zqa''';",
    "IF LEFT(password, 4) = 'md5:' OR password LIKE 'sha1:%' OR password LIKE '$2y$10$%' THEN",
    "SET token = CONCAT('tok_', UUID());",
    "IF token = (SELECT t FROM u WHERE status = 'zqopen') THEN",
    "DECLARE token ENUM('zqopen', 'zqused') DEFAULT 'zqopen';",
    "SET @s = 'Unknown token: zqa'; SET @s = 'pinned=zqb';",
)


@pytest.mark.parametrize("code", NO_SECRETS)
def test_what_a_program_compares_with_stays_and_is_counted(masker: Masker, code: str) -> None:
    masked = done(masker, PROCEDURE, procedure(code))
    assert masked.text.content.decode() == procedure(code)
    assert masked.literals >= 1


PERSONAL = (
    "petra.lindqvist@post.example", "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111",
    "+49 170 1234567", "0170/1234567", "203.0.113.77", "2001:db8::77",
)  # fmt: skip


@pytest.mark.parametrize("personal", PERSONAL)
def test_what_is_somebody_s_becomes_what_it_becomes_in_logs(masker: Masker, personal: str) -> None:
    assert said(masker, personal) != personal
    for definition in (
        "CREATE VIEW `v` AS select 1 from `t` where `t`.`a` = '{}'",
        "CREATE VIEW `v` AS select concat('zqfirst\\n','ask {} first')",
        "CREATE TABLE `t` (`a` enum('b','{}') DEFAULT '{}')",
        "CREATE TABLE `t` (`a` int) PARTITION BY LIST COLUMNS (`a`) (PARTITION p VALUES IN ('{}'))",
    ):
        expected = definition.replace("{}", said(masker, personal))
        kind = VIEW if "VIEW" in definition else TABLE
        assert mask(masker, kind, definition.replace("{}", personal)) == expected
    hexadecimal = f"select x'{personal.encode().hex()}'"
    assert personal.encode().hex() not in mask(masker, VIEW, hexadecimal)
    assert (
        mask_declared(f"enum('b','{personal}')", masker) == f"enum('b','{said(masker, personal)}')"
    )


def test_an_address_in_a_column_of_addresses_and_in_code_is_the_same(masker: Masker) -> None:
    mail = value(masker, "email", "petra@post.example")
    assert body(masker, "SET @a = 'petra@post.example';") == f"SET @a = '{mail}';"


@pytest.mark.parametrize(
    "code",
    [
        "SET @a = '%@shop.example';", "SET @a = 'root@localhost';", "SET @a = '127.0.0.1';",
        "SET @a = STR_TO_DATE('01/02/2020', '%d/%m/%Y');", "SET @a = '2020-01-31 10:00:00';",
        "SET @a = '0123456';", "SET @a = 'Shop::order';", "SET @a = '0000012345678';",
        "SET @a = 'https://shop.example/orders';", "SET @a = 'AB12 CDEF GHIJ';",
        "SET @a = '0800-1600';", "SET @a = '0800-1600 hrs';", "SET @a = '012-3456';",
    ],
)  # fmt: skip
def test_what_only_looks_like_somebody_s_stays(masker: Masker, code: str) -> None:
    assert body(masker, code) == code


def test_every_literal_that_stays_is_counted_but_short_numbers_and_signs(masker: Masker) -> None:
    for kind, definition, expected in (
        (TRIGGER, "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW SET NEW.comment = 'Xy Zq'",
         (1, 1)),
        (VIEW, "CREATE VIEW v AS select 'paid', '', '0', '-', 'a', '2020-01-01', 4711", (1, 0)),
        (VIEW, "CREATE VIEW v AS select 491701234567, x'4c696e647176697374'", (2, 2)),
        (TABLE, "CREATE TABLE `t` (`a` set('Lindqvist','paid') DEFAULT 'Lindqvist')", (3, 2)),
        (EVENT, "CREATE EVENT e ON SCHEDULE EVERY '1:30' HOUR_MINUTE DO CALL p('Lindqvist')",
         (1, 1)),
    ):  # fmt: skip
        masked = done(masker, kind, definition)
        assert masked.text.content.decode() == definition
        assert (masked.literals, masked.unknown) == expected


def test_checks_of_a_table_that_is_called_like_a_secret_stay(masker: Masker) -> None:
    definition = (
        "CREATE TABLE `user_tokens` (\n  `status` varchar(9),\n  CONSTRAINT `user_tokens_chk_1` "
        "CHECK ((`status` in (_utf8mb4'open',_utf8mb4'used'))),\n  CONSTRAINT chk_token CHECK "
        "(`status` <> 'paid')\n)"
    )
    masked = done(masker, TABLE, definition)
    assert (masked.text.content.decode(), masked.literals) == (definition, 3)


@pytest.mark.parametrize("kind", ["set('a','b') CHARSET utf8mb4", "enum('a','b')"])
def test_a_function_that_returns_a_list_says_nothing_either(masker: Masker, kind: str) -> None:
    definition = f"CREATE FUNCTION `f`() RETURNS {kind} COMMENT 'Lindqvist' BEGIN RETURN 'a'; END"
    told = definition.replace("Lindqvist", said(masker, "Lindqvist"))
    assert mask(masker, FUNCTION, definition) == told


def test_every_literal_that_becomes_something_else_is_counted(masker: Masker) -> None:
    for kind, definition, changed in (
        (PROCEDURE, procedure("SET @pin = 'Sup3r'; SET @a = 'o@post.example, paid';"), 2),
        (TABLE, "CREATE TABLE `t` (`a` enum('0170/1234567','b') DEFAULT '0170/1234567')", 2),
        (TABLE, "CREATE TABLE `people` (`last_name` varchar(60) DEFAULT 'Lindqvist')", 1),
        (VIEW, "CREATE VIEW v AS select 'paid', 0x4142 -- Lindqvist", 0),
    ):
        assert done(masker, kind, definition).changed == changed
