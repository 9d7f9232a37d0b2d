"""Reference numbers for crates/pretrained/tests/families.rs, from PyTorch and transformers.

Tiny models of every family whose weights follow a formula of their names (crates/pretrained/tests/made/mod.rs holds the
same one), run on inputs by formula. Prints one JSON object: for each case the first numbers of its vector.
Needs: torch, transformers, pillow, numpy.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers as T
from PIL import Image
from safetensors.torch import load_file, save_file

M = (1 << 64) - 1


def mixed(n):
    z = (n * 0x9E3779B97F4A7C15) & M
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return z ^ (z >> 31)


def hashed(name):
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & M
    return h


def numbers(name, n):
    h = hashed(name)
    u = [(mixed((h + i + 1) & M) >> 40) / 2**23 - 1.0 for i in range(n)]
    if name.endswith("running_var") or ("norm" in name.lower() and name.endswith(".weight")):
        return [1.0 + 0.3 * x for x in u]
    # Places far apart, so that a place that is one off shows.
    return [(2.0 if "position" in name else 0.3) * x for x in u]


def made(model):
    """The model with weights by the formula of the names that its file has."""
    folder = Path(tempfile.mkdtemp())
    model.save_pretrained(folder)
    file = folder / "model.safetensors"
    tensors = {
        k: v if v.dtype == torch.int64 else torch.tensor(numbers(k, v.numel()), dtype=torch.float32).reshape(v.shape)
        for k, v in load_file(file).items()
    }
    save_file(tensors, file, metadata={"format": "pt"})
    again, info = type(model).from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], info
    return again.eval()


def shown(vector):
    return [round(float(x), 6) for x in vector.flatten()[:6]]


def picture():
    w, h = 40, 30
    rgb = [mixed(i // 3 // 5 * 3 + i % 3 + 1) & 255 for i in range(w * h * 3)]
    return Image.fromarray(np.array(rgb, dtype=np.uint8).reshape(h, w, 3))


def texts(model, ids):
    out = []
    for one in ids:
        rows = model(input_ids=torch.tensor([one]), attention_mask=torch.ones(1, len(one), dtype=torch.long)).last_hidden_state[0]
        mean = rows.mean(0)
        out.append(shown(mean / mean.norm()))
        out.append(shown(rows[0]))
    return out


def main():
    torch.manual_seed(0)
    out = {"torch": torch.__version__, "transformers": T.__version__}
    small = dict(hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20)
    bert_ids = [[1, 4, 5, 2], [1, 8, 6, 7, 4, 2]]
    rob_ids = [[0, 4, 5, 2], [0, 8, 6, 7, 4, 2]]
    out["bert"] = texts(made(T.BertModel(T.BertConfig(vocab_size=12, max_position_embeddings=16, **small))), bert_ids)
    distil = T.DistilBertConfig(vocab_size=12, max_position_embeddings=16, dim=12, n_layers=2, n_heads=3, hidden_dim=20)
    out["distilbert"] = texts(made(T.DistilBertModel(distil)), bert_ids)
    xlmr = T.XLMRobertaConfig(vocab_size=12, max_position_embeddings=18, type_vocab_size=1, layer_norm_eps=1e-5, **small)
    out["xlm-roberta"] = texts(made(T.XLMRobertaModel(xlmr)), rob_ids)
    mpnet = T.MPNetConfig(vocab_size=12, max_position_embeddings=18, layer_norm_eps=1e-5, **small)
    out["mpnet"] = texts(made(T.MPNetModel(mpnet)), rob_ids)

    image = picture()
    mean, std = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]

    def pixels(processor):
        return processor(images=image, return_tensors="pt")["pixel_values"]

    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil
    from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

    cropped = CLIPImageProcessorPil(
        size={"shortest_edge": 20}, crop_size={"height": 16, "width": 16}, resample=3, image_mean=mean, image_std=std
    )
    square = ViTImageProcessorPil(size={"height": 16, "width": 16}, resample=2, image_mean=mean, image_std=std)
    squared = SiglipImageProcessorPil(size={"height": 16, "width": 16}, resample=3, image_mean=mean, image_std=std)
    next_ = ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=0.8, resample=3, image_mean=mean, image_std=std)
    with torch.no_grad():
        vit = made(T.ViTModel(T.ViTConfig(image_size=16, patch_size=4, **small)))
        out["vit"] = [shown(vit(pixel_values=pixels(square)).last_hidden_state[0, 0])]
        dino = dict(small)
        dino.pop("intermediate_size")
        plain = made(T.Dinov2Model(T.Dinov2Config(image_size=24, patch_size=4, mlp_ratio=2, **dino)))
        out["dinov2"] = [shown(plain(pixel_values=pixels(cropped)).last_hidden_state[0, 0])]
        gated = made(T.Dinov2Model(T.Dinov2Config(image_size=16, patch_size=4, mlp_ratio=2, use_swiglu_ffn=True, **dino)))
        out["dinov2 gated"] = [shown(gated(pixel_values=pixels(cropped)).last_hidden_state[0, 0])]
        for kind in ("basic", "bottleneck"):
            net = T.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[2, 1], layer_type=kind)
            out["resnet " + kind] = [shown(made(T.ResNetModel(net))(pixel_values=pixels(next_)).pooler_output)]
        clip = made(
            T.CLIPModel(
                T.CLIPConfig(
                    text_config=dict(vocab_size=12, max_position_embeddings=10, eos_token_id=2, **small),
                    vision_config=dict(image_size=16, patch_size=4, **small),
                    projection_dim=8,
                )
            )
        )
        got = clip.get_image_features(pixel_values=pixels(cropped))
        got = got if torch.is_tensor(got) else got.pooler_output
        # The mark of the end is the highest number: 11 here.
        text = clip.get_text_features(input_ids=torch.tensor([[1, 4, 5, 11]]))
        text = text if torch.is_tensor(text) else text.pooler_output
        out["clip"] = [shown(got / got.norm()), shown(text / text.norm())]
        siglip = made(
            T.SiglipModel(
                T.SiglipConfig(
                    text_config=dict(vocab_size=12, max_position_embeddings=8, **small),
                    vision_config=dict(image_size=16, patch_size=4, **small),
                )
            )
        )
        got = siglip.get_image_features(pixel_values=pixels(squared))
        got = got if torch.is_tensor(got) else got.pooler_output
        text = siglip.get_text_features(input_ids=torch.tensor([[1, 4, 5, 2, 0, 0, 0, 0]]))
        text = text if torch.is_tensor(text) else text.pooler_output
        out["siglip"] = [shown(got / got.norm()), shown(text / text.norm())]

        whisper = made(
            T.WhisperForConditionalGeneration(
                T.WhisperConfig(
                    vocab_size=12, d_model=12, encoder_layers=2, decoder_layers=2, encoder_attention_heads=3,
                    decoder_attention_heads=3, encoder_ffn_dim=20, decoder_ffn_dim=20, num_mel_bins=16,
                    max_source_positions=50, max_target_positions=12, pad_token_id=0, bos_token_id=1, eos_token_id=2,
                    decoder_start_token_id=3, begin_suppress_tokens=None,
                )
            )
        )
        features = T.WhisperFeatureExtractor(feature_size=16, chunk_length=1)
        t = np.arange(9600) / 16000
        sound = (0.4 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 2500 * t * (1 + t))).astype(np.float32)
        mel = features(sound, sampling_rate=16000, return_tensors="pt").input_features
        rows = whisper.model.encoder(mel).last_hidden_state[0]
        out["whisper"] = [shown(rows[:30].mean(0))]
        pieces = [3, 9, 11]
        while len(pieces) < 12:
            scores = whisper(input_features=mel, decoder_input_ids=torch.tensor([pieces])).logits[0, -1]
            scores[torch.tensor([10])] = -1e9
            if len(pieces) == 3:
                scores[torch.tensor([2])] = -1e9
            best = int(scores.argmax())
            if best == 2:
                break
            pieces.append(best)
        out["whisper pieces"] = pieces[3:]
    json.dump(out, sys.stdout, indent=1)


main()
