"""``torch._inductor.config``: options of a compiler that is not there; they keep what programs set."""

from types import SimpleNamespace as _Options

from adjoint._dynamo.options import of_compiler as _of_compiler

_of_compiler(
    __name__,
    {
        "aggressive_fusion": False,
        "allow_buffer_reuse": True,
        "assert_indirect_indexing": True,
        "autotune_local_cache": True,
        "compile_threads": 1,
        "conv_1x1_as_mm": False,
        "coordinate_descent_check_all_directions": False,
        "coordinate_descent_tuning": False,
        "cpp": _Options(
            threads=-1, dynamic_threads=False, simdlen=None, min_chunk_size=512, enable_kernel_profile=False
        ),
        "cpp_wrapper": False,
        "dce": False,
        "debug": False,
        "epilogue_fusion": True,
        "fallback_random": False,
        "force_disable_caches": False,
        "force_fuse_int_mm_with_mul": False,
        "freezing": False,
        "fx_graph_cache": True,
        "fx_graph_remote_cache": None,
        "implicit_fallbacks": True,
        "inplace_buffers": True,
        "layout_optimization": True,
        "max_autotune": False,
        "max_autotune_gemm": False,
        "max_autotune_gemm_backends": "ATEN,TRITON,CPP",
        "max_autotune_pointwise": False,
        "max_fusion_size": 64,
        "memory_planning": False,
        "pattern_matcher": True,
        "permute_fusion": False,
        "reorder_for_locality": True,
        "shape_padding": True,
        "size_asserts": True,
        "split_reductions": True,
        "trace": _Options(enabled=False, debug_dir=None, graph_diagram=False),
        "triton": _Options(
            cudagraphs=False, cudagraph_trees=True, unique_kernel_names=True, autotune_pointwise=True, max_tiles=None
        ),
        "unroll_reductions_threshold": 8,
        "use_mixed_mm": True,
        "verbose_progress": False,
        "worker_start_method": "subprocess",
    },
)
