"""Engine.IO's transports: WebSocket and polling, on any ASGI server."""
