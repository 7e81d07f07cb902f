"""What PHP 5 to 8 write with serialize() and with the `php` session encoding.

Strings count in bytes of UTF-8. `counted_in_characters` is the old migration's mistake: latin1 text
became UTF-8 and the counts in front of it stayed.
"""

from collections.abc import Mapping, Sequence

PhpValue = (
    None
    | bool
    | int
    | float
    | str
    | Sequence["PhpValue"]
    | Mapping[str, "PhpValue"]
    | Mapping[int, "PhpValue"]
)


def serialize(value: PhpValue) -> str:
    """Write a value the way PHP stores it.

    >>> serialize({"name": "Möbel", "quantity": 2})
    'a:2:{s:4:"name";s:6:"Möbel";s:8:"quantity";i:2;}'
    """
    match value:
        case None:
            written = "N;"
        case bool():
            written = f"b:{int(value)};"
        case int():
            written = f"i:{value};"
        case float():
            written = f"d:{value!r};"
        case str():
            written = f's:{len(value.encode())}:"{value}";'
        case Mapping():
            inside = "".join(serialize(key) + serialize(inner) for key, inner in value.items())
            written = f"a:{len(value)}:{{{inside}}}"
        case _:
            written = serialize(dict(enumerate(value)))
    return written


def serialize_object(class_name: str, properties: Mapping[str, PhpValue]) -> str:
    """Write an object with public properties.

    >>> serialize_object("stdClass", {"theme": "dark"})
    'O:8:"stdClass":1:{s:5:"theme";s:4:"dark";}'
    """
    inside = serialize(dict(properties)).partition(":{")[2]
    return f'O:{len(class_name)}:"{class_name}":{len(properties)}:{{{inside}'


def counted_in_characters(serialized: str, text: str) -> str:
    """Give the count of one text in characters, which is wrong as soon as it has an umlaut.

    >>> counted_in_characters(serialize("Möbel"), "Möbel")
    's:5:"Möbel";'
    """
    return serialized.replace(serialize(text), f's:{len(text)}:"{text}";', 1)


def session(variables: Mapping[str, str]) -> bytes:
    """Write a session: each name, a bar, its serialized value.

    >>> session({"visits": serialize(3)})
    b'visits|i:3;'
    """
    return "".join(f"{name}|{written}" for name, written in variables.items()).encode()
