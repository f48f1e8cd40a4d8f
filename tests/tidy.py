#!/usr/bin/env python3
"""Runs clang-tidy over the server's and the client's own sources.

    tests/tidy.py BUILD_DIR [FILE…]       default: all of server/ and client/

BUILD_DIR is a build that has generated what they include.

Nearly all of clang-tidy's time goes into headers, which neighbours share. So
sources of one library are looked at together, as one file that includes them.
Where that finds anything, or where they can't be compiled together, each is
looked at alone, and that alone counts. What is only looked for in a main file
(using declarations that nobody needs) is found only then.
"""
import concurrent.futures
import itertools
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOGETHER = 8
WITH_VALUE = ("-isystem", "-include", "-idirafter", "-iquote")
QUIET = ["--quiet", "--extra-arg=-Wno-unknown-warning-option"]


def sources(names):
    patterns = names or ["server/*.cc", "client/*.cc"]
    listed = subprocess.run(["git", "ls-files", "-z", "--", *patterns],
                            cwd=ROOT, check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def flags_of(command):
    """What decides how a source is read, of the command that compiles it."""
    words = shlex.split(command)
    kept = []
    for word, after in itertools.zip_longest(words, words[1:]):
        if word in WITH_VALUE:
            kept += [word, after]
        elif word.startswith(("-I", "-D", "-std", "-W")):
            kept.append(word)
    return tuple(kept)


def lumps(files, build):
    """Groups of sources with the same folder and flags; and the flags."""
    commands = json.loads((build / "compile_commands.json").read_text())
    flags = {pathlib.Path(c["file"]): flags_of(c["command"]) for c in commands}
    unknown = [file for file in files if file not in flags]
    if unknown:
        sys.exit(f"tidy: {build} does not compile {unknown[0]}")

    def alike(file):
        return (str(file.parent), flags[file])

    for (_, same), group in itertools.groupby(sorted(files, key=alike), alike):
        group = list(group)
        for first in range(0, len(group), TOGETHER):
            yield group[first:first + TOGETHER], same


def clang_tidy(*arguments):
    done = subprocess.run(["clang-tidy", *QUIET, *arguments], cwd=ROOT,
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def together(files, flags, folder):
    lump = pathlib.Path(folder) / f"{abs(hash(tuple(files)))}.cc"
    lump.write_text("".join(f'#include "{file}"\n' for file in files))
    clean, _ = clang_tidy(
        f"--config-file={ROOT}/.clang-tidy",
        "--checks=-bugprone-suspicious-include",
        f"--header-filter=^{ROOT}/(server|client)/", str(lump), "--", *flags)
    return clean


def alone(file, build):
    clean, said = clang_tidy("-p", str(build), str(file))
    return "" if clean else said


def check(lump, build, folder):
    """What was found in a group of sources, and how many were looked at alone."""
    files, flags = lump
    if len(files) > 1 and together(files, flags, folder):
        return "", 0
    return "".join(alone(file, build) for file in files), len(files)


def main(build, names):
    files = sources(names)
    if not files:
        sys.exit(f"tidy: there is no source called {' '.join(names)}")
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda lump: check(lump, build, folder),
                                list(lumps(files, build))))
    found = "".join(said for said, _ in results)
    single = sum(count for _, count in results)
    print(found, end="")
    print(f"tidy: {len(files)} sources, {single} of them alone",
          file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]))
