"""A small git repository for a single test."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Repository:
    """A repository with the main branch checked out.

    Args:
        folder: The folder of the repository.
        clone_of: A repository whose last commit is cloned, or None for a new repository.
    """

    def __init__(self, folder: Path, *, clone_of: Repository | None = None) -> None:
        self.folder = folder
        if clone_of is None:
            folder.mkdir(parents=True, exist_ok=True)
            self.git("init", "--quiet", "--initial-branch=main")
        else:
            clone_of.git("clone", "--quiet", "--depth=1", clone_of.folder.as_uri(), str(folder))

    def git(self, *arguments: str) -> str:
        """Run git in the repository, without the user's configuration, and return its output."""
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
        """Commit files by path, and tag the commit if a tag is given."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=Change")
        if tag:
            self.git("tag", tag)
