"""Validation of uploads: refusals and their sentences, the clean photo, and that nothing else is left.

Numbers are those of the project's catalogue of hostile input.
"""

from __future__ import annotations

import hashlib
import io
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from gpuworker.contract import MAX_PHOTO_BYTES
from gpuworker.errors import BY_CODE
from gpuworker.images.photo import FORMATS
from portraits.uploads import validation
from portraits.uploads.fair_queue import QueueFull, TooManyOfAddress, TooManyOfPerson
from portraits.uploads.sandbox import HandlerKilled, Sandbox, SandboxUnavailable
from portraits.uploads.sandbox_limits import Limits
from portraits.uploads.sandbox_reply import RejectedPhoto, pack, pack_place
from portraits.uploads.validation import SENTENCES, UploadRefused, ValidatedPhoto
from tests.gpuworker import heic
from tests.gpuworker.images.test_photo import DISPLAY_P3, SRGB, icc_profile
from tests.gpuworker.variants import VARIANTS
from tests.portraits.uploads.conftest import no_child_left
from tests.portraits.uploads.files import (
    chunk,
    decoded,
    encoded,
    exif,
    png,
    profile_segments,
    segments,
    with_scans,
    ycck,
    zeros,
)

HEIC = Path(__file__).with_name("astronaut.heic")
MARKER = b"MARKER"

Take = Callable[[bytes], ValidatedPhoto]
Refuse = Callable[[bytes, str], UploadRefused]
Pixels = NDArray[np.uint8]


@pytest.fixture
def take(photo_sandbox: Sandbox, clean: Callable[[], None]) -> Take:
    """Validate a file that is to be accepted."""
    return lambda file: validation.validate(io.BytesIO(file), photo_sandbox)


@pytest.fixture(scope="session")
def strict() -> Iterator[Sandbox]:
    """Sandbox for files to be refused, which must not cost more than 2 s of CPU and 200 MB."""
    sandbox = Sandbox(limits=Limits(cpu_seconds=2, memory_megabytes=200))
    yield sandbox
    sandbox.close()


@pytest.fixture
def refuse(strict: Sandbox, clean: Callable[[], None]) -> Refuse:
    """Validate a file that is to be refused with a code, without exceeding a limit, leaving no process."""

    def refused(file: bytes, code: str) -> UploadRefused:
        with pytest.raises(UploadRefused) as caught:
            validation.validate(io.BytesIO(file), strict)
        refusal = caught.value
        assert refusal.code == code, refusal
        assert 400 <= refusal.status < 500
        assert refusal.sentence[0].isupper()
        assert refusal.sentence.endswith(".")
        assert no_child_left(strict)
        return refusal

    return refused


@pytest.fixture(scope="session")
def photo(astronaut: Pixels) -> Image.Image:
    """Head and shoulders, (400, 340): sides differ, no symmetry."""
    return Image.fromarray(np.ascontiguousarray(astronaut[:400, 60:400]))


def pixels(file: bytes) -> Pixels:
    return np.asarray(decoded(file).convert("RGB"))


def distance(a: Pixels, b: Pixels) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def chunks(webp: bytes) -> set[bytes]:
    names, at = set(), 12
    while at < len(webp):
        names.add(webp[at : at + 4])
        at += 8 + (int.from_bytes(webp[at + 4 : at + 8], "little") + 1) // 2 * 2
    return names


def assert_bare(validated: ValidatedPhoto) -> None:
    """Assert that the pictures contain nothing but pixels: no byte of the file's metadata."""
    for picture in (validated.photo, validated.thumbnail):
        assert chunks(picture) <= {b"VP8 ", b"VP8X", b"ALPH"}
        assert MARKER not in picture
        assert not {"exif", "xmp", "icc_profile"} & set(decoded(picture).info)


# ------------------------------------------------------------------ the answer


def test_an_accepted_photo_is_known_by_its_bytes(take: Take, photo: Image.Image) -> None:
    file = encoded(photo, quality=92)
    validated = take(file)
    assert decoded(validated.photo).size == (validated.width, validated.height) == (340, 400)
    assert decoded(validated.photo).format == "WEBP"
    assert validated.sha256 == hashlib.sha256(validated.photo).hexdigest()
    assert validated.original_sha256 == hashlib.sha256(file).hexdigest()
    assert not validated.alpha
    assert distance(pixels(validated.photo), np.asarray(photo)) < 3
    assert validated.suggested == 0
    assert [face.index for face in validated.usable] == [0]


def test_a_file_on_disk_is_validated_too(
    take: Take, photo_sandbox: Sandbox, photo: Image.Image, tmp_path: Path
) -> None:
    file = encoded(photo)
    path = tmp_path / "upload"
    path.write_bytes(file)
    assert validation.validate(path, photo_sandbox).sha256 == take(file).sha256
    path.unlink()


def test_an_open_file_is_read_from_its_beginning(photo_sandbox: Sandbox, photo: Image.Image) -> None:
    file = io.BytesIO(encoded(photo))
    file.seek(1_000)
    assert validation.validate(file, photo_sandbox).width == 340


def test_equal_files_give_equal_photos(take: Take, photo: Image.Image) -> None:
    file = encoded(photo)
    assert take(file).sha256 == take(file).sha256


@pytest.mark.parametrize("code", [*SENTENCES, "photo_too_heavy", "no_face", "unreadable_photo"])
def test_every_code_has_a_sentence_and_a_status(code: str) -> None:
    refusal = UploadRefused(code)
    assert refusal.to_json() == {"code": code, "sentence": refusal.sentence}
    assert refusal.sentence.endswith(".")
    assert 400 <= refusal.status < 600


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (QueueFull(), "upload_busy", 503),
        (TooManyOfPerson(), "uploads_at_once", 429),
        (TooManyOfAddress(), "network_busy", 429),
        (SandboxUnavailable(), "decoder_unavailable", 503),
        (HandlerKilled("killed", "0" * 64), "decoder_unavailable", 503),
    ],
)
def test_trouble_that_passes_says_when_to_come_back(error: Exception, code: str, status: int) -> None:
    def failing(*_: object) -> None:
        raise error

    with pytest.raises(UploadRefused) as caught:
        validation.validate(io.BytesIO(b"x"), failing)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.status, caught.value.retry_seconds) == (code, status, 5)
    assert "readable" not in caught.value.sentence


def test_bytes_over_which_the_decoder_dies_again_and_again_are_too_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "kill_counts", validation._KillCounts())
    codes = []

    def failing(upload: io.BytesIO, *_: object) -> None:
        raise HandlerKilled("killed", upload.read().hex())

    for upload in (b"a", b"b", b"a", b"a", b"b", b"a"):
        with pytest.raises(UploadRefused) as caught:
            validation.validate(io.BytesIO(upload), failing)  # type: ignore[arg-type]
        codes.append(caught.value.code)
    assert codes == ["decoder_unavailable"] * 3 + ["photo_too_heavy", "decoder_unavailable", "photo_too_heavy"]


def test_the_number_of_remembered_kills_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "REMEMBERED_UPLOADS", 3)
    kill_counts = validation._KillCounts()
    for number in range(9):
        kill_counts.count(str(number))
    assert len(kill_counts._counts) == 3


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (b"crash", "photo_too_heavy"),
        (b"raise any error", "photo_too_heavy"),
        (b"leave 0", "photo_too_heavy"),
        (b"echo nonsense", "photo_too_heavy"),
        (b"echo " + pack(RejectedPhoto("root", "Hi.")), "unreadable_photo"),
        (b"spin", "photo_too_heavy"),
    ],
)
def test_every_failure_in_the_sandbox_is_a_refusal(
    action_sandbox: Sandbox, action: bytes, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UploadRefused) as caught:
        validation.validate(io.BytesIO(action), action_sandbox)
    assert caught.value.code == code
    assert "root" in str(action) or caplog.records


def test_a_decoder_that_makes_no_progress_is_not_said_to_be_the_photos_fault(short_sandbox: Sandbox) -> None:
    with pytest.raises(UploadRefused) as caught:
        validation.validate(io.BytesIO(b"sleep"), short_sandbox)
    assert (caught.value.code, caught.value.status) == ("decoder_unavailable", 503)


def test_the_site_can_start_and_stop_its_sandbox() -> None:
    validation.start()
    assert validation.default_sandbox.process_id is not None
    validation.stop()
    assert validation.default_sandbox.process_id is None


# ------------------------------------------------------------------- the cases


def test_case_01_an_empty_file_is_refused(refuse: Refuse) -> None:
    refuse(b"", "empty_upload")


def test_case_02_a_file_over_the_limit_is_413(refuse: Refuse, photo: Image.Image) -> None:
    assert refuse(encoded(photo).ljust(MAX_PHOTO_BYTES + 1, b"\0"), "upload_too_large").status == 413


def test_a_file_of_exactly_the_limit_is_taken(take: Take, photo: Image.Image) -> None:
    assert take(encoded(photo).ljust(MAX_PHOTO_BYTES, b"\0")).width == 340


def test_case_03_400_megapixels_of_one_bit_are_refused(refuse: Refuse) -> None:
    refuse(png(20_000, 20_000, 1, 0, pixels=zeros(48)), "photo_too_large")


@pytest.mark.parametrize(
    "file",
    [png(12_000, 12_000, 8, 2), png(9_400, 9_400, 16, 6), png(7_212, 7_212, 8, 0)],
    ids=["144 MP", "RGBA16", "52.01 MP"],
)
def test_case_04_too_many_pixels_are_refused_from_the_header_alone(refuse: Refuse, file: bytes) -> None:
    assert len(file) < 100  # there is nothing to decode
    refuse(file, "photo_too_large")


def test_case_04_an_avif_of_81_megapixels_is_refused_from_the_header_alone(refuse: Refuse, photo: Image.Image) -> None:
    file = encoded(photo, "AVIF", speed=10)
    size = b"ispe" + bytes(4)
    width, height = ((side).to_bytes(4, "big") for side in photo.size)
    assert size + width + height in file
    nine = (9_000).to_bytes(4, "big")
    refuse(file.replace(size + width + height, size + nine + nine), "photo_too_large")


def test_case_05_a_jpeg_of_500_scans_is_refused(refuse: Refuse) -> None:
    file = with_scans(encoded(Image.new("RGB", (5_000, 5_000), "tan"), progressive=True), 500)
    assert len(file) < 10_000_000
    refuse(file, "photo_too_heavy")


def test_case_05_fewer_scans_of_a_huge_picture_are_refused_too(refuse: Refuse) -> None:
    file = with_scans(encoded(Image.new("L", (7_071, 7_071)), progressive=True), 50)
    assert len(file) < 500_000
    refuse(file, "photo_too_heavy")


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"iTXt"])
def test_case_06_text_and_profiles_that_inflate_to_200_megabytes_are_refused(refuse: Refuse, name: bytes) -> None:
    between = b"\0\1\0\0\0" if name == b"iTXt" else b"\0\0"
    bomb = chunk(name, b"Comment" + between + zeros(200))
    assert len(bomb) < 300_000
    refuse(png(64, 64, 8, 2, bomb, pixels=zeros(1)), "unreadable_photo")


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "GIF"])
def test_case_07_an_animation_of_2000_frames_is_refused(refuse: Refuse, kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), (n % 256, n // 256, 0)) for n in range(2_000)]
    refuse(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=20), "unreadable_photo")


def test_case_07_of_a_phones_burst_the_first_picture_is_taken(take: Take, photo: Image.Image) -> None:
    later = [Image.new("RGB", photo.size, "red")]
    validated = take(encoded(photo, "MPO", save_all=True, append_images=later, quality=92))
    assert distance(pixels(validated.photo), np.asarray(photo)) < 4


@pytest.mark.parametrize(
    ("width", "height", "code"),
    [(1, 1, "no_face"), (65_000, 1, "photo_too_large"), (1, 60_000, "photo_too_large"), (20_000, 3, "no_face")],
)
def test_case_08_pictures_of_no_shape_are_refused(refuse: Refuse, width: int, height: int, code: str) -> None:
    refuse(encoded(Image.new("L", (width, height)), "PNG"), code)


def test_case_04_a_webp_of_34_bytes_is_refused_from_its_header(refuse: Refuse) -> None:
    bits = (6_999 | 6_999 << 14).to_bytes(4, "little")
    file = b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<I", 14) + b"\x2f" + bits + bytes(9)
    assert len(file) == 34
    refuse(file, "photo_too_heavy")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NO_PHOTOS = {
    "svg": SVG,
    "html": b"<!doctype html><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n1 0 obj << /JS (app.alert(1)) >> endobj\n%%EOF",
    "zip": b"PK\3\4" + bytes(200),
    "text": b"no picture at all",
    "jpeg's first bytes": b"\xff\xd8\xff",
}


@pytest.mark.parametrize("file", NO_PHOTOS.values(), ids=NO_PHOTOS.keys())
def test_case_09_what_is_no_photo_is_refused_whatever_its_name(refuse: Refuse, file: bytes) -> None:
    refuse(file, "unreadable_photo")


@pytest.mark.parametrize("kind", ["TIFF", "EPS", "GIF", "BMP", "ICO", "TGA", "PPM", "PCX", "PDF", "JPEG2000", "SGI"])
def test_case_09_a_real_picture_in_another_format_is_refused(refuse: Refuse, photo: Image.Image, kind: str) -> None:
    refuse(encoded(photo, kind), "unreadable_photo")


@pytest.mark.parametrize("tail", [b"<script>MARKER</script>", b"PK\3\4MARKER" * 100], ids=["html", "zip"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_case_10_what_hides_behind_a_picture_is_gone(take: Take, photo: Image.Image, kind: str, tail: bytes) -> None:
    assert_bare(take(encoded(photo, kind) + tail))


def test_case_10_a_script_in_the_metadata_is_gone(take: Take, photo: Image.Image) -> None:
    script = "<script>alert('MARKER')</script>"
    assert_bare(take(encoded(photo, exif=exif(description=script), comment=script)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIC"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_case_11_a_truncated_file_is_refused(refuse: Refuse, photo: Image.Image, kind: str, share: float) -> None:
    file = HEIC.read_bytes() if kind == "HEIC" else encoded(photo, kind)
    refuse(file[: int(len(file) * share)], "unreadable_photo")


@pytest.mark.slow
def test_case_11_500_files_with_flipped_bits_are_refused_or_valid(photo_sandbox: Sandbox, photo: Image.Image) -> None:
    small = photo.resize((120, 140))
    counts = {"JPEG": 175, "PNG": 225, "WEBP": 50, "AVIF": 30, "HEIC": 20}
    chance = random.Random(11)
    damaged = []
    for kind, count in counts.items():
        file = HEIC.read_bytes() if kind == "HEIC" else encoded(small, kind)
        for _ in range(count):
            flipped = bytearray(file)
            for _ in range(chance.randint(1, 4)):
                flipped[chance.randrange(len(file))] ^= 1 << chance.randrange(8)
            damaged.append(bytes(flipped))

    def outcome(file: bytes) -> str:
        try:
            assert_bare(validation.validate(io.BytesIO(file), photo_sandbox))
        except UploadRefused as refusal:
            return refusal.code
        return "accepted"

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(outcome, damaged))
    assert len(outcomes) == 500
    assert set(outcomes) <= {"accepted", *BY_CODE}
    assert "unreadable_photo" in outcomes
    assert no_child_left(photo_sandbox)


STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera that was held in that orientation stores an upright picture."""


def test_case_12_all_eight_orientations_give_the_same_photo(take: Take, photo: Image.Image) -> None:
    photos = set()
    for orientation, turn in STORED.items():
        stored = photo if turn is None else photo.transpose(turn)
        photos.add(take(encoded(stored, "PNG", exif=exif(orientation=orientation))).sha256)
    assert len(photos) == 1


def test_case_13_places_names_and_thumbnails_are_gone(take: Take, photo: Image.Image) -> None:
    jpeg = encoded(photo, exif=exif(artist="MARKER-artist"), xmp=b"<x:xmpmeta>MARKER-xmp</x:xmpmeta>")
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x10\x1c\x02\x50\0\x0bMARKER-iptc"
    thumbnail = b"Exif\0\0" + encoded(Image.new("RGB", (160, 120))) + b"MARKER-thumbnail"
    file = segments(jpeg, (0xED, iptc), (0xE1, thumbnail), (0xFE, b"MARKER-comment"))
    assert file.count(MARKER) >= 5
    assert_bare(take(file))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_case_13_other_formats_lose_their_metadata_too(take: Take, photo: Image.Image, kind: str) -> None:
    file = encoded(photo, kind, exif=exif(artist="MARKER-artist"))
    assert MARKER in file
    assert_bare(take(file))


def test_case_14_megabytes_of_metadata_are_accepted_and_stripped(take: Take, photo: Image.Image) -> None:
    file = segments(encoded(photo), *[(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + MARKER * 10_000)] * 220)
    assert len(file) > 13_000_000
    assert_bare(take(file))


def test_case_14_a_garbage_profile_of_megabytes_is_accepted_and_stripped(take: Take, photo: Image.Image) -> None:
    validated = take(segments(encoded(photo, quality=92), *profile_segments(MARKER * 500_000)))
    assert_bare(validated)
    assert distance(pixels(validated.photo), np.asarray(photo)) < 4


def converted(name: str, photo: Image.Image) -> tuple[bytes, Pixels]:
    """A file in an unusual mode, and the colours it stands for."""
    if name == "CMYK":
        return encoded(photo.convert("CMYK"), quality=95), np.asarray(photo.convert("CMYK").convert("RGB"))
    if name == "YCCK":
        return ycck(photo.convert("CMYK")), np.asarray(photo.convert("CMYK").convert("RGB"))
    grey = photo.convert("L")
    if name == "16-bit grey":
        deep = np.asarray(grey).astype(np.uint16) * 257
        return encoded(Image.fromarray(deep), "PNG"), np.asarray(grey.convert("RGB"))
    if name == "16-bit colour":
        rows = np.asarray(photo).astype(">u2") * 257
        raw = b"".join(b"\0" + row.tobytes() for row in rows)
        return png(*photo.size, 16, 2, pixels=zlib.compress(raw)), np.asarray(photo)
    if name == "palette":
        few = photo.quantize(256)
        return encoded(few, "PNG"), np.asarray(few.convert("RGB"))
    linear = (np.asarray(photo) / 255.0) ** 2.2 @ np.linalg.solve(SRGB, DISPLAY_P3).T
    encoding = np.where(linear > 0.0031308, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055, 12.92 * linear)
    expected = np.round(encoding.clip(0, 1) * 255).astype(np.uint8)
    return encoded(photo, quality=95, icc_profile=icc_profile(DISPLAY_P3)), expected


@pytest.mark.parametrize("name", ["CMYK", "YCCK", "16-bit grey", "16-bit colour", "palette", "Display P3"])
def test_case_15_every_mode_becomes_8_bit_srgb_of_the_same_colours(take: Take, photo: Image.Image, name: str) -> None:
    file, expected = converted(name, photo)
    validated = take(file)
    assert decoded(validated.photo).mode == "RGB"
    assert distance(pixels(validated.photo), expected) < 3.5


def test_case_15_a_palette_keeps_its_transparency(take: Take, photo: Image.Image) -> None:
    few = photo.quantize(200)
    index = np.asarray(few)
    clear = int(index[0, 0])
    validated = take(encoded(few, "PNG", transparency=clear))
    assert validated.alpha
    for picture in (validated.photo, validated.thumbnail):
        assert decoded(picture).mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(decoded(validated.photo).getchannel("A")) == 0, index == clear)


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_case_16_what_phones_make_is_accepted(take: Take, photo: Image.Image, astronaut: Pixels, kind: str) -> None:
    original = Image.fromarray(astronaut).resize((384, 384), Image.Resampling.LANCZOS) if kind == "HEIC" else photo
    validated = take(HEIC.read_bytes() if kind == "HEIC" else encoded(photo, "AVIF", quality=85, speed=9))
    assert_bare(validated)
    assert distance(pixels(validated.photo), np.asarray(original)) < 4
    assert validated.suggested == 0


def test_case_16_a_phones_grid_of_tiles_is_accepted(strict: Sandbox, clean: Callable[[], None]) -> None:
    """Within two seconds and 200 MB, although its tiles are decoded by threads."""
    validated = validation.validate(io.BytesIO(heic.grid(1, 1, turns=3, copies=True)), strict)
    assert validated.suggested == 0
    assert (validated.width, validated.height) == (heic.TILE, heic.TILE)


@pytest.mark.parametrize("code", ["unreadable_photo"])
def test_a_refusal_names_every_format_that_is_taken(code: str) -> None:
    names = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WebP", "AVIF": "AVIF", "HEIF": "HEIC"}
    assert all(names[kind] in UploadRefused(code).sentence for kind in FORMATS)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b.jpg", "a\r\nSet-Cookie: x", "\u202egpj.exe", "a" * 4096])
def test_case_17_the_name_is_never_looked_at(
    photo_sandbox: Sandbox, clean: Callable[[], None], photo: Image.Image, name: str
) -> None:
    class Named(io.BytesIO):
        asked = False

        @property
        def name(self) -> str:
            Named.asked = True
            return name

    validated = validation.validate(Named(encoded(photo)), photo_sandbox)
    assert not Named.asked
    assert name.encode() not in validated.photo + validated.thumbnail


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_case_18_portraits_are_accepted(take: Take, astronaut: Pixels, variant: Callable[[Pixels], Pixels]) -> None:
    validated = take(encoded(Image.fromarray(variant(astronaut)), quality=92))
    assert validated.suggested == 0
    face = validated.faces[0]
    assert face.usable
    assert face.crop is not None
    assert 0.79 < face.crop.width / face.crop.height < 0.81


def test_case_18_an_animal_is_refused_for_what_could_not_be_seen(refuse: Refuse) -> None:
    cat = Image.fromarray(skimage.data.chelsea())
    sentence = refuse(encoded(cat, quality=92), "face_unclear").sentence
    assert "two eyes, a nose and a mouth" in sentence
    assert "human" not in sentence


def test_case_18_a_picture_without_a_face_is_refused(refuse: Refuse) -> None:
    slope = np.add.outer(np.arange(400), np.arange(300)).astype(np.uint8)
    assert "face" in refuse(encoded(Image.fromarray(slope)), "no_face").sentence


def test_case_18_of_several_faces_a_person_chooses(take: Take, photo: Image.Image) -> None:
    pair = Image.new("RGB", (680, 400))
    pair.paste(photo, (0, 0))
    pair.paste(photo.resize((306, 360)), (340, 40))
    validated = take(encoded(pair, quality=92))
    assert validated.suggested is None
    assert [face.index for face in validated.usable] == [0, 1]
    assert validated.faces[0].width > validated.faces[1].width


@pytest.mark.parametrize(("width", "code"), [(44, "face_too_small"), (65, None), (93, None)])
def test_case_18_small_faces_are_refused_or_advised(
    take: Take, refuse: Refuse, astronaut: Pixels, width: int, code: str | None
) -> None:
    side = round(512 * width / 93)
    file = encoded(Image.fromarray(astronaut).resize((side, side), Image.Resampling.LANCZOS), quality=95)
    if code:
        assert "pixels wide" in refuse(file, code).sentence
    else:
        assert any("soft" in sentence for sentence in take(file).faces[0].advice) == (width < 80)


def test_case_18_a_face_on_its_side_is_refused_with_advice(refuse: Refuse, photo: Image.Image) -> None:
    assert "upright" in refuse(encoded(photo.transpose(Image.Transpose.ROTATE_90)), "face_turned").sentence


def test_case_18_a_face_that_the_edge_cuts_is_refused(refuse: Refuse, astronaut: Pixels) -> None:
    refuse(encoded(np.ascontiguousarray(astronaut[100:400, 60:400])), "face_cut")


# ------------------------------------------------------------- the site itself


def test_the_sites_own_process_stays_small() -> None:
    """The site's process holds neither pixels nor picture libraries, whatever the upload contains."""
    program = """if True:
        import io, resource, skimage.data, sys
        from tests.portraits.uploads.files import encoded, png
        from PIL import Image
        large = encoded(Image.fromarray(skimage.data.astronaut()).resize((6000, 6000)))
        from portraits.uploads import validation
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        validation.validate(io.BytesIO(large))
        try:
            validation.validate(io.BytesIO(png(12_000, 12_000, 8, 2)))
        except validation.UploadRefused as refusal:
            print(refusal.code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, megabytes = done.stdout.split()
    assert code == "photo_too_large"
    assert int(megabytes) < 50


# ------------------------------------------------------------------- a place


def test_a_face_that_is_pointed_at_is_found_in_the_sandbox(
    take: Take, photo_sandbox: Sandbox, photo: Image.Image
) -> None:
    validated = take(encoded(photo, quality=92))
    (known,) = validated.faces
    box = known.box
    found = validation.find_face(validated.photo, box.x + box.width / 2, box.y + box.height / 2, photo_sandbox)
    assert found.box.overlap(box) > 0.9
    assert found.crop is not None


def test_a_place_without_a_face_is_refused_with_a_sentence(
    take: Take, photo_sandbox: Sandbox, photo: Image.Image
) -> None:
    validated = take(encoded(photo, quality=92))
    with pytest.raises(UploadRefused, match="could not make out a face there") as caught:
        validation.find_face(validated.photo, 8, 390, photo_sandbox)
    assert (caught.value.code, caught.value.status) == ("no_face", 422)


def test_an_upload_that_poses_as_a_place_is_no_photo(refuse: Refuse, take: Take, photo: Image.Image) -> None:
    kept = take(encoded(photo, quality=92)).photo
    refuse(pack_place(kept, 150, 110), "photo_too_heavy")
    refuse(pack_place(b"nothing", 1, 1), "unreadable_photo")
