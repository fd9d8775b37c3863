#!/usr/bin/python3
"""Write the expected files of tests/vectors/sigv4/ from each case's request.json, by botocore.

Run by hand when a case is added; what it writes is checked in, so that a mistake of today's botocore or
of ours shows as a difference. A case whose request.json names a `source` has its files from there and is
left alone. `--check` only compares.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "differential"))

import oracle  # noqa: E402


def main():
    check = "--check" in sys.argv[1:]
    differing = 0
    cases = sorted((HERE / "sigv4").iterdir())
    for folder in cases:
        case = json.loads((folder / "request.json").read_text())
        if "source" in case:
            continue
        signed = oracle.sign(case)
        for name in ("canonical_request", "string_to_sign", "signature"):
            path = folder / (name.replace("_", "-") + ".txt")
            if check:
                if path.read_bytes() != signed[name].encode():
                    differing += 1
                    print(f"{path.relative_to(HERE)} differs")
            else:
                path.write_bytes(signed[name].encode())
    print(f"{len(cases)} cases, {differing} files differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
