#!/usr/bin/python3
"""Reads and writes Roost's messages with Google's own Protocol Buffers, generated in a temporary folder.

Used by the tests of our codec and by roost_client.py. As a program it answers lines on stdin:
    read TYPE HEX     ->  HEX of Google's encoding | count of unknown fields | text format on one line
    make TYPE SEED    ->  HEX of a message filled at random
"""

import importlib
import pathlib
import random
import subprocess
import sys
import tempfile

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "Sources/RoostProtocol/Schema"


def load():
    """All message classes and enumerations of the schema by name."""
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(SCHEMA.glob("*.proto"))
        subprocess.run(["protoc", f"--proto_path={SCHEMA}", f"--python_out={folder}", *map(str, files)], check=True)
        sys.path.insert(0, folder)
        modules = [importlib.import_module(file.stem + "_pb2") for file in files]
        sys.path.remove(folder)
    types = {}
    for module in modules:
        for name in [*module.DESCRIPTOR.message_types_by_name, *module.DESCRIPTOR.enum_types_by_name]:
            types[name] = getattr(module, name)
    return types


def fill(message, source, depth=3):
    for field in message.DESCRIPTOR.fields:
        repeated = field.label == field.LABEL_REPEATED
        for _ in range(source.randrange(4) if repeated else source.randrange(2)):
            if field.type == field.TYPE_MESSAGE:
                if depth > 0:
                    place = getattr(message, field.name)
                    inner = place.add() if repeated else place
                    inner.SetInParent()
                    fill(inner, source, depth - 1)
            elif repeated:
                getattr(message, field.name).append(scalar(field, source))
            else:
                setattr(message, field.name, scalar(field, source))


def scalar(field, source):
    bits = source.choice([1, 7, 8, 14, 31])
    whole = source.getrandbits(bits)
    kinds = {
        field.CPPTYPE_BOOL: lambda: source.random() < 0.5,
        field.CPPTYPE_DOUBLE: lambda: source.choice([0.0, 1.5, -2.25e9, float("inf"), source.random()]),
        field.CPPTYPE_ENUM: lambda: source.choice([0, 1, 2, 1000]),
        field.CPPTYPE_INT32: lambda: source.choice([whole, -whole]),
        field.CPPTYPE_INT64: lambda: source.choice([whole, -whole, 2**63 - 1, -2**63]),
        field.CPPTYPE_UINT32: lambda: source.choice([whole, 2**32 - 1]),
        field.CPPTYPE_UINT64: lambda: source.choice([whole, 2**64 - 1]),
    }
    if field.type == field.TYPE_BYTES:
        return source.randbytes(source.choice([0, 1, 127, 128, 20000]))
    if field.type == field.TYPE_STRING:
        return source.choice(["", "proxy", "é😀", "x" * 127, "y" * 128, "z" * 20000])
    return kinds[field.cpp_type]()


def main():
    from google.protobuf import text_format

    types = load()
    for line in sys.stdin:
        verb, name, argument = (line.split() + [""])[:3]
        message = types[name]()
        if verb == "make":
            fill(message, random.Random(int(argument)))
            print(message.SerializeToString(deterministic=True).hex())
        else:
            message.ParseFromString(bytes.fromhex(argument))
            text = text_format.MessageToString(message, as_one_line=True, as_utf8=True)
            print(message.SerializeToString(deterministic=True).hex(), len(message.UnknownFields()), text, sep="|")


if __name__ == "__main__":
    main()
