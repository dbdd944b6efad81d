"""Compressed formats, taken apart without compiled code."""
