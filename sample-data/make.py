#!/usr/bin/env python3
"""Writes the worlds of sample-data/: logs, topology.json, policy.toml, expect.toml and README.md of each.

    python3 sample-data/make.py            # writes everything, then checks it
    python3 sample-data/make.py --check    # checks what is there

Python 3.11 and its standard library. The same bytes come out every time. The Parquet world is only written where pyarrow 26 is
installed; without it the committed files stay.
"""

import sys

sys.dont_write_bytecode = True

from make import check, worlds  # noqa: E402
from make.world import HOME, write_index  # noqa: E402


def main() -> int:
    made = [build() for build in worlds.ALL]
    if "--check" not in sys.argv[1:]:
        for world in made:
            world.write()
        write_index(made)
    complaints = [line for world in made for line in check.check(HOME / world.name, world)]
    for line in complaints:
        print(line, file=sys.stderr)
    print(f"{len(made)} worlds, {len(complaints)} complaints", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
