"""The register of a run, and the audit tables as they are to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdmq.audit.claims import claim
from cdmq.audit.ensure import ensure
from cdmq.audit.register import Register
from cdmq.kinds.stated import stated
from cdmq.publishing.leading import settle
from cdmq.results import Facts
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def registered(project: Project, warehouse: Warehouse, cdmq_version: str, facts: Facts) -> Register:
    """The register, with the audit tables as they are to be.

    Raises CdmqError, before anything is made, where they are not this project's.
    """
    audit = stated()
    register = claim(warehouse, audit, project.config.name, facts.run_id)
    ensure(register, audit, cdmq_version, facts.started)
    settle_broken(register)
    return register


def settle_broken(register: Register) -> None:
    """Of a run that broke off nothing counts; without transactions, that is seen to."""
    if not register.warehouse.traits.transactions:
        settle(register, stated().tables)
