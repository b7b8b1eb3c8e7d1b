# SPDX-License-Identifier: BSD-2-Clause
"""Machine code as text to the mix of a kernel's main loop.

A kernel's code is a list of ('label', name) and ('op', name, operands, whether predicated). Its main loop is the outermost one
with the most multiply-adds; loops within it count `rounds` times. Waits are no issued instructions."""
import collections
import re


class Dialect:
    """How a disassembler writes: code by kernel, and the class of an instruction. leave: what nothing falls
    through if it is not predicated."""

    def __init__(self, kernel, end, label, op, jump, leave, place, classes):
        self.kernel, self.end, self.label = map(re.compile, (kernel, end, label))
        self.op, self.jump, self.leave, self.place = map(re.compile, (op, jump, leave, place))
        self.classes = [(name, re.compile(pattern)) for name, pattern in classes]

    def parse(self, path):
        kernels, code = {}, None
        for line in open(path, errors='replace'):
            line = line.rstrip()
            if m := self.kernel.match(line):
                code = kernels.setdefault(m.group(1), [])
            elif code is None:
                continue
            elif self.end.match(line):
                code = None
            elif m := self.label.match(line):
                code.append(('label', m.group(1)))
            elif m := self.op.match(line):
                code.append(('op', m.group(2), m.group(3), bool(m.group(1))))
        return {name: code for name, code in kernels.items() if code}

    def kind(self, op, operands):
        text = f'{op} {operands}'
        return next((name for name, pattern in self.classes if pattern.match(text)), 'other')


AMD = Dialect(
    r'^([A-Za-z_]\w*):(?:\s*;.*)?$', r'^\.Lfunc_end', r'^(\.LBB\w+):', r'^\t()([a-z]\w+)\s*(.*)$',
    r's_c?branch', r's_(branch|endpgm|setpc)', r'\.LBB\w+',
    [('wait', r's_(wait|delay|clause|nop|set_vgpr)'), ('spill', r'scratch_|buffer_(load|store).*offen.*s32'),
     ('fma2', r'v_pk_fma_f32|v_dual_fma\S+ .*v_dual_fma'),
     ('fma', r'v_(fma|fmac|fmaak|fmamk|mac|mad)_f32|v_dual_fma|.*:: v_dual_fma'),
     ('mma', r'v_(mfma|wmma)'), ('divide', r'v_rcp_iflag|.*0x4f7ffffe|.*0x5f7ffffc'),
     ('local128', r'ds_(read|load)_b128|ds_read2_b64|ds_load_2addr_b64'), ('local', r'ds_'),
     ('load128', r'(global|flat|buffer)_load_(dwordx4|b128)'), ('load', r'(global|flat|buffer)_load'),
     ('store', r'(global|flat|buffer)_store'), ('barrier', r's_barrier')])
NVIDIA = Dialect(
    r'^\s*\.text\.(\w+):', r'^\s*//-+ \.', r'^(\.L_\w+):',
    r'^\s*/\*[0-9a-f]+\*/\s+(@!?U?P\w+\s+)?([A-Z][\w.]*)\s*(.*?);', r'BRA', r'BRA|EXIT|RET',
    r'\.L_\w+',
    [('wait', r'NOP|WARPSYNC|DEPBAR'), ('spill', r'LDL|STL'), ('fma2', r'FFMA2'), ('fma', r'FFMA'),
     ('mma', r'H?G?MMA'), ('divide', r'I2F\S*\.RP|CALL.*(div|rem)_[su]\d'),
     ('local128', r'LDS\S*\.128'), ('local', r'LDS|STS'),
     ('load128', r'LDG?\.\S*128'), ('load', r'LDG|LD\.'), ('store', r'STG|ST\.'), ('barrier', r'BAR')])
INTEL = Dialect(
    r'^//\.kernel (\w+)', r'^$a', r'^(L\d+|_\w+):',
    r'^\s*((?:\([W&~f\d.,anyl\w]*\)\s+)*)([a-z]\w*(?:\.\w+)*)\s+(\S.*)$',
    r'while|jmpi|goto|brc|brd', r'$a', r'\bL\d+|\b_\w+',
    [('wait', r'sync|nop'), ('fma', r'(mad|mac)\S* .*:f'), ('mma', r'dpas'),
     ('divide', r'math\.(iqot|irem|idiv|inv)'), ('send', r'send')])


def reach(code, dialect, at, start):
    """Places that can be reached from one."""
    seen, todo = set(), [start]
    while todo:
        i = todo.pop()
        while i < len(code) and i not in seen:
            seen.add(i)
            c = code[i]
            if c[0] == 'op' and dialect.jump.match(c[1]):
                todo += [at[to] for to in dialect.place.findall(c[2]) if to in at]
            if c[0] == 'op' and dialect.leave.match(c[1]) and not c[3]:
                break
            i += 1
    return seen


def loops(code, dialect):
    """Ranges (first, last) of backward jumps to where they can come from again, one for each first place; one
    that leaves another is part of it."""
    at = {c[1]: i for i, c in enumerate(code) if c[0] == 'label'}
    found, reached = {}, {}
    for i, c in enumerate(code):
        for to in dialect.place.findall(c[2]) if c[0] == 'op' and dialect.jump.match(c[1]) else ():
            first = at.get(to, i + 1)
            if first <= i and first not in reached:
                reached[first] = reach(code, dialect, at, first)
            if first <= i and i in reached[first]:
                found[first] = i
    for first in sorted(found):
        found[first] = max(last for other, last in found.items() if first <= other <= found[first])
    return sorted(found.items())


def count(code, dialect):
    return collections.Counter(dialect.kind(c[1], c[2]) for c in code if c[0] == 'op')


def issued(mix):
    return sum(mix.values()) - mix['wait']


def fmas(mix):
    return mix['fma'] + 2 * mix['fma2'] + mix['mma']


def within(a, b):
    return a != b and b[0] <= a[0] and a[1] <= b[1]


def outermost(ranges):
    return [r for r in ranges if not any(within(r, other) for other in ranges)]


def analyse(code, dialect, rounds=1):
    """Numbers of a kernel: instructions in all; of its main loop, or (loop False) of the whole, the mix,
    instructions issued and multiply-adds; divisions in any loop."""
    every = loops(code, dialect)
    mixes = {r: count(code[r[0]:r[1] + 1], dialect) for r in every}
    whole = count(code, dialect)
    hot = [r for r in every if fmas(mixes[r])]
    main = max(outermost(hot), key=lambda r: (fmas(mixes[r]), r[1] - r[0]), default=None)
    mix = collections.Counter(mixes[main] if main else whole)
    for inner in outermost([r for r in hot if main and within(r, main)]):
        for kind, n in mixes[inner].items():
            mix[kind] += (rounds - 1) * n
    return {'instructions': issued(whole), 'loop': main is not None, 'issued': issued(mix), 'fma': fmas(mix),
            'mix': dict(mix),
            'divisions': max((mixes[r]['divide'] for r in every), default=0)}
