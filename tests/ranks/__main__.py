"""``python -m tests.ranks``: whether PyTorch says what was recorded of it; ``--write`` records it anew."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import recordings

now = recordings.record()
if "--write" in sys.argv[1:]:
    recordings.write(now)
    print(recordings.PLACE)
else:
    differ = [f"{program}, {size} processes, {told}" for program, sizes in now.items() for size, reports in sizes.items()
              for told in recordings.differences(reports, recordings.read()[program][size])]  # fmt: skip
    print("\n".join(differ) or "as recorded")
    sys.exit(bool(differ))
