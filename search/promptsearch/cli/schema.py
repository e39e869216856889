"""`promptsearch schema`."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    kind: Annotated[
        str,
        typer.Argument(metavar="[prompt|ensemble|report]", help="Which kind of file.", show_default=False),
    ] = "prompt",
) -> None:
    """Print the JSON Schema of prompt files, or that of ensemble files or reports."""
    from promptsearch.errors import OptionError

    if kind == "prompt":
        from promptsearch.artefact import schema_json

        print(schema_json(), end="")
    elif kind == "ensemble":
        from promptsearch.compose import ensemble_schema_json

        print(ensemble_schema_json(), end="")
    elif kind == "report":
        from promptsearch.report.schema import report_schema_json

        print(report_schema_json(), end="")
    else:
        raise OptionError(f"there is no schema of {kind!r}", hint="Schemas: prompt, ensemble, report.")
