"""Tick inputs: from what devices say to the bytes that every core simulates from."""

from lockstep.inputs.commands import Command, command_from_args
from lockstep.inputs.device import DeviceMerge, DeviceState, quantise
from lockstep.inputs.layout import AVATAR_LAYOUT, InputLayout
from lockstep.inputs.predictor import predict
from lockstep.inputs.tick_input import NEUTRAL, TickInput, decode_input, encode_input, neutral_input
from lockstep.inputs.tick_inputs import PlayerTick, TickInputs

__all__ = [
    "AVATAR_LAYOUT",
    "NEUTRAL",
    "Command",
    "DeviceMerge",
    "DeviceState",
    "InputLayout",
    "PlayerTick",
    "TickInput",
    "TickInputs",
    "command_from_args",
    "decode_input",
    "encode_input",
    "neutral_input",
    "predict",
    "quantise",
]
