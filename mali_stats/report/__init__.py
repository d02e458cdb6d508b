"""The site made of the notebooks, and the one way in which their outputs are written.

``python -m mali_stats.report site`` runs every notebook afresh on the shipped figures and makes pages that
load nothing from elsewhere; ``python -m mali_stats.report notebooks`` writes the outputs into the notebooks
themselves. Both need the extra ``notebooks``.
"""
