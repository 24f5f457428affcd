"""Run all benchmarks, one after the other, and put what they found into docs/performance.md.

``--quick``: a short version of each, and the page stays as it is; ``--only NAME``: some;
``--render``: none, the page is made of what was found before.
"""

import argparse
import subprocess
import sys

from benchmarks import page

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true")
parser.add_argument("--only", choices=page.MODULES, action="append")
parser.add_argument("--render", action="store_true")
args = parser.parse_args()

failed = []
for name in () if args.render else args.only or page.MODULES:
    words = ["--quick"] if args.quick else []
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *words], check=False)
    failed += [name] if done.returncode else []
if not args.quick:
    page.write()
print(page.table())
sys.exit(f"failed: {', '.join(failed)}" if failed else 0)
