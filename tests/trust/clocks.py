"""A project that keeps time by the clocks of Berlin."""

from __future__ import annotations

BERLIN = {"cdmq_project.yml": "name: world\nprofile: world\ntime_zone: Europe/Berlin\n"}
