# SPDX-License-Identifier: BSD-2-Clause
"""A model of a training step's time on a card, from what compilers make of its kernels.

A launch takes the longest of three, and GAP_US of the card: its multiply-adds, zeros included, at the share of issued
instructions that they are in the kernel's main loop; all its instructions, where it is not known what it multiplies;
its operands, each once, through memory, and scratch memory twice. Groups that are fewer than two a unit leave units
idle, and the last round of groups may be short. Not counted: caches, and rounds of loops without multiply-adds."""
import json
import math
import os

from compilers import own_options

ISSUED, BANDWIDTH = .8, .8  # of the peaks that a good kernel gets: assumptions until there are measurements
# f32 multiply-adds an instruction that a target's peak reckons with; OpenCL units that share a core.
PEAK_FMAS = {'gfx1100': 2, 'gfx942': 2}
UNITS_A_CORE = {'skl': 8, 'tgllp': 16, 'dg2-g10': 16}


def filled(groups, cores):
    """Share of the cores' time that so many groups use."""
    rounds = groups / cores
    return rounds / math.ceil(rounds) * min(1, max(.5, rounds / 2)) if rounds < 8 else 1


def launch_s(launch, numbers, gflop, card):
    """Without memory; gflop: of multiply-adds that it makes, 0: unknown."""
    cores = max(1, int(card['units']) // UNITS_A_CORE.get(card['target'], 1))
    fmas = PEAK_FMAS.get(card['target'], 1)
    rate = 1e12 * float(card['tflops']) / 2 / fmas * ISSUED * filled(launch.groups(), cores)  # instructions of a work-item a second
    if gflop and numbers['loop']:
        return gflop * 1e9 / 2 / max(.01, numbers['per_issue']) / rate
    return math.prod(launch.grid) * numbers['instructions'] / rate


def passes_s(card, launches, passes, rows, gflop):
    """Seconds of each pass."""
    numbers = {(r['kernel'], r['options']): r for r in rows}
    seconds, at = [], 0
    for p in passes:
        mine = range(at, at + len(p['launches']))
        at += len(mine)
        worst = [launch_s(l, numbers[l.kernel, own_options(l.options)], gflop[i], card) for i, l in zip(mine, launches[mine.start:at])]
        memory = (p['gb'] + 2 * p['work_gb']) / (float(card['gbs']) * BANDWIDTH)
        seconds.append(max(sum(worst), memory) + len(mine) * 1e-6 * float(card['gap_us']))
    return seconds


def measured(card):
    """A real run on the card: {} or p2p-bench ops --json of it."""
    name = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'measured', card['name'].replace(' ', '_') + '.json')
    return json.load(open(name)) if os.path.exists(name) else {}


def show(cards, launches, passes, rows, made):
    """made: GFLOP of multiply-adds of each launch."""
    for card in cards:
        seconds, real = passes_s(card, launches, passes, rows, made), measured(card)
        kinds = {}
        for p, s in zip(passes, seconds):
            k = kinds.setdefault((p['pass'], p['variant']), [0, 0, 0])
            k[0], k[1], k[2] = k[0] + s, k[1] + p['gflop'], k[2] + len(p['launches'])
        print(f"\nForecast of a training step on {card['name']}: {1e3 * sum(seconds):.2f} ms"
              + (f", measured {1e3 * real['median_s']:.2f} ms" if real else ''))
        for (name, variant), (s, gflop, count) in sorted(kinds.items(), key=lambda k: -k[1][0]):
            there = sum(r['seconds'] for r in real.get('rows', []) if (r['pass'], r['variant']) == (name, variant))
            print(f'  {name:18} {variant:10} {1e3 * s:8.3f} ms {gflop / s / 1e3 if gflop else 0:7.2f} TFLOP/s {count:4} launches'
                  + (f'  measured {1e3 * there:8.3f} ms' if there else ''))
        for s, p in sorted(zip(seconds, passes), key=lambda k: -k[0])[:8]:
            print(f"    {p['label']:24} {p['pass']:18} {p['shape']:16} {1e3 * s:8.3f} ms")
