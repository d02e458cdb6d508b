"""Which region a brief is asked for, by name, spelling or P-code."""

from __future__ import annotations

from mali_stats import catalog
from mali_stats.clean import places


def region_of(name: str | None, country: str) -> tuple[str | None, str]:
    """Return P-code and name of a region, or None and the country's name."""
    known = places.gazetteer(country)
    names, whole = places.Names(known, "admin1"), _country_name(country)
    if name is None or places.key(str(name)) in (places.key(whole), places.key(country)):
        return None, whole
    found = str(name).upper() if str(name).upper() in names.known else names.find(name)
    # A larger region that a spelling stands for (for events) is not what somebody asks for who names a part of it.
    part = found and places.key(str(name)) != places.key(names.known[found]) and _parent(str(name), known)
    if found and not part:
        return found, names.known[found]
    raise ValueError(f"brief: region {name!r} is not known; {_hint(str(name), names, known)}")


def _country_name(country: str) -> str:
    table = catalog.seed("countries").set_index("iso3")["name"]
    return str(table.get(country, country))


def _hint(name: str, names: places.Names, known: places.Gazetteer) -> str:
    """Propose the nearest region, or the region of a cercle of that name."""
    districts = known.districts.set_index("admin2")["admin1"]
    if cercle := places.Names(known, "admin2").find(name):
        region = districts[cercle]
        return f"it is a cercle of {names.known[region]}, and a brief is of a region: {region}."
    if parent := _parent(name, known):
        return f"it is a region of another frame, and counted here in {names.known[parent]}: {parent}."
    near = f"did you mean {names.nearest(name)!r}? Regions" if names.nearest(name) else "regions"
    listed = ", ".join(f"{place} ({code})" for code, place in names.known.items())
    return f"{near}: {listed}; {_country_name(known.country)} for the country."


def _parent(name: str, known: places.Gazetteer) -> str | None:
    """Find the one region in which the districts lie that another frame gives to a region of that name."""
    other = known.regions[known.regions["region_name"].map(places.key) == places.key(name)]
    rows = known.frames.merge(other[["frame", "region"]])
    regions = known.districts.set_index("admin2")["admin1"].reindex(rows["admin2"]).unique()
    return regions[0] if len(regions) == 1 else None
