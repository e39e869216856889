"""`promptsearch tasks list` and `promptsearch tasks show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptsearch.cli import options, screen
from promptsearch.showing import printable

if TYPE_CHECKING:
    from promptsearch.tasks import Task

app = typer.Typer(help="Known tasks, and what their data looks like.", no_args_is_help=True)


@app.command("list")
def list_tasks(json: options.Json = False) -> None:
    """List the tasks that have a name."""
    from rich.table import Table

    from promptsearch.tasks import KNOWN_TASKS

    rows = [*map(_known_row, KNOWN_TASKS.values()), *_sample_rows()]
    if json:
        screen.print_json(rows)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("task", "kind", "what"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(row["task"], row["kind"], row["title"])
    screen.stdout().print(table)
    screen.stdout().print("\nFields, labels and counts of a task: promptsearch tasks show NAME")
    screen.stdout().print("Your own: promptsearch discover --data FILE, with text and label columns")


@app.command("show")
def show(
    task: Annotated[
        str | None,
        typer.Argument(help="A known task or a name for --data.", show_default=False),
    ] = None,
    data: options.Data = None,
    mapping: options.Map = None,
    kind: options.Kind = None,
    no_stand_in: options.NoStandIn = False,
    offline: options.Offline = False,
    json: options.Json = False,
) -> None:
    """Show a task: where its data comes from, labels, counts, and two examples."""
    from promptsearch.tasks import load_task

    loaded = load_task(task, data=data, mapping=mapping, stand_in=not no_stand_in, offline=offline, kind=kind)
    details = _details(loaded)
    if json:
        screen.print_json(details)
        return
    for notice in loaded.notices:
        screen.show_notice(notice)
    _print_details(details)


def _known_row(known: Any) -> dict[str, Any]:
    return {
        "task": known.name,
        "kind": known.kind,
        "fields": list(known.fields),
        "labels": list(known.labels),
        "metric": known.metric,
        "hub": known.hub.id,
        "stand_in": known.sample,
        "title": known.title,
    }


def _sample_rows() -> list[dict[str, Any]]:
    from promptsearch.tasks import load_task, sample_names, sample_relations

    rows = []
    for name in sample_names():
        relations = sample_relations(name)
        task = load_task(f"{name}:{relations[0]}" if relations else name)
        one = f", one relation: {name}:{relations[0]}" if relations else ""
        rows.append(
            {
                "task": name,
                "kind": task.kind,
                "fields": list(task.fields),
                # Those of facts are the objects of one relation.
                "labels": [] if relations else list(task.label_names),
                "metric": task.metric,
                "hub": None,
                "stand_in": None,
                "title": f"bundled sample{one}" if relations else "bundled sample, written for this project",
            }
        )
    return rows


def _details(task: Task) -> dict[str, Any]:
    from collections import Counter

    splits = {}
    for name in task.splits:
        examples = task.splits[name]
        counts = Counter(example.label for example in examples)
        splits[name] = {
            "examples": len(examples),
            "labels": {
                task.label_names[i] if i is not None else "(none)": counts[i] for i in sorted(counts, key=str)
            },
        }
    first = next(iter(task.splits.values()))
    return {
        "task": task.name,
        "stand_in_for": task.stand_in_for,
        "kind": task.kind,
        "fields": list(task.fields),
        "labels": list(task.labels),
        "label_names": list(task.label_names),
        "metric": task.metric,
        "source": {"kind": task.source.kind, "location": task.source.location},
        "splits": splits,
        "fingerprint": task.fingerprint,
        "examples": [
            {**example.values, "label": None if example.label is None else task.labels[example.label]}
            for example in first[:2]
        ],
    }


def _print_details(details: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    source = details["source"]
    lines = {
        "task": details["task"],
        "kind": details["kind"],
        "fields": ", ".join(details["fields"]),
        "labels": _few(details["label_names"]),
        "metric": details["metric"],
        "data": f"{source['kind']} {source['location']}",
    }
    for name, split in details["splits"].items():
        counts = [f"{label} {n:,}" for label, n in split["labels"].items()]
        lines[name] = f"{split['examples']:,} examples: {_few(counts)}"
    for name, value in lines.items():
        grid.add_row(name, Text(printable(str(value))))
    for example in details["examples"]:
        shown = "; ".join(f"{name}: {_short(value)}" for name, value in example.items())
        grid.add_row("example", Text(printable(shown)))
    screen.stdout().print(grid)


def _few(items: list[str], most: int = 14) -> str:
    more = f", … ({len(items)} in all)" if len(items) > most else ""
    return ", ".join(map(str, items[:most])) + more


def _short(value: object, most: int = 200) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= most else text[:most] + "…"
