"""The process that fuzzes one target: `python -m fuzz.child TARGET` with libFuzzer's own flags and folders.

Needs atheris, which there is for Linux alone. It is loaded first, so that it can follow what runs in the product.
"""

import sys

import atheris

with atheris.instrument_imports(include=["motherlode"]):
    from fuzz.targets import find_target

if __name__ == "__main__":
    target = find_target(sys.argv[1])
    if target is None:
        sys.exit(f"There is no target {sys.argv[1]}.")
    atheris.Setup(sys.argv[1:], target.claim)
    atheris.Fuzz()
