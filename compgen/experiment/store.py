"""Runs on disk: one JSON file a run, named by its spec's identity. A killed comparison goes on.

DIR/3f2a9c….json     written beside itself and renamed: a file is whole or it is not there
"""

import json
from pathlib import Path
from typing import Any

from compgen.atomic import write_atomically
from compgen.errors import FailureError
from compgen.experiment.contract import R, Result, Spec


class Store:
    """The finished runs in a directory, which is made when the first is kept; None: in memory."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._kept: dict[str, Any] = {}

    def get(self, spec: Spec[R]) -> R | None:
        """The run of a spec, if it is there and whole; one that is damaged is made again."""
        if spec.id in self._kept:
            kept: R = self._kept[spec.id]
            return kept
        if self._directory is None:
            return None
        try:
            fields = json.loads((self._directory / f"{spec.id}.json").read_bytes())
            run = spec.load(fields)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if run.spec != spec:
            return None
        self._kept[spec.id] = run
        return run

    def put(self, run: Result) -> None:
        """Keep a run. Raises FailureError where it cannot be written."""
        self._kept[run.spec.id] = run
        if self._directory is None:
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            write_atomically(
                self._directory / f"{run.spec.id}.json", json.dumps(run.as_dict()).encode()
            )
        except OSError as error:
            raise FailureError(f"cannot write to {self._directory}: {error.strerror}") from error
