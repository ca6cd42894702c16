"""Packets and values as they travel."""
