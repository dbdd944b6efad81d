"""Text metrics against their definitions, and against what is known to fool them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compgen.metrics.calibration import ranks, reliability
from compgen.metrics.classifier import auc, classifier_auc
from compgen.metrics.copying import coverage, covered, match_lengths, spans
from compgen.metrics.divergence import jensen_shannon, wasserstein
from compgen.metrics.intervals import Mean, mean_of, paired_difference, paired_distance
from compgen.metrics.judge import Judge
from compgen.metrics.loops import distinct, longest_repeat, valid_utf8, valid_words
from tests.texts import ENGLISH

SMALL = st.binary(max_size=40).map(lambda data: bytes(value % 3 for value in data))


@given(SMALL, SMALL)
def test_match_lengths_are_the_longest_copies(text: bytes, corpus: bytes) -> None:
    for start, length in enumerate(match_lengths(text, corpus).tolist()):
        assert text[start : start + length] in corpus
        assert start + length == len(text) or text[start : start + length + 1] not in corpus


@given(SMALL, SMALL, st.integers(1, 6))
def test_spans_cover_what_is_covered(text: bytes, corpus: bytes, least: int) -> None:
    lengths = match_lengths(text, corpus)
    inside = np.zeros(len(text), bool)
    for start, end in spans(lengths, least):
        assert text[start:end] in corpus
        inside[start:end] = True
    np.testing.assert_array_equal(inside, covered(lengths, least))
    assert coverage(lengths, least) == (inside.mean() if text else 0)


@given(SMALL)
def test_the_longest_repeat(text: bytes) -> None:
    pieces = [
        text[a:b]
        for a in range(len(text))
        for b in range(a + 1, len(text) + 1)
        if text.find(text[a:b], a + 1) >= 0
    ]
    assert longest_repeat(text) == max(map(len, pieces), default=0)


def test_distinct() -> None:
    assert distinct(b"abcdefgh") == 1
    assert distinct(b"aaaaaaaa") == 1 / 5
    assert distinct(b"abc") == 1


def test_words_and_characters() -> None:
    known = frozenset([b"the", b"cat", b"sat"])
    assert valid_words(b"xx The cat zat on", known) == 2 / 3  # "xx" and "on" may be cut
    assert valid_words(b"...", known) == 1
    assert valid_utf8("grüße, 世界".encode()) == 1
    assert valid_utf8("世界".encode()[1:-1]) == 1  # cut within characters at both ends
    assert valid_utf8(b"ab\xffcd\xfe") == pytest.approx(4 / 6)
    assert valid_utf8(b"") == 1


def test_distances_between_texts() -> None:
    assert jensen_shannon([b"abcabc"], [b"abcabc"]) == pytest.approx(0, abs=1e-9)
    assert jensen_shannon([b"aaaa"], [b"bbbb"]) == pytest.approx(1)
    halves = [ENGLISH[:4000]], [ENGLISH[4000:8000]]
    assert 0 < jensen_shannon(*halves) < jensen_shannon([ENGLISH[:4000]], [bytes(4000)])
    assert wasserstein(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == pytest.approx(2)


def pieces(text: bytes, count: int) -> list[bytes]:
    return [text[200 * index : 200 * index + 200] for index in range(count)]


def test_a_classifier_tells_noise_from_text_and_not_text_from_text() -> None:
    real = pieces(ENGLISH, 40)
    shuffled = [bytes(np.random.default_rng(1).permutation(list(piece))) for piece in real]
    rng = np.random.default_rng(0)
    assert classifier_auc(shuffled, pieces(ENGLISH[8000:], 40), rng) > 0.95
    mixed = np.random.default_rng(2).permutation(80)
    all_real = pieces(ENGLISH, 80)
    ours, others = ([all_real[i] for i in half] for half in np.split(mixed, 2))
    assert 0.3 < classifier_auc(ours, others, rng) < 0.7
    assert np.isnan(classifier_auc(ours[:3], others, rng))


def test_auc_counts_ties_half() -> None:
    labels = np.array([1.0, 1.0, 0.0, 0.0])
    assert auc(np.array([2.0, 3.0, 0.0, 1.0]), labels) == 1
    assert auc(np.array([1.0, 1.0, 1.0, 1.0]), labels) == 0.5
    assert auc(np.array([0.0, 3.0, 1.0, 1.0]), labels) == 0.5


def test_intervals_hold_the_mean_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        found = mean_of(rng.gamma(4, 0.25, size=50), rng)
        hits += found.low <= 1 <= found.high
    assert 175 <= hits <= 198
    assert mean_of(np.full(5, 2.0), rng) == (2, 2, 2)
    assert np.isnan(mean_of(np.array([1.0]), rng).low)
    assert np.isnan(mean_of(np.array([]), rng).value)


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    rng = np.random.default_rng(4)
    prompts = rng.normal(size=50)
    ours, theirs = prompts + 0.5, prompts + rng.normal(scale=0.1, size=50)
    difference = paired_difference(ours, theirs, rng)
    assert difference.low < 0.5 < difference.high
    assert difference.half_width < mean_of(ours, rng).half_width / 3


def test_what_is_infinite_has_no_interval() -> None:
    rng = np.random.default_rng(4)
    costs = np.array([1.0, np.inf, 2.0])
    assert mean_of(costs, rng).value == np.inf
    assert np.isnan(mean_of(costs, rng).low)
    assert np.isnan(paired_difference(costs, costs, rng).value)
    assert not mean_of(costs, rng).excludes_zero


def test_an_interval_excludes_zero_or_not() -> None:
    assert Mean(2, 1, 3).excludes_zero
    assert Mean(-2, -3, -1).excludes_zero
    assert not Mean(0.5, -1, 2).excludes_zero
    assert not Mean(0, 0, 0).excludes_zero


def test_two_sides_of_zero_are_as_far_from_it() -> None:
    """A gap of +0.5 and one of -0.5 differ by 1, and neither is nearer to real text."""
    rng = np.random.default_rng(4)
    prompts = rng.normal(scale=0.2, size=60)
    above, below = 0.5 + prompts, -0.5 - prompts
    assert paired_difference(above, below, rng).excludes_zero
    even = paired_distance(above, below, rng)
    assert even.value == pytest.approx(0)
    assert not even.excludes_zero
    nearer = paired_distance(0.4 * below, above, rng)
    assert nearer.value == pytest.approx(-0.6 * abs(above.mean()))
    assert nearer.high < 0
    # the pairs are resampled together: what the two share does not blur the difference
    alone = paired_distance(0.4 * below, rng.permutation(above), rng)
    assert nearer.half_width < 0.8 * alone.half_width


def test_calibration() -> None:
    rng = np.random.default_rng(5)
    probabilities = rng.dirichlet(np.full(256, 0.02), size=4000) + 1e-9
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    honest = np.array([rng.choice(256, p=row) for row in probabilities], np.uint8)
    bits = -np.log2(probabilities)
    assert reliability(bits, honest).error < 0.001
    uniform = rng.integers(0, 256, 4000).astype(np.uint8)
    assert reliability(bits, uniform).error > 0.005
    assert reliability(bits, honest).predictions.sum() == 4000 * 256


def test_ranks_share_ties() -> None:
    bits = np.full((2, 256), 9.0)
    bits[0, [7, 9]] = 1.0
    bits[1, 3] = 0.5
    assert ranks(bits, np.array([9, 4], np.uint8)).tolist() == [1.5, 129.0]


def test_the_judge_is_fooled_by_copies_alone() -> None:
    """Real text costs what real text costs; noise more, loops less."""
    judge = Judge(ENGLISH[:60_000])
    prompts = pieces(ENGLISH[60_000:], 8)
    real = [prompt[100:] for prompt in prompts]
    prompts = [prompt[:100] for prompt in prompts]
    bits = judge.bits_per_byte(prompts, real)
    noise = [bytes(np.random.default_rng(1).integers(32, 127, 100).astype(np.uint8))] * 8
    assert (judge.bits_per_byte(prompts, noise) > bits + 2).all()
    loops = [prompt[-4:] * 25 for prompt in prompts]
    assert judge.bits_per_byte(prompts, loops).mean() < bits.mean()
    assert np.isnan(judge.bits_per_byte([b"x"], [b""])).all()
