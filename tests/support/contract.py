"""Checks every answer of drsd against api/openapi.yaml."""
import functools
import pathlib
import re

import jsonschema
import yaml

FILE = pathlib.Path(__file__).resolve().parents[2] / "api/openapi.yaml"
METHODS = {"get", "put", "post", "delete"}


@functools.cache
def document():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


@functools.cache
def _patterns():
    """(regex, path template), the most literal first."""
    found = []
    for template in document()["paths"]:
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        found.append((template.count("{"), re.compile(f"^{pattern}$"), template))
    return [(regex, template) for _, regex, template in sorted(found, key=lambda f: f[0])]


def operation(method, path):
    """The operation object for a request path, or None."""
    for regex, template in _patterns():
        if regex.match(path) and method.lower() in document()["paths"][template]:
            return document()["paths"][template][method.lower()]
    return None


def _follow(node):
    while "$ref" in node:
        target = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


@functools.cache
def _resolver():
    return jsonschema.RefResolver("", document())


def check(method, path, status, content_type, body):
    """Raises AssertionError if the contract does not describe this answer."""
    found = operation(method, path)
    if found is None:
        assert status in (404, 405), f"{method} {path} answers {status} but is not in openapi.yaml"
        return
    responses = found["responses"]
    described = responses.get(str(status)) or responses.get(f"{status // 100}XX") or responses.get("default")
    assert described is not None, f"{method} {path}: status {status} is not in openapi.yaml"
    content = _follow(described).get("content")
    if not content:
        return
    kind = (content_type or "").split(";")[0]
    assert kind in content, f"{method} {path} {status}: content type {kind}, the contract has {list(content)}"
    schema = content[kind].get("schema")
    if schema is not None and kind == "application/json":
        validator = jsonschema.Draft202012Validator(schema, resolver=_resolver())
        errors = [f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(body)]
        assert not errors, f"{method} {path} {status} breaks the contract: {errors[:5]}\n{str(body)[:800]}"
