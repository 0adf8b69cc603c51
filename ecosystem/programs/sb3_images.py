"""Stable-Baselines3 on images and dictionaries: a convolutional policy, several inputs, frames stacked, rewards normalized."""

# packages: stable-baselines3 gymnasium cloudpickle pandas matplotlib

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecNormalize

torch.set_num_threads(1)


class Walk(gymnasium.Env):
    """A walk on a line, seen as an image or as an image and a number."""

    def __init__(self, several: bool) -> None:
        image = spaces.Box(0, 255, (1, 36, 36), np.uint8)
        self.several = several
        self.observation_space = spaces.Dict({"image": image, "place": spaces.Box(-1.0, 1.0, (1,))}) if several else image
        self.action_space = spaces.MultiDiscrete([2, 3]) if several else spaces.Discrete(2)

    def seen(self):
        image = np.zeros((1, 36, 36), np.uint8)
        image[0, :, self.place % 36] = 200
        place = np.array([np.sin(self.place)], np.float32)
        return {"image": image, "place": place} if self.several else image

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = int(self.np_random.integers(36)), 0
        return self.seen(), {}

    def step(self, action):
        self.steps += 1
        move = int(np.sum(action))
        self.place += 1 if move else -1
        return self.seen(), float(self.place % 5) / 5, False, self.steps >= 20, {}


def show(what: str, *values: object) -> None:
    numbers = [v for value in values for v in np.asarray(value, dtype=np.float64).flatten().tolist()]
    print(f"{what}:", *(f"{v:.6g}" for v in numbers))


check_env(Walk(False))
check_env(Walk(True))
for agent, policy, several, options in (
    (PPO, "CnnPolicy", False, {"n_steps": 16, "batch_size": 16, "n_epochs": 1}),
    (DQN, "CnnPolicy", False, {"learning_starts": 10, "batch_size": 8, "buffer_size": 100}),
    (A2C, "MultiInputPolicy", True, {"n_steps": 8, "use_rms_prop": True}),
    (PPO, "MultiInputPolicy", True, {"n_steps": 16, "batch_size": 8, "n_epochs": 1, "target_kl": 0.5}),
):
    environments = DummyVecEnv([lambda several=several: Walk(several)] * (1 if agent is DQN else 2))
    environments = VecFrameStack(environments, 2) if not several else VecNormalize(environments, norm_obs_keys=["place"])
    small = {"features_extractor_kwargs": {"cnn_output_dim" if several else "features_dim": 16}}
    model = agent(policy, environments, seed=0, device="cpu", policy_kwargs=small, **options)
    model.learn(48)
    show(f"{agent.__name__} {policy}", *(p.detach().abs().sum() for p in model.policy.parameters()))
    model.policy.set_training_mode(False)
    environments.seed(3)
    seen = environments.reset()
    show("  actions", model.predict(seen, deterministic=True)[0])
    if agent is not DQN:
        tensors, _ = model.policy.obs_to_tensor(seen)
        show("  values", model.policy.predict_values(tensors).detach(), model.policy.get_distribution(tensors).entropy().detach())
