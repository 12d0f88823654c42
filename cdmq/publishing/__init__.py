"""What a run publishes: whether it may, and how that takes the place of what stands there."""
