"""Training: from texts to a checkpoint, interruptible at any point.

    texts ─► split ─┬─ learned ──► batches ─► forward, backward ─► optimisers ──┐
                    │                  ▲                                        │
                    │                  └──────────── next step ◄────────────────┤
                    └─ held out ─► bits per byte ◄── 16 times ──────────────────┤
                                       │ the best so far                        │ now and then
                                       ▼                                        ▼
                          DIR/config.json, model.safetensors      DIR/training/state.safetensors

The checkpoint holds the weights that were best on the held-out text, the state the latest ones.
What is random follows from the seed and the number of the step: on a CPU a training that was
killed and resumed gives the very weights of one that was not, unless its budget is in minutes,
where a clock moves the learning rate.
"""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from compgen._version import __version__
from compgen.atomic import persist_names
from compgen.errors import FailureError, InputError, UsageError
from compgen.neural import training_state
from compgen.neural.batches import Batches, Streams, Windows, fitting_batch
from compgen.neural.checkpoint import CONFIG, load, save
from compgen.neural.config import AnyConfig
from compgen.neural.corpus_split import Text, split
from compgen.neural.data_parallel import Group, process_group
from compgen.neural.devices import clock_of
from compgen.neural.held_out import held_out_of
from compgen.neural.loss_curve import LossCurve
from compgen.neural.modules import model_of, new_model, tensors_of
from compgen.neural.optimisers import Optimisers
from compgen.neural.progress import Observe, Outcome, Progress
from compgen.neural.schedule import rate_factor
from compgen.neural.settings import Settings
from compgen.neural.surroundings import surroundings
from compgen.neural.training_state import TrainingState

GLANCE = 32 << 10
"""So many held-out bytes are looked at on the way,"""
LONG_LOOK = 512 << 10
"""and so many at the end."""
SECONDS_BETWEEN_SAVES = 15.0
SAVING_SHARE = 0.05
"""Saving takes no more of the time than this."""
READ_EVERY = 16
"""A device of one's own is asked for its losses every so many steps: asking makes it wait."""


def train(
    texts: Sequence[Text],
    directory: Path,
    settings: Settings,
    *,
    device: torch.device,
    threads: int = 1,
    compiled: bool | None = None,
    force: bool = False,
    must_resume: bool = False,
    observe: Observe = lambda _: None,
    note: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Train into `directory`, or go on with the unfinished training of the same kind there.

    `threads` are torch's, on a CPU. `compiled` decides on torch.compile; None: for transformers
    on CUDA. `force` lets what is there be replaced, `must_resume` begins nothing new.

    Raises UsageError if the directory holds something else, InputError on a corpus that is too
    short or a damaged state, FailureError if the loss is no number or the memory does not
    suffice.
    """
    with process_group(device) as group, surroundings(group.device, threads):
        training = _Training(texts, directory, settings, group, compiled, note)
        training.prepare(force, must_resume)
        training.run(observe)
        return training.finish()


def recorded_options(directory: Path) -> dict[str, Any] | None:
    """The options of the unfinished training in `directory`; None if there is none.

    Raises InputError if it is damaged.
    """
    state = training_state.load_state(directory)
    options = None if state is None else state.facts.get("options")
    return options if isinstance(options, dict) else None


class _Training:
    """One training; between two steps `_save_state` can note down all that it is."""

    def __init__(
        self,
        texts: Sequence[Text],
        directory: Path,
        settings: Settings,
        group: Group,
        compiled: bool | None,
        note: Callable[[str], None],
    ) -> None:
        self.directory, self.settings, self.group = directory, settings, group
        self.preset = settings.recipe
        self.options = settings.as_dict()
        self.corpus = split(texts, settings.held_out)
        self.batches = self._batches(note)
        self.rows = group.rows(self.batches.batch)
        self.glance = held_out_of(self.corpus, GLANCE)
        if self.glance is None:
            note("too little text to hold any out: the last weights are kept, not the best")
        self.model = new_model(settings.config, settings.seed).to(group.device)
        self.optimisers = Optimisers(self.model, self.preset, settings.rate)
        self.forward = self._forward(compiled)
        # a transformer has none, and torch.compile takes no generators
        self.dropout = torch.Generator(group.device) if self.preset.carried else None
        self.clock = clock_of(group.device)
        self.carried: Any = None
        """The recurrent model's state after the last step; None: nothing has been read."""
        self.step = 0
        self.seconds = 0.0
        self.fraction = 0.0
        self.best: float | None = None
        self.held_out_bits: float | None = None
        self.curve = LossCurve()

    def _batches(self, note: Callable[[str], None]) -> Batches:
        wanted, length = self.options["batch"], self.options["length"]
        batch = fitting_batch(self.corpus.learned.size, wanted, length)
        if batch < wanted:
            note(f"the corpus is short: batches of {batch} sequences instead of {wanted}")
        kind = Streams if self.preset.carried else Windows
        return kind(self.corpus.learned, batch, length, self.settings.seed)

    def _forward(self, compiled: bool | None) -> Callable[..., Any]:
        """The model's forward pass: compiled, shared among processes, or as it is."""
        module: nn.Module = self.model
        if compiled is None:
            compiled = self.group.device.type == "cuda" and not self.preset.carried
        if compiled:
            module.compile(dynamic=False)
        if self.group.size > 1:
            module = nn.parallel.DistributedDataParallel(module)
        return module

    # what is there already

    def prepare(self, force: bool, must_resume: bool) -> None:
        """Begin in an empty directory, or take up what is there."""
        state = None if force else training_state.load_state(self.directory)
        if state is not None:
            self._resume(state)
        else:
            self._require_free(force, must_resume)
        self.group.wait()
        if state is None:
            self._begin()
        elif self.group.leads and not (self.directory / CONFIG).exists():
            self._save_model()  # killed before its first checkpoint

    def _require_free(self, force: bool, must_resume: bool) -> None:
        """Raise UsageError if something must not be replaced."""
        if must_resume:
            raise UsageError(f"{self.directory} holds no unfinished training to go on with")
        if force or not (self.directory / CONFIG).exists():
            return
        kind = "a finished training" if training_state.is_finished(self.directory) else "a model"
        raise UsageError(
            f"{self.directory} holds {kind}; --force trains anew, -o names another directory"
        )

    def _begin(self) -> None:
        if self.group.leads:
            self.directory.mkdir(parents=True, exist_ok=True)
            training_state.forget(self.directory)
            (self.directory / CONFIG).unlink(missing_ok=True)
            persist_names(self.directory)
        self._save_state()
        if self.group.leads:
            self._save_model()

    def _resume(self, state: TrainingState) -> None:
        facts = state.facts
        same_corpus = facts.get("corpus") == list(self.corpus.facts)
        if not same_corpus or facts.get("options") != self.options:
            what = _difference(facts.get("options"), self.options) if same_corpus else "corpus"
            raise UsageError(
                f"{self.directory} holds an unfinished training with another {what}; --force "
                "trains anew, -o names another directory"
            )
        try:
            self._take_up(state)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise InputError(
                f"the unfinished training in {self.directory} is damaged; --force trains anew"
            ) from error

    def _take_up(self, state: TrainingState) -> None:
        facts = state.facts
        self.model.load_state_dict(state.part("model."))
        self.optimisers.restore(state.part("optimiser."))
        if self.preset.carried:
            hidden = state.part("carried.")["hidden"][:, self.rows]
            self.carried = self.model.initial_state(hidden.shape[1])
            self.carried.hidden.copy_(hidden)
        self.step, self.seconds = int(facts["step"]), float(facts["seconds"])
        self.fraction = self.settings.budget.fraction(self.step, self.seconds)
        self.best, self.held_out_bits = facts["best"], facts["held_out_bits"]
        self.curve = LossCurve(**facts["curve"])

    # the steps

    def run(self, observe: Observe) -> None:
        """Go on until the budget is spent."""
        every = 1 if self.group.device.type == "cpu" else READ_EVERY
        began, first_step, first_second = self.clock() - self.seconds, self.step, self.seconds
        saved, pause = time.monotonic(), SECONDS_BETWEEN_SAVES
        unread: list[Tensor] = []
        while self.fraction < 1:
            unread.append(self._learn())
            self.step += 1
            self.fraction = self.settings.budget.fraction(self.step, self.seconds)
            if len(unread) < every and self.fraction < 1:
                continue
            self._read(unread)
            unread.clear()
            overdue = time.monotonic() - saved > pause
            self.seconds, save_now = self.group.agreed(self.clock() - began, float(overdue))
            self.fraction = self.settings.budget.fraction(self.step, self.seconds)
            evaluated = self._note_point()
            if save_now and self.fraction < 1:
                started = time.monotonic()
                self._save_state()
                saved = time.monotonic()
                pause = max(SECONDS_BETWEEN_SAVES, (saved - started) / SAVING_SHARE)
            size = (self.step - first_step) * self.batches.batch * self.batches.length
            speed = size / max(self.seconds - first_second, 1e-9)
            self._tell(observe, speed, evaluated)

    def _learn(self) -> Tensor:
        """One step; its loss in nats and the gradients' norm, shape (2,), unread."""
        numbers = torch.from_numpy(self.batches.at(self.step, self.rows)).to(self.group.device)
        if self.batches.begins(self.step):
            self.carried = None
        if self.dropout is not None:
            self.dropout.manual_seed(_seed_of(self.settings.seed, self.step, self.group.rank))
        with self._precision():
            logits, state = self.forward(numbers[:, :-1], self.carried, self.dropout)
            loss = functional.cross_entropy(logits.float().flatten(0, 1), numbers[:, 1:].flatten())
        torch.autograd.backward(loss)
        norm = self.optimisers.step(rate_factor(self.step, self.fraction))
        self.carried = state.detach() if self.preset.carried else None
        return torch.stack([loss.detach(), norm.detach()])

    def _precision(self) -> Any:
        """bfloat16 where it pays: a transformer on CUDA."""
        if self.group.device.type == "cuda" and not self.preset.carried:
            return torch.autocast("cuda", torch.bfloat16)
        return nullcontext()

    def _read(self, unread: Sequence[Tensor]) -> None:
        """Look at the losses of the last steps. Raises FailureError unless they are numbers."""
        results = self.group.mean(torch.stack(list(unread)))
        for loss, norm in results.tolist():
            self._require_finite(loss + norm)
            self.curve.add(loss)

    def _require_finite(self, *values: float) -> None:
        """Raise FailureError, before anything is saved, if a value is infinite or no number."""
        if not all(map(math.isfinite, values)):
            raise FailureError(
                f"after {self.step:,} steps the loss is no longer a number; {self.directory} "
                "keeps the last good model. Lower the learning rate: "
                f"--rate {self.settings.rate / 3:.2g} --force"
            )

    def _require_finite_weights(self) -> None:
        largest = [weights.detach().abs().max() for weights in self.model.parameters()]
        self._require_finite(*torch.stack(largest).tolist())

    def _note_point(self) -> bool:
        """Note a point of the loss curve where one is due; whether held-out text was looked at."""
        if not self.curve.point_due(self.fraction):
            return False
        look = self.curve.look_due(self.fraction) and self.group.leads
        if look:
            self._evaluate()
        bits = self.held_out_bits if look else None
        rate = rate_factor(self.step, self.fraction)
        self.curve.note(self.fraction, self.step, self.seconds, rate, bits)
        return bits is not None

    def _evaluate(self) -> None:
        """Look at the held-out text, and keep the weights if they are the best so far."""
        if self.glance is not None:
            bits = self.glance.bits_per_byte(self.model)
            self._require_finite(bits)
            self.held_out_bits = bits
            if self.best is not None and self.held_out_bits >= self.best:
                return
            self.best = self.held_out_bits
        self._save_model()

    def _tell(self, observe: Observe, speed: float, evaluated: bool) -> None:
        progress = Progress(
            step=self.step,
            fraction=self.fraction,
            seconds=self.seconds,
            learned_bits=self.curve.smoothed or 0.0,
            held_out_bits=self.held_out_bits,
            rate_factor=rate_factor(self.step, self.fraction),
            bytes_per_second=speed,
            evaluated=evaluated,
        )
        try:
            observe(progress)
        except BaseException:
            if self.group.size == 1:  # the others would be waited for in vain
                self._save_state()
            raise

    # what is written

    def _save_model(self) -> None:
        self._require_finite_weights()
        config = self.settings.config.with_provenance(
            {
                "compgen": __version__,
                "torch": torch.__version__,
                "device": self.group.device.type,
                "processes": self.group.size,
                "corpus": list(self.corpus.facts),
                "medium": self.settings.medium.as_dict(),
                "held_out": self.settings.medium.held_out,
                "options": {**self.options, "batch": self.batches.batch},
                "finished": False,
                "step": self.step,
                "seconds": round(self.seconds, 1),
                "held_out_bits_per_byte": self.held_out_bits,
            }
        )
        save(self.directory, config, tensors_of(self.model))

    def _save_state(self) -> None:
        self._require_finite_weights()
        tensors = {f"model.{name}": weights for name, weights in self.model.state_dict().items()}
        state = self.optimisers.state()
        tensors |= {f"optimiser.{name}": value for name, value in state.items()}
        if self.preset.carried:
            share = self.batches.batch // self.group.size
            carried = self.carried or self.model.initial_state(share)
            tensors["carried.hidden"] = self.group.gathered(carried.hidden, 1)
        if not self.group.leads:
            return
        facts = {
            "options": self.options,
            "corpus": list(self.corpus.facts),
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "held_out_bits": self.held_out_bits,
            "curve": self.curve.as_dict(),
        }
        training_state.save_state(self.directory, TrainingState(tensors, facts))

    def finish(self) -> Outcome:
        """Measure the kept weights once more, on more of the held-out text, and note that."""
        if not self.group.leads:
            return Outcome(self.settings.config, "", self.curve.points)
        kept = load(self.directory)
        long_look = held_out_of(self.corpus, LONG_LOOK)
        bits = None
        if long_look is not None:
            bits = long_look.bits_per_byte(model_of(kept, self.group.device))
        results = {"held_out_bits_per_byte": bits, "finished": True}
        config: AnyConfig = kept.config.with_provenance({**kept.config.provenance, **results})
        save(self.directory, config, kept.tensors)
        training_state.finish(self.directory, self.curve.points)
        return Outcome(config, kept.sha256, self.curve.points)


def _seed_of(seed: int, step: int, rank: int) -> int:
    """32 bits, as torch's generator uses no more of them on a CPU."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1)[0])


def _difference(recorded: object, options: dict[str, Any]) -> str:
    """The first option that is not the recorded one: `"--seed (0, not 1)"`."""
    if isinstance(recorded, dict):
        for name, value in options.items():
            if recorded.get(name) != value:
                spelled = name.replace("_", "-")
                return f"--{spelled} ({recorded.get(name)}, not {value})"
    return "version of compgen"
