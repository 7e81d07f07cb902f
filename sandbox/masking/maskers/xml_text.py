"""XML and HTML, edited in place: names of elements and attributes like keys, contents by them."""

from __future__ import annotations

import re
from functools import partial

from sandbox.masking.maskers.nested import Nested
from sandbox.masking.maskers.spelled import mask_character_data

_PIECE = re.compile(
    r"(?P<cdata><!\[CDATA\[(?P<inside>.*?)(?:\]\]>|\Z))|(?P<comment><!--(?P<remark>.*?)(?:-->|\Z))"
    r"|(?P<declaration><\?xml(?:\s+(?:version|encoding|standalone)\s*=\s*(?:\"[\w.\-]*\"|'[\w.\-]*'))*"
    r"\s*\?>)|(?P<doctype>(?P<before><!(?i:DOCTYPE)\s+)(?P<root>[A-Za-z_][\w:.\-]*)(?P<behind>\s*>))"
    r"|(?P<other><(?:\?xml(?=\s)|[?!])(?P<said>[^<>]*)>)"
    r"|(?P<tag></?(?P<name>[A-Za-z_][\w:.\-]*)(?P<attributes>(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>)"
    r"|(?P<text>[^<]+)|(?P<stray><)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"(?P<name>[A-Za-z_][\w:.\-]*)(?P<equals>\s*=\s*)(?P<quote>[\"']?)(?P<value>[^\"'<>]*)(?P=quote)"
    r"|(?P<bare>[^\s/]+)"
)
_LOOKS_XML = re.compile(r"\s*<[A-Za-z?!]")
_NUMBER = re.compile(r"\s*-?\d+(?:\.\d+)?\s*", re.ASCII)


def looks_xml(text: str) -> bool:
    """Tell whether a text starts with markup."""
    return _LOOKS_XML.match(text) is not None


def mask_xml(nested: Nested, text: str) -> str:
    """Mask text, attributes, comments and CDATA by the rule for their element or attribute.

    Broken markup stays broken: nothing is added, closed or put in order.
    """
    names: list[str] = []

    def replace(found: re.Match[str]) -> str:
        kind = next(
            kind
            for kind in (
                "cdata", "comment", "declaration", "doctype", "other", "tag", "text", "stray",
            )
            if found[kind] is not None
        )  # fmt: skip
        key = names[-1] if names else ""
        if kind == "text":
            return _mask_value(nested, key, found[0])
        if kind == "tag":
            return _mask_tag(nested, names, found)
        if kind == "doctype":
            return f"{found['before']}{nested.mask_name(found['root'])}{found['behind']}"
        inside = {"cdata": "inside", "comment": "remark", "other": "said"}.get(kind)
        if inside is None:
            return found[0]
        start, end = (at - found.start() for at in found.span(inside))
        masked = nested.mask_string(key if kind == "cdata" else "", found[inside])
        return f"{found[0][:start]}{masked}{found[0][end:]}"

    return _PIECE.sub(replace, text)


def _mask_tag(nested: Nested, names: list[str], found: re.Match[str]) -> str:
    tag, name = found["tag"], found["name"]
    if tag.startswith("</"):
        if name in names:
            while names.pop() != name:
                pass
    elif not tag.endswith("/>"):
        names.append(name)
    slash = "/" if tag.startswith("</") else ""
    end = found.end("attributes") - found.start()

    def replace(attribute: re.Match[str]) -> str:
        if attribute["bare"] is not None:
            bare = attribute["bare"]
            is_name = bare.isascii() and bare.isalpha()
            return nested.mask_name(bare) if is_name else nested.mask_string("", bare)
        value = _mask_value(nested, attribute["name"], attribute["value"])
        quote = attribute["quote"]
        masked = nested.mask_name(attribute["name"])
        return f"{masked}{attribute['equals']}{quote}{value}{quote}"

    attributes = _ATTRIBUTE.sub(replace, found["attributes"])
    return f"<{slash}{nested.mask_name(name)}{attributes}{tag[end:]}"


def _mask_value(nested: Nested, key: str, text: str) -> str:
    if _NUMBER.fullmatch(text):
        return nested.mask_number(key, text)
    return mask_character_data(text, partial(nested.mask_string, key))
