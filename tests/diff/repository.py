"""A small repository of git, made for one test and read by nothing else."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Repository"]


class Repository:
    """A repository with the main branch checked out.

    Args:
        folder: Where it is.
        clone_of: A repository to clone the last commit of; None begins a new one.
    """

    def __init__(self, folder: Path, *, clone_of: Repository | None = None) -> None:
        self.folder = folder
        if clone_of is None:
            folder.mkdir(parents=True, exist_ok=True)
            self.git("init", "--quiet", "--initial-branch=main")
        else:
            clone_of.git("clone", "--quiet", "--depth=1", clone_of.folder.as_uri(), str(folder))

    def git(self, *arguments: str) -> str:
        """Run git there, by no configuration but its own."""
        environment = {
            **os.environ,
            **dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), os.devnull),
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ada"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.org"),
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def commit(self, files: Mapping[str, str], *, tag: str = "") -> None:
        """Commit files by their paths, and name the commit."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=Change")
        if tag:
            self.git("tag", tag)
