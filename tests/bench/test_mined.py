"""Figures of mined templates beside manual ones."""

from __future__ import annotations

import json

import numpy as np
import pytest

from promptsearch.bench import mined
from promptsearch.bench.mined import RelationResult, macro_difference, manual_templates
from promptsearch.engines.mining import MiningConfig
from promptsearch.errors import DataError, TemplateError

LINE = '{"relation": "P36", "template": "[Y] is the capital of [X] ."}'
QUICK = MiningConfig(read=3, kept=2, most_texts=6, workers=1)


def result(manual: list[int], found: list[int], relation: str = "P1") -> RelationResult:
    correct = {way: np.array(found, dtype=bool) for way in mined.WAYS} | {
        "manual": np.array(manual, dtype=bool)
    }
    templates = dict.fromkeys(mined.WAYS[:3], "{subject} | {mask}")
    return RelationResult(relation, correct, templates, (4, 3), (), {"manual": 0.0}, 5, 1.0)


def test_each_relation_counts_alike():
    results = [result([0, 0], [1, 1]), result([1] * 8, [1] * 6 + [0] * 2)]
    difference = macro_difference(results, "mined")
    assert difference.value == pytest.approx((1 - 1 / 4) / 2)
    # The first relation is +1 in every resample, so only the second varies, by at most 1/2 in the mean.
    assert 0 <= difference.low <= difference.value <= difference.high <= 0.5
    assert difference.low < difference.high


def test_equal_ways_differ_by_nothing():
    found = macro_difference([result([1, 0, 1], [1, 0, 1])], "mined")
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_the_page_says_how_many_relations_are_won():
    page = mined.markdown(
        "plm", [result([0, 0], [1, 0]), result([1, 1], [1, 1], "P2"), result([1], [0], "P3")]
    )
    assert "Mined equals or beats manual on **2 of 3** relations" in page
    assert "| P1 | 2 | 5 | 0.0 | 50.0 | 50.0 | 50.0 | + |" in page
    assert "| macro mean | 5 |  | 66.7 | 50.0 | 50.0 | 50.0 |" in page
    assert "mined - manual, macro: -16.7 points" in page


def answering(objects: list[int], likelihood: float = 0.6) -> np.ndarray:
    """Log-probabilities of three objects where these are the likeliest."""
    rows = np.full((len(objects), 3), (1 - likelihood) / 2)
    rows[np.arange(len(objects)), objects] = likelihood
    return np.log(rows)


def test_an_object_that_is_asked_for_often_does_not_decide_alone():
    right = np.array([0, 0, 0, 0, 0, 1, 1, 2])
    constant, telling = [0] * 8, [0, 2, 1, 1, 2, 1, 1, 0]
    # 5 of 8 facts and (5.625/6 + 0.625/3 + 0.625/2) / 3 of the objects;
    # 3 of 8 and (1.375/6 + 2.375/3 + 0.375/2) / 3.
    assert mined.best_answering([answering(constant), answering(telling)], right) == 0
    telling = [0, 0, 1, 1, 2, 1, 1, 2]
    # As many facts, and (2.625/6 + 2.625/3 + 1.625/2) / 3 of the objects.
    assert mined.best_answering([answering(constant), answering(telling)], right) == 1


def test_an_object_of_one_fact_does_not_decide():
    right = np.array([0] * 7 + [1])
    often, once = [0] * 5 + [1, 1, 0], [0, 0, 1, 1, 1, 1, 1, 1]
    # 5 of 8 facts and (5.625/8 + 0.625/2) / 2 of the objects; 3 of 8 and (2.375/8 + 1.375/2) / 2.
    # As shares alone (5/7 + 0) / 2 and (2/7 + 1) / 2, with which the second would be above the first.
    assert mined.best_answering([answering(often), answering(once)], right) == 0


def test_of_equal_templates_the_likelier_is_chosen():
    right = np.array([0, 1])
    assert mined.best_answering([answering([0, 1]), answering([0, 1], 0.9)], right) == 1
    assert mined.best_answering([], right) is None


def test_manual_templates_are_read_as_lama_writes_them(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + LINE.encode() + b"\r\n\r\n")
    assert manual_templates(path) == {"P36": "{mask} is the capital of {subject}."}


@pytest.mark.parametrize("text", ["no json", "[1]", "3", '{"relation": "P36"}', "\xff"])
def test_a_file_of_no_templates(tmp_path, text):
    (tmp_path / "m.jsonl").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match="no manual templates can be read"):
        manual_templates(tmp_path / "m.jsonl")
    with pytest.raises(DataError, match="no manual templates can be read"):
        manual_templates(tmp_path / "none.jsonl")


def test_a_bad_template_and_unknown_relations_are_told_before_the_work(minilm):
    with pytest.raises(TemplateError, match="no answer slot"):
        mined.measure("facts", {"P36": "{subject}."}, [minilm], QUICK)
    with pytest.raises(DataError, match="no relation to measure") as caught:
        mined.measure("facts", {"P1": "{subject} {mask}."}, [minilm], QUICK)
    assert "P1" in str(caught.value.hint)


def test_one_relation_is_measured(minilm):
    manual = {"P30": "{subject} is in {mask}.", "P1": "{subject} {mask}."}
    found, left_out = mined.measure("facts", manual, [minilm], QUICK)
    (one,) = found["minilm-mlm"]
    assert [reason.split(":")[0] for reason in left_out] == ["P1"]
    assert one.templates["manual"] == "{subject} is in {mask}."
    assert set(one.correct) == set(mined.WAYS)
    assert len({len(correct) for correct in one.correct.values()}) == 1
    assert sum(one.weights) == pytest.approx(1)
    assert json.loads(json.dumps(mined.record(one)))["precision_at_1"]["mined"] == one.value("mined")


def test_the_library_has_a_template_for_every_bundled_relation():
    assert len(mined.library_templates("facts")) == 12
    assert mined.library_templates("reviews") == {}
