# SPDX-License-Identifier: BSD-2-Clause
"""A program's text through the real compilers of a target: registers, spills, local memory, waves and
machine code of each kernel."""
import glob
import os
import re
import subprocess

import listing

CLANG = ['clang', '-x', 'cl', '-O3', '-Xclang', '-finclude-default-header']


class Failed(Exception):
    """The compiler's own words."""


def own_options(options):
    """Without those that every program has."""
    return re.sub(r'-cl-std=\S+ ?|-D VW=\d+ ?|-D P2P_CPU=\d ?|-I \S+ ?', '', options)


def run(command, log, **environment):
    with open(log, 'w') as out:
        code = subprocess.call(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **environment})
    text = open(log, errors='replace').read()
    if code:
        errors = [line for line in text.splitlines() if 'error' in line.lower()]
        raise Failed((errors or text.splitlines() or [f'exit {code}'])[0])
    return text


def library(name):
    return ['-Xclang', '-mlink-builtin-bitcode', '-Xclang', f"{os.environ['GPULAB_CLC']}/{name}.bc"]


def amd(target, source, options, out):
    text = run(CLANG + options + ['-target', 'amdgcn-amd-amdhsa', f'-mcpu={target}', '-nogpulib',
                                  '-Rpass-analysis=kernel-resource-usage', '-S', '-o', f'{out}.s', source]
               + library('amdgcn--amdhsa'), f'{out}.log')
    facts, kernel = {}, None
    for name, value in re.findall(r'remark:\s+([^:\n]+): (\S+)', text):
        if name == 'Function Name':
            kernel = facts.setdefault(value, {})
        elif kernel is not None:
            kernel[name.split(' [')[0].strip()] = int(value) if value.isdigit() else value
    code = listing.AMD.parse(f'{out}.s')
    return {k: {'registers': f.get('VGPRs', 0), 'scalars': f.get('TotalSGPRs', f.get('SGPRs', 0)),
                # Scalars without scratch memory go to lanes of vector registers.
                'spilled': f.get('VGPRs Spill', 0) + (f.get('SGPRs Spill', 0) if f.get('ScratchSize', 0) else 0),
                'stack': f.get('ScratchSize', 0),
                'local': f.get('LDS Size', 0), 'waves': f.get('Occupancy', 0),
                'code': code.get(k, []), 'dialect': listing.AMD} for k, f in facts.items() if k in code}


# Of a multiprocessor: warps, registers, bytes of shared memory.
NVIDIA_UNITS = {'sm_75': (32, 65536, 65536), 'sm_86': (48, 65536, 102400), 'sm_90': (64, 65536, 233472)}


def nvidia_waves(target, registers, shared, group):
    """Warps a scheduler (of four), as registers, shared memory and the size of groups allow."""
    most, file, bytes_ = NVIDIA_UNITS[target]
    warps = max(1, (group + 31) // 32)
    groups = min(most // warps, file // (warps * 32 * ((registers + 7) // 8 * 8)),
                 bytes_ // (shared + 1024) if shared else most)
    return groups * warps // 4


def nvidia(target, source, options, out):
    # For sm_75 clang's own choice is 6.3, which has no m16n8k8 yet.
    isa = ['-Xclang', '-target-feature', '-Xclang', '+ptx65'] if target == 'sm_75' else []
    run(CLANG + options + ['-fgnu-keywords', '-target', 'nvptx64-nvidia-nvcl', '-Xclang', '-target-cpu', '-Xclang', target] + isa + [
                           '-S', '-o', f'{out}.ptx', source] + library('nvptx64--nvidiacl'), f'{out}.log')
    text = run(['ptxas', '-v', f'-arch={target}', '-O3', f'{out}.ptx', '-o', f'{out}.cubin'], f'{out}.log')
    run(['nvdisasm', '-c', f'{out}.cubin'], f'{out}.sass')
    code, kernels = listing.NVIDIA.parse(f'{out}.sass'), {}
    for part in text.split('Compiling entry function ')[1:]:
        name = re.match(r"'(\w+)'", part).group(1)
        number = lambda pattern: int((re.search(pattern, part) or [0, 0])[1])
        group = re.search(r'\.entry %s\(.*?\.reqntid ([\d, ]+)' % name, open(f'{out}.ptx').read(), re.S)
        size = 1
        for n in (group.group(1).split(',') if group else ['256']):
            size *= int(n)
        f = {'registers': number(r'Used (\d+) registers'), 'stack': number(r'(\d+) bytes stack frame'),
             'spilled': number(r'(\d+) bytes spill stores'), 'local': number(r'(\d+) bytes smem'),
             'code': code.get(name, []), 'dialect': listing.NVIDIA}
        kernels[name] = {**f, 'waves': nvidia_waves(target, f['registers'], f['local'], size)}
    return kernels


def intel(target, source, options, out):
    os.makedirs(out, exist_ok=True)
    for old in glob.glob(f'{out}/*'):
        os.remove(old)
    run(['ocloc', 'compile', '-file', source, '-device', target, '-options', ' '.join(options), '-output', 'out',
         '-out_dir', out], f'{out}.log', IGC_ShaderDumpEnable='1', IGC_DumpToCustomDir=f'{out}/')
    kernels = {}
    # Where a kernel was compiled again, narrower, the last is what runs.
    for path in sorted(glob.glob(f'{out}/*.asm'), key=os.path.getmtime):
        text = open(path, errors='replace').read()
        number = lambda pattern: int((re.search(pattern, text) or [0, 0])[1])
        for name, code in listing.INTEL.parse(path).items():
            kernels[name] = {'registers': number(r'numGRF=(\d+)'), 'stack': number(r'//\.private memory size (\d+)'),
                             'spilled': number(r'//\.spill size (\d+)'), 'local': 0,
                             'waves': number(r'simd(\d+)_entry') or int(re.search(r'simd(\d+)', path)[1]),
                             'code': code, 'dialect': listing.INTEL}
    return kernels


TARGETS = {**{t: amd for t in ('gfx906', 'gfx1030', 'gfx1100', 'gfx942')},
           **{t: nvidia for t in ('sm_75', 'sm_86', 'sm_90')},
           **{t: intel for t in ('skl', 'tgllp', 'dg2-g10')}}
NEEDS = {amd: ['clang'], nvidia: ['clang', 'ptxas', 'nvdisasm'], intel: ['ocloc']}
