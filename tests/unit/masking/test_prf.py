import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.masking.prf import Prf

PRF = Prf(b"key")


@given(st.integers(1, 10**40), st.data())
def test_permutation_stays_in_its_range_and_is_stable(size: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(0, size - 1))
    image = PRF.permute(value, size, "domain", "tweak")
    assert 0 <= image < size
    assert image == Prf(b"key").permute(value, size, "domain", "tweak")


@pytest.mark.parametrize("size", [1, 2, 3, 10, 500, 512, 513, 600, 1000, 4099])
def test_permutation_reaches_every_value_once(size: int) -> None:
    images = [PRF.permute(value, size, "domain", "") for value in range(size)]
    assert sorted(images) == list(range(size))


def test_key_domain_and_tweak_each_make_another_permutation() -> None:
    def images(prf: Prf, domain: str, tweak: str) -> tuple[int, ...]:
        return tuple(prf.permute(value, 10**9, domain, tweak) for value in range(5))

    different = {
        images(PRF, "a", "b"),
        images(Prf(b"other"), "a", "b"),
        images(PRF, "b", "b"),
        images(PRF, "a", ""),
    }
    assert len(different) == 4


def test_permutation_refuses_a_value_outside_its_range() -> None:
    with pytest.raises(ValueError, match="outside"):
        PRF.permute(10, 10, "domain", "")


def test_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Prf(b"")


def test_key_id_is_short_stable_and_tells_keys_apart() -> None:
    assert PRF.key_id == Prf(b"key").key_id
    assert len(PRF.key_id) == 12
    assert PRF.key_id != Prf(b"other").key_id
