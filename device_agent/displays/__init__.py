"""One file per way to show a code, and the explicit table of them."""
