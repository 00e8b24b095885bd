"""The size of the built wheel: at most 5 MB. `--check` exits 1 when it is larger."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

BUDGET_MB = 5.0


def wheel_size_mb(root: Path) -> float:
    """Build the wheel of a checkout in a temporary folder and return its size.

    Raises:
        subprocess.CalledProcessError: It cannot be built.
    """
    with tempfile.TemporaryDirectory() as place:
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--wheel-dir",
            place,
            str(root),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return sum(file.stat().st_size for file in Path(place).glob("*.whl")) / 1e6


if __name__ == "__main__":
    size = wheel_size_mb(Path(__file__).parents[1])
    print(f"wheel {size:.2f} MB, budget {BUDGET_MB} MB")
    sys.exit("--check" in sys.argv and size > BUDGET_MB)
