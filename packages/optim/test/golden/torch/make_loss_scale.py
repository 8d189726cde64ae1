"""Writes loss-scale.json: the scales of PyTorch's GradScaler over runs of finite steps and overflows.

A step's gradient is the scale times 0.5, or infinite, or NaN; the parameter shows which updates were left out.
Needs torch: python make_loss_scale.py
"""
import json
import random
import torch
from torch.amp import GradScaler

CASES = [
    {"init_scale": 65536.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 3},
    {"init_scale": 1024.0, "growth_factor": 4.0, "backoff_factor": 0.25, "growth_interval": 2},
    {"init_scale": 8.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 1},
    {"init_scale": 2.0, "growth_factor": 1.5, "backoff_factor": 0.75, "growth_interval": 4},
]


def run(options, kinds):
    weight = torch.nn.Parameter(torch.tensor([1.0, -1.0]))
    optimizer = torch.optim.SGD([weight], lr=0.125, momentum=0.5)
    scaler = GradScaler("cpu", **options)
    steps = []
    for kind in kinds:
        optimizer.zero_grad()
        scaler.scale(torch.sum(weight * 0.5)).backward()
        if kind != "finite":
            weight.grad[1] = float(kind)
        scaler.step(optimizer)
        scaler.update()
        steps.append({"gradient": kind, "scale": scaler.get_scale(), "params": weight.detach().tolist()})
    return steps


def drawn(seed):
    draw = random.Random(seed)
    return [draw.choice(["finite"] * 5 + ["inf", "-inf", "nan"]) for _ in range(40)]


def main():
    cases = [{"options": options, "steps": run(options, drawn(i))} for i, options in enumerate(CASES)]
    with open("loss-scale.json", "w") as file:
        json.dump({"torch": torch.__version__, "learningRate": 0.125, "momentum": 0.5, "cases": cases}, file)
        file.write("\n")


main()
