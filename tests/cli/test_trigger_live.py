"""The best triggers so far on the screen."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from promptsearch.cli.trigger_live import BestSoFar, cells
from promptsearch.engines.trigger import Improvement
from promptsearch.study.triggers import DevFigure

DEV = DevFigure(n=32, value=0.78125, low=0.612, high=0.889, log_likelihood=-0.5)


def found(i: int = 0, text: tuple[str, ...] = (" mood film",)) -> Improvement:
    template = "{text} {trigger*2} {mask}"
    return Improvement(template, ((1, 2),), text, 0.7 - i / 10, 0.5, i, 0, 1000 * (i + 1), 2.5 * i)


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=80, color_system=None)


def drawn(best: BestSoFar) -> list[str]:
    screen = console(terminal=True)
    screen.print(best)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]  # ty: ignore[unresolved-attribute]


def test_what_is_told_of_a_trigger():
    assert cells(found(1), DEV) == ("2,000", "2", "0.600", "78.1 [61.2, 88.9]", "mood film")
    assert cells(found(text=(" a", " b\n\x1b[31m")), None)[3:] == ("–", "a … b⏎�[31m")


def test_the_last_ones_of_the_plm_at_hand_are_shown():
    best = BestSoFar(Progress(console=console(terminal=True)))
    for i in range(8):
        best.add("minilm-mlm", found(i % 7), DEV)
    lines = drawn(best)
    assert lines[0].split() == ["evaluations", "seconds", "loss", "dev", "%", "trigger", "on", "minilm-mlm"]
    assert [line.split()[0] for line in lines[1:7]] == ["3,000", "4,000", "5,000", "6,000", "7,000", "1,000"]
    best.add("smollm2-135m", found(), None)
    assert [line.split()[0] for line in drawn(best)[:2]] == ["evaluations", "1,000"]
    assert "smollm2-135m" in drawn(best)[0]


def test_nothing_is_drawn_of_nothing():
    assert "".join(drawn(BestSoFar(Progress(console=console(terminal=True))))) == ""


def test_where_there_is_no_terminal_lines_are_told_now_and_then():
    screen = console(terminal=False)
    best = BestSoFar(Progress(console=screen, disable=True))
    for i in range(3):
        best.add("minilm-mlm", found(i), DEV)
    best.add("other", found(), None)
    lines = screen.file.getvalue().splitlines()  # ty: ignore[unresolved-attribute]
    assert lines == [
        'minilm-mlm: loss 0.700, dev 78.1 [61.2, 88.9], 1,000 evaluations, 0 s: "mood film"',
        'other: loss 0.700, dev –, 1,000 evaluations, 0 s: "mood film"',
    ]
