"""Rigs: what a shader needs beside the photo to show a portrait in any direction, and their file format.

    model.py      the values: Rig, RigHead, RigMotion, RigEye
    rig_file.py   rig.bin: dumps and loads
    header.py     its JSON ↔ the values, each length and range checked
    planes.py     integer planes as deflate likes them
    frame_size.py the same rig with eyes as fine as a frame, for links in standard size
    damage.py     the error for a file that is not a rig

docs/rig.md describes the format; static/gaze/rig/ reads it in JavaScript.
"""
