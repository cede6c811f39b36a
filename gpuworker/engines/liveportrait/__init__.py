"""The LivePortrait engine: the paper's five nets, made for one portrait and hundreds of directions.

    appearance_feature_extractor  F  portrait → feature volume
    motion_extractor              M  portrait → keypoints, head pose, expression
    warping_module                W  volume + keypoints before and after → moved features
    spade_generator               G  moved features → picture
    stitching                     S  keypoints → keypoints that leave the shoulders where they are

F and M run once a portrait; W and G once a frame, in batches. The names of the nets and of their
tensors are those of the official checkpoints (Guo et al., “LivePortrait”, 2024), which load strictly.
This package is the only place that may import torch; nothing else imports it before it is asked for.
"""
