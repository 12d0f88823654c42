"""Data in files: what they hold, and how the warehouse reads them."""
