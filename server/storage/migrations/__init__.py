"""Every version the tables have had, one file each in `versions`, run by `server.storage.schema`."""
