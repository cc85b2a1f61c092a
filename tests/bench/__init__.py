"""Device ends that tests talk to."""
