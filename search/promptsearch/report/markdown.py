"""The report of a run in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from promptsearch.paths import atomic_write
from promptsearch.report.rows import Row, answer_sentence, rows_of, verdicts
from promptsearch.showing import printable
from promptsearch.study.result import Discovery


def write(path: Path, discovery: Discovery) -> None:
    """Write the report; see `promptsearch.paths.atomic_write`."""
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
        f"PLM {code(best.trial.plm)}, calibration {code(best.trial.calibration.method)}. "
        "With an example filled in:",
        fenced(_example(discovery)),
        "## Comparison",
        table(Row.titles(task.metric), [row.cells() for row in rows_of(discovery)]),
        *map(escape, verdicts(discovery)),
        "## Next best on dev",
        table(("dev", "PLM", "template", "label words", "calibration"), _next_best(discovery)),
        "## Use it",
        fenced(_use(discovery), "python"),
        "## How it was found",
        _method(discovery),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; cells are escaped."""
    lines = [f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    lines += [f"| {' | '.join(escape(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text in which nothing is read as Markdown or HTML, on one line."""
    line = " ".join(text.replace("\r", "").replace("\n", "⏎").split())
    for char in "\\`*_[]<>|#~$":
        line = line.replace(char, "\\" + char)
    return line.replace("&", "&amp;")


def code(text: str) -> str:
    """Text as inline code, whatever backticks it holds."""
    marks = "`" * (1 + _longest_run(text))
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{marks}{blank}{text}{blank}{marks}".replace("\n", "⏎")


def fenced(text: str, language: str = "text") -> str:
    """Text as a block of code, whatever backticks it holds."""
    marks = "`" * max(3, 1 + _longest_run(text))
    return f"{marks}{language}\n{text}\n{marks}"


def _longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest


def _words(discovery: Discovery) -> str:
    verbalizer = discovery.best.trial.candidate.verbalizer
    names = discovery.task.label_names
    return table(
        ("label", "words"),
        [(name, ", ".join(a.text for a in answers)) for name, answers in zip(names, verbalizer.answers)],
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
            str(trial.candidate.verbalizer),
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
        f"- Data: {escape(task.source.kind)} {code(task.source.location)}; train {len(task.train)}, "
        f"dev {len(task.dev)}, test {len(task.test)} examples; seed {task.seed}; "
        f"fingerprint `{task.fingerprint[:16]}`.",
        "- The seed fixes which examples are drawn for train and dev; nothing else here is random.",
    ]
    if discovery.rejected:
        reasons = list(dict.fromkeys(item.reason for item in discovery.rejected))
        lines.append(
            f"- {len(discovery.rejected)} candidates could not be tried: {escape('; '.join(reasons[:5]))}."
        )
    if discovery.command:
        lines.append(f"- Command: {code(discovery.command)}")
    return "\n".join(lines)
