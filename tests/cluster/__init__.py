"""Several hosts: address, keys, files, sessions, and all of it over a real network."""
