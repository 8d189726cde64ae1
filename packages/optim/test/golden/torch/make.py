"""Writes optimizers.json: parameters after each of five steps of real PyTorch optimizers, in float64.

Only those that the recorded runs elsewhere leave out. Needs torch: python make.py
"""
import json
import torch

# Muon makes matrices orthogonal in bfloat16; in float64 the rule itself can be compared.
torch.Tensor.bfloat16 = lambda self: self.clone()

START = [[1.0, -2.0, 0.5], [0.25, 0.75, -1.0]]
GRADIENTS = [
    [[0.1, -0.2, 0.3], [-0.3, 0.1, 0.2]],
    [[-0.3, 0.1, 0.2], [0.2, -0.1, 0.15]],
    [[0.05, 0.4, -0.1], [0.5, 0.25, -0.75]],
    [[0.2, 0.1, 0.05], [-0.125, 0.5, 0.1]],
    [[-0.1, -0.3, 0.6], [0.3, -0.2, 0.4]],
]
CASES = [
    ("Adafactor", {}),
    ("Adafactor", {"weight_decay": 0.01}),
    ("Muon", {}),
    ("Muon", {"nesterov": False, "weight_decay": 0.01}),
]


def run(name, options, start, gradients):
    weight = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer = getattr(torch.optim, name)([weight], lr=0.1, **options)
    steps = []
    for gradient in gradients:
        weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        steps.append(weight.detach().reshape(-1).tolist())
    return {"name": name, "options": options, "start": start, "gradients": gradients, "params": steps}


def turned(matrix):
    return [list(row) for row in zip(*matrix)]


with open("optimizers.json", "w") as file:
    cases = [run(name, options, START, GRADIENTS) for name, options in CASES]
    cases += [run(name, options, turned(START), [turned(g) for g in GRADIENTS]) for name, options in CASES]
    json.dump({"torch": torch.__version__, "learningRate": 0.1, "cases": cases}, file)
