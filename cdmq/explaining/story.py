"""All that happened to one record: its flags, its changed cells, the rules it passes now, and what
the kinds tell of it.

>>> from cdmq.explaining.story import stories
>>> stories(cdmq.parse("path/to/project"), "crm/0010001")[0].passes      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cdmq.audit.chapters import PLACES, Chapter, Party, Record
from cdmq.audit.episode_tables import CHANGES, FLAGS
from cdmq.audit.meanings import switched_off
from cdmq.audit.moments import run_at, stood
from cdmq.audit.near_keys import unknown
from cdmq.audit.reading import Row, Where, open_audit, same
from cdmq.audit.tables import RUN_INPUTS
from cdmq.audit.telling import one_of
from cdmq.explaining.asked import asked
from cdmq.explaining.decided import decisions
from cdmq.explaining.episodes import TellingAt
from cdmq.explaining.judged import judged
from cdmq.explaining.story_values import Story
from cdmq.kinds import kinds
from cdmq.project.spec import Pii
from cdmq.sql import nodes
from cdmq.values import Project


def stories(
    project: Project,
    key: str,
    dataset: str | None = None,
    *,
    unmask: bool = False,
    as_of: str | None = None,
    where: Where = Where(),  # noqa: B008
) -> tuple[Story, ...]:
    """The stories of the records with a key, one a dataset that knows it; of a party by its id.

    What `pii:` hides is masked, unless `unmask`. With `as_of` what was known then, by when runs
    ran. Raises CdmqError, with near keys, where no dataset knows it.
    """
    with open_audit(project.root, project.config, where) as audit:
        teller = _Teller(project, audit, unmask, None if as_of is None else run_at(audit, as_of))
        names = teller.named(dataset)
        party = teller.party(key) if as_of is None else None
        found = [s for n in names if (s := teller.story(n, key, party)) is not None]
        if party is not None and not any(s.party for s in found):
            found += teller.alone(party, dataset)
        if not found:
            raise unknown(teller, "--record", key, names, dataset)
        return tuple(found)


class _Teller(TellingAt):
    """Tells flags, changes and rules of records, and asks the kinds for the rest."""

    def party(self, key: str) -> Party | None:
        """The party whose id a key is."""
        found = (kind.tells.party(key, self) for kind in kinds().values())
        return next((p for p in found if p is not None), None)

    def alone(self, party: Party, dataset: str | None) -> Iterator[Story]:
        """A party for which no record stands, where its dataset was asked for."""
        if dataset in (None, party.dataset, *party.stands_in):
            chapters, nothing = tuple(self._of_party(party)), ((), (), (), ())
            yield Story(party.dataset, party.id, None, *nothing, chapters=chapters, party=party)

    def _of_party(self, party: Party) -> Iterator[Chapter]:
        chapters = (c for k in kinds().values() for c in k.tells.party_chapters(party, self))
        return iter(sorted(chapters, key=lambda c: PLACES.index(c.place)))

    def _of_record(self, dataset: str, key: str, party: Party | None) -> Iterator[Chapter]:
        parties = tuple(p for k in kinds().values() for p in k.tells.parties(dataset, key, self))
        record = Record(dataset, key, parties, party)
        chapters = [c for k in kinds().values() for c in k.tells.chapters(record, self)]
        chapters += asked(self, dataset, key)
        chapters += decisions(self, dataset, key)
        return iter(sorted(chapters, key=lambda c: PLACES.index(c.place)))

    def story(self, dataset: str, key: str, party: Party | None) -> Story | None:
        """None where neither the dataset nor its history knows the key."""
        records = self.records(dataset, key)
        there: bool | None = None if records is None else records > 0
        about = nodes.all_of([one_of("dataset", self.project.names_of(dataset)), same("key", key)])
        ever = {"flag": self.audit.rows(FLAGS, about), "change": self.audit.rows(CHANGES, about)}
        rows = [(what, r) for what, found in ever.items() for r in stood(found, self.at)]
        own = party if party is not None and dataset in party.stands_in else None
        chapters = tuple(self._of_record(dataset, key, own)) if self.at is None else ()
        if not any(ever.values()) and not there and not chapters:
            return None
        if self.at is not None:
            there = self._was_there(dataset, key, [r for _, r in rows])
        if own is not None:
            chapters = (*self._of_party(own), *chapters)
        rows.sort(key=lambda item: (item[1]["from_run"], item[0], item[1]["rule_id"]))
        story = self._told(Record(dataset, key, party=own), there, rows, chapters)
        return replace(story, shared=self.at is None and records == 2)

    def _told(
        self,
        record: Record,
        there: bool | None,
        rows: Sequence[tuple[str, Row]],
        chapters: tuple[Chapter, ...],
    ) -> Story:
        dataset, key = record.dataset, record.key
        names = self.project.names_of(dataset)
        judging = self._judging(names)
        verdicts = self.verdicts(judging.keys() | {r["rule_id"] for _, r in rows})
        fails = {
            self.now(r["rule_id"]) for what, r in rows if what == "flag" and r["to_run"] is None
        }
        off = {n for n, version in judging.items() if switched_off(version)}
        run = {n for n in judging.keys() - fails - off if verdicts.get(n)}
        newest = max([*self._reading(names), *(verdicts[n][-1] for n in run)], default=None)
        seen = {n for n in run if verdicts[n][-1] == newest}
        if there is False:  # of what is not there nothing is said
            passes, silent, before = set[str](), set[str](), set[str]()
        elif self.at is not None:
            passes, silent, before = seen, set(), run - seen
        else:
            passes = seen & judged(self, dataset, key, seen) if there else set()
            silent, before = (seen - passes, run - seen) if there else (set(), set())
        return Story(
            dataset,
            key,
            there,
            tuple(self.episode(what, r, dataset, verdicts) for what, r in rows),
            tuple(sorted(passes)),
            tuple(sorted(fails)),
            tuple(sorted(judging.keys() - fails - run - off)),
            tuple(sorted(silent)),
            tuple(
                (n, self.when(verdicts[n][-1]))
                for n in sorted(sorted(before), key=lambda n: verdicts[n][-1], reverse=True)
            ),
            self.when(newest) if newest else None,
            tuple(sorted(off - fails)),
            chapters,
            record.party,
            at=self.when(self.at) if self.at else None,
            kept=tuple(self._kept(dataset, rows)) if self.unmask else (),
        )

    def _judging(self, names: Sequence[str]) -> dict[str, Row]:
        """The rules that judge the records of a dataset, in their last version."""
        last = {n: versions[-1] for n, versions in self.versions.items()}
        return {
            n: v
            for n, v in last.items()
            if v["to_run"] is None and v["dataset"] in names and self._judges(n, v)
        }

    def _judges(self, rule: str, version: Row) -> bool:
        """Whether a rule flags records; of one that the project has no more, or had then, whether
        its version did."""
        uses = self.project.uses.get(rule) if self.at is None else None
        if uses is not None:
            return any(name.startswith("flags:") for name in uses.makes)
        known = kinds().get(version["kind"])
        return known is not None and known.tells.judges(version["text"])

    def _kept(self, dataset: str, rows: Sequence[tuple[str, Row]]) -> Iterator[tuple[str, Pii]]:
        named = {c for _, r in rows for c in (r["column_name"] or "").split(", ")}
        return (
            (c, how)
            for c, how in self.project.datasets[dataset].spec.pii.items()
            if c in named and how != "plain"
        )

    def _reading(self, names: Sequence[str]) -> set[str]:
        """The runs that read or made a dataset, by any name that it had."""
        return {
            r["run_id"]
            for r in self.rows(RUN_INPUTS, one_of("dataset", names))
            if r["run_id"] <= (self.at or r["run_id"])
        }

    def _was_there(self, dataset: str, key: str, rows: Sequence[Row]) -> bool | None:
        """Whether the record stood in the dataset when the run was done, as far as its rows say:
        an open one says so, and that the last of them closed as its record went says it did not."""
        lasting = [r for k in kinds().values() for r in k.tells.lasting(dataset, key, self)]
        rows = [*rows, *stood(lasting, self.at)]
        if any(r["to_run"] is None for r in rows):
            return True
        gone = [r["to_run"] for r in rows if r["closed_because"] == "gone"]
        return False if gone and max(gone) == max(r["to_run"] for r in rows) else None
