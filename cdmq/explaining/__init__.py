"""What happened, told: to a record, a party, a pair, a rule."""
