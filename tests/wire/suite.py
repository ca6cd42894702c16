"""The whole fault suite."""

from __future__ import annotations

from .faults_lives import LIVES
from .faults_packets import PACKETS
from .faults_polling import POLLING

FAULTS = tuple(fault for table in (*PACKETS, *POLLING, *LIVES) for fault in table.faults)
