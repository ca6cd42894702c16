"""Values of JSON as the types that handlers are annotated with, and back."""
