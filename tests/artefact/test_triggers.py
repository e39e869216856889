"""What a prompt file says of the tokens that a search put into its template."""

from __future__ import annotations

import json

import pytest

from promptsearch.artefact import parse_prompt_json, prompt_json
from tests.artefact.files import changed, problems, triggered, whole


@pytest.mark.parametrize("exact", [False, True])
def test_ids_and_text_are_kept(exact):
    data = triggered(exact)
    document = parse_prompt_json(json.dumps(data))
    assert document.trigger is not None
    assert [group.ids for group in document.trigger.groups] == [(7, 0), (12,)]
    assert json.loads(prompt_json(document)) == data


def test_a_file_without_a_trigger_stays_as_it_was():
    assert "trigger" not in json.loads(prompt_json(parse_prompt_json(json.dumps(whole()))))


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("trigger.groups", [], "trigger.groups: needs at least 1, has 0"),
        ("trigger.groups[0].ids", [], "trigger.groups[0].ids: needs at least 1, has 0"),
        ("trigger.groups[0].ids[1]", -1, "trigger.groups[0].ids[1]: should be at least 0, got -1"),
        ("trigger.groups[0].ids[1]", "7", 'trigger.groups[0].ids[1]: should be a whole number, got "7"'),
        (
            "trigger.groups[1].ids[0]",
            10**9,
            "trigger.groups[1].ids[0]: should be below 1e+09, got 1000000000",
        ),
        ("trigger.groups[1].text", None, "trigger.groups[1].text: should be text, got null"),
        (
            "trigger.template",
            "{text} {mask}",
            "trigger.template: has no places for trigger tokens, such as {trigger*3}",
        ),
    ],
)
def test_one_field(path, value, problem):
    assert problems(changed(path, value, triggered())) == [problem]


def test_a_template_that_cannot_be_read():
    (first, *_) = problems(changed("trigger.template", "{trigger*2}", triggered()))
    assert first.startswith("trigger.template: the template has no answer slot")


def test_as_many_tokens_as_the_places_hold():
    found = problems(changed("trigger.groups[1].ids", [12, 13], triggered()))
    assert found == ["trigger.groups: 2 and 2 tokens for places of 2 and 1"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("template", "It is {text}. so {mask}"),
        ("trigger.groups[1].text", " thus"),
        ("trigger.template", "{trigger*2} {text}! {trigger*1} {mask}"),
    ],
)
def test_the_template_is_that_of_the_trigger(path, value):
    (problem,) = problems(changed(path, value, triggered()))
    assert problem.startswith("trigger: gives the template ")


def test_ids_in_the_template_are_those_of_the_trigger():
    (problem,) = problems(changed("trigger.groups[0].ids[0]", 8, triggered(exact=True)))
    assert problem == 'trigger: gives the template "it é {text}. so {mask}", which is not that of the prompt'
