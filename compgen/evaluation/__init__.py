"""Evaluations with a protocol of their own: compression rates, multiple choice."""
