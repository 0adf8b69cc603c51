"""Operators of ONNX, each kind in a file: which function of ours each is."""
