"""Makes the reference project's extracts and the truth beside them; see `reference_data.py`."""
