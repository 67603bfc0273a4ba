"""One file per grant, and the explicit table of them."""
