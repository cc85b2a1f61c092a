"""A simulated month of a rack: its phones and their faults, one night as a process, and what the month has to show.

What is real: each night is `farm nightly`'s own code in a process of its own, with its health checks, canary, plan, queue, journal,
database, farm track, report and notices; a killed controller is SIGKILL to that process, at a moment by chance; a database that is held is
held by another process. What is simulated: the phones (a transport that waits for nothing, whose numbers come from the seed), the clocks,
and that the plan of faults says what each phone answers.
"""
