"""A simulated month of a rack: its phones and their faults, one night as a process, and what the month has to show."""
