# SPDX-License-Identifier: BSD-2-Clause
"""What real compilers for GPUs make of the kernels that real runs launch; sh tests/gpulab.sh --help."""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys

import compilers
import forecast
import listing
import made
from compilers import own_options

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = (1, 2, 4, 8, 16, 32)
RUNS = {'train': ['ops'], 'translate': ['translate', '--profile']}  # as p2p-bench takes them
CARD = ('name', 'target', 'vendor', 'units', 'memory', 'local', 'group', 'extensions', 'tflops', 'gbs', 'gap_us', 'source')


class Launch(collections.namedtuple('Launch', 'program kernel options grid group arguments')):
    """arguments: [type, name, ints] of those that are no pointers."""

    def groups(self):
        return math.prod(self.grid) // max(1, math.prod(self.group)) if self.group[0] else -(-math.prod(self.grid) // 64)


def lines(name):
    for line in open(os.path.join(HERE, name)):
        if line.strip() and not line.startswith('#'):
            yield line.strip()


def cards():
    return [dict(zip(CARD, (field.strip() for field in line.split('|')))) for line in lines('cards')]


# ---- Recording ---------------------------------------------------------------------------------------------


def record(run, card, folder, arguments):
    """The launches of a step of a run on the recording device, whose programs go to a folder; and its passes as
    p2p-bench --json tells them."""
    os.makedirs(folder, exist_ok=True)
    # AMD's driver calls a device after its processor.
    told = {**card, 'name': card['target']} if card['vendor'] == '0x1002' else card
    facts = '|'.join(told[k] for k in ('name', 'vendor', 'units', 'memory', 'local', 'group', 'extensions', 'target'))
    command = [arguments.bench, *RUNS[run], '--json', '--steps', '1', '--quiet', '--tune', 'off']
    done = subprocess.run(command + ['--precision', arguments.precision] + (['--variant', arguments.variant] if arguments.variant else []), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env={
        **os.environ, 'LD_PRELOAD': arguments.recorder, 'GPULAB_RECORD': folder, 'GPULAB_DEVICE': facts, 'P2P_CACHE_MB': '0', 'P2P_COMPILE': ''})
    if done.returncode:
        sys.exit(f'gpulab: {run} as on {card["name"]}: {done.stderr.strip()}')
    passes = json.loads(done.stdout)['rows']
    launches = []
    for line in open(f'{folder}/launches'):
        words, options, arguments_ = line.rstrip('\n').split('\t')
        program, kernel, *sizes = words.split(' ')
        launches.append(Launch(program, kernel, ' '.join(options.split()), tuple(map(int, sizes[:3])), tuple(map(int, sizes[3:])),
                               [(*a[0].split(':'), [int(i) for i in a[1].split(',')]) for a in (w.split('=') for w in arguments_.split())]))
    names = [l['kernel'] for p in passes for l in p['launches'] if l['kernel'] != 'host']
    step = launches[-len(names):]
    assert [l.kernel for l in step] == names, 'what was launched is not what the plan holds'
    return step, passes


def file_of(source):
    """The kernel file that a program's text is of."""
    found = re.search(r'#line \d+ "(.*?)"', open(source).read(1 << 16))
    return found[1] if found else source


# ---- What is asked of a kernel -----------------------------------------------------------------------------


def floors(source, kernel, options, target):
    """What the kernel file's header asks of a kernel at a target, in lines
         gpulab KERNEL [-D OPTION=VALUE]...: TARGET .NN [xROUNDS], ...; WORDS
    Rounds: of the loop within the main one. `any`: targets that are not named. Words that excuse: divides,
    spills. A product of matrix units is one multiply-add. Of several lines the last whose options are all there counts."""
    found = {'floor': None, 'rounds': 1, 'words': []}
    for name, wanted, values, words in re.findall(r'^ \* gpulab (\w+)((?: -D \S+)*): ([^;\n]*);?(.*)$', open(source).read(), re.M):
        if name != kernel or not all(f'-D {o}' in options for o in wanted.split('-D ')[1:] for o in [o.strip()]):
            continue
        found = {'floor': None, 'rounds': 1, 'words': words.split()}
        for value in values.split(','):
            m = re.match(r'\s*(\S+) (\d*\.\d+)(?: x(\d+))?\s*$', value)
            if m and (m[1] == target or (m[1] == 'any' and found['floor'] is None)):
                found.update(floor=float(m[2]), rounds=int(m[3] or 1))
    return found


def judge(row):
    """What is wrong with a kernel at a target."""
    asked, faults = row['asked'], []
    if (row['spilled'] or row['stack']) and 'spills' not in asked['words']:
        faults.append(f"spills {row['spilled']}, stack {row['stack']} bytes")
    if row['divisions'] and 'divides' not in asked['words']:
        faults.append('divides in a loop')
    if asked['floor'] is not None and row['per_issue'] < asked['floor']:
        faults.append(f"{row['per_issue']:.2f} multiply-adds an instruction, floor {asked['floor']:.2f}")
    return faults


def over_limits(card, launches, padding):
    """Runs with more launches, and steps of more multiply-adds, than the file `limits` says of the card's target."""
    limits = {words[0]: dict(zip(RUNS, map(float, words[1:]))) for words in map(str.split, lines('limits'))}
    most = limits[card['target']]
    return [f'{run} as on {card["name"]}: {len(launches[run])} launches, limit {most[run]:.0f}'
            for run in RUNS if len(launches[run]) > most[run]] + [
                f'train as on {card["name"]}: {f}' for f in padding.faults(limits['gflop']['train'])]


# ---- Compiling ---------------------------------------------------------------------------------------------


def compile_kept(target, source, options, folder):
    """Numbers of each kernel of a program, from an earlier run where there are such."""
    key = hashlib.sha256('\0'.join([target, options, open(source).read()] + [
        open(os.path.join(HERE, f)).read() for f in ('compilers.py', 'listing.py')]).encode()).hexdigest()[:20]
    path = f'{folder}/{key}.json'
    if not os.path.exists(path):
        kernels = compilers.TARGETS[target](target, source, options.split(), f'{folder}/{key}')
        for kernel in kernels.values():
            code, dialect = kernel.pop('code'), kernel.pop('dialect')
            kernel['by_rounds'] = {r: listing.analyse(code, dialect, r) for r in ROUNDS}
        with open(f'{path}.part', 'w') as out:
            json.dump(kernels, out)
        os.rename(f'{path}.part', path)
    return json.load(open(path))


def row(target, source, options, name, kernel, rounds=None, launches=0, padded=0):
    asked = floors(source, name, options, target)
    asked['rounds'] = rounds or asked['rounds']
    numbers = kernel['by_rounds'][str(asked['rounds'])]
    return {'target': target, 'file': file_of(source), 'kernel': name, 'options': own_options(options), 'asked': asked, 'launches': launches,
            'padded': padded, 'per_issue': numbers['fma'] / max(1, numbers['issued']), **kernel, **numbers}


def examine_file(target, folder, arguments):
    """The same of a kernel file that nothing launches."""
    root = os.path.dirname(os.path.dirname(HERE))
    options = f'-cl-std=CL1.2 -D VW=1 -D P2P_CPU=0 -I {root}/cl -I {arguments.folder}/../cl {arguments.options}'
    try:
        kernels = compile_kept(target, arguments.source, options, folder)
    except compilers.Failed as e:
        return [], [f'{arguments.source}: {e}']
    rows = [row(target, arguments.source, options, name, kernels[name], arguments.rounds) for name in sorted(kernels)]
    print_rows(rows, arguments)
    return rows, []


def examine(target, launches, padding, sources, folder, arguments):
    """Rows of the table of a target, and programs that do not build."""
    builds = {}
    for launch in launches['train'] + launches['translate']:
        builds.setdefault((launch.program, launch.options), set()).add(launch.kernel)
    rows, failed = [], []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        started = {b: pool.submit(compile_kept, target, f'{sources}/{b[0]}.cl', b[1], folder) for b in builds}
        for (program, options), future in started.items():
            source = f'{sources}/{program}.cl'
            try:
                kernels = future.result()
            except compilers.Failed as e:
                failed.append(f'{file_of(source)} {options}: {e}')
                continue
            rows += [row(target, source, options, name, kernels[name], arguments.rounds,
                         sum(l.kernel == name and l.options == options for l in launches['train']), padding.of(name, options))
                     for name in sorted(builds[program, options])]
    return rows, failed


# ---- Tables ------------------------------------------------------------------------------------------------


def print_rows(rows, arguments):
    print(f'{"target":8} {"kernel":26} {"regs":>4} {"spill":>5} {"stack":>5} {"local":>6} {"waves":>5} {"fma/issue":>9}'
          f' {"fma":>5} {"instr":>6} {"fma/local":>9} {"ld128":>9} {"div":>4} {"times":>5} {"padded":>6}  options')
    for r in rows:
        if arguments.kernel and arguments.kernel not in r['kernel']:
            continue
        mix = r['mix']
        local = mix.get('local', 0) + mix.get('local128', 0)
        wide = f"{mix.get('load128', 0) + mix.get('local128', 0)}/{mix.get('load', 0) + mix.get('load128', 0) + local}"
        print(f"{r['target']:8} {r['kernel']:26} {r['registers']:4} {r['spilled']:5} {r['stack']:5} {r['local']:6} {r['waves']:5} "
              f"{r['per_issue']:9.2f} {r['fma']:5} {r['issued']:6} "
              f"{r['fma'] / local if local else 0:9.1f} {wide:>9} {r['divisions']:4} {r['launches']:5} {format(r['padded'], '6.2f') if r['padded'] else '':6}  {r['options']}"
              + (f"  (floor {r['asked']['floor']:.2f})" if r['asked']['floor'] is not None else ''))


def print_launches(launches):
    for (kernel, options), n in collections.Counter((l.kernel, own_options(l.options)) for l in launches).most_common():
        print(f'{n:5} {kernel} {options}')


def examine_runs(target, folder, arguments):
    """Rows of the table of a target, programs that do not build, and what is beyond its limits."""
    card = next(c for c in cards() if c['target'] == target)
    sources = f'{arguments.folder}/{target}'
    shutil.rmtree(sources, ignore_errors=True)
    recorded = {run: record(run, card, sources, arguments) for run in RUNS}
    launches = {run: recorded[run][0] for run in RUNS}
    print(f'\n{target}, as on {card["name"]}: ' + ', '.join(f'{run} {len(launches[run])} launches' for run in RUNS))
    padding = made.Padding(*recorded['train'], sources)
    if arguments.launches:
        print_launches(launches['train'])
        print(padding)
        return [], [], over_limits(card, launches, padding)
    rows, failed = examine(target, launches, padding, sources, folder, arguments)
    print_rows(rows, arguments)
    if arguments.forecast:
        forecast.show([c for c in cards() if c['target'] == target], *recorded['train'], rows, padding.gflop)
    print(f'\n{padding}')
    return rows, failed, over_limits(card, launches, padding) if arguments.precision != 'f16' else []  # which are of f32


def arguments_of(argv):
    parser = argparse.ArgumentParser(prog='gpulab.sh', formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__, epilog='''
One variant only:   sh tests/gpulab.sh --target sm_86,gfx1030,dg2-g10 --variant conv2d=tile --kernel gather
A file by itself:   sh tests/gpulab.sh --target sm_86 --source cl/conv2d_tile.cl --options '-D TILE=8'
A floor is a line of a kernel file's header: " * gpulab KERNEL [-D OPTION=VALUE]...: TARGET .NN [xROUNDS], any .NN; WORDS".
Columns: registers, bytes spilled and of stack, local memory, waves (AMD: a SIMD; NVIDIA: warps a scheduler; Intel: SIMD width);
of the main loop multiply-adds an issued instruction (an instruction may hold two), multiply-adds, instructions, multiply-adds a local
access, 128-bit loads of all; divisions of integers in any loop; launches a training step; multiply-adds that they make,
padding included, over the useful ones.''')
    parser.add_argument('--target', default='', help='comma-separated, of ' + ' '.join(compilers.TARGETS))
    parser.add_argument('--variant', default='', help='as p2p-bench takes it: conv2d=tile')
    parser.add_argument('--precision', default='f32', help='as p2p-bench takes it: tf32, f16')
    parser.add_argument('--kernel', default='', help='show kernels whose names contain it, and judge these alone')
    parser.add_argument('--launches', action='store_true', help='count them and their multiply-adds only; needs no compilers but clang')
    parser.add_argument('--forecast', action='store_true', help='milliseconds of each pass on the cards of tests/gpulab/cards')
    parser.add_argument('--source', help='a kernel file, in place of what runs launch')
    parser.add_argument('--options', default='', help='its build options')
    parser.add_argument('--rounds', type=int, choices=ROUNDS, help='of the loop within the main one, in place of xROUNDS')
    parser.add_argument('--json', metavar='FILE', help='all numbers')
    for name in ('bench', 'recorder', 'folder'):
        parser.add_argument('--' + name, required=True, help=argparse.SUPPRESS)
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    arguments = parser.parse_args(argv)
    arguments.targets = arguments.target.split(',') if arguments.target else list(compilers.TARGETS)
    for target in arguments.targets:
        if target not in compilers.TARGETS:
            parser.error(f'there is no target {target}; there are {" ".join(compilers.TARGETS)}')
    return arguments


def has_tools(target):
    return all(shutil.which(tool) for tool in compilers.NEEDS[compilers.TARGETS[target]])


def main():
    arguments = arguments_of(sys.argv[1:])
    folder, faults, all_rows, passed = f'{arguments.folder}/out', [], [], 0
    os.makedirs(folder, exist_ok=True)
    ready = [t for t in arguments.targets if arguments.launches or has_tools(t)]
    for target in arguments.targets:
        if target not in ready:
            print(f'gpulab: {target} is left out, its compilers are missing')
    if not ready:
        return 77
    for target in ready:
        if arguments.source:
            rows, failed = examine_file(target, folder, arguments)
        else:
            rows, failed, over = examine_runs(target, folder, arguments)
            faults += over
            passed += arguments.launches and not over
        faults += [f'{target} does not build {f}' for f in failed]
        for r in rows:
            found = judge(r) if arguments.kernel in r['kernel'] else []
            faults += [f"{target} {r['kernel']} {r['options']}: {f}" for f in found]
            passed += not found
        all_rows += rows
    if arguments.json:
        json.dump(all_rows, open(arguments.json, 'w'), indent=1)
    print()
    for fault in faults:
        print('FAILED ', fault)
    print(f'{passed} passed, {len(faults)} failed')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
