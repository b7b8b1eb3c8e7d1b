# SPDX-License-Identifier: BSD-2-Clause
"""Multiply-adds that launches really make, the zeros that pad their tiles included, over the useful ones.

A launch makes what its kernel file's header says, in lines
     gpulab KERNEL [-D OPTION=VALUE]... makes EXPRESSION
of Python: of the launch's `groups`, its build options, its arguments and the members of those that are structs, numbers
that the file defines, and up(a, b), which is a rounded up to a multiple of b. Of several lines the last whose options
are all there counts.

Winograd's products stand for the multiply-adds of the direct sum that they save where nothing is padded, so that the
ratio is of padding, not of the algorithm: of the pixels that whole tiles have beyond the picture, and of tiles that
fill up groups. A tap that meets no pixel is useful by the definition of its pass; what kernels save where they leave
it out makes up for no padding elsewhere."""
import functools
import re


def up(number, multiple):
    return -(-number // multiple) * multiple


@functools.lru_cache(None)
def told(source):
    """Of a program's text: the lines of its header, numbers that it defines, and members of structs of ints and floats."""
    text = open(source).read()
    makes = [(k, o.split('-D ')[1:], e) for k, o, e in re.findall(r'^ \* gpulab (\w+)((?: -D \S+)*) makes (.*)$', text, re.M)]
    numbers = {name: int(n) for name, n in re.findall(r'^#define (\w+) (\d+)$', text, re.M)}
    structs = {name: re.findall(r'\w+(?=[,;])', re.sub(r'/\*.*?\*/', '', members, flags=re.S))
               for members, name in re.findall(r'^typedef struct \w+ \{(.*?)^\} (\w+);', text, re.M | re.S)}
    return makes, numbers, structs


def names_of(launch, numbers, structs):
    names = {'up': up, 'min': min, **numbers}
    for option in re.findall(r'-D (\S+)', launch.options):
        name, _, number = option.partition('=')
        names[name] = int(number or 1)
    for kind, name, values in launch.arguments:
        names.update(zip(structs.get(kind, [name]), values))
    names['groups'] = launch.groups()
    return names


def macs(launch, source):
    """Multiply-adds of a launch, and those of a direct sum that they stand for; 0 where its header says nothing of them."""
    makes, numbers, structs = told(source)
    fitting = [e for kernel, options, e in makes if kernel == launch.kernel and all(o.strip() in launch.options.split() for o in options)]
    if not fitting:
        return 0, 0
    names = names_of(launch, numbers, structs)
    count = eval(fitting[-1], {'__builtins__': {}}, names)
    if 'BATCHED' not in names:
        return count, count
    return count, count * (names['TILE'] * names['TAPS']) ** 2 / (names['TILE'] + names['TAPS'] - 1) ** 2


class Padding:
    """What a step's launches make, over what its passes have use for."""

    def __init__(self, launches, passes, sources):
        pairs = [macs(l, f'{sources}/{l.program}.cl') for l in launches]
        self.gflop = [2e-9 * made for made, _ in pairs]
        self.made, self.useful, self.kernels, self.untold = 0, 0, {}, set()
        at = 0
        for p in passes:
            here = range(at, at + len(p['launches']))
            at += len(here)
            made = sum(2e-9 * pairs[i][1] for i in here)
            self.made += max(made, p['gflop'])
            self.useful += p['gflop']
            if p['gflop'] and not made:
                self.untold.add(f"{p['pass']} by {p['variant']}")
            for i in here:
                if pairs[i][1]:
                    sums = self.kernels.setdefault((launches[i].kernel, launches[i].options), [0, 0])
                    sums[0] += made
                    sums[1] += p['gflop']

    def __str__(self):
        return f'multiply-adds of a training step: {self.made:.1f} GFLOP made of {self.useful:.1f}, padded {self.made / self.useful:.2f}'

    def of(self, kernel, options):
        """Of one kernel's launches; 0: it multiplies nothing."""
        made, useful = self.kernels.get((kernel, options), (0, 1))
        return made / useful

    def faults(self, most):
        """What is wrong, where a step may make so many GFLOP."""
        return [f'{u}: no header says what it makes' for u in sorted(self.untold)] + (
            [] if self.made <= most else [f'{self.made:.1f} GFLOP are made of {self.useful:.1f}, limit {most:.1f}'])
