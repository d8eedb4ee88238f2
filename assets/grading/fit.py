"""Fits weights.yaml and trees.txt from the numbers that `examples/grading --features` prints, and says how good they are on questions
not fitted on. Needs numpy, scipy, scikit-learn.

    python3 fit.py FEATURES.jsonl [FOLDER]
"""
import json, sys
import numpy as np
from scipy.stats import rankdata, spearmanr
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import roc_auc_score

FOLDS = 6
SOUP_FROM, SOUP_MOST, NOTES_FROM, NOTES_SURE = 0.35, 15, 52, 0.5      # as in judge.rs

# --- sums -------------------------------------------------------------------------------------------------------------------------
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

# --- trees ------------------------------------------------------------------------------------------------------------------------
def grow(X, y):
    """A point made by a part is a made one with that weight and a missing one with the rest."""
    part = (y > 0) & (y < 1)
    X, w, y = np.r_[X, X[part]], np.r_[np.where(part, y, 1), 1 - y[part]], np.r_[y > 0, np.zeros(part.sum(), bool)]
    return HistGradientBoostingClassifier(max_iter=120, learning_rate=.06, max_leaf_nodes=8, l2_regularization=5, min_samples_leaf=20).fit(X, y, sample_weight=w)

def grow_ranks(X, y):
    return HistGradientBoostingRegressor(max_iter=200, learning_rate=.04, max_leaf_nodes=6, l2_regularization=5, min_samples_leaf=12).fit(X, y)

def written(key, model, names):
    def node(nodes, i):
        n = nodes[i]
        if n["is_leaf"]:
            return [f"={n['value']:.6g}"]
        return [f"{n['feature_idx']}<{n['num_threshold']:.7g}"] + node(nodes, n["left"]) + node(nodes, n["right"])
    base = float(np.ravel(model._baseline_prediction)[0])
    trees = [" ".join(node(t[0].nodes, 0)) for t in model._predictors]
    return "\n".join([f"{key} {base:.7g} " + " ".join(names)] + trees)

# --- answers ----------------------------------------------------------------------------------------------------------------------
answers = [a for a in map(json.loads, open(sys.argv[1])) if a["targets"]]
names, whole_names = answers[0]["names"], answers[0]["whole"]
X, Y, I, M, W, J = [], [], [], [], [], []
for i, a in enumerate(answers):
    for k, t in enumerate(a["targets"]):
        if k < a["points"]:
            X.append(t); I.append(i); Y.append(a["made"][k])
        else:
            M.append(t); J.append(i); W.append(a["slugs"][k - a["points"]] in a["misconceptions"])
X, Y, I, M, W, J = map(np.array, (X, Y, I, M, W, J))
score = np.array([a["score"] for a in answers], float)
ranks = (rankdata(score) - .5) / len(score)
each = np.arange(len(answers))
questions = sorted({a["question"] for a in answers})
order = np.random.RandomState(1).permutation(len(questions))
fold = np.array([order[questions.index(a["question"])] % FOLDS for a in answers])

def left_out(X, y, of, learn):
    """What a model says of each row that has not seen its question."""
    out = np.zeros(len(y))
    for k in range(FOLDS):
        mine = fold[of] != k
        out[~mine] = learn(X[mine], y[mine])(X[~mine])
    return out

def sums(X, y):
    b = fit(X, y * 1.)
    return lambda Z: say(b, Z)

def trees(X, y):
    model = grow(X, y * 1.)
    return lambda Z: model.predict_proba(Z)[:, 1]

def rank_trees(X, y):
    return grow_ranks(X, y).predict

def overall(said, wrong):
    """As in overall.rs."""
    weighed = ["turned", "swapped", "joined", "negations", "exact", "recall", "lead_wrong", "lead_truth"]
    plain = ["lead_spoiled", "spoiled", "lead_idle", "pairs", "pairs_spoiled", "pairs_lead", "best", "meaning", "match", "topic", "learned_net", "learned_wrong",
             "learned_wrong_net", "learned_true", "learned_false"]
    rows = []
    for i, a in enumerate(answers):
        p, m, T = said[I == i], wrong[J == i], X[I == i]
        s = np.r_[np.sort(p)[::-1], 0, 0]
        c, worst, n = p.mean(), m.max() if len(m) else 0, len(p)
        odds, w = min(max(c, .001), .999), p / max(p.sum(), 1e-6)
        of = lambda name: T[:, names.index(name)]
        rows.append([c, c * c, np.log(odds / (1 - odds)), s[0], s[1], worst, m.sum(), c * worst, np.log(a["tokens"] + 1), np.log(a["substance"] + 1),
                     a["relevance"], a["soup"], a["coherence"], n, a["bound"], a["misbound"], a["density"], a["density"] * 20 / (a["tokens"] + 20),
                     (w * of("tightness")).sum(), 1 / (a["substance"] + 1), a["misbound"] * worst]
                    + [(w * of(k)).sum() for k in weighed] + a["falsehood"] + a["pairs"] + a["manner"]
                    + [of(k).mean() for k in plain] + [of(k).max() for k in plain]
                    + [(p > .5).mean(), (p > .3).mean(), p.std(), np.median(p), (m > .4).sum(), s[2], p.sum()])
    return np.array(rows)

said = (left_out(X, Y, I, sums) + left_out(X, Y, I, trees)) / 2
wrong = (left_out(M, W, J, sums) + left_out(M, W, J, trees)) / 2
Z = overall(said, wrong)
assert Z.shape[1] == len(whole_names)
place = (left_out(Z, ranks, each, sums) + left_out(Z, ranks, each, rank_trees)) / 2
# Marks: what people give at each twentieth, where the order is ours.
at = np.quantile(place, np.linspace(0, 1, 21))
given = np.quantile(score, np.linspace(0, 1, 21))
given[0], given[-1] = 0, 100
marks = np.maximum.accumulate(np.interp(np.linspace(0, 1, 21), at, given))
graded = np.interp(place, np.linspace(0, 1, 21), marks)
listed = np.array([a["soup"] for a in answers])
notes = (graded >= NOTES_FROM) & (Z[:, 0] >= NOTES_SURE)
graded = np.where((listed >= SOUP_FROM) & ~notes, np.minimum(graded, SOUP_MOST), graded)
f1, line = max((2 * ((wrong > t) & W).sum() / ((wrong > t).sum() + W.sum()), t) for t in np.linspace(.1, .9, 81))
print(f"{len(answers)} answers, cross-validated by question: rank correlation {spearmanr(graded, score)[0]:.3f}, misconceptions F1 {f1:.3f} from {line:.2f}")
sure = (Y < .3) | (Y > .7)
print(f"area under the curve: points {roc_auc_score(Y[sure] > .5, said[sure]):.3f}, misconceptions {roc_auc_score(W, wrong):.3f}; mean distance {abs(graded - score).mean():.1f}")
for kind in sorted({a["kind"] for a in answers}):
    of = np.array([a["kind"] == kind for a in answers])
    print(f"{kind:20} n {of.sum():3}  people {np.median(score[of]):5.1f}  grader {np.median(graded[of]):5.1f}  greatest {graded[of].max():5.1f}")

if len(sys.argv) > 2:
    def block(key, b, names):
        return f"{key}:\n  bias: {b[0]:.4f}\n" + "".join(f"  {n}: {v:.4f}\n" for n, v in zip(names, b[1:]))
    text = "# Fitted by fit.py on tests/answers/tuning; the numbers they weigh are named in src/study/grade/features.rs and overall.rs.\n"
    text += f"asserted_from: {line:.2f}\nmarks: [{', '.join(f'{m:.1f}' for m in marks)}]\n" + block("point", fit(X, Y), names) + block("misconception", fit(M, W * 1.), names)
    open(sys.argv[2] + "/weights.yaml", "w").write(text + block("rank", fit(Z, ranks), whole_names))
    forests = [written("point", grow(X, Y), names), written("misconception", grow(M, W * 1.), names), written("rank", grow_ranks(Z, ranks), whole_names)]
    head = "# Fitted by fit.py. A head line: what, base, names of the numbers. Then a tree a line: number<threshold, its left part, its right part; =amount.\n"
    open(sys.argv[2] + "/trees.txt", "w").write("\n\n".join([head.rstrip()] + forests) + "\n")
