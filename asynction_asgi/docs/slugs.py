"""Names of places on the page, which people link to from elsewhere."""

from __future__ import annotations

import re


class Slugs:
    """Gives each name a word that is fit for a URL's fragment, no two the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """Return the word of `name`: letters, digits and hyphens; repeated words get a number."""
        stem = re.sub(r"[^\w-]+", "-", name).strip("-") or "x"
        slug, count = stem, 1
        while slug in self._taken:
            count += 1
            slug = f"{stem}-{count}"
        self._taken.add(slug)
        return slug
