"""Sounds continued by compressors: units, proposals, and how they are weighed.

known part ─► Tape ─► Unit.fill(rng), step by step ─► Take ─► report
                      sample   next µ-law byte after next byte, as in text
                      record   a residual after its past, among those that followed like pasts
                      grain    pieces of the known part that match what was written last,
                               chosen by the code length of a window
"""
