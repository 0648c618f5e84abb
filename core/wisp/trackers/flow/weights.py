"""Where the weights lie that ship with Wisp."""

from pathlib import Path

FOLLOWER = Path(__file__).with_name("follower.safetensors")
STARTER = Path(__file__).with_name("starter.safetensors")
FEATURES = Path(__file__).parents[2] / "features" / "efficientnet_lite0.safetensors"
SUBJECT = Path(__file__).with_name("subject.safetensors")
