"""``torch.distributed.checkpoint``: names of checkpoints that processes write together, each its part of what is sharded.

Nothing is sharded here: every rank has the whole state, which ``torch.save`` writes on one of them.
"""

from adjoint.distributed.refused import refuse_in

WHY = "every rank has the whole state; torch.save writes it on one of them"

refuse_in(
    __name__,
    WHY,
    classes="DefaultLoadPlanner DefaultSavePlanner FileSystemReader FileSystemWriter HuggingFaceStorageReader "
    "HuggingFaceStorageWriter LoadPlan LoadPlanner SavePlan SavePlanner StorageReader StorageWriter",
    functions="async_save load load_state_dict save save_state_dict",
    modules="_consolidate_hf_safetensors default_planner filesystem format_utils hf_storage metadata optimizer planner "
    "state_dict state_dict_loader state_dict_saver stateful storage",
)
