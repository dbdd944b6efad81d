#!/bin/sh
# Make docs/results.md: how good is each compressor, read in each way? On two cores some ten minutes
# for the texts and ten for the questions.
#
#     sh examples/results.sh TEXTS [RUNS [EVAL]]
#
# TEXTS holds tinyshakespeare.txt (github.com/karpathy/char-rnn, data/tinyshakespeare) and
# alice29.txt (Canterbury corpus); the third text, pydoc_data.topics, is in every Python. EVAL
# (default: TEXTS/../eval) holds hellaswag-val-first2000.jsonl, the first rows of HellaSwag's
# validation set as {activity_label, ctx, endings, label}. What is finished is kept in RUNS
# (default: /tmp/compgen-results): what was ended goes on there. PART=texts or PART=choice makes
# one part anew and leaves the other as it is in RUNS.
set -eu
here=$(dirname "$0")
runs=${2:-/tmp/compgen-results}
questions=${3:-$1/../eval}/hellaswag-val-first2000.jsonl
mkdir -p "$runs"
export OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1  # two processes, a core for each
case ${PART:-all} in all | texts)
    python "$here/results.py" "$1" "$runs" > "$runs/texts.part"
    mv "$runs/texts.part" "$runs/texts.md"
esac
case ${PART:-all} in all | choice)
    if [ -e "$questions" ]; then
        python "$here/results_choice.py" "$questions" "$runs" > "$runs/choice.part"
        mv "$runs/choice.part" "$runs/choice.md"
    else
        echo "$questions is not there: the part on questions is left as it is" >&2
    fi
esac
{
    cat "$runs/texts.md"
    [ ! -e "$runs/choice.md" ] || cat "$runs/choice.md"
} > "$runs/page.part"
mv "$runs/page.part" "$here/../docs/results.md"
