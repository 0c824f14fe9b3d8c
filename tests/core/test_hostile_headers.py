"""What a stranger may put into a header: refused with its reason, soon, and for little memory."""

from __future__ import annotations

import io
import json
import os
import pickle
import time
import tracemalloc
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from distill_core.errors import ConfigError, ModelFileError
from distill_core.header import LONGEST, REFUSAL, read_header
from distill_core.modelfile import read_model_file
from distill_core.strict import DEEPEST, parse
from torch import nn

META = {"__metadata__": {"format": "distill"}}
FRONT = '{"__metadata__":{"format":"distill","config":"{}"},'
REFUSED_WITHIN = 0.1  # seconds of computing: the claim itself
MEMORY = 48 << 20  # bytes, that reading a header of 1 MiB may take: Python's objects are large


class Bomb:
    """Ends the test where a pickle is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was loaded",))


def _entry(dtype: str = "U8", shape: object = (4,), first: object = 0, last: object = 4) -> object:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


def _written(path: Path, header: object, data: bytes = b"\0" * 4) -> Path:
    if not isinstance(header, str):
        header = json.dumps(header, separators=(",", ":"))
        header += " " * (-len(header) % 8)  # as ours are: the data is aligned
    text = header.encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"__metadata__": {"format": "pt"}}, "does not say"),
        ({}, "does not say"),
        ('{"__metadata__":{"format":"distill"},"__metadata__":{}}', "twice"),
        ({"__metadata__": {"format": "distill", "version": 2}}, "texts"),
        ("[" * 5000, "deeply"),
        ("[1]", "not a table"),
        ({**META, "t.a": _entry(dtype="F8")}, "element type"),
        ({**META, "t.a": _entry(dtype="F32", shape=[9])}, "fit"),
        ({**META, "t.a": _entry(shape=[-1])}, "impossible"),
        ({**META, "t.a": _entry(shape=[float("nan")])}, "NaN"),
        ({**META, "t.a": _entry(shape=[True])}, "impossible"),
        ({**META, "t.a": _entry(shape=[4.0])}, "impossible"),
        ({**META, "t.a": _entry(shape=[1] * 17)}, "impossible"),
        ({**META, "t.a": _entry(shape=[2**24, 2**40])}, "impossible"),
        ({**META, "t.a": _entry(shape=[0, 2**47, 2**47], last=0)}, "impossible"),
        ({**META, "t.a": _entry(first=4, last=0)}, "fit"),
        ({**META, "t.a": _entry(), "t.b": _entry(first=2, last=6)}, "overlap"),
        ({**META, "t.a": _entry(), "t.b": _entry()}, "overlap"),
        ({**META, "t.a": _entry(shape=[3], last=3)}, "take 3 bytes"),
        ({**META, "t.a": _entry(shape=[9], last=9)}, "take 9 bytes"),
        ({**META, "t.a": [1, 2]}, "not described"),
        ({**META, "t.a": {"dtype": "U8", "shape": [4]}}, "not described"),
        ({**META, "alone": _entry()}, "no part"),
        ({**META, ".a": _entry()}, "no part"),
        ({**META, "t.a": _entry(shape=[1], last=1),
          "t.b": _entry("BF16", shape=[1], first=1, last=3)}, "aligned"),
        (FRONT + '"t.a":1e999}', "bounds"),
        (FRONT + '"t.a":Infinity}', "Infinity"),
        (FRONT + '"t.a":"\\ud800"}', "no text"),
    ],
)  # fmt: skip
def test_a_crafted_header_is_refused_with_its_reason(
    tmp_path: Path, header: object, why: str
) -> None:
    """A file from a stranger may claim anything."""
    path = _written(tmp_path / "odd.distill", header)
    with pytest.raises(ModelFileError, match=why):
        read_header(path)
    with pytest.raises(ModelFileError, match=why):
        read_model_file(path)


def _tensors(count: int) -> str:
    one = '"t.{:x}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    return ",".join(one.format(number) for number in range(count))


ATTACKS = {
    "a length beyond all memory": (1 << 62).to_bytes(8, "little") + b"{}",
    "a length of gigabytes": (1 << 40).to_bytes(8, "little") + b"{}",
    "a million tensors": FRONT + _tensors(1_000_000 // 60) + "}",
    "as many tensors as may be, and one odd one": FRONT + _tensors(9_990) + ',"t.x":1}',
    "a million empty lists": FRONT + '"t.a":[' + "[]," * 340_000 + "1]}",
    "a million empty tables": FRONT + '"t.a":[' + "{}," * 340_000 + "1]}",
    "a number of a million digits": FRONT + '"t.a":' + "7" * 1_000_000 + "}",
    "many long numbers": FRONT + '"t.a":[' + ("7" * 4299 + ",") * 240 + "1]}",
    "many fractions": FRONT + '"t.a":[' + "1.5," * 250_000 + "1]}",
    "a pit of lists": "[" * 1_000_000,
    "a pit of tables": '{"a":' * 200_000,
    "one key very often": FRONT + '"t.a":1,' * 120_000 + '"t.a":1}',
    "half characters": FRONT + '"t.a":"' + "\\ud800" * 170_000 + '"}',
    "a text without end": FRONT + '"t.a":"' + "x" * 1_000_000,
    "spaces beyond the limit": " " * LONGEST + FRONT[:-1] + "}",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_r7_an_attack_on_the_header_costs_next_to_nothing(tmp_path: Path, attack: str) -> None:
    """Eight bytes must fill no memory, a mebibyte must fill no minute."""
    path, content = tmp_path / "odd.distill", ATTACKS[attack]
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        _written(path, content, b"")
    spent = []
    for _ in range(5):  # the best of five: the machine may have other things to do
        began = time.process_time()
        with pytest.raises(ModelFileError):
            read_header(path)
        spent.append(time.process_time() - began)
    assert min(spent) < REFUSED_WITHIN
    tracemalloc.start()
    with pytest.raises(ModelFileError):
        read_header(path)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < MEMORY


def test_a_header_may_be_padded_up_to_its_limit(tmp_path: Path) -> None:
    """What is only odd is not refused; one space more is too long."""
    text = FRONT[:-1] + "}"
    padded = _written(tmp_path / "a.distill", text + " " * (LONGEST - len(text)), b"")
    assert read_header(padded).told["format"] == "distill"
    _written(padded, text + " " * (LONGEST - len(text) + 1), b"")
    with pytest.raises(ModelFileError, match="claims"):
        read_header(padded)


def test_many_words_in_a_header_are_read_once(tmp_path: Path) -> None:
    """Forty thousand companions, each of which asks for the table, would take minutes."""
    words = {"format": "distill", "config": "{}"}
    words["companions"] = json.dumps({f"{number:x}": 0 for number in range(40_000)})
    header = read_header(_written(tmp_path / "a.distill", {"__metadata__": words}, b""))
    began = time.process_time()
    assert all(header.companions[name] == 0 for name in header.companions)
    assert time.process_time() - began < 5


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe named like a model would be read for ever."""
    pipe = tmp_path / "pipe.distill"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, tmp_path / "none.distill", Path("/dev/zero")):
        for read in (read_header, read_model_file):
            with pytest.raises(ConfigError, match="no model file"):
                read(path)


def _pickles() -> dict[str, bytes]:
    """Give every kind of pickle that an older Distill or anything of torch's may have written."""
    made: dict[str, bytes] = {}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for kind, value in {
            "bomb": Bomb(), "table": {"config": {"a": 1}}, "nothing": {}, "list": [1, "a"],
            "tuple": (1, 2), "ordered": OrderedDict(a=torch.ones(2)), "tensor": torch.ones(2),
            "number": 119547037146038801333356, "text": "distill", "none": None,
            "words": ("vae", "distill"), "share": 0.25, "state": nn.Linear(2, 2).state_dict(),
        }.items():  # fmt: skip
            made[f"{kind}, protocol {protocol}"] = pickle.dumps(value, protocol)
        old = io.BytesIO()
        torch.save(
            {"a": torch.ones(1)}, old, pickle_protocol=protocol,
            _use_new_zipfile_serialization=False,
        )  # fmt: skip
        made[f"torch before 1.6, protocol {protocol}"] = old.getvalue()
    zipped = io.BytesIO()
    torch.save({"state": {"a": torch.ones(1)}, "bomb": Bomb()}, zipped)
    return made | {"torch": zipped.getvalue()}


@pytest.mark.filterwarnings("ignore:.*pickle.*:UserWarning")
def test_r8_every_pickle_is_refused_unread_with_its_sentence(tmp_path: Path) -> None:
    """Old model files (.distill, .sda) and anything torch.save made could run code."""
    path = tmp_path / "old.sda"
    for kind, content in _pickles().items():
        if kind.startswith(("number", "text", "none")) and len(content) < 8:
            continue  # eight bytes at least, or it is too short to be anything
        path.write_bytes(content)
        for read in (read_header, read_model_file):
            with pytest.raises(ModelFileError) as caught:
                read(path)
            assert REFUSAL in str(caught.value), (kind, content[:40], str(caught.value))


@pytest.mark.parametrize("text", ["Dear reader,\n", "(In short)\n", "Notes.\n", "S is a letter\n"])
def test_other_files_are_not_taken_for_pickles(tmp_path: Path, text: str) -> None:
    """Someone who gave the wrong file need not train again."""
    path = tmp_path / "notes.txt"
    path.write_text(text * 20)
    with pytest.raises(ModelFileError, match=r"not a Distill model: .*Give a \.distill file"):
        read_header(path)


def test_a_cut_file_is_not_taken_for_something_else(tmp_path: Path) -> None:
    """Its owner is told to get it again, wherever it was cut, also where 0x80 0x02 begins it."""
    words = {"format": "distill", "config": "{}", "digest": "0" * 64, "name": ""}
    spare = 0x280 - len(json.dumps({"__metadata__": words}, separators=(",", ":")))
    words["name"] = "x" * spare
    path = _written(tmp_path / "a.distill", {"__metadata__": words}, b"")
    whole = path.read_bytes()
    assert whole.startswith(b"\x80\x02")
    for length in range(30, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match=r"cut or damaged.*Get it again"):
            read_header(path)


def test_json_is_as_deep_as_we_write_and_no_deeper() -> None:
    """What can be read can be shown and written, by writers that go down by calling themselves."""
    assert parse("[" * DEEPEST + "]" * DEEPEST) is not None
    with pytest.raises(ValueError, match="deeply"):
        parse("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2))
    with pytest.raises(ValueError, match="deeply"):
        parse('{"a":' * 500 + "1" + "}" * 500)
    assert parse('"\\ud83d\\ude00"') == "\N{GRINNING FACE}"
