"""The models that have a name, and how each is trained best.

    preset  parameters   kind          for
    gru         0.33 M   recurrent     a CPU; files that any machine decodes
    0.2M        0.23 M   transformer   a CPU
    0.8M        0.85 M   transformer   a CPU, for ten minutes and more
    3M          3.3 M    transformer   a GPU, a text of some MB
    25M        25 M      transformer   a GPU, some 10 MB
    100M      100 M      transformer   a large GPU, or several; some 100 MB

Every number of a recipe is a default: `--batch`, `--length` and `--rate` change it.
"""

from dataclasses import dataclass

from compgen.neural.config import AnyConfig, GruConfig, TransformerConfig


@dataclass(frozen=True)
class Preset:
    """A model and its recipe."""

    name: str
    config: AnyConfig
    batch: int
    """Sequences in a step, over all processes."""
    length: int
    """Bytes in a sequence."""
    adam_rate: float
    """The highest learning rate of AdamW."""
    muon_rate: float
    """The highest learning rate of Muon, for hidden matrices; 0: AdamW learns all."""

    @property
    def carried(self) -> bool:
        """Whether a sequence goes on where the last step's stopped, with the state carried over."""
        return isinstance(self.config, GruConfig)


def _transformer(
    name: str, config: TransformerConfig, batch: int, adam_rate: float, muon_rate: float
) -> Preset:
    # twice the window: half of the bytes see all of it, as they will when the model is used
    return Preset(name, config, batch, 2 * config.window, adam_rate, muon_rate)


def _small(name: str, width: int, heads: int) -> Preset:
    """For a CPU: short sequences, whose attention costs little, and many steps."""
    config = TransformerConfig(width, layers=4, heads=heads, window=128)
    return _transformer(name, config, 4, 1e-2, 0.01)


def _large(name: str, config: TransformerConfig, batch: int) -> Preset:
    """For a GPU."""
    return _transformer(name, config, batch, 3e-3, 0.02)


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("gru", GruConfig(), 16, 32, 3e-3, 0.0),
        _small("0.2M", width=64, heads=2),
        _small("0.8M", width=128, heads=4),
        _large("3M", TransformerConfig(width=256, layers=4, heads=4, window=256), 32),
        _large("25M", TransformerConfig(width=512, layers=8, heads=8, window=512), 64),
        _large("100M", TransformerConfig(width=768, layers=14, heads=12, window=1024), 64),
    )
}
