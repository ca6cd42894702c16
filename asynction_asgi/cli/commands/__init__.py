"""The arguments, options and help of each command, in a module of its name."""
