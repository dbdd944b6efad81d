"""Can a classifier tell generated text from real text? Its AUC: 0.5 is no, 1 is always.

    texts ─► counts of hashed 1-, 2- and 3-grams, square roots ─► logistic regression ─► scores
             └ cross-validated: a text is scored by a classifier that has not seen it ┘

A two-sample test (Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017). It
is fooled by copies: they are real text.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

BUCKETS = 1024
WIDTHS = (1, 2, 3)
PENALTY = 1.0


def classifier_auc(
    ours: Sequence[bytes], real: Sequence[bytes], rng: np.random.Generator, *, folds: int = 5
) -> float:
    """Mean area under the ROC curve over the folds; NaN where either has fewer than `folds`."""
    if min(len(ours), len(real)) < folds:
        return float("nan")
    features = _features([*ours, *real])
    labels = np.repeat([1.0, 0.0], [len(ours), len(real)])
    fold = np.empty(labels.size, np.int64)
    for label in (0.0, 1.0):
        members = np.flatnonzero(labels == label)
        fold[rng.permutation(members)] = np.arange(members.size) % folds
    areas = []
    for index in range(folds):
        held_out = fold == index
        weights = _fit(features[~held_out], labels[~held_out])
        areas.append(auc(features[held_out] @ weights, labels[held_out]))
    return float(np.mean(areas))


def auc(scores: Matrix, labels: Matrix) -> float:
    """Probability that a positive (label 1) scores above a negative, ties half."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    above = (positive[:, None] > negative[None, :]).mean()
    return float(above + (positive[:, None] == negative[None, :]).mean() / 2)


def _features(texts: Sequence[bytes]) -> Matrix:
    """Square roots of n-gram counts, each column of mean 0 and variance 1 at most; and a 1."""
    counts = np.zeros((len(texts), BUCKETS))
    for row, text in zip(counts, texts, strict=True):
        for width in WIDTHS:
            salt = bytes([width])
            for start in range(len(text) - width + 1):
                row[zlib.crc32(text[start : start + width] + salt) % BUCKETS] += 1
    features = np.sqrt(counts)
    features -= features.mean(axis=0)
    features /= np.maximum(features.std(axis=0), 1e-6)
    return np.hstack([features / np.sqrt(BUCKETS), np.ones((len(texts), 1))])


def _fit(features: Matrix, labels: Matrix) -> Matrix:
    """Weights of L2-penalised logistic regression, both classes weighing the same."""
    from scipy.optimize import minimize

    signs = 2 * labels - 1
    shares = np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean())) / labels.size

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        margins = signs * (features @ weights)
        slopes = -shares * signs / (1 + np.exp(np.clip(margins, -500, 500)))
        penalty = PENALTY / labels.size
        value = shares @ np.logaddexp(0, -margins) + penalty * weights @ weights / 2
        return float(value), features.T @ slopes + penalty * weights

    found: Matrix = minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B").x
    return found
