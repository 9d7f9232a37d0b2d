#!/usr/bin/env python3
"""A training step of SASRec in PyTorch, beside `cargo run --release -p recommend --example sasrec_speed`.

usage: sasrec_torch.py [cpu|cuda] [STEPS] [compile]

The same shape: batch 128, length 50, width 64, 2 blocks, 2 heads, inner layer 256, norms before the blocks, dropout 0.2, 512
shared negatives, cross-entropy, Adam; the table of items is sparse, so that a step touches the rows of its batch. On a GPU
a step is timed by the device's own clock after it has finished. Prints one JSON object a size of the catalogue.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as f

BATCH, LENGTH, WIDTH, BLOCKS, HEADS, INNER, NEGATIVES, DROPOUT = 128, 50, 64, 2, 2, 256, 512, 0.2
device = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 50
compiled = "compile" in sys.argv[3:]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)

    def forward(self, x):
        b, n, w = x.shape
        q, k, v = self.qkv(self.before(x)).view(b, n, 3, HEADS, w // HEADS).permute(2, 0, 3, 1, 4)
        seen = f.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + f.dropout(self.out(seen.transpose(1, 2).reshape(b, n, w)), DROPOUT, self.training)
        return x + f.dropout(self.down(f.relu(self.up(self.between(x)))), DROPOUT, self.training)


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.places = nn.Parameter(0.02 * torch.randn(LENGTH, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.last = nn.LayerNorm(WIDTH)

    def forward(self, items, positive, negative):
        x = f.dropout(items + self.places, DROPOUT, self.training)
        for block in self.blocks:
            x = block(x)
        x = self.last(x)
        right = (x * positive).sum(-1, keepdim=True)
        logits = torch.cat([right, x @ negative.T], -1)
        return f.cross_entropy(logits.view(-1, 1 + NEGATIVES), torch.zeros(BATCH * LENGTH, dtype=torch.long, device=x.device))


for n_items in (20_000, 500_000):
    torch.manual_seed(1)
    table = nn.Embedding(n_items, WIDTH, sparse=True, device=device)
    nn.init.normal_(table.weight, std=0.02)
    body = Body().to(device)
    run = torch.compile(body) if compiled else body
    dense = torch.optim.Adam(body.parameters(), lr=1e-3, fused=device.type == "cuda")
    sparse = torch.optim.SparseAdam(table.parameters(), lr=1e-3)
    batches = [torch.randint(n_items, (BATCH, LENGTH + 1), device=device) for _ in range(8)]
    walls, cpus, losses = [], [], []
    for step in range(steps + 5):
        wall, cpu = time.perf_counter(), time.process_time()
        batch = batches[step % len(batches)]
        drawn = torch.randint(n_items, (NEGATIVES,), device=device)
        loss = run(table(batch[:, :-1]), table(batch[:, 1:]), table(drawn))
        dense.zero_grad(set_to_none=True)
        sparse.zero_grad(set_to_none=True)
        loss.backward()
        dense.step()
        sparse.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        walls.append(1e3 * (time.perf_counter() - wall))
        cpus.append(1e3 * (time.process_time() - cpu))
        losses.append(loss.item())
    middle = lambda values: sorted(values[5:])[(len(values) - 5) // 2]  # noqa: E731
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "device": torch.cuda.get_device_name() if device.type == "cuda" else f"cpu, {torch.get_num_threads()} threads",
                "compiled": compiled,
                "n_items": n_items,
                "wall_ms": round(middle(walls), 2),
                "cpu_ms": round(middle(cpus), 2),
                "loss": [round(losses[0], 3), round(losses[-1], 3)],
            }
        )
    )
