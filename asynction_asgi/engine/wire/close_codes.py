"""Close codes of WebSocket, for servers of any kind: RFC 6455, 7.4.1, and what was registered later."""

PROTOCOL_ERROR = 1002
MESSAGE_TOO_BIG = 1009
INTERNAL_ERROR = 1011
SERVICE_RESTART = 1012
"""Clients come back, maybe to another process."""
TRY_AGAIN_LATER = 1013
