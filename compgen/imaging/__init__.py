"""Pictures written by compressors: units, proposals, and how they are weighed.

picture, region ─► Canvas ─► Unit.fill(rng), step by step ─► Painting ─► report
                             pixel    next byte after next byte, as in text
                             record   a pixel after its quantised neighbours
                             row      ┐ proposals from what is known, chosen by the code
                             block    ┘ length of a window around them
"""
