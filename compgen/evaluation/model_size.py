"""What a model's parameters take: what the paper adds for the adjusted rate."""

from compgen.compressor import Compressor
from compgen.compressors.coded import Coded
from compgen.compressors.model import ModelCompressor
from compgen.compressors.neural import Neural

PARAMETER_BYTES = 2
"""As float16, which the paper takes for enough."""


def parameter_count(compressor: Compressor) -> int | None:
    """Numbers that were learned before the data was seen; 0 for what learns from the data only.

    A model that has learned tells it by its attribute `parameters`; None: this one does not.

    gzip's code and cm's are programs, of some kilobytes; cm's tables are state, which the
    decoder rebuilds from the data, and no parameters.
    """
    if isinstance(compressor, Coded):
        return parameter_count(compressor.inner)
    count = getattr(compressor, "parameters", None)
    if isinstance(count, int):
        return count
    if isinstance(compressor, Neural):
        from compgen.neural.checkpoint import load_config
        from compgen.neural.engines import DEFAULT

        return load_config(compressor.model or DEFAULT).parameters
    return None if isinstance(compressor, ModelCompressor) and compressor.has_learned else 0
