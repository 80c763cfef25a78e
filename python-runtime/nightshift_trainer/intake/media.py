"""Images, audio and video that a record refers to. A row whose question is in a picture can't be
learned from text, so it is rejected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .json_values import is_empty
from .records import Invalid

MEDIA_FIELDS = frozenset((
    "image", "images", "image_path", "image_paths", "image_file", "image_files", "image_url",
    "image_urls", "img", "imgs", "picture", "pictures", "photo", "photos", "pixel_values",
    "video", "videos", "video_path", "video_paths", "video_url", "video_urls",
    "audio", "audios", "audio_path", "audio_paths", "audio_url", "audio_urls", "audio_filepath",
    "speech", "attachments",
))  # fmt: skip

# Placeholders of an image, a video or an audio clip in a text. `<video>` and `<audio>` are also
# HTML, so they count only at the beginning or end of a line.
_PLACEHOLDER = re.compile(
    r"<image(?:[ _]?\d+|_placeholder|_pad|_soft_token)?>"
    r"|<start_of_image>|\[(?:IMAGE|VIDEO|AUDIO)(?: ?\d+)?\]"
    r"|<\|(?:image|video|audio|vision|media)(?:_\w+)?\|>"
    r"|^\s*<(?:video|audio|speech|sound)>(?!.*</(?:video|audio)>)"
    r"|<(?:video|audio|speech|sound)>\s*$",
    re.MULTILINE,
)


def media_field(fields: Mapping[str, Any], owner: str = "row") -> Invalid | None:
    for name, value in fields.items():
        if name.lower() in MEDIA_FIELDS and not is_empty(value):
            return Invalid(
                "not_text",
                f"The {owner} has `{name}`; images, audio and video can't be trained.",
            )
    return None


def placeholder(text: str, what: str) -> Invalid | None:
    """`what`: the text in a message, such as `Message 1`."""
    if "<" not in text and "[" not in text:
        return None
    found = _PLACEHOLDER.search(text)
    if found is None:
        return None
    return Invalid(
        "not_text",
        f"{what} contains the placeholder {found.group().strip()}; images, audio and video can't "
        f"be trained.",
    )
