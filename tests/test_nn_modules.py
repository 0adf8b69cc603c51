"""Every module, made from the same seed, has PyTorch's text, weights, outputs and gradients."""

import copy
import pickle

import pytest
from both import agree

# module -> the shapes of its inputs ("i" before a shape: class numbers)
MODULES = {
    "Linear(3,4)": ["2,3"],
    "Linear(3,4,bias=False)": ["5,2,3"],
    "Bilinear(2,3,4)": ["5,2", "5,3"],
    "Identity(3,a=1)": ["2,3"],
    "Conv1d(4,6,3,padding=1,stride=2)": ["2,4,9"],
    "Conv2d(4,6,3)": ["2,4,6,7"],
    "Conv2d(4,6,(3,2),2,1,groups=2,bias=False)": ["2,4,6,7"],
    "Conv2d(4,6,3,padding='same',dilation=2)": ["4,6,7"],
    "Conv2d(4,6,3,padding=1,padding_mode='reflect')": ["2,4,6,7"],
    "Conv2d(4,6,3,padding=(2,1),padding_mode='circular')": ["2,4,6,7"],
    "Conv2d(4,6,3,padding=1,padding_mode='replicate')": ["2,4,6,7"],
    "Conv3d(2,3,2,padding=(1,0,1))": ["1,2,4,5,3"],
    "ConvTranspose1d(4,3,3,2)": ["2,4,5"],
    "ConvTranspose2d(4,6,3,2,1,1,groups=2)": ["2,4,5,4"],
    "ConvTranspose3d(2,3,2)": ["1,2,3,2,4"],
    "BatchNorm1d(4)": ["3,4"],
    "BatchNorm1d(4,momentum=None)": ["3,4,5"],
    "BatchNorm2d(4,eps=1e-3,affine=False)": ["3,4,2,3"],
    "BatchNorm3d(2,track_running_stats=False)": ["3,2,2,3,2"],
    "BatchNorm1d(4,bias=False)": ["3,4"],
    "LayerNorm(4)": ["3,4"],
    "LayerNorm((3,4),bias=False)": ["2,3,4"],
    "LayerNorm(4,elementwise_affine=False)": ["3,4"],
    "GroupNorm(2,4)": ["3,4,5"],
    "GroupNorm(2,4,affine=False)": ["3,4,5,2"],
    "InstanceNorm1d(4)": ["3,4,5"],
    "InstanceNorm2d(4,affine=True,track_running_stats=True)": ["3,4,5,2"],
    "InstanceNorm2d(4)": ["4,5,2"],
    "InstanceNorm3d(2,affine=True)": ["3,2,5,2,2"],
    "RMSNorm(4)": ["3,4"],
    "LocalResponseNorm(2)": ["3,4,5"],
    "Dropout(.3)": ["30,4"],
    "Dropout(.3,True)": ["30,4"],
    "Dropout1d()": ["3,4,5"],
    "Dropout2d()": ["3,4,5,2"],
    "Dropout3d()": ["3,4,5,2,2"],
    "AlphaDropout()": ["3,40"],
    "FeatureAlphaDropout()": ["3,4,5"],
    "Embedding(5,3)": ["i2,4"],
    "Embedding(5,3,padding_idx=-2)": ["i2,4"],
    "Embedding(5,3,max_norm=1.,norm_type=1.,scale_grad_by_freq=True)": ["i2,4"],
    "EmbeddingBag(5,3)": ["i2,4"],
    "EmbeddingBag(5,3,mode='max',padding_idx=1)": ["i2,4"],
    "Flatten()": ["2,3,4"],
    "Flatten(0,1)": ["2,3,4"],
    "Unflatten(1,(2,3))": ["2,6"],
    "Fold((4,4),2)": ["1,8,9"],
    "Unfold(2,padding=1,stride=2)": ["2,3,4,4"],
    "Upsample(scale_factor=2)": ["2,3,4,4"],
    "Upsample((3,6),mode='bilinear',align_corners=True)": ["2,3,4,4"],
    "UpsamplingNearest2d(3)": ["2,3,4,4"],
    "UpsamplingBilinear2d(scale_factor=2)": ["2,3,4,4"],
    "PixelShuffle(2)": ["2,4,3,3"],
    "PixelUnshuffle(2)": ["2,4,4,2"],
    "ChannelShuffle(2)": ["2,4,3"],
    "ZeroPad1d(1)": ["2,3,4"],
    "ZeroPad2d((1,2,0,1))": ["2,3,4,4"],
    "ZeroPad3d(1)": ["2,3,4,4,2"],
    "ConstantPad1d(1,3.5)": ["2,3,4"],
    "ConstantPad2d(1,3.5)": ["2,3,4,4"],
    "ConstantPad3d((1,0,2,0,1,1),3.5)": ["2,3,4,4,2"],
    "ReflectionPad1d(2)": ["2,3,4"],
    "ReflectionPad2d((1,2,0,1))": ["2,3,4,4"],
    "ReflectionPad3d(1)": ["2,3,4,4,2"],
    "ReplicationPad1d(2)": ["2,3,4"],
    "ReplicationPad2d(1)": ["2,3,4,4"],
    "ReplicationPad3d(1)": ["2,3,4,4,2"],
    "CircularPad1d(1)": ["2,3,4"],
    "CircularPad2d((1,2,0,1))": ["2,3,4,4"],
    "CircularPad3d(1)": ["2,3,4,4,2"],
    "CosineSimilarity()": ["3,4", "3,4"],
    "PairwiseDistance(1,keepdim=True)": ["3,4", "3,4"],
    "MaxPool1d(2)": ["2,3,6"],
    "MaxPool2d((2,3),2,1,1,False,True)": ["2,3,6,7"],
    "MaxPool3d(2)": ["2,3,4,4,4"],
    "AvgPool1d(3,2,1,True,False)": ["2,3,8"],
    "AvgPool2d((2,3),2,1)": ["2,3,6,7"],
    "AvgPool3d(2)": ["2,3,4,4,4"],
    "AdaptiveAvgPool1d(3)": ["2,3,8"],
    "AdaptiveAvgPool2d((1,None))": ["2,3,4,5"],
    "AdaptiveAvgPool3d(2)": ["2,3,4,5,3"],
    "AdaptiveMaxPool1d(3)": ["2,3,8"],
    "AdaptiveMaxPool2d((2,None))": ["2,3,4,5"],
    "AdaptiveMaxPool3d(2)": ["2,3,4,5,3"],
    "LPPool1d(2,3)": ["2,3,9"],
    "LPPool2d(3,(2,3),1,True)": ["2,3,4,6"],
    "LPPool3d(2,2)": ["2,3,4,4,4"],
    **dict.fromkeys(
        """ReLU() ReLU(True) ReLU6() LeakyReLU(.2) ELU(2.,True) CELU() SELU() GELU() GELU('tanh') SiLU() Mish() Hardtanh()
        Hardtanh(-2,3,True) Hardswish() Hardsigmoid() Softplus(2,3) Softsign() Tanhshrink() Softshrink(1) Hardshrink(1)
        Threshold(.1,2) LogSigmoid() PReLU() PReLU(4,.1) RReLU() RReLU(.1,.2,True) GLU() Sigmoid() Tanh() Softmax(1) LogSoftmax(1)
        Softmin(1) Softmax() LSTMCell(4,3) GRUCell(4,3) RNNCell(4,3) RNNCell(4,3,False,'relu')""".split(),
        ("3,4",),
    ),
    "Softmax2d()": ["2,3,4,5"],
    **dict.fromkeys(
        """RNN(3,4) RNN(3,4,2,nonlinearity='relu',bidirectional=True) LSTM(3,4) LSTM(3,4,2,batch_first=True,dropout=.5)
        LSTM(3,4,proj_size=2,bidirectional=True) GRU(3,4,2,bias=False) GRU(3,4,bidirectional=True)""".split(),
        ("5,2,3",),
    ),
    "LSTM(3,4,2)": ["5,3"],
    "GRU(3,4)": ["5,3", "1,4"],
    **dict.fromkeys(
        """L1Loss() MSELoss() MSELoss(reduction='sum') BCEWithLogitsLoss() KLDivLoss(reduction='batchmean') SmoothL1Loss()
        HuberLoss(delta=.5) SoftMarginLoss() HingeEmbeddingLoss() PoissonNLLLoss() MultiLabelSoftMarginLoss()
        CrossEntropyLoss()""".split(),
        ("3,4", "3,4"),
    ),
    "CrossEntropyLoss(label_smoothing=.1,ignore_index=2)": ["4,5", "i4"],
    "NLLLoss(reduction='sum')": ["4,5", "i4"],
    "NLLLoss(torch.tensor([1.,2,3,4,5]))": ["4,5", "i4"],
    "BCEWithLogitsLoss(pos_weight=torch.tensor([1.,2,3,4]))": ["3,4", "3,4"],
    "MultiMarginLoss()": ["4,5", "i4"],
    "TripletMarginLoss(swap=True)": ["3,4", "3,4", "3,4"],
    "TripletMarginWithDistanceLoss()": ["3,4", "3,4", "3,4"],
    "CosineEmbeddingLoss()": ["3,4", "3,4", "i3"],
    "MarginRankingLoss()": ["3", "3", "3"],
    "GaussianNLLLoss()": ["3,4", "3,4", "p3,4"],
    "MultiheadAttention(4,2)": ["5,2,4", "3,2,4", "3,2,4"],
    "MultiheadAttention(4,2,.1,batch_first=True,kdim=3,vdim=2,add_bias_kv=True,add_zero_attn=True)": [
        "2,5,4",
        "2,3,3",
        "2,3,2",
    ],
    "MultiheadAttention(4,2,bias=False)": ["5,4", "3,4", "3,4"],
    "TransformerEncoderLayer(4,2,8,0.)": ["5,2,4"],
    "TransformerEncoderLayer(4,2,8,0.,'gelu',batch_first=True,norm_first=True,bias=False)": ["2,5,4"],
    "TransformerDecoderLayer(4,2,8,0.)": ["5,2,4", "3,2,4"],
    "TransformerEncoder(nn.TransformerEncoderLayer(4,2,8,0.),2,nn.LayerNorm(4))": ["5,2,4"],
    "TransformerDecoder(nn.TransformerDecoderLayer(4,2,8,0.),2)": ["5,2,4", "3,2,4"],
    "Transformer(4,2,1,1,8,0.)": ["5,2,4", "3,2,4"],
    "Sequential(nn.Conv2d(1,2,3),nn.BatchNorm2d(2),nn.ReLU(),nn.Flatten(),nn.Linear(8,3))": ["2,1,4,4"],
}
# Where the mathematics is the same and the nodes are not.
OTHER_NODES = (
    "RNN", "LSTM", "GRU", "Attention", "Transformer", "EmbeddingBag",
    "PairwiseDistance", "InstanceNorm", "RMSNorm", "Softm", "CrossEntropyLoss()",
)  # fmt: skip


def inputs(torch, shapes, integers_below):
    made = []
    for shape in shapes:
        size = tuple(int(n) for n in shape.lstrip("ip").split(","))
        if shape[0] == "i":
            made.append(torch.randint(0, integers_below, size))
        elif shape[0] == "p":
            made.append(torch.rand(size) + 0.1)
        else:
            made.append(torch.randn(size).requires_grad_())
    return made


def flat(torch, result):
    return [t for r in result for t in flat(torch, r)] if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("module", MODULES)
def test_same_seed_same_text_weights_outputs_and_gradients(module):
    names = not any(name in module for name in OTHER_NODES)

    def scenario(torch):
        m = eval("nn." + module, {"nn": torch.nn, "torch": torch})
        given = inputs(torch, MODULES[module], 5 if "Embedding" in module else 3)
        if module == "SoftMarginLoss()":
            given[1].requires_grad_(False)
        found = [repr(m), m.training, dict(m.state_dict())]
        arguments = [x * 1 if x.is_floating_point() else x for x in given]
        if module.startswith("LSTM(") and len(arguments) == 2:
            arguments[1] = (arguments[1], arguments[1])
        result = flat(torch, m(*arguments))
        found += [r if names else r.detach() for r in result if r is not None]
        leaves = [x for x in given if x.requires_grad] + list(m.parameters())
        total = sum((r * r).sum() for r in result if r is not None and r.requires_grad)
        if leaves:
            found += torch.autograd.grad(total, leaves, allow_unused=True)
        m.eval()
        with torch.no_grad():
            found += [None if r is None else r.detach() for r in flat(torch, m(*arguments))]
        found.append(dict(m.state_dict()))
        found += [type(m).__module__.split(".")[-1], sorted(n for n, _ in m.named_modules())]
        return found

    agree(scenario, 2e-5, warnings_too="proj_size" not in module)


@pytest.mark.parametrize("module", ["Linear(3,4)", "BatchNorm2d(3)", "Conv2d(1,2,3)", "LSTM(3,4)", "Transformer(4,2,1,1,8)"])
def test_modules_are_copied_and_pickled(module):
    import adjoint as torch

    m = eval("torch.nn." + module)
    for other in (copy.deepcopy(m), pickle.loads(pickle.dumps(m))):
        assert repr(other) == repr(m)
        assert {n: t.tolist() for n, t in other.state_dict().items()} == {n: t.tolist() for n, t in m.state_dict().items()}
        for p, q in zip(m.parameters(), other.parameters()):
            assert q is not p and q.requires_grad and isinstance(q, torch.nn.Parameter)


def test_recurrent_networks_run_packed_sequences():
    def scenario(torch):
        pack, pad = torch.nn.utils.rnn.pack_padded_sequence, torch.nn.utils.rnn.pad_packed_sequence
        found = []
        for kind in ("LSTM", "GRU", "RNN"):
            m = getattr(torch.nn, kind)(3, 4, 2, bidirectional=True)
            x = torch.randn(5, 3, 3, requires_grad=True)
            packed = pack(x, torch.tensor([2, 5, 4]), enforce_sorted=False)
            output, state = m(packed)
            padded, lengths = pad(output)
            (g,) = torch.autograd.grad((padded * padded).sum(), x)
            found += [padded.detach(), lengths, [s.detach() for s in flat(torch, state)] if kind == "LSTM" else state.detach(), g]
            found += [packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices, packed.data.detach()]
        rnn = torch.nn.utils.rnn
        sequences = [torch.arange(3.0), torch.arange(1.0), torch.arange(2.0)]
        found += [rnn.pad_sequence(sequences), rnn.pad_sequence(sequences, True, -1.0, "left")]
        found += [rnn.pack_sequence(sequences, False).data, rnn.unpack_sequence(rnn.pack_sequence(sequences, False))]
        return found

    agree(scenario, 1e-5)


def test_max_unpooling_undoes_max_pooling():
    def scenario(torch):
        found = []
        for n, shape in ((1, (2, 3, 8)), (2, (2, 3, 6, 4)), (3, (1, 2, 4, 4, 4))):
            pool = getattr(torch.nn, f"MaxPool{n}d")(2, return_indices=True)
            unpool = getattr(torch.nn, f"MaxUnpool{n}d")(2)
            found += [repr(unpool), unpool(*pool(torch.randn(shape)))]
        return found

    agree(scenario)


@pytest.mark.parametrize(
    "expression",
    """nn.Conv2d(3,4,3,padding='same',stride=2)
nn.Conv2d(3,4,3,groups=2)
nn.Conv2d(4,3,3,groups=2)
nn.Conv2d(4,3,3,groups=0)
nn.ConvTranspose2d(4,3,3,padding_mode='reflect')
nn.ConvTranspose2d(4,3,3)(torch.ones(1,4,5,5),output_size=(3,))
nn.ConvTranspose2d(4,3,3)(torch.ones(1,4,5,5),output_size=(3,3))
nn.BatchNorm1d(3)(torch.ones(3))
nn.BatchNorm2d(3)(torch.ones(3,3))
nn.BatchNorm3d(3)(torch.ones(3,3))
nn.InstanceNorm1d(3)(torch.ones(3))
nn.InstanceNorm1d(3,affine=True)(torch.ones(2,4,5))
nn.GroupNorm(3,4)
nn.Dropout(2.)
nn.Embedding(3,2,padding_idx=4)
nn.Embedding(3,2,_weight=torch.ones(2,2))
nn.Unflatten(1,2)
nn.Unflatten(1,(2,'a'))
nn.Bilinear(0,1,1)
nn.Hardtanh(1,-1)
nn.Softmax2d()(torch.ones(2))
nn.MultiMarginLoss(3)
nn.TripletMarginLoss(-1.)
nn.LSTM(2,3,dropout=2)
nn.LSTM(2,0)
nn.LSTM(2,3,proj_size=3)
nn.GRU(2,3,proj_size=1)
nn.RNN(2,3,nonlinearity='x')
nn.LSTM(2,3)(torch.ones(2,2,4))
nn.LSTM(2,3)(torch.ones(2))
nn.GRU(2,3)(torch.ones(2,2,2),torch.ones(1,2,4))
nn.GRUCell(2,3)(torch.ones(2,2,2))
nn.MultiheadAttention(4,3)
nn.MultiheadAttention(0,3)
nn.MultiheadAttention(4,2)(torch.ones(4),torch.ones(4),torch.ones(4))
nn.TransformerEncoderLayer(4,2,activation='x')
nn.CircularPad2d(1)(torch.ones(2,2))""".splitlines(),
)
def test_bad_options_raise_pytorchs_error(expression):
    agree(lambda torch: eval(expression, {"torch": torch, "nn": torch.nn}), raises=True)
