from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

import pytest

from promptsearch.report.mining_section import PICTURE_FILE, support
from promptsearch.scoring import Evaluation
from promptsearch.study.trial import Trial
from tests.report.mined import frame, mined_parts, mined_trial, mining, searched, sighting, template
from tests.report.reading import READER, kinds, table_rows, text_of
from tests.report.test_markdown import AWKWARD
from tests.study.trials import figures

BORN = template(
    "was born in", 9, 0, sighting("Curie was born in Warsaw.", "Curie", "Warsaw", " was born in ")
)
LIVED = template("lived in", 4, 2)


def section(discovery) -> list:
    return READER.parse("\n\n".join(mined_parts(discovery)))


def test_a_search_reports_what_it_mined(mined_search):
    found = mined_search
    report = (found.folder / "report.md").read_text("utf-8")
    part = report.split("## Mined templates\n")[1].split("\n## ")[0]
    assert f"]({PICTURE_FILE})" in part
    assert f"{found.mining.sentences:,} sentences" in part
    picture = ElementTree.parse(found.folder / PICTURE_FILE).getroot()
    rows = table_rows(READER.parse(part))
    titles = len(list(picture.iter("{http://www.w3.org/2000/svg}title"))) - 1
    assert titles == len([row for row in rows if row[-1] == "minilm-mlm"]) > 0


def test_what_was_mined_is_said(found):
    parts = mined_parts(searched(found, mining(BORN, LIVED), mined_trial(BORN)))
    assert parts[:2] == [
        "## Mined templates",
        "2 templates from 1,200 sentences of `/a/text.txt`, mined in 0.2 s. 40 of the sentences hold two "
        "names near enough to count; 9 of 12 pairs were met.",
    ]


def test_pruning_and_bytes_that_are_no_text_are_said(found):
    outcome = mining(BORN, missed=3, undecodable=1)
    told = mined_parts(searched(found, outcome, mined_trial(BORN)))[1]
    assert "supports are lower bounds. Each wording may lack 3 pairs" in told
    assert told.endswith("1 byte could not be read as text.")


@pytest.mark.parametrize(("missed", "told"), [(0, "1,204"), (3, "≥1,204")])
def test_a_pruned_support_has_its_bound(missed, told):
    assert support(template("a", 1204, missed)) == told


def test_templates_of_a_relation_stand_with_their_figures(found):
    trials = [mined_trial(BORN, dev=5), mined_trial(LIVED, dev=8, method="batch")]
    head, first, second = table_rows(section(searched(found, mining(BORN, LIVED), *trials)))
    assert head == [
        "template",
        "support",
        "others",
        "specificity",
        "train accuracy",
        "dev accuracy",
        "calibration",
        "PLM",
    ]
    # Wilson at 95 %: 8 of 10.
    dev = "80.0 [49.0, 94.3] n=10"
    assert first == [str(LIVED.cloze), "≥4", "1", "0.750", "50.0 n=10", dev, "batch", "minilm-mlm"]
    assert second[:2] == [str(BORN.cloze), "9"]


def test_frames_stand_with_the_words_of_each_label(found):
    overall = frame("Overall it was")
    discovery = searched(found, mining(overall), mined_trial(overall), kind="classification")
    head, row = table_rows(section(discovery))
    assert head[2:5] == ["balance", "words found (pairs)", "read with"]
    names = discovery.task.label_names
    assert row[2:5] == [
        "0.40",
        f"{names[0]}: bad (2) / {names[1]}: good, great, fine, lovely +1 (6)",
        "bad / good",
    ]


def test_the_chosen_template_is_marked(found):
    chosen = mined_trial(BORN, dev=9)
    discovery = searched(found, mining(BORN, LIVED), chosen, mined_trial(LIVED, dev=5))
    best = replace(found.best, trial=chosen)
    _, first, second = table_rows(section(replace(discovery, finalists=(best,))))
    assert first[0] == f"{BORN.cloze} (chosen)"
    assert second[0] == str(LIVED.cloze)


def test_examples_stand_with_their_places(found):
    sentences = [
        sighting(f"A{i} lies in B{i}.", f"A{i}", f"B{i}", " lies in ", "/a/text.txt", i) for i in range(5)
    ]
    lies = template("lies in", 5, 0, *sentences)
    parts = mined_parts(searched(found, mining(lies), mined_trial(lies)))
    assert parts[-1].splitlines() == [
        "- `text.txt:0` **A0** `lies in` **B0**.",
        "- `text.txt:1` **A1** `lies in` **B1**.",
        "- `text.txt:2` **A2** `lies in` **B2**.",
    ]
    assert parts[-2] == "`{text} lies in {mask}.`"


def test_folders_tell_sources_apart_where_names_do_not(found):
    seen = sighting("A lies in B.", "A", "B", " lies in ", "/b/text.txt", 7)
    lies = template("lies in", 5, 0, seen)
    outcome = mining(lies, sources=("/a/text.txt", "/b/text.txt"))
    assert mined_parts(searched(found, outcome, mined_trial(lies)))[-1].startswith("- `/b/text.txt:7` ")


def test_what_no_plm_was_tried_with_is_listed_shortly(found):
    others = [template(f"w{i}", 20 - i) for i in range(12)]
    report = "\n".join(mined_parts(searched(found, mining(BORN, *others), mined_trial(BORN))))
    [line] = [line for line in report.splitlines() if line.startswith("Mined, but compared on no PLM")]
    assert "`{text} w0 {mask}.` (20), " in line
    assert "`{text} w9 {mask}.` (11) … and 2 more." in line
    assert "w10" not in line


def test_where_nothing_was_mined_it_says_why(found):
    outcome = mining(notices=("No sentence holds both sides of a *pair*.",))
    discovery = searched(found, outcome)
    assert mined_parts(discovery)[2:] == ["No sentence holds both sides of a \\*pair\\*."]


def test_no_section_without_mining(found):
    assert mined_parts(replace(found, mining=None)) == []


@dataclass(frozen=True)
class Ensemble:
    """What the report reads of an ensemble."""

    members: tuple[Trial, ...]
    weights: tuple[float, ...]
    dev: Evaluation
    test: Evaluation | None
    plms: tuple[str, ...] = ("minilm-mlm",)
    file: str = "ensemble.json"


def test_an_ensemble_stands_beside_its_best_member_and_the_manual_prompt(found):
    one, two = mined_trial(BORN, train=8, dev=6), mined_trial(LIVED, train=7, dev=7, method="batch")
    ensemble: Any = Ensemble((one, two), (0.25, 0.75), figures(9), figures(8))
    discovery = searched(found, mining(BORN, LIVED), one, two, ensembles=(ensemble,))
    report = "\n\n".join(mined_parts(discovery))
    part = report.split("### Ensemble of mined templates")[1].split("###")[0]
    assert (
        "2 templates answer together on `minilm-mlm`, with weights learned on train, in `ensemble.json`"
        in part
    )
    rows = [row for row in table_rows(READER.parse(part)) if row[0] != "template"]
    manual = next(f for f in discovery.finalists if f.role == "manual")
    assert [row[0] for row in rows[1:4]] == ["ensemble", "best single mined template", "manual prompt"]
    assert rows[1][3:] == ["90.0 [59.6, 98.2] n=10", "80.0 [49.0, 94.3] n=10"]
    assert rows[2][1:3] == [str(LIVED.cloze), "batch"]
    assert rows[2][4] == "–"
    assert rows[3][1] == str(manual.trial.candidate.template)
    assert [row[:3] for row in rows[4:]] == [
        [str(LIVED.cloze), "batch", "0.750"],
        [str(BORN.cloze), "none", "0.250"],
    ]


@pytest.mark.parametrize("awkward", AWKWARD)
def test_text_and_its_source_write_no_markup(found, awkward):
    text = awkward.replace("\n", " ")
    seen = sighting(f"{awkward} A {awkward} B {awkward}", "A", "B", f" {awkward} ", awkward)
    lies, left = template(text, 5, 0, seen), template(f"{text} 2", 4)
    outcome = mining(lies, left, sources=(awkward,))
    tokens = section(searched(found, outcome, mined_trial(lies, plm=awkward)))
    assert not kinds(tokens) & {"html_block", "html_inline", "link_open", "em_open"}
    assert f"{{text}} {text} {{mask}}." in text_of(tokens)
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == ["Mined templates", "Where they were found"]
    assert [len(row) for row in table_rows(tokens)] == [8, 8]


def test_a_search_reports_its_ensemble(mined_search):
    [ensemble] = mined_search.ensembles
    report = (mined_search.folder / "report.md").read_text("utf-8")
    part = report.split("### Ensemble of mined templates\n")[1].split("\n### ")[0]
    shown = [row for row in table_rows(READER.parse(part)) if len(row) == 4][1:]
    assert sorted(row[2] for row in shown) == sorted(f"{weight:.3f}" for weight in ensemble.weights)
    assert f"in `{ensemble.file}`." in part
