"""`compgen compare` on the command line, and the page that it writes."""

import csv
import json
import shutil
import subprocess
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compgen.experiment.paired import differences
from compgen.experiment.quality import Prediction, Quality
from compgen.metrics.calibration import Reliability
from compgen.metrics.copying import match_lengths, spans
from compgen.metrics.intervals import Mean
from compgen.report.compare_table import Comparison
from compgen.report.html.forest import forest
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


def quality(label: str, **values: Any) -> Quality:
    """A row of which nothing is known but `values`."""
    plain: dict[str, Any] = {
        field.name: Mean(0, 0, 0) for field in fields(Quality) if field.type is Mean
    }
    plain |= {"wasserstein": 0, "utf8": 1, "auc": 0.5, "jensen_shannon": 0}
    return Quality(label=label, **{**plain, **values})


def predicted(paid: list[float]) -> Prediction:
    none = np.zeros(0)
    bins = Reliability(none, none, np.zeros(0, np.int64))
    return Prediction(Mean(0, 0, 0), Mean(0, 0, 0), 1, none, bins, none, np.array(paid))


def test_differences_are_taken_pair_by_pair() -> None:
    excess = np.array([0.9, 0.1, 0.5, 0.3])
    paid = [5.0, 0.1, 3.0, 1.0, 2.0]
    run: Any = object()
    first = quality("first", excess=excess, copied=np.zeros(4), prediction=predicted(paid), run=run)
    # always a quarter of a bit less than the first: nothing is unsure about that
    other = quality(
        "other",
        excess=excess - 0.25,
        copied=np.array([0.0, 1.0, 0.0, 0.0]),
        prediction=predicted([bits + 1 for bits in paid]),
        run=run,
    )
    real = quality("real text", excess=np.zeros(4), copied=np.zeros(4))
    truth, found = differences([real, first, other], first)
    assert (truth.label, found.label) == ("real text", "other")
    assert found.cross_entropy == pytest.approx((1, 1, 1))
    assert found.gap == pytest.approx((-0.25, -0.25, -0.25))
    assert found.gap.excludes_zero
    assert found.distance is not None
    assert found.distance.value == pytest.approx(abs(excess.mean() - 0.25) - abs(excess.mean()))
    assert found.copied.value == 0.25
    assert not found.copied.excludes_zero
    assert (truth.cross_entropy, truth.distance) == (None, None)
    assert truth.gap.value == pytest.approx(-excess.mean())
    assert set(found.as_dict()) > {"difference_gap", "difference_gap_low", "difference_copied"}
    assert "difference_distance" not in truth.as_dict()
    fewer = replace(other, prediction=predicted(paid[:3]))
    assert differences([fewer], first)[0].cross_entropy is None, "other positions"


def test_the_reference_can_be_named() -> None:
    run: Any = object()
    nothing: Any = None
    rows = [quality("real text"), *(quality(name, run=run) for name in ("noise", "one", "two"))]
    plain = Comparison("x", "00", nothing, 2.0, rows, frozenset(["noise"]))
    assert plain.reference is rows[2], "a baseline was not asked for"
    assert replace(plain, against="two").reference is rows[3]
    assert replace(plain, against="gone").reference is rows[2]
    assert [one.label for one in plain.differences] == ["real text", "noise", "two"]
    alone = replace(plain, rows=rows[:2])
    assert (alone.reference, alone.differences) == (None, ())


def test_the_first_that_is_asked_for_is_the_reference(text: Path, tmp_path: Path) -> None:
    kept = ("--out", str(text.parent / "two"))
    words = ("compare", "text", str(text), "-c", "ngram", "-c", "uniform", *SMALL, *kept)
    found = json.loads(cgen(*words, "--json", "--csv", str(tmp_path / "rows.csv")).out)
    assert found["against"] == "ngram"
    rows = {row["label"]: row for row in found["rows"]}
    assert "difference_gap" not in rows["ngram"]
    noise = rows["uniform"]
    assert noise["difference_gap"] == pytest.approx(noise["gap"] - rows["ngram"]["gap"])
    assert noise["difference_cross_entropy"] == pytest.approx(8 - rows["ngram"]["cross_entropy"])
    assert noise["difference_gap_low"] < noise["difference_gap"] < noise["difference_gap_high"]
    with (tmp_path / "rows.csv").open() as file:
        lines = {row["label"]: row for row in csv.DictReader(file)}
    assert float(lines["uniform"]["difference_copied"]) == noise["difference_copied"]
    assert lines["ngram"]["difference_copied"] == ""
    shown = cgen(*words).out.decode()
    table = shown[shown.index("against ngram") :].splitlines()
    assert table[0].split()[2:] == ["bits/byte", "gap", "|gap|", "copied"]
    (line,) = (line.split() for line in table if line.startswith("uniform "))
    assert line[1] == f"{noise['difference_cross_entropy']:+.2f}"
    assert line[4].endswith("*"), "8 bits a byte are more"
    for name in ("uniform", "real text"):
        named = json.loads(cgen(*words, "--json", "--against", name).out)
        assert named["against"] == name
    wrong = cgen(*words, "--against", "ngra", ok=False)
    assert wrong.status == 2
    assert "there is no such row; did you mean 'ngram'?" in wrong.err


def test_a_forest_plot_is_not_flattened_by_one_row() -> None:
    near = [(index, f"row <{index}>", Mean(0.1 * index, -0.1, 0.5)) for index in range(1, 4)]
    svg = forest(
        [*near, (4, "noise", Mean(60, 59, 61)), (5, "none", Mean(float("nan"), 0, 0))], "d"
    )
    parser = Balanced()
    parser.feed(svg)
    assert not parser.open
    assert svg.count("<circle") == 3
    assert svg.count('z"') == 1, "an arrow for what is far off"
    assert "+60.00 ±1.00*" in parser.text
    assert "+0.10 ±0.30" in parser.text
    assert "row <1>" in parser.text
    assert "none" not in parser.text
    places = [float(part.split('"')[0]) for part in svg.split('<circle cx="')[1:]]
    assert places == sorted(places)
    assert places[2] - places[0] > 20, "pixels"
    assert forest([], "d") == ""


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
    shown = ("Quality and novelty", "Calibration", "some <text>.txt", "Prompt 1", "Against ngram")
    for word in (*shown, "Difference in bits/byte"):
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
        (("compare", "video", "x.avi"), "there is no medium 'video'"),
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
