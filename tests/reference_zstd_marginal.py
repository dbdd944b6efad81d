"""zstd's decoder-marginal by brute force: the grammar of compgen.kernels.zstd_marginal, spelt out.

For every position it compares every earlier one byte by byte, and sums over every parse state by
the definitions, O(n · window): no trie, no incremental sums, no lists of matches under way. Only
the limits of the grammar are shared (which lengths have a probability each, how many long runs
are followed), and the order in which the most probable parse's factors are multiplied, so that
ties between parses fall the same way.
"""

import math

import numpy as np
from numpy.typing import NDArray

from compgen.kernels.context_trie import FOLLOWED, MAX_DEPTH
from compgen.kernels.zstd_marginal import MATCHES, RUNS

Number = tuple[int, float]
History = tuple[int, int, int]

ZERO: Number = (-(10**9), 0.0)
"""Numbers of any size: (exponent, mantissa in [0.5, 1)), which compare as numbers."""
ONE = (1, 0.5)


def times(number: Number, *factors: float) -> Number:
    exponent, mantissa = number
    for factor in factors:
        mantissa, shift = math.frexp(mantissa * factor)
        exponent += shift
    return (exponent, mantissa) if mantissa else ZERO


def plus(*numbers: Number) -> Number:
    top = max(exponent for exponent, _ in numbers)
    mantissa, shift = math.frexp(
        math.fsum(math.ldexp(m, e - top) for e, m in numbers if e - top > -200)
    )
    return (top + shift, mantissa) if mantissa else ZERO


def class_of(distance: int) -> int:
    return (distance + 3).bit_length() - 1


class Reference:
    """The forward variables of `text` from a certain boundary at `start` to its end."""

    def __init__(self, text: bytes, start: int, grammar: NDArray[np.void]) -> None:
        self.text = np.frombuffer(text, np.uint8).astype(np.int64)
        self.start = start
        self.grammar = grammar[0]
        # by position
        self.boundary: dict[int, Number] = {}
        self.boundary_best: dict[int, Number] = {}
        self.boundary_history: dict[int, History] = {}
        self.begins: dict[int, Number] = {}
        self.begins_best: dict[int, Number] = {}
        self.begins_history: dict[int, tuple[int, int]] = {}
        self.repeats: dict[int, list[tuple[int, Number, Number, History]]] = {}
        self.long_run: tuple[Number, Number, History] = (ZERO, ZERO, (0, 0, 0))
        # by distance
        self.long: dict[int, tuple[Number, Number, History]] = {}
        self.store(start, ONE, ONE, (1, 4, 8))
        for now in range(start + 1, len(text) + 1):
            self.step(now)

    def extend(self, data: bytes) -> None:
        for byte in data:
            self.text = np.append(self.text, byte)
            self.step(len(self.text))

    def runs(self, now: int) -> NDArray[np.int64]:
        """Length of the matching run of each distance 1 … at `now`, up to MATCHES."""
        farthest = min(now, int(self.grammar["farthest"]))
        distances = np.arange(1, farthest + 1)
        run = np.zeros(farthest, np.int64)
        going = np.ones(farthest, bool)
        for back in range(1, MATCHES + 1):
            reaches = now - distances - back >= 0
            going &= reaches
            if not going.any():
                break
            at = np.where(reaches, now - distances - back, 0)
            going &= self.text[at] == self.text[now - back]
            run[going] = back
        return run

    def followed_runs(self, now: int) -> NDArray[np.int64]:
        run = self.runs(now)
        run[np.flatnonzero(run >= MAX_DEPTH)[FOLLOWED:]] = MAX_DEPTH - 1
        return run

    def weights(self, count: int) -> NDArray[np.float64]:
        return np.array([self.grammar["distance"][class_of(d)] for d in range(1, count + 1)])

    def literals(self, first: int, last: int) -> list[float]:
        return [self.grammar["literal"][byte] for byte in self.text[first:last]]

    def step(self, now: int) -> None:
        g = self.grammar
        literal = g["literal"][self.text[now - 1]]
        mass, best, history = self.long_run
        entering = entering_best = ZERO
        source = now - RUNS
        if source in self.boundary:
            factors = self.literals(source, now - 1)
            longer = g["run_longer"][RUNS - 1]
            entering = times(self.boundary[source], *factors, longer)
            entering_best = times(self.boundary_best[source], *factors, longer)
        best = times(best, 1.0 - g["run_stops"])
        if entering_best > best:
            best, history = entering_best, self.boundary_history[source]
        mass = plus(times(mass, 1.0 - g["run_stops"], literal), times(entering, literal))
        self.long_run = (mass, times(best, literal), history)

        run = self.followed_runs(now)
        true_run = self.runs(now)
        weights = self.weights(run.size)
        masses: list[Number] = []
        best, history = ZERO, (0, 0, 0)
        for length in range(3, MATCHES):
            at = now - length
            reaching = np.flatnonzero(run >= length)
            if at not in self.begins or not reaching.size:
                continue
            masses.append(times(self.begins[at], g["match"][length], weights[reaching].sum()))
            distance = int(reaching[0]) + 1
            candidate = times(self.begins_best[at], g["match"][length], weights[distance - 1])
            if candidate > best:
                best, history = candidate, (distance, *self.begins_history[at])

        long: dict[int, tuple[Number, Number, History]] = {}
        for distance, (its_mass, its_best, its_history) in self.long.items():
            if self.text[now - 1 - distance] == self.text[now - 1]:
                goes_on = 1.0 - g["match_stops"]
                long[distance] = (times(its_mass, goes_on), times(its_best, goes_on), its_history)
        at = now - MATCHES
        if at in self.begins:
            longer = g["match_longer"][MATCHES - 1]
            entries = [
                (
                    int(index) + 1,
                    times(self.begins[at], longer, weights[index]),
                    times(self.begins_best[at], longer, weights[index]),
                    (int(index) + 1, *self.begins_history[at]),
                )
                for index in np.flatnonzero(run >= MATCHES)
            ]
            entries += [
                (distance, times(its_mass, longer), times(its_best, longer), its_history)
                for distance, its_mass, its_best, its_history in self.repeats[at]
                if true_run[distance - 1] >= MATCHES
            ]
            for distance, its_mass, its_best, its_history in entries:
                old_mass, old_best, old_history = long.get(distance, (ZERO, ZERO, (0, 0, 0)))
                if its_best > old_best:
                    old_best, old_history = its_best, its_history
                long[distance] = (plus(old_mass, its_mass), old_best, old_history)
        self.long = long

        for at in range(max(self.start, now - MATCHES + 1), now - 2):
            length = now - at
            for distance, its_mass, its_best, its_history in self.repeats[at]:
                if true_run[distance - 1] >= length:
                    masses.append(times(its_mass, g["match"][length]))
                    candidate = times(its_best, g["match"][length])
                    if candidate > best:
                        best, history = candidate, its_history
        for its_mass, its_best, its_history in self.long.values():
            masses.append(times(its_mass, g["match_stops"]))
            candidate = times(its_best, g["match_stops"])
            if candidate > best:
                best, history = candidate, its_history
        self.store(now, plus(ZERO, *masses), best, history)

    def store(self, now: int, mass: Number, best: Number, history: History) -> None:
        g = self.grammar
        self.boundary[now], self.boundary_best[now] = mass, best
        self.boundary_history[now] = history
        run_mass, run_best, run_history = self.long_run
        after = [times(run_mass, g["run_stops"])]
        after_best, after_history = times(run_best, g["run_stops"]), run_history
        for run in range(1, RUNS):
            at = now - run
            if at not in self.boundary:
                break
            factors = self.literals(at, now)
            after.append(times(self.boundary[at], *factors, g["run"][run]))
            candidate = times(self.boundary_best[at], *factors, g["run"][run])
            if candidate > after_best:
                after_best, after_history = candidate, self.boundary_history[at]
        literals = plus(*after)
        at_once, at_once_best = times(mass, g["run"][0]), times(best, g["run"][0])
        self.begins[now] = plus(at_once, literals)
        if after_best > at_once_best:
            self.begins_best[now], self.begins_history[now] = after_best, after_history[:2]
        else:
            self.begins_best[now], self.begins_history[now] = at_once_best, history[:2]
        options = []
        if literals > ZERO:
            a, b, c = after_history
            for p, its in zip(g["repeat"], ((a, b, c), (b, a, c), (c, a, b)), strict=True):
                options.append((its[0], times(literals, p), times(after_best, p), its))
        if at_once > ZERO:
            a, b, c = history
            for p, its in zip(g["repeat"], ((b, a, c), (c, a, b), (a - 1, a, b)), strict=True):
                options.append((its[0], times(at_once, p), times(at_once_best, p), its))
        farthest = min(now, int(g["farthest"]))
        self.repeats[now] = [option for option in options if 1 <= option[0] <= farthest]

    def next_byte(self) -> NDArray[np.float64]:
        """-log2 p of each next byte, (256,)."""
        g, now = self.grammar, len(self.text)
        literals = [times(self.long_run[0], 1.0 - g["run_stops"])]
        for run in range(RUNS):
            at = now - run
            if at in self.boundary:
                literals.append(
                    times(self.boundary[at], *self.literals(at, now), g["run_longer"][run])
                )
        scale, literal = plus(*literals)
        out: NDArray[np.float64] = literal * g["literal"]
        runs = self.followed_runs(now)
        true_run = self.runs(now)
        weights = self.weights(runs.size)
        for length in range(min(MATCHES, now - self.start + 1)):
            at = now - length
            for index in np.flatnonzero(runs >= length):
                exponent, mantissa = times(self.begins[at], g["match_longer"][length])
                mass = math.ldexp(mantissa, exponent - scale)
                out[self.text[now - index - 1]] += mass * weights[index]
            for distance, (exponent, mantissa), _, _ in self.repeats[at]:
                if true_run[distance - 1] >= length:
                    mass = math.ldexp(mantissa, exponent - scale) * g["match_longer"][length]
                    out[self.text[now - distance]] += mass
        for distance, ((exponent, mantissa), _, _) in self.long.items():
            mass = math.ldexp(mantissa, exponent - scale) * (1.0 - g["match_stops"])
            out[self.text[now - distance]] += mass
        bits: NDArray[np.float64] = -np.log2(out / out.sum())
        return bits
