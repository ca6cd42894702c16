"""Clients in their namespaces, and what runs for them."""
