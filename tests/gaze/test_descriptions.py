"""What the package of npm says of the element is what the element has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.gaze import drawn
from tests.gaze.conftest import GAZE, Site, Stage

NPM = Path(__file__).parents[2] / "npm"
HOUSEKEEPING = {"aria-label", "role"}
"""Attributes that every element has; this one watches them."""
INTERNAL = {"turn", "constructor", "connectedCallback", "disconnectedCallback", "adoptedCallback",
            "attributeChangedCallback", "connectedMoveCallback"}  # fmt: skip

FACTS = """async () => {
  await customElements.whenDefined('gaze-tracker');
  const { observedAttributes, prototype } = customElements.get('gaze-tracker');
  const parts = [...document.querySelector('gaze-tracker').shadowRoot.querySelectorAll('[part]')];
  return {
    attributes: observedAttributes,
    members: Object.getOwnPropertyNames(prototype),
    parts: parts.map(({ part }) => part.value),
  };
}"""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    (module,) = json.loads((NPM / "custom-elements.json").read_text())["modules"]
    found: dict[str, Any] = module["declarations"][0]
    return found


def names(entries: list[dict[str, str]]) -> set[str]:
    return {each["name"] for each in entries}


@pytest.fixture
def facts(stage: Stage, site: Site) -> dict[str, list[str]]:
    drawn.write_portrait(site.folder, "preview")
    stage.open(site.page('<gaze-tracker src="manifest.json" width="80"></gaze-tracker>'))
    found: dict[str, list[str]] = stage.page.evaluate(FACTS)
    return found


def test_the_manifest_lists_the_elements_attributes_members_and_parts(
    facts: dict[str, list[str]], described: dict[str, Any]
) -> None:
    assert names(described["attributes"]) - {"hide-controls"} == set(facts["attributes"]) - HOUSEKEEPING - {
        "hide-controls"
    }
    assert names(described["members"]) == set(facts["members"]) - INTERNAL
    assert set(facts["parts"]) <= names(described["cssParts"])


def test_the_manifest_lists_the_elements_events(described: dict[str, Any]) -> None:
    told = re.findall(r"#tell\('([a-z-]+)'", (GAZE / "element.js").read_text())
    assert names(described["events"]) == set(told)


def test_the_manifest_and_the_types_list_every_code_of_an_error(described: dict[str, Any]) -> None:
    codes = set(re.findall(r"'([a-z-]+)'", (GAZE / "failure.js").read_text().partition("FailureCode")[0]))
    types = (NPM / "gaze-tracker.d.ts").read_text()
    assert set(re.findall(r"^  \| '([a-z-]+)'", types, re.MULTILINE)) == codes
    (error,) = [each for each in described["events"] if each["name"] == "gaze-error"]
    assert set(re.findall(r"'([a-z-]+)'", error["type"]["text"])) == codes


def test_the_types_have_every_member_and_react_every_attribute(described: dict[str, Any]) -> None:
    types, react = (NPM / "gaze-tracker.d.ts").read_text(), (NPM / "react.d.ts").read_text()
    assert [name for name in names(described["members"]) if not re.search(rf"\b{name}\b[(:]", types)] == []
    settable = {each.get("fieldName", each["name"]) for each in described["attributes"]}
    assert [name for name in settable if not re.search(rf"""^  '?{name}'?\?:""", react, re.MULTILINE)] == []
    assert [name for name in names(described["events"]) if f"'on{name}'?:" not in react] == []


def test_the_documentation_names_every_attribute_and_part(described: dict[str, Any]) -> None:
    text = (NPM.parent / "docs" / "element.md").read_text()
    assert [name for name in names(described["attributes"]) if f"`{name}`" not in text] == []
    assert [name for name in names(described["cssParts"]) if f"::part({name})" not in text] == []
