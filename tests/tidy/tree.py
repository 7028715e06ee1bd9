# SPDX-License-Identifier: Apache-2.0
"""The files of a source tree, for the checks beside this file."""

import pathlib
import subprocess

NOT_OURS = {".git", "build", "node_modules", "dist", "__pycache__", ".cache"}


def files(root):
    """Relative paths of the files that belong to the tree: what git knows or would add; without git, what is there."""
    root = pathlib.Path(root)
    listed = None
    if (root / ".git").exists():
        answer = subprocess.run(
            ["git", "-c", f"safe.directory={root.resolve()}", "-C", str(root),
             "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if answer.returncode == 0:
            listed = [pathlib.PurePosixPath(name) for name in answer.stdout.decode().split("\0") if name]
    if listed is None:
        listed = [pathlib.PurePosixPath(path.relative_to(root).as_posix()) for path in root.rglob("*")]
    return sorted({path for path in listed
                   if not NOT_OURS & set(path.parts) and not path.parts[0].startswith("build-")
                   and (root / path).is_file()})


def plant(root, contents):
    """Writes `contents` (path -> text) under `root`; a path that ends in '*' becomes executable."""
    for name, text in contents.items():
        path = pathlib.Path(root) / name.rstrip("*")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if name.endswith("*") else 0o644)
