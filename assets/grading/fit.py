"""Fits weights.yaml from the numbers that `examples/grading --features` prints, and says how good they are on questions not fitted on.

    python3 fit.py FEATURES.jsonl [WEIGHTS.yaml]
"""
import json, sys
import numpy as np
from scipy.stats import spearmanr

FOLDS, SOUP_FROM, SOUP_MOST, DENIED = 8, 0.7, 20, 0.4      # the last three as in judge.rs
OF_POINTS = ["turned", "swapped", "joined", "negations", "exact", "recall", "lead_wrong", "lead_truth"]
WHOLE = ["coverage", "coverage_squared", "coverage_logit", "best_point", "second_point", "worst_wrong", "all_wrong", "wrong_coverage", "words",
         "substance", "relevance", "soup", "coherence", "points", "bound", "misbound", "density", "density_short", "tight", "short", "misbound_wrong"]

def fit(X, y, l2=1.0):
    """Logistic regression by Newton's method; a label between 0 and 1 counts as that share of both."""
    mu, sd = X.mean(0), X.std(0) + 1e-9
    Z = np.c_[np.ones(len(X)), (X - mu) / sd]
    b, R = np.zeros(Z.shape[1]), np.eye(Z.shape[1]) * l2
    R[0, 0] = 1e-6
    for _ in range(15):
        p = 1 / (1 + np.exp(-Z @ b))
        b -= np.linalg.solve((Z * (p * (1 - p))[:, None]).T @ Z + R, Z.T @ (p - y) + R @ b)
    return np.r_[b[0] - (b[1:] * mu / sd).sum(), b[1:] / sd]

def say(b, X):
    return 1 / (1 + np.exp(-(b[0] + X @ b[1:])))

answers = [a for a in map(json.loads, open(sys.argv[1])) if a["targets"]]
names = answers[0]["names"]
X, Y, I, M, W, J = [], [], [], [], [], []
for i, a in enumerate(answers):
    for k, t in enumerate(a["targets"]):
        if k < a["points"]:
            X.append(t); I.append(i); Y.append(1 if k in a["covered"] else .5 if k in a["partly"] else 0)
        else:
            M.append(t); J.append(i); W.append(a["slugs"][k - a["points"]] in a["misconceptions"])
X, Y, I, M, W, J = map(np.array, (X, Y, I, M, W, J))
score = np.array([a["score"] for a in answers], float)
questions = sorted({a["question"] for a in answers})
order = np.random.RandomState(1).permutation(len(questions))
fold = np.array([order[questions.index(a["question"])] % FOLDS for a in answers])

def left_out(X, y, of):
    out = np.zeros(len(y))
    for k in range(FOLDS):
        mine = fold[of] != k
        out[~mine] = say(fit(X[mine], y[mine] * 1.), X[~mine])
    return out

def whole(said, wrong):
    rows = []
    for i, a in enumerate(answers):
        p, m = said[I == i], wrong[J == i]
        F, c, s = np.array(a["targets"])[:len(p)], p.mean(), np.sort(p)[::-1]
        w, worst, cc = p / p.sum(), m.max() if len(m) else 0, min(max(p.mean(), .001), .999)
        rows.append([c, c * c, np.log(cc / (1 - cc)), s[0], s[1] if len(s) > 1 else 0, worst, m.sum(), c * worst, np.log(a["tokens"] + 1),
                     np.log(a["substance"] + 1), a["relevance"], a["soup"], a["coherence"], len(p), a["bound"], a["misbound"], a["density"],
                     a["density"] * 20 / (a["tokens"] + 20), (w * F[:, -1]).sum(), 1 / (a["substance"] + 1), a["misbound"] * worst]
                    + [(w * F[:, k]).sum() for k, n in enumerate(names) if n in OF_POINTS])
    return np.array(rows)

said, wrong = left_out(X, Y, I), left_out(M, W, J)
wrong = np.where(M[:, names.index("denied")] > 0, wrong * DENIED, wrong)
Z = whole(said, wrong)
marks = 100 * left_out(Z, score / 100, np.arange(len(answers)))
marks = np.where(np.array([a["soup"] for a in answers]) >= SOUP_FROM, np.minimum(marks, SOUP_MOST), marks)
f1, at = max((2 * ((wrong > t) & W).sum() / ((wrong > t).sum() + W.sum()), t) for t in np.linspace(.1, .9, 81))
print(f"{len(answers)} answers, cross-validated by question: rank correlation {spearmanr(marks, score)[0]:.3f}, misconceptions F1 {f1:.3f} from {at:.2f}")
if len(sys.argv) > 2:
    def block(key, b, names):
        return f"{key}:\n  bias: {b[0]:.4f}\n" + "".join(f"  {n}: {v:.4f}\n" for n, v in zip(names, b[1:]))
    text = "# Fitted by fit.py on tests/answers/tuning; the numbers they weigh are named in src/study/grade/features.rs and judge.rs.\n"
    text += f"asserted_from: {at:.2f}\n" + block("point", fit(X, Y), names) + block("misconception", fit(M, W * 1.), names)
    text += block("score", fit(Z, score / 100), WHOLE + [n for n in names if n in OF_POINTS])
    open(sys.argv[2], "w").write(text)
