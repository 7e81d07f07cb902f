"""The SQL that loads the files, and refuses to go on when the server did not take them whole.

LOAD DATA without LOCAL stops at a duplicate key; LOCAL would drop the row. A bad value only warns
outside strict mode, so that the warnings are counted too.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath

from .files import TableFile
from .tables import TABLE_NAMED

_BEFORE = """\
-- Generated with the rows beside it; run as a user with the FILE privilege.
SET NAMES utf8mb4;
-- TIMESTAMP columns are written in UTC, or the hour that came twice would collapse.
SET SESSION time_zone = '+00:00';
-- Not strict, as production; id 0 stays 0, and 1987-02-30 stays what it is.
SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
SET SESSION foreign_key_checks = 0;
SET SESSION autocommit = 0;
"""
_AFTER = """
COMMIT;
SET SESSION autocommit = DEFAULT;
SET SESSION foreign_key_checks = DEFAULT;
SET SESSION sql_mode = DEFAULT;
SET SESSION time_zone = DEFAULT;
"""


def load_statement(file: TableFile, folder: PurePosixPath, *, local: bool = False) -> str:
    """Write the statement that loads one file.

    Args:
        file: The file.
        folder: Where it lies for the server, or for the client when it is local.
        local: Let the client send the file. The server then drops duplicate keys silently.
    """
    table = TABLE_NAMED[file.table]
    restored = {column: f"UNHEX(@{column})" for column in table.hexadecimal}
    restored |= {column: f"CAST(@{column} AS UNSIGNED)" for column in table.numeric}
    if restored and table.counts_itself:
        # MariaDB 10.11 forgets NO_AUTO_VALUE_ON_ZERO when there is a SET clause without the id.
        restored["id"] = "@id"
    columns = ", ".join(f"@{column}" if column in restored else column for column in file.columns)
    settings = ", ".join(f"{column} = {value}" for column, value in restored.items())
    return (
        f"LOAD DATA {'LOCAL ' if local else ''}INFILE '{folder / file.path.name}'"
        f" INTO TABLE {file.table} CHARACTER SET {file.charset}\n"
        "  FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'\n"
        f"  ({columns})" + (f"\n  SET {settings}" if settings else "") + ";"
    )


def load_script(files: Iterable[TableFile], folder: PurePosixPath) -> str:
    """Write the script that loads all files into an empty database and checks each."""
    return _BEFORE + "".join(_load_and_check(file, folder) for file in files) + _AFTER


def _load_and_check(file: TableFile, folder: PurePosixPath) -> str:
    # Names and numbers are our own, no value from outside reaches this text.
    return f"""
{load_statement(file, folder)}
SET @warnings = @@warning_count;
DELIMITER //
BEGIN NOT ATOMIC
  DECLARE found BIGINT DEFAULT (SELECT COUNT(*) FROM {file.table});
  DECLARE complaint TEXT;
  IF found <> {file.rows} OR @warnings <> {file.warnings} THEN
    SET complaint = CONCAT('{file.table}: ', found, ' rows instead of {file.rows}, ',
                           @warnings, ' warnings instead of {file.warnings}');
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = complaint;
  END IF;
END //
DELIMITER ;
"""  # noqa: S608 - see above
