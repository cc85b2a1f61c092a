"""Build the harness's own tests and run them: `python tools/cpp_tests.py DATA [g++|clang++]`.

g++ builds them with sanitizers. clang++, with its own C++ library, stands in for the compiler that builds the app for iPhones: it sees
every line that needs none of Apple's frameworks.
"""

import subprocess
import sys
from pathlib import Path

from farm.errors import FarmError
from farm.harness import toolchain
from farm.harness.toolchain import Target

_OF_COMPILER = {
    "g++": ["-DFARM_SANITIZE=ON"],
    "clang++": ["-DFARM_SANITIZE=OFF", "-DCMAKE_CXX_COMPILER=clang++", "-DCMAKE_CXX_FLAGS=-stdlib=libc++"],
}


def main() -> int:
    """Configure, build and run; return the first exit code that is not 0."""
    compiler = sys.argv[2] if len(sys.argv) > 2 else "g++"  # noqa: PLR2004 - the command, DATA
    tree = Path(sys.argv[1]).resolve() / ("cpp-tests" if compiler == "g++" else f"cpp-tests-{compiler}")
    sources = Path(__file__).resolve().parents[1] / "harness"
    try:
        tools = toolchain.find(Target.HOST)
    except FarmError as error:
        sys.stderr.write(f"farm: {error.message}; {error.hint}\n")
        return error.exit_code
    options = ["-DCMAKE_BUILD_TYPE=Debug", "-DFARM_RUNTIME=fake", "-DFARM_TESTS=ON", *_OF_COMPILER[compiler]]
    configure = [tools.cmake, "-S", str(sources), "-B", str(tree), "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools.ninja}", *options]
    build = [tools.cmake, "--build", str(tree)]
    test = [str(Path(tools.cmake).with_name("ctest")), "--test-dir", str(tree), "--output-on-failure"]
    for command in (configure, build, test):
        code = subprocess.run(command, check=False).returncode
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
