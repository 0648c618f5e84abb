{
  "wisp": 1,
  "plate": {
    "path": "plates/sh010.%04d.exr",
    "first": 1001,
    "last": 1100,
    "offset": 1000,
    "width": 2048,
    "height": 1152,
    "pixel_aspect": 2.0,
    "colorspace": "ACEScg",
    "view": "ACES 1.0 - SDR Video",
    "ocio": "studio-config-v4.0.0_aces-v2.0_ocio-v2.5",
    "exposure": -0.5,
    "layer": "left.beauty",
    "missing": "hold",
    "clean": "plates/sh010_clean.exr",
    "second": "plates/sh010_white.%04d.exr",
    "second_clean": "plates/sh010_white_clean.exr",
    "backlit": false
  },
  "objects": [
    {
      "id": 1,
      "name": "hero",
      "color": "#33c26b",
      "enabled": true,
      "first": null,
      "last": null,
      "region": [100, 50, 900, 650],
      "prompts": [
        {"frame": 1001, "kind": "box", "xyxy": [100.0, 50.5, 900.25, 1152.0]},
        {"frame": 1001, "kind": "point", "xy": [512.3333333333334, 300.1], "include": true},
        {"frame": 1040, "kind": "point", "xy": [0.1, 1e-07], "include": false},
        {"frame": 1040, "kind": "stroke", "xy": [[10.0, 20.0], [30.5, 40.25], [-4.0, 60.0]], "radius": 9.5, "include": false, "softness": 0.5},
        {"frame": 1040, "kind": "unknown", "xy": [[11.5, 20.0], [31.0, 44.25]], "radius": 18.5},
        {"frame": 1080, "kind": "mask", "path": "roto/hero.1080.exr"},
        {"frame": 1001, "kind": "text", "text": "die Läuferin im roten Kleid"}
      ],
      "locks": [[1030, 1034], [1050, 1050]],
      "approvals": [[1030, 1034, "4e07f3a91c2b5d60"]],
      "absent": [[1060, 1062]],
      "accepted": [[1020, "9c41e0b7"]],
      "ease": 4,
      "edge": {"grow": -1.5, "soften": 2.0, "black": 0.05, "white": 0.95, "gamma": 1.2, "fill_holes": 12.0, "remove_specks": 8.5, "frame_edge": 3, "stabilise": 0.75},
      "garbage": "roto/hero_out.%04d.exr",
      "core": "roto/hero_in.%04d.exr"
    },
    {
      "id": 7,
      "name": "Läuferin-2",
      "color": "#e8543f",
      "enabled": false,
      "first": 1010,
      "last": 1090,
      "region": null,
      "prompts": [],
      "locks": [],
      "accepted": [],
      "ease": 2,
      "edge": {"grow": 0.0, "soften": 0.0, "black": 0.0, "white": 1.0, "gamma": 1.0, "fill_holes": 0.0, "remove_specks": 0.0, "frame_edge": 0, "stabilise": 0.0},
      "garbage": null,
      "core": null
    }
  ],
  "solve": {
    "tracker": "sam2",
    "head": "progressive",
    "uncover": true,
    "precision": "fp32",
    "seed": 42
  },
  "deliver": {
    "layout": "layers",
    "compression": "zip",
    "premultiply": true,
    "exclusive": true
  }
}
