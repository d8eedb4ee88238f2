"""Makes pieces.txt and vectors.bin from the sentence model all-MiniLM-L6-v2 (see README.md). Needs numpy, safetensors, pyyaml.

    python3 make_vectors.py MODEL_FOLDER ../questions
"""
import glob, json, re, sys
import numpy as np, yaml
from safetensors.numpy import load_file

DIMENSIONS = 128
model, decks = sys.argv[1:3]
vocabulary = json.load(open(model + '/tokenizer.json'))['model']['vocab']
table = load_file(model + '/model.safetensors')['embeddings.word_embeddings.weight'].astype(np.float64)
piece = re.compile(r'(##)?[a-z0-9]+$')
kept = sorted((p for p in vocabulary if piece.match(p)), key=lambda p: p.encode())
# What the words of our own subject have in common says nothing about them: it is taken away, and of the
# rest those directions are kept in which they differ most.
words = set()
for name in sorted(glob.glob(decks + '/*.yaml')):
    for q in yaml.safe_load(open(name))['questions']:
        for x in q['points'] + q['misconceptions']:
            for s in x['say'] + [x['text']]:
                words.update(re.findall('[a-z0-9]+', s.lower()))
own = table[[vocabulary[w] for w in sorted(words) if w in vocabulary]]
mean = own.mean(0)
_, _, directions = np.linalg.svd(own - mean, full_matrices=False)
vectors = (table[[vocabulary[p] for p in kept]] - mean) @ directions[:DIMENSIONS].T
# One step for all numbers; the few beyond the range are cut.
step = np.quantile(np.abs(vectors), 0.9995) / 127
open('vectors.bin', 'wb').write(np.clip(np.rint(vectors / step), -127, 127).astype(np.int8).tobytes())
open('pieces.txt', 'w').write('\n'.join(kept) + '\n')
print(len(kept), 'pieces', len(own), 'own words')
