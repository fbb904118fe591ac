"""The made gate frames that benchmarks and journeys stand on: the same each time, and readable."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import gate_frames
from benchmarks.gate_wear import CONDITIONS
from scanner.sight import default_sight
from scanner.sight.measure import read_truth
from tests.scanner.frames import TICKET, bgr, code


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_clean_frame_of_every_condition_is_read(condition: str) -> None:
    """Severity 0 is a frame that nothing has happened to."""
    made = gate_frames.frame(4, condition, severity=0)
    assert made.gray.shape == (720, 1280)
    assert [reading.text for reading in default_sight().look(made.gray)] == [made.text]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_leaves_its_mark_and_the_same_seed_the_same_bytes(condition: str) -> None:
    """Figures of different days can be compared."""
    worn = gate_frames.frame(4, condition, severity=5)
    assert worn.jpeg == gate_frames.frame(4, condition, severity=5).jpeg
    assert worn.jpeg != gate_frames.frame(5, condition, severity=5).jpeg
    assert worn.jpeg != gate_frames.frame(4, condition, severity=1).jpeg


@pytest.mark.parametrize("size", [(1440, 1080), (1920, 1080), (900, 1200)])
def test_a_card_on_a_telephone_is_read(size: tuple[int, int]) -> None:
    """Journeys hold the ticket they were sent before the camera."""
    card = np.full(size, 250, np.uint8)
    symbol = code(TICKET, scale=14)
    left = (size[1] - symbol.shape[1]) // 2
    card[150 : 150 + symbol.shape[0], left : left + symbol.shape[1]] = symbol
    for picture in (card, bgr(card)):
        frame = gate_frames.frame_of_picture(picture, seed=2, severity=1)
        assert frame.shape == (720, 1280, 3)
        assert [reading.text for reading in default_sight().look(frame)] == [TICKET]


@pytest.mark.parametrize("telephone", [True, False])
def test_an_empty_frame_has_no_code(*, telephone: bool) -> None:
    """A chat on a screen is no ticket."""
    frame = gate_frames.empty(3, telephone=telephone)
    assert default_sight().look(frame) == ()


def test_a_folder_of_frames_has_its_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`scanner bench` can be tried without photos."""
    monkeypatch.setattr(gate_frames, "CONDITIONS", ("rotate",))
    monkeypatch.setattr(sys, "argv", ["gate_frames", str(tmp_path / "out"), "--seed", "3"])
    gate_frames.main()
    photos = read_truth(tmp_path / "out")
    assert len(photos) == 5
    picture = cv2.imread(str(photos[0].path))
    assert picture is not None
    texts = [reading.text for reading in default_sight().look(picture)]
    assert json.dumps(texts) == json.dumps(list(photos[0].texts))
