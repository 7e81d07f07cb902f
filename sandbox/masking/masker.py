"""Masks batches and texts. Only this stage makes a `MaskedBatch` or a `MaskedText`."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping, Sequence

from sandbox.masking.assignment import Treatment, Treatments
from sandbox.masking.charsets import Charset, charset_named
from sandbox.masking.columns import BytesMask, ColumnMaskers, PairMask, spelling_of
from sandbox.masking.dictionary import general_words, message_words, split_words
from sandbox.masking.personal_spans import cut_literal
from sandbox.masking.prf import Prf
from sandbox.masking.words import WORDS, Spelling
from sandbox.model import Batch, Cell, Column, MaskedBatch, MaskedText, Schema

_MEMO_CELLS = 100_000
_MEMO_LONGEST = 200
_STAYS = frozenset({b"", b"0"})
_COMPANIONS = ("person", "key")
# What another value has lost, by masker; of all others, one of another length.
_GIVEN_UP = {"coordinate": "precision", "generalise": "precision", "constant": "value"}
TEXT_KINDS = frozenset({"log", "config", "plain", "secret"})


class _Vocabulary(Collection[str]):
    """Several sets of words as one; Faker's words are gathered when a text is masked first."""

    def __init__(self, words: frozenset[str]) -> None:
        self._words = words

    def __contains__(self, word: object) -> bool:
        return word in message_words() or word in self._words or word in general_words()

    def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
        return iter(message_words() | self._words | general_words())

    def __len__(self) -> int:
        return len(message_words() | self._words | general_words())


class _Simple:
    """A column that depends on no other, with what it gave before."""

    def __init__(self, mask: BytesMask) -> None:
        self._mask = mask
        self._memo: dict[Cell, Cell] = {}

    def apply(self, cells: Sequence[Cell]) -> list[Cell]:
        memo = self._memo
        if len(memo) > _MEMO_CELLS:
            memo.clear()
        masked: dict[Cell, Cell] = {}
        for cell in set(cells):
            known = memo.get(cell)
            if known is None and cell is not None:
                known = cell if cell in _STAYS else self._mask(cell)
                if len(cell) <= _MEMO_LONGEST:
                    memo[cell] = known
            masked[cell] = known
        return [masked[cell] for cell in cells]


class _Paired:
    """A column that depends on another of the row."""

    def __init__(self, mask: PairMask) -> None:
        self._mask = mask

    def apply(self, cells: Sequence[Cell], companions: Sequence[Cell]) -> list[Cell]:
        masked: dict[tuple[Cell, Cell], Cell] = {}
        for pair in set(zip(cells, companions, strict=True)):
            cell, companion = pair
            stays = cell is None or cell in _STAYS
            masked[pair] = cell if stays or cell is None else self._mask(cell, companion or b"")
        return [masked[pair] for pair in zip(cells, companions, strict=True)]


class _Masked:
    """A column, its treatment and the function that carries it out."""

    def __init__(self, column: Column, treatment: Treatment) -> None:
        self.treatment = treatment
        self.charset: Charset = charset_named(column.charset or "binary")
        self.companion = next(
            (treatment.options[one] for one in _COMPANIONS if one in treatment.options), None
        )
        self.simple: _Simple | None = None
        self.paired: _Paired | None = None


class Masker:
    """Masks rows and texts under one key. Can be pickled, so that processes share its work.

    Args:
        schema: The source's schema.
        treatments: What becomes of each of its columns.
        key: The secret that pseudonyms depend on; ops keep it.
        vocabulary: Words that may stay in texts: those of the application's own source, keys of its
            configuration, messages of its servers.
    """

    def __init__(
        self, schema: Schema, treatments: Treatments, key: bytes, vocabulary: Collection[str] = ()
    ) -> None:
        self._arguments = (schema, treatments, key, tuple(sorted(vocabulary)))
        self._prf = Prf(key)
        words = _Vocabulary(known_words(vocabulary) | _schema_words(schema))
        self._maskers = ColumnMaskers(self._prf, words, treatments.keys)
        self._columns = {
            (table.name, column.name): self._prepare(
                column,
                treatments.of(table.name, column.name),
                is_unique=any(column.name in key.columns for key in table.keys),
            )
            for table in schema.tables.values()
            for column in table.stored_columns
        }

    def __reduce__(self) -> tuple[type[Masker], tuple[object, ...]]:
        return type(self), self._arguments

    @property
    def key_id(self) -> str:
        """Give a short name of the key, from which the key cannot be found."""
        return self._prf.key_id

    def mask_batch(self, batch: Batch) -> MaskedBatch:
        """Mask a batch, column by column.

        Bytes that the column's Unicode character set does not have cannot be loaded anywhere; they
        become question marks, in kept columns too, and are counted as losses.

        Raises:
            KeyError: The batch has a column that the schema had not.
        """
        cells: list[Sequence[Cell]] = []
        losses: dict[str, Mapping[str, int]] = {}
        for name, column_cells in zip(batch.columns, batch.cells, strict=True):
            masked = self._columns[batch.table, name]
            result = self._mask_cells(masked, batch, column_cells)
            result, invalid = _without_invalid(masked.charset, result)
            lost = {"invalid_bytes": invalid} if invalid else {}
            given_up = _GIVEN_UP.get(masked.treatment.masker)
            if masked.treatment.kept:
                changed = 0
            elif given_up is None:
                changed = _changed_lengths(column_cells, result)
            else:
                changed = sum(map(operator.ne, column_cells, result))
            if changed:
                lost[given_up or "byte_length"] = changed
            if lost:
                losses[name] = lost
            cells.append(result)
        return MaskedBatch(batch.table, batch.columns, tuple(cells), losses)

    def mask_value(self, table: str, column: str, value: Cell, companion: Cell = None) -> Cell:
        """Mask one value as in its table: a seed's, or a request's.

        Args:
            table: The table's name.
            column: The column's name.
            value: The value.
            companion: The row's value in the column that the rule names as person or key.
        """
        masked = self._columns[table, column]
        if masked.paired is not None:
            (result,) = masked.paired.apply([value], [companion])
        elif masked.simple is not None:
            (result,) = masked.simple.apply([value])
        else:
            result = value
        return _without_invalid(masked.charset, [result])[0][0]

    def keeps(self, table: str, column: str) -> bool:
        """Tell whether a column stays as it is; so does one that the schema had not."""
        masked = self._columns.get((table, column))
        return masked is None or masked.treatment.kept

    def mask_literal(self, table: str, column: str, text: str) -> str | None:
        """Mask a value that a definition names, as the values of its column.

        Returns:
            None if that depends on the rest of a row, or the column could not hold it.

        Raises:
            KeyError: The schema had no such column.
        """
        depends = self._columns[table, column].companion is not None
        return None if depends else self._mask_literal(table, column, text)

    def mask_default(self, table: str, column: str, text: str) -> str:
        """Mask a column's default, as in a row whose other columns are empty.

        What the column could not hold is masked by shape.

        Raises:
            KeyError: The schema had no such column.
        """
        masked = self._mask_literal(table, column, text)
        return self._maskers.texts(WORDS, Spelling()).words.mask(text) if masked is None else masked

    def _mask_literal(self, table: str, column: str, text: str) -> str | None:
        charset = self._columns[table, column].charset
        try:
            return charset.decode(self.mask_value(table, column, charset.encode(text)) or b"")
        except ValueError:
            return None

    def mask_text(self, text: bytes, kind: str) -> MaskedText:
        """Mask a text by default-deny: only what is known to be harmless stays.

        Args:
            text: The text, in UTF-8 or nearly so.
            kind: ``log``, ``config``, ``plain``, or ``secret``: masked as a whole, since a password
                may be an everyday word.

        Raises:
            ValueError: There is no such kind.
        """
        if kind not in TEXT_KINDS:
            raise ValueError(f"no kind of text: {kind}")
        signs = text.decode("utf-8", "surrogateescape")
        texts = self._maskers.texts(WORDS, Spelling())
        if kind == "secret":
            masked = texts.free_text.mask_secret(signs)
        elif kind == "config":
            masked = texts.free_text.mask_config(signs)
        else:
            masked = texts.free_text.mask(signs)
        return MaskedText(masked.encode("utf-8", "surrogateescape"))

    def _prepare(self, column: Column, treatment: Treatment, *, is_unique: bool) -> _Masked:
        masked = _Masked(column, treatment)
        spelling = spelling_of(column, is_unique=is_unique)
        if masked.companion is not None:
            masked.paired = _Paired(self._maskers.paired(column, treatment, spelling))
        elif not treatment.kept:
            masked.simple = _Simple(self._maskers.simple(column, treatment, spelling))
        return masked

    @staticmethod
    def _mask_cells(masked: _Masked, batch: Batch, cells: Sequence[Cell]) -> Sequence[Cell]:
        if masked.paired is not None and masked.companion is not None:
            companions = batch.cells[batch.columns.index(masked.companion)]
            return masked.paired.apply(cells, companions)
        return cells if masked.simple is None else masked.simple.apply(cells)


def known_words(texts: Collection[str]) -> frozenset[str]:
    """Give the words of texts that may stay, an application's source for instance."""
    return split_words(texts)


def _schema_words(schema: Schema) -> frozenset[str]:
    """Give the words of the schema's names and closed lists, which definitions are made of."""
    texts = [schema.database, *(one.name for one in schema.objects)]
    for table in schema.tables.values():
        texts += [table.name, table.engine, *(key.name for key in table.keys)]
        texts += [key.name for key in table.foreign_keys if key.declared]
        texts += [column.name for column in table.columns]
        for column in table.columns:
            texts += [piece for piece, kind in cut_literal(column.declared) if not kind]
    return split_words(texts)


def _without_invalid(charset: Charset, cells: Sequence[Cell]) -> tuple[Sequence[Cell], int]:
    """Give cells that can be loaded, the same sequence where all could."""
    if charset.is_surely_valid(b"\n".join(cell for cell in cells if cell)):
        return cells, 0
    count = 0
    result: list[Cell] = []
    for cell in cells:
        if cell is not None and not charset.is_surely_valid(cell):
            replaced, invalid = charset.replace_invalid(cell)
            count += invalid
            result.append(replaced)
        else:
            result.append(cell)
    return result, count


def _changed_lengths(old: Sequence[Cell], new: Sequence[Cell]) -> int:
    return sum(
        1
        for one, other in zip(old, new, strict=True)
        if one is not None and other is not None and len(one) != len(other)
    )
