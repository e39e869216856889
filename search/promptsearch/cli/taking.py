"""Commands whose options are the fields of a dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, get_type_hints

Command = Callable[..., None]


def takes(options: type[Any]) -> Callable[[Command], Command]:
    """Have a command's options be the fields of a dataclass, each in one place; typer reads them there.

    Args:
        options: whose fields are annotated as typer wants it, with defaults.
    """
    hints = get_type_hints(options, include_extras=True)
    defaults = {field.name: field.default for field in dataclasses.fields(options)}

    def taking(command: Command) -> Command:
        command.__annotations__ = {**hints, "return": None}
        command.__signature__ = Signature(  # ty: ignore
            [
                Parameter(name, Parameter.KEYWORD_ONLY, default=defaults[name], annotation=hint)
                for name, hint in hints.items()
            ]
        )
        return command

    return taking
