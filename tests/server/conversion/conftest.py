"""Without msgspec, from the extra ``typed``, these tests are omitted; CI must have it."""

from __future__ import annotations

import os
from importlib.util import find_spec

collect_ignore_glob = ["test_*.py"] if find_spec("msgspec") is None and not os.environ.get("CI") else []
