"""The typer application."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer
from typer.main import get_command

from cdmq.cli import load


@cache
def built(*names: str) -> Any:
    """What runs the commands of these modules; a process builds it once."""
    app = typer.Typer(
        name="cdmq",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in names:
        module: Any = load(name)
        first, *others = module.NAMES
        app.command(first)(module.command)
        for other in others:
            app.command(other, short_help=f"The same as {first}.")(module.command)
    return get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        from cdmq.version import __version__

        typer.echo(f"cdmq {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Declarative data quality for customer data: rules in YAML, flags and an audit trail.

    Exit codes: 0 all well; 1 rules failed; 2 something could not be run; 130 interrupted.
    """
