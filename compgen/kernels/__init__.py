"""Compiled inner loops: arrays in, arrays out, no I/O, no policy.

Every module here imports numba, so nothing may import them before it needs them: a
conditional imports its kernel inside the function that builds it, and falls back to the
pure-Python path when numba cannot be imported.
"""
