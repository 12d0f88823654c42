"""Unit tests of rules: given rows, and what they lead to."""
