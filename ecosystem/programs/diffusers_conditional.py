"""diffusers: a conditional UNet with cross attention and a variational autoencoder take a training step, with and without LoRA."""

# packages: diffusers peft safetensors
# tolerance: 1e-3 because errors of single precision grow through two networks

import tempfile

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

torch.manual_seed(0)
vae = AutoencoderKL(
    in_channels=3,
    out_channels=3,
    down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
    up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
    block_out_channels=(8, 16),
    latent_channels=4,
    norm_num_groups=4,
    sample_size=16,
)
unet = UNet2DConditionModel(
    sample_size=8,
    in_channels=4,
    out_channels=4,
    layers_per_block=1,
    block_out_channels=(8, 16),
    norm_num_groups=4,
    cross_attention_dim=12,
    attention_head_dim=2,
    down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
)
print("parameters:", sum(p.numel() for p in vae.parameters()), sum(p.numel() for p in unet.parameters()))

images, text = torch.rand(2, 3, 16, 16) * 2 - 1, torch.randn(2, 5, 12)

# The autoencoder: reconstruction and the distance from a normal distribution.
posterior = vae.encode(images).latent_dist
decoded = vae.decode(posterior.sample(generator=torch.Generator().manual_seed(3))).sample
loss = F.mse_loss(decoded, images) + 1e-3 * posterior.kl().mean()
loss.backward()
print(f"autoencoder: {loss.item():.6g} {sum(p.grad.abs().sum() for p in vae.parameters() if p.grad is not None):.6g}")
vae.enable_slicing()
vae.enable_tiling()
with torch.no_grad():
    latents = vae.encode(images).latent_dist.mode() * vae.config.scaling_factor
print("latents:", tuple(latents.shape), f"{latents.sum().item():.6g}")

# The denoiser, with both ways of computing attention.
scheduler = DDPMScheduler(num_train_timesteps=50, beta_schedule="scaled_linear", prediction_type="v_prediction")
noise, timesteps = torch.randn(latents.shape), torch.tensor([3, 40])
noisy, target = scheduler.add_noise(latents, noise, timesteps), scheduler.get_velocity(latents, noise, timesteps)
for processor in (AttnProcessor(), AttnProcessor2_0()):
    unet.set_attn_processor(processor)
    unet.zero_grad()
    loss = F.mse_loss(unet(noisy, timesteps, encoder_hidden_states=text).sample, target)
    loss.backward()
    print(f"{type(processor).__name__}: {loss.item():.6g} {sum(p.grad.abs().sum() for p in unet.parameters()):.6g}")

unet.enable_gradient_checkpointing()
unet.train()
unet.zero_grad()
F.mse_loss(unet(noisy, timesteps, encoder_hidden_states=text).sample, target).backward()
print(f"checkpointed: {sum(p.grad.abs().sum() for p in unet.parameters()):.6g}")
unet.disable_gradient_checkpointing()
unet.zero_grad()

# LoRA: everything else stays as it is.
unet.requires_grad_(False)
unet.add_adapter(LoraConfig(r=2, lora_alpha=4, init_lora_weights="gaussian", target_modules=["to_k", "to_q", "to_v"]))
trained = [p for p in unet.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trained, lr=1e-2)
for step in range(4):
    loss = F.mse_loss(unet(noisy, timesteps, encoder_hidden_states=text).sample, target)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print(f"lora step {step}: {loss.item():.6g}")
state = get_peft_model_state_dict(unet)
print("lora:", len(trained), len(state), f"{sum(v.abs().sum() for v in state.values()):.6g}")
unet.disable_adapters()
with torch.no_grad():
    print(f"without: {F.mse_loss(unet(noisy, timesteps, encoder_hidden_states=text).sample, target).item():.6g}")
unet.enable_adapters()
unet.fuse_lora()
with torch.no_grad():
    print(f"fused: {F.mse_loss(unet(noisy, timesteps, encoder_hidden_states=text).sample, target).item():.6g}")

# Classifier-free guidance, from noise to an image.
ddim = DDIMScheduler.from_config(scheduler.config)
ddim.set_timesteps(4)
x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(4))
both = torch.cat([torch.zeros(1, 5, 12), text[:1]])
with torch.no_grad():
    for t in ddim.timesteps:
        without, with_text = unet(torch.cat([x, x]), t, encoder_hidden_states=both).sample.chunk(2)
        x = ddim.step(without + 3.0 * (with_text - without), t, x, eta=0.0).prev_sample
    image = vae.decode(x / vae.config.scaling_factor).sample
print("sampled:", tuple(image.shape), f"{image.sum().item():.6g} {image.std().item():.6g}")

with tempfile.TemporaryDirectory() as folder:
    vae.save_pretrained(folder, safe_serialization=True)
    loaded = AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32)
    print("loaded:", all(torch.equal(a, b) for a, b in zip(vae.state_dict().values(), loaded.state_dict().values())))
