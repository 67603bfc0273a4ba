"""What a phone's camera makes of a screen: a screenshot made small, blurred, noisy and tilted; and two that read it."""

import io
import random

import cv2
import numpy
import zxingcpp
from PIL import Image, ImageFilter
from playwright.sync_api import Page


def picture_of(page: Page) -> Image.Image:
    """The page as it stands."""
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def phone_photo(square: Image.Image, modules: int, seed: int, across: float = 2.5) -> Image.Image:
    """`square`, so many modules wide, from afar: `across` pixels a module, 0.5 px blur, noise, up to 8 degrees of tilt.

    What is around it is as dark as the page. Everything comes from `seed`.
    """
    luck = random.Random(seed)
    side = round(modules * across)
    small = square.convert("L").resize((side, side), Image.Resampling.BICUBIC)
    scene = Image.new("L", (side * 2, side * 2), 12)
    shift = luck.uniform(0, side / 4), luck.uniform(0, side / 4)
    scene.paste(small, (round(side / 2 + shift[0] - side / 8), round(side / 2 + shift[1] - side / 8)))
    tilted = scene.rotate(luck.uniform(-8, 8), Image.Resampling.BICUBIC, fillcolor=12)
    blurred = tilted.filter(ImageFilter.GaussianBlur(0.5))
    noise = numpy.random.default_rng(seed).normal(0, 6, (side * 2, side * 2))
    grains = numpy.asarray(blurred, dtype=float) + noise
    return Image.fromarray(numpy.clip(grains, 0, 255).astype("uint8"))


def read_by_zxing(picture: Image.Image) -> str:
    """What zxing-cpp reads, "" for nothing."""
    found = zxingcpp.read_barcodes(picture)
    return found[0].text if found else ""


def read_by_opencv(picture: Image.Image) -> str:
    """What OpenCV's own detector reads, "" for nothing."""
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(numpy.asarray(picture.convert("L")))
    return str(text)
