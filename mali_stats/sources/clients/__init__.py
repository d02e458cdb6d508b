"""The clients behind ``mali_stats.fetch``: a module per publisher, and what they share.

``wish`` says what is wanted, a publisher's ``plans`` turn it into a file to ask for, ``web`` asks, ``pages`` and
``download`` write, ``cache`` keeps. Keys and passwords live in ``secret`` and are shown by none of them.
"""
