"""A unit test as it is written, but for the words that its kinds bring into `expect`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema, model_validator

from cdmq.project.fields import Bool, Model, Tags, Texts, Version

#: A value as a row of a test tells it; None is NULL.
Cell = Annotated[str | None, WithJsonSchema({"type": ["string", "number", "boolean", "null"]})]


class Expected(Model):
    """What a unit test expects of the rules it names: by each word that it has, all that they find
    or make. The words are those of the kinds.
    """


class UnitTest(Model):
    """A unit test of a rule: given rows, expected findings, run in memory.

    It stands in a file under rule-paths, under `unit_tests:`.

    Example:
        version: 1
        unit_tests:
          - name: german_postcodes
            rule: postcode_de
            given:
              customers:
                - {id: 1, country: DE, postcode: "01067"}
                - {id: 2, country: DE, postcode: "1067"}
            expect:
              flags:
                - {key: 2}

    A test of a matching, golden or tiering rule gives the records that are matched, and the facts:

        - name: core_by_volume
          rule: customer_class
          as_of: 2026-11-01
          given:
            customers:
              - {source: crm, source_id: 1, email: anna@example.com}
              - {source: shop, source_id: 9, email: anna@example.com}
            orders:
              - {order_id: 1, source: shop, customer_no: 9, ordered_at: 2024-05-01, amount: 900000}
          expect:
            parties: [[crm/1, shop/9]]
            levels: [{of: crm/1, level: core}]
    """

    name: str
    description: str | None = None
    rule: str | None = Field(None, description="The id of the rule that it tests.")
    rules: Texts = Field(default_factory=list, description="In place of rule: several of them.")
    as_of: str | None = Field(
        None,
        description=(
            "The time that the rules judge by; required where they do. No test asks the clock."
        ),
    )
    given: dict[str, list[dict[str, Cell]]] = Field(
        description="dataset: its rows. A column that is left out, has no value or says null is "
        'NULL, as it is in expect; "null" in quotes is the word.'
    )
    expect: dict[str, Any] = Field(description="What the rules find in them, and nothing else.")
    tags: Tags = Field(default_factory=list, description="Words to select it by.")
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

    version: Version = "1"
    unit_tests: list[UnitTest] = Field(default_factory=list)
