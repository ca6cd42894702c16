"""What the engine knows of uvicorn's insides: each use of them is optional."""
