"""The other direction: a distribution of the next byte compresses, without loss.

next_byte() ──► quantise ──► entropy_coder ──► model_coder ──► stream     Coded.compress
-log2 p         weights      constriction      a block         in memory
                                                  │
                a program's own streams ──────────┴──► codec ──► container    files
"""
