import itertools
import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sandbox.masking import letters
from sandbox.masking.prf import Prf
from sandbox.masking.words import Spelling, Words

WORDS = Words(Prf(b"key"))
MARKED = "äëïöüàéêñçšžřýÿąęłøæåğıœďţ"
ALPHABET = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZßẞ0123456789 .,-_@'\t\n\u200b\u0308\u00a0"
    + MARKED
    + MARKED.upper()
    + "αβγδέώςσБвгдеёжий里佳אבםמ한글😀\udcfc\udc81"
)
TEXTS = st.text(ALPHABET, max_size=40)
# Letters in every spelling that all collations take for the letter.
ROWS = [rows for number, rows in letters._ALPHABETS.rows.items() if number < ord("z")]  # noqa: SLF001
SPELLINGS = {
    letter: [row[place] for row in rows for place in [at] if row[place].encode() < b"\xef"]
    for rows in ROWS
    if len(rows) > 1
    for at, letter in enumerate(rows[0])
}


def fold(text: str) -> str:
    """Fold the way a collation does, written apart from the code under test."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign) and sign != "\u200b")


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """Draw two spellings of one word that unicode_ci takes for equal."""
    word = draw(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))

    def spell() -> str:
        written = []
        for letter in word:
            one = draw(st.sampled_from([letter, *SPELLINGS.get(letter, [])]))
            written.append(one.upper() if draw(st.booleans()) else one)
            written.append(draw(st.sampled_from(["", "", "", "\u200b", "\u0308"])))
        text = "".join(written)
        for vowel in "aeiou":
            if draw(st.booleans()):
                text = text.replace(f"{vowel}ss", f"{vowel}ß")
        return text

    return spell(), spell()


@given(TEXTS)
def test_masking_is_stable_and_keeps_every_length(text: str) -> None:
    masked = WORDS.mask(text)
    assert masked == Words(Prf(b"key")).mask(text)
    assert len(masked) == len(text)
    assert [len(one.encode("utf-8", "surrogateescape")) for one in masked] == [
        len(one.encode("utf-8", "surrogateescape")) for one in text
    ]


@given(TEXTS)
def test_what_is_no_letter_and_no_digit_stays_in_place(text: str) -> None:
    for old, new in zip(text, WORDS.mask(text), strict=True):
        if old.isdecimal():
            assert new.isdecimal()
        elif not old.isalpha():
            assert new == old
        else:
            assert new.isalpha()
            assert new.isupper() == old.isupper()


@given(TEXTS, TEXTS)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assume(one != other)
    assert WORDS.mask(one) != WORDS.mask(other)


@pytest.mark.parametrize(
    "alphabet", ["abcdefghijklmnopqrstuvwxyz", "aesßšt", "AaÄä1sSß", "oøeéöÉ2", "cčçsßnuú"]
)
def test_masking_is_one_to_one_over_all_short_words(alphabet: str) -> None:
    length = 3 if len(alphabet) > 8 else 4
    words = ["".join(signs) for signs in itertools.product(alphabet, repeat=length)]
    assert len({WORDS.mask(word) for word in words}) == len(words)
    # To a collation too. (A sharp s behind a consonant, which nobody writes, loses its equal.)
    before, after = ({fold(one) for one in some} for some in (words, map(WORDS.mask, words)))
    assert len(after) == len(before) or ("ß" in alphabet and len(after) > len(before))


@given(spellings())
def test_spellings_that_were_equal_stay_equal(pair: tuple[str, str]) -> None:
    one, other = pair
    # UTF-8 that was read as latin1 looks like "Âž", and stays so: that is given up.
    assume(not any(re.search(r"[ÂÃ][ŠšŽžŒœŸªºµ]", spelling) for spelling in pair))
    assert fold(one) == fold(other)
    assert fold(WORDS.mask(one)) == fold(WORDS.mask(other))
    assert (one == other) == (WORDS.mask(one) == WORDS.mask(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("strasser@kunden.example", "Straßer@kunden.example"),
        ("Strauß", "STRAUSS"),
        ("Müller", "mu\u0308ller"),
        ("Mül\u200bler", "MULLER"),
        ("Šimek", "simek"),
        ("Çiğdem", "cigdem"),
        ("Ώρα", "ωρα"),
    ],
)
def test_examples_of_equal_spellings(one: str, other: str) -> None:
    assert one != other
    assert fold(WORDS.mask(one)) == fold(WORDS.mask(other))
    assert WORDS.mask(one) != WORDS.mask(other)


def test_sharp_s_stays_beside_one_s_for_the_collations_that_take_them_for_equal() -> None:
    """general_ci and german1_ci: Strauß = Straus; unicode_ci: Strauß = Strauss."""
    sharp, single, double = (WORDS.mask(word) for word in ("Strauß", "Straus", "Strauss"))
    assert (sharp[:-1], sharp[-1]) == (single[:-1], "ß")
    assert (double[:-2], double[-2:]) == (single[:-1], "ss")


def test_words_have_the_same_pseudonym_wherever_they_stand() -> None:
    first, last = WORDS.mask("Petra"), WORDS.mask("Lindqvist")
    assert WORDS.mask("Petra Lindqvist") == f"{first} {last}"
    assert WORDS.mask("petra.lindqvist") == f"{first}.{last}".lower()
    assert first != "Petra"
    assert last != "Lindqvist"


def test_misread_utf8_still_looks_misread() -> None:
    masked = WORDS.mask("MÃ¼ller, GrÃ¶ÃŸler")
    assert masked[1:3] == "Ã¼"
    assert "Ã¶ÃŸ" in masked
    assert "ller" not in masked


def test_other_domains_and_keys_give_other_pseudonyms() -> None:
    word = "Lindqvistsson"
    assert len({
        WORDS.mask(word),
        Words(Prf(b"key"), "other").mask(word),
        Words(Prf(b"another key")).mask(word),
    }) == 3  # fmt: skip


def test_long_words_are_masked_to_their_end() -> None:
    word = "x" * 5000
    masked = WORDS.mask(word)
    assert len(masked) == 5000
    assert masked[-40:] not in {word[-40:], masked[:40]}
    assert WORDS.mask("y" + word[1:]) != masked


def test_latin1_column_gets_latin1_letters_and_the_pseudonym_of_the_other_tables() -> None:
    latin1 = Words(Prf(b"key"), spelling=Spelling("latin1", tells_accents=False))
    assert latin1.mask("Müller, Jörg") == WORDS.mask("Müller, Jörg")
    for text in ("Åsa Ñandú", "Žižka š", "Français"):
        masked = latin1.mask(text)
        assert len(masked.encode("cp1252")) == len(text.encode("cp1252"))
        assert masked != text


def test_letters_of_an_unknown_character_set_do_not_pass() -> None:
    unknown = Words(Prf(b"key"), spelling=Spelling("keybcs2"))
    raw = b"abc \x84\x91\xa0\xa1\xe5\xf0".decode("ascii", "surrogateescape")
    masked = unknown.mask(raw).encode("ascii", "surrogateescape")
    assert len(masked) == len(raw)
    assert masked[3:4] == b" "
    assert masked[4:] != b"\x84\x91\xa0\xa1\xe5\xf0"
    assert min(masked[4:]) >= 0x80


def test_unique_column_of_one_language_keeps_its_marked_letters() -> None:
    """In Swedish ä is no a, and ë is an e: to move ä to ë would make two rows one."""
    swedish = Words(Prf(b"key"), spelling=Spelling("latin1", accents_stay=True))
    masked = swedish.mask("Bär")
    assert masked[1] == "ä"
    assert masked != "Bär"
    assert swedish.mask("Bar") == WORDS.mask("Bar")
