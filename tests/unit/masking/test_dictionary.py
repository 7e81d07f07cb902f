import pytest

from sandbox.masking.dictionary import (
    general_words,
    key_words,
    markup_words,
    message_words,
    split_words,
)
from sandbox.masking.masker import Masker

PEOPLE = {"brand", "don", "frank", "haven", "li", "lindqvist", "per", "rose", "stock", "won"}
# As PHP 8.2 says them, functions and classes left out: those are words of the application's source.
MESSAGES = (
    "Malformed UTF-8 characters, possibly incorrectly encoded",
    "Control character error, possibly incorrectly encoded",
    "State mismatch (invalid or malformed JSON)",
    "Maximum stack depth exceeded",
    "Inf and NaN cannot be JSON encoded",
    "Single unpaired UTF-16 surrogate in unicode escape",
    'PHP Warning:  Undefined array key "id"',
    "Uncaught TypeError: Argument #1 must be of type array, null given",
    "Cannot use a scalar value as an array",
    "Attempt to read property on null",
    "Call to a member function on null",
    "Creation of dynamic property is deprecated",
    "Return type should either be compatible with the interface",
    "Passing null to parameter #1 of type string is deprecated",
    "must be a valid callback, class not found",
    "must be greater than or equal to 0",
    "Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)",
    "Error at offset 3 of 4711 bytes",
    "Unsupported operand types: string + int",
    "Cannot modify header information - headers already sent by",
    "Array to string conversion",
    "it isn't there, doesn't, can't, wasn't, weren't, couldn't, hasn't, didn't, aren't, shouldn't",
)


@pytest.mark.parametrize("text", MESSAGES)
def test_messages_of_programs_stay_in_logs(shop_masker: Masker, text: str) -> None:
    assert shop_masker.mask_text(text.encode(), "log").content == text.encode()


def test_no_word_of_a_list_is_rather_somebodys_name() -> None:
    assert not PEOPLE & (message_words() | key_words())
    assert not (PEOPLE - {"li"}) & markup_words()


def test_words_of_keys_are_few_and_of_no_use_in_free_text(shop_masker: Masker) -> None:
    assert len(key_words()) < 250
    assert len(markup_words()) < 200
    assert not key_words() & (message_words() | general_words())
    for name in ("Avatar", "Page", "Li"):
        assert split_words([name]) <= key_words() | markup_words()
        assert shop_masker.mask_text(name.encode(), "plain").content != name.encode()
