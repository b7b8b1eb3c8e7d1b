"""The event files of a run, by the loader of the tensorboard package, against its log.

Usage: check_events.py RUN NUMBER_OF_FILES
"""
import glob
import json
import math
import os
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

run, count = sys.argv[1], int(sys.argv[2])
folder = os.path.join(run, "tensorboard")
files = sorted(glob.glob(folder + "/events.out.tfevents.*"))
assert len(files) == count, files
for file in files:  # each record's checksums, which the reader compares
    records = 0
    reader = pywrap_tensorflow.PyRecordReader_New(file.encode())
    try:
        while True:
            reader.GetNext()
            records += 1
    except Exception as error:
        assert "EOF" in repr(error) or "OutOfRange" in type(error).__name__, repr(error)
    assert records >= 3, records

events = EventAccumulator(folder, size_guidance={"scalars": 0, "images": 0, "tensors": 0})
events.Reload()
tags = events.Tags()
values = {}
for line in open(run + "/loss_log.jsonl"):
    line = json.loads(line)
    for name, value in line.items():
        if name not in ("step", "epoch", "val_pictures", "best") and value is not None:
            values.setdefault(name, []).append((line["step"], value))
found = {}
for tag in tags["tensors"]:
    if tag in values:
        found[tag] = [(e.step, float(e.tensor_proto.float_val[0]) if e.tensor_proto.float_val else
                       struct.unpack("<f", e.tensor_proto.tensor_content)[0]) for e in events.Tensors(tag)]
for tag in tags["scalars"]:
    found[tag] = [(e.step, e.value) for e in events.Scalars(tag)]
assert sorted(found) == sorted(values), (sorted(found), sorted(values))
for name, points in values.items():
    assert [p[0] for p in points] == [p[0] for p in found[name]], (name, points, found[name])
    assert all(math.isclose(a[1], b[1], rel_tol=1e-6, abs_tol=1e-30) for a, b in zip(points, found[name])), name

pictures = {}
for tag in tags["images"]:
    pictures[tag] = [(e.step, e.encoded_image_string) for e in events.Images(tag)]
for tag in tags["tensors"]:
    plugin = events.summary_metadata[tag].plugin_data.plugin_name
    if plugin == "images":
        pictures[tag] = [(e.step, e.tensor_proto.string_val[2]) for e in events.Tensors(tag)]
    if plugin == "text":
        text = events.Tensors(tag)[-1].tensor_proto.string_val[0].decode()
        assert tag == "options" and "| netG | unet_128 |" in text, (tag, text)
        break
else:
    raise SystemExit("no options")
assert sorted(pictures) == ["input", "output", "target"], sorted(pictures)
for tag, list_ in pictures.items():
    assert list_ and all(png[:8] == b"\x89PNG\r\n\x1a\n" for _, png in list_), tag
    assert struct.unpack(">II", list_[0][1][16:24]) == (128, 128), tag
steps = [step for step, _ in pictures["output"]]
assert steps == sorted(set(steps)), steps
print(len(values), "scalars,", len(steps), "samples, options")
