"""Image-only training of matting heads: made pictures or a studio's own mattes in, safetensors out.

palette, textures, painting, strands, layers, camera, masks: what made pictures consist of · scenes: whole ones with
their truth · folders: pictures from disk · crops: samples as the embedded head sees them · losses · recipes: what is
trained and how it is fed · trainer · curves · export. Nothing here is needed to run a trained head.
"""
