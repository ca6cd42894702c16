"""Black-box tests over raw sockets: packets are written by hand, and the responses are checked."""
