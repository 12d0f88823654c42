"""The parts of a kind that its folder leaves out: what most kinds do, or nothing."""

from __future__ import annotations
