"""What a model sees, against known numbers, a made clip, and configurations of other shapes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import PyOpenColorIO as ocio  # noqa: N813
import pytest
from wisp.errors import UsageError
from wisp.plates import colour, open_plate
from wisp.plates.clip import DisplayClip
from wisp.plates.colour import DisplayTransform, choose_colour


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)


def seen(choice: colour.ColourChoice, *greys: float) -> list[float]:
    pixels = np.repeat(np.array(greys, np.float32)[None, :, None], 3, axis=2)
    return DisplayTransform(choice)(pixels)[0, :, 1].tolist()


def test_scene_linear_numbers() -> None:
    assert seen(choose_colour("scene_linear"), 0.18, 8.0, -0.2) == pytest.approx([0.4613, 1.0, 0.0], abs=5e-4)


def test_not_a_number_and_infinities_are_harmless() -> None:
    values = seen(choose_colour("scene_linear"), np.nan, np.inf, -np.inf, 3e38)
    assert values == [0.0, 1.0, 0.0, 1.0]
    assert seen(choose_colour("compositing_log"), np.inf, 1e6, np.nan)[:2] == [1.0, 1.0]


def test_display_referred_pictures_pass_exactly() -> None:
    codes = np.arange(65536, dtype=np.float32).reshape(256, 256, 1).repeat(3, 2) / np.float32(65535)
    choice = choose_colour("sRGB - Texture")
    assert (choice.view, choice.config) == ("as is", "none")
    np.testing.assert_array_equal(DisplayTransform(choice)(codes), codes)


def test_a_recorded_choice_resolves_to_itself() -> None:
    for name in ("scene_linear", "sRGB - Texture", "compositing_log", "ARRI LogC4"):
        choice = choose_colour(name, exposure=0.5)
        assert choose_colour(choice.colorspace, view=choice.view, exposure=0.5) == choice


def test_the_input_is_not_written_to() -> None:
    pixels = np.full((2, 2, 3), 0.18, np.float32)
    DisplayTransform(choose_colour("scene_linear"))(pixels)
    assert (pixels == np.float32(0.18)).all()


@pytest.mark.parametrize("name", ["scene_linear", "sRGB - Texture"])
def test_exposure_is_in_stops_of_light(name: str) -> None:
    plain, brighter = choose_colour(name), choose_colour(name, exposure=2.0)
    light = [0.01, 0.05, 0.2]
    if name == "sRGB - Texture":
        encode = colour.srgb_encode
        assert seen(brighter, *encode(np.float32(light))) == pytest.approx(encode(np.float32(light) * 4), abs=1e-5)
    else:
        assert seen(brighter, *light) == pytest.approx(seen(plain, *(4 * value for value in light)), abs=1e-5)


def test_log_spaces_have_their_grey() -> None:
    """Mid-grey lies at 0.4135 in ACEScct (S-2016-001) and at 0.2784 in ARRI LogC4."""
    assert seen(choose_colour("compositing_log"), 0.4135) == pytest.approx([0.4613], abs=2e-3)
    assert seen(choose_colour("ARRI LogC4"), 0.2784) == pytest.approx([0.4613], abs=2e-3)


def test_camera_logs_pick_the_studio_configuration() -> None:
    assert choose_colour("ACEScg").config == colour.CG_CONFIG
    assert choose_colour("ARRI LogC4").config == colour.STUDIO_CONFIG


def test_made_clip_through_the_colour_path(shared: Path) -> None:
    """The float EXR of frame 0 becomes its 8-bit picture to within one code value."""
    clip = shared / "data/clips/made_hair_small"
    plate = open_plate(clip / "exr/00000_comp.exr")
    picture = DisplayClip(plate, DisplayTransform(choose_colour("Linear Rec.709 (sRGB)"))).image(1)
    encoded = cv2.imread(str(clip / "frames/00000.png"))[..., ::-1]
    assert np.abs(picture * 255 - encoded).max() <= 1.0


def test_srgb_curve_round_trip() -> None:
    values = np.linspace(-0.5, 1.5, 4001, dtype=np.float32)
    np.testing.assert_allclose(colour.srgb_decode(colour.srgb_encode(values)), values, atol=2e-6)
    assert colour.srgb_encode(np.float32([0.18])) == pytest.approx([0.46135], abs=1e-5)


def test_candidates_are_listed() -> None:
    with pytest.raises(UsageError, match=r"no colour space 'ACEScgg'.*Choose one of: ACEScg,"):
        choose_colour("ACEScgg")
    with pytest.raises(UsageError, match=r"no view 'Untonemapped'.*Un-tone-mapped"):
        choose_colour("scene_linear", view="Untonemapped")
    with pytest.raises(UsageError, match=r"/nowhere/config\.ocio cannot be used"):
        choose_colour("scene_linear", config="/nowhere/config.ocio")


def small_config(path: Path, *, gamma: float = 2.0) -> Path:
    """A configuration without Wisp's display and view: `Panel` with the views `Film` and `Raw`."""
    config = ocio.Config()
    config.setVersion(2, 0)
    config.addColorSpace(ocio.ColorSpace(name="linear"))
    film = ocio.ColorSpace(name="film")
    exponent = ocio.ExponentTransform(value=[1 / gamma] * 3 + [1.0])
    film.setTransform(exponent, ocio.COLORSPACE_DIR_FROM_REFERENCE)
    config.addColorSpace(film)
    config.setRole("scene_linear", "linear")
    config.addDisplayView("Panel", "Film", "film")
    config.addDisplayView("Panel", "Raw", "linear")
    path.write_text(config.serialize())
    return path


def test_a_configuration_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = small_config(tmp_path / "own.ocio")
    monkeypatch.setenv("OCIO", str(path))
    choice = choose_colour("scene_linear")
    assert (choice.display, choice.view, choice.colorspace) == ("Panel", "Film", "linear")
    assert seen(choice, 0.25, 4.0, -1.0) == pytest.approx([0.5, 1.0, 0.0], abs=1e-5)
    assert seen(choose_colour("scene_linear", exposure=-2.0), 1.0) == pytest.approx([0.5], abs=1e-5)
    assert seen(choose_colour("scene_linear", view="Raw"), 0.25) == pytest.approx([0.25], abs=1e-5)
    assert choose_colour("sRGB - Texture").view == "as is"
    with pytest.raises(UsageError, match=r"no colour space 'ACEScg'.*linear, film"):
        choose_colour("ACEScg")


def test_the_key_follows_the_content_of_a_configuration(tmp_path: Path) -> None:
    one = choose_colour("scene_linear", config=str(small_config(tmp_path / "a.ocio")))
    same = choose_colour("scene_linear", config=str(small_config(tmp_path / "b.ocio")))
    other = choose_colour("scene_linear", config=str(small_config(tmp_path / "c.ocio", gamma=2.4)))
    assert one.key() == same.key() != other.key()


def test_an_edited_table_beside_a_configuration_is_noticed_at_once(tmp_path: Path) -> None:
    def write_table(white: float) -> None:
        rows = f"Version 1\nFrom 0.0 1.0\nLength 2\nComponents 1\n{{\n0.0\n{white}\n}}\n"
        (tmp_path / "film.spi1d").write_text(rows)

    config = ocio.Config.CreateFromFile(str(small_config(tmp_path / "own.ocio")))
    film = config.getColorSpace("film")
    film.setTransform(ocio.FileTransform(src="film.spi1d"), ocio.COLORSPACE_DIR_FROM_REFERENCE)
    config.addColorSpace(film)
    (tmp_path / "own.ocio").write_text(config.serialize())
    write_table(1.0)
    before = choose_colour("scene_linear", config=str(tmp_path / "own.ocio"))
    assert seen(before, 0.5) == pytest.approx([0.5], abs=1e-5)
    write_table(0.5)
    after = choose_colour("scene_linear", config=str(tmp_path / "own.ocio"))
    assert seen(after, 0.5) == pytest.approx([0.25], abs=1e-5)
    assert before.key() != after.key()


def test_one_line_for_people() -> None:
    line = choose_colour("scene_linear", exposure=1.5).describe()
    assert line == f"ACEScg -> Un-tone-mapped on sRGB - Display, exposure +1.5 (config: {colour.CG_CONFIG})"
    assert choose_colour("sRGB - Texture").describe() == "sRGB - Texture -> as is (config: none)"


def test_without_opencolorio_the_plain_curve_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colour, "_has_ocio", lambda: False)
    assert seen(choose_colour("scene_linear"), 0.18, 8.0, -0.2) == pytest.approx([0.4613, 1.0, 0.0], abs=5e-4)
    assert seen(choose_colour("scene_linear", exposure=1.0), 0.09) == pytest.approx([0.4613], abs=5e-4)
    with pytest.raises(UsageError, match="needs OpenColorIO"):
        choose_colour("ARRI LogC4")


@pytest.mark.parametrize("name", [name for name in colour.builtin_configs() if "aces-v2" in name])
def test_a_built_in_configuration_is_chosen_by_name_and_shows_what_the_library_does(name: str) -> None:
    config = ocio.Config.CreateFromBuiltinConfig(name)
    choice = choose_colour("scene_linear", config=name)
    assert (choice.config, choice.config_id) == (name, name)
    (view,) = {view for view in config.getViews("sRGB - Display") if view.startswith("ACES 2.") and "SDR" in view} or {
        ""
    }
    if view:
        ramp = np.geomspace(0.001, 8, 64, dtype=np.float32)
        pixels = np.repeat(ramp[None, :, None], 3, axis=2)
        told = config.getProcessor(ocio.DisplayViewTransform(src="scene_linear", display="sRGB - Display", view=view))
        expected = pixels.copy()
        told.getDefaultCPUProcessor().applyRGB(expected)
        shown = DisplayTransform(choose_colour("scene_linear", config=name, view=view))(pixels)
        np.testing.assert_allclose(shown, np.clip(expected, 0, 1), atol=1e-5)


def test_the_environments_configuration_goes_before_the_shots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5")
    assert (
        choose_colour("scene_linear", config=colour.CG_CONFIG).config
        == "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
    )


def test_an_unknown_configuration_is_told_with_those_that_are_built_in() -> None:
    with pytest.raises(UsageError) as caught:
        choose_colour("scene_linear", config="cg-config-v9")
    assert "studio-config-v4.0.0_aces-v2.0_ocio-v2.5" in caught.value.hint


@pytest.mark.parametrize("space", ["ARRI LogC4", "ARRI LogC3 (EI800)", "S-Log3 S-Gamut3", "V-Log V-Gamut", "ACEScct"])
@pytest.mark.parametrize("name", [colour.STUDIO_CONFIG, "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"])
def test_camera_log_is_taken_into_linear_light_as_the_library_does(space: str, name: str) -> None:
    light = colour.LinearLight(choose_colour(space, config=name))
    coded = np.linspace(0.05, 0.95, 90, dtype=np.float32).reshape(5, 6, 3)
    config = ocio.Config.CreateFromBuiltinConfig(name)
    expected = coded.copy()
    config.getProcessor(space, "ACEScg").getDefaultCPUProcessor().applyRGB(expected)
    np.testing.assert_allclose(light(coded), expected, rtol=2e-5, atol=1e-6)
    assert light.space.colorspace == "ACEScg"
    assert np.ptp(light(coded)) > 5 * np.ptp(coded)


@pytest.mark.parametrize("space", ["ACEScg", "ACES2065-1", "Linear Rec.709 (sRGB)"])
def test_linear_plates_stay_as_they_are(space: str) -> None:
    pixels = np.linspace(-0.1, 9, 12, dtype=np.float32).reshape(2, 2, 3)
    np.testing.assert_array_equal(colour.LinearLight(choose_colour(space))(pixels), pixels)
