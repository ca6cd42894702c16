"""A contract in the words of Python: types of what travels, signatures, and modules laid out as a formatter would."""
