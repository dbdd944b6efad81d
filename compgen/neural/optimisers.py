"""Who moves which weights.

AdamW   embedding, head, recurrent layer: per-weight steps     Loshchilov and Hutter, 2017
Muon    hidden matrices of a transformer: the momentum's nearest orthogonal matrix, by five
        Newton–Schulz iterations, so that all directions learn alike
        Jordan et al., "Muon", 2024, kellerjordan.github.io/posts/muon; torch.optim.Muon
"""

import torch
from torch import Tensor

from compgen.neural.byte_model import ByteModel
from compgen.neural.presets import Preset

ADAM_BETAS = (0.9, 0.99)
MUON_MOMENTUM = 0.95
LARGEST_NORM = 1.0
"""Gradients are scaled down to this norm, all together."""


class Optimisers:
    """All of a model's optimisers as one."""

    def __init__(self, model: ByteModel, preset: Preset, factor: float) -> None:
        """`factor` multiplies the preset's learning rates."""
        self._parameters = list(model.parameters())
        hidden = [
            weights
            for name, weights in model.named_parameters()
            if preset.muon_rate and name.startswith("blocks.")
        ]
        taken = {id(weights) for weights in hidden}
        others = [weights for weights in self._parameters if id(weights) not in taken]
        self._all: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(
                others, lr=preset.adam_rate, betas=ADAM_BETAS, weight_decay=0.0, fused=True
            )
        ]
        self._rates = [factor * preset.adam_rate]
        if hidden:
            self._all.append(
                torch.optim.Muon(
                    hidden, lr=preset.muon_rate, momentum=MUON_MOMENTUM, weight_decay=0.0
                )
            )
            self._rates.append(factor * preset.muon_rate)

    def step(self, factor: float) -> Tensor:
        """Move the weights by their gradients, which are used up; the gradients' norm, shape ().

        `factor` is where the schedule stands.
        """
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, LARGEST_NORM)
        for optimiser, rate in zip(self._all, self._rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = factor * rate
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return norm

    def state(self) -> dict[str, Tensor]:
        """All that is remembered from step to step, by name."""
        return {
            f"{number}.{index}.{key}": value
            for number, optimiser in enumerate(self._all)
            for index, entries in optimiser.state_dict()["state"].items()
            for key, value in entries.items()
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take up what `state()` gave. Raises ValueError if it is that of another model."""
        for number, optimiser in enumerate(self._all):
            whole = optimiser.state_dict()
            shapes = [
                weights.shape for group in optimiser.param_groups for weights in group["params"]
            ]
            found: dict[int, dict[str, Tensor]] = {}
            for name, value in state.items():
                owner, index, key = name.split(".")
                if int(owner) == number:
                    found.setdefault(int(index), {})[key] = value
            for place, entries in found.items():
                for key, value in entries.items():
                    if place >= len(shapes) or (value.ndim and value.shape != shapes[place]):
                        raise ValueError(f"{number}.{place}.{key} has the wrong shape")
            optimiser.load_state_dict({"state": found, "param_groups": whole["param_groups"]})
