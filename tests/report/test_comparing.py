"""Several runs side by side: which may be compared, and what is said of those that may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptsearch.errors import OptionError, ReportError
from promptsearch.report.comparing import ComparedRun, comparison_markdown, grouped, headline, read_runs
from promptsearch.report.comparing_files import write_comparison
from promptsearch.report.document import ReportDocument
from promptsearch.report.writing import write
from tests.report.documents import bare_document, small_document


def changed(**task: object) -> ReportDocument:
    document = small_document()
    return document.model_copy(update={"task": document.task.model_copy(update=task)})


def groups_of(*documents: ReportDocument):
    return grouped([ComparedRun(f"run{i}", document) for i, document in enumerate(documents)])


def test_the_same_examples_and_metric_may_be_compared():
    [group] = groups_of(small_document(), small_document())
    assert (group.letter, group.apart, [run.name for run in group.runs]) == ("A", "", ["run0", "run1"])
    assert headline([group]) == (
        "All 2 runs have the same examples and are judged by accuracy: they may be compared."
    )


def test_other_examples_or_another_metric_stand_apart_and_say_why():
    documents = [
        small_document(),
        changed(metric="mcc"),
        changed(fingerprint="1a" * 32, seed=1),
        changed(fingerprint="2b" * 32, shots=None),
        changed(fingerprint="3c" * 32, source="file mine.csv", metric="mcc"),
        small_document(),
    ]
    groups = groups_of(*documents)
    assert [[run.name for run in group.runs] for group in groups] == [
        ["run0", "run5"],
        ["run1"],
        ["run2"],
        ["run3"],
        ["run4"],
    ]
    assert [group.apart for group in groups] == [
        "",
        "Not to be compared with A: they are judged by mcc, not by accuracy.",
        "Not to be compared with A: the examples are others (seed 1 in place of 0).",
        "Not to be compared with A: the examples are others (shots all in place of 16).",
        "Not to be compared with A: they are judged by mcc, not by accuracy, and the data are others.",
    ]
    assert headline(groups).startswith("Not all of these 6 runs may be compared: they have 5 different sets")


def test_the_best_prompt_is_not_the_majority_class():
    document = small_document()
    only_majority = document.model_copy(update={"finalists": document.finalists[-1:]})
    [group] = groups_of(document, only_majority)
    assert [run.best and run.best.role for run in group.runs] == ["best", None]
    assert group.remarks == ["run1 found no prompt."]


def test_what_must_be_known_of_a_run_is_told():
    document = small_document()
    [group] = groups_of(
        document.model_copy(update={"interrupted": True}), document.model_copy(update={"labelled": False})
    )
    assert group.remarks == ["run0 was stopped before its end.", "run1 chose its prompt without labels."]


def test_markdown_of_two_runs():
    text = comparison_markdown(groups_of(small_document(), small_document()), {"A": "compare-A.svg"})
    assert text.startswith("# 2 runs compared\n\nAll 2 runs have the same examples")
    assert "![Best prompts on dev and test, with their intervals](compare-A.svg)" in text
    [row] = [line for line in text.splitlines() if line.startswith("| run0 | minilm-mlm")]
    assert r"| 87.0 \[83.0, 91.0\] n=64 | 84.1 \[80.1, 88.1\] n=872 | 24 tokens, 1 pass" in row
    assert "| run1 | 1 min 34 s | 252 |" in text


def test_runs_are_named_by_their_folders(tmp_path: Path):
    for name in ("x/sst2", "y/sst2", "y/other"):
        write(tmp_path / name, bare_document())
    runs = read_runs([tmp_path / "x/sst2", tmp_path / "y/other/report.json"])
    assert [run.name for run in runs] == ["sst2", "other"]
    same = [tmp_path / "x/sst2", tmp_path / "y/sst2"]
    assert [run.name for run in read_runs(same)] == list(map(str, same))
    assert runs[0].document == bare_document()


def test_a_run_given_twice_or_without_a_report_is_refused(tmp_path: Path):
    write(tmp_path / "run", bare_document())
    with pytest.raises(OptionError, match="given twice"):
        read_runs([tmp_path / "run", tmp_path / "run" / ".." / "run"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReportError, match="there is no report"):
        read_runs([tmp_path / "run", tmp_path / "empty"])


def test_files(tmp_path: Path):
    groups = groups_of(small_document(), changed(metric="mcc"))
    page, text = write_comparison(tmp_path / "both", groups)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "both-A.svg",
        "both-B.svg",
        "both.html",
        "both.md",
    ]
    assert "](both-B.svg)" in text.read_text("utf-8")
    assert page.read_text("utf-8").count('<svg xmlns="http://www.w3.org/2000/svg" class="plot') == 2
