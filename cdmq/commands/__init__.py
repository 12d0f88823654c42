"""What the commands do that are no run."""
