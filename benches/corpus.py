#!/usr/bin/env python3
"""Makes a gallery to measure with, and changes it.

    corpus.py make DEST FILES SIZE      FILES files of SIZE bytes each, in about a hundred folders
    corpus.py change DEST COUNT SEED    other bytes, of the same size, in COUNT of them
    corpus.py rename DEST COUNT SEED    other names, in another folder, for COUNT of them
    corpus.py read DEST                 reads everything once, so that it is in memory

Names and dates are a camera's, times lie years back, and no two blocks of bytes are equal or can be compressed. The same
arguments give the same gallery.
"""
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

FIRST_PHOTO = 1546300800  # the first of January 2019
PIECE = 1 << 20


def paths(dest):
    found = []
    for folder, below, names in os.walk(dest):
        below[:] = [name for name in below if not name.startswith(".")]  # what is hidden belongs to a tool
        found += [os.path.join(folder, name) for name in names]
    return sorted(found)


def write(path, size, source, taken):
    with open(path, "wb") as file:
        while size > 0:
            part = min(size, PIECE)
            file.write(source.randbytes(part))
            size -= part
    os.utime(path, ns=(taken, taken))


def make(dest, files, size):
    source = random.Random(f"{files} {size}")
    folders = max(1, min(100, files // 20))
    step = 6 * 365 * 86400 // files
    for folder in range(folders):
        os.makedirs(f"{dest}/Album {folder:03}")
    for i in range(files):
        taken = FIRST_PHOTO + i * step
        date = time.strftime("%Y%m%d_%H%M%S", time.gmtime(taken))
        kind, ending = ("VID", "mp4") if size > 64 << 20 else ("IMG", "jpg")
        path = f"{dest}/Album {i % folders:03}/{kind}_{date}_{i:06}.{ending}"
        write(path, size, source, taken * 10**9 + source.randrange(10**9))


def change(dest, count, seed):
    # The bytes are new each time: with those of an earlier run a file would be as it was.
    for path in random.Random(f"change {seed}").sample(paths(dest), count):
        write(path, os.path.getsize(path), random.SystemRandom(), time.time_ns())


def rename(dest, count, seed):
    source = random.Random(f"rename {seed}")
    folders = sorted(entry.path for entry in os.scandir(dest) if entry.is_dir() and entry.name[0] != ".")
    for i, path in enumerate(source.sample(paths(dest), count)):
        stem, ending = os.path.splitext(os.path.basename(path))
        stem = stem.split(" moved ")[0]
        os.rename(path, f"{source.choice(folders)}/{stem} moved {seed}-{i}{ending}")


def read_one(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(PIECE):
            pass


def read(dest):
    # As they lie on the disk, and several at once: a disk likes both.
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read_one, sorted(paths(dest), key=lambda path: os.stat(path).st_ino), chunksize=64))


if __name__ == "__main__":
    actions = {"make": (make, 3), "change": (change, 3), "rename": (rename, 3), "read": (read, 1)}
    action, count = actions.get(sys.argv[1] if len(sys.argv) > 1 else "", (None, 0))
    if action is None or len(sys.argv) != 2 + count:
        sys.exit(__doc__)
    action(sys.argv[2], *map(int, sys.argv[3:]))
