# SPDX-License-Identifier: BSD-2-Clause
"""Other programs and p2p-bench in turn on the same network and machine: the times and their ratio.

Embedded in p2p-bench, which calls it: PROGRAM train|translate PEER,...|'' JSON(0|1) OPTION VALUE...
The options are those of p2p-bench. Weights are random; time does not depend on them.
"""
import sys
sys.path = [folder for folder in sys.path if folder]  # nothing from the folder it is called in
import importlib.util, json, os, statistics, struct, subprocess, tempfile, time

ROUNDS, WARM_UP = 3, 3
PROGRAM, KIND, PEERS, JSON = sys.argv[1:5]
OPTIONS = dict(zip(sys.argv[5::2], sys.argv[6::2]))


def fail(text):
    sys.exit(f'p2p-bench: {text}')


def number(name):
    return int(OPTIONS[name])


def call(program, *arguments):
    """What one of our programs prints; where it fails it has said why."""
    try:
        ran = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True)
    except OSError as error:
        fail(f'{program} cannot be run: {error.strerror}')
    if ran.returncode:
        sys.exit(ran.returncode)
    return ran.stdout


NF, BATCH, SIZE, STEPS = (number(n) for n in ('--ngf', '--batch_size', '--size', '--steps'))
LEVELS = {'unet_256': 8, 'unet_128': 7}.get(OPTIONS['--netG']) or fail(
    'compare knows unet_256 and unet_128')
if (OPTIONS['--netD'], OPTIONS['--norm']) != ('basic', 'batch'):
    fail('compare knows --netD basic and --norm batch alone')
if SIZE % 2 ** LEVELS:
    fail(f'compare needs a --size that {2 ** LEVELS} divides')
DOWN = [NF * min(2 ** i, 8) for i in range(LEVELS)]  # channels behind each level


def measure(run, steps):
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


# ---- Training in PyTorch: U-Net and 70x70 discriminator (arXiv 1611.07004, appendix) --------------


def make_generator(nn, torch):
    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            inputs = [3] + DOWN
            self.down, self.up = nn.ModuleList(), nn.ModuleList()
            for i in range(LEVELS):
                last = i == LEVELS - 1
                layers = [nn.Conv2d(inputs[i], inputs[i + 1], 4, 2, 1, bias=False)]
                if 0 < i and not last:
                    layers.append(nn.BatchNorm2d(inputs[i + 1]))
                self.down.append(nn.Sequential(*layers))
                out = 3 if i == 0 else inputs[i]
                layers = [nn.ReLU(True),
                          nn.ConvTranspose2d(inputs[i + 1] * (1 if last else 2), out, 4, 2, 1, bias=i == 0)]
                layers += [nn.Tanh()] if i == 0 else [nn.BatchNorm2d(out)]
                if 4 <= i and not last:
                    layers.append(nn.Dropout(0.5))
                self.up.append(nn.Sequential(*layers))

        def forward(self, x):
            skips = []
            for i, down in enumerate(self.down):
                if i:
                    x = nn.functional.leaky_relu(x, 0.2)
                    skips.append(x)
                x = down(x)
            for i in reversed(range(LEVELS)):
                x = self.up[i](x)
                if i:
                    x = torch.cat([skips[i - 1], x], 1)
            return x

    return UNet()


def make_discriminator(nn):
    nf = number('--ndf')
    layers, inputs = [nn.Conv2d(6, nf, 4, 2, 1), nn.LeakyReLU(0.2, True)], nf
    for out, stride in ((2 * nf, 2), (4 * nf, 2), (8 * nf, 1)):
        layers += [nn.Conv2d(inputs, out, 4, stride, 1, bias=False), nn.BatchNorm2d(out),
                   nn.LeakyReLU(0.2, True)]
        inputs = out
    return nn.Sequential(*layers, nn.Conv2d(inputs, 1, 4, 1, 1))


def torch_device(torch):
    """Its GPU, CUDA's or ROCm's, unless ours is a CPU."""
    return 'cuda' if torch.cuda.is_available() and OPTIONS.get('--device') != 'cpu' else 'cpu'


def torch_step(torch, channels_last, fused, compiled, tf32=False):
    nn, device = torch.nn, torch_device(torch)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    g, d = (net.to(device, memory_format=layout) for net in (make_generator(nn, torch), make_discriminator(nn)))
    adam_g, adam_d = (torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999), fused=fused) for net in (g, d))
    if compiled:
        g, d = torch.compile(g), torch.compile(d)
    a, b = (torch.rand(BATCH, 3, SIZE, SIZE).mul(2).sub(1).to(device).contiguous(memory_format=layout) for _ in 'ab')

    def gan(pair, real):
        said = d(pair)
        return nn.functional.binary_cross_entropy_with_logits(said, torch.full_like(said, float(real)))

    def step():
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        fake = g(a)
        d.requires_grad_(True)
        adam_d.zero_grad()
        loss = gan(torch.cat([a, fake.detach()], 1), False) + gan(torch.cat([a, b], 1), True)
        (0.5 * loss).backward()
        adam_d.step()
        d.requires_grad_(False)
        adam_g.zero_grad()
        (gan(torch.cat([a, fake], 1), True) + 100 * nn.functional.l1_loss(fake, b)).backward()
        adam_g.step()
        if device != 'cpu':
            torch.cuda.synchronize()

    return step


def train_peers(names, folder):
    import torch
    known = {'eager': (False, False, False), 'channels_last': (True, False, False),
             'fused': (True, True, False), 'compile': (True, True, True), 'tf32': (True, True, False, True)}
    return {n: torch_step(torch, *known[n]) for n in names}


# ---- Translating by the ONNX model that p2p-export makes ------------------------------------------


def tensors():
    """Names and shapes as in state_dicts of pytorch-CycleGAN-and-pix2pix; norms have a shape of one."""
    inputs = [3] + DOWN
    for i in range(LEVELS):
        at = 'model.' + 'model.1.' * min(i, 1) + 'model.3.' * max(i - 1, 0)
        last = i == LEVELS - 1
        conv, norm = (0, None) if i == 0 else (1, None if last else 2)
        back, back_norm = (3, None if i == 0 else 4) if i in (0, LEVELS - 1) else (5, 6)
        out = 3 if i == 0 else inputs[i]
        yield f'{at}model.{conv}.weight', (inputs[i + 1], inputs[i], 4, 4)
        yield f'{at}model.{back}.weight', (inputs[i + 1] * (1 if last else 2), out, 4, 4)
        if i == 0:
            yield f'{at}model.{back}.bias', (out,)
        for place, channels in ((norm, inputs[i + 1]), (back_norm, out)):
            if place:
                for part in ('weight', 'bias', 'running_mean', 'running_var'):
                    yield f'{at}model.{place}.{part}', (channels,)


def write_model(path):
    import numpy
    random, header, data, at = numpy.random.default_rng(1), {}, [], 0
    for name, shape in tensors():
        values = (random.standard_normal(shape, numpy.float32) * 0.02 if len(shape) > 1 else
                  numpy.full(shape, 0.0 if name.endswith(('bias', 'mean')) else 1.0, numpy.float32))
        data.append(values)
        header[name] = {'dtype': 'F32', 'shape': shape, 'data_offsets': [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for values in data:
            file.write(values.tobytes())


def export(folder):
    model, onnx = (os.path.join(folder, 'model.' + end) for end in ('safetensors', 'onnx'))
    write_model(model)
    call(os.path.join(os.path.dirname(PROGRAM), 'p2p-export'), model, '-o', onnx, '--quiet')
    return onnx


def translate_peers(names, folder):
    import numpy
    onnx = export(folder)
    x = numpy.random.default_rng(2).random((BATCH, 3, SIZE, SIZE), numpy.float32) * 2 - 1

    def onnxruntime():
        import onnxruntime as ort
        session = ort.InferenceSession(onnx, providers=['CPUExecutionProvider'])
        name = session.get_inputs()[0].name
        return lambda: session.run(None, {name: x})

    def openvino():
        import openvino as ov
        core = ov.Core()
        model = core.read_model(onnx)
        model.reshape(x.shape)
        compiled = core.compile_model(model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
        return lambda: compiled([x])

    return {n: {'onnxruntime': onnxruntime, 'openvino': openvino}[n]() for n in names}


# ---- In turn ----------------------------------------------------------------------------------------


def choose():
    """The peers that are wanted and there; packages decide what is missing."""
    known = (['eager', 'channels_last', 'fused', 'compile', 'tf32'] if KIND == 'train' else
             ['onnxruntime', 'openvino'])
    wanted = [p for p in PEERS.split(',') if p] or (['eager', 'fused'] if KIND == 'train' else known)
    for peer in wanted:
        if peer not in known:
            fail(f"--peers of compare {KIND} are {', '.join(known)}, not {peer}")
    there = [p for p in wanted if importlib.util.find_spec('torch' if KIND == 'train' else p)]
    missing = ['torch'] if KIND == 'train' else [p for p in wanted if p not in there]
    if not there or (PEERS and len(there) < len(wanted)):
        fail(f'{sys.executable} has no {" or ".join(missing)}: {sys.executable} -m pip install '
             f'{" ".join(missing)}, or name another Python by --python')
    return there


def ours():
    options = [word for pair in OPTIONS.items() for word in pair]
    return json.loads(call(PROGRAM, KIND, '--json', '--quiet', *options).splitlines()[-1])


def spread(seconds):
    return f'{statistics.median(seconds):.4f} s ({min(seconds):.4f} to {max(seconds):.4f})'


def main():
    names = choose()
    with tempfile.TemporaryDirectory() as folder:
        try:
            runs = (train_peers if KIND == 'train' else translate_peers)(names, folder)
        except ImportError as error:
            fail(f'{sys.executable} cannot load a package: {str(error).splitlines()[0]}')
        times, own, device = {n: [] for n in names}, [], ''
        for n in names:
            measure(runs[n], WARM_UP)
        for _ in range(ROUNDS):
            for n in names:
                times[n].append(measure(runs[n], STEPS))
            result = ours()
            own.append(result['median_s'])
            device = result['device']
    best = min(names, key=lambda n: statistics.median(times[n]))
    ratios = [p / o for p, o in zip(times[best], own)]
    ratio = statistics.median(times[best]) / statistics.median(own)
    if JSON == '1':
        print(json.dumps({'kind': KIND, 'p2p_s': own, 'peers_s': times, 'best_peer': best, 'ratio': ratio,
                          'ratio_min': min(ratios), 'ratio_max': max(ratios), 'device': device}))
        return
    print(f"{KIND}, {OPTIONS['--netG']}, {SIZE} x {SIZE}, batch {BATCH}, {ROUNDS} rounds in turn: "
          'median (least to most)')
    print(f'  pix2pix-cl on {device}: {spread(own)}')
    for n in names:
        print(f'  {"PyTorch, " if KIND == "train" else ""}{n}: {spread(times[n])}')
    print(f'{ratio:.2f} times as fast as {best} ({min(ratios):.2f} to {max(ratios):.2f})')


main()
