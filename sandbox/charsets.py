"""Which of Python's codecs stands for which of the server's character sets."""

from __future__ import annotations

from collections.abc import Mapping

CODECS: Mapping[str, str] = {
    "utf8": "utf-8", "utf8mb3": "utf-8", "utf8mb4": "utf-8", "binary": "utf-8", "ascii": "ascii",
    "latin1": "cp1252", "latin2": "iso8859-2", "latin5": "iso8859-9", "latin7": "iso8859-13",
    "greek": "iso8859-7", "hebrew": "iso8859-8", "cp1250": "cp1250", "cp1251": "cp1251",
    "cp1256": "cp1256", "cp1257": "cp1257", "koi8r": "koi8-r", "koi8u": "koi8-u", "cp850": "cp850",
    "cp852": "cp852", "cp866": "cp866", "macroman": "mac-roman", "macce": "mac-latin2",
    "tis620": "iso8859-11", "gbk": "gbk", "gb2312": "gb2312", "gb18030": "gb18030", "big5": "big5",
    "sjis": "shift-jis", "cp932": "cp932", "ujis": "euc-jp", "eucjpms": "euc-jp",
    "euckr": "euc-kr",
}  # fmt: skip
"""Those that a client may speak. Columns know wide ones as well: see `WIDE_CODECS`."""

WIDE_CODECS: Mapping[str, str] = {
    "ucs2": "utf-16-be", "utf16": "utf-16-be", "utf16le": "utf-16-le", "utf32": "utf-32-be",
}  # fmt: skip
"""Those whose signs are never one byte."""
