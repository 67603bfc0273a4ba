"""One file per page, named like its template."""
