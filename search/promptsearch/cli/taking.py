"""Commands whose options are the fields of a dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from inspect import Parameter, Signature, get_annotations
from typing import Any, get_type_hints

Command = Callable[..., None]


def takes(options: type[Any]) -> Callable[[Command], Command]:
    """Have a command's options be the fields of a dataclass, each in one place; typer reads them there.

    Fields that the dataclass inherits come after its own.

    Args:
        options: whose fields are annotated as typer wants it, with defaults but for what must be given.
    """
    own = [name for each in options.__mro__ for name in get_annotations(each)]
    found = get_type_hints(options, include_extras=True)
    hints = {name: found[name] for name in own}
    defaults = {
        field.name: Parameter.empty if field.default is dataclasses.MISSING else field.default
        for field in dataclasses.fields(options)
    }

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
