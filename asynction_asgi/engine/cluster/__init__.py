"""Several processes behind one message queue."""
