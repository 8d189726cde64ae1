"""Times training steps of eager PyTorch: the models of the GPU check, with the same shapes and optimizers.

python steps.py cuda|cpu float32|tf32|mixed CASE...   prints one JSON object a line. `mixed` is autocast to float16 with a GradScaler.
"""
import contextlib
import json
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def perceptron(*widths):
    parts = []
    for before, after in zip(widths, widths[1:]):
        parts += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


class Block(nn.Module):
    def __init__(self, width, heads, context):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.register_buffer("mask", torch.full((context, context), -1e9).triu(1))

    def attend(self, x):
        batch, context, width = x.shape
        split = self.qkv(x).view(batch, context, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = split.unbind(0)
        scores = (q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)).float() + self.mask
        return (scores.softmax(-1).to(v.dtype) @ v).transpose(1, 2).reshape(batch, context, width)

    def forward(self, x):
        x = x + self.out(self.attend(self.norm1(x)))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Characters(nn.Module):
    def __init__(self, layers, heads, width, context, vocabulary=65):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(context, width) * 0.02)
        self.blocks = nn.Sequential(*(Block(width, heads, context) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.tokens(x) + self.positions)))


def classifier(net, x, classes):
    return net, x, torch.randint(0, classes, (x.shape[0],)), torch.optim.Adam, None


def characters(layers, heads, width, context, batch):
    net = Characters(layers, heads, width, context)
    x, y = torch.randint(0, 65, (2, batch, context)).unbind(0)
    return net, x, y, torch.optim.AdamW, 1.0


def images():
    features = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*features, nn.Linear(64 * 144, 128), nn.ReLU(), nn.Linear(128, 10))


CASES = {
    "mlp": lambda: classifier(perceptron(784, 512, 512, 10), torch.randn(128, 784), 10),
    "cnn": lambda: classifier(images(), torch.randn(64, 1, 28, 28), 10),
    "gpt": lambda: characters(4, 4, 128, 64, 12),
    "gpt-large": lambda: characters(6, 6, 384, 256, 64),
}


def stepper(name, device, mode):
    net, x, y, optimizer_of, clip = CASES[name]()
    net, x, y = net.to(device), x.to(device), y.to(device)
    optimizer = optimizer_of(net.parameters(), lr=1e-3)
    mixed = mode == "mixed"
    scaler = torch.amp.GradScaler(device, enabled=mixed)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, dtype=torch.float16) if mixed else contextlib.nullcontext():
            logits = net(x)
            loss = F.cross_entropy(logits.flatten(0, -2), y.flatten())
        scaler.scale(loss).backward()
        if clip:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
        scaler.step(optimizer)
        scaler.update()

    return step


def median_ms(step, device, runs):
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    for _ in range(3 + runs // 5):
        step()
    times = []
    for _ in range(runs):
        wait()
        start = time.perf_counter()
        step()
        wait()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e3


def main(device, mode, *names):
    torch.manual_seed(0)
    if device == "cpu":
        torch.set_num_threads(1)  # as the times beside it
    torch.backends.cuda.matmul.allow_tf32 = mode != "float32"
    torch.backends.cudnn.allow_tf32 = mode != "float32"
    for name in names:
        ms = median_ms(stepper(name, device, mode), device, 50 if device == "cuda" else 5)
        line = {"mode": mode, "peer": f"PyTorch {torch.__version__}", "case": name, "msPerStep": float(f"{ms:.4g}")}
        print(json.dumps(line), flush=True)


main(*sys.argv[1:])
