"""The section of a report on mined templates: figures, a picture, and sentences they were found in."""

from __future__ import annotations

from collections.abc import Sequence

from promptsearch.engines.mining.framing import Frame
from promptsearch.engines.mining.mined import Mined
from promptsearch.engines.mining.mining import Mining
from promptsearch.report.document import Block, Heading, Paragraph, PictureBlock, Section, TableBlock
from promptsearch.report.marks import code
from promptsearch.report.mined_examples import sightings_block
from promptsearch.report.mined_remarks import (
    against_best,
    better_ensemble,
    by_hand,
    compared,
    found_once,
    met,
    too_few,
    were,
)
from promptsearch.report.mined_rows import MinedRow, best_single, mined_rows, not_tried, wordings
from promptsearch.report.mining_picture import Line, support_picture
from promptsearch.report.rows import figure, percent
from promptsearch.report.words import short_words
from promptsearch.showing import count, whole_text
from promptsearch.study.ensembles import Ensemble
from promptsearch.study.finalist import MAJORITY, MANUAL
from promptsearch.study.result import Discovery

PICTURE_FILE = "mined-templates.svg"
_SOURCES = 5
_EXAMPLES = 3
_NOT_TRIED = 10
_WORDS = 4
"""Words of a label that are listed for a frame."""


def mined_section(discovery: Discovery) -> Section | None:
    """The section; None where nothing was mined for."""
    mining = discovery.mining
    if mining is None:
        return None
    facts = discovery.task.kind == "fact"
    blocks: list[Block] = [Paragraph(text=whole_text(_account(mining, facts)))]
    if mining.templates:
        rows = mined_rows(discovery)
        blocks += _tried(discovery, rows, facts)
        blocks += _left(not_tried(discovery, rows))
        if discovery.ensembles:
            blocks.append(Heading(text="Ensemble of mined templates"))
            for ensemble in discovery.ensembles:
                blocks += _ensemble(discovery, ensemble)
        blocks += _sentences(rows, mining.sources, facts)
    else:
        blocks += [Paragraph(text=whole_text(notice)) for notice in mining.notices]
    return Section(title="Mined templates", blocks=tuple(blocks))


def _tried(discovery: Discovery, rows: Sequence[MinedRow], facts: bool) -> list[Block]:
    """How those did that a PLM was tried with."""
    if not rows:
        return []
    metric = discovery.task.metric
    remarks = (compared(discovery, rows), by_hand(discovery), too_few(discovery))
    return [
        PictureBlock(
            file=PICTURE_FILE,
            svg=mined_picture(discovery, rows),
            alternative=f"Support against {metric} on dev",
        ),
        templates_table(rows, metric, discovery.task.label_names),
        Paragraph(text=_legend(facts, any(row.chosen for row in rows))),
        *(Paragraph(text=remark) for remark in remarks if remark),
    ]


def mined_picture(discovery: Discovery, rows: Sequence[MinedRow]) -> str:
    """The picture of the section as SVG; there must be rows."""
    metric = discovery.task.metric
    plms = {row.trial.plm for row in rows}
    lines = [Line(MAJORITY, discovery.majority_dev.value(metric))]
    for finalist in discovery.finalists:
        plm = finalist.trial.plm
        if finalist.role == MANUAL and plm in plms:
            lines.append(Line(MANUAL, finalist.trial.dev.value(metric), plm))
    return support_picture(rows, metric, lines)


def templates_table(rows: Sequence[MinedRow], metric: str, names: Sequence[str]) -> TableBlock:
    """One line a template and PLM, by dev.

    Args:
        names: of the labels.
    """
    frames = any(isinstance(row.mined, Frame) for row in rows)
    special = ("balance", "words found (pairs)", "read with") if frames else ("others", "specificity")
    titles = ("template", "support", *special, f"train {metric}", f"dev {metric}", "calibration", "PLM")
    lines = []
    for row in rows:
        trial, mined = row.trial, row.mined
        lines.append(
            (
                f"{row.template} (chosen)" if row.chosen else row.template,
                support(mined),
                *_special(mined, row, names),
                f"{percent(trial.train.value(metric))} n={trial.train.n}",
                figure(trial.dev, metric),
                trial.calibration.method,
                trial.plm,
            )
        )
    return TableBlock(titles=titles, rows=tuple(lines))


def support(mined: Mined | Frame) -> str:
    """`12`, or `≥12` where counts were pruned."""
    return ("≥" if mined.missed else "") + f"{mined.support:,}"


def _special(mined: Mined | Frame, row: MinedRow, names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(mined, Mined):
        return f"{mined.others:,}", f"{mined.specificity:.3f}"
    labels = []
    for name, label in zip(names, mined.by_label):
        more = f" +{len(label.words) - _WORDS}" if len(label.words) > _WORDS else ""
        labels.append(f"{name}: {', '.join(label.words[:_WORDS])}{more} ({label.pairs:,})")
    return f"{mined.balance:.2f}", " / ".join(labels), short_words(row.trial.candidate.verbalizer)


def _account(mining: Mining, facts: bool) -> str:
    """What was mined, in a sentence or two."""
    hold = "two names near enough to count" if facts else "a label word with a frame around it"
    shown = ", ".join(map(code, mining.sources[:_SOURCES]))
    more = f" and {len(mining.sources) - _SOURCES} more" if len(mining.sources) > _SOURCES else ""
    told = (
        f"{count(len(mining.templates), 'template')} from {count(mining.sentences, 'sentence')} of "
        f"{shown}{more}, mined in {mining.seconds:.1f} s. {mining.matched:,} of the sentences "
        f"{'holds' if mining.matched == 1 else 'hold'} "
        f"{hold}; {met(mining, 'fact' if facts else '')} {were(mining.met)} met."
    )
    if mining.missed:
        told += (
            " Counts were pruned to fit memory: supports are lower bounds. Each wording may lack "
            f"{count(mining.missed, 'pair')}, and wordings of so few may be gone."
        )
    if once := found_once(mining, "fact" if facts else ""):
        told += (
            f" {count(once, 'template')} {were(once)} found with one pair only: where few are found with "
            "two, those fill up what a PLM can read."
        )
    if mining.undecodable:
        told += f" {count(mining.undecodable, 'byte')} could not be read as text."
    return told


def _legend(facts: bool, chosen: bool) -> str:
    """What the columns of the table mean."""
    if facts:
        told = (
            "Support: distinct pairs found in the template. Others: pairs of other relations, or of names "
            "that do not belong together. Specificity: the chance that a pair found in it is of the relation "
            "where both are equally many."
        )
        read = "the calibration that does"
    else:
        told = (
            "Support: distinct pairs of a label word and a word of the inputs found in the frame; a label "
            "word without such a word near it is one more. Balance: 1 where the labels stand in it evenly."
        )
        read = "the calibration and label words that do"
    own = ", for the chosen prompt's template of that prompt" if chosen else ""
    return f"{told} Train and dev are of {read} best on train{own}."


def _left(mined: Sequence[Mined | Frame]) -> list[Block]:
    """Templates that no PLM was tried with further."""
    if not mined:
        return []
    more = f" … and {len(mined) - _NOT_TRIED} more" if len(mined) > _NOT_TRIED else ""
    shown = ", ".join(f"{code(wordings(m)[0])} ({support(m)})" for m in mined[:_NOT_TRIED])
    told = f"Mined, but compared on no PLM (support): {shown}{more}."
    return [Paragraph(text=told)]


def _sentences(rows: Sequence[MinedRow], sources: Sequence[str], facts: bool) -> list[Block]:
    """Where each template was found."""
    shown = {wordings(row.mined): row.mined for row in rows if row.mined.sightings}
    if not shown:
        return []
    marked = (
        "the two sides of a pair, and the words between them"
        if facts
        else "a label word, a word of the inputs if any, and the words of the frame"
    )
    blocks: list[Block] = [Heading(text="Where they were found"), Paragraph(text=f"Marked are {marked}.")]
    for mined in shown.values():
        blocks.append(Paragraph(text=code(wordings(mined)[0])))
        blocks.append(sightings_block(mined.sightings[:_EXAMPLES], sources))
    return blocks


def _ensemble(discovery: Discovery, ensemble: Ensemble) -> list[Block]:
    """One PLM's mined templates together: weights, and figures beside each alone."""
    metric = discovery.task.metric
    singles = [("best single mined template", best_single(discovery, ensemble.plms[0]))]
    singles += [
        ("manual prompt", f)
        for f in discovery.finalists
        if f.role == MANUAL and f.trial.plm == ensemble.plms[0]
    ]
    figures = [("ensemble", "–", "–", figure(ensemble.dev, metric), figure(ensemble.test, metric))]
    for name, finalist in singles:
        template, calibration = str(finalist.trial.candidate.template), finalist.trial.calibration.method
        own = figure(finalist.trial.dev, metric), figure(finalist.test, metric)
        figures.append((name, template, calibration, *own))
    weights = [
        (str(trial.candidate.template), trial.calibration.method, f"{weight:.3f}", figure(trial.dev, metric))
        for weight, trial in sorted(zip(ensemble.weights, ensemble.members), key=lambda pair: -pair[0])
    ]
    told = (
        f"{count(len(ensemble.members), 'template')} answer together on {code(ensemble.plms[0])}, with "
        f"weights learned on train, in {code(ensemble.file)}."
    )
    if ensemble is better_ensemble(discovery):
        told += (
            f" On dev that is better than the best prompt ({against_best(discovery, ensemble)}): "
            f"{code(f'promptsearch predict {ensemble.file}')} uses it."
        )
    titles = ("", "template", "calibration", f"dev {metric}", f"test {metric}")
    return [
        Paragraph(text=told),
        TableBlock(titles=titles, rows=tuple(figures)),
        TableBlock(titles=("template", "calibration", "weight", f"dev {metric}"), rows=tuple(weights)),
    ]
