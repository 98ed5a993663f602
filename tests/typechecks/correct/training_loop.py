"""A network is trained with an optimizer and a schedule, evaluated without gradients, and says how well it does."""

import arcgrad as torch
import arcgrad.nn.functional as F
from arcgrad import Tensor, nn, optim
from arcgrad.optim.lr_scheduler import CosineAnnealingLR


class Net(nn.Module):
    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.hidden = nn.Linear(4, width)
        self.out = nn.Linear(width, 3)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.drop(F.relu(self.hidden(x))))


def train(model: Net, x: Tensor, y: Tensor, epochs: int) -> list[float]:
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4, nesterov=True)
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs)
    losses: list[float] = []
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def accuracy(model: Net, x: Tensor, y: Tensor) -> float:
    model.eval()
    hits: int = (model(x).argmax(1) == y).sum().item()
    return hits / len(y)


def main() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(16, 4), torch.randint(0, 3, (16,))
    model = Net()
    losses = train(model, x, y, epochs=3)
    print(f"{losses[-1]:.4f} {accuracy(model, x, y):.1%}")


main()
