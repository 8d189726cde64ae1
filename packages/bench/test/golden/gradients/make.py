"""Computes the numbers of fixtures/torch.json with PyTorch: python make.py, in this folder.

A case of fixtures/cases.json has its code, for each input the shape and what kind of numbers it holds, and whether
second derivatives are wanted.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F

FIXTURES = Path(__file__).parent / "fixtures"
KINDS = {"normal": None, "positive": (0.25, 2), "unit": (-0.8, 0.8), "probability": (0.1, 0.9), "large": (1.25, 3.25), "constant": (0, 1)}


def draw(shape, kind):
    """Multiples of small powers of two; distinct numbers lie a quarter apart and off the integers."""
    if kind == "bool":
        return torch.rand(shape) < 0.5
    if kind == "sign":
        return (torch.randint(0, 2, shape) * 2 - 1).double()
    if kind.startswith("below "):
        return torch.randint(0, int(kind[6:]), shape)
    if kind == "distinct":
        size = math.prod(shape)
        return torch.randperm(size).double().reshape(shape) * 0.25 - 0.125 * size + 0.0625
    if kind == "normal":
        return (torch.randn(shape) * 64).round() / 64
    low, high = KINDS[kind]
    return ((torch.rand(shape) * (high - low) + low) * 64).round() / 64 + (1 / 128 if kind == "unit" else 0)


def numbers(tensor):
    if tensor.dim() > 0:
        return [numbers(row) for row in tensor]
    value = tensor.item()
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return float(f"{value:.12g}")


def weights(like):
    return (torch.randn(like.shape) * 16).round() / 16


def derivatives(total, variables, create_graph=False):
    found = torch.autograd.grad(total, variables, create_graph=create_graph, allow_unused=True)
    return [torch.zeros_like(v) if g is None else g for g, v in zip(found, variables)]


def compute(number, case):
    inputs = {name: draw(shape, kind) for name, (shape, kind) in case["inputs"].items()}
    wrt = [name for name, (_, kind) in case["inputs"].items() if kind not in ("constant", "sign") and inputs[name].dtype == torch.float64]
    variables = {name: value.clone().requires_grad_() if name in wrt else value.clone() for name, value in inputs.items()}
    sources = [variables[name] for name in wrt]
    scope = {"torch": torch, "F": F, "math": math, **variables}
    exec(case["code"], scope)
    outputs = list(scope["out"]) if isinstance(scope["out"], (tuple, list)) else [scope["out"]]
    cotangents = [weights(out) if out.requires_grad else torch.zeros(out.shape) for out in outputs]
    loss = sum((out * c).sum() for out, c in zip(outputs, cotangents) if out.requires_grad)
    second = case.get("second", False)
    gradients = derivatives(loss, sources, create_graph=second)
    result = {
        "name": f"torch/{number} {case['code'].splitlines()[-1]}",
        "code": case["code"],
        "inputs": {name: numbers(value) for name, value in inputs.items()},
        "shapes": {name: list(value.shape) for name, value in inputs.items()},
        "int_inputs": [name for name, value in inputs.items() if value.dtype == torch.int64],
        "bool_inputs": [name for name, value in inputs.items() if value.dtype == torch.bool],
        "wrt": wrt,
        "out": [numbers(out.detach().double()) for out in outputs],
        "out_shapes": [list(out.shape) for out in outputs],
        "cotangent": [numbers(c) for c in cotangents],
        "grads": {name: numbers(g.detach()) for name, g in zip(wrt, gradients)},
    }
    if second:
        vectors = [weights(g) for g in gradients]
        products = derivatives(sum((g * v).sum() for g, v in zip(gradients, vectors)), sources)
        result["vector"] = {name: numbers(v) for name, v in zip(wrt, vectors)}
        result["hvp"] = {name: numbers(p.detach()) for name, p in zip(wrt, products)}
    return result


def main():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    cases = json.loads((FIXTURES / "cases.json").read_text())
    lines = ",\n".join(json.dumps(compute(i, case), separators=(",", ":")) for i, case in enumerate(cases))
    source = json.dumps({"library": "torch", "version": torch.__version__})
    (FIXTURES / "torch.json").write_text('{"format":"torch-grad/1","source":%s,"cases":[\n%s\n]}\n' % (source, lines))


main()
