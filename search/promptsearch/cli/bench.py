"""`promptsearch bench`."""

import typer

app = typer.Typer()
