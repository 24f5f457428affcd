"""What a training script uses. Nothing here imports anything heavy.

Nor what is only convenient, as each module takes a script that starts 0.2 ms: types are quoted,
and `__future__` is left alone.
"""
