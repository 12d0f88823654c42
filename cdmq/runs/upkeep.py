"""What is written to the audit tables besides runs: what is adopted, reviews that are undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.results import Finding
from cdmq.runs.facts import facts_of, run_facts, said
from cdmq.runs.past import Past
from cdmq.runs.registering import registered
from cdmq.stages.record import record_only
from cdmq.values import Project
from cdmq.warehouses.profiles import Target

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def adopted(
    project: Project,
    warehouse: Warehouse,
    target: Target,
    cdmq_version: str,
    names: Sequence[str],
    old_project: str | None,
    force: bool,
) -> list[Finding]:
    """What `debug --adopt` and `--adopt-project` write into the register, as a row of the runs."""
    from cdmq.runs.adopt import adopt, adopt_project

    facts = facts_of(target, warehouse, "debug", None, datetime.now(UTC), Path(), 0)
    own = project.config.name
    named = replace(project, config=project.config.model_copy(update={"name": old_project or own}))
    register = registered(named, warehouse, cdmq_version, facts)
    found = [adopt_project(register, old_project, project, force)] if old_project else []
    found += adopt(register, project, names)
    done = run_facts(facts, warehouse, cdmq_version, 0, [], False, said(project, target))
    record_only(
        warehouse,
        project,
        done,
        datetime.now(UTC),
        Past(project, done.run_by).state,
        "; ".join(f.said for f in found),
    )
    return found


def undone(
    project: Project, warehouse: Warehouse, target: Target, cdmq_version: str, after: str
) -> list[tuple[str, str, int]]:
    """Undo the reviews of tiering rules after a day, as a row of the runs."""
    from cdmq.kinds import kinds

    facts = facts_of(target, warehouse, "clean", None, datetime.now(UTC), Path(), 0)
    registered(project, warehouse, cdmq_version, facts)
    found = sorted(u for k in kinds().values() for u in k.undo(warehouse, after, facts.run_id))
    done = run_facts(facts, warehouse, cdmq_version, 0, [], False, said(project, target))
    record_only(
        warehouse,
        project,
        done,
        datetime.now(UTC),
        Past(project, done.run_by).state,
        f"undid {len(found)} reviews after {after}",
    )
    return found
