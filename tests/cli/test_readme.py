"""Commands that stand in the documents are commands of the program, with options it has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from promptsearch.cli.app import app

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"(?:^|(?<!from)[\s|`/])promptsearch ([a-z][^`\n]*)", re.MULTILINE)


def written(name: str) -> list[list[str]]:
    """The arguments of each command in code blocks and code marks, comments and pipes left out."""
    text = (ROOT / name).read_text("utf-8")
    code = re.findall(r"^```\w*\n(.*?)^```|`(promptsearch [^`\n]+)`", text, re.DOTALL | re.MULTILINE)
    blocks = "\n".join(block or mark for block, mark in code) if name.endswith(".md") else text
    lines = [match.split("  #")[0] for match in COMMAND.findall(blocks)]
    return [shlex.split(line) for line in lines]


def unknown(arguments: list[str]) -> list[str]:
    """Of a command's words, the subcommand or the options that the program does not have."""
    command = typer.main.get_command(app)
    while children := getattr(command, "commands", {}):
        if not arguments or arguments[0] not in children:
            return arguments[:1] or ["no subcommand"]
        command, arguments = children[arguments[0]], arguments[1:]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known.add("--help")
    return [word for word in arguments if re.match(r"--?[a-z]", word) and word not in known]


@pytest.mark.parametrize(("name", "least"), [("README.md", 25), ("results/README.md", 5), (".ci/run", 5)])
def test_commands_of_the_documents_exist(name, least):
    commands = written(name)
    assert len(commands) >= least
    assert [(command, strange) for command in commands if (strange := unknown(command))] == []


def test_a_command_that_does_not_exist_is_noticed():
    assert unknown(["mine", "--corpora", "a.txt"]) == ["--corpora"]
    assert unknown(["dig"]) == ["dig"]
