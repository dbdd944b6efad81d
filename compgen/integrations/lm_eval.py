r"""A compressor as a model of lm-evaluation-harness (extra `eval`).

    harness: context, continuation ──► base p(· | corpus) ─fork─► advance over the context
    harness: log-likelihood        ◄── -ln 2 · bits(continuation)

    python -m compgen.integrations.lm_eval run --model compgen \
        --model_args compressor=gzip,corpus=book.txt --tasks hellaswag

or, in a program of one's own, `import compgen.integrations.lm_eval`, which registers the model
"compgen". The harness separates arguments by commas; within a spec write a semicolon for one:
`compressor=zstd:level=19;long=27`.

A "token" of `max_gen_toks` is a byte. Reading the whole context, however long, is what a
compressor does, so nothing is cut off at the left, but the format's window still holds.
"""

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import lm_eval.models  # noqa: F401  (the harness looks for its own models in an empty registry only)
import numpy as np
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from compgen.compressor import Compressor
from compgen.conditional import Conditional
from compgen.corpus import Corpus
from compgen.errors import CompgenWarning
from compgen.generation import Plan, Writing
from compgen.primed import prime
from compgen.reading import Reading
from compgen.registry import get_compressors
from compgen.sampling import Ancestral, Shaping

MOST_BYTES = 256
"""What is generated where a task does not say."""
KNOWN = ("until", "max_gen_toks", "do_sample", "temperature", "top_p", "top_k", "min_p")


@register_model("compgen")
class CompgenLM(LM):
    """p(· | context), read off a compressor, as the harness asks for it.

    Args:
        compressor: a spec, `gzip+zstd` for a mixture, or a compressor.
        reading: how code lengths are read.
        corpus: files that prime it before every context, separated by `:`; none by default.
        prime_bytes: how much of them; by default what the compressor can see.
        dither: average the reading `bytes` over so many prefixes.
        seed: for tasks that sample.
        batch_size, max_batch_size, device: what the harness passes to every model; not used.

    Raises UsageError and its kin as the command line does.
    """

    def __init__(
        self,
        compressor: str | Compressor = "gzip",
        reading: str = Reading.AUTO,
        corpus: str = "",
        prime_bytes: int | None = None,
        dither: int | None = None,
        seed: int = 0,
        batch_size: Any = None,  # noqa: ARG002
        max_batch_size: Any = None,  # noqa: ARG002
        device: Any = None,  # noqa: ARG002
    ) -> None:
        super().__init__()
        chosen = (
            (compressor,)
            if isinstance(compressor, Compressor)
            else get_compressors(compressor.replace(";", ","))
        )
        files = [path for path in corpus.split(":") if path]
        self._seed = seed
        self._primed = prime(
            chosen,
            Corpus.of_files(files) if files else None,
            reading=reading,
            dither=dither,
            prime_bytes=prime_bytes,
        )

    @property
    def tokenizer_name(self) -> str:
        """For the harness's cache: bytes, by this compressor."""
        return f"bytes-{self._primed.spec}"

    def loglikelihood(
        self,
        requests: Sequence[Any],
        disable_tqdm: bool = False,  # noqa: ARG002
    ) -> list[tuple[float, bool]]:
        """ln p of each continuation after its context, and whether it is the greedy one."""
        found: list[tuple[float, bool]] = []
        asked = [request.args for request in requests]
        for context, group in itertools.groupby(asked, key=lambda arguments: arguments[0]):
            continuations = [continuation.encode() for _, continuation in group]
            after = self._after(context)
            bits = after.bits(continuations)
            found.extend(
                (_log_likelihood(cost), is_greedy(after, continuation))
                for cost, continuation in zip(bits, continuations, strict=True)
            )
        return found

    def loglikelihood_rolling(
        self,
        requests: Sequence[Any],
        disable_tqdm: bool = False,  # noqa: ARG002
    ) -> list[float]:
        """ln p of each text as a whole, after the corpus alone."""
        return [
            _log_likelihood(self._after("").bits([request.args[0].encode()])[0])
            for request in requests
        ]

    def generate_until(
        self,
        requests: Sequence[Any],
        disable_tqdm: bool = False,  # noqa: ARG002
    ) -> list[str]:
        """A continuation of each context, greedy unless the task samples."""
        return [
            self._generate(request.args[0], request.args[1], self._seed + number)
            for number, request in enumerate(requests)
        ]

    def _generate(self, context: str, settings: Mapping[str, Any], seed: int) -> str:
        if ignored := [name for name in settings if name not in KNOWN]:
            warnings.warn(
                f"compgen ignores these settings of a task: {', '.join(ignored)}",
                CompgenWarning,
                stacklevel=2,
            )
        until = settings.get("until") or ()
        sampled = bool(settings.get("do_sample")) and settings.get("temperature") != 0
        plan = Plan(
            sampler=Ancestral(),
            shaping=Shaping(
                temperature=float(settings.get("temperature") or 1) if sampled else 0.0,
                top_k=int(settings.get("top_k") or 0) if sampled else 0,
                top_p=float(settings.get("top_p") or 1) if sampled else 1.0,
                min_p=float(settings.get("min_p") or 0) if sampled else 0.0,
            ),
            length=int(settings.get("max_gen_toks") or MOST_BYTES),
            stop=tuple(
                stop.encode() for stop in ([until] if isinstance(until, str) else until) if stop
            ),
            seed=seed,
        )
        primed = replace(self._primed, prompt=context.encode(), conditional=self._after(context))
        writing = Writing(primed, plan)
        for _ in writing:
            pass
        return writing.result().text

    def _after(self, context: str) -> Conditional:
        conditional = self._primed.conditional.fork()
        conditional.advance(context.encode())
        return conditional


def is_greedy(conditional: Conditional, continuation: bytes) -> bool:
    """Whether the most probable next bytes, one after the other, are `continuation`.

    Of bytes that tie the lowest is taken. Most often the first byte says no, so that this
    costs one question and not one a byte.
    """
    state = conditional.fork()
    for value in continuation:
        if int(np.argmin(state.next_byte())) != value:
            return False
        state.advance(bytes([value]))
    return True


def _log_likelihood(bits: float) -> float:
    return -float(bits) * math.log(2)


def main() -> None:
    """The harness's own command line, with compgen among its models."""
    from lm_eval.__main__ import cli_evaluate

    cli_evaluate()


if __name__ == "__main__":
    main()
