"""AsyncAPI's objects as tables, and the walk that checks a document by them."""
