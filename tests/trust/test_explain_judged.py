"""`explain --record` says 'passes' only of rules that judged the record."""

from __future__ import annotations

from runner import World

import cdmq
from cdmq.explaining.story import stories


def test_passes_is_said_of_rules_that_judged_the_record(world: World) -> None:
    world.table(
        "people",
        {"id": "integer", "email": "text", "land": "text", "zip": "text"},
        [[1, "a@x.com", "DE", "12345"], [2, None, "AT", "1"], [3, "bad", "DE", None]],
    )
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: people, key: id}\n",
            "rules/people.yml": """
version: 1
dataset: people
validation:
  - {id: mail, column: email, check: email}
  - {id: zip_de, column: zip, check: regex, pattern: '^[0-9]{5}$', where: "land = 'DE'"}
  - {id: some, check: row_count, min: 1}
""",
        }
    )
    world.run()
    told = {key: stories(cdmq.parse(world.root), key)[0] for key in "123"}

    def own(rules: tuple[str, ...]) -> set[str]:
        return {r for r in rules if not r.startswith("people.")}  # not those of every dataset

    assert own(told["1"].passes) == {"mail", "some", "zip_de"}
    assert own(told["2"].passes) == {"some"}
    assert own(told["2"].not_judged) == {"mail", "zip_de"}
    assert told["3"].fails == ("mail",)
    assert own(told["3"].passes) == {"some"}
    assert own(told["3"].not_judged) == {"zip_de"}
