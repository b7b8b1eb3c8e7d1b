# check_pth.py STATE_DICT INPUT OUTPUT: torch.load(weights_only=True) reads our file of a U-Net with 5
# levels and batch norm, a plain network of PyTorch's modules takes it strictly, and gives OUTPUT.
import sys

import numpy
import torch
from torch import nn


class Level(nn.Module):
    """One level of the U-Net: what lies within is its child; the module tree gives the names."""

    def __init__(self, outer, inner, child=None, outermost=False, inputs=None):
        super().__init__()
        self.outermost = outermost
        down = nn.Conv2d(inputs or outer, inner, 4, 2, 1, bias=False)
        up_inputs = inner * (1 if child is None else 2)
        up = nn.ConvTranspose2d(up_inputs, outer, 4, 2, 1, bias=outermost)
        if outermost:
            parts = [down, child, nn.ReLU(), up, nn.Tanh()]
        elif child is None:
            parts = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, nn.BatchNorm2d(outer)]
        else:
            parts = [nn.LeakyReLU(0.2), down, nn.BatchNorm2d(inner), child, nn.ReLU(), up,
                     nn.BatchNorm2d(outer)]
        self.model = nn.Sequential(*parts)

    def forward(self, x):
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        level = Level(32, 32)
        for outer, inner in ((16, 32), (8, 16), (4, 8)):
            level = Level(outer, inner, level)
        self.model = Level(3, 4, level, outermost=True, inputs=3)

    def forward(self, x):
        return self.model(x)


path, x_path, y_path = sys.argv[1:]
net = Unet()
net.load_state_dict(torch.load(path, weights_only=True), strict=True)
x = torch.from_numpy(numpy.fromfile(x_path, numpy.float32)).reshape(1, 3, 64, 64)
y = torch.from_numpy(numpy.fromfile(y_path, numpy.float32)).reshape(1, 3, 64, 64)
with torch.no_grad():
    worst = (net(x) - y).abs().max().item()
print(f"largest difference {worst:.2e}")
sys.exit(not worst <= 1e-4)
