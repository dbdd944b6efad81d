"""Truncations against their definitions, draws against their distribution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chisquare

from compgen import distribution
from compgen.errors import CompressorError, UsageError
from compgen.sampling import Shaping
from compgen.sampling.shaping import repeat_lengths

P = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
LENGTHS = arrays(np.float64, st.integers(1, 256), elements=st.floats(-1e3, 1e3))


@given(LENGTHS)
def test_normalised_code_lengths_satisfy_kraft_with_equality(bits: np.ndarray) -> None:
    assert np.exp2(-distribution.normalise(bits)).sum() == pytest.approx(1, abs=1e-12)


@given(LENGTHS, st.floats(-50, 50))
def test_normalising_ignores_a_constant(bits: np.ndarray, constant: float) -> None:
    shifted = distribution.normalise(bits + constant)
    assert shifted == pytest.approx(distribution.normalise(bits), abs=1e-9)


def test_lengths_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(CompressorError, match="finite"):
        distribution.normalise(np.full(256, np.inf))
    with pytest.raises(CompressorError, match="finite"):
        distribution.normalise(np.array([1.0, np.nan]))


@pytest.mark.parametrize(
    ("truncated", "kept"),
    [
        (distribution.top_k(P, 2), 2),
        (distribution.top_k(P, 0), 5),
        (distribution.top_k(P, 9), 5),
        (distribution.top_p(P, 0.7), 2),
        (distribution.top_p(P, 0.71), 3),
        (distribution.top_p(P, 0.01), 1),
        (distribution.top_p(P, 1.0), 5),
        (distribution.min_p(P, 0.25), 4),
        (distribution.min_p(P, 0.26), 3),
        (distribution.min_p(P, 0.0), 5),
        (distribution.typical(P, 1.0), 5),
    ],
)
def test_truncation_keeps_the_most_probable_in_proportion(truncated: np.ndarray, kept: int) -> None:
    assert np.count_nonzero(truncated) == kept
    assert truncated[:kept] == pytest.approx(P[:kept] / P[:kept].sum())


def test_typical_drops_what_is_too_likely_as_well() -> None:
    p = np.array([0.3, *[0.7 / 64] * 64])
    kept = np.flatnonzero(distribution.typical(p, 0.5))
    assert 0 not in kept
    assert kept.size == np.ceil(0.5 / (0.7 / 64))


def test_top_k_breaks_ties_by_the_lower_byte() -> None:
    assert np.flatnonzero(distribution.top_k(np.full(4, 0.25), 2)).tolist() == [0, 1]


@given(LENGTHS, st.floats(0.05, 10))
def test_temperature_divides_code_lengths(bits: np.ndarray, temperature: float) -> None:
    bits = np.clip(bits, -20, 20)
    p = distribution.probabilities(bits)
    expected = distribution.probabilities(bits / temperature)
    assert distribution.temper(p, temperature) == pytest.approx(expected, abs=1e-9)


def test_temperature_zero_is_greedy() -> None:
    assert distribution.temper(P, 0).tolist() == [1, 0, 0, 0, 0]


def test_draws_follow_the_distribution() -> None:
    rng = np.random.default_rng(5)
    drawn = [distribution.draw(P, rng.random()) for _ in range(20_000)]
    assert chisquare(np.bincount(drawn, minlength=5), P * len(drawn)).pvalue > 1e-3


@given(LENGTHS, st.floats(0, 1, exclude_max=True))
def test_a_draw_never_picks_the_impossible(bits: np.ndarray, uniform: float) -> None:
    p = distribution.min_p(distribution.probabilities(bits), 0.5)
    assert p[distribution.draw(p, uniform)] > 0


def test_a_draw_at_the_very_top_picks_the_last_possible() -> None:
    assert distribution.draw(np.array([0.5, 0.5, 0.0]), 1.0) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_k": -1},
        {"top_p": 0},
        {"top_p": 1.5},
        {"min_p": -0.1},
        {"min_p": float("nan")},
        {"typical_p": 0},
        {"repeat_penalty": 0},
        {"repeat_last_n": -2},
        {"dry_multiplier": -1},
        {"dry_base": 0.5},
        {"dry_allowed_length": 0},
        {"dry_penalty_last_n": -5},
    ],
)
def test_options_out_of_range_are_usage_errors(options: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="must be"):
        Shaping(**options)  # type: ignore[arg-type]


def test_truncations_come_before_the_temperature() -> None:
    """llama.cpp's order: a high temperature does not let in what min-p has shut out."""
    bits = -np.log2(P)
    hot = Shaping(temperature=100, min_p=0.5).apply(bits, b"")
    assert np.count_nonzero(hot) == 2
    assert hot[0] == pytest.approx(hot[1], rel=0.01)


def test_repetition_penalty_makes_recent_bytes_dearer() -> None:
    bits = np.full(256, 8.0)
    p = Shaping(min_p=0, repeat_penalty=1.5, repeat_last_n=2).apply(bits, b"abc")
    assert p[ord("b")] == p[ord("c")] == pytest.approx(p[ord("a")] / 2**4)
    everything = Shaping(min_p=0, repeat_penalty=1.5, repeat_last_n=-1).apply(bits, b"abc")
    assert everything[ord("a")] == everything[ord("b")]
    nothing = Shaping(min_p=0, repeat_penalty=1.5, repeat_last_n=0).apply(bits, b"abc")
    assert nothing[ord("a")] == nothing[ord("z")]


def test_repeats_are_found_with_their_lengths() -> None:
    assert repeat_lengths(b"the cat the ", []) == {ord("c"): 4, ord("t"): 1}
    assert repeat_lengths(b"abcabc", []) == {ord("a"): 3}
    assert repeat_lengths(b"abc", []) == {}
    assert repeat_lengths(b"", []) == {}


def test_no_repeat_reaches_past_a_breaker() -> None:
    free = repeat_lengths(b"x12\nab-x12\nab", [])
    broken = repeat_lengths(b"x12\nab-x12\nab", [b"\n"])
    assert free[ord("-")] == 6
    assert broken[ord("-")] == 2


def test_dry_looks_back_no_further_than_there_is() -> None:
    bits = np.full(256, 8.0)
    history = b"once upon a time, once upon a"
    everything = Shaping(min_p=0, dry_multiplier=0.8).apply(bits, history)
    more = Shaping(min_p=0, dry_multiplier=0.8, dry_penalty_last_n=40).apply(bits, history)
    assert more.tolist() == everything.tolist()


def test_dry_penalises_the_byte_that_would_go_on_repeating() -> None:
    bits = np.full(256, 8.0)
    history = b"once upon a time, once upon a"
    p = Shaping(min_p=0, dry_multiplier=0.8).apply(bits, history)
    repeating, excess = ord(" "), len(b"once upon a") - 8
    expected = np.exp(-0.8 * 1.75**excess)
    assert p[repeating] / p[ord("z")] == pytest.approx(expected)
    long = history * 20
    assert np.isfinite(Shaping(min_p=0, dry_multiplier=0.8).apply(bits, long)).all()
    assert Shaping(min_p=0, dry_multiplier=0.8, dry_penalty_last_n=5).apply(bits, history)[
        repeating
    ] == pytest.approx(1 / 256)
