"""The host side of the harness: its protocol, its arguments, and building it for a target."""
