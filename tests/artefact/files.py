"""Prompt files to test with, good and spoilt."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from promptsearch.artefact import parse_prompt_json
from promptsearch.errors import PromptFileError

SHA = "0123456789abcdef" * 4
HINT = "`promptsearch schema` prints what a prompt file holds."


def whole() -> dict[str, Any]:
    """A prompt file with every field given."""
    return {
        "format": "promptsearch/prompt",
        "version": 1,
        "template": "{text} It was {mask}.",
        "verbalizer": {
            "aggregation": "marginal",
            "case": "exact",
            "labels": [
                {"label": 0, "name": "negative", "answers": [{"text": "bad", "weight": 1.0}]},
                {
                    "label": True,
                    "name": "positive",
                    "answers": [{"text": "good", "weight": 1.0}, {"text": "très bien", "weight": 0.5}],
                },
            ],
        },
        "scoring": {"normalisation": "sum", "filling": "at-once"},
        "calibration": {
            "method": "batch",
            "label_offsets": [-0.25, 0.5],
            "word_offsets": None,
            "n_texts": 32,
            "inputs": "train texts without their labels",
        },
        "plm": {
            "reference": "minilm-mlm",
            "revision": None,
            "family": "masked",
            "weights_sha256": SHA,
            "dtype": "float32",
        },
        "task": {
            "name": "reviews",
            "kind": "sentiment",
            "fields": ["text"],
            "metric": "accuracy",
            "fingerprint": SHA,
            "stand_in_for": "sst2",
            "shots": 16,
            "seed": 0,
        },
        "evaluation": [evaluation_record()],
        "provenance": {
            "engine": "manual",
            "seed": 0,
            "budget": {"seconds": None, "evaluations": 40},
            "created": "2026-01-31T12:00:00+00:00",
            "versions": {"promptsearch": "0.1.0", "torch": "2.6.0"},
            "details": {"name": "it-was", "step": 3, "trace": [{"loss": 0.5}, None, True]},
        },
        "soft": None,
    }


def evaluation_record() -> dict[str, Any]:
    """What a prompt file says about one split."""
    return {
        "split": "test",
        "metric": "accuracy",
        "n": 100,
        "value": 0.75,
        "low": 0.625,
        "high": 0.875,
        "level": 0.95,
        "log_likelihood": -0.5,
        "unscored": 0.0,
        "manual_baseline": {"value": 0.5, "low": 0.25, "high": 0.75},
        "majority": 0.5,
    }


def readout_record(kind: str = "nearest") -> dict[str, Any]:
    """What a prompt file says about a readout."""
    parameters = {
        "soft": {},
        "prototypes": {"temperature": 0.5},
        "nearest": {"n_labels": 2, "k": 3, "temperature": 0.1, "mix": 0.25, "sharpness": 2.0},
    }
    return {"kind": kind, "file": "p.safetensors", "sha256": SHA, "parameters": parameters[kind]}


def soft_record(*groups: int) -> dict[str, Any]:
    """What a prompt file says about the vectors of soft tokens."""
    record = {"file": "p.soft.safetensors", "sha256": SHA, "tokens": sum(groups), "width": 4}
    return record | {"groups": list(groups)}


def triggered(exact: bool = False) -> dict[str, Any]:
    """A prompt file with a trigger in two places, as text or as ids."""
    groups = [{"ids": [7, 0], "text": "it é"}, {"ids": [12], "text": " so"}]
    filled = "{ids:7 0} {text}. {ids:12} {mask}" if exact else "it é {text}. so {mask}"
    record = {"template": "{trigger*2} {text}. {trigger*1} {mask}", "groups": groups}
    return whole() | {"template": filled, "trigger": record}


def changed(path: str, value: object, start: dict[str, Any] | None = None) -> dict[str, Any]:
    """`whole()`, or `start`, with the value at a path such as `verbalizer.labels[0].name` set."""
    data = whole() if start is None else start
    holder, key = _place(data, path)
    holder[key] = value
    return data


def without(path: str) -> dict[str, Any]:
    """`whole()` without the key at a path."""
    data = whole()
    holder, key = _place(data, path)
    del holder[key]
    return data


def _place(data: Any, path: str) -> tuple[Any, Any]:
    *parts, last = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", path)]
    for part in parts:
        data = data[part]
    return data, last


def refusal(text: str) -> PromptFileError:
    """The error that reading `text` raises."""
    with pytest.raises(PromptFileError) as caught:
        parse_prompt_json(text, where="p.json")
    return caught.value


def problems(data: object) -> list[str]:
    """The lines of the error about the fields of a prompt file."""
    error = refusal(json.dumps(data))
    assert error.where is not None
    first, *lines = error.where.split("\n")
    assert first == "p.json"
    assert error.hint == HINT
    return [line.removeprefix("  ") for line in lines]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
answer_texts = st.text(min_size=1, max_size=6).filter(lambda text: text == text.strip())
label_entries = st.fixed_dictionaries(
    {
        "label": st.text(max_size=5) | st.integers() | st.booleans() | numbers,
        "name": st.text(max_size=5),
        "answers": st.lists(
            st.fixed_dictionaries({"text": answer_texts, "weight": st.floats(0.125, 1e6)}),
            min_size=1,
            max_size=3,
            unique_by=lambda answer: answer["text"],
        ),
    }
)


@st.composite
def files(draw) -> dict[str, Any]:
    """Valid prompt files."""
    data = whole()
    data["template"] = draw(
        st.sampled_from(["{text} {mask}", "{{{text}}} {mask}", "{mask}\n評 {text}", "{text}{soft*3}{mask}"])
    )
    if "soft" in data["template"]:
        data["soft"] = soft_record(3)
    if kind := draw(st.sampled_from([None, "soft", "prototypes", "nearest"])):
        data["readout"] = readout_record(kind)
        data["readout"]["file"] = draw(st.sampled_from(["p", "é b", ".", "a.b", "{x}"])) + ".safetensors"
    if draw(st.booleans()) and data["soft"] is None:
        data |= {key: value for key, value in triggered().items() if key in ("template", "trigger")}
    data["verbalizer"]["aggregation"] = draw(st.sampled_from(["marginal", "mean-log", "sum-log"]))
    data["verbalizer"]["case"] = draw(st.sampled_from(["exact", "any"]))
    labels = draw(
        st.lists(label_entries, min_size=2, max_size=4, unique_by=lambda e: (type(e["label"]), e["label"]))
    )
    data["verbalizer"]["labels"] = labels
    words = {answer["text"] for entry in labels for answer in entry["answers"]}
    data["calibration"] |= draw(
        st.fixed_dictionaries(
            {
                "label_offsets": st.lists(numbers, min_size=len(labels), max_size=len(labels)),
                "word_offsets": st.none() | st.fixed_dictionaries(dict.fromkeys(sorted(words), numbers)),
            }
        )
    )
    data["provenance"]["details"] = draw(st.dictionaries(st.text(), json_values, max_size=3))
    data["task"] = draw(st.sampled_from([None, data["task"]]))
    data["provenance"] = draw(st.sampled_from([None, data["provenance"]]))
    return data


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The path of every value in a prompt file."""
    if isinstance(value, dict):
        inner = [(f"{path}.{key}" if path else key, item) for key, item in value.items()]
    else:
        inner = [(f"{path}[{i}]", item) for i, item in enumerate(value)] if isinstance(value, list) else []
    for place, item in inner:
        yield place
        yield from paths(item, place)


@st.composite
def spoilt_files(draw) -> dict[str, Any]:
    """Prompt files with one value replaced by any other."""
    odd = st.sampled_from(
        [math.nan, math.inf, "\ud800", "", 10**400, {"\ud800": 1}, -1, 1, 1.0, [[]], "{mask}"]
    )
    start = triggered() | {"readout": readout_record()}
    return changed(draw(st.sampled_from(list(paths(start)))), draw(odd | json_values), start)
