#!/bin/sh
# Train the model that compgen ships: compgen/neural/default. About eight minutes on one core.
#
#     sh examples/train_default.sh TEXTS OUT
#
# TEXTS is a directory with these files, all of them in the public domain:
#
#     alice29.txt            152,089 bytes    Lewis Carroll, Alice's Adventures in Wonderland:
#                                             Canterbury corpus, corpus.canterbury.ac.nz
#     dickens-first5mb.txt   5,000,000 bytes  Charles Dickens, the first 5,000,000 bytes of the file
#                                             "dickens" of the Silesia corpus, from Project Gutenberg:
#                                             sun.aei.polsl.pl/~sdeor/index.php?page=silesia
#     tinyshakespeare.txt    1,115,394 bytes  William Shakespeare, parts of the plays:
#                                             github.com/karpathy/char-rnn, data/tinyshakespeare
#
# compgen/neural/default/config.json has their SHA-256. The budget is in steps, so the same CPU and
# the same torch give the same weights. No dropout: in 13 MB the texts are read twice, and there is
# nothing to overfit.
set -eu
texts=$1
out=$2

cgen train "$texts/alice29.txt" "$texts/dickens-first5mb.txt" "$texts/tinyshakespeare.txt" \
    --output "$out" --preset gru --steps 25000 --dropout 0 --seed 0 --device cpu

# The package holds the model alone, without the loss curve.
#     cp "$out/config.json" "$out/model.safetensors" compgen/neural/default/
