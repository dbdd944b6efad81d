"""Context mixing with a network, in lanes: the compiled loop over both.

frequencies (one for each lane) ─► code (lane 0, 1, …, in the same counters) ─► step (all) ─┐
    ▲                                                                                      │
    └──────────────────────────────────────────────────────────────────────────────────────┘
"""

from compgen.kernels.cm import code
from compgen.kernels.gru import step
from compgen.kernels.jit import kernel
from compgen.kernels.softmax import frequencies


@kernel
def code_lanes(
    model,
    work,
    mode,
    learning,
    gru,
    state,
    data,
    starts,
    lengths,
    first,
    last,
    interval,
    stream,
    registers,
    cumulative,
    piece,
    bits,
):
    """Move every lane from step `first` on to `last`; see cm.code for what is not said here.

    state       gru.Lanes       of the network, a row for each lane
    data        uint8 (n,)      the block, where a lane's bytes stand one after the other
    starts      int64 (lanes,)  where each lane begins in it, and how long it is
    lengths     int64 (lanes,)  … longer ones first
    cumulative  int32 (lanes, 257), piece uint8 (lanes,), bits float64 (lanes,): scratch
    """
    lanes = starts.shape[0]
    for index in range(first, last):
        while lengths[lanes - 1] <= index:
            lanes -= 1
        for lane in range(lanes):
            piece[lane] = data[starts[lane] + index]
        frequencies(state.logits[:lanes], cumulative)
        code(
            model,
            work,
            mode,
            learning,
            piece[:lanes],
            bits,
            interval,
            stream,
            cumulative,
            registers[:lanes],
        )
        for lane in range(lanes):
            data[starts[lane] + index] = piece[lane]
        step(gru, state, piece[:lanes])
