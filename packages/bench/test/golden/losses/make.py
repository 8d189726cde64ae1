"""Writes fixtures/optax.json: losses of optax and their gradients, for arguments that the shared fixtures leave out.

Run with jax 0.10 and optax 0.2.8: python make.py
"""

import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)
random = np.random.default_rng(3)
cases = []


def normal(*shape):
    """Numbers that float32 holds exactly."""
    return np.round(random.normal(size=shape) * 768) / 512


def distribution(*shape):
    counts = random.integers(1, 9, size=shape).astype(float)
    return counts / counts.sum(-1, keepdims=True)


def bits(*shape):
    return random.integers(0, 2, shape).astype(float)


def plain(value):
    return np.asarray(value).tolist()


def case(name, fn, args, kwargs=None, ints=(), wrt=None, called=None):
    """`called` are the keyword arguments as Python wants them, where JSON says them otherwise."""
    arrays = {key: np.asarray(value) for key, value in args.items()}
    by = wrt or next(iter(arrays))

    def typed(key, value, dtype):
        if key in ints:
            return jnp.asarray(value, jnp.int32)
        return jnp.asarray(value) if value.dtype == bool else jnp.asarray(value, dtype)

    def value(x, dtype):
        given = {key: typed(key, array, dtype) for key, array in arrays.items()}
        return getattr(optax.losses, fn)(**{**given, by: x}, **(kwargs if called is None else called) or {})

    x = jnp.asarray(arrays[by], jnp.float64)
    wide = value(x, jnp.float64)
    cotangent = np.round(random.normal(size=wide.shape) * 256) / 256
    gradient = jax.grad(lambda x: (value(x, jnp.float64) * cotangent).sum())(x)
    narrow = np.asarray(value(jnp.asarray(arrays[by], jnp.float32), jnp.float32), np.float64)
    cases.append({
        "name": name, "fn": fn, "args": {key: plain(array) for key, array in arrays.items()}, "kwargs": kwargs or {},
        "int_args": list(ints), "shape": list(wide.shape), "f64": plain(wide), "f32": plain(narrow),
        "cotangent": plain(cotangent), "wrt": by, "grad": plain(gradient),
    })


p, t, labels, classes = normal(3, 4), normal(3, 4), distribution(3, 4), np.array([1, 3, 0])
mask = random.random((3, 4)) > 0.3
pair = {"predictions": p, "targets": t}
soft = {"logits": p, "labels": labels}
scores = {"scores": p, "labels": classes}

case("huber", "huber_loss", pair, {"delta": 0.5})
case("huber, no targets", "huber_loss", {"predictions": p})
case("log_cosh", "log_cosh", {"predictions": p * 3, "targets": t})
case("log_cosh, by targets", "log_cosh", pair, wrt="targets")
case("cosine, masked", "cosine_similarity", {**pair, "where": mask})
case("cosine, other axis", "cosine_distance", pair, {"axis": 0, "epsilon": 1e-3})
case("cosine, all axes", "cosine_distance", pair, {"axis": None})
case("cosine, two axes", "cosine_similarity", {"predictions": normal(2, 3, 4), "targets": normal(2, 3, 4)}, {"axis": [1, 2]}, called={"axis": (1, 2)})
case("softmax, masked", "softmax_cross_entropy", {**soft, "where": mask})
case("softmax, masked rows", "softmax_cross_entropy", {**soft, "where": np.array([True, False, True])})
case("softmax, by labels", "softmax_cross_entropy", soft, wrt="labels")
case("softmax, all axes", "softmax_cross_entropy", soft, {"axis": None})
case("softmax, one row of labels", "softmax_cross_entropy", {"logits": p, "labels": labels[0]})
case("safe softmax", "safe_softmax_cross_entropy", {"logits": p, "labels": np.eye(4)[[0, 2, 1]]})
case("class numbers", "softmax_cross_entropy_with_integer_labels", {"logits": p, "labels": classes}, ints=["labels"])
case("class numbers, first axis", "softmax_cross_entropy_with_integer_labels", {"logits": p.T.copy(), "labels": classes}, {"axis": 0}, ["labels"])
case("class numbers, two axes", "softmax_cross_entropy_with_integer_labels", {"logits": normal(2, 3, 4), "labels": [7, 2]}, {"axis": [1, 2]},
     ["labels"], called={"axis": (1, 2)})
case("class numbers, masked", "softmax_cross_entropy_with_integer_labels",
     {"logits": p, "labels": classes, "where": np.array([[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 1, 1]], bool)}, ints=["labels"])
case("sigmoid", "sigmoid_binary_cross_entropy", {"logits": p * 4, "labels": bits(3, 4)})
case("sigmoid, large", "sigmoid_binary_cross_entropy", {"logits": np.array([-1e3, 1e3, -50, 50]), "labels": np.array([1.0, 0, 1, 0])})
case("hinge", "hinge_loss", {"predictor_outputs": p, "targets": np.sign(t)})
case("poly", "poly_loss_cross_entropy", soft, {"epsilon": -1.0})
case("poly, masked", "poly_loss_cross_entropy", {**soft, "where": mask})
for loss in ("hinge", "perceptron", "sparsemax"):
    case(f"multiclass {loss}", f"multiclass_{loss}_loss", scores, ints=["labels"])
log_p = np.log(distribution(3, 4))
for axis in (-1, 0, None, [0, 1]):
    called = {"axis": tuple(axis) if isinstance(axis, list) else axis}
    case(f"kl, axis {axis}", "kl_divergence", {"log_predictions": log_p, "targets": labels}, {"axis": axis}, called=called)
    case(f"kl of logs, axis {axis}", "kl_divergence_with_log_targets", {"log_predictions": log_p, "log_targets": np.log(labels)}, {"axis": axis}, called=called)
    case(f"generalized kl, axis {axis}", "generalized_kl_divergence", {"log_predictions": log_p, "targets": labels}, {"axis": axis}, called=called)
case("kl, masked", "kl_divergence", {"log_predictions": log_p, "targets": labels, "where": mask})
case("kl, by targets", "kl_divergence", {"log_predictions": log_p, "targets": labels}, wrt="targets")
case("kl of logs, by targets", "kl_divergence_with_log_targets", {"log_predictions": log_p, "log_targets": np.log(labels)}, wrt="log_targets")
case("convex kl, masked", "convex_kl_divergence", {"log_predictions": log_p, "targets": labels, "where": mask})
case("focal", "sigmoid_focal_loss", {"logits": p, "labels": bits(3, 4)}, {"alpha": 0.25, "gamma": 1.5})
case("focal, soft labels", "sigmoid_focal_loss", {"logits": p, "labels": random.random((3, 4))}, {"alpha": 0.6, "gamma": 3.0})
segments = {"predictions": normal(2, 5, 3), "targets": np.eye(3)[random.integers(0, 3, (2, 5))]}
case("dice, sum", "dice_loss", segments, {"reduction": "sum", "smooth": 0.1})
case("dice, axis", "dice_loss", segments, {"axis": 1, "reduction": "none"})
case("dice, weighted", "dice_loss", {**segments, "class_weights": np.array([1.0, 2, 0.5])})
case("dice, probabilities", "dice_loss", {**segments, "predictions": np.stack([distribution(5, 3)] * 2)}, {"apply_softmax": False})
case("dice, one class", "dice_loss", {"predictions": normal(2, 5), "targets": bits(2, 5, 1)})
case("generalized dice", "multiclass_generalized_dice_loss", segments, {"smooth": 0.5, "ignore_background": True})
case("binary dice", "binary_dice_loss", {"predictions": normal(2, 4, 4), "targets": bits(2, 4, 4)}, {"smooth": 2.0})
case("ntxent", "ntxent", {"embeddings": normal(5, 3), "labels": [0, 1, 0, 1, 1]}, ints=["labels"])
triplet = {"anchors": normal(4, 3), "positives": normal(4, 3), "negatives": normal(4, 3)}
case("triplet", "triplet_margin_loss", triplet, {"margin": 2.5, "eps": 1e-3})
case("triplet, by negatives", "triplet_margin_loss", triplet, {"axis": 0}, wrt="negatives")
relevance = np.round(random.random((3, 4)) * 3)
case("ranking", "ranking_softmax_loss", {"logits": p, "labels": relevance})
case("ranking, weighted", "ranking_softmax_loss", {"logits": p, "labels": relevance, "where": mask, "weights": random.random((3, 4))})
case("ranking, sum", "ranking_softmax_loss", {"logits": p, "labels": relevance}, {"reduce_fn": "sum"}, called={"reduce_fn": jnp.sum})
case("ranking, each", "ranking_softmax_loss", {"logits": p, "labels": relevance, "where": mask}, {"reduce_fn": None})
case("smooth", "smooth_labels", {"labels": np.eye(4)[[1, 2]]}, {"alpha": 0.3})
case("sparsemax", "sparsemax_loss", {"logits": p, "labels": random.integers(0, 2, (3, 4))}, ints=["labels"])
case("perceptron", "perceptron_loss", {"predictor_outputs": p, "targets": np.sign(t)})
case("ctc, long", "ctc_loss", {
    "logits": normal(2, 20, 5), "logit_paddings": np.zeros((2, 20)), "labels": np.array([[1, 2, 2], [3, 1, 4]]),
    "label_paddings": np.array([[0, 0, 0], [0, 0, 1.0]]),
}, ints=["labels"])

source = {"library": "optax", "version": optax.__version__}
out = pathlib.Path(__file__).parent / "fixtures" / "optax.json"
out.write_text(json.dumps({"format": "optax-loss/1", "source": source, "cases": cases}) + "\n")
