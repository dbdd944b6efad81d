"""A network that is asked about what it has not learned."""

from compgen.cli import console
from compgen.neural.medium import SOUND, Medium


def warn_of_another_medium(coder: object, asked: Medium) -> None:
    """Say so if `coder` is a network that was trained on something else than `asked`.

    Raises UsageError or InputError where its checkpoint cannot be read.
    """
    from compgen.compressors.neural import Neural

    if not isinstance(coder, Neural) or not (difference := coder.medium.unlike(asked)):
        return
    whose = f"the network in {coder.model}" if coder.model else "the network of compgen itself"
    shape = f"--size {asked.width}x{asked.height}"
    if asked.kind == SOUND:
        shape = f"--sample-rate {asked.rate}"
    console.warn(
        f"{whose} has learned {difference}, and is of little use here; "
        f"cgen train --as {asked.kind} {shape} makes one that is"
    )
