"""The strategies side by side, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from promptsearch.bench.accuracy import Margin
from promptsearch.bench.goals import Goal
from promptsearch.bench.machine import Machine
from promptsearch.bench.render import GOAL_TITLES, goal_row
from promptsearch.bench.strategies import LORA, P_TUNING, P_TUNING_V2, Measured
from promptsearch.report.marks import code, escape, table

_TITLES = (
    "strategy",
    "draws",
    "test accuracy % (s.d.)",
    "over the same template without tuning, points",
    "dev accuracy %",
    "steps",
    "training s",
    "all s",
    "memory MB",
    "trained numbers",
    "stored numbers",
    "number format",
)


# Points of accuracy: by how much P-tuning is above its template at least, to be above it at all; and how far
# soft tokens may be behind LoRA where there are many examples.
_ABOVE, _BEHIND = 0.1, 4.0


def goals_of(found: Sequence[Measured]) -> list[Goal]:
    """P-tuning is better than its template without soft tokens, and not far behind LoRA on many examples.

    Of what was trained with the PLM as it is, that which does best on dev stands beside LoRA. What is not
    measured on all draws counts for neither.
    """
    found = [each for each in found if each.records and not each.why]
    goals = []
    for each in found:
        if each.setting.strategy == P_TUNING and each.margin is not None:
            what = f"{_named(each)}: points of P-tuning over its template, lower end of the interval"
            goals.append(Goal(what, 100 * each.margin.low, _ABOVE))
    for lora in found:
        beside = [
            each
            for each in found
            if each.setting.strategy in (P_TUNING, P_TUNING_V2)
            and (each.setting.plm, each.setting.shots) == (lora.setting.plm, lora.setting.shots)
        ]
        # With few draws of few examples that would say nothing.
        if lora.setting.strategy == LORA and lora.setting.draws == 1 and beside:
            best = max(beside, key=lambda each: each.dev or 0.0)
            what = f"{_named(lora)}: points of {best.setting.strategy} behind LoRA"
            goals.append(Goal(what, 100 * (lora.accuracy - best.accuracy), _BEHIND, at_least=False))
    return goals


def _named(each: Measured) -> str:
    return f"{each.setting.plm}, {each.setting.shots} a class"


def page(found: Sequence[Measured], machine: Machine, command: str) -> str:
    """A section for each PLM and number of examples."""
    groups: dict[tuple[str, str], list[Measured]] = {}
    for each in found:
        groups.setdefault((each.setting.plm, each.setting.shots), []).append(each)
    parts = [
        "# Strategies of training around a prompt",
        "Means over draws of train and dev; the test split is the same for all. The interval is that of a "
        "paired bootstrap over test examples. Every training had a process of its own; memory is the most "
        "that it had resident (or took on the GPU). Steps and seconds of training are those of all starts; "
        "all seconds are those of the process but for its imports.",
        *(_section(*key, rows) for key, rows in groups.items()),
        *_goals(found),
        f"{machine.date}, {escape(machine.processor)}, {machine.cores} cores, load {machine.load}; "
        + ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
        f"Command: {code(command)}",
    ]
    return "\n\n".join(parts) + "\n"


def record(found: Sequence[Measured], machine: Machine) -> dict[str, Any]:
    """All of that for machines."""
    return {
        "machine": machine.record(),
        "goals": [goal.record() for goal in goals_of(found)],
        "measured": [
            {
                **asdict(each.setting),
                "why": each.why or None,
                "accuracy": each.accuracy if each.records else None,
                "spread": each.spread if each.records else None,
                "margin": None if not each.records or each.margin is None else asdict(each.margin),
                "runs": list(each.records),
            }
            for each in found
        ],
    }


def _goals(found: Sequence[Measured]) -> list[str]:
    goals = goals_of(found)
    return ["## Goals", table(GOAL_TITLES, map(goal_row, goals))] if goals else []


def _section(plm: str, shots: str, rows: Sequence[Measured]) -> str:
    done = next((each.records[0] for each in rows if each.records), None)
    on = ""
    if done is not None:
        name = (
            done["task"] if not done["stand_in_for"] else f"{done['task']} in place of {done['stand_in_for']}"
        )
        splits = {name: f"{n:,}" for name, n in done["splits"].items()}
        on = f"{name}, {splits['test']} test examples, majority class "
        on += f"{100 * done['majority']['test']:.1f} %. Draws of {splits['train']} train and "
        on += f"{splits['dev']} dev examples, on {done['device']}."
    lines = [f"## {plm}, {shots} examples a class", escape(on), table(_TITLES, [_row(row) for row in rows])]
    lines += [f"- {escape(row.setting.strategy)}: {escape(row.why)}" for row in rows if row.why]
    return "\n\n".join(line for line in lines if line)


def _row(each: Measured) -> tuple[str, ...]:
    if not each.records:
        return (each.setting.strategy, *("–" for _ in _TITLES[1:]))
    trained = each.mean("training", "seconds") is not None
    return (
        each.setting.strategy,
        str(len(each.records)),
        f"{100 * each.accuracy:.1f} ({100 * each.spread:.1f})",
        _margin(each.margin),
        "–" if each.dev is None else f"{100 * each.dev:.1f}",
        f"{_steps(each):.0f}" if trained else "0",
        _number(each.mean("training", "seconds")) if trained else "0",
        _number(each.mean("seconds")),
        _number(_megabytes(each.mean("training", "peak_bytes"))),
        _number(each.mean("training", "parameters")) if trained else "0",
        _number(each.mean("numbers")),
        each.records[0]["dtype"],
    )


def _margin(margin: Margin | None) -> str:
    if margin is None:
        return "–"
    return f"{100 * margin.value:+.1f} ({100 * margin.low:+.1f} to {100 * margin.high:+.1f})"


def _steps(each: Measured) -> float:
    """Mean over seeds of the steps of all starts."""
    totals = [sum(looks[-1]["step"] for looks in run["training"]["starts"] if looks) for run in each.records]
    return sum(totals) / len(totals)


def _megabytes(value: float | None) -> float | None:
    return None if value is None else value / 1e6


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
