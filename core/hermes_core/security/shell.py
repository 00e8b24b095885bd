"""Reads a shell command line into the simple commands it would run.

`read_script` walks everything: pipelines, lists, subshells, compound bodies,
substitutions, heredocs, function and alias bodies, and the commands inside wrappers
(`sudo`, `env`, `xargs`, `find -exec`, `sh -c`). Nothing is run or looked up; variables
and the working folder are followed as far as the text tells. No type of the parsing
library leaves this module.

Source: terminal-security, "Decision pipeline", Detection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import tree_sitter_bash
from msgspec.structs import replace
from tree_sitter import Language, Node, Parser

from hermes_core.security import wrappers
from hermes_core.security.command_line import Command, Redirect, Script, resolve
from hermes_core.security.words import Hole, Variables, Word, read_words

_BASH = Language(tree_sitter_bash.language())
_MAX_BYTES = 100_000
_MAX_NODES = 2_500
"""What a walk visits within 50 ms on a slow machine."""
_MAX_DEPTH = 120
_MAX_UPSTREAM = 32
_HOLES = frozenset({"command_substitution", "process_substitution"})
_WORD_TYPES = frozenset(
    {
        "command_name", "word", "string", "raw_string", "ansi_c_string", "concatenation", "number",
        "simple_expansion", "expansion",
    }
)  # fmt: skip
_ALIAS = re.compile(r"([^=]+)=(.*)", re.DOTALL)


class _TooMuch(Exception):
    """The text is larger or deeper than the budget."""


def read_script(
    text: str, *, cwd: Path | str, home: Path | str, env: Mapping[str, str] | None = None
) -> Script:
    """Read a command line.

    Args:
        text: The command, already cleaned of control characters.
        cwd: Absolute folder it would run in.
        home: The user's home.
        env: Values of variables that are known, beside HOME and PWD.
    """
    script = Script()
    known = {**(env or {}), "HOME": str(home), "PWD": str(cwd), "IFS": " "}
    walker = _Walker(script, Variables(known), str(cwd), str(home))
    try:
        walker.read(text)
    except _TooMuch as error:
        script.unparseable = str(error)
    return script


class _Walker:
    def __init__(self, script: Script, variables: Variables, cwd: str, home: str) -> None:
        self.script = script
        self.variables = variables
        self.cwd: str | None = cwd
        self.home = home
        self.visited = 0
        self.depth = 0
        self.source = b""

    # --- entering text ---------------------------------------------------------------

    def read(self, text: str) -> list[Command]:
        data = text.encode("utf-8", "replace")
        if len(data) > _MAX_BYTES:
            raise _TooMuch("it is longer than 100 kB")
        self._deeper()
        outer, self.source = self.source, data
        root = Parser(_BASH).parse(data).root_node
        if root.has_error:
            self.script.unparseable = self.script.unparseable or "the shell would not read it"
        try:
            return self._block(root, ())
        finally:
            self.source = outer
            self.depth -= 1

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _TooMuch("it is nested too deeply")

    def _text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    # --- statements ------------------------------------------------------------------

    def _visit(self, node: Node, upstream: tuple[Command, ...]) -> list[Command]:
        self.visited += 1
        if self.visited > _MAX_NODES:
            raise _TooMuch("it has too many parts")
        self._deeper()
        try:
            return self._statement(node, upstream)
        finally:
            self.depth -= 1

    def _statement(self, node: Node, upstream: tuple[Command, ...]) -> list[Command]:
        match node.type:
            case "command":
                return self._command(node, (), upstream)
            case "redirected_statement":
                return self._redirected(node, upstream)
            case "pipeline":
                return self._pipeline(node, upstream)
            case "subshell" | "command_substitution" | "process_substitution":
                return self._scope(node, upstream)
            case "function_definition":
                return self._function(node)
            case "variable_assignment":
                return self._assignment(node)
            case "for_statement":
                name = node.child_by_field_name("variable")
                values = [w for v in node.children_by_field_name("value") for w in self._words(v)]
                known = values[0].text if len(values) == 1 and values[0].literal else None
                if name is not None:
                    self.variables.assign(self._text(name), known)
                return self._block(node, upstream)
            case "ERROR":
                loose = any(child.type in _WORD_TYPES for child in node.children)
                found = self._command(node, (), upstream) if loose else []
                return found + self._block(node, upstream)
            case "comment" | "word" | "heredoc_start" | "heredoc_end" | "heredoc_content":
                return []
            case _:
                return self._block(node, upstream)

    def _block(self, node: Node, upstream: tuple[Command, ...]) -> list[Command]:
        found: list[Command] = []
        children = node.children
        for index, child in enumerate(children):
            if not child.is_named:
                continue
            made = self._visit(child, upstream)
            if index + 1 < len(children) and children[index + 1].type == "&":
                made = self._mark_background(made)
            found += made
        return found

    def _mark_background(self, commands: list[Command]) -> list[Command]:
        marked = [replace(command, background=True) for command in commands]
        for old, new in zip(commands, marked, strict=True):
            at = len(self.script.commands) - 1  # they are near the end
            while self.script.commands[at] is not old:
                at -= 1
            self.script.commands[at] = new
        return marked

    def _scope(self, node: Node, upstream: tuple[Command, ...]) -> list[Command]:
        before = self.cwd
        try:
            return self._block(node, upstream)
        finally:
            self.cwd = before

    def _pipeline(self, node: Node, upstream: tuple[Command, ...]) -> list[Command]:
        found: list[Command] = []
        for child in node.children:
            if child.is_named:
                found += self._visit(child, (*upstream, *found[-_MAX_UPSTREAM:])[-_MAX_UPSTREAM:])
        return found

    def _function(self, node: Node) -> list[Command]:
        name = self._text(node.children[0])
        if name == "function" and len(node.children) > 1:
            name = self._text(node.children[1])
        body = self._block(node, ())
        own = [command for command in body if command.name == name.lower()]
        if any(c.upstream or c.background for c in own) and len(own) >= 2:
            self.script.fork_bombs.append(self._text(node))
        return body

    def _assignment(self, node: Node) -> list[Command]:
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        found = [c for part in (name, value) if part is not None for c in self._inside(part)]
        if name is not None:
            words = self._words(value) if value is not None and value.type != "array" else []
            known = len(words) == 1 and words[0].literal
            text = words[0].text if known else ("" if value is None else None)
            self.variables.assign(self._text(name), text)
        return found

    def _redirected(self, node: Node, upstream: tuple[Command, ...]) -> list[Command]:
        body = node.child_by_field_name("body")
        redirects = [child for child in node.children if child.type.endswith("_redirect")]
        if body is None or body.type == "command":
            return self._command(body, redirects, upstream)
        found = self._visit(body, upstream)
        own, after = self._redirects(redirects, tuple(found))
        extra = self._add(Command((), self._text(node), own, upstream, cwd=self.cwd)) if own else []
        return found + extra + after

    # --- simple commands -------------------------------------------------------------

    def _command(
        self, node: Node | None, redirects: Iterable[Node], upstream: tuple[Command, ...]
    ) -> list[Command]:
        parts: list[Node] = []
        redirect_nodes = list(redirects)
        assignments: list[str] = []
        inner: list[Command] = []
        broken = node is not None and node.type == "ERROR"
        for child in node.children if node is not None else ():
            if child.type.endswith("_redirect"):
                redirect_nodes.append(child)
            elif child.type == "variable_assignment":
                assignments.append(self._text(child))
                inner += self._assignment(child)
            elif child.type in _WORD_TYPES or (
                not broken and child.type not in ("comment", "(", ")")
            ):
                parts.append(child)
        # The grammar reads words after a redirect's target as further targets.
        for redirect in redirect_nodes:
            if redirect.type == "file_redirect":
                parts += redirect.children_by_field_name("destination")[1:]
        groups: list[list[Word]] = [[]]
        for before, part in zip([None, *parts], parts, strict=False):
            self.visited += 1
            inner += self._inside(part)
            words = self._words(part)
            if before is not None and words and self._starts_line(before, part):
                groups.append([])
                words[0] = replace(words[0], text=words[0].text.lstrip("\n"))
            groups[-1] += words
        span = [*([node] if node is not None else []), *redirect_nodes]
        start, end = min(n.start_byte for n in span), max(n.end_byte for n in span)
        fragment = self.source[start:end].decode("utf-8", "replace")
        own, after = self._redirects(redirect_nodes, upstream)
        command = Command(
            words=tuple(groups[0]),
            fragment=fragment,
            redirects=own,
            upstream=upstream,
            assignments=tuple(assignments),
            cwd=self.cwd,
            substitutions=tuple(inner),
        )
        found = self._add(command)
        for group in groups[1:]:
            found += self._add(Command(tuple(group), fragment, cwd=self.cwd))
        if after and found:
            after = [replace(c, upstream=(*c.upstream, *found)) for c in after]
            self.script.commands[-len(after) :] = after
            if command.stdin_text and after[0].name in wrappers.SHELLS:
                after += self.read(command.stdin_text)
        return found + after

    def _starts_line(self, before: Node, part: Node) -> bool:
        """Whether the grammar overlooked a line end between two words.

        It does where the next line begins with a backslash.
        """
        gap = self.source[before.end_byte : part.start_byte]
        return self.source[part.start_byte : part.start_byte + 1] == b"\n" or (
            b"\n" in gap and b"<<" not in gap and not gap.rstrip(b" \t").endswith(b"\\\n")
        )

    def _redirects(
        self, nodes: Iterable[Node], upstream: tuple[Command, ...]
    ) -> tuple[tuple[Redirect, ...], list[Command]]:
        """Return the redirects, and the commands the grammar hides behind a heredoc."""
        made: list[Redirect] = []
        after: list[Node] = []
        for node in nodes:
            self._inside(node)
            operator = next((self._text(c) for c in node.children if not c.is_named), "<<")
            if node.type == "heredoc_redirect":
                body = next((c for c in node.children if c.type == "heredoc_body"), None)
                text = self._text(body) if body is not None else ""
                made.append(Redirect("<<", Word("", self._text(node)[:40]), text))
                after += [
                    c for c in node.children if c.is_named and not c.type.startswith("heredoc")
                    and c.type not in ("file_descriptor", "word", "file_redirect")
                ]  # fmt: skip
                made += [
                    r for c in node.children if c.type == "file_redirect"
                    for r in self._redirects([c], ())[0]
                ]  # fmt: skip
                continue
            target = node.children[-1]
            if node.type == "file_redirect":
                target = node.child_by_field_name("destination") or target
            words = self._words(target)
            word = words[0] if words else Word("", self._text(target), literal=False)
            made.append(Redirect(operator, word, word.text if operator == "<<<" else ""))
        commands = [command for node in after for command in self._visit(node, upstream)]
        return tuple(made), commands

    def _words(self, node: Node) -> list[Word]:
        source = self._text(node)
        holes = tuple(
            Hole(
                len(self.source[node.start_byte : hole.start_byte].decode("utf-8", "replace")),
                len(self.source[node.start_byte : hole.end_byte].decode("utf-8", "replace")),
            )
            for hole in _holes(node)
        )
        return read_words(source, holes, self.variables)

    def _inside(self, node: Node) -> list[Command]:
        """Walk the substitutions inside a word."""
        found: list[Command] = []
        for hole in _holes(node):
            found += self._visit(hole, ())
        return found

    def _add(self, command: Command) -> list[Command]:
        """Take wrappers off, note the command, and read what it would run in turn."""
        self._deeper()
        self.visited += len(command.words)
        if self.visited > _MAX_NODES:
            raise _TooMuch("it has too many parts")
        self.script.commands.append(command)
        found = [command]
        for inner in wrappers.unwrapped(command.words):
            found += self._add(
                replace(
                    command,
                    words=inner.words,
                    wrapped_by=(*command.wrapped_by, inner.wrapper),
                    wrapper_words=(*command.wrapper_words, *inner.taken),
                )
            )
        if command.name in ("cd", "pushd"):
            self._change_folder(command)
        elif command.name in ("read", "mapfile", "readarray", "getopts"):
            for word in command.args:
                self.variables.assign(word.text, None)
        for text in self._nested_texts(command):
            found += self.read(text)
        self.depth -= 1
        return found

    def _nested_texts(self, command: Command) -> Iterator[str]:
        if command.name == "alias":
            for word in command.args:
                match = _ALIAS.match(word.text)
                if match:
                    yield match[2]
        yield from wrappers.script_texts(command.name, command.args)
        files = [word.text for word in command.args if not word.text.startswith("-")]
        if (command.name in wrappers.SHELLS and not files) or (
            command.name in ("source", ".") and files[:1] == ["/dev/stdin"]
        ):
            if command.stdin_text:
                yield command.stdin_text
            for source in command.upstream[-1:]:
                if source.name in ("echo", "printf") and all(w.literal for w in source.args):
                    text = "\n".join(t for t in source.texts if not t.startswith("-"))
                    yield text.replace("\\n", "\n")

    def _change_folder(self, command: Command) -> None:
        targets = [word for word in command.args if not re.fullmatch(r"-[LPe@]+|--", word.text)]
        if not targets:
            self.cwd = self.home
        elif not targets[0].literal or targets[0].text == "-" or targets[0].assigned:
            self.cwd = None
        else:
            self.cwd = resolve(targets[0], cwd=self.cwd, home=self.home)


def _holes(node: Node) -> list[Node]:
    """Return the outermost substitutions inside a node."""
    if node.type in _HOLES:
        return [node]
    found: list[Node] = []
    pending = [node]
    while pending:
        current = pending.pop()
        for child in current.children:
            if child.type in _HOLES:
                found.append(child)
            elif child.child_count:
                pending.append(child)
    return sorted(found, key=lambda hole: hole.start_byte)
