"""Between checkpoints (numpy) and models (torch)."""

import numpy as np
import torch

from compgen.neural.byte_model import ByteModel
from compgen.neural.checkpoint import Checkpoint, Tensors
from compgen.neural.config import AnyConfig, GruConfig
from compgen.neural.gru import Gru
from compgen.neural.transformer import Transformer


def new_model(config: AnyConfig, seed: int) -> ByteModel:
    """An untrained model; the same seed gives the same weights and no one else's randomness."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _blank(config)


def model_of(checkpoint: Checkpoint, device: torch.device) -> ByteModel:
    """The model that a checkpoint holds, ready to predict."""
    with torch.device("meta"):
        model = _blank(checkpoint.config)
    weights = {name: torch.tensor(values) for name, values in checkpoint.tensors.items()}
    model.load_state_dict(weights, assign=True)
    return model.to(device).requires_grad_(False).eval()


def tensors_of(model: ByteModel) -> Tensors:
    """The weights as a checkpoint holds them."""
    return {
        name: weights.detach().to("cpu", torch.float32).numpy().astype(np.float32, copy=True)
        for name, weights in model.state_dict().items()
    }


def _blank(config: AnyConfig) -> ByteModel:
    return Gru(config) if isinstance(config, GruConfig) else Transformer(config)
