"""States of models and optimizers are dictionaries that can be saved, and what was saved can be indexed."""

import io
import tempfile
from pathlib import Path

import arcgrad as ag
from arcgrad import nn, optim

model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
optimizer = optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "checkpoint.pt"
    ag.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, path)
    checkpoint = ag.load(path, map_location="cpu", weights_only=True)
    ag.save(ag.ones(2), str(path))
    with open(path, "rb") as file:
        tensor = ag.load(file)
    with ag.serialization.safe_globals([dict]):
        names: list[str] = ag.serialization.get_unsafe_globals_in_checkpoint(path)

missing, unexpected = model.load_state_dict(checkpoint["model"])
result = model.load_state_dict(checkpoint["model"], strict=False)
optimizer.load_state_dict(checkpoint["optimizer"])
epoch: int = checkpoint["epoch"] + 1
assert not missing and not result.missing_keys and tensor.sum() == 2

for name, value in model.state_dict().items():
    print(name.upper(), value.shape)
for group in optimizer.param_groups:
    group["lr"] *= 0.5
    print(sum(p.numel() for p in group["params"]))
weights = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
for name, p in model.named_parameters():
    with ag.no_grad():
        p.copy_(weights[name])


def place(location: ag.serialization.MAP_LOCATION) -> object:
    buffer = io.BytesIO()
    ag.save([ag.ones(1)], buffer, format="pt")
    buffer.seek(0)
    return ag.load(buffer, map_location=location, encoding="latin1")


for location in (None, "cpu", ag.device("cpu"), {"cuda:0": "cpu"}):
    place(location)
place(lambda storage, name: storage if name == "cpu" else None)
