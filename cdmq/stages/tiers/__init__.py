"""tiering: the level of every customer at a review, as one query and what surrounds it."""
