"""diffusers: a small UNet learns to denoise for some steps, is saved and loaded again, and makes images with three schedulers."""

# packages: diffusers safetensors
# tolerance: 1e-3 because errors of single precision grow over the steps of sampling

import tempfile

import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, EulerDiscreteScheduler, UNet2DModel
from diffusers.optimization import get_cosine_schedule_with_warmup
from diffusers.training_utils import EMAModel

torch.manual_seed(0)
model = UNet2DModel(
    sample_size=8,
    in_channels=1,
    out_channels=1,
    layers_per_block=1,
    block_out_channels=(8, 16),
    norm_num_groups=4,
    attention_head_dim=4,
    down_block_types=("DownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "UpBlock2D"),
)
print("parameters:", sum(p.numel() for p in model.parameters()), len(model.state_dict()))

# Images to learn from: soft disks at different places.
grid = torch.stack(torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij"))
centres = torch.randint(2, 6, (16, 2, 1, 1)).float()
images = torch.exp(-((grid - centres) ** 2).sum(1, keepdim=True) / 4) * 2 - 1

noise_scheduler = DDPMScheduler(num_train_timesteps=100)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
lr_scheduler = get_cosine_schedule_with_warmup(optimizer, num_warmup_steps=2, num_training_steps=8)
ema = EMAModel(model.parameters(), decay=0.9, use_ema_warmup=True)
for step in range(8):
    batch = images[torch.randperm(16)[:8]]
    noise = torch.randn_like(batch)
    timesteps = torch.randint(0, 100, (8,))
    loss = F.mse_loss(model(noise_scheduler.add_noise(batch, noise, timesteps), timesteps).sample, noise)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    lr_scheduler.step()
    optimizer.zero_grad()
    ema.step(model.parameters())
    print(f"step {step}: {loss.item():.6g} {norm.item():.6g} {lr_scheduler.get_last_lr()[0]:.6g}")

ema.store(model.parameters())
ema.copy_to(model.parameters())
with torch.no_grad():
    print(f"averaged: {model(images[:2], 5).sample.abs().sum().item():.6g} {ema.cur_decay_value:.6g}")
ema.restore(model.parameters())

with tempfile.TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    loaded = UNet2DModel.from_pretrained(folder)
    same = all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), loaded.state_dict().values()))
    print("loaded:", same, loaded.config.block_out_channels, loaded.training)

for kind in (DDPMScheduler, DDIMScheduler, EulerDiscreteScheduler):
    scheduler = kind(num_train_timesteps=100)
    scheduler.set_timesteps(6)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, 1, 8, 8, generator=generator) * scheduler.init_noise_sigma
    with torch.no_grad():
        for t in scheduler.timesteps:
            out = loaded(scheduler.scale_model_input(x, t), t).sample
            x = scheduler.step(out, t, x, **({} if kind is DDIMScheduler else {"generator": generator})).prev_sample
    print(f"{kind.__name__}: {x.sum().item():.6g} {x.abs().mean().item():.6g} {x.std().item():.6g}")

pipeline = DDPMPipeline(unet=loaded, scheduler=noise_scheduler)
pipeline.set_progress_bar_config(disable=True)
made = pipeline(batch_size=2, num_inference_steps=4, generator=torch.Generator().manual_seed(2), output_type="np").images
print("pipeline:", made.shape, f"{made.sum():.6g}")
