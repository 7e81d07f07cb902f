"""Look members and constants of PHP classes up, inherited ones included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.subset.relations.php import Member, PhpClass, Source
from sandbox.subset.relations.php_values import Constant, Joined, Listed, Value

_DEEPEST = 12
# What Zend_Db_Table_Abstract's own constants say: the framework is a library, and not read.
_ZEND = {
    "COLUMNS": "columns", "REF_TABLE_CLASS": "refTableClass", "REF_COLUMNS": "refColumns",
    "ON_DELETE": "onDelete", "ON_UPDATE": "onUpdate", "CASCADE": "cascade", "NAME": "name",
    "RESTRICT": "restrict", "SET_NULL": "setNull", "CASCADE_RECURSE": "cascadeRecurse",
}  # fmt: skip


class Classes:
    """The classes of a source by name, with what they inherit."""

    def __init__(self, source: Source) -> None:
        self._by_name = source.classes
        short: dict[str, list[PhpClass]] = {}
        for one in source.classes.values():
            short.setdefault(one.name.rpartition("\\")[2].lower(), []).append(one)
        self._by_short_name = {name: some[0] for name, some in short.items() if len(some) == 1}

    def __iter__(self) -> Iterator[PhpClass]:
        return iter(self._by_name.values())

    def find(self, name: str) -> PhpClass | None:
        """Give a class by its full name, else by the last part of it where only one has that."""
        name = name.lstrip("\\").lower()
        return self._by_name.get(name) or self._by_short_name.get(name.rpartition("\\")[2])

    def line_of(self, one: PhpClass) -> Iterator[PhpClass]:
        """Give a class and everything that it inherits from, the nearest first."""
        seen: set[str] = set()
        waiting = [one]
        while waiting:
            at = waiting.pop(0)
            if at.name.lower() in seen:
                continue
            seen.add(at.name.lower())
            yield at
            waiting += [found for base in at.bases if (found := self._by_name.get(base.lower()))]

    def inherits(self, one: PhpClass, beginning: str) -> bool:
        """Tell whether a class comes from one whose name begins so, read or not."""
        return any(
            base.lower().startswith(beginning.lower())
            for at in self.line_of(one)
            for base in at.bases
        )

    def member(self, one: PhpClass, name: str) -> Value:
        """Give what a member holds: what methods assign, else what it begins with."""
        for at in self.line_of(one):
            if name in at.assigned:
                return at.assigned[name]
            if name in at.members:
                return at.members[name].value
        return None

    def members(self, one: PhpClass) -> Mapping[str, Member]:
        """Give every member by name, inherited ones included."""
        found: dict[str, Member] = {}
        for at in self.line_of(one):
            for name, member in at.members.items():
                found.setdefault(name, member)
        return found

    def text(self, value: Value, one: PhpClass, depth: int = 0) -> str:
        """Give a value as text; empty where it is none, or is not literal."""
        if depth > _DEEPEST or value is None or isinstance(value, Listed):
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, Joined):
            left = self.text(value.left, one, depth + 1)
            right = self.text(value.right, one, depth + 1)
            return left + right if left and right else ""
        return self._constant(value, one, depth)

    def _constant(self, value: Constant, one: PhpClass, depth: int) -> str:
        scope: PhpClass | None = one
        if value.scope.lower() in {"self", "static", "parent"}:
            if value.name.lower() == "class":
                return one.name
        else:
            scope = self.find(value.scope)
        for at in self.line_of(scope) if scope else ():
            if value.name in at.constants:
                return self.text(at.constants[value.name], at, depth + 1)
        return _ZEND.get(value.name, "")

    def texts(self, value: Value, one: PhpClass) -> tuple[str, ...]:
        """Give a list of texts, or the one text; nothing where one of them is not literal."""
        if isinstance(value, Listed):
            found = [self.text(item, one) for _, item in value.items]
            return tuple(found) if all(found) else ()
        text = self.text(value, one)
        return (text,) if text else ()

    def entries(self, value: Value, one: PhpClass) -> dict[str, Value]:
        """Give an array with texts as keys; those without one are numbered."""
        if not isinstance(value, Listed):
            return {}
        return {
            (self.text(key, one) if key is not None else "") or str(number): item
            for number, (key, item) in enumerate(value.items)
        }
