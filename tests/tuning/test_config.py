"""What can be asked for, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.soft.config import TrainingConfig
from promptsearch.errors import OptionError, PromptSearchError, TemplateError
from promptsearch.plms.lora import LoraOptions
from promptsearch.template import Template
from promptsearch.tuning.config import ENCODERS, TuneConfig
from promptsearch.tuning.record import restored, saved, training_record
from promptsearch.tuning.settled import settled
from promptsearch.tuning.subject import without_soft

SOFT, PLAIN = "{text} {soft*3} It was {mask}", "{text} It was {mask}"


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"template": PLAIN}, TemplateError, "has no soft tokens, which fixed-lm with p-tuning trains"),
        ({"template": PLAIN, "strategy": "prompt+lm"}, TemplateError, "no soft tokens, which prompt"),
        (
            {"template": SOFT, "strategy": "fixed-prompt"},
            TemplateError,
            "soft tokens, and fixed-prompt trains none",
        ),
        ({"template": SOFT, "strategy": "tuning-free"}, TemplateError, "tuning-free trains none"),
        ({"template": SOFT, "method": "p-tuning-v2"}, TemplateError, "p-tuning-v2 trains none"),
        ({"template": "{text} {mask"}, TemplateError, "never closed"),
        ({"strategy": "fixed-LM"}, OptionError, "no strategy 'fixed-LM'"),
        ({"method": "ptuning"}, OptionError, "no method 'ptuning'"),
        ({"lm": "qlora"}, OptionError, "no way to train the PLM 'qlora'"),
        ({"start": "zero"}, OptionError, "no start 'zero'"),
        ({"loss": "mse"}, OptionError, "no loss 'mse'"),
        ({"loss": "gce", "strategy": "pet"}, OptionError, "for known labels"),
        ({"encoder": "free"}, OptionError, "p-tuning has no encoder free"),
        ({"encoder": "gru"}, OptionError, "no encoder 'gru'"),
        ({"method": "prompt-tuning", "encoder": "lstm"}, OptionError, "prompt-tuning has no encoder lstm"),
        ({"strategy": "prompt+lm", "method": "prefix-tuning"}, OptionError, "cannot be trained together"),
        ({"shots": 0}, OptionError, "--shots 0 gives none"),
        ({"rate": 0.0}, OptionError, "above 0"),
        ({"lm_rate": float("inf")}, OptionError, "above 0"),
        ({"tokens": 0}, OptionError, "1 or more"),
        ({"restarts": 0}, OptionError, "1 or more"),
        ({"minutes": 0.001}, OptionError, "cannot be done in 0.001 minutes"),
        ({"seed": -1}, OptionError, "a seed is a whole number"),
        ({"metric": "f1"}, OptionError, "no metric 'f1'"),
    ],
)
def test_what_cannot_be_done_is_refused(options: dict[str, Any], error: type, why: str) -> None:
    with pytest.raises(error, match=why):
        TuneConfig(task="sst2", **options)


def test_a_template_without_soft_tokens_is_shown_with_where_they_would_stand() -> None:
    with pytest.raises(TemplateError) as refused:
        TuneConfig(task="sst2", template=PLAIN)
    assert '"{text} It was {soft*5} {mask}"' in str(refused.value)
    assert str(refused.value).splitlines()[2].index("^") == PLAIN.index("{mask}")


def test_methods_have_an_encoder_of_their_own() -> None:
    found = {method: TuneConfig(method=method, template=None).parameterisation for method in ENCODERS}
    assert found == {
        "p-tuning": "lstm",
        "prompt-tuning": "free",
        "prefix-tuning": "mlp",
        "p-tuning-v2": "free",
    }


@pytest.mark.parametrize(
    ("options", "few", "many"),
    [
        ({}, ("gce", None), ("ce", None)),
        ({"method": "p-tuning-v2"}, ("gce", pytest.approx(0.01)), ("ce", None)),
        ({"method": "prefix-tuning"}, ("gce", pytest.approx(1e-4)), ("ce", None)),
        ({"method": "p-tuning-v2", "rate": 0.3, "loss": "ce"}, ("ce", 0.3), ("ce", 0.3)),
        ({"strategy": "fixed-prompt"}, ("ce", None), ("ce", None)),
        ({"strategy": "prompt+lm"}, ("ce", None), ("ce", None)),
        ({"strategy": "pet"}, ("ce", None), ("ce", None)),
        ({"strategy": "prompt+lm", "loss": "gce"}, ("gce", None), ("gce", None)),
    ],
)
def test_a_prompt_alone_learns_few_examples_slowly_and_by_the_generalised_cross_entropy(
    options: dict[str, Any], few: tuple[str, Any], many: tuple[str, Any]
) -> None:
    config = TuneConfig(**options, training=TrainingConfig(steps=7))
    for examples, (loss, rate) in ((999, few), (1000, many)):
        found = settled(config, examples)
        assert (found.whole_training.loss, found.rate) == (loss, rate)
        assert found.whole_training.steps == 7
        assert settled(found, 1000) == found


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({}, "Fixed-LM prompt tuning (p-tuning)"),
        ({"strategy": "tuning-free"}, "Tuning-free prompting"),
        ({"strategy": "fixed-prompt", "lm": "full"}, "Fixed-prompt LM tuning (all weights)"),
        ({"strategy": "prompt+lm"}, "Prompt+LM tuning (p-tuning, LoRA)"),
    ],
)
def test_strategies_are_named_as_in_the_literature(options: dict[str, Any], title: str) -> None:
    assert TuneConfig(**options).title == title


def test_options_come_back_from_json() -> None:
    config = TuneConfig(
        task="films",
        data="films.csv",
        mapping={"text": "review"},
        template=SOFT,
        words={0: "bad", True: ["good", "great"]},
        strategy="prompt+lm",
        encoder="mlp",
        lora=LoraOptions(rank=3, targets=("query", "value")),
        training=TrainingConfig(steps=7, mixed="bf16"),
        shots=None,
        minutes=2.5,
        out="runs/x",
    )
    again = restored(json.loads(json.dumps(saved(config))))
    assert again.loss == "ce"
    assert saved(again) == saved(config)
    assert (again.words, again.lora, again.training) == (config.words, config.lora, config.training)


@pytest.mark.parametrize("method", ["p-tuning", "p-tuning-v2"])
def test_a_run_of_a_version_without_losses_is_the_same_run(method: str) -> None:
    """What that version wrote beside a training, and compared a state with: there was no loss in either."""
    config = TuneConfig(task="films", method=method, refit=False, training=TrainingConfig(restarts=1))
    written = saved(config)
    del written["loss"]
    assert written["training"].keys() == {
        *("steps", "batch", "warm_up", "decay", "clip", "look_every", "patience", "restarts", "save_every"),
        "mixed",
    }
    free = ("minutes", "device", "offline", "out", "export_peft", "max_test", "metric", "command", "restarts")
    compared = {name: value for name, value in written.items() if name not in (*free, "separate", "answers")}
    again = restored(json.loads(json.dumps(written)))
    assert (again.loss, again.rate, again.training.restarts) == ("ce", None, 1)
    assert training_record(again) == {**compared, "starts": 3}


@pytest.mark.parametrize(
    ("soft", "plain"),
    [
        ("{text} {soft*5} It was {mask}", "{text} It was {mask}"),
        ("{soft*2} {text} {mask}", "{text} {mask}"),
        ("{soft*2}{text} {mask}", "{text} {mask}"),
        ("{text}{soft*2}. {mask}", "{text}. {mask}"),
        ("{text}\n{soft*2} It was {mask}", "{text}\nIt was {mask}"),
        ("{text} {soft:It was} {mask}.", "{text} It was {mask}."),
        ("{text} {soft*1} {soft*2} {mask}", "{text} {mask}"),
        ("{text} {{a}} {soft*1} {mask}", "{text} {{a}} {mask}"),
        ("{text} It was {mask}", "{text} It was {mask}"),
    ],
)
def test_the_plain_template_has_no_soft_tokens_and_no_blanks_of_theirs(soft: str, plain: str) -> None:
    assert str(without_soft(Template.parse(soft))) == plain


@given(
    st.lists(
        st.sampled_from(["{text}", "{soft*2}", "{soft:it was}", " ", "It was", ".", "{{", "  ", "\n"]),
        max_size=8,
    )
)
def test_any_template_stays_one(parts: list[str]) -> None:
    try:
        template = Template.parse("".join([*parts, "{mask}"]))
    except PromptSearchError:
        return
    plain = without_soft(template)
    assert not plain.has_free_slots
    assert plain.fields == template.fields
    assert without_soft(plain) == plain
