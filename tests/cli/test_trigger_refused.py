"""What `promptsearch trigger` refuses, each with what would do."""

from __future__ import annotations

import pytest

from tests.cli.conftest import ROWS, lines
from tests.cli.running import refused, run

QUICK = ("--max-test", "4", "--shots", "2", "--device", "cpu", "--dtype", "float32", "--offline", "--quiet")
SMALL = ("trigger", "--task", "reviews", *QUICK)


def own() -> tuple[str, ...]:
    """A search on short texts, with few hand-written prompts."""
    return ("trigger", "--data", lines("films.jsonl", ROWS), "--kind", "classification", *QUICK)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{text} It was {mask}.",
            "has no trigger tokens to search. {text} It was {mask}. ^ Put {trigger*3} where",
        ),
        ("{text} {trigger*0} {mask}", '"{trigger*0}" must have between 1 and 1000 tokens'),
        ("{text} {trigger} {mask}", "{trigger} needs a number of tokens"),
        ("{text} {trigger*3}", "The template has no answer slot {mask}"),
        ("{review} {trigger*3} {mask}", "names the field {review}, which the task does not have"),
        ("{trigger*3} {mask}", "reads no field"),
        ("{soft*2} {text} {trigger*3} {mask}", "Soft tokens cannot be searched together with trigger tokens"),
    ],
)
def test_templates(template, said):
    assert said in refused(*SMALL, "--template", template)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--tokens", "0"), "A trigger needs at least one token. Write {trigger*3}, or --tokens 3."),
        (("--tokens", "3", "--template", "{text} {trigger*3} {mask}"), "--tokens is for a search without"),
        (("--method", "gradeint"), "There is no method 'gradeint'. Did you mean gradient?"),
        (
            ("--loss", "accuracy"),
            "There is no objective 'accuracy'. There are likelihood, margin, mellowmax.",
        ),
        (("--start", "middle"), "There is no start 'middle'."),
        (("--candidates", "0"), "Candidates must be 1 or more, not 0"),
        (("--fluency", "-1"), "The weight of fluency must be 0 or more"),
        (("--ban", " , "), "A list is wanted, with commas between its entries"),
        (("--shots", "0"), "--shots must be a number of examples a class, or all, not '0'"),
        (("--minutes", "0.01"), "A search cannot be done in 0.01 minutes. Give --minutes 0.05 or more."),
        (("--words", "negative=bad"), "positive"),
    ],
)
def test_options(given, said):
    assert said in refused(*SMALL, *given)


def test_facts_have_no_label_words_to_search_for():
    said = refused("trigger", "--task", "facts:P19", *QUICK)
    assert "No trigger can be searched: facts are answered with names" in said


def test_dev_of_one_class():
    for name in ("train", "validation", "test"):
        rows = [row for row in ROWS if name != "validation" or row["label"] == "positive"]
        lines(f"films/{name}.jsonl", [{**row, "text": f"{name} {row['text']}"} for row in rows])
    said = refused("trigger", "--data", "films", "--kind", "sentiment", *QUICK)
    assert "No trigger can be searched: all 2 examples of dev are of one class (positive)" in said


def test_label_words_of_several_tokens():
    said = refused(*own(), "--words", "negative=utterly dreadful;positive=good", "--evaluations", "50000")
    assert "utterly dreadful" in said
    assert "token" in said


def test_a_budget_for_less_than_a_step():
    said = refused(*own(), "--evaluations", "1")
    assert "The budget was used up before the first step" in said
    assert "Give more time, or take fewer candidates or examples" in said


def test_what_a_run_keeps_cannot_be_given_anew():
    said = refused("trigger", "--resume", "run", "--template", "{text} {trigger*3} {mask}")
    assert "--template cannot be given with --resume" in said
    assert "--minutes, --evaluations, --device and --offline may be given anew" in said
    assert "holds no run" in refused("trigger", "--resume", "nowhere")


def test_discover_leaves_triggers_out_where_there_is_nothing_to_search():
    outcome = run(
        *(
            "discover",
            "--task",
            "facts:P103",
            "--plm",
            "minilm-mlm",
            "--engine",
            "manual",
            "--engine",
            "trigger",
        ),
        *QUICK[:-1],
        "--out",
        "run",
    )
    assert outcome.code == 0, outcome.err
    assert "The engine trigger was left out: facts are answered with names" in outcome.said
