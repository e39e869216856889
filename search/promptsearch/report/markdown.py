"""The report of a run in Markdown."""

from __future__ import annotations

from pathlib import Path

from promptsearch.paths import atomic_write
from promptsearch.report.label_words import SHOWN, listed_words, words_trials
from promptsearch.report.marks import code, escape, fenced, table
from promptsearch.report.mined_rows import mined_rows
from promptsearch.report.mining_section import PICTURE_FILE as MINED_PICTURE_FILE
from promptsearch.report.mining_section import mined_picture, mined_templates
from promptsearch.report.rows import Row, answer_sentence, rows_of, verdicts
from promptsearch.report.words import CELL, cell_words, own_names
from promptsearch.report.words_section import PICTURE_FILE, label_words, words_picture
from promptsearch.showing import printable
from promptsearch.study.result import Discovery
from promptsearch.study.trial import Trial


def write(path: Path, discovery: Discovery) -> None:
    """Write the report and its pictures beside it; see `promptsearch.paths.atomic_write`."""
    if mined_rows(discovery):
        atomic_write(path.with_name(MINED_PICTURE_FILE), mined_picture(discovery))
    if words_trials(discovery):
        atomic_write(path.with_name(PICTURE_FILE), words_picture(discovery))
    atomic_write(path, printable(markdown(discovery)))


def markdown(discovery: Discovery) -> str:
    """The report as text."""
    task, best = discovery.task, discovery.best
    title = task.stand_in_for or task.name
    parts = [
        f"# Best prompt for {code(title)}",
        answer_sentence(discovery),
        *(f"> {escape(notice)}" for notice in discovery.notices),
        "## The prompt",
        fenced(str(best.trial.candidate.template)),
        _words(discovery),
        f"PLM {code(best.trial.plm)}, calibration {code(best.trial.calibration.method)}"
        f"{_readout(best.trial)}. With an example filled in:",
        fenced(_example(discovery)),
        "## Comparison",
        table(Row.titles(task.metric), [row.cells() for row in rows_of(discovery)]),
        *map(escape, verdicts(discovery)),
        *mined_templates(discovery),
        *label_words(discovery),
        "## Next best on dev",
        table(("dev", "PLM", "template", "label words", "calibration"), _next_best(discovery)),
        "## Use it",
        fenced(_use(discovery), "python"),
        "## How it was found",
        _method(discovery),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _readout(trial: Trial) -> str:
    """How labels are read, where not off the words alone."""
    readout = trial.candidate.readout
    if readout is None:
        return ""
    how = "mixed with its words" if readout.uses_words else "in place of its words"
    return f", labels read by the {code(readout.kind)} readout {how}"


def _words(discovery: Discovery) -> str:
    candidate, names = discovery.best.trial.candidate, discovery.task.label_names
    if own := own_names(candidate.verbalizer):
        return f"Label words: {own}."
    # The section on label words lists them at length.
    most = CELL if any(trial is discovery.best.trial for trial in words_trials(discovery)) else SHOWN
    return table(
        ("label", "words"),
        [
            (name, listed_words(candidate, answers, most))
            for name, answers in zip(names, candidate.verbalizer.answers)
        ],
    )


def _example(discovery: Discovery) -> str:
    example = discovery.task.dev[0]
    values = {name: value[:300] + ("…" if len(value) > 300 else "") for name, value in example.values.items()}
    return discovery.best.trial.candidate.template.fill(values, "▁▁▁")


def _next_best(discovery: Discovery) -> list[tuple[str, ...]]:
    from promptsearch.study.selection import select

    metric = discovery.task.metric
    return [
        (
            f"{100 * trial.dev.value(metric):.1f}",
            trial.plm,
            str(trial.candidate.template),
            cell_words(trial.candidate),
            trial.calibration.method,
        )
        for trial in select(discovery.trials, metric)[1:9]
    ]


def _use(discovery: Discovery) -> str:
    fields = discovery.best.trial.candidate.template.fields
    values = discovery.task.dev[0].values
    text = (
        repr(values[fields[0]][:80])
        if len(fields) == 1
        else repr({name: values[name][:60] for name in fields})
    )
    return (
        "from promptsearch import load_prompt\n\n"
        f'prompt = load_prompt("best_prompt.json")\nprint(prompt.predict({text}))'
    )


def _method(discovery: Discovery) -> str:
    task = discovery.task
    tried = len(discovery.trials)
    lines = [
        f"- {tried:,} combinations of template, label words, PLM and calibration were tried in "
        f"{discovery.seconds:.0f} s; {discovery.screened} that did best on train were "
        "compared on dev, and test was scored once.",
        f"- Data: {escape(task.source.kind)} {code(task.source.location or '-')}; train {len(task.train)}, "
        f"dev {len(task.dev)}, test {len(task.test)} examples; seed {task.seed}; "
        f"fingerprint `{task.fingerprint[:16]}`.",
        "- The seed fixes which examples are drawn for train and dev, the folds of cross-validation and the "
        "starts of what is learned; nothing else here is random.",
    ]
    if discovery.rejected:
        reasons = list(dict.fromkeys(item.reason for item in discovery.rejected))
        lines.append(
            f"- {len(discovery.rejected)} candidates could not be tried: {escape('; '.join(reasons[:5]))}."
        )
    if discovery.command:
        lines.append(f"- Command: {code(discovery.command)}")
    return "\n".join(lines)
