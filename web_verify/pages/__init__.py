"""One file per page, named like its template. A page takes a visit and answers it; `get` changes nothing, ever."""
