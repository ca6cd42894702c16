"""The support desk, the application of the documentation: written as a user would, and run as one."""
