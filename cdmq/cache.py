"""The parse cache: nothing is read again where nothing has changed.

`target/parse_cache.json` holds what the last good parse gave, under a key made of all that it can
hang on: the bytes and names of every file that is read, --vars, the target folder, the bytes of
cdmq itself and the names and versions of what is installed. A hit imports neither pydantic nor
sqlglot, jinja2 or yaml.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cdmq.problems import Problem, Span
from cdmq.results import Parsed
from cdmq.walk import PROJECT_FILE, find_files, find_root, target_folder

FILE = "parse_cache.json"
#: Raised when the shape of the file changes.
FORMAT = 1
#: The folders that `load` reads: the field of cdmq_project.yml, and the endings of their files.
FOLDERS = {
    "macro_paths": (".sql",), "model_paths": (".yml", ".yaml", ".sql"),
    "rule_paths": (".yml", ".yaml"), "seed_paths": (".csv",),
}


def parsed(
    start: Path, variables: str | None, target_path: Path | None, *, use_cache: bool = True
) -> Parsed:
    """Read and check the project at `start`, or take what the last parse of the same gave."""
    root = find_root(start)
    target = target_folder(root, target_path)
    if use_cache:
        found = _stored(root, target, variables)
        if found:
            return found
    from cdmq.parsing import parse_project

    with_folders = parse_project(root, variables, target_path)
    before = _key(root, with_folders.folders, target, variables)
    # Parsed again only in name: the files are read once, their key is taken around the reading.
    return _store(root, target, variables, before, with_folders)
