"""``python -m mali_stats`` is ``mali-stats``."""

from mali_stats.cli import main

if __name__ == "__main__":
    main(prog_name="python -m mali_stats")
