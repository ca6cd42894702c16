"""Measurements of cost, each as a ratio to a baseline in the same run.

``python -m benchmarks`` is a quick run of the echo, under a minute. The others are separate
programs: ``python -m benchmarks.echo``, ``.broadcast``, ``.memory``, ``.latency``,
``.validators``, ``.hostile`` and ``.instances``, each with ``--help``.
"""
