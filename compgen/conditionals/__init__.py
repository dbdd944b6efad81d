"""Conditionals: p(· | context), from the black box to exact models."""
