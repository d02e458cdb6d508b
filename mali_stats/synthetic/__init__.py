"""Made-up files in the publishers' exact layouts, with planted oddities and the truth beside them.

For tests, method notebooks, and for trying the readers where the publishers' own files may not be passed on. Every
function takes a seed; the same seed gives the same bytes. Nothing here is a figure of the world.

Displacement: one maker a file, in ``DISPLACEMENT``. Events: ``two_records`` makes one war and what two publishers
record of it; ``ucdp_file`` and ``acled_file`` write that in each of the publishers' layouts.
"""

from mali_stats.synthetic.displacement import (
    DISPLACEMENT,
    dtm_sheet,
    dtm_v3,
    dtm_v3_csv,
    gidd,
    hapi_food,
    hapi_idps,
    hapi_needs,
    hapi_refugees,
    hapi_returnees,
    idu,
    unhcr_api,
    unhcr_flows,
    unhcr_population,
    unhcr_solutions,
)
from mali_stats.synthetic.exports import ACLED_LAYOUTS, UCDP_LAYOUTS, acled_file, ucdp_file
from mali_stats.synthetic.made import Made
from mali_stats.synthetic.pair import TwoRecords, two_records
from mali_stats.synthetic.war import SCENARIOS, Scenario

__all__ = [
    "ACLED_LAYOUTS",
    "DISPLACEMENT",
    "SCENARIOS",
    "UCDP_LAYOUTS",
    "Made",
    "Scenario",
    "TwoRecords",
    "acled_file",
    "dtm_sheet",
    "dtm_v3",
    "dtm_v3_csv",
    "gidd",
    "hapi_food",
    "hapi_idps",
    "hapi_needs",
    "hapi_refugees",
    "hapi_returnees",
    "idu",
    "two_records",
    "ucdp_file",
    "unhcr_api",
    "unhcr_flows",
    "unhcr_population",
    "unhcr_solutions",
]
