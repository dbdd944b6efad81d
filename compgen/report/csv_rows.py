"""Rows as CSV: the columns are all names that any row has, in the order of their appearance."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any


def csv_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """A header and a line for each row."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
