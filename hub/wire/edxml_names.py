"""Names, limits and forms of edXML (QCVN 102:2016/BTTTT) that reading and writing share.

Length limits are four times those of the guide and of Decree 30/2020 Annex VI: traffic in service never met the
official ones, so what is merely long is accepted and what is absurd is not.
"""

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"

# Structure of the file. Checked while it is read: a file beyond them is not read to its end.
LARGEST_DEPTH = 64
LARGEST_MARKUP = 20_000
"""Elements, attributes, namespace declarations, comments and processing instructions together."""
LARGEST_VOCABULARY = 400
"""Different names, prefixes and namespaces in one file."""
MOST_NAMES_MET = 20_000
"""The same in all files that one process reads: the XML library keeps every one of them for the life of the process.
Clients in service use a few hundred; who invents names by the thousand is refused, and all others go on."""
LARGEST_NAME = 200
"""Characters of one name, its namespace included."""
LARGEST_TEXT = 65_536
"""Characters of one text outside base64, of the attributes of one tag, of one comment or processing instruction."""
LARGEST_HEADER = 2_097_152
"""Characters of all texts outside base64 together."""

CONTENT_PATH = ("edXML", "AttachmentEncoded", "Attachment", "ContentTransferEncoded")
"""The one place where base64 stands."""
SIGNATURE_PARENT = ("edXML", "edXMLEnvelope", "edXMLHeader")
SIGNATURES = frozenset({"Signature", "DigitalSignature"})
"""Children of the header that another service judges; reading passes over them, whatever their namespace."""
BARE = frozenset(
    {
        "OrganId",
        "DocumentId",
        "Code",
        "CodeNumber",
        "CodeNotation",
        "PromulgationDate",
        "BussinessDocType",
        "StatusCode",
    }
)
"""Elements whose text decides who and what is meant: no comment, processing instruction or CDATA section may cut it."""

CHARACTERS = {
    "OrganId": 140,
    "OrganName": 800,
    "DocumentId": 1000,
    "CodeNumber": 44,
    "CodeNotation": 120,
    "Code": 400,
    "PromulgationDate": 40,
    "Timestamp": 80,
    "TypeName": 400,
    "Subject": 2000,
    "ContentId": 200,
    "ContentType": 200,
    "AttachmentName": 2000,
    "BussinessDocType": 20,
    "Priority": 20,
    "Paper": 20,
    "StatusCode": 20,
    "Description": 2000,
    "Department": 800,
    "Staff": 400,
    "Email": 400,
    "Mobile": 80,
}
"""Longest text of the fields that the hub reads."""

WHITE_SPACE = " \t\r\n"
"""White space of XML 1.0 §2.3; other blanks are characters like any other."""


def without_cid(content_id: str) -> str:
    """A content id without the prefix that Java clients write and .NET clients do not."""
    return content_id.removeprefix("cid:")
