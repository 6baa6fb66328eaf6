"""Facts of the signatures inside one PDF of a package, by the service's own anchors and the production profile.

A signature that is intact says nothing about bytes it does not cover. So the byte range is held against the file
itself: [0 a b c] with the gap from a to b filled by exactly the signature's own /Contents, and b + c the end of the
file, or the end of a revision after which nothing is found but what may follow a signature.
"""

import io
from datetime import datetime

from services.signature.chain import Chains
from services.signature.facts import PdfFacts
from services.signature.pades.examining import examine
from services.signature.pades.signers import Question
from services.signature.pades.trust import Pinned
from services.signature.verification import Profile


def facts(file: io.BytesIO, chains: Chains, moment: datetime) -> PdfFacts:
    """Facts of a file that is a PDF or says that it is; never raises but MemoryError and NoAnchors.

    Time stamps of the document are no signatures of anybody: they count by what they prove.
    """
    question = Question(trust=Pinned(chains), profile=Profile.EDXML)
    found = examine(file.getvalue(), question, moment)
    signatures = tuple(one.facts for one in found.signatures if not one.is_stamp)
    return PdfFacts(reading=found.reading, signatures=signatures)
