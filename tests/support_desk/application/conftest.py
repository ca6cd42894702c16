"""A secret for the tests alone."""

import os

os.environ.setdefault("DESK_SECRET", "only for tests, and thirty-two bytes or more")
