"""How defaults are told."""

HEADING = None
CHANGES = True
COUNTS = "cell changed", "cells changed"
