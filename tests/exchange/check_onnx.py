# check_onnx.py MODEL INPUT OUTPUT HEIGHT WIDTH TOLERANCE: the checker accepts the model, and
# onnxruntime makes OUTPUT of INPUT, in a batch too. An output of nearly one value proves nothing.
import hashlib
import sys

import numpy
import onnx
import onnxruntime

path, x_path, y_path, height, width, tolerance = sys.argv[1:]
height, width = int(height), int(width)
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
told = {p.key: p.value for p in model.metadata_props}
assert told.keys() >= {"netG", "norm", "direction"}
assert int(told["step"]) > 0 and int(told["epoch"]) >= 0
weights = b"".join(w.raw_data for w in model.graph.initializer)
assert told["sha256"] == hashlib.sha256(weights).hexdigest()
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
x = numpy.fromfile(x_path, numpy.float32).reshape(1, -1, height, width)
y = numpy.fromfile(y_path, numpy.float32).reshape(1, -1, height, width)
found = session.run(None, {"input": numpy.concatenate([x, -x, x])})[0]
assert y.std() > 0.05, f"the output hardly varies: {y.std():.1e}"
worst = max(abs(found[0] - y[0]).max(), abs(found[2] - y[0]).max())
print(f"largest difference {worst:.2e}")
sys.exit(not worst <= float(tolerance))
