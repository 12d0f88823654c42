"""Which records are one party: features, candidates, the model, the pairs."""
