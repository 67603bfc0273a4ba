"""The mint: signing keys and access tokens. PyJWT lives here and nowhere else."""
