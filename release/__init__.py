"""What is given to others, and what is checked before: `python3 dev.py release` and `python3 dev.py docs`.

`contents.py` lists what a user installs, `__main__.py` does the steps in their order.
"""
