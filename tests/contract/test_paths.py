"""api/openapi.yaml against the program's source: the same paths, query parameters and error codes, in both directions."""
import json
import pathlib
import re

from support.contract import METHODS, document, resolved

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = [*sorted((ROOT / "src/api").glob("*.cpp")), ROOT / "apps/drsd/node_routes.cpp"]
STATUSES = ROOT / "src/base/catalogue.def"


def source_text():
    return "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)


def operations():
    """(METHOD, path, operation with the parameters of its path)."""
    for path, item in document()["paths"].items():
        for method in METHODS & set(item):
            yield method.upper(), path, {**item[method], "parameters": [resolved(p) for p in item.get("parameters", []) + item[method].get("parameters", [])]}


def test_every_route_is_in_the_contract_and_the_reverse():
    routes = re.findall(r'"(GET|POST|PUT|DELETE|PATCH)",\s*"(/[^"]*)"', source_text())
    assert len(routes) == len(set(routes)) > 30
    assert set(routes) == {(method, path) for method, path, _ in operations()}


def test_no_other_file_adds_routes():
    adding = {path.relative_to(ROOT) for folder in ("src", "apps") for path in (ROOT / folder).rglob("*.cpp")
              if re.search(r"\brouter\.add\(", path.read_text(encoding="utf-8"))}
    assert adding == {path.relative_to(ROOT) for path in SOURCES if re.search(r"\brouter\.add\(", path.read_text(encoding="utf-8"))}


def test_every_query_parameter_is_in_the_contract_and_the_reverse():
    text = source_text()
    read = set(re.findall(r'\b(?:queryText|requiredQuery|queryChoice|requiredQueryChoice|queryFlag|queryList|queryTime|number)\(\s*(?:call\.)?request,\s*"(\w+)"', text))
    read |= set(re.findall(r'queryValue\("(\w+)"\)', text)) | set(re.findall(r'\bkeep\("(\w+)"', text)) | {"sort_dir"}
    written = {p["name"] for _, _, operation in operations() for p in operation["parameters"] if p["in"] == "query"}
    assert read == written


def test_path_parameters_are_described():
    for method, path, operation in operations():
        named = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
        assert sorted(named) == sorted(re.findall(r"\{(\w+)\}", path)), f"{method} {path}"
        assert all(p["required"] for p in operation["parameters"] if p["in"] == "path")


def test_operations_have_distinct_names_and_say_what_they_do():
    names = [operation["operationId"] for *_, operation in operations()]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for *_, operation in operations())


def test_calls_without_credentials_are_these():
    free = {(method, path) for method, path, operation in operations() if operation.get("security") == []}
    assert free == {("POST", "/v3/auth/tokens"), *(("GET", path) for path in ("/healthz", "/readyz", "/metrics", "/openapi.yaml"))}


def test_every_answer_has_a_request_id():
    for method, path, operation in operations():
        for status, response in operation["responses"].items():
            assert "X-Request-Id" in resolved(response).get("headers", {}), f"{method} {path} {status}"
        assert "default" in operation["responses"], f"{method} {path}"


def test_error_codes_are_those_of_the_catalogue():
    codes = re.findall(r'^X\(\w+,\s*"([^"]+)"', STATUSES.read_text(encoding="utf-8"), re.M)
    assert document()["components"]["schemas"]["ErrorCode"]["enum"] == sorted(set(codes))


def test_answers_name_all_their_members():
    """A schema of an answer is closed, or says what else it may hold; those shared with requests are closed by support/contract.py."""
    schemas, seen = document()["components"]["schemas"], set()
    shared = request_schemas()

    def walk(node, where):
        if isinstance(node, list):
            for child in node:
                walk(child, where)
        elif isinstance(node, dict):
            if "$ref" in node:
                name = node["$ref"].removeprefix("#/components/schemas/")
                if name in schemas and name not in seen and name not in shared:
                    seen.add(name)
                    walk(schemas[name], name)
            if node.get("type") == "object" and not where.endswith("Answer"):
                closed = node.get("additionalProperties", True) is not True or node.get("maxProperties") == 0 or where == "CompareResult.options"
                assert closed, f"{where}: {json.dumps(node)[:200]}"
            for key, child in node.items():
                if key not in ("if", "then", "else"):
                    walk(child, "CompareResult.options" if key == "options" and where == "CompareResult" else where)

    for method, path, operation in operations():
        for status, response in operation["responses"].items():
            for content in resolved(response).get("content", {}).values():
                walk(content["schema"], f"{method} {path} {status}")
    assert {"JobListItem", "ProgressInfo", "TokenAnswer", "Error", "CompareResult"} <= seen


def request_schemas():
    """Names of the schemas that a request can reach."""
    schemas, seen = document()["components"]["schemas"], set()
    ends = [json.dumps(operation["requestBody"]) for *_, operation in operations() if "requestBody" in operation]
    while ends:
        for name in re.findall(r"#/components/schemas/(\w+)", ends.pop()):
            if name not in seen:
                seen.add(name)
                ends.append(json.dumps(schemas[name]))
    return seen


def test_every_schema_is_used():
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document()["paths"]) + json.dumps(document()["components"])))
    assert used == set(document()["components"]["schemas"])
