"""One file per bad habit of real devices, and the explicit table of them."""
