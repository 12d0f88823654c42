"""The manual: pages, schema and codes, made from the code."""
