"""What a training script uses. Nothing here imports anything heavy."""
