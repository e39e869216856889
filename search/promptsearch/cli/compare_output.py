"""What `promptsearch compare` shows."""

from __future__ import annotations

import os

from rich.table import Table
from rich.text import Text

from promptsearch.cli import screen
from promptsearch.report.html.figures import chance, points
from promptsearch.scoring import Evaluation
from promptsearch.showing import count, printable
from promptsearch.study.comparing import Differing, PromptComparison
from promptsearch.study.costs import Cost
from promptsearch.study.evaluating import PromptEvaluation

_FIELD = 300
"""Characters of a field that are shown."""


def show(found: PromptComparison, task: str, files: tuple[str, str]) -> None:
    """The verdict, the figures of both, how often each is right, and examples on which they differ."""
    console = screen.stdout()
    console.print(Text(printable(f"{task}, {found.a.split}: {count(found.a.prompt.n, 'example')}")))
    console.print(_figures(found, _short(files)))
    console.print()
    console.print(_counts(found))
    console.print()
    for line in tests(found):
        console.print(Text(line))
    console.print(Text("\n" + " ".join(filter(None, (verdict(found), favoured(found))))))
    for shortened, name in ((found.a.shortened, "A"), (found.b.shortened, "B")):
        if shortened:
            console.print(Text(f"{count(shortened, 'text')} shortened to fit the PLM of {name}."))
    if found.differing:
        console.print(Text("\nExamples on which the answers differ:", style="bold"))
    for each in found.differing:
        console.print(_example(each))


def verdict(found: PromptComparison) -> str:
    """Which is better, in plain words."""
    gap, metric = found.difference, found.metric
    size = f"{100 * abs(gap.value):.1f} points of {metric}"
    sure = f"95 % interval {points(gap.low)} to {points(gap.high)} for A minus B, {chance(found.p_value)}"
    if found.better is not None:
        return f"{found.better} is better, by {size} ({sure})."
    on = count(found.a.prompt.n, "example")
    if gap.value == 0:
        told = f"The two cannot be told apart on {on}: the same {metric} ({sure})."
    else:
        ahead = "A" if gap.value > 0 else "B"
        told = f"The two cannot be told apart on {on}: {ahead} is ahead by {size} ({sure})."
    if found.needed is not None:
        told += (
            f" If that were the true difference, about {_about(found.needed):,} examples would be needed to "
            "show it (in four of five tries)."
        )
    return told


def favoured(found: PromptComparison) -> str:
    """Which prompt's search has seen more of the examples; empty where they are equally new to both."""
    seen = {"A": found.a.seen or 0, "B": found.b.seen or 0}
    if seen["A"] == seen["B"]:
        return ""
    name = max(seen, key=lambda each: seen[each])
    return f"{count(seen[name], 'example')} stood in the search of {name}, which favours it."


def tests(found: PromptComparison) -> list[str]:
    """Agreement and the paired tests, a line each."""
    same, likelihood = found.agreement, found.likelihood
    lines = [
        f"Same answer on {100 * same.same / same.n:.1f} %.",
        f"Exact McNemar test of equal accuracy: {chance(found.p_mcnemar)}.",
        f"Paired bootstrap of the difference in {found.metric}: {chance(found.difference.p_value)}.",
    ]
    if likelihood is not None:
        left_out = same.n - likelihood.n
        over = f", over the {likelihood.n:,} that both could score" if left_out else ""
        lines.append(
            f"Log-likelihood of the true label, A minus B: {_signed(likelihood.value)} nats an example{over} "
            f"(sign-flip test, {chance(likelihood.p_value)})."
        )
    return lines


def _figures(found: PromptComparison, files: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", overflow="fold", ratio=1)
    for title in (f"{found.metric} %", "log-\nlikelihood", "tokens\na text"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, file, side, cost in zip("AB", files, (found.a, found.b), found.costs):
        table.add_row(Text(printable(f"{name}  {file}")), *_cells(side, cost))
    gap, likelihood = found.difference, found.likelihood
    table.add_row(
        "A − B",
        f"{points(gap.value)} [{points(gap.low)}, {points(gap.high)}]",
        "–" if likelihood is None else _signed(likelihood.value),
        _tokens(found.costs[0].tokens - found.costs[1].tokens, "+"),
    )
    table.add_row("majority class", _value(found.a.majority, found.metric), "", "")
    return table


def _cells(side: PromptEvaluation, cost: Cost) -> tuple[str, str, str]:
    passes = "" if cost.passes == 1 else f"\n{cost.passes} passes"
    likelihood = f"{side.prompt.log_likelihood:.3f}".replace("-", "−")
    return _value(side.prompt, side.metric), likelihood, _tokens(cost.tokens) + passes


def _counts(found: PromptComparison) -> Table:
    counts = found.agreement
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("", "B right", "B wrong"):
        table.add_column(title, justify="left" if not title else "right")
    table.add_row("A right", f"{counts.both:,}", f"{counts.only_a:,}")
    table.add_row("A wrong", f"{counts.only_b:,}", f"{counts.neither:,}")
    return table


def _example(each: Differing) -> Text:
    values = [each.values[name] for name in each.values]
    fields = values if len(values) == 1 else [f"{name}: {value}" for name, value in each.values.items()]
    shown = "\n".join(_cut(" ".join(field.split())) for field in fields)
    text = Text(printable(shown) + "\n")
    answers = f"  true {each.gold} · A {each.a or 'not scored'} · B {each.b or 'not scored'}"
    return text.append(printable(answers), style="dim")


def _short(files: tuple[str, str]) -> tuple[str, str]:
    """The paths without the folders that both share, as far as they still tell the two apart."""
    parts = [path.split(os.sep) for path in files]
    while min(map(len, parts)) > 1 and parts[0][0] == parts[1][0]:
        parts = [path[1:] for path in parts]
    while min(map(len, parts)) > 1 and parts[0][-1] == parts[1][-1]:
        parts = [path[:-1] for path in parts]
    return os.sep.join(parts[0]), os.sep.join(parts[1])


def _about(number: int) -> int:
    """To two digits: what it rests on is not known any better."""
    return int(float(f"{number:.2g}"))


def _cut(text: str) -> str:
    return text if len(text) <= _FIELD else text[:_FIELD] + "…"


def _value(evaluation: Evaluation, metric: str) -> str:
    low, high = evaluation.interval(metric)
    return f"{100 * evaluation.value(metric):.1f} [{100 * low:.1f}, {100 * high:.1f}]".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _tokens(value: float, sign: str = "") -> str:
    return f"{value:{sign},.0f}".replace("-", "−")
