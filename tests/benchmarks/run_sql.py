"""The process of the SQL by hand: run_sql.py DATABASE THREADS FILE. Statements end with `;`."""

import sys

import duckdb

settings = {"threads": sys.argv[2], "preserve_insertion_order": "false"}
with duckdb.connect(sys.argv[1], config=settings) as connection:
    connection.execute("SET enable_progress_bar = false")
    with open(sys.argv[3], encoding="utf-8") as file:
        connection.execute(file.read())
