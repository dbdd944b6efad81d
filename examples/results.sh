#!/bin/sh
# Make docs/results.md: how good is each compressor, read in each way? Some ten minutes, two cores.
#
#     sh examples/results.sh TEXTS [RUNS]
#
# TEXTS holds tinyshakespeare.txt (github.com/karpathy/char-rnn, data/tinyshakespeare) and
# alice29.txt (Canterbury corpus); the third text, pydoc_data.topics, is in every Python. Finished
# runs are kept in RUNS (default: /tmp/compgen-results): a run that was ended goes on there.
set -eu
python "$(dirname "$0")/results.py" "$1" "${2:-/tmp/compgen-results}" > "$(dirname "$0")/../docs/results.md"
