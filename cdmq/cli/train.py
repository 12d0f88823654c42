"""cdmq train: make the models of matching rules anew."""

from cdmq.cli.running import rules_command

NAMES = ("train",)
command = rules_command(
    "train",
    """Train the models of matching rules on the data as it is.

    The next run scores by them. No party changes now, nothing is published.
    """,
)
