from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch import discover
from promptsearch.report.markdown import markdown
from promptsearch.report.marks import code, escape, fenced, table
from tests.report.reading import READER, kinds, text_of

# What people and data sets put into labels, words and templates.
AWKWARD = [
    "a|b",
    "`x`",
    "<b>bold</b>",
    "**no**",
    "[link](http://x)",
    "# head",
    "a\nb",
    "\\|",
    "&lt;",
    "~~s~~",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_cells_show_their_text_and_nothing_else(text):
    tokens = READER.parse(table(("x", "y"), [(text, "right")]))
    cells = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "td_open"]
    assert [text_of([cell]) for cell in cells] == [text.replace("\n", "⏎"), "right"]
    assert kinds(cells) <= {"inline", "text", "text_special", "softbreak"}


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30))
def test_any_text_survives_escaping(text):
    tokens = READER.parse(f"| {escape(text)} | end |\n| --- | --- |\n")
    cells = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "th_open"]
    assert text_of([cells[0]]) == " ".join(text.split())
    assert len(cells) == 2


@given(st.text(alphabet="`a ", min_size=1, max_size=12).filter(str.strip))
def test_any_text_survives_as_code(text):
    (paragraph, inline, _) = READER.parse(f"x {code(text)} y")
    assert paragraph.type == "paragraph_open"
    (found,) = [child for child in inline.children or () if child.type == "code_inline"]
    assert found.content.strip() == text.strip()


@given(st.text(alphabet="`a\n~", max_size=20))
def test_any_text_survives_in_a_block(text):
    (found,) = READER.parse(fenced(text))
    assert (found.type, found.info) == ("fence", "text")
    assert found.content == text + "\n"


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    """A search on data whose labels, texts and templates hold what Markdown, HTML and terminals read."""
    labels = ["<script>alert(1)</script>", "a|b `c`\x1b[31m"]
    data = [
        {"text": f"{word} film\n``` {i} <img src=x>\x1b[2J", "label": label}
        for i in range(9)
        for word, label in zip(("bad", "good"), labels)
    ]
    out = tmp_path_factory.mktemp("awkward") / "run"
    found = discover(
        data=data,
        plms=["minilm-mlm"],
        dtype="float32",
        device="cpu",
        templates=["{text}\n``` | <b>It</b> was {mask}."],
        words={labels[0]: ["bad", "|"], labels[1]: ["good", "`"]},
        calibrations=["none"],
        out=out,
    )
    return found, (out / "report.md").read_text("utf-8")


def test_data_cannot_write_the_report(awkward):
    found, report = awkward
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", report)
    tokens = READER.parse(report)
    assert not kinds(tokens) & {"html_block", "html_inline", "link_open", "image", "em_open"}
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == [
        "Best prompt for `data`",
        "The prompt",
        "Comparison",
        "Next best on dev",
        "Use it",
        "How it was found",
    ]
    rows = [token for token in tokens if token.type == "tr_open"]
    # Two labels, the comparison's three rows, no next best; three heads.
    assert len(rows) == 2 + 3 + 3
    blocks = [token.content for token in tokens if token.type == "fence"]
    assert blocks[0] == str(found.best.trial.candidate.template) + "\n"
    assert "<script>alert(1)</script>" in text_of(tokens)


def test_verdicts_name_labels_harmlessly(awkward):
    found, _ = awkward
    assert found.best.test is not None
    never = replace(found.best.test, confusion=((4, 0, 0), (4, 0, 0)), constant=False)
    finalists = (replace(found.finalists[0], test=never), *found.finalists[1:])
    report = markdown(replace(found, finalists=finalists))
    line = next(line for line in report.splitlines() if "never predicts" in line)
    assert "\\`c\\`" in line
    assert "a\\|b" in line


def test_the_report_says_how_it_was_found(found):
    report = (found.folder / "report.md").read_text("utf-8")
    assert f"{len(found.trials)} combinations" in report
    assert "train 12, dev 12, test 24 examples; seed 0" in report
    assert "| majority class |" in report
    assert "The seed fixes which examples are drawn" in report


def test_the_python_in_the_report_runs(found, monkeypatch, capsys):
    report = (found.folder / "report.md").read_text("utf-8")
    script = report.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(found.folder)
    exec(compile(script, "report.md", "exec"), {})
    assert "Prediction(label=" in capsys.readouterr().out
