#!/bin/sh
# A report of a device: an object and a page with all parts. Usage: report.sh [DEVICE [MINUTES]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$here/../../tools/gpu-report.sh" "${2:-3}" "${1:-cpu}" "$work"
python3 - "$work/report.json" <<'END'
import json, sys
parts = json.load(open(sys.argv[1]))['parts']
bad = [n for n in ('machine', 'opencl', 'peak', 'translate', 'train') if parts[n]['status']]
train = parts['train']['numbers']
ok = (not bad and len(train['rows']) > 150 and train['host_s'] > 0 and parts['peak']['numbers']['launch_us'] > 0 and
      sum(len(r['launches']) for r in train['rows']) == train['launches'])
print(f"{int(ok)} passed, {int(not ok)} failed", *bad)
sys.exit(not ok)
END
grep -q '<h2>a training step, by pass</h2>' "$work/report.html"
