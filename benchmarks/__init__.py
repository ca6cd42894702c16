"""Measurements of cost, each as a ratio against a baseline of the same run.

``python -m benchmarks`` is a quick run of the echo, under a minute. The others are programs of their
own: ``python -m benchmarks.echo``, ``.broadcast``, ``.memory``, ``.latency``,
``.validators``, ``.hostile`` and ``.instances``, each with ``--help``.
"""
