"""golden: one best record per party, with where each cell comes from."""
