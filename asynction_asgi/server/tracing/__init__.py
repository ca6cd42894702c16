"""Spans of OpenTelemetry: one for each connection, event and emit. Only an application with the option imports it."""
