"""Where older programs import from how a model's weights are downloaded."""

from adjoint.hub import load_state_dict_from_url as load_state_dict_from_url
