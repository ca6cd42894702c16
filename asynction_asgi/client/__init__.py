"""The Python client: for servers elsewhere, and for one in this process."""
