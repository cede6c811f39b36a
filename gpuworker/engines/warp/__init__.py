"""The warp engine: one portrait, a height field, a backward warp, and eyes rendered on their own.

No neural renderer and no GPU. The method and its constants were fitted to 400 real LivePortrait
frames of one photo; what each file holds:

    smooth.py     the one smoothstep that every feather uses
    head.py       the head's axes, size and roll
    height.py     how far each pixel stands out of the picture plane
    rotation.py   yaw, pitch and brow raise → backward displacement, its Jacobian
    spectacles.py one stiff plane behind the frames of spectacles
    eye.py        one eye's own coordinates, lid curves and iris
    limbus.py     iris centre and radius from the picture, for both eyes together
    edge.py       both set on the limbus itself, its softness, and whether there is one
    lower_margin.py  a lower lid that was measured across the iris, moved down
    iris.py       the full irises, also the parts that the lids hide
    rings.py      an iris's colours by distance from its centre, shared by both
    own_gaze.py   where the photo itself looks, to be taken off
    sclera.py     the white, also the part that the iris hides
    lids.py       lids and lashes that follow the gaze
    closing.py    whether a blink may close them
    eyes.py       both eyes rendered into the source
    engine.py     all of it together
    rig.py        all of it as a file for a shader
"""
