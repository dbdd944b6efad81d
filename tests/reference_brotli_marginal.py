"""Brotli's decoder-marginal by brute force: the grammar of compgen.kernels.brotli_marginal, spelt
out.

For every position it compares every earlier one byte by byte, and every form of every word of the
dictionary, and sums over every parse state by the definitions: no trie, no incremental sums, no
lists of copies under way. Only the limits of the grammar are shared (which lengths have a
probability each, how many long runs are followed), and the order in which the most probable
parse's factors are multiplied, so that ties between parses fall the same way.
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from compgen.formats.brotli_dictionary import FORMS
from compgen.kernels.brotli_marginal import MATCHES, RUNS, Grammar
from compgen.kernels.context_trie import FOLLOWED, MAX_DEPTH
from tests.reference_brotli import COPIES, INDEX_BITS, INSERTS, RING, changed, words
from tests.reference_zstd_marginal import ONE, ZERO, Number, plus, times

History = tuple[int, int, int, int]

LONGEST = 38


def class_of(distance: int) -> int:
    """The half of an octave that distance + 3 is in, two to each power of two."""
    octave = (distance + 3).bit_length() - 1
    return 2 * octave + (distance + 3 >> octave - 1 & 1)


@functools.cache
def insert_code(length: int) -> int:
    return max(code for code, (base, _) in enumerate(INSERTS) if base <= length)


@functools.cache
def copy_code(length: int) -> int:
    return max(code for code, (base, _) in enumerate(COPIES) if base <= length)


@functools.cache
def every_word() -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """The texts of all words in all forms, (38, N); their lengths; form and copy length, (2, N)."""
    texts, sizes, kinds = [], [], []
    data = words()
    at = 0
    for length in range(4, 25):
        count = 1 << INDEX_BITS[length]
        plain = [data[at + length * index :][:length] for index in range(count)]
        at += length * count
        variants = {
            change: np.array([list(changed(word, change)) for word in plain], np.uint8)
            for change in ("I", "F", "A")
        }
        for form, (prefix, change, suffix) in enumerate(FORMS):
            if change[0] == "-":
                body = variants["I"][:, : max(0, length - int(change[1]))]
            elif change[0] == "+":
                body = variants["I"][:, int(change[1]) :]
            else:
                body = variants[change]
            size = len(prefix) + body.shape[1] + len(suffix)
            text = np.zeros((LONGEST, count), np.uint8)
            text[: len(prefix)] = np.frombuffer(prefix, np.uint8)[:, None]
            text[len(prefix) : size - len(suffix)] = body.T
            text[size - len(suffix) : size] = np.frombuffer(suffix, np.uint8)[:, None]
            if size:
                texts.append(text)
                sizes.append(np.full(count, size))
                kinds.append(np.array([[form], [length]]).repeat(count, axis=1))
    return np.concatenate(texts, 1), np.concatenate(sizes), np.concatenate(kinds, 1)


@functools.cache
def words_by_first_byte() -> list[NDArray[np.int64]]:
    first = every_word()[0][0]
    order = np.argsort(first, kind="stable")
    return np.split(order, np.searchsorted(first[order], np.arange(1, 256)))


class Reference:
    """The forward variables of `text` from a certain boundary at `start` to its end."""

    def __init__(self, text: bytes, start: int, grammar: Grammar) -> None:
        self.text = np.frombuffer(text, np.uint8).astype(np.int64)
        self.start = start
        self.tables = grammar.tables[0]
        self.distance = grammar.distance
        form, length = every_word()[2]
        self.word = grammar.word[form, length]
        self.first_bytes = np.bincount(every_word()[0][0], weights=self.word, minlength=256)
        # by position
        self.known_literals: list[float] = []
        self.boundary: dict[int, Number] = {}
        self.boundary_best: dict[int, Number] = {}
        self.boundary_history: dict[int, History] = {}
        self.explicit: dict[int, list[Number]] = {}
        self.implicit: dict[int, list[Number]] = {}
        self.begins_best: dict[int, Number] = {}
        self.begins_insert: dict[int, int] = {}
        self.begins_history: dict[int, History] = {}
        self.known_repeated: dict[int, list[tuple[int, int, History]]] = {}
        self.references: dict[int, NDArray[np.int64]] = {}
        self.long_run: tuple[Number, Number, History] = (ZERO, ZERO, (0, 0, 0, 0))
        # by distance
        self.long: dict[int, tuple[Number, Number, History]] = {}
        self.store(start, ONE, ONE, (4, 11, 15, 16))
        for now in range(start + 1, len(text) + 1):
            self.step(now)

    def extend(self, data: bytes) -> None:
        for byte in data:
            self.text = np.append(self.text, byte)
            self.step(len(self.text))

    def literals_after(self, at: int) -> NDArray[np.float64]:
        """p(literal) of each byte at a position."""
        last, second = (int(self.text[at - k]) if at >= k else 0 for k in (1, 2))
        context = self.tables["last"][last] | self.tables["second"][second]
        found: NDArray[np.float64] = self.tables["literal"][self.tables["tree"][context]]
        return found

    def literals(self, first: int, last: int) -> list[float]:
        for at in range(len(self.known_literals), last):
            self.known_literals.append(float(self.literals_after(at)[self.text[at]]))
        return self.known_literals[first:last]

    def runs(self, now: int) -> NDArray[np.int64]:
        """Length of the matching run of each distance 1 … at `now`, up to MATCHES."""
        farthest = min(now, int(self.tables["farthest"]))
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
        return np.array([self.distance[class_of(d)] for d in range(1, count + 1)])

    def repeated(self, at: int) -> list[tuple[int, int, History]]:
        """Symbol, distance and history after it of the copies at a last distance from `at`."""
        if at in self.known_repeated:
            return self.known_repeated[at]
        history = self.begins_history[at]
        found = []
        for symbol, (place, offset) in enumerate(RING):
            distance = history[place] + offset
            if 1 <= distance <= min(at, int(self.tables["farthest"])):
                after: History = (distance, *history[:3]) if symbol else history
                found.append((symbol, distance, after))
        self.known_repeated[at] = found
        return found

    def copy(self, at: int, length: int, weight: NDArray[np.float64]) -> Number:
        """Mass of copies of exactly `length` bytes from `at` with a distance symbol, times
        weight[distance context]."""
        code = copy_code(length)
        return times(self.explicit[at][code], 0.5 ** COPIES[code][1], weight[min(length, 5) - 2])

    def longer_copy(self, at: int, length: int, weight: NDArray[np.float64]) -> Number:
        """… of more than `length` bytes."""
        return plus(
            times(self.explicit[at][17], weight[3]),
            *(self.copy(at, more, weight) for more in range(max(2, length + 1), MATCHES)),
        )

    def step(self, now: int) -> None:
        t = self.tables
        (literal,) = self.literals(now - 1, now)
        run_mass, run_best, run_history = self.long_run
        source = now - RUNS
        entering = entering_best = ZERO
        if source in self.boundary:
            factors = self.literals(source, now - 1)
            entering = times(self.boundary[source], *factors)
            entering_best = times(self.boundary_best[source], *factors)
        run_best = times(run_best, 1.0 - t["run_stops"])
        if entering_best > run_best:
            run_best, run_history = entering_best, self.boundary_history[source]
        run_mass = plus(times(run_mass, 1.0 - t["run_stops"]), entering)
        self.long_run = (times(run_mass, literal), times(run_best, literal), run_history)

        run, true_run = self.followed_runs(now), self.runs(now)
        weights = self.weights(run.size)
        masses: list[Number] = []
        best, history = ZERO, (0, 0, 0, 0)

        def candidate(at: int, chance: float, factor: float, after: History) -> None:
            nonlocal best, history
            value = times(self.begins_best[at], chance, factor)
            if value > best:
                best, history = value, after

        for length in range(2, MATCHES):
            at = now - length
            reaching = np.flatnonzero(run >= length)
            if at not in self.explicit or not reaching.size:
                continue
            masses.append(times(self.copy(at, length, t["share"]), weights[reaching].sum()))
            code, distance = copy_code(length), int(reaching[0]) + 1
            factor = 0.5 ** COPIES[code][1] * t["share"][min(length, 5) - 2]
            factor *= weights[distance - 1]
            chance = t["explicit"][self.begins_insert[at], code]
            candidate(at, chance, factor, (distance, *self.begins_history[at][:3]))

        self.long = self.longs(now, run, true_run, weights)

        for at in range(max(self.start, now - MATCHES + 1), now - 1):
            length = now - at
            for symbol, distance, after in self.repeated(at):
                if true_run[distance - 1] < length:
                    continue
                code = copy_code(length)
                share = 0.5 ** COPIES[code][1]
                masses.append(self.copy(at, length, t["ring"][symbol]))
                insert = self.begins_insert[at]
                chance = t["explicit"][insert, code] * t["ring"][symbol, min(length, 5) - 2]
                if symbol == 0:
                    masses.append(times(self.implicit[at][code], share))
                    chance = max(chance, t["implicit"][insert, code])
                candidate(at, chance, share, after)
        for its_mass, its_best, its_history in self.long.values():
            masses.append(times(its_mass, t["match_stops"]))
            value = times(its_best, t["match_stops"])
            if value > best:
                best, history = value, its_history

        texts, sizes, _ = every_word()
        for at in sorted(self.references):
            depth = now - at
            left = words_by_first_byte()[self.text[now - 1]]
            if depth > 1:
                left = self.references[at]
                left = left[texts[depth - 1, left] == self.text[now - 1]]
            ending = self.word[left[sizes[left] == depth]]
            if ending.size:
                masses.append(times(plus(*self.explicit[at]), math.fsum(ending)))
                chance = 0.0
                for code in range(18):
                    chance += t["explicit"][self.begins_insert[at], code]
                candidate(at, chance, ending.max(), self.begins_history[at])
            self.references[at] = left[sizes[left] > depth]
            if not self.references[at].size:
                del self.references[at]
        self.store(now, plus(ZERO, *masses), best, history)

    def longs(
        self,
        now: int,
        run: NDArray[np.int64],
        true_run: NDArray[np.int64],
        weights: NDArray[np.float64],
    ) -> dict[int, tuple[Number, Number, History]]:
        """Copies of MATCHES bytes or more: those that go on, and those that have got so long."""
        t = self.tables
        found: dict[int, tuple[Number, Number, History]] = {}
        for distance, (its_mass, its_best, its_history) in self.long.items():
            if self.text[now - 1 - distance] == self.text[now - 1]:
                goes_on = 1.0 - t["match_stops"]
                found[distance] = (times(its_mass, goes_on), times(its_best, goes_on), its_history)
        at = now - MATCHES
        if at not in self.explicit:
            return found
        chance = t["explicit"][self.begins_insert[at], 17]
        entries = []
        for index in np.flatnonzero(run >= MATCHES):
            factors = (t["share"][3], weights[index])
            entries.append(
                (
                    int(index) + 1,
                    times(self.explicit[at][17], *factors),
                    times(self.begins_best[at], chance, *factors),
                    (int(index) + 1, *self.begins_history[at][:3]),
                )
            )
        for symbol, distance, after in self.repeated(at):
            if true_run[distance - 1] >= MATCHES:
                its = t["ring"][symbol, 3]
                mass = times(self.explicit[at][17], its)
                entries.append((distance, mass, times(self.begins_best[at], chance, its), after))
        for distance, its_mass, its_best, its_history in entries:
            mass, best, history = found.get(distance, (ZERO, ZERO, (0, 0, 0, 0)))
            if its_best > best:
                best, history = its_best, its_history
            found[distance] = (plus(mass, its_mass), best, history)
        return found

    def store(self, now: int, mass: Number, best: Number, history: History) -> None:
        t = self.tables
        self.boundary[now], self.boundary_best[now] = mass, best
        self.boundary_history[now] = history
        after: list[list[Number]] = [[ZERO] for _ in range(15)]
        found, chosen = ZERO, (ZERO, 0, history)
        for run in range(RUNS):
            at = now - run
            if at not in self.boundary:
                break
            factors = self.literals(at, now)
            code = insert_code(run)
            share = 0.5 ** INSERTS[code][1]
            after[code].append(times(self.boundary[at], *factors, share))
            value = times(self.boundary_best[at], *factors, share)
            if times(value, t["insert"][code]) > found:
                found = times(value, t["insert"][code])
                chosen = (value, code, self.boundary_history[at])
        after[14].append(times(self.long_run[0], t["run_stops"]))
        value = times(self.long_run[1], t["run_stops"])
        if times(value, t["insert"][14]) > found:
            chosen = (value, 14, self.long_run[2])
        self.begins_best[now], self.begins_insert[now], self.begins_history[now] = chosen
        for table, name in ((self.explicit, "explicit"), (self.implicit, "implicit")):
            table[now] = [
                plus(*(times(plus(*after[code]), t[name][code, copy]) for code in range(15)))
                for copy in range(18)
            ]
        self.references[now] = np.empty(0, np.int64)  # of all words, none has begun

    def next_byte(self) -> NDArray[np.float64]:
        """-log2 p of each next byte, (256,)."""
        t, now = self.tables, len(self.text)
        masses = [times(self.long_run[0], 1.0 - t["run_stops"], t["insert"][14])]
        for run in range(RUNS):
            at = now - run
            if at in self.boundary:
                exactly = [t["insert"][code] * 0.5 ** INSERTS[code][1] for code in range(14)]
                longer = 1.0 - math.fsum(exactly[insert_code(r)] for r in range(run + 1))
                longer = max(longer, t["insert"][14])
                masses.append(times(self.boundary[at], *self.literals(at, now), longer))
        scale, literal = plus(*masses)
        out: NDArray[np.float64] = literal * self.literals_after(now)

        def mass_of(number: Number) -> float:
            return math.ldexp(number[1], number[0] - scale)

        runs, true_run = self.followed_runs(now), self.runs(now)
        weights = self.weights(runs.size)
        none = np.ones(4)
        for length in range(min(MATCHES, now - self.start + 1)):
            at = now - length
            mass = mass_of(self.longer_copy(at, length, t["share"]))
            for index in np.flatnonzero(runs >= length):
                out[self.text[now - index - 1]] += mass * weights[index]
            for symbol, distance, _ in self.repeated(at):
                if true_run[distance - 1] >= length:
                    mass = mass_of(self.longer_copy(at, length, t["ring"][symbol]))
                    if symbol == 0:
                        kept = self.explicit[at]
                        self.explicit[at] = self.implicit[at]
                        mass += mass_of(self.longer_copy(at, length, none))
                        self.explicit[at] = kept
                    out[self.text[now - distance]] += mass
        for distance, (number, _, _) in self.long.items():
            out[self.text[now - distance]] += mass_of(number) * (1.0 - t["match_stops"])
        texts, _, _ = every_word()
        for at, left in self.references.items():
            mass = mass_of(plus(*self.explicit[at]))
            if at == now:
                out += mass * self.first_bytes
            else:
                np.add.at(out, texts[now - at, left], mass * self.word[left])
        bits: NDArray[np.float64] = -np.log2(out / out.sum())
        return bits
