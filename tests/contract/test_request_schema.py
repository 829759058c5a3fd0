"""api/openapi.yaml against the rules of the program: the same fields, types, limits and verdicts, in both directions."""
import copy
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DESCRIBE = os.environ.get("OPENDRS_DESCRIBE", str(ROOT / f"build/{os.environ.get('OPENDRS_PRESET', 'dev')}/bin/describe_request"))
DOCUMENT = yaml.safe_load((ROOT / "api/openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
PREFIX = "#/components/schemas/"


@pytest.fixture(scope="module")
def rules():
    """{object: {field: row}} as the program has them."""
    found = {}
    for row in json.loads(subprocess.run([DESCRIBE], capture_output=True, check=True, text=True).stdout):
        found.setdefault(row["object"], {})[row["field"]] = row
    return found


def verdicts(bodies):
    """The problems that the program finds in each body."""
    lines = "".join(json.dumps(body) + "\n" for body in bodies)
    out = subprocess.run([DESCRIBE, "--check"], input=lines, capture_output=True, check=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def reference(name):
    return {"$ref": PREFIX + name}


def element(row, suffix=""):
    """The schema of what an array or map holds."""
    return {"type": "string", "maxLength": 512} if row["of"] == "text" else reference(row["of"] + suffix)


def expected(row, suffix=""):
    """The schema that a row of the rules asks for, without words."""
    kind, schema = row["type"], {}
    if kind == "object":
        return reference(row["of"] + suffix)
    if kind == "array":
        schema = {"type": "array", "items": element(row, suffix), "maxItems": row["max"]}
        return {**schema, "minItems": row["min"]} if row["min"] else schema
    if kind == "map":
        return {"type": "object", "additionalProperties": element(row, suffix), "propertyNames": {"minLength": 1, "maxLength": 256}, "maxProperties": row["max"]}
    if kind == "boolean":
        schema = {"type": "boolean"}
    elif kind == "integer":
        schema = {"type": "integer", "enum": row["enum"]} if "enum" in row else {"type": "integer", "minimum": row["min"], "maximum": row["max"]}
    else:
        schema = {"type": "string"}
        if "enum" in row:
            schema["enum"] = row["enum"]
        if "number" not in row and "enum" not in row:
            schema["maxLength"] = row["max"]
            if row["min"]:
                schema["minLength"] = row["min"]
        if "pattern" in row:
            schema["pattern"] = row["pattern"]
        if row.get("accepts_number"):
            schema = {"oneOf": [schema, {"type": "integer", "minimum": row["number"][0], "maximum": row["number"][1]}]}
    if "default" in row:
        schema["default"] = row["default"] if kind == "text" else json.loads(row["default"])
    if row["secret"]:
        schema["writeOnly"] = True
    return schema


def without_words(schema):
    return {k: v for k, v in schema.items() if k not in ("description", "examples")}


def test_the_document_is_sound():
    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node:
                target = DOCUMENT
                for part in node["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")
    for name, schema in SCHEMAS.items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            pytest.fail(f"{name}: {error.message}")


def test_every_rule_of_the_program_is_in_the_contract(rules):
    for name, fields in rules.items():
        schema = SCHEMAS[name]
        assert schema["type"] == "object"
        for field, row in fields.items():
            assert without_words(schema["properties"][field]) == expected(row), f"{name}.{field}"
        assert schema.get("required", []) == [f for f, row in fields.items() if row["mandatory"]], name


def test_the_contract_has_no_field_that_the_program_does_not_know(rules):
    seen, open_ends = set(), ["Job"]
    while open_ends:
        name = open_ends.pop()
        if name in seen:
            continue
        seen.add(name)
        assert list(SCHEMAS[name]["properties"]) == list(rules[name]), name
        for schema in SCHEMAS[name]["properties"].values():
            text = json.dumps(schema)
            open_ends += [part.split('"')[0] for part in text.split(PREFIX)[1:]]
    assert seen == set(rules), "an object of the rules cannot be reached from the request"


def test_answers_differ_from_requests_by_secrets_and_numbers_only(rules):
    twins = [name for name in SCHEMAS if name.endswith("Answer") and name.removesuffix("Answer") in rules]
    assert {"BaseInfoAnswer", "EndpointAnswer", "EndpointInfoAnswer", "SslAnswer", "UserMigrationAnswer", "MigratedUserAnswer"} <= set(twins)
    for twin in twins:
        fields = rules[twin.removesuffix("Answer")]
        properties = SCHEMAS[twin]["properties"]
        assert set(properties) == set(fields), twin
        assert SCHEMAS[twin].get("required", []) == [f for f, row in fields.items() if row["mandatory"] and not row["secret"]], twin
        for field, row in fields.items():
            suffix = "Answer" if f"{row.get('of')}Answer" in SCHEMAS else ""
            wanted = False if row["secret"] else expected({**row, "accepts_number": False}, suffix)
            assert (wanted is properties[field]) if wanted is False else without_words(properties[field]) == wanted, f"{twin}.{field}"


def test_updates_have_the_fields_of_requests(rules):
    params = SCHEMAS["UpdateParams"]["properties"]
    assert set(params) == (set(rules["Job"]) | {"job_id"}) - {"public_ip_list"}
    assert set(params["base_info"]["properties"]) == set(rules["BaseInfo"]) and "required" not in params["base_info"]
    assert set(params["tuning_params"]["properties"]) == set(rules["TuningParams"])
    for name, twin in (("EndpointInfo", "EndpointInfoUpdate"), ("Endpoint", "EndpointUpdate")):
        assert set(SCHEMAS[twin]["properties"]) == set(rules[name]), twin
        assert SCHEMAS[twin]["required"] == [f for f, row in rules[name].items() if row["mandatory"] and not row["secret"]], twin


# --- the same verdict on the same bodies ---------------------------------------------------------------------------------
# Rules of single fields that a schema cannot say in short: letters of any script, Base64, lists of addresses.
FINER = {"key", "value", "ip", "custom_node_ip", "ssl_cert_key", "support_ddl_info", "sync_type_policy", "dml_types"}
VALUES = [None, True, False, 0, 1, -1, 17, 3601, 10**20, 1.5, "", " ", "a", "abcd", "x" * 37, "x" * 51, "ä" * 43, "y" * 257, "z" * 5000, "0", "1", "13", "14", "100", "101", "65535", "65536", "9999",
          "10000", "00:00", "24:00", "23:59", "1684466549755", "sync", "mysql", "true", "null", "a<b", "a,b", "i,u", "tableData,tableData", [], [1], [None], [{}], ["x" * 513], {}, {"a": 1}, {"a": {}}, {"": {}}]


@pytest.fixture(scope="module")
def full_body():
    return json.loads((ROOT / "tests/unit/model/data/full.json").read_text(encoding="utf-8"))


def paths_of(node, path=()):
    """Every place in a body, but not inside of text."""
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from paths_of(child, (*path, key))


def replaced(body, path, value):
    body = copy.deepcopy(body)
    node_at(body, path[:-1])[path[-1]] = value
    return body


def removed(body, path):
    body = copy.deepcopy(body)
    del node_at(body, path[:-1])[path[-1]]
    return body


def validator_of(schema):
    return jsonschema.Draft202012Validator(schema, resolver=jsonschema.RefResolver("", DOCUMENT))


def schema_at(path):
    """The schema of a place in a batch-create body."""
    schema = reference("BatchCreateRequest")
    for key in path:
        while "$ref" in schema:
            schema = SCHEMAS[schema["$ref"].removeprefix(PREFIX)]
        schema = schema["items"] if isinstance(key, int) else schema.get("properties", {}).get(key) or schema["additionalProperties"]
    return schema


def node_at(body, path):
    for key in path:
        body = body[key]
    return body


def contract_errors(body, path):
    """What the contract has against a body in which only `path` may be unsound: the object or array around it is looked at."""
    return list(validator_of(schema_at(path[:-1])).iter_errors(node_at(body, path[:-1])))


def is_own_rule(problem, path):
    """A verdict on the field itself, not on how it goes with others (those name the other in parentheses)."""
    return problem["path"] == path and problem["error_code"] in ("DRS.M00007", "DRS.M00202", "DRS.M00270", "DRS.M00271", "DRS.M00273") and "(" not in problem["allowed"]


def json_path(path):
    out = ""
    for key in path:
        plain = isinstance(key, str) and key.replace("_", "").isalnum()
        out += f"[{key}]" if isinstance(key, int) else f".{key}" if plain else "[" + json.dumps(key, ensure_ascii=False) + "]"
    return out.removeprefix(".")


def test_changed_bodies_get_the_same_verdict_from_the_contract_and_the_program(full_body):
    assert list(validator_of(reference("BatchCreateRequest")).iter_errors(full_body)) == []
    (baseline,) = verdicts([full_body])
    cases = []
    for path in list(paths_of(full_body))[1:]:
        cases += [(path, value, replaced(full_body, path, value)) for value in VALUES]
        if isinstance(path[-1], str):
            cases.append((path, "removed", removed(full_body, path)))
    checked = 0
    for (path, value, body), problems in zip(cases, verdicts([body for *_, body in cases]), strict=True):
        where = json_path(path)
        new = [p for p in problems if p not in baseline]
        below = [p for p in new if p["path"].startswith(where)]
        # null counts as absent, which the contract says in words; in a list it is an element of the wrong type.
        absent = value is None and not isinstance(path[-1], int)
        errors = contract_errors(removed(full_body, path) if absent else body, path)
        if errors:
            assert new, f"{where} = {value!r}: the contract refuses it ({errors[0].message[:200]}), the program does not"
            checked += 1
        own = [p for p in below if is_own_rule(p, where)]
        if own and path[-1] not in FINER:
            assert errors, f"{where} = {value!r}: the program refuses it ({own[0]}), the contract does not"
    assert checked > 1000


@pytest.mark.parametrize("file", ["tests/support/data/api_page_example_1.json", "tests/support/data/api_page_example_2.json", "tests/unit/model/data/minimal.json"])
def test_sound_bodies_are_sound_to_both(file):
    body = json.loads((ROOT / file).read_text(encoding="utf-8"))
    assert list(validator_of(reference("BatchCreateRequest")).iter_errors(body)) == []
    assert verdicts([body]) == [[]]
