from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural.gallery import contact_sheet


def test_a_contact_sheet_holds_every_prompt_in_its_own_cell() -> None:
    sheet = contact_sheet(["sea at night", "sea at noon", "circles"], columns=2, cell=60)
    assert sheet.size == (150, 194)
    pixels = np.asarray(sheet, np.float64)
    night, noon, free = pixels[10:70, 10:70], pixels[10:70, 80:140], pixels[102:162, 80:140]
    assert night.mean() < noon.mean() - 40
    assert free.std(axis=(0, 1)).max() == 0
