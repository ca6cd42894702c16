"""The text of a document: YAML and JSON with the places of their values, and references."""
