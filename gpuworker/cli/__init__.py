"""Outputs of the command line besides sheets."""
