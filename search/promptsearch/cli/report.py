"""`promptsearch report`: the report of a run made anew, or several runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptsearch.cli import options, screen
from promptsearch.showing import printable

_NAME = "compare"
_ENDINGS = (".html", ".md")


def command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Run folders.", show_default=False)],
    out: Annotated[
        Path | None,
        options.value(
            "--out",
            metavar="PATH",
            help="Where to write: for one run a folder (default: its own), for several a file "
            "(default: compare.html, with compare.md beside it).",
        ),
    ] = None,
    opened: Annotated[bool, options.flag("--open", help="Open the page in the browser.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the report of a run anew from its report.json, or one page that compares several runs."""
    written = _one(runs[0], out) if len(runs) == 1 else _several(runs, out, quiet)
    for path in written:
        screen.stdout().print(printable(str(path)), markup=False, soft_wrap=True)
    if opened:
        _open(written[0])


def _one(run: Path, out: Path | None) -> list[Path]:
    from promptsearch.errors import OptionError
    from promptsearch.report.io import read_report
    from promptsearch.report.writing import MARKDOWN_FILE, PAGE_FILE, write

    if out is not None and out.suffix in _ENDINGS:
        raise OptionError(
            "the report of one run is several files",
            where=f"--out {out}",
            hint="Give a folder, or leave it out.",
        )
    document = read_report(run)
    folder = out or (run if run.is_dir() else run.parent)
    write(folder, document)
    return [folder / PAGE_FILE, folder / MARKDOWN_FILE]


def _several(runs: list[Path], out: Path | None, quiet: bool) -> list[Path]:
    from promptsearch.report.comparing import grouped, headline, read_runs
    from promptsearch.report.comparing_files import write_comparison

    groups = grouped(read_runs(runs))
    if len(groups) > 1 and not quiet:
        screen.show_notice(headline(groups))
    return write_comparison(_stem(out), groups)


def _stem(out: Path | None) -> Path:
    """Where the files go, without what their names end in."""
    if out is None:
        return Path(_NAME)
    if out.is_dir():
        return out / _NAME
    return out.with_suffix("") if out.suffix in _ENDINGS else out


def _open(path: Path) -> None:
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        screen.show_notice("no browser could be opened.")
