"""Black-box tests over raw sockets: packets written by hand, judged by what comes back."""
