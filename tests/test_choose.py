"""`cgen choose`: questions and their faults, siblings, primes, scores, ties, and resuming."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compgen.cli import choose as command
from compgen.errors import InputError, UsageError
from compgen.evaluation.accuracy import METRICS, accuracies, best_endings, chance, credit, values
from compgen.evaluation.bootstrap import bootstrap_mean
from compgen.evaluation.choice import Judge, Scored
from compgen.evaluation.journal import Journal
from compgen.evaluation.priming import Prime, Primer, TextPrimer
from compgen.evaluation.question import Question
from compgen.evaluation.question_file import FORMATS, LARGEST_ROW, read_questions
from compgen.evaluation.siblings import sibling_groups
from compgen.reading import Reading
from compgen.registry import get_compressor

from .command_line import cgen, run
from .test_cli import Interrupting, interrupting

__all__ = ["interrupting"]  # a fixture

HEIGHTS = [
    ("High jump", "A boy is running down a track. the boy", "lifts his body above the height"),
    ("High jump", "The boy lifts his body above the height of a pole. the boy", "gets up quickly"),
    ("High jump", "An athlete stretches before the contest begins. she", "jumps over the bar"),
    ("Chess", "Two men sit at a table in the park. one man", "moves the white queen"),
    ("Chess", "A crowd watches the last game of the day. the player", "stops the clock"),
]


def rows(count: int = 5) -> list[dict[str, Any]]:
    """HellaSwag's fields; the right ending is always the first of three, by content only."""
    found = []
    for index in range(count):
        topic, context, right = HEIGHTS[index % len(HEIGHTS)]
        endings = [right, "xq zvw kjh qpy bvn", "flarp 83 gnusk, wibble 7"]
        turn = index % 3
        found.append(
            {
                "activity_label": topic,
                "ctx": context,
                "endings": endings[turn:] + endings[:turn],
                "label": (3 - turn) % 3,
            }
        )
    return found


def jsonl(objects: Sequence[Any]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in objects)


def read(objects: Sequence[Any], form: str = "auto") -> list[Question]:
    return read_questions(jsonl(objects), "file", form)[1]


def question(row: int, context: str, endings: Sequence[str] = ("a", "b"), **more: Any) -> Question:
    plain = Question(row, row + 1, context, tuple(endings), 0, True, endings[0])
    return replace(plain, **more)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("questions.jsonl")
    path.write_bytes(jsonl(rows()))
    return path


# The formats


def test_the_formats_are_told_apart_by_their_fields() -> None:
    generic = {"ctx": "a b", "endings": ["c", "d"], "label": "1"}
    piqa = {"goal": "open a jar", "sol1": "twist", "sol2": "shout", "label": 0}
    lambada = {"context": "Ann met Bob. Bob thanked", "continuation": "Ann"}
    assert read_questions(jsonl(rows()), "file")[0] == "hellaswag"
    assert read_questions(jsonl([generic]), "file")[0] == "generic"
    assert read_questions(jsonl([piqa]), "file")[0] == "piqa"
    assert read_questions(jsonl([lambada]), "file")[0] == "lambada"
    (found,) = read([generic])
    assert (found.context, found.endings, found.label, found.answer) == ("a b", ("c", "d"), 1, "d")
    assert found.continuations == (b" c", b" d")
    assert found.solved == b"a b d"
    (found,) = read([piqa])
    assert (found.context, found.endings, found.label) == ("open a jar", ("twist", "shout"), 0)
    assert read(rows())[3].topic == "Chess"


def test_the_last_word_is_chosen_among_those_of_the_context() -> None:
    (found,) = read([{"context": "Ann met Bob. Bob didn't thank", "continuation": "Ann"}])
    assert found.endings == ("Ann", "met", "Bob", "didn't", "thank")
    assert (found.label, found.labelled) == (0, True)
    (same,) = read([{"text": "Ann met Bob. Bob didn't thank Ann"}])
    assert replace(same, line=found.line) == found
    # a word that is not among them cannot be found, and counts
    (absent,) = read([{"context": "Ann met Bob. Bob thanked", "continuation": "Eve"}])
    assert (absent.label, absent.labelled, absent.endings[0]) == (None, True, "Ann")
    assert chance([found, absent]) == pytest.approx((1 / 5 + 0) / 2)


def test_test_files_have_no_labels() -> None:
    for label in (None, "", -1, "-1"):
        (found,) = read([{"ctx": "a", "endings": ["b", "c"], "label": label}])
        assert (found.label, found.labelled, found.answer) == (None, False, "")
        assert found.solved == b"a"
    (found,) = read([{"ctx": "a", "endings": ["b", "c"]}])
    assert not found.labelled
    assert chance([found]) is None


GOOD = b'{"ctx": "a", "endings": ["b", "c"], "label": 0}\n'
HUGE = b'{"ctx": "' + b"a" * LARGEST_ROW + b'", "endings": ["b", "c"]}\n'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "file is empty"),
        (b"\n \n", "file is empty"),
        (GOOD + b"hello\n", "line 2: not JSON (Expecting value at character 1)"),
        (GOOD + b"\n" + b'{"ctx": "a"', "line 3: not JSON"),
        (b"\x1f\x8b\x08\x00\xff\n", "line 1: byte 2 is not UTF-8"),
        (b'["a", "b"]\n', "line 1: a JSON array where an object is expected"),
        (b"3\n", "line 1: a JSON number where an object is expected"),
        (b"[" * 100_000 + b"\n", "line 1: not JSON that can be read"),
        (b"1" * 5000 + b"\n", "line 1: not JSON that can be read"),
        (b'{"question": "a", "options": []}\n', "no known format has these fields (question, opt"),
        (b"{}\n", "no known format has these fields (no fields)"),
        (GOOD + b'{"ctx": "a", "label": 0}\n', "line 2: no endings; a question has a list of two"),
        (b'{"ctx": "a", "endings": "bc"}\n', "line 1: no endings"),
        (b'{"ctx": "a", "endings": []}\n', "line 1: no endings are no choice"),
        (b'{"ctx": "a", "endings": ["b"]}\n', "line 1: one ending is no choice"),
        (b'{"ctx": "a", "endings": ["b", ""]}\n', "line 1: ending 2 is empty"),
        (b'{"ctx": "a", "endings": ["b", 3]}\n', "line 1: ending 2 is a JSON number, not a string"),
        (b'{"endings": ["b", "c"]}\n', "line 1: there is no 'ctx'"),
        (b'{"ctx": null, "endings": ["b", "c"]}\n', "line 1: 'ctx' is a JSON null, not a string"),
        (GOOD.replace(b"0}", b"2}"), "line 1: the label 2 is out of range; there are 2 endings"),
        (GOOD.replace(b"0}", b'"7"}'), "line 1: the label 7 is out of range"),
        (GOOD.replace(b"0}", b"-2}"), "line 1: the label -2 is out of range"),
        (GOOD.replace(b"0}", b"true}"), "line 1: the label is true; expected 0 to 1"),
        (GOOD.replace(b"0}", b"0.0}"), "line 1: the label is 0.0; expected 0 to 1"),
        (GOOD.replace(b"0}", b'"b"}'), 'line 1: the label is "b"; expected 0 to 1'),
        (GOOD.replace(b'"a"', rb'"\ud800"'), "line 1: half a surrogate pair"),
        (GOOD + HUGE, "line 2: 1,048,6"),
        (b'{"goal": "a", "sol1": "b"}\n', "line 1: there is no 'sol2'"),
        (b'{"context": "one", "continuation": "b"}\n', "line 1: the context needs two different"),
        (b'{"context": "one two", "continuation": " "}\n', "line 1: the context needs two diff"),
    ],
)
def test_a_fault_is_one_line_with_its_number(data: bytes, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_questions(data, "file")
    message = str(caught.value)
    assert says in message
    assert message.startswith("file")
    assert "\n" not in message
    assert len(message) < 250


def test_an_unknown_format_and_what_is_harmless() -> None:
    with pytest.raises(UsageError, match="no format 'hellaswog'; did you mean 'hellaswag'"):
        read_questions(GOOD, "file", "hellaswog")
    questions = read_questions(b"\xef\xbb\xbf" + GOOD + b"\r\n\n" + GOOD.strip(), "file")[1]
    assert [(found.row, found.line) for found in questions] == [(0, 1), (1, 4)]
    assert set(command.FORMATS) == {"auto", *FORMATS}
    assert set(command.PRIMES) == set(Prime)


# Siblings and primes


def test_clips_of_one_video_are_siblings() -> None:
    groups = sibling_groups(read(rows()))
    # the first row's right ending stands in the second row's context
    assert groups.tolist() == [0, 0, 2, 3, 4]
    alone = [question(0, "He smiles. a"), question(1, "He smiles. b")]
    assert sibling_groups(alone).tolist() == [0, 1], "short sentences tell nothing"
    shared = "Then the old man opens the door slowly. "
    chained = [
        question(0, shared + "he"),
        question(1, shared + "Now nobody is left in the house. she"),
        question(2, "Now nobody is left in the house! it"),
        question(3, "[header] How to paint a very old door [step] Sand"),
        question(4, "[header] How to paint a very old door [step] Rinse"),
        question(5, "x", source="v_1"),
        question(6, "y", source="v_1"),
    ]
    assert sibling_groups(chained).tolist() == [0, 0, 0, 3, 3, 5, 5]


def test_siblings_do_not_depend_on_labels() -> None:
    told = read(rows())
    blind = [replace(found, label=None, labelled=False, answer="") for found in told]
    assert sibling_groups(told).tolist() == sibling_groups(blind).tolist()


def primes(kind: Prime, budget: int = 10_000) -> list[bytes]:
    questions = read(rows())
    primer = Primer(questions, sibling_groups(questions), kind, budget)
    return [primer(found) for found in questions]


@pytest.mark.parametrize("kind", [Prime.LEADING, Prime.TOPIC, Prime.RETRIEVAL])
def test_no_question_is_primed_with_itself_or_a_sibling(kind: Prime) -> None:
    found = primes(kind)
    for index in (0, 1):
        assert b"running down a track" not in found[index]
        assert b"the height" not in found[index]
        assert found[index].count(b"\n") == 3
    assert found[2].count(b"\n") == 4
    assert b"stretches" not in found[2]
    assert all(b"xq zvw" not in prime for prime in found), "only right endings are told"


def test_what_is_preferred_is_nearest() -> None:
    solved = [found.solved + b"\n" for found in read(rows())]
    assert primes(Prime.NONE) == [b""] * 5
    assert primes(Prime.LEADING)[2] == b"".join(solved[index] for index in (4, 3, 1, 0))
    assert primes(Prime.TOPIC)[3] == b"".join(solved[index] for index in (2, 1, 0, 4))
    assert primes(Prime.TOPIC, len(solved[4]))[3] == solved[4]
    assert len(primes(Prime.LEADING, 150)[4]) <= 150
    near = [
        question(0, "the quick brown fox jumps over the lazy dog"),
        question(1, "nothing of that kind is here, 12345"),
        question(2, "my quick brown fox jumps over your lazy dog"),
    ]
    primer = Primer(near, np.arange(3), Prime.RETRIEVAL)
    assert primer(near[0]) == near[1].solved + b"\n" + near[2].solved + b"\n"


def test_topics_are_needed_where_they_are_asked_for() -> None:
    with pytest.raises(InputError, match="no row has a topic"):
        Primer([question(0, "a")], np.zeros(1, np.int64), Prime.TOPIC)


def test_the_end_of_a_text_primes_every_question() -> None:
    questions = read(rows())
    text = b"It was the best of times.\nThe boy moves the white queen, and Ann"
    primer = TextPrimer(text)
    assert {primer(found) for found in questions} == {text + b"\n"}
    assert primer.found_in(questions) == 1, "one answer stands in it"
    assert TextPrimer(text + b"\n", 9)(questions[0]) == b" and Ann\n"
    assert TextPrimer(text, 9).found_in(questions) == 0
    with pytest.raises(InputError, match="corpus is empty"):
        TextPrimer(b"")


# Scores


@pytest.mark.parametrize("spec", ["zstd", "brotli:quality=5", "bz2"])
def test_bits_are_the_conditionals(spec: str) -> None:
    questions = read(rows())
    prime = b"the boy and the girl and the dog\n" * 20
    judge = Judge(get_compressor(spec), Reading.BYTES)
    for found in questions:
        scored = judge.score(found, prime)
        compressor = get_compressor(spec)

        def length(data: bytes, of: Any = compressor) -> int:
            return 8 * len(of.compress(data))

        context = prime + found.context.encode()
        for ending, bits, alone in zip(
            found.continuations, scored.bits, scored.unconditional, strict=True
        ):
            assert bits == length(context + ending) - length(context)
            assert alone == length(prime + ending) - length(prime)


def test_a_judge_says_what_auto_means() -> None:
    class Plain(Interrupting):  # of which whole bytes are all that can be read
        default_dither = 8

    judge = Judge(Plain())
    assert (judge.reading, judge.dither) == (Reading.BYTES, 8)
    assert Judge(Interrupting(), Reading.BYTES).dither == 0
    assert Judge(get_compressor("gzip")).dither == 0
    with pytest.raises(UsageError, match="has no reading 'frozen'"):
        Judge(get_compressor("bz2"), Reading.FROZEN)


def test_a_new_prime_is_read() -> None:
    judge = Judge(get_compressor("bz2"), Reading.BYTES)
    first, *_ = read(rows())
    one, other = (judge.score(first, prime) for prime in (b"", 9 * first.solved))
    assert one.bits.tolist() != other.bits.tolist()
    assert judge.score(first, b"").bits.tolist() == one.bits.tolist()


def scored(row: int, bits: Sequence[float], without: Sequence[float] | None = None) -> Scored:
    plain = np.array(bits, np.float64)
    return Scored(row, plain, plain * 0 if without is None else np.array(without, np.float64))


def test_what_each_metric_ranks_by() -> None:
    found = values(question(0, "a", ("abcd", "éé")), scored(0, [8, 6], [3, 5]))
    assert {metric: bits.tolist() for metric, bits in found.items()} == {
        "acc": [8, 6],
        "acc_char": [2, 3],
        "acc_byte": [2, 1.5],
        "acc_pmi": [5, 1],
        "acc_blind": [0.75, 2.5],
    }
    certain = values(question(0, "a"), scored(0, [np.inf, 6], [np.inf, 5]))["acc_pmi"]
    assert certain.tolist() == [np.inf, 1]


def test_ties_are_split_and_never_by_the_label() -> None:
    assert best_endings(np.array([3.0, 1.0, 1.0 + 1e-12, 2.0])).tolist() == [1, 2]
    assert credit(np.array([1, 2]), 1) == credit(np.array([1, 2]), 2) == 0.5
    assert credit(np.array([1, 2]), 0) == 0
    assert credit(np.array([1]), None) == 0
    # whatever the labels, four endings that all tie earn chance
    rng = np.random.default_rng(1)
    questions = [question(row, "a", "bcde", label=int(rng.integers(4))) for row in range(20)]
    found = accuracies(questions, [scored(row, [5] * 4) for row in range(20)], np.arange(20), rng)
    assert found["acc"].value == 0.25
    assert (found["acc"].tied, found["acc"].tied_with_right) == (20, 20)
    assert found["acc"].interval.low == found["acc"].interval.high == 0.25


def test_accuracies_count_labelled_rows_only() -> None:
    questions = [
        question(0, "a", "bcd", label=0),
        question(1, "a", "bcd", label=None, labelled=False),
        question(2, "a", "bcd", label=None, labelled=True),
        question(3, "a", "bcd", label=2),
    ]
    scores = [
        scored(0, [1, 2, 3]),
        scored(1, [1, 2, 3]),
        scored(2, [1, 2, 3]),
        scored(3, [2, 1, 1]),
    ]
    found = accuracies(questions, scores, np.arange(4), np.random.default_rng(0))
    assert set(found) == set(METRICS)
    assert found["acc"].value == pytest.approx((1 + 0 + 0.5) / 3)
    assert (found["acc"].tied, found["acc"].tied_with_right) == (1, 1)
    together = accuracies(questions, scores, np.zeros(4, np.int64), np.random.default_rng(0))
    interval = together["acc"].interval
    assert interval.low == interval.high == found["acc"].value, "one cluster is always drawn whole"
    assert found["acc"].interval.low < found["acc"].value < found["acc"].interval.high
    assert accuracies(questions, scores[1:2], np.arange(4), np.random.default_rng(0)) == {}


def test_the_bootstrap_draws_clusters() -> None:
    rng = np.random.default_rng(5)
    coins = (rng.random(2000) < 0.3).astype(float)
    single = bootstrap_mean(coins, np.arange(2000), rng)
    # the normal approximation of a mean of independent values
    half = 1.96 * coins.std() / np.sqrt(2000)
    assert (single.high - single.low) / 2 == pytest.approx(half, rel=0.15)
    assert single.low < coins.mean() < single.high
    # each value four times: four times the rows, and no more is known
    fourfold = bootstrap_mean(np.repeat(coins, 4), np.repeat(np.arange(2000), 4), rng)
    assert (fourfold.high - fourfold.low) / 2 == pytest.approx(half, rel=0.15)
    again = [bootstrap_mean(coins, np.arange(2000), np.random.default_rng(7)) for _ in range(2)]
    assert again[0] == again[1]


# The journal


ASKED = {"compgen": "choose", "file_sha256": "00", "runs": [{"compressor": "gzip"}]}


def test_a_journal_remembers_exactly(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    score = scored(3, [0.1 + 0.2, np.inf, 1e-300], [1 / 3, 2, 3])
    with Journal(path, ASKED) as journal:
        assert journal.done == {}
        journal.add(0, score)
    with Journal(path, ASKED) as journal:
        assert journal.done[0, 3].bits.tolist() == score.bits.tolist()
        assert journal.done[0, 3].unconditional.tolist() == score.unconditional.tolist()
    assert path.read_bytes().count(b"\n") == 2


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, ASKED) as journal:
        journal.add(0, scored(0, [1, 2]))
        journal.add(0, scored(1, [1, 2]))
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with Journal(path, ASKED) as journal:
            assert len(journal.done) == max(whole[:cut].count(b"\n") - 1, 0)
            for row in {0, 1} - {row for _, row in journal.done}:
                journal.add(0, scored(row, [1, 2]))
        assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_what_is_not_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, ASKED):
        pass
    before = path.read_bytes()
    with pytest.raises(UsageError, match="holds another run, which differs in: runs; name"):
        Journal(path, ASKED | {"runs": []})
    with Journal(path, ASKED), pytest.raises(UsageError, match="written by another run"):
        Journal(path, ASKED)
    assert path.read_bytes() == before
    for text in (b"my diary\n", b"my diary", b'{"a": 1}\n'):
        path.write_bytes(text)
        with pytest.raises(InputError, match="is not a file that cgen choose wrote"):
            Journal(path, ASKED)
        assert path.read_bytes() == text
    path.write_bytes(before + b'{"run": 0}\n')
    with pytest.raises(InputError, match="line 2: not a score"):
        Journal(path, ASKED)


# The command


def test_the_fields_and_the_answers(file: Path) -> None:
    ended = cgen("choose", file, "-c", "gzip", "-c", "bz2", "--prime", "leading", "--json",
                 "--reading", "auto", "--reading", "bytes")  # fmt: skip
    found = json.loads(ended.text)
    assert (found["format"], found["questions"], found["labelled"]) == ("hellaswag", 5, 5)
    assert found["chance"] == pytest.approx(1 / 3)
    names = [(each["compressor"], each["reading"]) for each in found["runs"]]
    assert names == [
        ("gzip", "marginal"), ("gzip", "bytes"), ("bz2", "payload"), ("bz2", "bytes")
    ]  # fmt: skip
    questions = read(rows())
    for each in found["runs"]:
        assert set(each["accuracies"]) == set(METRICS)
        right = [
            credit(np.array(prediction["acc_char"]), questions[prediction["row"]].label)
            for prediction in each["predictions"]
        ]
        assert each["accuracies"]["acc_char"]["value"] == np.mean(right)
    # English after English, against gibberish
    assert found["runs"][0]["accuracies"]["acc_char"]["value"] == 1
    assert any("do not name their source" in note for note in found["notes"])
    assert [line["acc"] for line in found["published"]] == [28.59, 28.92, 32.5, 33.0]


def test_a_corpus_of_ones_own(file: Path) -> None:
    corpus = b"\n".join(read(rows())[row].solved for row in (0, 1, 2))
    Path("corpus").write_bytes(b"x" * 100 + corpus)
    words = ("choose", file, "--reading", "bytes", "--prime-bytes", str(len(corpus) + 1), "--json")
    found = json.loads(cgen(*words, "--corpus", "corpus", "--out", "scores").text)
    assert any("right ending of 3 of 5 rows" in note for note in found["notes"])
    assert found["runs"][0]["accuracies"]["acc"]["value"] == 1
    scores = [json.loads(line) for line in Path("scores").read_bytes().splitlines()[1:]]
    judge = Judge(get_compressor("gzip"), Reading.BYTES)
    for question, score in zip(read(rows()), scores, strict=True):
        assert score["bits"] == judge.score(question, corpus + b"\n").bits.tolist()
    ended = cgen(*words, "--out", "scores", ok=False)
    assert "differs in: prime_bytes, corpus_sha256" in ended.err


def test_the_table_fits_and_says_what_it_shows(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = cgen("choose", file, "--reading", "bytes", "--prime", "topic").text.splitlines()
    assert lines[0].split() == ["spec", "reading", "n", "acc", "/char", "pmi", "blind", "ties"]
    assert lines[1].split()[:3] == ["gzip", "bytes", "5"]
    assert lines[2] == "chance 33.3 %"
    text = " ".join(" ".join(lines).split())
    assert "GPT-2 124M 28.6 / 29.6 %" in text
    assert "siblings excluded: 4 groups of 5 rows" in text
    assert max(map(len, lines)) <= 80


def test_unlabelled_files_have_predictions(file: Path) -> None:
    blind = [{key: row[key] for key in row if key != "label"} for row in rows()]
    told = json.loads(cgen("choose", file, "--json").text)
    file.write_bytes(jsonl(blind))
    found = json.loads(cgen("choose", file, "--json").text)
    assert (found["labelled"], found["chance"]) == (0, None)
    (only,) = found["runs"]
    assert only["accuracies"] == {}
    assert only["predictions"] == told["runs"][0]["predictions"]
    shown = " ".join(cgen("choose", file).text.split())
    assert "No question is labelled; --json has the predictions." in shown


def test_the_seed_is_of_the_interval_alone(file: Path) -> None:
    runs = [json.loads(cgen("choose", file, "--json", "--seed", seed).text) for seed in "001"]
    for each in runs:
        del each["runs"][0]["cpu_seconds"]
    assert runs[0] == runs[1]
    assert runs[0]["runs"][0]["predictions"] == runs[2]["runs"][0]["predictions"]


@pytest.mark.usefixtures("interrupting")
def test_a_stopped_run_goes_on(file: Path) -> None:
    words = ("choose", file, "-c", Interrupting.name, "--out", "scores", "--json", "--dither", "0")
    Interrupting.left = 25
    ended = cgen(*words, ok=False)
    assert (ended.status, Interrupting.left) == (130, 0)
    part = json.loads(ended.text)["runs"][0]["scored"]
    assert 0 < part < 5
    assert f"interrupted after {part} of 5 questions" in ended.err
    assert Path("scores").read_bytes().count(b"\n") == 1 + part
    Interrupting.left = 0
    whole = json.loads(cgen(*words).text)["runs"][0]
    after_resuming = -Interrupting.left
    Interrupting.left = 0
    straight = json.loads(cgen(*words[:4], *words[6:]).text)["runs"][0]
    assert -Interrupting.left > after_resuming, "what was scored is not scored again"
    assert whole["predictions"] == straight["predictions"]
    assert whole["accuracies"] == straight["accuracies"]
    Interrupting.left = 0
    cgen(*words)
    assert Interrupting.left == 0


def test_a_limit_can_be_raised_and_another_spec_is_refused(file: Path) -> None:
    words = ("choose", file, "--reading", "bytes", "--out", "scores", "--json")
    assert json.loads(cgen(*words, "--limit", "2").text)["runs"][0]["scored"] == 2
    assert json.loads(cgen(*words).text)["runs"][0]["scored"] == 5
    before = Path("scores").read_bytes()
    for other in (("-c", "zstd"), ("--prime", "leading"), ("--dither", "3")):
        ended = cgen(*words, *other, ok=False)
        assert ended.status == 2
        assert "scores holds another run, which differs in: " in ended.err
    file.write_bytes(jsonl(rows(6)))
    assert "differs in: file_sha256" in cgen(*words, ok=False).err
    assert Path("scores").read_bytes() == before


def test_a_killed_run_leaves_whole_scores(file: Path) -> None:
    file.write_bytes(jsonl(rows(400)))
    words = ("choose", file, "-c", "bz2", "--reading", "bytes", "--out", "scores", "-q")
    ended = run(*words, shell='"$@" & while ! [ "$(wc -l < scores)" -gt 20 ]; do :; done 2>&-; '
                "kill -9 $!")  # fmt: skip
    assert ended.out == b""
    scores = Path("scores").read_bytes().splitlines()
    done = {json.loads(line)["row"] for line in scores[1:-1]}
    assert len(done) >= 19
    whole = cgen("choose", file, "-c", "bz2", "--reading", "bytes", "--out", "scores", "--json")
    (only,) = json.loads(whole.text)["runs"]
    assert only["scored"] == 400
    lines = [json.loads(line)["row"] for line in Path("scores").read_bytes().splitlines()[1:]]
    assert sorted(lines) == list(range(400)), "each row once"


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("nowhere.jsonl",), 2, "nowhere.jsonl: no such file"),
        (("questions.jsonl", "--format", "piqa"), 1, "questions.jsonl, line 1: there is no 'goal'"),
        (("questions.jsonl", "--format", "piqua"), 2, "no format 'piqua'; did you mean 'piqa'"),
        (("questions.jsonl", "--prime", "all"), 2, "there is no prime 'all'"),
        (("questions.jsonl", "--reading", "byte"), 2, "there is no reading 'byte'; did you mean"),
        (("questions.jsonl", "-c", "gzop"), 2, "there is no compressor 'gzop'"),
        (("questions.jsonl", "--limit", "0"), 2, "--limit must be 1 or more, not 0"),
        (("questions.jsonl", "--corpus", "nowhere"), 2, "nowhere: no such file"),
        (("questions.jsonl", "--corpus", os.devnull), 1, "the corpus is empty"),
        (("questions.jsonl", "--corpus", "x", "--prime", "topic"), 2, "exclude each other"),
        (("-", "--corpus", "-"), 2, "standard input can be read for one thing only"),
        (("questions.jsonl", "--out", "no/where"), 1, "no/where: No such file or directory"),
        ((), 2, "missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_words(file: Path, words: tuple[str, ...], status: int, says: str) -> None:
    ended = cgen("choose", *words, ok=False)
    assert (ended.status, ended.out) == (status, b"")
    assert says in ended.err
    assert len(ended.err.splitlines()) == 1


def test_it_reads_stdin(file: Path) -> None:
    ended = cgen("choose", "-", "--reading", "bytes", "--json", stdin=file.read_bytes())
    assert json.loads(ended.text)["questions"] == 5
    assert os.listdir() == ["questions.jsonl"]
