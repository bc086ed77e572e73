"""Which kind of seat a price category's name speaks of, in the languages that seating plans come in."""

from __future__ import annotations

import re

from app.domain.text import fold

KINDS = ("standard", "premium", "recliner", "love", "wheelchair", "companion")

# The order matters: "wheelchair companion" is a companion's seat, "premium recliner" a recliner.
_WORDS: dict[str, tuple[str, ...]] = {
    "companion": (
        r"companion|\bcarers?\b|escort|accompagn|begleit|acompanan|acompanh|begeleid|ledsag|opiekun|doprovod",
        r"同伴|介助|付き添い|陪同",
    ),
    "wheelchair": (
        r"wheel ?chair|\bwch\b|accessib|disab|handicap|invalid|\bpmr\b|\bufr\b|fauteuils? roulant|rollstuhl",
        r"silla de ruedas|minusvalid|movilidad reducida|cadeirante|cadeira de rodas|mobilidade reduzida",
        r"\bpcd\b|carrozzin|rolstoel|rullstol|korestol|pyoratuoli|wozek|wozk|kerekessz|инвалид|коляс",
        r"車椅子|车椅|輪椅|轮椅|휠체어",
    ),
    "love": (r"\blove|couple|\bduo\b|sofa|kuschel|pareja|namorad|casal|paar|coppia|カップル|情侣|커플",),
    "recliner": (r"reclin|\brelax|inclinable|liegesess|liegesitz|komfortses|lounger|daybed|リクライ",),
    "premium": (
        r"premium|\bvip\b|\bgold\b|\bplatinum\b|prestige|de ?luxe|luxe|executive|\bclub\b|[ck]omfort",
        r"プレミア",
    ),
    "standard": (
        r"standard|estandar|padrao|regular|normal|classic|econom|general|basic|seats?\b|\bseating\b|sieges?\b|places?\b",
        r"sitze?\b|sitzplatz|\bplatz|fauteuils?\b|poltrona|butaca|asiento|assento|front|rear|back|middle|cent(er|re|ro)",
        r"\bsides?\b|parterre|parkett|parquet|orchest|stalls|balcon|balkon|gallery|galerie|\bloges?\b|\brang\b|circle",
        r"\bbox(es)?\b|platea|plateia|tier|\brows?\b|\brangs?\b|reihe|\bfila|hall\b|saal|salle|sala|zone|block",
        r"section|(cat(egory|egorie|egoria)?|kat(egorie)?|price|preis|prix|tarif|zona)\.? ?([0-9]+|[a-z])\b",
        r"^[a-z0-9]$|一般|普通|標準|标准|일반",
    ),
}
_PATTERNS = tuple((kind, re.compile(fold("|".join(words)))) for kind, words in _WORDS.items())


def kind_of(category: str) -> str | None:
    """The kind of seat that a category's name tells, or None where it says nothing."""
    name = re.sub(r"[\s_\-/]+", " ", fold(category)).strip()
    return next((kind for kind, words in _PATTERNS if words.search(name)), None)
