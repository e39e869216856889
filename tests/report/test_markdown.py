from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptsearch import discover
from promptsearch.report.blocks_markdown import block_markdown
from promptsearch.report.building import report_document
from promptsearch.report.document import Heading, MarkedBlock, Paragraph, TableBlock, Variation
from promptsearch.report.drawings import drawings
from promptsearch.report.html.parts import parts_of
from promptsearch.report.markdown import markdown
from promptsearch.report.marks import code, escape, fenced, table
from promptsearch.report.writing import write
from promptsearch.study.artefacts import PLOTS
from tests.report.documents import bare_document, small_document
from tests.report.html.hostile import hostile_document
from tests.report.reading import READER, kinds, table_rows, text_of

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


def with_changes(**changes: object) -> str:
    """The bare report, but for these parts of it, as Markdown."""
    return markdown(bare_document().model_copy(update=changes))


def test_blanks_that_would_not_be_seen_are_shown():
    def told(*sources: str) -> str:
        plain = Variation(change="a space more", template="", figure=None, flips=None)
        return with_changes(sensitivity=[plain.model_copy(update={"template": each}) for each in sources])

    found = told("{text} It  was {mask}.", " {text} It was {mask}.")
    assert "␣ is a blank that would not be seen." in found
    cells = [row[1] for row in table_rows(READER.parse(found)) if row[0] == "a space more"]
    assert cells == ["{text} It␣␣was {mask}.", "␣{text} It was {mask}."]
    assert "␣" not in told("{text} It was {mask}.")


def test_a_title_names_the_sample_that_stands_in():
    task = bare_document().task.model_copy(update={"name": "reviews", "stand_in_for": "sst2"})
    assert with_changes(task=task).startswith("# Best prompt for `sst2` (sample `reviews`)\n")
    task = task.model_copy(update={"stand_in_for": None})
    assert with_changes(task=task).startswith("# Best prompt for `reviews`\n")


def test_what_it_took_to_go_on_is_told_apart():
    assert "- Time: 1.0 s.\n" in with_changes()
    told = with_changes(seconds_on_top=75.0)
    assert "- Time: 1.0 s, and 1 min 15 s on top to go on where it had been stopped.\n" in told


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
    assert not kinds(tokens) & {"html_block", "html_inline", "link_open", "em_open"}
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == [
        "Best prompt for `data`",
        "The prompt",
        "Comparison",
        "All candidates",
        "History",
        "Quality against cost",
        "Confusion",
        "Hardest examples",
        "Sensitivity to wording",
        "How to reproduce",
    ]
    blocks = [token.content for token in tokens if token.type == "fence"]
    assert blocks[0] == str(found.best.trial.candidate.template) + "\n"
    assert "<script>alert(1)</script>" in text_of(tokens)


def test_verdicts_name_labels_harmlessly(awkward):
    found, _ = awkward
    assert found.best.test is not None
    never = replace(found.best.test, confusion=((4, 0, 0), (4, 0, 0)), constant=False)
    finalists = (replace(found.finalists[0], test=never), *found.finalists[1:])
    report = markdown(report_document(replace(found, finalists=finalists)))
    line = next(line for line in report.splitlines() if "never predicts" in line)
    assert "\\`c\\`" in line
    assert "a\\|b" in line


def test_the_report_says_how_it_was_found(found):
    report = (found.folder / "report.md").read_text("utf-8")
    assert f"{len(found.trials)} combinations" in report
    assert "train 12, dev 12, test 24" in report
    assert "| majority class |" in report
    assert "The seed fixes which examples are drawn" in report


def test_the_python_in_the_report_runs(found, monkeypatch, capsys):
    report = (found.folder / "report.md").read_text("utf-8")
    script = report.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(found.folder)
    exec(compile(script, "report.md", "exec"), {})
    assert "Prediction(label=" in capsys.readouterr().out


def test_its_parts_are_those_of_the_page_in_their_order():
    document = small_document()
    tokens = READER.parse(markdown(document))
    headings = [
        tokens[i + 1].content for i, token in enumerate(tokens) if token.tag == "h2" and token.nesting == 1
    ]
    assert headings == [part.title for part in parts_of(document, drawings(document))]
    assert {"Label words", "Mined templates", "Transfer between PLMs", "Seeds"} <= set(headings)


def test_it_shows_the_pictures_that_stand_beside_it(tmp_path):
    document = small_document()
    write(tmp_path, document)
    tokens = READER.parse((tmp_path / "report.md").read_text("utf-8"))
    shown = {
        child.attrs["src"] for token in tokens for child in token.children or () if child.type == "image"
    }
    assert shown == {path.name for path in tmp_path.glob("*.svg")}
    assert shown == {f"{name}.svg" for name in (*PLOTS, "label-words", "trigger-1", "trigger-2")}
    for path in tmp_path.glob("*.svg"):
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_figures_of_the_comparison():
    rows = table_rows(READER.parse(markdown(small_document()).split("## Comparison\n")[1].split("\n## ")[0]))
    assert rows[0] == [
        "",
        "PLM",
        "template",
        "label words",
        "calibration",
        "dev accuracy",
        "test accuracy",
        "best is better by",
        "cost of a text",
    ]
    assert rows[2] == [
        "best of its PLM",
        "smollm2-135m",
        "{text} A {mask} film.",
        "negative: awful, awfully / positive: wonderful, wonderfully",
        "contextual",
        "84.0 [80.0, 88.0] n=64",
        "82.3 [78.3, 86.3] n=872",
        "+1.8 (−0.7 to +4.3; p = 0.16)",
        "26 tokens, 1 pass, 5.2 ms, 2 numbers stored",
    ]
    assert rows[4][:5] == ["majority class", "–", "–", "–", "–"]
    assert rows[4][-1] == "–"


def test_a_bare_document_has_no_empty_parts():
    report = markdown(bare_document())
    assert [line for line in report.splitlines() if line.startswith("## ")] == [
        "## The prompt",
        "## Comparison",
        "## How to reproduce",
    ]
    assert "![" not in report


def test_a_hostile_document_writes_no_markup():
    document = hostile_document()
    report = markdown(document)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", report)
    tokens = READER.parse(report)
    assert not kinds(tokens) & {"html_block", "html_inline", "link_open", "em_open"}
    clean = READER.parse(markdown(small_document()))
    for kind in ("tr_open", "heading_open", "fence", "bullet_list_open"):
        assert [t.type for t in tokens].count(kind) == [t.type for t in clean].count(kind)


@pytest.mark.parametrize("text", AWKWARD)
def test_blocks_show_their_text_and_nothing_else(text):
    line = text.replace("\n", "⏎")
    for block in (
        Paragraph(text=f"so {text}"),
        Heading(text=text),
        TableBlock(titles=(text,), rows=((text,),)),
        MarkedBlock(sentences=(((text, ""),),)),
    ):
        tokens = READER.parse(block_markdown(block))
        assert not kinds(tokens) & {
            "html_block",
            "html_inline",
            "link_open",
            "em_open",
            "strong_open",
            "s_open",
        }
        assert line.replace("`", "") in text_of(tokens).replace("`", "")


def test_code_stands_apart_in_a_paragraph():
    text = f"Searched for {code('{text} `x` {mask}')} on {code('a_b')}, see *it*."
    (_, inline, _) = READER.parse(block_markdown(Paragraph(text=text)))
    children = inline.children or []
    assert [child.content for child in children if child.type == "code_inline"] == [
        "{text} `x` {mask}",
        "a_b",
    ]
    assert text_of([inline]) == "Searched for {text} `x` {mask} on a_b, see *it*."
