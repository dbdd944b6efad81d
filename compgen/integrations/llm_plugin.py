"""compgen's compressors as models of the `llm` program (https://llm.datasette.io).

    pip install llm compgen
    llm -m compgen-gzip "Once upon" -o n 300 -o seed 1
    llm -m compgen -o compressor zstd:level=19 -o corpus book.txt "Once upon"

`llm` finds this module by the entry point group "llm". The models continue the prompt, they do
not answer it: in a conversation they continue all of it.
"""

import codecs
from collections.abc import Iterator
from typing import Any

import llm
from pydantic import Field

from compgen.errors import CompgenError

ANY = "compgen"
"""The model whose compressor is an option."""
NAMED = ("gzip", "zstd", "brotli", "bz2", "cm", "neural")
"""The compressors that write text, each a model of its own: compgen-gzip, …"""


class Options(llm.Options):
    """What `llm -o NAME VALUE` can set; the rest is what suits the compressor."""

    n: int = Field(default=200, ge=1, description="Bytes to write.")
    seed: int | None = Field(default=None, ge=0, description="The same seed, the same bytes.")
    temperature: float | None = Field(
        default=None, ge=0, description="Below 1 is bolder, 0 greedy, above 1 wilder."
    )
    min_p: float | None = Field(
        default=None, ge=0, le=1, description="Drop bytes less probable than this times the best."
    )
    max_copy: int | None = Field(
        default=None, ge=1, description="Never copy more than so many bytes of the corpus."
    )
    corpus: str | None = Field(
        default=None, description="A file that primes it; by default Python's documentation."
    )
    reading: str = Field(default="auto", description="How code lengths are read.")


class AnyOptions(Options):
    """Of the model `compgen`."""

    compressor: str = Field(default="gzip", description="A spec, such as zstd:level=19.")


class Compgen(llm.Model):
    """One compressor; streams."""

    can_stream = True
    Options = Options

    def __init__(self, model_id: str, compressor: str) -> None:
        self.model_id = model_id
        self.compressor = compressor

    def __str__(self) -> str:
        return f"compgen: {self.model_id}"

    def execute(
        self,
        prompt: Any,
        stream: bool,  # noqa: ARG002
        response: Any,
        conversation: Any,
    ) -> Iterator[str]:
        """The continuation, in pieces that are whole characters."""
        try:
            text = _continued(prompt, conversation)
            spec = getattr(prompt.options, "compressor", self.compressor)
            yield from _pieces(text, spec, prompt.options, response)
        except CompgenError as error:
            raise llm.ModelError(str(error)) from error


class AnyCompgen(Compgen):
    """The compressor that `-o compressor SPEC` names."""

    Options = AnyOptions


@llm.hookimpl
def register_models(register: Any) -> None:
    """Called by `llm` to learn of the models."""
    for name in NAMED:
        register(Compgen(f"{ANY}-{name}", name))
    register(AnyCompgen(ANY, "gzip"))


def _continued(prompt: Any, conversation: Any) -> str:
    """The system prompt, a line of its own; all that was said; the prompt: a text that goes on."""
    said = "".join(
        f"{earlier.prompt.prompt or ''}{earlier.text()}"
        for earlier in (conversation.responses if conversation else ())
    )
    system = f"{prompt.system}\n" if prompt.system else ""
    return f"{system}{said}{prompt.prompt or ''}"


def _pieces(text: str, spec: str, options: Options, response: Any) -> Iterator[str]:
    from dataclasses import replace

    from compgen.conditionals.experts import ExpertPlan
    from compgen.generation import (
        Plan,
        Writing,
        as_corpus,
        choose_sampler,
        fresh_seed,
        shaped,
        tuned,
    )
    from compgen.primed import default_corpus, prime
    from compgen.registry import get_compressors

    compressors = get_compressors(spec)
    sampler = choose_sampler(None, compressors[0])
    tuning = tuned(compressors, sampler, options.reading, None)
    shaping = shaped(tuning)
    if options.temperature is not None:
        shaping = replace(shaping, temperature=options.temperature)
    if options.min_p is not None:
        shaping = replace(shaping, min_p=options.min_p)
    plan = Plan(
        sampler=sampler,
        shaping=shaping,
        length=options.n,
        max_copy=options.max_copy,
        seed=fresh_seed() if options.seed is None else options.seed,
    )
    primed = prime(
        compressors,
        as_corpus(options.corpus) if options.corpus else default_corpus(compressors),
        text.encode(),
        reading=options.reading,
        experts=ExpertPlan(tuning.experts, tuning.contexts),
        rng=plan.model_rng(),
    )
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    writing = Writing(primed, plan)
    for piece in writing:
        if shown := decoder.decode(piece):
            yield shown
    if rest := decoder.decode(b"", final=True):
        yield rest
    continuation = writing.result()
    details = continuation.as_dict()
    del details["text"]
    response.response_json = details
    response.set_usage(input=len(primed.prompt), output=len(continuation.data))
