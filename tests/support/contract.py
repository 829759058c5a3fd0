"""Checks every answer of drsd against api/openapi.yaml."""
import copy
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


def _close(schema):
    """No members but those that the schema names. Conditions (if, allOf, …) only add to it and stay open."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        for child in [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]:
            _close(child)


@functools.cache
def closed_document():
    """The document as answers are held against it: requests may have members that it does not name, answers may not."""
    closed = copy.deepcopy(document())
    for schema in closed["components"]["schemas"].values():
        _close(schema)
    return closed


def schema_of(operation_object, status, kind="application/json"):
    """The schema of an answer (a reference where it has a name), or None if it has no body."""
    responses = operation_object["responses"]
    described = responses.get(str(status)) or (responses.get("default") if status >= 400 else None)
    assert described is not None, f"{operation_object.get('operationId')}: status {status} is not in openapi.yaml"
    content = resolved(described).get("content")
    if not content:
        return None
    assert kind in content, f"{operation_object.get('operationId')} {status}: content type {kind}, the contract has {list(content)}"
    return content[kind]["schema"]


def problems_of(schema, body):
    """What the contract has against a body."""
    return [f"{e.json_path}: {e.message[:300]}" for e in jsonschema.Draft202012Validator(schema, resolver=_resolver()).iter_errors(body)]


def request_problems_of(operation_object, body):
    """What the contract has against a request's body."""
    schema = operation_object["requestBody"]["content"]["application/json"]["schema"]
    return [f"{e.json_path}: {e.message[:300]}" for e in jsonschema.Draft202012Validator(schema, resolver=jsonschema.RefResolver("", document())).iter_errors(body)]


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
        if regex.match(path.rstrip("/")) and method.lower() in document()["paths"][template]:
            return document()["paths"][template][method.lower()]
    return None


def resolved(node):
    while "$ref" in node:
        target = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


@functools.cache
def _resolver():
    return jsonschema.RefResolver("", closed_document())


def check(method, path, status, content_type, body):
    """Raises AssertionError if the contract does not describe this answer."""
    found = operation(method, path)
    if found is None:
        assert status in (404, 405), f"{method} {path} answers {status} but is not in openapi.yaml"
        return
    kind = (content_type or "").split(";")[0]
    schema = schema_of(found, status, kind)
    if schema is None:
        assert not body, f"{method} {path} {status}: the contract has no body here, the answer is {str(body)[:300]}"
        return
    errors = problems_of(schema, body)
    assert not errors, f"{method} {path} {status} breaks the contract: {errors[:5]}\n{str(body)[:800]}"
