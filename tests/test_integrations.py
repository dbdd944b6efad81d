"""compgen inside `llm` and lm-evaluation-harness: with the real programs, where installed."""

import importlib
import json
import math
import tomllib
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compgen.generation import generate
from compgen.registry import get_compressor, names

from .command_line import cgen
from .texts import ENGLISH

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("corpus")
    path.write_bytes(ENGLISH[:3000])
    return path


# llm


@pytest.fixture
def llm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The `llm` package with our plug-in, as its entry point would load it."""
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path / "llm"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.filters", [])  # what its dependencies warn of is theirs
        module = pytest.importorskip("llm")
    entry = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["llm"]
    plugin = importlib.import_module(entry["compgen"])
    found: list[Any] = []
    plugin.register_models(lambda model, **_: found.append(model))
    return types.SimpleNamespace(
        module=module, plugin=plugin, models={model.model_id: model for model in found}
    )


def test_each_model_is_a_compressor(llm: Any) -> None:
    assert set(llm.models) == {"compgen", *(f"compgen-{name}" for name in llm.plugin.NAMED)}
    assert set(llm.plugin.NAMED) <= set(names())
    assert all(model.can_stream for model in llm.models.values())


def test_llm_finds_the_plug_in(llm: Any) -> None:
    from importlib.metadata import entry_points

    if not any(found.name == "compgen" for found in entry_points(group="llm")):
        pytest.skip("compgen was installed before it had the entry point: pip install -e .")
    (found,) = entry_points(group="llm", name="compgen")
    assert found.load() is llm.plugin
    # and so does its own plug-in manager, which calls the hook by its name
    llm.module.plugins.pm.register(llm.plugin, "compgen-for-a-test")
    try:
        models: list[Any] = []
        llm.module.plugins.pm.hook.register_models(
            register=lambda model, *_, **__: models.append(model), model_aliases=[]
        )
        assert {"compgen", "compgen-gzip"} <= {model.model_id for model in models}
    finally:
        llm.module.plugins.pm.unregister(name="compgen-for-a-test")


PROMPT = "The statement "


def test_it_writes_what_compgen_writes(llm: Any, corpus: Path) -> None:
    options = {"n": 60, "seed": 4, "corpus": str(corpus), "reading": "bytes", "compressor": "zstd"}
    response = llm.models["compgen"].prompt(PROMPT, **options)
    pieces = list(response)
    (expected,) = generate(
        PROMPT, compressor="zstd", corpus=corpus, n=60, seed=4, reading="bytes", sampler=None
    )
    assert "".join(pieces) == response.text() == expected.text
    assert len(pieces) > 30, "it streams"
    assert response.response_json["seed"] == 4
    assert response.response_json["compressor"] == "zstd"
    assert (response.input_tokens, response.output_tokens) == (len(PROMPT), 60)
    again = llm.models["compgen"].prompt(PROMPT, stream=False, **options)
    assert again.text() == response.text()
    for other in (
        {"seed": 5},
        {"temperature": 0},
        {"min_p": 0},
        {"max_copy": 1},
        {"compressor": "zlib"},
    ):
        assert llm.models["compgen"].prompt(PROMPT, **{**options, **other}).text() != again.text()


def test_without_a_seed_the_drawn_one_is_told(llm: Any, corpus: Path) -> None:
    options = {"n": 20, "corpus": str(corpus), "reading": "bytes"}
    first = llm.models["compgen-zstd"].prompt(PROMPT, **options)
    text = first.text()
    seed = first.response_json["seed"]
    assert llm.models["compgen-zstd"].prompt(PROMPT, seed=seed, **options).text() == text


def test_characters_are_whole(llm: Any, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "aé漢\N{GRINNING FACE}z"

    def bytewise(_: object) -> Any:
        return ((bytes([value]), np.zeros(1)) for value in text.encode()[: length[0]])

    monkeypatch.setattr("compgen.generation.Writing._chunks", bytewise)
    for length, expected in (([11], [*text]), ([9], [*"aé漢", "\N{REPLACEMENT CHARACTER}"])):
        options = {"n": length[0], "corpus": str(corpus), "reading": "bytes"}
        assert list(llm.models["compgen-zstd"].prompt(PROMPT, **options)) == expected


def test_a_conversation_goes_on(llm: Any, corpus: Path) -> None:
    options = {"n": 12, "seed": 1, "corpus": str(corpus), "reading": "bytes"}
    conversation = llm.models["compgen-zstd"].conversation()
    first = conversation.prompt("The ", **options).text()
    second = conversation.prompt(" And ", **options).text()
    (expected,) = generate(
        f"The {first} And ", compressor="zstd", corpus=corpus, n=12, seed=1, reading="bytes"
    )
    assert second == expected.text
    plain = llm.models["compgen-zstd"].prompt("The ", system="Hear.", **options).text()
    (expected,) = generate(
        "Hear.\nThe ", compressor="zstd", corpus=corpus, n=12, seed=1, reading="bytes"
    )
    assert plain == expected.text


def test_what_is_wrong_is_said_in_the_way_of_llm(llm: Any) -> None:
    model = llm.models["compgen"]
    for options, says in [
        ({"compressor": "gzop"}, "there is no compressor 'gzop'; did you mean"),
        ({"corpus": "nowhere"}, "nowhere: no such file"),
        ({"compressor": "bz2", "reading": "frozen"}, "bz2 has no reading 'frozen'"),
    ]:
        with pytest.raises(llm.module.ModelError, match=says):
            model.prompt(PROMPT, **options).text()
    for wrong in ({"n": 0}, {"seed": -1}, {"temperature": -1}, {"width": 3}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            model.prompt(PROMPT, **wrong)


# lm-evaluation-harness


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """lm_eval, offline, with our model."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.filters", [])
        pytest.importorskip("lm_eval")
        return importlib.import_module("compgen.integrations.lm_eval")


def request(*arguments: Any) -> Any:
    return types.SimpleNamespace(args=arguments, arguments=arguments)


def test_log_likelihoods_are_bits(harness: Any, corpus: Path) -> None:
    model = harness.CompgenLM("zstd:level=8;long=20", reading="bytes", corpus=str(corpus))
    asked = [("The ", "end"), ("The ", "beginning"), ("", "The end")]
    found = model.loglikelihood([request(*pair) for pair in asked])
    compressor = get_compressor("zstd:level=8,long=20")
    prime = corpus.read_bytes()
    for (context, continuation), (log_p, _) in zip(asked, found, strict=True):
        conditional = compressor.condition(prime + context.encode(), reading="bytes")
        bits = conditional.bits([continuation.encode()])[0]
        assert log_p == pytest.approx(-bits * math.log(2))
    (rolling,) = model.loglikelihood_rolling([request("The end")])
    assert rolling == found[2][0]


def test_greedy_is_greedy(harness: Any, corpus: Path) -> None:
    model = harness.CompgenLM("zstd", reading="bytes", corpus=str(corpus))
    (written,) = model.generate_until([request("The ", {"max_gen_toks": 8})])
    assert len(written) == 8
    changed = written[:-1] + chr(ord(written[-1]) ^ 1)
    found = model.loglikelihood([request("The ", text) for text in (written, changed)])
    assert [greedy for _, greedy in found] == [True, False]


def test_generation_obeys_the_task(harness: Any, corpus: Path) -> None:
    model = harness.CompgenLM("zstd", reading="bytes", corpus=str(corpus), seed=3)
    (whole,) = model.generate_until([request("The ", {"max_gen_toks": 30, "until": []})])
    stop = whole[10:13]
    for until in (stop, [stop, "never seen"], ["", stop]):
        settings = {"max_gen_toks": 30, "until": until, "do_sample": False, "temperature": 0.7}
        (cut,) = model.generate_until([request("The ", settings)])
        assert cut == whole[: whole.find(stop)]
    sampled = {"max_gen_toks": 30, "do_sample": True, "temperature": 1.0}
    first, second = model.generate_until([request("The ", sampled)] * 2)
    assert len({first, second, whole}) == 3
    with pytest.warns(UserWarning, match="compgen ignores these settings of a task: num_beams"):
        model.generate_until([request("The ", {"max_gen_toks": 1, "num_beams": 4})])


ROWS = [
    {"ctx": "The statement is executed", "endings": ["only once.", "xq zv kjh.", "flarp 83."]},
    {"ctx": "If the expression is", "endings": ["brz qvt?!", "false, the suite", "9 9 9 9"]},
    {"ctx": "An object of this class", "endings": ["zzz", "wwwww qq", "is returned by"]},
    {"ctx": "Names refer to", "endings": ["the objects.", "jq kx", "vvvv"]},
]
TASK = """
task: local_choice
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}, cache_dir: {cache}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{ctx}}}}"
doc_to_choice: "{{{{endings}}}}"
doc_to_target: "{{{{label}}}}"
metric_list: [{{metric: acc}}, {{metric: acc_norm}}]
"""


def test_the_harness_agrees_with_choose(harness: Any, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    with file.open("w") as lines:
        for index in range(24):
            row = ROWS[index % len(ROWS)]
            label = (index * 7) % 3
            print(json.dumps({**row, "ctx": f"{index}. {row['ctx']}", "label": label}), file=lines)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "local.yaml").write_text(TASK.format(file=file, cache=tmp_path / "cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.filters", [])
        from lm_eval import simple_evaluate
        from lm_eval.tasks import TaskManager

        results = simple_evaluate(
            model="compgen",
            model_args="compressor=gzip,reading=marginal",
            tasks=["local_choice"],
            task_manager=TaskManager(include_path=str(tmp_path / "tasks"), include_defaults=False),
            bootstrap_iters=0,
            log_samples=True,
        )
    ended = cgen("choose", file, "--reading", "marginal", "--json", "--out", tmp_path / "scores")
    (ours,) = json.loads(ended.text)["runs"]
    scores = [json.loads(line) for line in (tmp_path / "scores").read_bytes().splitlines()[1:]]
    samples = sorted(results["samples"]["local_choice"], key=lambda sample: sample["doc_id"])
    assert len(samples) == len(scores) == 24
    for sample, score in zip(samples, scores, strict=True):
        theirs = [answer[0] for answer in sample["filtered_resps"]]
        assert theirs == pytest.approx(-np.array(score["bits"]) * math.log(2))
    found = results["results"]["local_choice"]
    assert ours["accuracies"]["acc"]["tied"] == 0
    assert found["acc,none"] == pytest.approx(ours["accuracies"]["acc"]["value"])
    assert found["acc_norm,none"] == pytest.approx(ours["accuracies"]["acc_char"]["value"])
    assert 0 < found["acc_norm,none"] < 1, "a comparison that can fail"
