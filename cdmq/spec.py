"""The files of a project other than rules, typed: cdmq_project.yml, datasets, unit tests."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cdmq.kinds.base import Bool, Model, Texts

Pii = Literal["plain", "mask", "hash", "omit"]
ColumnType = Literal["text", "integer", "decimal", "double", "boolean", "date", "timestamp"]
DateForm = Literal[
    "YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "YYYY/MM/DD", "YYYYMMDD"
]


def _file(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


class ProjectFile(Model):
    """cdmq_project.yml, in the shape of dbt_project.yml."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    version: str = "1.0"
    profile: str | None = None
    model_paths: Texts = Field(default_factory=lambda: ["models"], alias="model-paths")
    rule_paths: Texts = Field(default_factory=lambda: ["rules", "unit_tests"], alias="rule-paths")
    seed_paths: Texts = Field(default_factory=lambda: ["seeds"], alias="seed-paths")
    macro_paths: Texts = Field(default_factory=lambda: ["macros"], alias="macro-paths")
    target_path: str = Field("target", alias="target-path")
    vars: dict[str, Any] = Field(default_factory=dict)
    time_zone: str = "UTC"
    meta: dict[str, Any] = Field(default_factory=dict)


class FileSource(Model):
    """A file that is read: csv, tsv, json (objects, one a line or in an array) or parquet."""

    path: str
    format: Literal["csv", "json", "parquet"] | None = Field(
        None, description="Default: by the ending of the path."
    )
    delimiter: str = Field(",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    dates: DateForm = "YYYY-MM-DD"
    trim: Bool = Field(False, description="Take blanks away around each text cell; a cell of "
                       "blanks alone is empty.")


class DatasetSpec(Model):
    """A dataset: where its rows come from, and what every rule may rely on."""

    name: str
    description: str | None = None
    table: str | None = Field(None, description="A relation of the warehouse: schema.name.")
    from_dbt: str | None = Field(None, description="A node of dbt's manifest.json.")
    file: Annotated[FileSource, BeforeValidator(_file)] | None = None
    stack: dict[str, str] | None = Field(None, description="label: dataset, one under the other.")
    rename: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="label: {column of the source: its name here}."
    )
    key: Texts = Field(default_factory=list, description="The columns that name a record.")
    changed_at: str | None = None
    changed_by: str | None = None
    verified_at: dict[str, str] = Field(default_factory=dict)
    happened_at: str | None = None
    refers_to: dict[str, Texts] = Field(default_factory=dict)
    columns: dict[str, ColumnType] = Field(default_factory=dict)
    missing_values: list[str] | dict[str, list[str]] = Field(default_factory=list)
    pii: dict[str, Pii] = Field(default_factory=dict)
    owner: str | None = None
    tags: Texts = Field(default_factory=list)
    meta: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> DatasetSpec:
        given = [w for w in ("table", "from_dbt", "file", "stack") if getattr(self, w) is not None]
        if len(given) > 1:
            raise ValueError(f"a dataset has one source, here are {' and '.join(given)}")
        if self.rename and self.stack is None:
            raise ValueError("rename goes with stack")
        return self


class ModelsFile(Model):
    """models/*.yml: datasets."""

    version: str = "1"
    datasets: list[DatasetSpec] = Field(default_factory=list)


class Expected(Model):
    """What a unit test expects: every flag and every change of the rules it names."""

    flags: list[dict[str, str | None]] | None = None
    changes: list[dict[str, str | None]] | None = None


class UnitTest(Model):
    """Given rows, expected flags and changes, run in memory."""

    name: str
    description: str | None = None
    rule: str | None = None
    rules: Texts = Field(default_factory=list)
    as_of: str | None = None
    given: dict[str, list[dict[str, str | None]]]
    expect: Expected
    tags: Texts = Field(default_factory=list)
    enabled: Bool = True

    @model_validator(mode="after")
    def _names_rules(self) -> UnitTest:
        if not self.rule and not self.rules:
            raise ValueError("say which rule it tests: rule: ID")
        return self

    @property
    def tested(self) -> tuple[str, ...]:
        return tuple(self.rules) or ((self.rule,) if self.rule else ())


class UnitTestsFile(Model):
    """A file of unit tests, anywhere under rule-paths."""

    version: str = "1"
    unit_tests: list[UnitTest] = Field(default_factory=list)
