"""The n-gram model against the formula, spelt out over all counts."""

from collections import Counter

import numpy as np
import pytest

from compgen import get_compressor
from compgen.conditionals.kneser_ney import KneserNey
from compgen.errors import SpecError, UsageError
from tests.texts import ENGLISH


def by_the_formula(text: bytes, order: int) -> np.ndarray:
    """Probabilities of the next byte from whole-text counts: no increments, no layers."""
    counts = {order: Counter(text[i : i + order] for i in range(len(text) - order + 1))}
    for length in range(order - 1, 0, -1):
        longer = {text[i : i + length + 1] for i in range(len(text) - length)}
        counts[length] = Counter(gram[1:] for gram in longer)
        if len(text) >= length:
            counts[length][text[:length]] += 1  # what nothing precedes: the beginning
    result = np.full(256, 1 / 256)
    for length in range(1, order + 1):
        context = text[len(text) - length + 1 :]
        of_counts = Counter(counts[length].values())
        once, twice = max(1, of_counts[1]), max(1, of_counts[2])
        share = once / (once + 2 * twice)
        discount = {
            c: float(
                np.clip(c - (c + 1) * share * of_counts[c + 1] / max(1, of_counts[c]), 0.05 * c, c)
            )
            for c in (1, 2, 3)
        }
        after = {g[-1]: c for g, c in counts[length].items() if g[:-1] == context}
        if not after or len(context) < length - 1:
            break
        total = sum(after.values())
        left = sum(discount[min(c, 3)] for c in after.values())
        result = left * result / total
        for value, c in after.items():
            result[value] += (c - discount[min(c, 3)]) / total
    return result


@pytest.mark.parametrize("order", [1, 2, 3, 6])
@pytest.mark.parametrize("text", [b"", b"a", b"abcabcab", b"\0" * 40, ENGLISH[:3000]])
def test_it_is_the_formula(text: bytes, order: int) -> None:
    found = np.exp2(-KneserNey(text, order=order).next_byte())
    np.testing.assert_allclose(found, by_the_formula(text, order), rtol=1e-12)
    assert found.sum() == pytest.approx(1)


def test_forks_share_and_do_not_interfere() -> None:
    """A chain of forks, each going its own way, is each what one that read all of it is."""
    trunk = KneserNey(ENGLISH[:500])
    read = ENGLISH[:500]
    for step in range(20):
        branch = trunk.fork()
        branch.advance(b"a branch of its own")
        expected = KneserNey(read + b"a branch of its own").next_byte()
        np.testing.assert_array_equal(branch.next_byte(), expected)
        piece = ENGLISH[500 + 10 * step : 510 + 10 * step]
        trunk.advance(piece)
        read += piece
        np.testing.assert_array_equal(trunk.next_byte(), KneserNey(read).next_byte())


def test_it_predicts_english() -> None:
    model = get_compressor("ngram").condition(ENGLISH[:20_000])
    assert model.fork().bits([ENGLISH[20_000:21_000]])[0] / 1000 < 3.2
    longer = get_compressor("ngram:order=1").condition(ENGLISH[:20_000])
    assert longer.bits([ENGLISH[20_000:21_000]])[0] / 1000 > 4


def test_orders_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError):
        KneserNey(order=0)
    with pytest.raises(SpecError):
        get_compressor("ngram:order=17")
