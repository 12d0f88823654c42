"""cdmq schema"""

from __future__ import annotations

from typing import Annotated

import typer

from cdmq.cli.options import HERE, ProjectDir

NAMES = ("schema",)


def command(
    of: Annotated[
        str, typer.Argument(metavar="[rules|models|project|unit_tests]", help="The sort of file.")
    ] = "rules",
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write all four to target/schema, and say how editors find them."
        ),
    ] = False,
    project_dir: ProjectDir = HERE,
) -> None:
    """JSON Schema of the YAML files, for editors that complete keys."""
    import json

    from cdmq.manual.schema import modelines, schema, write_schemas

    if not write:
        typer.echo(json.dumps(schema(of), indent=2, ensure_ascii=False))
        return
    from cdmq.project.walk import find_root
    from cdmq.stages.load import load

    root = find_root(project_dir)
    paths = write_schemas(root / load(root).config.target_path / "schema")
    typer.echo(f"Written to {paths['rules'].parent}")
    typer.echo("Paste the line at the top of your files:")
    for files, line in modelines(root, paths).items():
        typer.echo(f"    {files}\n        {line}")
