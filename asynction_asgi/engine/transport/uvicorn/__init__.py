"""Uses of uvicorn's internals, each of them optional."""
