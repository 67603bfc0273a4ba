"""One adapter per broker, and the port they fulfil."""
