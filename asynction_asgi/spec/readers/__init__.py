"""From the objects of a document to the compiled contract."""
