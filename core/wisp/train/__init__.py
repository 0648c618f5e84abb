"""Image-only training of matting heads: made pictures or a studio's own mattes in, safetensors out.

textures, layers, camera, masks: what a made picture consists of · scenes: whole pictures with their truth ·
folders: pictures from disk · losses · recipes: what is trained and how it is fed · trainer · curves · export.
Nothing here is needed to run a trained head.
"""
