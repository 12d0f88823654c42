"""The forms that `standardise:` knows, a file each, and the reference tables they join.

A form gives the same text on every engine, is idempotent, and raises on no value.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import cast

from sqlglot import exp

from cdmq.standards._tables import ReferenceTable, countries, reference_table, table_names
from cdmq.standards._values import Form, Layer, Lookup, Option, Options, Tidied

__all__ = [
    "FORMS", "Form", "Layer", "Lookup", "Option", "Options", "ReferenceTable", "Tidied",
    "column_options", "countries", "layered", "reference_table", "table_names",
]  # fmt: skip


class _Forms(Mapping[str, Form]):
    """Form by name: the names come from walking the folder, a module is imported when asked."""

    def __init__(self) -> None:
        found = pkgutil.iter_modules(__path__)
        self._names = tuple(sorted(m.name for m in found if not m.name.startswith("_")))

    def __getitem__(self, name: str) -> Form:
        if name not in self._names:
            raise KeyError(name)
        return cast(Form, importlib.import_module(f"{__name__}.{name}"))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


FORMS: Mapping[str, Form] = _Forms()


def column_options(form: Form) -> frozenset[str]:
    """The options of a form that name a column, so reach it as expressions."""
    schema = form.OPTIONS.model_json_schema().get("properties", {})
    named: set[str] = set()
    for option, entry in schema.items():
        if any(part.get("cdmq") == "column" for part in (entry, *entry.get("anyOf", ()))):
            named.add(option)
    return frozenset(named)


def layered(form: Form, value: exp.Column, options: Options, dialect: str, alias: str) -> Tidied:
    """As `form.tidy`, in layers where the form has them: what is costly is computed once.

    Every column that a layer adds begins with `alias` and is spoken of by the table of `value`.
    A layer is put `beneath` (nodes.py): else an engine may flatten it and compute all again.
    """
    in_layers = getattr(form, "layered", None)
    result = (in_layers or form.tidy)(value, options, dialect, alias)
    assert isinstance(result, Tidied)
    return result
