"""Values that handlers are provided with by their types: made when they are needed, and closed after."""
