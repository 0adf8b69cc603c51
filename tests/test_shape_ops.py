"""Views, copies, splitting, joining and rearranging, each beside PyTorch."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from recorded import assert_same

import adjoint

torch = pytest.importorskip("torch")

RESULTS = """
x.view(6,4)
x.view(-1)
x.view(torch.int32)
x.view(torch.float32)
x.view(torch.float16)
x.view_as(x)
x.reshape(6,4)
x.reshape(2,3,4)
x.transpose(0,1).reshape(6,4)
x.transpose(0,1).reshape(3,2,4)
x.flatten()
x.flatten(1)
x.transpose(0,1).flatten()
x.unflatten(2,(2,2))
x.squeeze()
x.squeeze(0)
x.squeeze((0,1))
x.unsqueeze(0)
x.transpose(0,1)
x.T
x.mT
x.mH
x.adjoint()
x.permute(2,0,1)
x.movedim(0,1)
x.moveaxis(0,1)
x.swapaxes(0,1)
x.swapdims(0,1)
x.expand(5,2,3,4)
x.expand_as(x)
torch.broadcast_to(x,(5,2,3,4))
torch.broadcast_tensors(x,x)
x.narrow(0,0,1)
x.select(0,0)
x.unbind(0)
x.split(1)
x.split([1,1])
x.split_with_sizes([1,1])
x.chunk(2)
x.unsafe_chunk(2)
x.unsafe_split_with_sizes([1, 1])
x[0].clone().fill_diagonal_(2.0)
x.chunk(2,2)
x.tensor_split(2)
x.tensor_split((1,),1)
x.hsplit(3)
x.vsplit(2)
x.dsplit(2)
x.diagonal()
x.as_strided((2,2),(1,2))
x.detach()
x.contiguous()
x.transpose(0,1).contiguous()
x.clone()
x.to(torch.float64)
x.to(torch.float32)
x.to('cpu')
x.to(torch.float32,copy=True)
x.double()
x.type(torch.float64)
x.type('torch.DoubleTensor')
x.type_as(x.double())
x.repeat(2,1,1)
x.tile(2)
x.tile(2,2,2,2)
x.repeat_interleave(2)
x.repeat_interleave(2,1)
x.repeat_interleave(torch.tensor([1,2]),0)
x.flip(0)
x.fliplr()
x.flipud()
x.roll(1)
x.roll(1,0)
x.rot90()
x.rot90(2)
x.rot90(3)
x.tril()
x.triu(1)
x.diag_embed()
x.diagflat()
torch.meshgrid(x[0,0],x[0,0])
torch.cartesian_prod(x[0,0],x[0,0])
torch.cartesian_prod(x[0,0])
torch.combinations(x[0,0])
torch.atleast_1d(x)
torch.atleast_1d(x[0,0,0])
torch.atleast_2d(x[0,0])
torch.atleast_3d(x[0])
torch.atleast_3d(x[0,0])
x.ravel()
torch.cat([x,x])
torch.stack([x,x])
torch.hstack([x,x])
torch.vstack([x,x])
torch.dstack([x,x])
torch.column_stack([x,x])
torch.vstack([x[0,0],x[0,0]])
torch.hstack([x[0,0],x[0,0]])
torch.block_diag(x[0],x[0])
x.copy_(x)
x.clone().copy_(x)
x.clone().zero_()
x.clone().fill_(2)
x.clone().fill_(x[0,0,0])
x.clone().squeeze_()
x.clone().unsqueeze_(0)
x.clone().transpose_(0,1)
x.clone().detach_()
x.sum_to_size(3,4)
x.data
x.swapaxes_(0,1)
x.clone().swapaxes_(0,1)
torch.narrow_copy(x,0,0,1)
torch.swapdims(x,0,1)
torch.concat([x,x])
torch.ravel(x)
x.bool()
x.cpu()
x.float()
torch.clone(x)
torch.fill(x,2.)
torch.detach(x)
x.view(-1,4)[1:,None]
x.unsqueeze(1).expand(2,5,3,4).transpose(0,2)
x.unfold(2,2,1).permute(3,0,1,2)
x.as_strided((3,3),(1,1),2)
x.T[1:]
x[:,1].as_strided((2,2),(1,2))
""".strip().splitlines()

ARGUMENTS_AND_ERRORS = """
y.view(2,2)
y.view(-1,-1)
y.view(-2)
torch.ones(0).view(0,-1)
x.transpose(0,1).view(6,4)
y.view(1.5)
y.view('a')
y.view()
s.view()
y.reshape()
y.reshape(2,2)
y.reshape(1.5)
y.squeeze(2)
y.unsqueeze(2)
y.unsqueeze(-3)
s.unsqueeze(1)
y.transpose(0,1)
s.transpose(0,0)
x.t()
x.permute(0,1)
x.permute(0,0,1)
x.permute(0,1,5)
y.permute()
y.expand(4)
y.expand(2,4)
y.expand()
y.expand(-1,3)
y.expand(2,-1)
y.narrow(0,0,5)
y.narrow(0,4,1)
y.narrow(0,-4,1)
y.narrow(0,0,-1)
s.narrow(0,0,1)
y.narrow(0,-1,1)
y.select(0,3)
s.select(0,0)
y.unbind(1)
s.unbind()
y.split(0)
y.split(-1)
torch.ones(0).split(0)
y.split([1,1])
y.split([1,-1,3])
s.split(1)
y.chunk(0)
s.chunk(1)
y.chunk(5)
x.chunk(2,1)
y.tensor_split(0)
y.tensor_split(2)
y.tensor_split((1,5))
s.tensor_split(2)
y.hsplit(2)
y.vsplit(2)
y.dsplit(2)
s.hsplit(1)
x.hsplit(2)
y.diagonal()
x.diagonal(0,0,0)
x.diagonal(5)
y.unfold(0,5,1)
y.unfold(0,1,0)
y.unfold(0,-1,1)
s.unfold(0,1,1)
y.as_strided((2,2),(1,5))
y.as_strided((2,),(1,),5)
y.as_strided((2,),(-1,))
y.as_strided((2,),(1,1))
y.T
x.T
x.H
s.mT
y.mT
s.H
x.unflatten(0,(2,2))
x.unflatten(0,())
x.unflatten(0,(-1,2))
x.flatten(2,1)
x.flatten(5)
s.flatten()
x.movedim((0,1),(0,))
x.movedim((0,0),(0,1))
x.repeat(2)
x.repeat(-1,1,1)
y.tile(-1)
y.flip(0,0)
y.flip(1)
y.flip()
y.fliplr()
s.flipud()
y.roll((1,2),0)
y.roll(())
y.roll(1,1)
y.rot90()
x.rot90(1,(0,0))
x.rot90(1,(0,))
x.rot90(1,(0,5))
y.tril()
s.diag()
x.diag()
y.diag_embed(0,0,0)
torch.meshgrid()
torch.meshgrid(y,y)
torch.meshgrid(y,y,indexing='zz')
torch.cartesian_prod(x)
torch.combinations(x)
torch.combinations(y,-1)
torch.combinations(y,0)
torch.combinations(y,2,True)
x.repeat_interleave(torch.tensor([1,2,3]),0)
x.repeat_interleave(-1)
x.repeat_interleave(torch.tensor([-1,2]),0)
x.repeat_interleave(torch.tensor([1.,2]),0)
torch.cat([])
torch.cat([x,y])
torch.cat([x,x[:1]],1)
torch.cat([s,s])
torch.cat([y,s])
torch.cat(y)
torch.cat([y,1])
torch.cat([y,torch.ones(0)])
torch.cat([x,torch.ones(0)])
torch.stack([])
torch.stack([x,y])
torch.stack([x,x],5)
torch.hstack([])
torch.hstack([x,y])
torch.block_diag(x)
torch.block_diag()
y.copy_(torch.ones(2))
y.expand(2,3).zero_()
y.expand(2,3).fill_(1)
y.expand(2,3).copy_(x[:,0,:3])
y.fill_('a')
y.to('foo')
y.to(torch.int32,torch.float32)
y.type()
y.contiguous(memory_format=torch.channels_last)
x[None].contiguous(memory_format=torch.channels_last)
s.view(torch.float16)
s.view(torch.int32)
torch.atleast_2d((s,y))
torch.broadcast_tensors(x,y)
x.swapaxes(0,5)
x.squeeze((0,0))
x.squeeze(1.5)
x.size(5)
x.size(0)
x.numel()
torch.narrow_copy(y,0,0,5)
y.swapaxes_(0,1)
y.unsqueeze_(0).shape
torch.narrow(y,0,torch.tensor(1),1)
y.split(2,1)
y.sum_to_size(2)
x.vsplit((1,))
x.view(size=(6,4))
x.reshape(shape=(6,4))
x.permute(dims=(0,2,1))
x.expand(size=(2,3,4))
x.repeat(repeats=(1,1,1))
x.tile(dims=(2,))
x.flip(dims=(0,))
x.select(dim=0,index=0)
x.transpose(dim0=0,dim1=1)
x.flatten(start_dim=1)
x.unflatten(dim=0,sizes=(1,2))
x.movedim(source=0,destination=1)
x.narrow(dim=0,start=0,length=1)
x.split(split_size=1,dim=0)
torch.split(x,split_size_or_sections=1,dim=0)
x.chunk(chunks=2,dim=0)
x.tensor_split(sections=2)
x.tensor_split(indices=(1,))
x.unfold(dimension=0,size=1,step=1)
x.diagonal(offset=0,dim1=0,dim2=1)
x.roll(shifts=1,dims=0)
x.rot90(k=1,dims=(0,1))
torch.cat(tensors=[x,x],dim=0)
torch.cat([x,x],axis=0)
torch.squeeze(x,axis=0)
x.unsqueeze(axis=0)
torch.stack([x,x],axis=0)
torch.unsqueeze(x,axis=0)
x.permute(1)
""".strip().splitlines()


@pytest.mark.parametrize("expression", RESULTS)
def test_values_graph_and_derivatives_are_pytorchs(expression):
    assert_same(expression)


@pytest.mark.parametrize("expression", ARGUMENTS_AND_ERRORS)
def test_arguments_and_errors_are_pytorchs(expression):
    assert_same(expression)


LAYOUTS = """
x.stride()
x.T.stride()
x.unsqueeze(1).stride()
x[None].stride()
x[:, 1].stride()
x[..., ::2].stride()
x.transpose(0, 1).clone().stride()
x.transpose(0, 1).contiguous().stride()
x.expand(5, 2, 3, 4).stride()
x.expand(5, 2, 3, 4).clone().stride()
x[:, [0, 1]].stride()
x[..., [0, 1]].stride()
x.transpose(0, 1)[[0, 1]].stride()
x.diagonal().stride()
x.unfold(2, 2, 1).stride()
x.stride(-1)
x.stride(5)
x[1, 1].storage_offset()
x.view(-1)[5:].as_strided((2, 2), (1, 2)).storage_offset()
x.is_contiguous()
x.T.is_contiguous()
x[None].contiguous(memory_format=torch.channels_last).stride()
x[None].contiguous(memory_format=torch.channels_last).is_contiguous(memory_format=torch.channels_last)
x.element_size()
x.dim()
x.size(-1)
x.size()
torch.zeros(0, 3).stride()
x.is_set_to(x), x.is_set_to(x.view(-1)), x.is_set_to(x.view(2, 3, 4))
""".strip().splitlines()


@pytest.mark.parametrize("expression", LAYOUTS)
def test_strides_and_offsets_are_pytorchs(expression):
    assert_same(expression)


DTYPES = ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool", "complex64"]


@pytest.mark.parametrize("to", DTYPES)
@pytest.mark.parametrize("from_", DTYPES)
def test_conversions_give_pytorchs_values(from_, to):
    def converted(library):
        values = library.tensor([0.0, 1.5, 100.0]).to(getattr(library, from_)).to(getattr(library, to))
        assert str(values.dtype) == f"torch.{to}"
        return values.to(library.complex128).tolist()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of imaginary parts, which is given once
        assert converted(adjoint) == converted(torch)


def test_memory_read_as_another_dtype_is_shared_and_counts_its_writes():
    for library in (torch, adjoint):
        x = library.tensor([1.0, 2.0])
        as_int = x.view(library.int32)
        assert as_int.tolist() == [1065353216, 1073741824]
        as_int.zero_()
        assert x.tolist() == [0.0, 0.0] and x._version == 1


def test_detach_shares_the_version_counter_and_data_does_not():
    for library in (torch, adjoint):
        x = library.ones(2)
        x.detach().add_(1)
        assert x._version == 1 and x.tolist() == [2, 2]
        x.data.add_(1)
        assert x._version == 1 and x.tolist() == [3, 3]


def test_data_can_be_replaced_unless_gradients_need_floats():
    for library in (torch, adjoint):
        x = library.ones(2, requires_grad=True)
        x.data = library.zeros(3)
        assert x.shape == (3,) and x.requires_grad and x.is_leaf
        with pytest.raises(RuntimeError, match="data set to a tensor that requires gradients must be floating point"):
            x.data = library.zeros(3, dtype=library.int64)


def test_expanded_views_are_writable_where_they_do_not_overlap():
    x = adjoint.zeros(3)
    x.expand(3)[0] = 5
    assert x.tolist() == [5, 0, 0]
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor refers to a single memory"):
        x.expand(2, 3).copy_(adjoint.ones(2, 3))


def test_a_thousand_live_views_are_made_in_linear_time():
    from timeit import timeit

    def rows(n):
        x = adjoint.zeros(n, 1)
        return timeit(lambda: list(x.unbind()), number=1)

    rows(100)
    assert rows(20_000) < 100 * max(rows(2_000), 1e-3)


def test_resize_keeps_elements_and_memory_where_there_is_room():
    for library in (torch, adjoint):
        x = library.arange(6)
        y = x[:2]
        y.resize_(4)
        assert y.tolist() == [0, 1, 2, 3]
        x.resize_(2, 2)
        assert x.tolist() == [[0, 1], [2, 3]]


def test_gradients_of_as_strided_count_every_element_that_overlaps():
    x = torch.randn(5, dtype=torch.float64, requires_grad=True)
    a = adjoint.tensor(x.detach().numpy(), requires_grad=True)
    for library, t in ((torch, x), (adjoint, a)):
        (t.as_strided((3, 3), (1, 1)) * library.arange(9.0).double().view(3, 3)).sum().backward()
    assert np.allclose(x.grad.numpy(), a.grad.numpy())
