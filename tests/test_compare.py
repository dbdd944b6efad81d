"""`compgen compare` on the command line, and the page that it writes."""

import csv
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from compgen.metrics.copying import match_lengths, spans
from compgen.report.html.samples import sample_html
from compgen.report.html.svg import Axis, Frame, axis
from tests.command_line import cgen
from tests.texts import ENGLISH

SMALL = ("--prompts", "5", "-n", "40", "--prompt-bytes", "40", "--positions", "5", "-q")
VOID = {"meta", "path", "circle", "rect", "br"}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "some <text>.txt"
    path.write_bytes(ENGLISH[:30_000])
    return path


@pytest.fixture(scope="module")
def runs(text: Path) -> Path:
    """A directory of finished runs, which the tests below go on from."""
    found = cgen(
        "compare", "text", str(text), "-c", "ngram", *SMALL, "--out", str(text.parent / "r")
    )
    assert found.status == 0, found.err
    return text.parent / "r"


def test_the_table(text: Path, runs: Path) -> None:
    found = cgen("compare", "text", str(text), "-c", "ngram", *SMALL, "--out", str(runs))
    out = found.out.decode()
    for word in ("real text", "ngram", "uniform", "a quotation", "gap", "split"):
        assert word in " ".join(out.split()), out
    assert len(list(runs.iterdir())) == 3


def test_json_and_csv_have_the_rows(text: Path, runs: Path, tmp_path: Path) -> None:
    words = ("compare", "text", str(text), "-c", "ngram", *SMALL, "--out", str(runs))
    found = cgen(*words, "--json", "--csv", str(tmp_path / "rows.csv"))
    comparison = json.loads(found.out)
    assert [row["label"] for row in comparison["rows"]] == [
        "real text",
        "ngram",
        "uniform",
        "a quotation",
    ]
    assert comparison["rows"][0]["gap"] == 0
    assert comparison["rows"][2]["gap"] > 2
    assert comparison["split"]["prompts"] == 5
    with (tmp_path / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [row["label"] for row in comparison["rows"]]
    assert float(rows[2]["gap"]) == pytest.approx(comparison["rows"][2]["gap"])


class Balanced(HTMLParser):
    """Every element that is opened is closed, in order; notes what is fetched from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attributes if name in ("src", "href")]
        if tag not in VOID and tag not in ("tr", "td", "th", "li"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("tr", "td", "th", "li", *VOID):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_alone(text: Path, runs: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    words = ("compare", "text", str(text), "-c", "ngram", *SMALL, "--out", str(runs))
    assert cgen(*words, "--report", str(page)).status == 0
    source = page.read_text()
    parser = Balanced()
    parser.feed(source)
    assert not parser.open
    assert not parser.fetched
    assert "http" not in source
    assert "<script" not in source
    for word in ("Quality and novelty", "Calibration", "some <text>.txt", "Prompt 1"):
        assert word in parser.text
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("the page is whole; no Chromium here to render it")
    picture = tmp_path / "report.png"
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,2600"),
            *(f"--screenshot={picture}", page.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    from PIL import Image

    with Image.open(picture) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 50  # charts and heat, not a blank page


def test_a_sample_shows_what_is_copied_and_what_it_costs() -> None:
    corpus = b"it was the best of times, and the worst of times"
    text = "xx it was the best <é> zz".encode()
    bits = np.zeros(len(text))
    bits[:2] = 9.5
    made = sample_html(text, bits, corpus)
    parser = Balanced()
    parser.feed(made)
    assert not parser.open
    assert parser.text == text.decode()
    assert made.startswith('<i class="h7">xx</i>')
    (copy,) = spans(match_lengths(text, corpus), 12)
    assert f"{copy[1] - copy[0]} bytes, verbatim" in made
    assert "<u " not in sample_html(text, bits, b"")
    assert sample_html(b"a\xff\x00", np.ones(3), b"").count("\N{REPLACEMENT CHARACTER}") == 2


def test_axes_are_round_and_hold_what_they_show() -> None:
    for values in ([0.3, 7.1], [5.0], [], [-2.0, 0.01], [float("nan"), 1e-3, 2e-3]):
        found = axis("x", values)
        finite = [value for value in values if np.isfinite(value)]
        assert all(found.low <= value <= found.high for value in finite)
        assert 2 <= len(found.ticks) <= 12
    assert axis("x", [3.0, 4.0], zero=True).low == 0
    frame = Frame(Axis("x", 1, 256, log=True), Axis("y", 0, 1))
    left, right = frame.at(1, 0)[0], frame.at(256, 0)[0]
    assert frame.at(16, 0)[0] == pytest.approx((left + right) / 2)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("compare", "txt"), "did you mean 'text'"),
        (("compare", "image", "x.png"), "there is no medium 'image'"),
        (("compare",), "MEDIUM"),
        (("compare", "text", "nowhere.txt"), "nowhere.txt"),
        (("compare", "text", "-c", "nope"), "no compressor 'nope'"),
        (("compare", "text", "--executor", "ray://x"), "dask://HOST:PORT"),
        (("compare", "text", "-", "-"), "standard input"),
        (("compare", "text", "--prompts", "0"), "--prompts must be 1 or more"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(words: tuple[str, ...], complaint: str) -> None:
    found = cgen(*words, ok=False)
    assert found.status == 2
    assert complaint.lower() in found.err.lower()
    assert len(found.err.strip().splitlines()) == 1


def test_a_text_that_is_too_short_is_refused() -> None:
    found = cgen("compare", "text", "-", stdin=b"too short", ok=False)
    assert found.status == 1
    assert "too few to be split" in found.err
