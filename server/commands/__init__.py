"""The operator's command line, `porchlight`: one file per command."""
