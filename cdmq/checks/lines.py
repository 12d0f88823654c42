"""lines"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context, Scope


class Lines(Check):
    """Every line of a file is a record: its quotes are closed, its values as many as columns.

    When to use: never by hand. Every dataset read from csv, xlsx or JSON files has this rule of
    itself, with the id `dataset.lines`. A line that cannot be read is flagged, with its number,
    what is wrong with it, and its text by `pii`; the flag has no key, for nobody can tell it. The
    other lines are judged. The header once more, in the middle of a file, is such a line too, and
    where JSON has a record a line what is no object. JSON that is one list is read whole, or not.

    With more such lines than `bad_lines_at_most` of `file:` the delivery is held back: the dataset
    and all that stands on it stay as they were. Mend the file, or say how many are to be expected.
    Is the delimiter right?

    A flag of a record that is no longer there stays open while a line that cannot be read may be
    that record: where a value of the line is its key, or a part of it.

    Example:
        # models/crm.yml
        file: {path: data/crm.csv, bad_lines_at_most: 10}     # makes the rule crm.lines

    Passes: `1,"Weiler, Anna",Berlin`; a last line without an end; empty cells beyond the header.
    Fails: `1,Weiler, Anna,Berlin` below a header of three names; `1,"Anna,Berlin`.
    """

    NAME: ClassVar[str] = "lines"
    SCOPE: ClassVar[Scope] = "dataset"
    TAKES: ClassVar = "none"
    OF_ITSELF: ClassVar[bool] = True

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        """What fails was found while the file was read: see stages/bad_lines.py."""
        return exp.false()

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return None
