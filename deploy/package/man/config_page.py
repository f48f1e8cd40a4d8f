#!/usr/bin/python3
"""Writes frontrunner.yaml(5) from the comments of the configuration's schema,
so that the page says what the server checks."""

import argparse
import pathlib
import re
import subprocess
import tempfile

from google.protobuf import descriptor_pb2

SCHEMA = "frontrunner/config/v1/config.proto"
PACKAGE = ".frontrunner.config.v1."
DURATION = ".google.protobuf.Duration"
Field = descriptor_pb2.FieldDescriptorProto

HEAD = r""".TH FRONTRUNNER.YAML 5 "" "frontrunner @VERSION@" "File formats"
.SH NAME
frontrunner.yaml \- the configuration of frontrunnerd
.SH SYNOPSIS
.I /etc/frontrunner/frontrunner.yaml
.SH DESCRIPTION
A YAML file with the fields below. A field that is not here, and a value out of
range, is a mistake. All mistakes are told at once, each with its place, what
was found and what is allowed:
.PP
.RS
.B frontrunnerd \-\-config /etc/frontrunner/frontrunner.yaml \-\-check
.RE
.PP
A
.I duration
is written 250ms, 2s or 1h30m (units h, m, s, ms, us, ns). A
.I size
is bytes, written 100, 4KiB, 64MiB or 1GB. A
.I ratio
is written 10%. An
.I address
is host:port, [IPv6]:port or unix:/path. A
.I name
has letters, digits, '_', '.' and '\-'. Lists and mappings are YAML's.
"""

TAIL = r""".SH EXAMPLES
.EX
listen: ["127.0.0.1:7979"]
sources:
  near:  { memory: { capacity: 256MiB } }
  redis: { redis: { address: "127.0.0.1:6379" }, timeout: 50ms }
  names: { grpc: { target: "dns:///names:50051" }, timeout: 200ms }
tables:
  unicode:
    race:
      \- near
      \- redis
      \- { source: names, start_after: 2ms }
    deadline: 500ms
    write_back: { ttl: 10m, jitter: 10% }
.EE
.SH SEE ALSO
.BR frontrunnerd (8),
.BR frontrunner (1)
"""


def read_schema(proto_path):
    """The file's descriptor, with its comments."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "schema"
        subprocess.run(
            ["protoc", f"-I{proto_path}", "--include_source_info",
             f"--descriptor_set_out={output}", SCHEMA], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(
            output.read_bytes())
    return files.file[0]


class Schema:
    """Messages, enums and comments by name."""

    def __init__(self, file):
        comments = {tuple(place.path): place.leading_comments
                    for place in file.source_code_info.location}
        self.messages, self.enums, self._comments = {}, {}, {}
        for i, message in enumerate(file.message_type):
            self.messages[PACKAGE + message.name] = message
            self._comments[message.name] = comments.get((4, i), "")
            for j, field in enumerate(message.field):
                self._comments[message.name, field.name] = comments.get(
                    (4, i, 2, j), "")
        for enum in file.enum_type:
            self.enums[PACKAGE + enum.name] = [
                value.name for value in enum.value if value.number != 0]

    def comment(self, *name):
        return self._comments[name[0] if len(name) == 1 else name]

    def map_entry(self, message, field):
        """The entry type of a map, or None."""
        for nested in message.nested_type:
            if (nested.options.map_entry and
                    field.type_name.endswith("." + nested.name)):
                return nested
        return None

    def is_scalar(self, name):
        """Whether a message is written as one word: a oneof of alternatives
        that are none of the schema's own messages."""
        message = self.messages.get(name)
        return message is not None and len(message.oneof_decl) == 1 and all(
            field.HasField("oneof_index") and
            field.type_name not in self.messages for field in message.field)


def roff(text):
    """Comment text as roff: paragraphs, literals in bold."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fP", text)
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return "\n.IP\n".join(
        # A dot or quote at the beginning would be a request.
        r"\&" + part if part[:1] in (".", "'") else part
        for part in paragraphs if part)


class Page:
    def __init__(self, schema):
        self.schema = schema
        self.lines = []

    def section(self, title, type_name, path):
        """The fields of a message, then a section for each message in it."""
        message = self.schema.messages[type_name]
        self.lines += [f".SH {title}"]
        about = self.schema.comment(message.name)
        # Of the file itself the description has told already.
        if about.strip() and path:
            self.lines += [roff(about)]
        inner = []
        for field in message.field:
            self.field(message, field, path, inner)
        for place, inner_type in inner:
            self.section(roff(place), inner_type, place)

    def field(self, message, field, path, inner):
        entry = self.schema.map_entry(message, field)
        value = entry.field[1] if entry else field
        place = f"{path}.{field.name}" if path else field.name
        comment = self.schema.comment(message.name, field.name)
        shape = self.shape(field, value, entry, comment)
        self.lines += [".TP", rf"\fB{roff(field.name)}\fP {shape}",
                       roff(comment) or "See below."]
        if value.type_name in self.schema.enums:
            names = self.schema.enums[value.type_name]
            if not all(name in comment for name in names):
                self.lines += [".IP", f"One of {', '.join(names)}."]
        elif self.schema.is_scalar(value.type_name):
            self.alternatives(value.type_name)
        elif value.type_name in self.schema.messages:
            if entry:
                place += ".NAME"
            elif field.label == Field.LABEL_REPEATED:
                place += "[]"
            inner.append((place, value.type_name))

    def alternatives(self, type_name):
        """The words that a scalar message may be."""
        message = self.schema.messages[type_name]
        for field in message.field:
            what = ("A duration" if field.type_name == DURATION
                    else rf"\fB{field.name}\fP")
            told = roff(self.schema.comment(message.name, field.name))
            self.lines += [".IP", f"{what}: {told[:1].lower()}{told[1:]}"]

    def shape(self, field, value, entry, comment):
        """What is to be written there, in a word. Units are in the options,
        which are extensions; the comments begin with them too."""
        if value.type_name == DURATION:
            word = "duration"
        elif value.type_name in self.schema.messages:
            word = ("word" if self.schema.is_scalar(value.type_name)
                    else "mapping")
        elif value.type == Field.TYPE_BOOL:
            word = "true or false"
        elif value.type in (Field.TYPE_STRING, Field.TYPE_ENUM):
            word = "text" if value.type == Field.TYPE_STRING else "name"
        elif comment.lstrip().startswith("Bytes"):
            word = "size"
        else:
            word = "ratio" if "%" in comment else "number"
        if entry:
            key = "name" if entry.field[0].type == Field.TYPE_STRING else "key"
            return rf"(\fI{key}\fP: {word}, ...)"
        if field.label == Field.LABEL_REPEATED:
            return f"[{word}, ...]"
        return f"({word})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proto-path", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    page = Page(Schema(read_schema(arguments.proto_path)))
    page.section("TOP LEVEL", PACKAGE + "Config", "")
    arguments.output.write_text(
        HEAD.replace("@VERSION@", arguments.version) +
        "\n".join(page.lines) + "\n" + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
