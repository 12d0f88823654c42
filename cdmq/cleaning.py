"""clean: remove what cdmq wrote to the target folder, and nothing else."""

from __future__ import annotations

from pathlib import Path

from cdmq.walk import find_root, target_folder

#: What cdmq writes to the target folder. Databases are not among them.
FILES = ("manifest.json", "run_results.json", "catalog.json", "parse_cache.json", "cdmq.log")


def clean(start: Path, target_path: Path | None) -> list[Path]:
    """Remove the files, and folders that are empty then; what was removed."""
    target = target_folder(find_root(start), target_path)
    compiled = target / "compiled"
    wanted = [*(target / f for f in FILES), *sorted(compiled.glob("*.sql"))]
    removed = [path for path in wanted if path.is_file()]
    for path in removed:
        path.unlink()
    for folder in (compiled, target):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return removed
