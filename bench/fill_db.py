#!/usr/bin/python3
"""Fill a migrated Vitrine database with images that exist only as rows.

    bench/fill_db.py FILE COUNT [--owner EMAIL]

For measuring how lists behave with many rows: one transaction, every trigger and index at work, so that
the file is what a million uploads would have left. Titles draw on a few hundred words, a third of the
images have tags. The owner must exist (`vitrine user add`, or the admin of `vitrine init`).
"""

import argparse
import sqlite3
import sys
import time

WORDS = (
    "sea harbour meadow winter summer portrait family bridge station market river forest night morning "
    "rain snow garden window street tower island boat horse bird mountain valley lake road field church"
).split()

# Numbers made from the id with a large odd factor: they look random and are the same in each run.
INSERT = """
WITH RECURSIVE series (n) AS (
    SELECT (SELECT coalesce(max(id), 0) FROM assets) + 1
    UNION ALL
    SELECT n + 1 FROM series LIMIT :count
)
INSERT INTO assets (id, owner_id, key, state, filename, content_type, size_bytes, sha256, etag, width, height,
                    title, alt, tag_list, created_at, updated_at)
SELECT n,
       :owner,
       printf('images/2026/11/bench%021d.jpg', n),
       'ready',
       printf('IMG_%07d.jpg', n),
       'image/jpeg',
       100000 + n * 2654435761 % 5000000,
       printf('%064x', n),
       printf('%032x', n),
       4000, 3000,
       word(n) || ' ' || word(n * 7 + 3) || ' ' || n % 1000,
       word(n * 3 + 1) || ' at ' || word(n * 5 + 2),
       CASE WHEN n % 3 = 0 THEN word(n * 11) ELSE '' END,
       1790000000 + n, 1790000000 + n
FROM series
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("count", type=int)
    parser.add_argument("--owner", help="e-mail address of the owner; the first account by default")
    options = parser.parse_args()

    start = time.monotonic()
    db = sqlite3.connect(f"file:{options.file}?mode=rw", uri=True, isolation_level=None)
    db.create_function("word", 1, lambda n: WORDS[n * 2654435761 % 4294967296 // 16 % len(WORDS)], deterministic=True)
    db.execute("PRAGMA cache_size = -200000")
    owner = db.execute(
        "SELECT id FROM users WHERE email = ? OR ? IS NULL ORDER BY id", (options.owner, options.owner)
    ).fetchone()
    if owner is None:
        sys.exit("There is no such account in this database.")
    db.execute("BEGIN IMMEDIATE")
    db.execute(INSERT, {"count": options.count, "owner": owner[0]})
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    total = db.execute("SELECT sum(asset_count) FROM usage").fetchone()[0]
    print(f"{options.count} images added in {time.monotonic() - start:.1f} s; {total} in all")


if __name__ == "__main__":
    main()
