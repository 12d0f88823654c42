"""Facts of a party: a figure a record, which several kinds count."""
