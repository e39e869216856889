"""`promptsearch schema`."""

from __future__ import annotations


def command() -> None:
    """Print the JSON Schema of prompt files."""
    from promptsearch.artefact import schema_json

    print(schema_json(), end="")
