"""Writes optimizers.json: parameters after each of five steps of real Keras optimizers, in float64.

Needs keras with the torch backend: KERAS_BACKEND=torch python make.py
"""
import json
import keras

keras.backend.set_floatx("float64")
START = [[1.0, -2.0, 0.5], [0.25, 0.75, -1.0]]
GRADIENTS = [
    [[0.1, -0.2, 0.3], [-0.3, 0.1, 0.2]],
    [[-0.3, 0.1, 0.2], [0.2, -0.1, 0.15]],
    [[0.05, 0.4, -0.1], [0.5, 0.25, -0.75]],
    [[0.2, 0.1, 0.05], [-0.125, 0.5, 0.1]],
    [[-0.1, -0.3, 0.6], [0.3, -0.2, 0.4]],
]
CASES = [
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
    ("Nadam", {}),
    ("Adamax", {}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02}),
    ("Lion", {}),
    ("Lamb", {}),
    ("Adafactor", {}),
    ("Muon", {}),
    ("Muon", {"nesterov": False}),
]


def run(name, options):
    variable = keras.Variable(START, dtype="float64")
    optimizer = getattr(keras.optimizers, name)(learning_rate=0.1, **options)
    steps = []
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")], [variable])
        steps.append([float(x) for x in variable.numpy().reshape(-1)])
    return {"name": name, "options": options, "params": steps}


with open("optimizers.json", "w") as file:
    cases = [run(*case) for case in CASES]
    json.dump({"keras": keras.__version__, "learningRate": 0.1, "start": START, "gradients": GRADIENTS, "cases": cases}, file)
