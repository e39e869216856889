"""The report of a search without labels."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch.engines.words import WordsConfig
from promptsearch.report.label_words import StepRow
from promptsearch.report.pictures import steps_picture
from promptsearch.report.without_labels import markdown, outcome, step_rows, write
from promptsearch.study.config import DiscoverConfig
from promptsearch.study.observer import Observer
from promptsearch.study.unlabelled import Step, WordsFound, run
from tests.report.reading import READER, kinds, text_of
from tests.report.steps import candidate, dropped
from tests.study.trials import figures

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory) -> WordsFound:
    """A real search, whose steps tests replace."""
    words = WordsConfig(methods=("expanded",), knowledge=("lexicon",), refine=())
    config = DiscoverConfig(
        task="reviews",
        templates=["{text} It was {mask}."],
        label_words=words,
        max_test=4,
        device="cpu",
        dtype="float32",
        out=tmp_path_factory.mktemp("unlabelled") / "run",
    )
    return run(config, Observer())


def by_hand(found: WordsFound) -> WordsFound:
    """`neighbours` beside a chain of two, 6, 7 and 9 of 10 right; half of test is of one class."""
    steps = (
        Step(candidate("neighbours"), figures(6)),
        Step(candidate("names", step=0), figures(7)),
        Step(
            candidate("expanded", step=2, dropped=dropped("no", "3 tokens", "tedious", "lousy")), figures(9)
        ),
    )
    return replace(found, steps=steps, chosen=steps[2], majority=figures(5))


def test_what_was_measured(unlabelled):
    # Wilson at 95 %: 9 of 10.
    assert outcome(by_hand(unlabelled)) == (
        "90.0 % accuracy on 10 test examples (95 % interval 59.6 to 98.2); their most frequent class has "
        "50.0 %. No label was looked at before, and nothing was chosen by these figures."
    )


def test_nothing_was_measured(unlabelled, tmp_path):
    steps = tuple(replace(step, test=None) for step in by_hand(unlabelled).steps)
    nothing = replace(unlabelled, steps=steps, chosen=steps[2], majority=None)
    assert outcome(nothing) == "Nothing was measured: there are no labels."
    write(tmp_path / "report.md", nothing)
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
    report = (tmp_path / "report.md").read_text("utf-8")
    assert "![" not in report
    assert "| names | the labels' names, as the PLM scores them | 2 | 0 | – |" in report


def test_the_chain_stands_first_and_nothing_is_chosen(unlabelled):
    rows = step_rows(by_hand(unlabelled))
    assert [(row.name, row.step, row.dropped) for row in rows] == [
        ("names", 0, 0),
        ("expanded", 2, 2),
        ("neighbours", None, 0),
    ]
    assert not any(row.chosen for row in rows)


def test_the_parts_of_the_report(unlabelled):
    report = markdown(by_hand(unlabelled))
    headings = re.findall("^#+ .*$", report, re.MULTILINE)
    assert headings == [
        "# Label words for `reviews`, without labels",
        "## The prompt",
        "## Label words",
        "### The words of expanded",
        "### Dropped",
    ]
    assert "| expanded | no | several tokens | 2 | tedious, lousy |" in report
    assert f"fitted on {unlabelled.n_texts} texts." in report
    assert "train" not in report.split("## Label words")[1]


def test_the_picture_has_the_class_most_frequent_in_test(unlabelled, tmp_path):
    write(tmp_path / "report.md", by_hand(unlabelled))
    picture = ElementTree.fromstring((tmp_path / "label-words.svg").read_text("utf-8"))
    assert "most frequent class of test 50.0" in [text.text for text in picture.iter(SVG + "text")]
    assert [dot.get("class") for dot in picture.iter(SVG + "circle")] == ["dot", "dot", "beside"]
    [chain] = picture.iter(SVG + "polyline")
    places = [(dot.get("cx"), dot.get("cy")) for dot in picture.iter(SVG + "circle")][:2]
    assert chain.get("points") == " ".join(f"{x},{y}" for x, y in places)


def test_the_report_of_a_search_stands_in_its_folder(unlabelled):
    assert (unlabelled.folder / "report.md").read_text("utf-8") == markdown(unlabelled)


def test_names_write_no_markup(unlabelled, tmp_path: Path):
    hostile = "<script>x</script>|`*a*`\x1b[31m![i](http://x)"
    bad = candidate("expanded", step=0, dropped=dropped(hostile, hostile, hostile), notes=[hostile])
    step = Step(bad, figures(5))
    found = replace(
        by_hand(unlabelled),
        steps=(step,),
        chosen=step,
        task=replace(unlabelled.task, name=hostile, label_names=(hostile, "yes"), notices=(hostile,)),
        plm=hostile,
    )
    write(tmp_path / "report.md", found)
    report = (tmp_path / "report.md").read_text("utf-8")
    assert "\x1b" not in report
    tokens = READER.parse(report)
    assert not kinds(tokens) & {"html_block", "html_inline", "link_open", "em_open"}
    assert report.count("![How test moves") == 1
    assert text_of(tokens).count("<script>x</script>|`*a*`") >= 6
    ElementTree.fromstring((tmp_path / "label-words.svg").read_text("utf-8"))


@given(
    st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=1, max_size=6),
    st.lists(st.floats(0, 1), max_size=2),
)
def test_the_axis_holds_all_that_is_drawn(rights, values):
    rows = [
        StepRow(f"s{i}", i if chain else None, 2, 0, figures(n), chosen=i == 0)
        for i, (n, chain) in enumerate(rights)
    ]
    drawing = steps_picture(rows, "accuracy", "dev", [("line", value) for value in values])
    lines = list(ElementTree.fromstring(drawing).iter(SVG + "line"))
    grid = [float(line.get("x1", 0)) for line in lines if line.get("class") == "grid"]
    drawn = [float(line.get(side, 0)) for line in lines for side in ("x1", "x2")]
    assert grid == sorted(grid)
    assert (grid[0], grid[-1]) == (150.0, 660.0)
    assert min(drawn) == 150.0
    assert max(drawn) == 660.0
