"""An encoder's arrays on disk: plain, or packed into few bits a weight.

Packed, each 64 weights of a row share a scale, the one of a few that leaves the least squared error
(round to nearest). They are unpacked to float32 at load, so packing makes files smaller and not
computing faster.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .errors import ModelError
from .files import replacing
from .weights import PACKED, weight_files

Arrays = dict[str, npt.NDArray[np.generic]]
Floats = npt.NDArray[np.float32]

_GROUP = 64
_LEAST = 2**14  # entries under which an array stays as it is
_SCALES = np.linspace(0.7, 1.0, 7, dtype=np.float32)
_CODES, _SHARED = ":codes", ":scales"
_FILE = 45 * 10**6  # bytes: what hosts of source code take without a word


def read_arrays(folder: Path) -> dict[str, Floats]:
    """Read an encoder's weights as float32.

    Raises
    ------
    ModelError
        A file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    stored: Arrays = {}
    for file in weight_files(folder):
        try:
            stored |= load_file(file)
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{file.name} in {folder.name!r} is damaged: {error}") from error
    try:
        return dict(_unpacked(stored))
    except (KeyError, ValueError) as error:
        raise ModelError(f"The packed weights in {folder.name!r} do not fit: {error}.") from error


def write_packed(folder: Path, arrays: Mapping[str, npt.NDArray[np.generic]], bits: int) -> None:
    """Write weights in `bits` bits (small arrays in half precision), in files of 45 MB at most.

    An array that is larger has a file of its own.

    Parameters
    ----------
    folder : Path
    arrays : mapping of str to array
    bits : int
        2 to 8.
    """
    from safetensors.numpy import save_file

    parts: list[Arrays] = [{}]
    for name in sorted(arrays):
        made = _packed(name, np.asarray(arrays[name], dtype=np.float32), bits)
        if parts[-1] and sum(one.nbytes for one in (parts[-1] | made).values()) > _FILE:
            parts.append({})
        parts[-1] |= made
    for number, part in enumerate(parts, start=1):
        with replacing(folder / PACKED.format(number)) as file:
            save_file(part, file)


def _packed(name: str, array: Floats, bits: int) -> Arrays:
    if array.ndim != 2 or array.size < _LEAST or array.shape[1] % _GROUP:
        return {name: array.astype(np.float16)}
    codes, scales = pack(array, bits)
    return {name + _CODES: codes, name + _SHARED: scales}


def _unpacked(stored: Arrays) -> Iterator[tuple[str, Floats]]:
    for name, array in stored.items():
        if name.endswith(_CODES):
            plain = name.removesuffix(_CODES)
            yield plain, unpack(array.astype(np.uint8), stored[plain + _SHARED].astype(np.float32))
        elif not name.endswith(_SHARED):
            yield name, array.astype(np.float32)


def pack(array: Floats, bits: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
    """Pack a matrix.

    Parameters
    ----------
    array : array of float32, shape (n, m)
        `m` is a multiple of 64.
    bits : int

    Returns
    -------
    codes : array of uint8, shape (bits, n m / 8)
        One plane a bit, lowest first; a code `c` stands for ``(c + 1/2 - 2**(bits - 1)) * scale``.
    scales : array of float16, shape (n, m / 64)
    """
    rows = array.reshape(-1, _GROUP)
    half = 2 ** (bits - 1)
    widest = np.abs(rows).max(axis=1, keepdims=True) / (half - 0.5)
    best = np.full((len(rows), 1), np.inf, dtype=np.float32)
    codes, scales = np.zeros(rows.shape, np.uint8), np.zeros((len(rows), 1), np.float16)
    for share in _SCALES:
        scale = np.maximum(share * widest, np.finfo(np.float16).tiny).astype(np.float16)
        level = np.clip(np.floor(rows / scale.astype(np.float32)), -half, half - 1)
        error = (((level + 0.5) * scale - rows) ** 2).sum(axis=1, keepdims=True)
        better = error < best
        codes = np.where(better, (level + half).astype(np.uint8), codes)
        scales, best = np.where(better, scale, scales), np.where(better, error, best)
    planes = [np.packbits(codes.ravel() >> place & 1) for place in range(bits)]
    return np.stack(planes), scales.reshape(len(array), -1)


def unpack(codes: npt.NDArray[np.uint8], scales: Floats) -> Floats:
    """Unpack what ``pack`` made; shape (n, m)."""
    if not 2 <= len(codes) <= 8:
        raise ValueError(f"{len(codes)} bits a weight")
    whole = np.zeros(scales.size * _GROUP, dtype=np.uint8)
    for place, plane in enumerate(codes):
        whole |= np.unpackbits(plane) << place
    level = whole.reshape(-1, _GROUP).astype(np.float32) + np.float32(0.5 - 2 ** (len(codes) - 1))
    level *= scales.reshape(-1, 1)
    return level.reshape(len(scales), -1)
