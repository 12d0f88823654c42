"""clean: remove what cdmq wrote to the target folder, and nothing else."""

from __future__ import annotations

from pathlib import Path

from cdmq.project.target_files import FILES, compiled, is_own
from cdmq.project.walk import find_root, target_folder


def clean(start: Path, target_path: Path | None) -> list[Path]:
    """Remove the files, and folders that are empty then; what was removed."""
    target = target_folder(find_root(start), target_path)
    below = target / "compiled"
    removed = [*(p for f in FILES if is_own(p := target / f)), *compiled(below)]
    for path in removed:
        path.unlink()
    for folder in (below, target):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return removed
