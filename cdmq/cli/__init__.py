"""The command line: arguments and exit codes; what the commands do is in cdmq.api.

Each command is a module of this folder: `NAMES` are the words it answers to, `command` is the
function, and the docstring of that function is its help.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

#: In the order of --help.
MODULES = (
    "init", "debug", "parse", "compile", "run", "test", "unit_test", "ls", "show", "explain",
    "history", "schema", "clean",
)


def build_app() -> typer.Typer:
    """The typer application, with every command."""
    app = typer.Typer(
        name="cdmq", rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True,
        add_completion=False, context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in MODULES:
        if not (Path(__file__).parent / f"{name}.py").is_file():
            continue
        module = import_module(f"{__name__}.{name}")
        for word in module.NAMES:
            app.command(word)(module.command)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from cdmq.api import __version__

        typer.echo(f"cdmq {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[bool, typer.Option(
        "--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Declarative data quality for customer data: rules in YAML, flags and an audit trail.

    Exit codes: 0 all well; 1 rules failed; 2 something could not be run; 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name, and exit with its code."""
    from cdmq.cli.failures import told
    from cdmq.cli.options import normalised

    words = normalised(sys.argv[1:] if arguments is None else arguments)
    sys.exit(told(lambda: build_app()(words, prog_name="cdmq"), words))
