#!/usr/bin/env python3
"""Fails where a row of tests/fault_rows.txt that is "here" has no test.

    tests/fault_rows.py [BUILD-DIRECTORY]     default: build/release

A row's tests are those whose name has FaultNN_ in it, NN being its number. They
are asked of the built tests, through CTest, so that a test which is only
written down, left out of the build or disabled does not count.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r"(\d+)\s+(here|later)\s+(\S.*)")
TEST = re.compile(r"(?:^|[./])Fault(\d+)_\w")


def read_rows(path):
    """{number: (whether it is here, title)}."""
    rows = {}
    for count, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = ROW.fullmatch(line.strip())
        if not match or int(match[1]) in rows:
            sys.exit(f"{path}:{count}: not a row, or a row given twice: {line}")
        rows[int(match[1])] = (match[2] == "here", match[3])
    return rows


def built_tests(build):
    """The names of the tests that CTest would run."""
    listed = subprocess.run(
        ["ctest", "--test-dir", str(build), "--show-only=json-v1"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True)
    for test in json.loads(listed.stdout)["tests"]:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        if not properties.get("DISABLED"):
            yield test["name"]


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release")
    rows = read_rows(ROOT / "tests/fault_rows.txt")
    tests = {}
    for name in built_tests(build):
        for number in TEST.findall(name):
            tests.setdefault(int(number), []).append(name)

    wrong = [f"row {n} has no test: {title}"
             for n, (here, title) in sorted(rows.items()) if here and n not in tests]
    wrong += [f"there is no row {n}, but a test of it: {names[0]}"
              for n, names in sorted(tests.items()) if n not in rows]
    for line in wrong:
        print(f"fault rows: {line}", file=sys.stderr)
    here = sum(1 for is_here, _ in rows.values() if is_here)
    have = sum(1 for n, (is_here, _) in rows.items() if is_here and n in tests)
    print(f"fault rows: {have} of {here} have tests, "
          f"{sum(map(len, tests.values()))} tests in all")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
