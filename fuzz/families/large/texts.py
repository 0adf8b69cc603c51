"""Texts: operators as source over operands ``{0}``, ``{1}``, a dimension ``{d}``."""

UNARY = [
    "{0}.sin()", "{0}.tanh()", "{0}.sigmoid()", "F.relu({0})", "{0}.abs()", "-{0}", "{0} ** 2", "{0}.clone()",
    "({0}.abs() + 0.5).sqrt()", "({0}.abs() + 0.5).log()", "torch.exp(-{0}.abs())", "({0} * 0.5).erf()", "F.gelu({0})",
    "F.gelu({0}, approximate='tanh')", "F.silu({0})", "F.softplus({0})", "F.elu({0})", "F.leaky_relu({0}, 0.1)",
    "F.hardtanh({0})", "{0}.clamp(-1, 0.7)", "({0}.abs() + 1).reciprocal()", "F.mish({0})", "F.selu({0})", "{0} * 3 - 1",
    "F.hardswish({0})", "F.logsigmoid({0})", "F.softsign({0})", "({0}.abs() + 1).rsqrt()", "{0}.cos()", "{0}.atan()",
    "{0}.expm1().tanh()", "({0}.abs()).log1p()", "Scale.apply({0})", "torch.where({0} > 0.3, {0}, 2.0)", "{0}.square()",
    "{0}.masked_fill({0} > 1, 0.5)", "{0}.sinh().atan()", "F.hardshrink({0})", "F.softshrink({0})", "F.relu6({0})",
    "{0}.sign() * {0}", "{0}.exp2().log2()", "F.celu({0})", "{0}.asinh()", "F.threshold({0}, 0.1, -1)",
    "{0}.nan_to_num(0.0)", "torch.logit({0}.sigmoid() * 0.9 + 0.05)", "{0}.sinc()",
    "{0}.detach() * {0}", "{0}.frac()", "{0}.float().double()",
]  # fmt: skip
OF_OTHER_DTYPES = [
    "({0} * 8).half().to({0}.dtype)", "({0} * 8).bfloat16().sin().to({0}.dtype)", "({0} * 9).long() % 5 * {0}", "({0} > 0) * {0}",
    "({0} * 9).int().to({0}.dtype) + {0}", "(({0} * 9).to(torch.uint8) + 250).to({0}.dtype) * {0}", "({0} * 9).long() // 2 - {0}",
    "torch.where(({0} * 9).int() % 3 == 1, {0}, -{0})", "(({0} > 0) ^ ({0} < 1)) | ({0} == 0)", "({0} * 40).to(torch.int8) * {0}",
    "torch.complex({0}, {0} * 2).abs()", "torch.polar({0}.abs() + 1, {0}).real * {0}", "(({0} * 9).short() & 6) + {0}",
    "({0} * {0}.to(torch.complex128)).imag + {0}", "{0}.masked_fill(({0} * 9).int() > 3, -1.5)", "({0} * 9).long().clamp(-2, 3) + {0}",
    "{0}.bool() * {0}", "(~({0} > 0.5)).double().to({0}.dtype) * {0}", "{0}.isnan() + {0}", "(1 - ({0} * 9).long().abs()) * {0}",
    "torch.view_as_real(torch.complex({0}, {0}.sin())).sum(-1)", "{0} / 3", "7 / ({0}.abs() + 1)", "2 ** {0}", "{0} % 1.5",
    "torch.remainder({0}, 0.75)", "{0}.double().sin().to({0}.dtype)", "{0}.to(torch.float32).exp().to({0}.dtype)",
]  # fmt: skip
COUNTS = [
    "({0} * 9).long().{name}({d})", "({0} > 0).{name}({d})", "({0} * 9).int().{name}({d})", "({0} * 9).to(torch.uint8).{name}({d})",
]  # fmt: skip
BINARY = [
    "{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / ({1}.abs() + 1)", "torch.maximum({0}, {1})", "torch.minimum({0}, {1})",
    "torch.atan2({0}, {1})", "torch.hypot({0}, {1})", "torch.where({0} > {1}, {0}, {1})", "torch.fmax({0}, {1})",
    "torch.pow({0}.abs() + 0.5, {1}.tanh())", "torch.lerp({0}, {1}, 0.3)", "torch.addcmul({0}, {1}, {0}, value=0.5)",
    "torch.copysign({0}, {1})", "torch.add({0}, {1}, alpha=2)", "torch.logaddexp({0}, {1})", "F.mse_loss({0}, {1}.detach())",
    "torch.lerp({0}, {1}, {0}.sigmoid())", "torch.addcdiv({0}, {1}, {1}.abs() + 1)", "torch.xlogy({0}, {1}.abs() + 1)",
    "torch.where(({0} + {1}) > 0, {0}, 0.0)", "{0}.clamp(max={1})", "torch.fmod({0}, {1}.abs() + 2)",
]  # fmt: skip
BROADCAST_LOSSES = [
    "F.smooth_l1_loss({0}, {1}, reduction='none')", "F.huber_loss({0}, {1}, reduction='none', delta=0.7)",
    "F.l1_loss({0}, {1}, reduction='none')", "F.kl_div({0}, {1}.sigmoid(), reduction='none')",
    "F.binary_cross_entropy_with_logits({0}, {1}.sigmoid(), reduction='none')", "F.mse_loss({0}, {1}, reduction='sum')",
    "F.binary_cross_entropy({0}.sigmoid(), {1}.sigmoid())", "F.gaussian_nll_loss({0}, {1}, {0}.abs() + 1, reduction='none')",
    "F.poisson_nll_loss({0}, {1}.detach(), reduction='none')", "F.soft_margin_loss({0}, {0}.detach().sign())",
]  # fmt: skip
REDUCTIONS = ["sum", "mean", "amax", "amin", "var", "std", "logsumexp", "norm"]
ALONG = [
    "{0}.softmax({d})", "{0}.log_softmax({d})", "{0}.cumsum({d})", "{0}.flip({d})", "{0}.roll(1, {d})", "{0}.sort(dim={d}, stable=True)[0]",
    "F.normalize({0}, dim={d})", "torch.cat([{0}, {0} * 2], {d})", "torch.stack([{0}, {0}.sin()], {d})", "{0}.logcumsumexp({d})",
    "{0}.unsqueeze({d})", "{0}.diff(dim={d})", "{0}.cummax({d})[0]", "{0}.max({d})[0]", "{0}.median({d})[0]",
    "({0} * 0.1 + 1).cumprod({d})", "{0}.repeat_interleave(2, {d})", "F.softmin({0}, {d})", "F.glu(torch.cat([{0}, {0}], {d}), {d})",
]  # fmt: skip
IN_PLACE = [
    "{0}.add_({1})", "{0}.mul_({1})", "{0}.sub_({1}, alpha=0.5)", "{0}.div_({1}.abs() + 1)", "{0}.tanh_()", "{0}.sigmoid_()",
    "{0}.mul_(0.5)", "{0} += 1", "{0}.copy_({1})", "{0}.relu_()", "{0}.clamp_(-1, 1)", "{0}.neg_()", "{0}.addcmul_({1}, {1})",
    "{0}.masked_fill_({0} > 0.5, 0.25)", "{0}[..., 0] = 0.5", "{0}[0] = {0}[-1]", "{0}.lerp_({1}, 0.25)", "{0}.zero_()",
    "{0}[::2].mul_(2)", "{0}.exp_().clamp_(max=3)", "{0}.square_().clamp_(max=3)", "{0}.fill_(0.5)",
]  # fmt: skip

