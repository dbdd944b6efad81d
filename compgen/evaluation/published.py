"""Other people's numbers, to stand beside ours. Each names its source; none was measured here.

Rates: Delétang et al., "Language Modeling Is Compression", ICLR 2024, arXiv:2309.10668v2,
Table 1. Its data are 1 GB each of enwik9, 32 x 64 patches of ImageNet in grey, LibriSpeech cut
to 8 bit, and random bytes. (Its abstract still has the 43.4 and 16.4 for Chinchilla 70B that
were version 1's; the table has 48.0 and 21.0.)
"""

from dataclasses import dataclass

RATES_SOURCE = "Delétang et al., ICLR 2024, arXiv:2309.10668v2, Table 1 (1 GB each)"
ABSTRACT_DIFFERS = (
    "The abstract's 43.4 and 16.4 for Chinchilla 70B differ from the table's 48.0 and 21.0; the "
    "table is shown."
)


@dataclass(frozen=True)
class PublishedRate:
    """A line of the paper's table: percentages of the raw size."""

    chunk: int | None
    """Bytes; None: the data as one piece."""
    compressor: str
    text: float
    """enwik9."""
    image: float
    """ImageNet."""
    audio: float
    """LibriSpeech."""
    random: float
    adjusted: tuple[float, float, float, float] | None = None
    """The same four with the model's size; None: they are the raw ones."""


RATES = (
    PublishedRate(None, "gzip", 32.3, 70.7, 36.4, 100.0),
    PublishedRate(None, "LZMA2", 23.0, 57.9, 29.9, 100.0),
    PublishedRate(None, "PNG", 42.9, 58.5, 32.2, 100.0),
    PublishedRate(None, "FLAC", 89.5, 61.9, 30.9, 107.8),
    PublishedRate(2048, "gzip", 48.1, 68.6, 38.5, 100.1),
    PublishedRate(2048, "LZMA2", 50.0, 62.4, 38.2, 100.0),
    PublishedRate(2048, "PNG", 80.6, 61.7, 37.6, 103.2),
    PublishedRate(2048, "FLAC", 88.9, 60.9, 30.3, 107.2),
    PublishedRate(2048, "Transformer 200K", 30.9, 194.0, 146.6, 195.5),
    PublishedRate(2048, "Transformer 800K", 21.7, 185.1, 131.1, 200.1, (21.9, 185.3, 131.3, 200.3)),
    PublishedRate(2048, "Transformer 3.2M", 17.0, 215.8, 228.2, 224.0, (17.7, 216.5, 228.9, 224.7)),
    PublishedRate(2048, "Llama 2 (7B)", 8.9, 53.4, 23.1, 103.2, (1408.9, 1453.4, 1423.1, 1503.2)),
    PublishedRate(2048, "Chinchilla 1B", 11.3, 62.2, 24.9, 108.8, (211.3, 262.2, 224.9, 308.8)),
    PublishedRate(2048, "Chinchilla 7B", 10.2, 54.7, 23.6, 101.6, (1410.2, 1454.7, 1423.6, 1501.6)),
    PublishedRate(
        2048, "Chinchilla 70B", 8.3, 48.0, 21.0, 100.8, (14008.3, 14048.0, 14021.0, 14100.8)
    ),
)


@dataclass(frozen=True)
class PublishedAccuracy:
    """An accuracy on HellaSwag's validation rows, in percent."""

    model: str
    acc: float | None
    """By all the bits of an ending."""
    acc_norm: float | None
    """By the bits a token or a character."""
    source: str


HELLASWAG = (
    PublishedAccuracy(
        "GPT-2 124M", 28.59, 29.55, "zero-shot, 10,042 rows: Karpathy, llm.c dev/data/hellaswag.py"
    ),
    PublishedAccuracy(
        "GPT-2 124M", 28.92, 31.14, "zero-shot: lm-evaluation-harness, as reported there"
    ),
    PublishedAccuracy(
        "zstd (gzipt)", 32.5, None, "robinpie.neocities.org/gzipt, with a prime of its own"
    ),
    PublishedAccuracy(
        "lzma (gzipt)", 33.0, None, "robinpie.neocities.org/gzipt, with a prime of its own"
    ),
)
