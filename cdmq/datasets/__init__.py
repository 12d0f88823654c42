"""Datasets: what their sources hold, and the relations that are made of them."""
