"""The compiled sampling loop against the Python-level step: the same bytes."""

import zlib
from pydoc_data import topics

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from compgen import distribution
from compgen.compressors.deflate import Gzip
from compgen.conditionals.decoder_marginal import DecoderMarginal
from compgen.conditionals.deflate_marginal import DeflateMarginal
from compgen.conditionals.marginal_mixture import MarginalMixture
from compgen.errors import UsageError
from compgen.formats.deflate_noise import coin_flips
from compgen.kernels.repeats import start, with_room
from compgen.sampling.ancestral import Ancestral
from compgen.sampling.compiled import Compiled, sample
from compgen.sampling.sampler import Source
from compgen.sampling.shaping import Shaping

TEXT = "\n".join(topics.topics.values()).encode()

SHAPINGS = {
    "ancestral": {},
    "temperature": {"temperature": 0.7},
    "greedy": {"temperature": 0},
    "top-k": {"top_k": 5},
    "typical": {"typical": 0.6},
    "top-p": {"top_p": 0.8},
    "min-p": {"min_p": 0.1},
    "all": {"top_k": 40, "typical": 0.95, "top_p": 0.9, "min_p": 0.02, "temperature": 1.3},
}


def step_by_step(
    state: DecoderMarginal,
    uniforms: NDArray[np.float64],
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    typical: float = 1.0,
    top_p: float = 1.0,
    min_p: float = 0.0,
) -> bytes:
    state = state.fork()
    out = bytearray()
    for uniform in uniforms:
        p = distribution.probabilities(state.next_byte())
        p = distribution.top_p(distribution.typical(distribution.top_k(p, top_k), typical), top_p)
        p = distribution.temper(distribution.min_p(p, min_p), temperature)
        out.append(distribution.draw(p, float(uniform)))
        state.advance(bytes(out[-1:]))
    return bytes(out)


def states() -> dict[str, DecoderMarginal]:
    halves = [TEXT[:3_000], TEXT[8_000:11_500]]
    return {
        "deflate": DeflateMarginal(TEXT[:3_900]),  # a refresh point, 4096, lies ahead
        "mixture": MarginalMixture(halves, (0, 4, 3), TEXT[20_000:20_300]),
    }


@pytest.mark.parametrize("shaping", SHAPINGS.values(), ids=SHAPINGS)
@pytest.mark.parametrize("kind", ["deflate", "mixture"])
def test_the_same_bytes_on_either_path(kind: str, shaping: dict[str, float]) -> None:
    state = states()[kind]
    assert isinstance(state, Compiled)
    uniforms = np.random.default_rng(11).random((3, 250))
    found = sample([state] * 3, uniforms, **shaping, threads=2)  # type: ignore[arg-type]
    assert found.shape == (3, 250)
    assert found.dtype == np.uint8
    for row, numbers in zip(found, uniforms, strict=True):
        assert row.tobytes() == step_by_step(state, numbers, **shaping)  # type: ignore[arg-type]
    if shaping != SHAPINGS["greedy"]:
        assert len({row.tobytes() for row in found}) == 3


def test_far_past_the_window() -> None:
    """A window of 512 bytes, sixteen times over: slides and refreshes change nothing."""
    state = DeflateMarginal(TEXT[:2_000], wbits=9)
    numbers = np.random.default_rng(5).random((1, 8_500))
    found = sample([state], numbers, min_p=0.02)[0].tobytes()
    twin = state.fork()
    data, bits = twin.generate(numbers[0], min_p=0.02)
    assert data == found
    assert bits.sum() == pytest.approx(state.bits([found])[0], abs=1e-6)
    whole = DeflateMarginal(TEXT[:2_000] + found, wbits=9)
    assert np.abs(twin.next_byte() - whole.next_byte()).max() < 1e-9
    assert found[-300:] == step_by_step(
        DeflateMarginal(TEXT[:2_000] + found[:-300], wbits=9), numbers[0, -300:], min_p=0.02
    )


def test_a_long_sample_past_the_largest_window() -> None:
    state = DeflateMarginal(TEXT[:30_000])
    numbers = np.random.default_rng(6).random((2, 40_000))
    found = sample([state, state], numbers, min_p=0.05)
    for row, uniforms in zip(found, numbers, strict=True):
        history = TEXT[:30_000] + row.tobytes()
        later = DeflateMarginal(history[:-40])
        assert history[-40:] == step_by_step(later, uniforms[-40:], min_p=0.05)
    assert state.history_length == 30_000


DRY = {
    "strong": Shaping(min_p=0.1, dry_multiplier=0.8),
    "short, weak": Shaping(min_p=0.02, dry_multiplier=0.3, dry_base=1.2, dry_allowed_length=2),
    "recent": Shaping(temperature=0.6, dry_multiplier=1.5, dry_penalty_last_n=40),
    "no breakers": Shaping(min_p=0.1, dry_multiplier=0.8, dry_sequence_breakers=()),
    "long breakers": Shaping(
        min_p=0.05, dry_multiplier=2, dry_allowed_length=3, dry_sequence_breakers=(b". ", b"the")
    ),
    "constant": Shaping(min_p=0.1, dry_multiplier=5, dry_base=1, dry_allowed_length=4),
}


@pytest.mark.parametrize("shaping", DRY.values(), ids=DRY)
@pytest.mark.parametrize("kind", ["deflate", "mixture"])
def test_dry_is_the_same_on_either_path(kind: str, shaping: Shaping) -> None:
    prompt = b"It was the best of times, it was the worst of times, it was the best of times, it"
    state = states()[kind].fork()
    state.advance(prompt)
    source = Source(state.fork(), Gzip(), b"", prompt, shaping, limit=300)
    made = b""
    for chunk in Ancestral().chunks(source, np.random.default_rng(12)):
        made += chunk.data
        if len(made) >= 300:
            break
    twin, reference, changed = state.fork(), b"", 0
    random = np.random.default_rng(12)
    for _ in range(300):
        bits = twin.next_byte()
        p = shaping.apply(bits, prompt + reference)
        changed += not np.allclose(p, shaping.truncate(distribution.probabilities(bits)))
        reference += bytes([distribution.draw(p, random.random())])
        twin.advance(reference[-1:])
    assert made == reference
    assert changed > 0


def test_dry_ends_a_loop() -> None:
    state = DeflateMarginal(b" " * 3_000 + TEXT[:500] + b" " * 500)
    uniforms = np.random.default_rng(2).random(400)
    assert state.fork().generate(uniforms, min_p=0.1)[0] == b" " * 400
    options = {"multiplier": 0.8, "base": 1.75, "allowed": 8, "last_n": -1, "breakers": ()}
    repeats = with_room(start(b"", **options), 400)  # type: ignore[arg-type]
    made = state.fork().generate(uniforms, min_p=0.1, repeats=repeats)[0]
    assert b" " * 40 not in made
    assert repeats.text[:400].tobytes() == made


def test_the_real_decoder_fed_with_coin_flips() -> None:
    """zlib's own inflate, fed random bits, follows the marginal of its tables: chi-square tests.

    The flips leave out the end of the block and distances past the history: hardly anything
    at 32 KB. Tables of another level, or of half the context, fail these tests by far.
    """
    context, count = TEXT[: 1 << 15], 3_000
    state = DeflateMarginal(context, level=1, memlevel=9, tables="huffman", boundary=True)
    random = np.random.default_rng(13)
    pairs: list[bytes] = []
    while len(pairs) < count:
        said = b""
        for piece in coin_flips(context, 1, zlib.Z_DEFAULT_STRATEGY, random):
            said += piece
            if len(said) >= 2:
                break
        pairs.append(said[:2])
    firsts = np.bincount([pair[0] for pair in pairs], minlength=256)
    assert chi_square(firsts, np.exp2(-state.next_byte())) > 1e-3
    for value in np.argsort(-firsts)[:3]:
        seconds = np.bincount([b for a, b in pairs if a == value], minlength=256)
        p = np.exp2(-state.next_bytes([bytes([value])])[0] + state.bits([bytes([value])])[0])
        assert chi_square(seconds, p) > 1e-3


def chi_square(counts: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """The p-value of the counts; outcomes that are expected less than ten times are pooled."""
    expected = p * counts.sum()
    common = expected >= 10
    observed = np.append(counts[common], counts[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    statistic = ((observed - expected) ** 2 / expected).sum()
    return float(stats.chi2.sf(statistic, observed.size - 1))


def test_threads_do_not_matter() -> None:
    chosen = [*states().values(), DeflateMarginal(b""), DeflateMarginal(TEXT[:500])]
    numbers = np.random.default_rng(8).random((4, 300))
    assert np.array_equal(
        sample(chosen, numbers, min_p=0.1, threads=1), sample(chosen, numbers, min_p=0.1, threads=4)
    )


def test_draws_follow_the_distribution() -> None:
    state = DeflateMarginal(TEXT[:5_000])
    first = sample([state] * 4_000, np.random.default_rng(9).random((4_000, 1)))[:, 0]
    measured = np.bincount(first, minlength=256) / 4_000
    p = np.exp2(-state.next_byte())
    assert measured == pytest.approx(p, abs=4 * np.sqrt(p.max() / 4_000))


def test_shapes_are_checked() -> None:
    with pytest.raises(UsageError, match="one row"):
        sample([DeflateMarginal(b"")], np.zeros((2, 5)))
    assert sample([], np.zeros((0, 5))).shape == (0, 5)
