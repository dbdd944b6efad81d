"""Data flows one way and imports point one way; help and `import compgen` stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import compgen

ROOT = Path(compgen.__file__).parent
LAYERS = [
    {"atomic", "errors", "_version", "reading", "suggest", "tuning"},
    {"options", "distribution"},
    {"compressor", "conditional"},
    {"kernels", "formats"},
    {"neural", "hf"},
    {"conditionals"},
    {"compressors"},
    {"registry"},
    {"corpus", "versions", "continuation"},
    {"coding"},
    {"sampling"},
    {"media"},
    {"imaging", "sound"},
    {"primed"},
    {"generation", "prediction"},
    {"scoring", "metrics"},
    {"experiment", "evaluation"},
    {"report", "integrations"},
    {"cli"},
]
"""Lowest first: a module imports from its own layer and from those before it."""
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
MODULES = sorted(ROOT.rglob("*.py"))


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_at_load(path: Path) -> set[str]:
    """The parts of compgen that importing this module imports; lazy imports are not looked at."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("compgen."):
            found.add((node.module or "").split(".")[1])
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if layer_of(path) not in ("__init__", "__main__")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_imports_point_one_way(path: Path) -> None:
    own = layer_of(path)
    assert own in RANK, f"{own} has no place in the layers"
    for imported in imports_at_load(path):
        assert RANK[imported] <= RANK[own], f"{own} imports {imported}"


def test_nothing_imports_lzma() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any("lzma" in name for name in names), path


@pytest.mark.parametrize("statement", ["import compgen", "import compgen.cli.main"])
def test_importing_is_light(statement: str) -> None:
    heavy = ("numpy", "numba", "torch", "PIL", "scipy", "zstandard", "brotli", "matplotlib")
    program = f"{statement}; import sys; print([name for name in {heavy} if name in sys.modules])"
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    for name in compgen.__all__:
        assert getattr(compgen, name) is not None
    assert set(dir(compgen)) == set(compgen.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = compgen.nonsense
