"""cdmq test: judge the validation rules on what the last run made."""

from cdmq.cli.running import rules_command

NAMES = ("test",)
command = rules_command(
    "test",
    """Judge the validation rules on what the last run made.

    Nothing is built or changed.

    Exit codes: 0 nothing at or above --fail-on; 1 rules failed; 2 something could not be run.
    """,
)
