"""The whole fault suite."""

from __future__ import annotations

from .faults_acks import ACKS
from .faults_frames import FRAMES
from .faults_handlers import HANDLERS
from .faults_lives import LIVES
from .faults_memory import MEMORY
from .faults_packets import PACKETS
from .faults_polling import POLLING
from .faults_upgrades import UPGRADES

TABLES = (*PACKETS, *FRAMES, *ACKS, *POLLING, *UPGRADES, *LIVES, *HANDLERS, *MEMORY)
FAULTS = tuple(fault for table in TABLES for fault in table.faults)
