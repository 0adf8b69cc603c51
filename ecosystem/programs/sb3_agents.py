"""Agents of Stable-Baselines3 balance a pole and swing a pendulum: PPO, A2C, DQN, SAC, TD3, DDPG; saved, loaded, evaluated."""

# packages: stable-baselines3 gymnasium cloudpickle pandas matplotlib

import io

import gymnasium
import numpy as np
import torch
from stable_baselines3 import A2C, DDPG, DQN, PPO, SAC, TD3
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.noise import NormalActionNoise

torch.set_num_threads(1)


def show(what: str, *values: object) -> None:
    numbers = [v for value in values for v in np.asarray(value, dtype=np.float64).flatten().tolist()]
    print(f"{what}:", *(f"{v:.6g}" for v in numbers))


class Rewards(BaseCallback):
    """Keeps the actions and rewards of all steps."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: list[float] = []
        self.rewards = 0.0

    def _on_step(self) -> bool:
        self.actions.append(float(np.asarray(self.locals["actions"]).sum()))
        self.rewards += float(np.asarray(self.locals["rewards"]).sum())
        return True


class Seeded(Monitor):
    """Begins every episode alike."""

    def reset(self, **options):
        return super().reset(**{**options, "seed": 1})


noise = NormalActionNoise(np.zeros(1), 0.1 * np.ones(1))
small = {"net_arch": [16, 16]}
for agent, environment, steps, options in (
    (PPO, "CartPole-v1", 256, {"n_steps": 64, "batch_size": 32, "n_epochs": 2}),
    (PPO, "Pendulum-v1", 128, {"n_steps": 64, "batch_size": 32, "n_epochs": 2, "use_sde": True}),
    (A2C, "CartPole-v1", 150, {}),
    (DQN, "CartPole-v1", 200, {"learning_starts": 50, "target_update_interval": 50}),
    (SAC, "Pendulum-v1", 60, {"learning_starts": 20, "batch_size": 32}),
    (TD3, "Pendulum-v1", 60, {"learning_starts": 20, "batch_size": 32, "action_noise": noise}),
    (DDPG, "Pendulum-v1", 50, {"learning_starts": 20, "batch_size": 32}),
):
    model = agent("MlpPolicy", environment, seed=0, device="cpu", policy_kwargs=dict(small), **options)
    kept = Rewards()
    model.learn(steps, callback=kept)
    name = f"{agent.__name__} {environment}"
    show(name, kept.rewards, *kept.actions[-8:])
    show("  parameters", *(p.detach().sum() for p in model.policy.parameters()))
    buffer = io.BytesIO()
    model.save(buffer)
    buffer.seek(0)
    again = agent.load(buffer, device="cpu")
    observation = again.observation_space.sample() * 0 + 0.1
    show("  action", again.predict(observation, deterministic=True)[0])
    if environment == "CartPole-v1":
        show("  evaluated", *evaluate_policy(again, Seeded(gymnasium.make(environment)), n_eval_episodes=2))
print(model.policy)
