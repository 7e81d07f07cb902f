"""Numbers and codes that identify: telephones, IBANs, cards, tokens."""

from __future__ import annotations

import re
import string

from sandbox.masking.prf import Prf
from sandbox.masking.words import Words

_TELEPHONE = re.compile(r"\+?\d(?:[\d ()/.\-\u00a0\u2010-\u2015]*\d)?")
_OPTIONAL_ZERO = re.compile(r"\(0\)")
_TWO_DIGIT_CODES = frozenset(
    str(code)
    for codes in (
        (20, 27, 36, 39, 40, 41, 81, 82, 84, 86, 98),
        range(30, 35), range(43, 50), range(51, 59), range(60, 67), range(90, 96),
    )
    for code in codes
)  # fmt: skip
_IBAN = re.compile(r"([A-Za-z]{2})([0-9]{2})([A-Za-z0-9]{8,30})")
IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST",
        26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU YE",
        31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""Signs of an IBAN by the country that it begins with."""
_BLANKS = re.compile(r"[\s\-]")
_GROUPED = re.compile(r"\w{4}\s")
_FEW_DIGITS = 9  # a number of so many may be a surrogate key
_ALNUM = string.digits + string.ascii_uppercase
_CARD_LENGTHS = range(12, 20)
_MODULUS = 97
_CHUNK = 64
_SHORTEST_TOKEN = 8
_UUID_DIGITS = 32
_HEX = frozenset("0123456789abcdef")
_LETTERS_AND_DIGITS = frozenset(string.digits + string.ascii_lowercase)
_SHAPE = str.maketrans(dict.fromkeys(string.digits, "d") | dict.fromkeys(string.ascii_letters, "l"))


def mask_phone(words: Words, text: str) -> str:
    """Mask every number in a telephone column; separators, zeros in front and country codes stay.

    The digits behind them are one number, so that all spellings of a number stay spellings of one.
    """
    masked, end = [], 0
    for found in _TELEPHONE.finditer(text):
        masked += [words.mask(text[end : found.start()]), mask_telephone(words, found[0])]
        end = found.end()
    return "".join(masked) + words.mask(text[end:])


def mask_telephone(words: Words, number: str) -> str:
    """Mask one telephone number."""
    signs = list(number)
    optional = {place for zero in _OPTIONAL_ZERO.finditer(number) for place in range(*zero.span())}
    places = [at for at, sign in enumerate(signs) if sign.isdecimal() and at not in optional]
    digits = "".join(signs[at] for at in places)
    kept = _length_of_prefix(digits, international=number.startswith("+"))
    if kept == len(digits):
        return number
    masked = words.mask_digits(digits[kept:])
    for place, digit in zip(places[kept:], masked, strict=True):
        signs[place] = digit
    return "".join(signs)


def _length_of_prefix(digits: str, *, international: bool) -> int:
    zeros = 0
    if not international:
        zeros = len(digits) - len(digits.lstrip("0"))
        if zeros != len("00"):
            return zeros
    rest = digits[zeros:]
    if rest[:1] in {"1", "7"}:
        return zeros + 1
    return min(len(digits), zeros + (2 if rest[:2] in _TWO_DIGIT_CODES else 3))


def is_valid_iban(iban: str) -> bool:
    """Tell whether an IBAN's checksum is right; blanks do not matter.

    >>> is_valid_iban("GB82 WEST 1234 5698 7654 32")
    True
    """
    found = _IBAN.fullmatch(_BLANKS.sub("", iban))
    return found is not None and _remainder(found[1], found[2], found[3]) == 1


def is_iban(text: str) -> bool:
    """Tell an IBAN in a text, mistyped ones too, from a token that begins like one.

    >>> is_iban("DE89 3704 0044 0532 0130 01"), is_iban("de89370400440532013000")
    (True, True)
    >>> is_iban("be16a1b2c3d4e5f6"), is_iban("fa83a11a198d5a7f")
    (False, False)
    """
    if _GROUPED.match(text):
        return is_valid_iban(text) or sum(sign.isdigit() for sign in text) > _FEW_DIGITS
    compact = _BLANKS.sub("", text)
    if IBAN_LENGTHS.get(compact[:2].upper()) != len(compact):
        return False
    if is_hex_token(compact) and not compact[2:].isdigit():
        return False
    return compact[:2].isupper() or is_valid_iban(text)


def mask_iban(prf: Prf, domain: str, words: Words, text: str) -> str:
    """Mask an IBAN: country and grouping stay, a right checksum stays right and a wrong one wrong.

    What is no IBAN is masked by shape.
    """
    compact = _BLANKS.sub("", text)
    found = _IBAN.fullmatch(compact)
    if found is None or not compact.isascii():
        return words.mask(text)
    country, check, account = (part.upper() for part in found.groups())
    new_account = _permute_signs(prf, domain, account, f"iban {country}")
    new_check = _swap_check(
        int(check), _right_check(country, account), _right_check(country, new_account)
    )
    return _put_back(text, f"{country}{new_check:02d}{new_account}")


def _swap_check(check: int, old_right: int, new_right: int) -> int:
    """Let right become right and wrong stay wrong, one-to-one."""
    residue = check % _MODULUS
    if residue == old_right % _MODULUS:
        image = new_right
    elif residue == new_right % _MODULUS:
        image = old_right
    else:
        return check
    return (
        image % _MODULUS
        if check < _MODULUS
        else image % _MODULUS + _MODULUS
        if (
            image % _MODULUS + _MODULUS < 100  # noqa: PLR2004 - two digits
        )
        else image
    )


def _right_check(country: str, account: str) -> int:
    return 98 - _remainder(country, "00", account)


def _remainder(country: str, check: str, account: str) -> int:
    turned = f"{account}{country}{check}".upper()
    return int("".join(str(_ALNUM.index(sign)) for sign in turned)) % _MODULUS


def is_luhn(digits: str) -> bool:
    """Tell whether a card number's last digit is right.

    >>> is_luhn("4111111111111111")
    True
    """
    return _luhn_sum(digits) % 10 == 0


def mask_card(prf: Prf, domain: str, words: Words, text: str) -> str:
    """Mask a card number: the first digit, the grouping, and a right or wrong check digit stay."""
    digits = "".join(sign for sign in text if sign in string.digits)
    others = "".join(sign for sign in text if sign not in string.digits + " -")
    if len(digits) not in _CARD_LENGTHS or others.strip():
        return words.mask(text)
    middle = _permute_signs(prf, domain, digits[1:-1], f"card {digits[0]}")
    old_right, new_right = _check_digit(digits[:-1]), _check_digit(digits[0] + middle)
    last = int(digits[-1])
    if last == old_right:
        last = new_right
    elif last == new_right:
        last = old_right
    return _put_back(text, f"{digits[0]}{middle}{last}")


def _check_digit(digits: str) -> int:
    return -_luhn_sum(digits + "0") % 10


def _luhn_sum(digits: str) -> int:
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return sum(int(digit) for digit in digits[::-2]) + sum(one // 10 + one % 10 for one in doubled)


def is_hex_token(text: str) -> bool:
    """Tell whether a text is hexadecimal in one case, and neither a number nor too short.

    >>> is_hex_token("fa83a11a"), is_hex_token("Fa83a11a"), is_hex_token("12345678")
    (True, False, False)
    """
    if len(text) < _SHORTEST_TOKEN or not _HEX.issuperset(text.lower()):
        return False
    return text.islower() or text.isupper()


def mask_token(prf: Prf, domain: str, words: Words, text: str) -> str:
    """Mask a random token: hexadecimal stays so, letters, digits and signs stay in their places.

    Compared without case, so that it fits every collation; case is put back. What has a letter
    beyond ASCII is no token and is masked as words.
    """
    if not text.isascii():
        return words.mask(text)
    folded = text.lower()
    places = [at for at, sign in enumerate(folded) if sign in _LETTERS_AND_DIGITS]
    plain = folded if len(places) == len(folded) else "".join(folded[at] for at in places)
    masked = ""
    for start in range(0, len(plain), _CHUNK):
        masked += _permute_chunk(prf, domain, plain[start : start + _CHUNK], plain[:start])
    if plain == text:
        return masked
    signs = list(text)
    for at, sign in zip(places, masked, strict=True):
        signs[at] = sign.upper() if text[at].isupper() else sign
    return "".join(signs)


def _permute_chunk(prf: Prf, domain: str, chunk: str, before: str) -> str:
    """Permute a hexadecimal chunk among those, and any other among those that are not.

    What MariaDB takes for a UUID it takes for one afterwards.
    """
    is_hex, is_uuid = _HEX.issuperset(chunk), _may_be_uuid(chunk)
    letters = "abcdef" if is_hex else string.ascii_lowercase
    while True:
        chunk = _permute_signs(prf, domain, chunk, f"token {len(letters)} {before}", letters)
        if _HEX.issuperset(chunk) == is_hex and _may_be_uuid(chunk) == is_uuid:
            return chunk


def _may_be_uuid(digits: str) -> bool:
    """Tell whether MariaDB takes digits for a UUID: of a late version only in its own variant."""
    return len(digits) != _UUID_DIGITS or digits[12] < "8" or digits[16] >= "8"


def _permute_signs(
    prf: Prf, domain: str, text: str, tweak: str, letters: str = string.ascii_uppercase
) -> str:
    """Permute digits among digits and letters among letters; nothing else may be in it."""
    value, size = 0, 1
    for sign in text:
        kind = string.digits if sign in string.digits else letters
        value, size = value * len(kind) + kind.index(sign), size * len(kind)
    shape = text.translate(_SHAPE)
    image = prf.permute(value, size, domain, f"{tweak} {shape}")
    masked = []
    for one in reversed(shape):
        kind = string.digits if one == "d" else letters
        image, place = divmod(image, len(kind))
        masked.append(kind[place])
    return "".join(reversed(masked))


def _put_back(text: str, masked: str) -> str:
    """Write the new signs where the old ones were, blanks and case as they were."""
    new = iter(masked)
    return "".join(
        (next(new).lower() if sign.islower() else next(new)) if sign.isalnum() else sign
        for sign in text
    )
