"""Measurements of cost, each as a ratio to a baseline in the same run.

``python -m benchmarks`` is a quick run of the echo and the broadcast, under a minute. The others are
programs of their own, such as ``python -m benchmarks.echo``, each with ``--help``:

- Events: ``echo``, ``polling``, ``broadcast`` and ``recovery`` for CPU; ``latency`` and ``tails`` for
  round trips; ``workers`` for events a second.
- Connections: ``connect`` and ``memory``; ``soak`` for what misbehaving clients leave behind.
- Several processes: ``cluster`` for faults of a message queue, ``rolling`` for restarts behind nginx.
- Documents and values: ``startup``, ``validators``, ``hostile`` and ``instances``.
- Tests of applications: ``testing``.
"""
