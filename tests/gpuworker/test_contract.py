from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gpuworker import grid
from gpuworker.contract import (
    ALL_SHEETS,
    LEVELS,
    PHOTO_NAMES,
    RIG,
    RIG_NAME,
    SHEETS,
    STANDARD_FRAME,
    Box,
    Level,
    Manifest,
    RenderRequest,
    RigLevel,
    Size,
    level_frame,
    with_file_names,
)
from gpuworker.errors import BadRequest

GOLDEN_FILES = Path(__file__).parents[1] / "golden"
GOLDEN = (GOLDEN_FILES / "manifest.json").read_text()
REFUSED = json.loads((GOLDEN_FILES / "refused-manifests.json").read_text())
"""Changes to the golden manifest; tests/gaze/manifest.test.js reads them, too: the two readers keep the same rules."""


def level(name: str) -> Level | RigLevel:
    if name == RIG:
        return RigLevel(RIG, RIG_NAME, PHOTO_NAMES, Size(820, 1024))
    cells = grid.LEVELS[name]
    return Level(name, cells.x, cells.y, level_frame(name, STANDARD_FRAME), SHEETS[name])


def manifest(*names: str) -> Manifest:
    return Manifest("warp", STANDARD_FRAME, complete=True, levels=tuple(level(name) for name in names))


def spoilt(change: Callable[[dict[str, Any]], object]) -> str:
    data = json.loads(GOLDEN)
    change(data)
    return json.dumps(data)


def place(data: dict[str, Any], path: list[str | int], value: object = None) -> None:
    """Puts a value at a path of keys and indices, or removes what is there."""
    *outer, last = path
    part: Any = data
    for key in outer:
        part = part[key]
    if value is None:
        del part[last]
    else:
        part[last] = value


class TestManifestWriter:
    def test_it_reproduces_the_golden_manifest_byte_for_byte(self) -> None:
        assert manifest("rig", "preview", "mobile", "full").dumps() == GOLDEN

    @pytest.mark.parametrize("order", [("full", "preview", "rig", "mobile"), ("rig", "mobile", "full", "preview")])
    def test_the_rig_comes_first_and_sheets_coarse_to_fine_however_they_arrive(self, order: tuple[str, ...]) -> None:
        built = manifest()
        for name in order:
            built = built.with_level(level(name))
        assert built == manifest("rig", "preview", "mobile", "full")

    def test_a_level_that_is_there_is_replaced_by_its_new_state(self) -> None:
        first = RigLevel(RIG, RIG_NAME, {"webp": "photo.webp"}, Size(820, 1024))
        built = manifest("preview").with_level(first).with_level(level("rig"))
        assert built == manifest("rig", "preview")

    def test_a_level_more_leaves_the_old_manifest_as_it_was(self) -> None:
        before = manifest("preview")
        after = before.with_level(level("full"))
        assert before == manifest("preview")
        assert [each.name for each in after.levels] == ["preview", "full"]

    def test_a_manifest_says_that_its_pictures_are_made_and_is_incomplete_until_told(self) -> None:
        data = json.loads(Manifest("warp", STANDARD_FRAME).dumps())
        assert data["synthetic"] is True
        assert data["complete"] is False
        assert data["levels"] == []

    def test_it_ends_with_a_newline_and_holds_no_other(self) -> None:
        assert GOLDEN.count("\n") == 1
        assert GOLDEN.endswith("}\n")


class TestManifestReader:
    def test_what_is_read_is_written_again_byte_for_byte(self) -> None:
        assert Manifest.loads(GOLDEN).dumps() == GOLDEN

    @pytest.mark.parametrize("names", [(), ("rig",), ("preview",), ("rig", "preview", "mobile"), ("full",)])
    def test_a_manifest_of_any_stage_survives_the_round_trip(self, names: tuple[str, ...]) -> None:
        text = manifest(*names).dumps()
        assert Manifest.loads(text).dumps() == text

    def test_levels_of_an_unknown_kind_are_ignored(self) -> None:
        flow = {"name": "flow", "kind": "flow", "keys": {"anything": ["at", "all"]}}
        text = spoilt(lambda data: data["levels"].insert(1, flow))
        assert Manifest.loads(text).dumps() == GOLDEN

    def test_unknown_fields_are_ignored(self) -> None:
        text = spoilt(lambda data: (data.update(later=1), [each.update(later=2) for each in data["levels"]]))
        assert Manifest.loads(text).dumps() == GOLDEN

    def test_formats_of_a_rig_s_photo_that_are_not_known_are_ignored(self) -> None:
        text = spoilt(lambda data: data["levels"][0]["photo"].update(jxl={"anything": "at all"}))
        assert Manifest.loads(text).dumps() == GOLDEN

    def test_a_rig_s_photo_need_not_have_an_avif(self) -> None:
        (rig, *_) = Manifest.loads(spoilt(lambda data: data["levels"][0]["photo"].pop("avif"))).levels
        assert rig.files == ("rig.bin", "photo.webp")

    @pytest.mark.parametrize("version", [None, 0, 2, "1", [1]])
    def test_another_version_is_refused(self, version: object) -> None:
        with pytest.raises(ValueError, match="version 1"):
            Manifest.loads(spoilt(lambda data: data.update(version=version)))

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"manifest"'])
    def test_what_is_no_manifest_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            Manifest.loads(text)

    @pytest.mark.parametrize("key", ["engine", "frame", "poster", "alpha", "synthetic", "complete", "levels"])
    def test_a_missing_field_is_refused(self, key: str) -> None:
        with pytest.raises(ValueError, match=key):
            Manifest.loads(spoilt(lambda data: data.pop(key)))

    @pytest.mark.parametrize("key", ["name", "kind", "rows", "cols", "x", "y", "frame", "sheets"])
    def test_a_level_without_one_of_its_fields_is_refused(self, key: str) -> None:
        with pytest.raises(ValueError, match=key):
            Manifest.loads(spoilt(lambda data: data["levels"][3].pop(key)))

    @pytest.mark.parametrize("key", ["name", "kind", "rig", "photo", "frame"])
    def test_a_rig_without_one_of_its_fields_is_refused(self, key: str) -> None:
        with pytest.raises(ValueError, match=key):
            Manifest.loads(spoilt(lambda data: data["levels"][0].pop(key)))

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.update(frame=[410, 512]),
            lambda data: data.update(frame={"width": "wide", "height": 512}),
            lambda data: data.update(levels=None),
            lambda data: data.update(levels=["full"]),
            lambda data: data["levels"][1].update(x=None),
            lambda data: data["levels"][1].update(y=["north"] * 6),
            lambda data: data["levels"][1].update(sheets=None),
            lambda data: data.update(frame={"width": float("inf"), "height": 512}),
            lambda data: data["levels"][1].update(x=[float("nan")] * 6),
        ],
    )
    def test_a_garbled_field_is_refused(self, change: Callable[[dict[str, Any]], object]) -> None:
        with pytest.raises(ValueError, match=r"."):
            Manifest.loads(spoilt(change))

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data["levels"][1].update(rows=7),
            lambda data: data["levels"][1].update(cols=5),
            lambda data: data["levels"][1]["x"].pop(),
            lambda data: data["levels"][3]["sheets"].pop(),
            lambda data: data["levels"][3].update(sheets=[]),
        ],
    )
    def test_a_level_that_does_not_fit_its_own_grid_is_refused(
        self, change: Callable[[dict[str, Any]], object]
    ) -> None:
        with pytest.raises(ValueError, match="does not fit its own grid"):
            Manifest.loads(spoilt(change))

    @pytest.mark.parametrize(
        "name",
        [
            "../manifest.json",
            "/etc/passwd",
            "a/b.webp",
            "a\\b.webp",
            "..",
            ".hidden",
            "",
            "https://elsewhere",
            "javascript:alert",
            "q0.webp?x",
            "q0.webp#x",
            '"><script>',
            None,
            7,
            ["q0.webp"],
        ],
    )
    def test_a_name_that_leaves_the_folder_is_refused(self, name: object) -> None:
        with pytest.raises(ValueError, match="plain file name"):
            Manifest.loads(spoilt(lambda data: data["levels"][3]["sheets"].__setitem__(0, name)))
        with pytest.raises(ValueError, match="plain file name"):
            Manifest.loads(spoilt(lambda data: data.update(poster=name)))

    @pytest.mark.parametrize("change", REFUSED, ids=json.dumps)
    def test_a_manifest_that_the_element_refuses_is_refused(self, change: dict[str, Any]) -> None:
        spoiled = spoilt(lambda data: place(data, change["path"], change.get("value")))
        with pytest.raises(ValueError, match=change.get("complaint", r".")):
            Manifest.loads(spoiled)


class TestFileNames:
    def test_every_file_that_a_manifest_lists_is_given_its_name_and_nothing_else_changes(self) -> None:
        named = with_file_names(json.loads(GOLDEN), lambda name: f"v1.{name}")
        given = Manifest.loads(json.dumps(named))
        files = Manifest.loads(GOLDEN)
        assert given.poster == f"v1.{files.poster}"
        for level, before in zip(given.levels, files.levels, strict=True):
            assert level.files == tuple(f"v1.{name}" for name in before.files)
        assert with_file_names(named, lambda name: name.removeprefix("v1.")) == json.loads(GOLDEN)


class TestLevels:
    def test_every_level_has_the_originals_sheet_names(self) -> None:
        assert list(SHEETS) == list(grid.LEVELS)
        assert list(ALL_SHEETS) == list(grid.ALL_LEVELS)
        assert (RIG, *ALL_SHEETS) == LEVELS
        assert SHEETS["full"] == tuple(f"q{index}.webp" for index in range(4))
        assert SHEETS["mobile"] == tuple(f"q{index}_20.webp" for index in range(4))

    def test_the_preview_has_half_the_pixels_on_each_side(self) -> None:
        assert level_frame("preview", Size(410, 512)) == Size(205, 256)
        assert level_frame("mobile", Size(410, 512)) == level_frame("full", Size(410, 512)) == Size(410, 512)


class TestSize:
    @pytest.mark.parametrize(("text", "size"), [("410x512", Size(410, 512)), ("64X1024", Size(64, 1024))])
    def test_it_is_read_as_it_is_written(self, text: str, size: Size) -> None:
        assert Size.parse(text) == size
        assert Size.parse(str(size)) == size

    @pytest.mark.parametrize(
        "text", ["", "410", "410x", "x512", "410x512x3", "-1x5", "0x512", "410x0", "4.5x5", "a x b", "9" * 5000 + "x9"]
    )
    def test_anything_else_is_a_bad_request_that_shows_how(self, text: str) -> None:
        with pytest.raises(BadRequest, match="410x512"):
            Size.parse(text)


class TestBox:
    def test_it_is_read_from_four_numbers(self) -> None:
        assert Box.parse("120, -4.5,600,750") == Box(120, -4.5, 600, 750)

    @pytest.mark.parametrize(
        "text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1 2 3 4", "nan,0,9,9", "0,0,inf,9", "0,0,9,1e999"]
    )
    def test_anything_else_is_a_bad_request_that_shows_how(self, text: str) -> None:
        with pytest.raises(BadRequest, match="120,40,600,750"):
            Box.parse(text)

    @pytest.mark.parametrize("text", ["0,0,0,10", "0,0,10,0", "0,0,-1,10"])
    def test_an_empty_crop_is_a_bad_request(self, text: str) -> None:
        with pytest.raises(BadRequest, match="wider and higher"):
            Box.parse(text)

    def test_json_has_tenths_of_pixels(self) -> None:
        assert Box(1.2345, 2, 3.06, 4).to_json() == {"x": 1.2, "y": 2, "width": 3.1, "height": 4}


class TestRenderRequest:
    def test_without_options_it_asks_for_every_level_of_the_one_face(self) -> None:
        request = RenderRequest(b"photo")
        assert request.levels == ("rig", "preview", "mobile", "full")
        assert (request.framing, request.face, request.engine, request.intensity) == ("auto", None, "warp", 1.0)
        assert request.frame == STANDARD_FRAME

    @pytest.mark.parametrize(
        "options",
        [
            {"levels": ("preview",)},
            {"levels": ("rig",)},
            {"intensity": 0.25},
            {"intensity": 1.5},
            {"frame": Size(64, 640)},
            {"face": 0},
            {"framing": Box(0, 0, 10, 10)},
        ],
    )
    def test_options_within_their_limits_are_taken(self, options: dict[str, Any]) -> None:
        request = RenderRequest(b"photo", **options)
        assert {name: getattr(request, name) for name in options} == options

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"levels": ()}, "levels are rig, draft, preview, mobile, full"),
            ({"levels": ("preview", "huge")}, "“huge” is not one"),
            ({"intensity": 0.2}, "from 0.25 to 1.5"),
            ({"intensity": 1.6}, "from 0.25 to 1.5"),
            ({"intensity": float("nan")}, "from 0.25 to 1.5"),
            ({"frame": Size(63, 512)}, "64 to 640"),
            ({"frame": Size(410, 641)}, "64 to 640"),
            ({"frame": Size(640, 640)}, "as many pixels as 512x640"),
            ({"face": -1}, "counted from 0"),
        ],
    )
    def test_options_beyond_their_limits_are_a_bad_request(self, options: dict[str, Any], sentence: str) -> None:
        with pytest.raises(BadRequest, match=sentence):
            RenderRequest(b"photo", **options)

    def test_changing_one_option_checks_it_again(self) -> None:
        with pytest.raises(BadRequest):
            dataclasses.replace(RenderRequest(b"photo"), intensity=9)
