from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np

from promptsearch.report.blocks_markdown import block_markdown
from promptsearch.report.building import report_document
from promptsearch.report.label_words import words_trials
from promptsearch.report.markdown import markdown
from promptsearch.report.words_section import PICTURE_FILE, words_blocks, words_section
from promptsearch.scoring import SoftReadout
from tests.report.reading import READER, kinds, table_rows, text_of
from tests.report.steps import candidate, dropped
from tests.report.test_markdown import AWKWARD


def section(report: str) -> list:
    """Tokens of the section on label words."""
    return READER.parse(report.split("## Label words\n")[1].split("\n## ")[0])


def test_a_search_reports_its_label_words(found):
    report = (found.folder / "report.md").read_text("utf-8")
    trials = words_trials(found)
    tokens = section(report)
    rows = table_rows(tokens)
    assert rows[0][:5] == ["step", "what it does", "words", "dropped", "dev accuracy"]
    steps = rows[1 : 1 + len(trials)]
    names = [str(trial.candidate.provenance["method"]) for trial in trials]
    assert [row[0].removesuffix(" (chosen)") for row in steps] == names
    assert all(row[1] for row in steps)
    assert [row[2] for row in steps] == [str(trial.candidate.verbalizer.size) for trial in trials]
    [picture] = [child for token in tokens for child in token.children or () if child.type == "image"]
    assert picture.attrs["src"] == PICTURE_FILE


def test_the_picture_stands_beside_the_report(found):
    picture = ElementTree.parse(found.folder / PICTURE_FILE).getroot()
    dots = list(picture.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(dots) == len(words_trials(found))


def chosen(found, readout=None):
    """The search, had the last trial of the engine been chosen."""
    last = words_trials(found)[-1]
    best = replace(last, candidate=replace(last.candidate, readout=readout))
    trials = tuple(best if trial is last else trial for trial in found.trials)
    return replace(found, trials=trials, finalists=(replace(found.best, trial=best), *found.finalists[1:]))


def test_the_chosen_step_is_marked_and_the_others_are_not(found):
    discovery = chosen(found)
    steps = table_rows(section(markdown(report_document(discovery))))[1 : 1 + len(words_trials(discovery))]
    method = discovery.best.trial.candidate.provenance["method"]
    assert [row[0] for row in steps if row[0].endswith("(chosen)")] == [f"{method} (chosen)"]
    assert "is none of these" not in markdown(report_document(discovery))


def test_words_stand_at_length_in_their_section_alone(found):
    discovery = chosen(found)
    best = discovery.best.trial
    words = {label: [f"w{i}x{n}" for n in range(45)] for i, label in enumerate(found.task.labels)}
    verbalizer = type(best.candidate.verbalizer).of(words, found.task.labels)
    wide = replace(best, candidate=replace(best.candidate, verbalizer=verbalizer))
    trials = tuple(wide if trial is best else trial for trial in discovery.trials)
    discovery = replace(discovery, trials=trials, finalists=(replace(discovery.best, trial=wide),))
    report = markdown(report_document(discovery))
    inside = report.split("## Label words\n")[1].split("\n## ")[0]
    outside = report.replace(inside, "")
    assert "w0x7" in outside
    assert "w0x8" not in outside
    assert "+37" in outside
    assert "w0x39 … and 5 more" in inside
    assert "w0x40" not in inside


def test_a_readout_is_named_with_the_prompt_and_in_the_comparison(found):
    readout = SoftReadout(np.zeros((2, 4)), np.zeros(2))
    report = markdown(report_document(chosen(found, readout)))
    assert "labels read by the soft readout in place of its words" in report
    best = next(line for line in report.splitlines() if line.startswith("| best |"))
    assert ", read by soft readout in place of its words |" in best
    plain = markdown(report_document(chosen(found)))
    assert "read by" not in plain.split("## Comparison")[1].split("## All candidates")[0]


def test_no_section_where_no_words_were_searched(found):
    manual = tuple(trial for trial in found.trials if trial.candidate.engine == "manual")
    best = replace(found.best, trial=manual[0])
    assert words_section(replace(found, trials=manual, finalists=(best,))) is None


def test_words_write_no_markup():
    words = {"no": AWKWARD, "yes": "good"}
    sources = {word: {"source": word, "relation": word, "seed": word} for word in AWKWARD}
    found = candidate(
        "expanded",
        words,
        sources=sources,
        dropped=dropped("<b>no</b>", "nearer to '<i>|`'", *AWKWARD),
        notes=["All words of '**no**' were taken out; <b>its</b> name stays."],
    )
    tokens = READER.parse("\n\n".join(map(block_markdown, words_blocks(found, ["[no](x)", "yes"], [found]))))
    assert not kinds(tokens) & {"html_block", "html_inline", "link_open", "image", "em_open", "strong_open"}
    rows = table_rows(tokens)
    assert [len(row) for row in rows] == [4, 4, 4, 5, 5]
    assert rows[1][:2] == ["[no](x)", str(len(AWKWARD))]
    assert all(word.replace("\n", "⏎") in rows[1][2] for word in AWKWARD)
    assert rows[4][:4] == ["expanded", "<b>no</b>", "nearer to another label", str(len(AWKWARD))]
    assert "All words of '**no**' were taken out; <b>its</b> name stays." in text_of(tokens)
