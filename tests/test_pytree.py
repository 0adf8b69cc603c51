"""Pytrees, as torch.utils._pytree has them: structures, maps, paths, text and errors beside PyTorch's."""

from __future__ import annotations

import dataclasses
import enum
import pickle
from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any

import pytest

from tests.both import agree

Point = namedtuple("Point", "x y")

TREES = {
    "a leaf": 3,
    "none": None,
    "nested": {"a": [1, 2, (3,)], "b": ()},
    "ordered": OrderedDict([("z", 1), ("a", [2])]),
    "with defaults": defaultdict(list, {"k": [5, 6]}),
    "a deque": deque([1, (2,)], maxlen=4),
    "a named tuple": [Point(1, {"q": 2})],
    "empty": [[], {}, ()],
}


def pytree(torch: Any) -> Any:
    return torch.utils._pytree


@pytest.mark.parametrize("name", TREES)
def test_a_tree_is_taken_apart_and_put_together_as_in_pytorch(name: str) -> None:
    def scenario(torch: Any) -> Any:
        leaves, spec = pytree(torch).tree_flatten(TREES[name])
        again = pytree(torch).tree_unflatten([f"<{leaf}>" for leaf in leaves], spec)
        paths = [pytree(torch).keystr(path) for path, _ in pytree(torch).tree_leaves_with_path(TREES[name])]
        print(repr(spec), pytree(torch).treespec_pprint(spec), repr(again))
        return leaves, paths, spec.num_leaves, spec.num_nodes, spec.num_children, spec.is_leaf()

    agree(scenario)


@pytest.mark.parametrize("name", TREES)
def test_a_structure_written_down_is_read_by_either_library(name: str) -> None:
    def scenario(torch: Any) -> Any:
        text = pytree(torch).treespec_dumps(pytree(torch).tree_structure(TREES[name]))
        return text, pytree(torch).treespec_loads(text) == pytree(torch).tree_structure(TREES[name])

    agree(scenario, raises=name == "a named tuple")


EXPRESSIONS = [
    "p.tree_map(lambda x, y: [x] + y, [5, 6], [[7, 9], [1]])",
    "p.tree_map(lambda x, y: (x, y), {'a': 1, 'b': 2}, OrderedDict(b=3, a=4))",
    "p.tree_map(lambda x: x * 2, [1, (2,)], is_leaf=lambda x: isinstance(x, tuple))",
    "p.tree_map_only(int, lambda x: x + 1, {'a': 1, 'b': 'text'})",
    "p.tree_map_only((int, str), lambda x: x * 2, [1, 'a', 2.0])",
    "p.tree_map_only(lambda x: x == 1, lambda x: 'one', [1, 2])",
    "p.tree_map_with_path(lambda k, x, y: (p.keystr(k), x, y), {'a': [1]}, {'a': [[2]]})",
    "p.tree_all(bool, [1, 0]), p.tree_any(bool, [1, 0]), p.tree_all_only(int, bool, [1, '']), p.tree_any_only(str, bool, [1, ''])",
    "list(p.tree_iter([1, {'a': 2}])), p.arg_tree_leaves(1, [2], k=(3,))",
    "p.tree_is_leaf(1), p.tree_is_leaf([]), p.tree_is_leaf(None)",
    "p.key_get({'a': [1, 2]}, p.tree_leaves_with_path({'a': [1, 2]})[1][0])",
    "[str(k) for k in (p.SequenceKey(1), p.MappingKey('a'), p.GetAttrKey('x'))], repr(p.MappingKey(2))",
    "p._broadcast_to_and_flatten((0, {'a': 1}), p.tree_structure(((1, 2), {'a': [3, 4]})))",
    "p._broadcast_to_and_flatten((0, 1), p.tree_structure([1, 2]))",
    "p.is_namedtuple(Point), p.is_namedtuple_instance(Point(1, 2))",
    "p.is_structseq(__import__('time').gmtime()), p.is_structseq(())",
    "hash(p.tree_structure({'a': 1})) == hash(p.tree_structure({'a': 2})), p.tree_structure([1]) == p.tree_structure((1,))",
    "p.treespec_tuple([p.treespec_leaf()]), p.treespec_dict(a=p.treespec_leaf()), p.tree_structure([1, [2]]).child(1)",
    "p.tree_map(lambda x, y: 0, [1, 2], [1])",
    "p.tree_map(lambda x, y: 0, [1, 2], (1, 2))",
    "p.tree_map(lambda x, y: 0, {'a': 1}, {'b': 1})",
    "p.tree_map(lambda x, y: 0, Point(1, 2), namedtuple('Q', 'x y')(1, 2))",
    "p.tree_structure([1]).unflatten([1, 2])",
    "p.tree_unflatten([1], 3)",
    "p.map_only(3)",
    "p.treespec_dumps(3)",
    "p.treespec_dumps(p.treespec_leaf(), 5)",
    "p.treespec_loads('[1, {\"type\": \"unknown\", \"context\": null, \"children_spec\": []}]')",
    "p.treespec_tuple([1])",
    "p.register_pytree_node(list, None, None)",
    "p.register_constant(type('C', (), {}))",
    "p.register_dataclass(type('C', (), {}))",
    "p.LeafSpec()",
    "p._is_leaf(3)",
    "p.tree_structure([1]).children_specs",
    "p.tree_structure(torch.ones(2, 3).max(1))",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_functions_of_trees_give_what_pytorchs_give(expression: str) -> None:
    names = {"Point": Point, "namedtuple": namedtuple, "OrderedDict": OrderedDict}

    def scenario(torch: Any) -> Any:
        print(repr(eval(expression, {"p": pytree(torch), "torch": torch, **names})))


    agree(scenario)


def test_classes_can_be_made_containers() -> None:
    def scenario(torch: Any) -> Any:
        p = pytree(torch)

        class Pair:
            def __init__(self, a: Any, b: Any) -> None:
                self.a, self.b = a, b

        p.register_pytree_node(
            Pair, lambda pair: ([pair.a, pair.b], "kept"), lambda parts, kept: Pair(*parts), serialized_type_name="Pair"
        )
        doubled = p.tree_map(lambda x: x * 2, [Pair(1, (2,))])
        text = p.treespec_dumps(p.tree_structure(Pair(1, 2)))
        found = [type(doubled[0]).__name__, doubled[0].a, doubled[0].b, text, repr(p.tree_structure(Pair(1, [2])))]
        for other in (Pair(1, 2), [1, 2]):
            try:
                found.append(p.tree_map(lambda x, y: y, Pair(0, 0), other).b)
            except ValueError as error:
                found.append(str(error).replace(repr(Pair), "Pair"))
        try:
            p.tree_leaves_with_path(Pair(1, 2))
        except ValueError as error:
            found.append(str(error).replace(repr(Pair), "Pair"))
        p._deregister_pytree_node(Pair)
        return found, len(p.tree_leaves(Pair(1, 2)))

    agree(scenario)


def test_dataclasses_and_constants_can_be_containers() -> None:
    @dataclasses.dataclass
    class Both:
        x: Any
        y: Any = None

    @dataclasses.dataclass(frozen=True)
    class Setting:
        name: str

    def scenario(torch: Any) -> Any:
        p = pytree(torch)
        p.register_dataclass(Both)
        p.register_constant(Setting)
        leaves, spec = p.tree_flatten([Both(1), Both(2, 3), Setting("l2")])
        again = p.tree_unflatten([x + 1 for x in leaves], spec)
        same = p.tree_structure(Setting("a")) == p.tree_structure(Setting("a")), p.tree_structure(
            Setting("a")
        ) == p.tree_structure(Setting("b"))
        paths = [p.keystr(path) for path, _ in p.tree_leaves_with_path([Both(1), Both(2, 3)])]
        return leaves, repr(again[:2]), again[2].name, same, paths, p.is_constant_class(Setting)

    agree(scenario)


class Colour(enum.Enum):
    RED = 1


def test_a_structure_keeps_members_of_enumerations_and_can_be_pickled() -> None:
    def scenario(torch: Any) -> Any:
        spec = pytree(torch).tree_structure({Colour.RED: 1, "b": [2, Point(1, 2)]})
        text = pytree(torch).treespec_dumps(pytree(torch).tree_structure({Colour.RED: 1}))
        return text, pickle.loads(pickle.dumps(spec)) == spec

    agree(scenario, warnings_too=False)  # PyTorch warns of its own LeafSpec, which the pickle makes
