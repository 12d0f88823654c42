"""What needs what: the order of all, and what a selection chooses."""
