"""Mined templates made by hand, and searches that tried them."""

from __future__ import annotations

from dataclasses import replace

from promptsearch.engines.base import Candidate
from promptsearch.engines.mining.framing import Frame, LabelSupport
from promptsearch.engines.mining.mined import Mined, Sighting
from promptsearch.engines.mining.mining import Mining
from promptsearch.report.blocks_markdown import block_markdown
from promptsearch.report.marks import escape
from promptsearch.report.mining_section import mined_section
from promptsearch.study.result import Discovery
from promptsearch.study.trial import Trial
from promptsearch.template import Template
from tests.study.trials import WORDS, trial


def sighting(sentence: str, x: str, y: str, words: str, source: str = "text.txt", line: int = 1) -> Sighting:
    """A sentence with its parts, each where it first stands."""
    spans = [(sentence.index(part), sentence.index(part) + len(part)) for part in (x, y, words)]
    return Sighting(source, line, sentence, *spans)


def template(words: str, support: int = 3, missed: int = 0, *sightings: Sighting, others: int = 1) -> Mined:
    """`{text} WORDS {mask}.`, found for a relation."""
    cloze = Template.parse(f"{{text}} {words} {{mask}}.")
    return Mined(cloze, None, support, missed, others, 0.75, sightings)


def frame(words: str, support: int = 8, *sightings: Sighting) -> Frame:
    """`{text} WORDS {mask}.` and the same before the text."""
    cloze = (Template.parse(f"{{text}} {words} {{mask}}."), Template.parse(f"{words} {{mask}}. {{text}}"))
    by_label = (LabelSupport(("bad",), 2), LabelSupport(("good", "great", "fine", "lovely", "super"), 6))
    return Frame(cloze, None, support, 0, by_label, 0.4, 1.0, sightings)


def mined_trial(
    found: Mined | Frame,
    train: int = 5,
    dev: int = 5,
    *,
    plm: str = "minilm-mlm",
    method: str = "none",
    before: bool = False,
) -> Trial:
    """A template, or that before the text, with so many of 10 right on train and on dev."""
    cloze = found.cloze[int(before)] if isinstance(found, Frame) else found.cloze
    provenance = {**found.record(), "train_accuracy": 0.25, "train_n": 32}
    made = trial("x", train, dev, plm=plm, method=method)
    return replace(made, candidate=Candidate(cloze, WORDS, "mining", provenance))


def mining(*templates: Mined | Frame, **parts) -> Mining:
    """What they were found in."""
    plain = {
        "sources": ("/a/text.txt",),
        "sentences": 1200,
        "characters": 9000,
        "undecodable": 0,
        "matched": 40,
        "pairs": 12,
        "met": 9,
        "missed": 0,
        "seconds": 0.25,
    }
    return Mining(templates, **{**plain, **parts})


def searched(found, outcome: Mining, *trials: Trial, kind: str = "fact", **parts):
    """A search that tried these and what a person would write, whose prompt was chosen."""
    manual = [t for t in found.trials if t.candidate.engine == "manual"]
    task = replace(found.task, kind=kind)
    best = replace(found.best, trial=manual[0])
    given = {"trials": (*manual, *trials), "finalists": (best, *found.finalists[1:]), "mining": outcome}
    return replace(found, task=task, **{**given, **parts})


def mined_parts(discovery: Discovery) -> list[str]:
    """The report's section on what was mined, in Markdown; empty where there is none."""
    section = mined_section(discovery)
    if section is None:
        return []
    return [f"## {escape(section.title)}", *map(block_markdown, section.blocks)]
