"""cdmq run: build the datasets, apply the defaults, judge the rules, publish."""

from cdmq.cli.running import rules_command

NAMES = ("run", "build")
command = rules_command(
    "run",
    """Build the datasets, apply defaults, judge rules, publish flags.

    Exit codes: 0 nothing at or above --fail-on; 1 rules failed; 2 something could not be run.
    """,
)
