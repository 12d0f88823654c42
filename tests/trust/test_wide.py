"""A file of 500 columns, each with a default, tokens and a check: no statement is too deep."""

from __future__ import annotations

from runner import World

_WIDE = 500


def test_500_columns(world: World) -> None:
    names = [f"c{i}" for i in range(_WIDE)]
    rows = [",".join(str(r) if i == 0 else f" v{r}" for i in range(_WIDE)) for r in range(3)]

    world.write({
        "models/m.yml": "version: 1\ndatasets:\n  - {name: wide, file: data/w.csv, key: c0, "
                        "missing_values: [\"\", n/a]}\n",
        "data/w.csv": "\n".join([",".join(names), *rows]) + "\n",
        "rules/r.yml": "version: 1\ndataset: wide\ndefaults:\n"
        + "".join(f"  - {{column: {c}, standardise: whitespace}}\n" for c in names[1:])
        + "validation:\n"
        + "".join(f"  - {{column: {c}, checks: [not_null]}}\n" for c in names[1:]),
    })
    result = world.run()
    assert (result.failed, [r.message for r in result.results if r.status == "error"]) == ({}, [])
    assert {r.outcome.failing for r in result.results if r.rule.check == "not_null"} == {0}
    assert len(world.view("wide__clean")) == 3
