"""What models tell apart: the names of the classes of the data sets that offered weights were trained on, by number.

A model's output ``i`` is for the name ``i``; weights give the list as ``weights.meta["categories"]``.
"""

from __future__ import annotations

from pathlib import Path

from adjoint.vision.models.imagenet import CATEGORIES as _IMAGENET_CATEGORIES


def _names(text: str) -> list[str]:
    """What stands between the bars."""
    return [name.strip() for name in " ".join(text.split()).split("|")]


_TORCHVISIONS = (_IMAGENET_CATEGORIES,)  # in torchvision's spelling

# What people do in the 400 classes of Kinetics (Kay et al., 2017).
_KINETICS400_CATEGORIES = (Path(__file__).parent / "kinetics400.txt").read_text(encoding="utf-8").splitlines()

# The objects of COCO (Lin et al., 2014) by their numbers, which have gaps: ``N/A``.
_COCO_CATEGORIES = _names("""
    __background__ | person | bicycle | car | motorcycle | airplane | bus | train | truck | boat | traffic light | fire
    hydrant | N/A | stop sign | parking meter | bench | bird | cat | dog | horse | sheep | cow | elephant | bear | zebra |
    giraffe | N/A | backpack | umbrella | N/A | N/A | handbag | tie | suitcase | frisbee | skis | snowboard | sports ball |
    kite | baseball bat | baseball glove | skateboard | surfboard | tennis racket | bottle | N/A | wine glass | cup | fork |
    knife | spoon | bowl | banana | apple | sandwich | orange | broccoli | carrot | hot dog | pizza | donut | cake | chair |
    couch | potted plant | bed | N/A | dining table | N/A | N/A | toilet | N/A | tv | laptop | mouse | remote | keyboard |
    cell phone | microwave | oven | toaster | sink | refrigerator | N/A | book | clock | vase | scissors | teddy bear | hair
    drier | toothbrush
""")  # fmt: skip

# Whether there is a person.
_COCO_PERSON_CATEGORIES = _names("""
    no person | person
""")  # fmt: skip

# The points of a person that COCO marks.
_COCO_PERSON_KEYPOINT_NAMES = _names("""
    nose | left_eye | right_eye | left_ear | right_ear | left_shoulder | right_shoulder | left_elbow | right_elbow |
    left_wrist | right_wrist | left_hip | right_hip | left_knee | right_knee | left_ankle | right_ankle
""")  # fmt: skip

# The classes of Pascal VOC (Everingham et al., 2010), the background before them.
_VOC_CATEGORIES = _names("""
    __background__ | aeroplane | bicycle | bird | boat | bottle | bus | car | cat | chair | cow | diningtable | dog | horse
    | motorbike | person | pottedplant | sheep | sofa | train | tvmonitor
""")  # fmt: skip
