"""The files of a project other than rules, typed: cdmq_project.yml, datasets, unit tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cdmq.project.column_names import composed
from cdmq.project.ended import Ended
from cdmq.project.fields import Bool, Model, Tags, Texts, Version, one_or_many
from cdmq.project.file_source import FileSource
from cdmq.project.money import Amount, Calendar, Counts

Pii = Literal["plain", "mask", "hash", "omit"]
Materialized = Literal["view", "table"]
ColumnType = Literal["text", "integer", "decimal", "double", "boolean", "date", "timestamp"]


def _file(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


def wrong_name(name: str) -> str | None:
    """A dataset's name is the name of a relation, and of a file in target/compiled."""
    if (
        not name.isprintable()
        or set(name) & set("/\\")
        or name in (".", "..")
        or (len(name.encode()) > 200)
    ):
        return "a dataset's name has at most 200 bytes, and no slash or control character"
    return None


def _name(value: str) -> str:
    if wrong := wrong_name(value):
        raise ValueError(f"{wrong}; give it another name")
    return value


def _zone(name: str) -> str:
    from cdmq.project.zones import wrong

    if said := wrong(name):
        raise ValueError(said)
    return name


class ProjectFile(Model):
    """The project file, cdmq_project.yml, in the shape of dbt_project.yml.

    Example:
        name: customers
        model-paths: [models]
        rule-paths: [rules]
        vars: {highest_credit_limit: "1000000"}
    """

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Letters, digits and _.")
    version: str = "1.0"
    profile: str | None = Field(
        None, description="The profile in profiles.yml. Default: the project's name."
    )
    model_paths: Texts = Field(
        default_factory=lambda: ["models"],
        alias="model-paths",
        description="Folders with datasets and SQL models.",
    )
    rule_paths: Texts = Field(
        default_factory=lambda: ["rules", "unit_tests"],
        alias="rule-paths",
        description="Folders with rules and unit tests.",
    )
    seed_paths: Texts = Field(
        default_factory=lambda: ["seeds"],
        alias="seed-paths",
        description="Folders with csv files that rules look things up in.",
    )
    macro_paths: Texts = Field(
        default_factory=lambda: ["macros"],
        alias="macro-paths",
        description="Folders with Jinja macros.",
    )
    target_path: str = Field(
        "target", alias="target-path", description="Where cdmq writes its files."
    )
    vars: dict[str, Any] = Field(
        default_factory=dict, description="Values for var() in the project's files."
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC",
        description="Where the clocks stand by which days and times are meant, such as "
        "Europe/Berlin. A time with an offset from UTC is read as these clocks show it; one "
        "without stays as it is. Days, windows, reviews and `as_of` go by them.",
    )
    materialized: Materialized = Field(
        "view",
        description="What people read of each dataset that says nothing of it: view or table.",
    )
    meta: dict[str, Any] = Field(default_factory=dict, description="Anything of your own.")


#: The name of a column of the dataset, and one or many of them.
_Column = Annotated[str, AfterValidator(composed)]
_Columns = Annotated[
    list[_Column], BeforeValidator(one_or_many, json_schema_input_type=str | list[str])
]


class DatasetSpec(Model):
    """A dataset: where its rows come from, and what every rule may rely on.

    It stands in a file in models/, under `datasets:`. Its rows come from one of `file`, `table`
    and `stack`. Each file's column is text until `columns` gives it a type.

    Example:
        version: 1
        datasets:
          - name: members
            file: {path: data/members.csv, delimiter: ";", decimal: ","}
            key: member_no
            columns: {birthday: date, fee: decimal}
            missing_values: ["", n/a, unknown]
    """

    name: Annotated[str, AfterValidator(_name)]
    description: str | None = None
    table: str | None = Field(None, description="A relation of the warehouse: schema.name.")
    from_dbt: str | None = Field(None, description="Not built yet: a node of dbt's manifest.json.")
    file: Annotated[FileSource, BeforeValidator(_file)] | None = Field(
        None, description="A path, or keys with values: csv, json, parquet or xlsx."
    )
    stack: dict[str, str] | None = Field(None, description="label: dataset, one under the other.")
    rename: dict[str, dict[_Column, _Column]] = Field(
        default_factory=dict, description="label: {column of the source: its name here}."
    )
    key: _Columns = Field(
        default_factory=list,
        description="The columns that name a record; row_number "
        "where a file has none: its place names it then.",
    )
    holds: Texts = Field(
        default_factory=list,
        description="Rules that must pass (check: row_count), or the dataset "
        "and all that stands on it stay as they were.",
    )
    may_be_empty: Bool = Field(
        False, description="A delivery without records is taken, though the one before held some."
    )
    changed_at: _Column | None = Field(
        None, description="The column that says when the record was changed."
    )
    changed_by: _Column | None = Field(None, description="The column that says by whom.")
    verified_at: dict[_Column, _Column] = Field(
        default_factory=dict, description="column: the column that says when it was verified."
    )
    happened_at: _Column | None = Field(
        None, description="Of events such as orders: the column that says when."
    )
    refers_to: dict[str, _Columns] = Field(
        default_factory=dict, description="dataset: the columns here that hold its key."
    )
    amount: Amount | None = Field(
        None,
        description="Of events with money: the column of the amount, and its currency. All that "
        "is made of that column is in one currency then.",
    )
    counts_as: Counts | None = Field(
        None,
        description="Of events: how often a row counts, by its status: {column: status, shipped: "
        "1, cancelled: 0, credit_note: -1}. Sums take it so many times; what is counted or "
        "compared are the rows that count as more than 0. A row of another status is not "
        "counted, and said.",
    )
    calendar: Calendar | None = Field(
        None, description="The year of the books: years and quarters begin with its month."
    )
    ended: Ended | None = Field(
        None,
        description="When the customer of a record has ended, as by death or a closed account: "
        "{when: \"status in ('deceased', 'closed')\", on: ended_on}. He has where every record that "
        "knows says so, and is in no segment then.",
    )
    columns: dict[_Column, ColumnType] = Field(
        default_factory=dict,
        description="column: its type, one of text, integer, decimal, "
        "double, boolean, date and timestamp. A cell that cannot be read so is flagged. boolean "
        "reads true, t, yes, 1 and false, f, no, 0 in any case; map other words in a SQL model.",
    )
    missing_values: Annotated[list[str] | dict[_Column, Texts], BeforeValidator(one_or_many)] = (
        Field(
            default_factory=list,
            description="Texts that mean nothing is known, for all columns, or "
            "column: its texts. White space around them does not count, letter case does; they are "
            "looked for again after a default has tidied a cell. Rules see NULL.",
        )
    )
    pii: dict[_Column, Pii] = Field(
        default_factory=dict,
        description="column: plain, mask, hash or omit. With any, all other "
        "text columns but the key are masked outside the warehouse.",
    )
    materialized: Materialized | None = Field(
        None,
        description="What people and programs read of it: view, worked out whenever it is "
        "read, or table, as the run left it. It is about all that bears the dataset's name: NAME "
        "itself where it is a SQL model, NAME__clean, __defaulted, __flagged, __passed and __xref. "
        "What is read from a file, a stack or a golden rule is a table anyway, and so is a model "
        "of which the last good state is kept. config(materialized=) in a model's SQL is about "
        "NAME alone and wins there. Default: what the project says, else view.",
    )
    owner: str | None = Field(None, description="Who answers for it.")
    tags: Tags = Field(default_factory=list, description="Words to select it by.")
    formerly: Texts = Field(
        default_factory=list,
        description="The names it had before, the oldest first. They stay: "
        "flags, changes and parties of then are its own by them.",
    )
    meta: dict[str, Any] = Field(default_factory=dict, description="Anything of your own.")

    @model_validator(mode="after")
    def _one_source(self) -> DatasetSpec:
        given = [w for w in ("table", "from_dbt", "file", "stack") if getattr(self, w) is not None]
        if len(given) > 1:
            raise ValueError(
                f"a dataset has one source, here are {' and '.join(given)}; keep one of them"
            )
        if self.rename and self.stack is None:
            raise ValueError(
                "rename goes with stack; rename the columns of one source in a SQL model"
            )
        return self


def money_columns(spec: DatasetSpec) -> tuple[str, ...]:
    """The columns that the words of money name."""
    amount = spec.amount and (spec.amount.column, spec.amount.currency)
    status = spec.counts_as and spec.counts_as.column
    return tuple(c for c in (*(amount or ()), status) if c)


class ModelsFile(Model):
    """models/*.yml: datasets."""

    version: Version = "1"
    datasets: list[DatasetSpec] = Field(default_factory=list)
