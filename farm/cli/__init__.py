"""The command `farm`. Commands load what they need when they run, so that `farm --help` answers at once."""

import os
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command and end the process with its exit code; an interrupt while its parts are still being loaded ends it too."""
    try:  # the module of this name takes this function's place in the package; by then it has been called
        from farm.cli.main import main as run
    except KeyboardInterrupt:
        os.write(sys.stderr.fileno(), b"farm: interrupted\n")
        sys.exit(_INTERRUPTED)
    run()
