"""The documentation: pages, and what is generated into them from the code when they are built."""
