"""Canonical forms: the recommendations' own examples, and our writer against libxml2's where both may speak."""

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.signature.dsig.canonical import C14N, C14N_11, EXCLUSIVE, METHODS, method, of, written
from services.signature.dsig.inherited import join
from services.signature.dsig.judging import judge_c14n
from services.signature.dsig.nodes import Tree, chosen_from
from services.signature.verification import Answer, Kind, NodeSet, Profile, Request

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def asked(content: str, uri: str, xpath: str = "", prefixes: tuple[str, ...] = (), **namespaces: str) -> Answer:
    return judge_c14n(
        Request(
            kind=Kind.C14N,
            profile=Profile.INTEROP,
            content=content.encode(),
            at=NOW,
            method=uri,
            prefixes=prefixes,
            node_set=NodeSet(expression=xpath, namespaces=namespaces) if xpath else None,
            external={"world.txt": b"world"},
        )
    )


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# C14N 1.0 §3.1 to §3.7
PIS = """<?xml version="1.0"?>

<?xml-stylesheet   href="doc.xsl"
   type="text/xsl"   ?>

<!DOCTYPE doc SYSTEM "doc.dtd">

<doc>Hello, world!<!-- Comment 1 --></doc>

<?pi-without-data     ?>

<!-- Comment 2 -->

<!-- Comment 3 -->
"""
PIS_PLAIN = """<?xml-stylesheet href="doc.xsl"
   type="text/xsl"   ?>
<doc>Hello, world!</doc>
<?pi-without-data?>"""
PIS_COMMENTS = """<?xml-stylesheet href="doc.xsl"
   type="text/xsl"   ?>
<doc>Hello, world!<!-- Comment 1 --></doc>
<?pi-without-data?>
<!-- Comment 2 -->
<!-- Comment 3 -->"""
TAGS = """<!DOCTYPE doc [<!ATTLIST e9 attr CDATA "default">]>
<doc>
   <e1   />
   <e2   ></e2>
   <e3   name = "elem3"   id="elem3"   />
   <e4   name="elem4"   id="elem4"   ></e4>
   <e5 a:attr="out" b:attr="sorted" attr2="all" attr="I'm"
      xmlns:b="http://www.ietf.org"
      xmlns:a="http://www.w3.org"
      xmlns="http://example.org"/>
   <e6 xmlns="" xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="" xmlns:a="http://www.w3.org">
            <e9 xmlns="" xmlns:a="http://www.ietf.org"/>
         </e8>
      </e7>
   </e6>
</doc>
"""
TAGS_PLAIN = """<doc>
   <e1></e1>
   <e2></e2>
   <e3 id="elem3" name="elem3"></e3>
   <e4 id="elem4" name="elem4"></e4>
   <e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" \
b:attr="sorted" a:attr="out"></e5>
   <e6 xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="">
            <e9 xmlns:a="http://www.ietf.org" attr="default"></e9>
         </e8>
      </e7>
   </e6>
</doc>"""
CHARACTERS = """<!DOCTYPE doc [
<!ATTLIST normId id ID #IMPLIED>
<!ATTLIST normNames attr NMTOKENS #IMPLIED>
]>
<doc>
   <text>First line&#x0d;&#10;Second line</text>
   <value>&#x32;</value>
   <compute><![CDATA[value>"0" && value<"10" ?"valid":"error"]]></compute>
   <compute expr='value>"0" &amp;&amp; value&lt;"10" ?"valid":"error"'>valid</compute>
   <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>
   <normNames attr='   A   &#x20;&#13;&#xa;&#9;   B   '/>
   <normId id=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>
</doc>"""
CHARACTERS_PLAIN = """<doc>
   <text>First line&#xD;
Second line</text>
   <value>2</value>
   <compute>value&gt;"0" &amp;&amp; value&lt;"10" ?"valid":"error"</compute>
   <compute expr="value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:\
&quot;error&quot;">valid</compute>
   <norm attr=" '    &#xD;&#xA;&#x9;   ' "></norm>
   <normNames attr="A &#xD;&#xA;&#x9; B"></normNames>
   <normId id="' &#xD;&#xA;&#x9; '"></normId>
</doc>"""
ENTITIES = """<!DOCTYPE doc [
<!ATTLIST doc attrExtEnt ENTITY #IMPLIED>
<!ENTITY ent1 "Hello">
<!ENTITY ent2 SYSTEM "world.txt">
<!ENTITY entExt SYSTEM "earth.gif" NDATA gif>
<!NOTATION gif SYSTEM "viewgif.exe">
]>
<doc attrExtEnt="entExt">
   &ent1;, &ent2;!
</doc>

<!-- Let world.txt contain "world" (excluding the quotes) -->"""
ENTITIES_PLAIN = """<doc attrExtEnt="entExt">
   Hello, world!
</doc>"""
SUBSET = """<!DOCTYPE doc [
<!ATTLIST e2 xml:space (default|preserve) 'preserve'>
<!ATTLIST e3 id ID #IMPLIED>
]>
<doc xmlns="http://www.ietf.org" xmlns:w3c="http://www.w3.org">
   <e1>
      <e2 xmlns="">
         <e3 id="E3"/>
      </e2>
   </e1>
</doc>"""
SUBSET_XPATH = """(//. | //@* | //namespace::*)
[
   self::ietf:e1 or (parent::ietf:e1 and not(self::text() or self::e2))
   or
   count(id("E3")|ancestor-or-self::node()) = count(ancestor-or-self::node())
]"""
SUBSET_PLAIN = """<e1 xmlns="http://www.ietf.org" xmlns:w3c="http://www.w3.org">\
<e3 xmlns="" id="E3" xml:space="preserve"></e3></e1>"""
# C14N 1.1 §3.8
BASES = """<!DOCTYPE doc [
<!ATTLIST e2 xml:space (default|preserve) 'preserve'>
<!ATTLIST e3 id ID #IMPLIED>
]>
<doc xmlns="http://www.ietf.org" xmlns:w3c="http://www.w3.org" xml:base="http://www.example.com/something/else">
   <e1>
      <e2 xmlns="" xml:id="abc" xml:base="../bar/">
         <e3 id="E3" xml:base="foo"/>
      </e2>
   </e1>
</doc>"""
BASES_PLAIN = """<e1 xmlns="http://www.ietf.org" xmlns:w3c="http://www.w3.org" xml:base="http://www.example.com/something/else">\
<e3 xmlns="" id="E3" xml:base="../bar/foo" xml:space="preserve"></e3></e1>"""

EXAMPLES = [
    ("3.1", PIS, C14N, "", PIS_PLAIN),
    ("3.1 with comments", PIS, f"{C14N}#WithComments", "", PIS_COMMENTS),
    ("3.3", TAGS, C14N, "", TAGS_PLAIN),
    ("3.4", CHARACTERS, C14N, "", CHARACTERS_PLAIN),
    ("3.5", ENTITIES, C14N, "", ENTITIES_PLAIN),
    ("3.7", SUBSET, C14N, SUBSET_XPATH, SUBSET_PLAIN),
    ("1.1, 3.1", PIS, C14N_11, "", PIS_PLAIN),
    ("1.1, 3.3", TAGS, C14N_11, "", TAGS_PLAIN),
    ("1.1, 3.7", SUBSET, C14N_11, SUBSET_XPATH, SUBSET_PLAIN),
    ("1.1, 3.8", BASES, C14N_11, SUBSET_XPATH, BASES_PLAIN),
]


@pytest.mark.parametrize(("content", "uri", "xpath", "said"), [each[1:] for each in EXAMPLES],
                         ids=[each[0] for each in EXAMPLES])  # fmt: skip
def test_examples_of_the_recommendation(content: str, uri: str, xpath: str, said: str) -> None:
    answer = asked(content, uri, xpath, ietf="http://www.ietf.org")
    assert (answer.whole.reason, answer.whole.detail) == ("OK", f"{len(said.encode())} bytes")
    assert answer.sha256 == sha256(said)


@pytest.mark.parametrize(
    ("prefixes", "said"),
    [
        ((), ('<n1:elem2 xmlns:n1="http://example.net" xml:lang="en">'
         '<n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>')),
        (("n3",), ('<n1:elem2 xmlns:n1="http://example.net" xmlns:n3="ftp://example.org" xml:lang="en">'
         "<n3:stuff></n3:stuff></n1:elem2>")),
        (("#default",), ('<n1:elem2 xmlns="http://d" xmlns:n1="http://example.net" xml:lang="en">'
         '<n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>')),
    ],
)  # fmt: skip
def test_exclusive_form_of_a_subtree(prefixes: tuple[str, ...], said: str) -> None:
    """Exclusive C14N §2.2."""
    content = """<n0:local xmlns:n0="foo:bar" xmlns:n3="ftp://example.org" xmlns="http://d"><n1:elem2
        xmlns:n1="http://example.net" xml:lang="en"><n3:stuff/></n1:elem2></n0:local>"""
    xpath = "(//. | //@* | //namespace::*)[ancestor-or-self::n1:elem2]"
    assert asked(content, EXCLUSIVE, xpath, prefixes, n1="http://example.net").sha256 == sha256(said)


@pytest.mark.parametrize(
    ("base", "reference", "joined"),
    [
        ("http://www.example.com/something/else", "../bar/", "http://www.example.com/bar/"),
        ("../bar/", "foo", "../bar/foo"),
        ("abc/", "../", ""),
        ("abc", "..", "../"),
        ("http://a/b/c/d", "../../../x", "http://a/x"),
        ("foo//bar", "x", "foo/x"),
        ("http://h", "x?y", "http://h/x?y"),
        ("a/b", "//c/d", "//c/d"),
        ("a/b?q", "", "a/b?q"),
        ("a/b", "http://c/./d/../e", "http://c/e"),
    ],
)
def test_bases_are_joined(base: str, reference: str, joined: str) -> None:
    assert join(base, reference) == joined


@pytest.mark.parametrize(
    ("content", "uri", "reason"),
    [
        ("<a/>", "urn:none", "UNSUPPORTED_TRANSFORM"),
        ("<a/>", "", "UNSUPPORTED_TRANSFORM"),
        ("<a", C14N, "MALFORMED"),
        ('<?xml version="1.1"?><a/>', C14N, "MALFORMED"),
        ("<a xmlns='relative'/>", C14N, "MALFORMED"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', C14N, "EXTERNAL_REFERENCE"),
    ],
)
def test_what_has_no_canonical_form(content: str, uri: str, reason: str) -> None:
    answer = asked(content, uri)
    assert (answer.whole.reason, answer.sha256) == (reason, "")


@pytest.mark.parametrize("xpath", ["//[", "1", "'text'", "$x", "none()", "x:y"])
def test_an_expression_that_is_none_is_a_bad_request(xpath: str) -> None:
    assert asked("<a/>", C14N, xpath).whole.reason == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("xpath", "said"),
    [
        ("//b", "<b></b>"),
        ("//b | //b/text()", "<b>t</b>"),
        ("//b | //b/@*", '<b y="2"></b>'),
        ("//b/@*", ' y="2"'),
        ("//b | //b/namespace::*", '<b xmlns="urn:a" xmlns:p="urn:p"></b>'),
        ("//@* | //namespace::p", ' xmlns:p="urn:p" x="1" xmlns:p="urn:p" y="2"'),
        ("//node()", "<a><b>t</b></a>"),
        ("//none", ""),
        ("q:a", "<a></a>"),
        ("q:a/q:b/text() | .//q:a", "<a>t</a>"),
        ("descendant::q:b | self::q:a", "<b></b>"),
    ],
)
def test_nodes_are_what_was_chosen_and_no_more(xpath: str, said: str) -> None:
    content = '<a xmlns="urn:a" xmlns:p="urn:p" x="1"><b y="2">t</b></a>'
    prefixed = xpath.replace("//b", "//q:b").replace("//none", "//q:none")
    assert asked(content, C14N, prefixed, q="urn:a").sha256 == sha256(said)


NAMES, PREFIXES = ("a", "b", "c"), ("", "p", "q", "r")
URIS = ("urn:one", "urn:two", "http://three.example/")
TEXTS = st.text(st.sampled_from("ab \t\n\r<>&\"'é€😀"), max_size=6)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3, scope: tuple[tuple[str, str], ...] = ()) -> str:
    declared = draw(st.dictionaries(st.sampled_from(PREFIXES), st.sampled_from(URIS), max_size=3))
    if draw(st.booleans()) and "" not in declared:
        declared[""] = ""
    known = {**dict(scope), **declared}
    usable = [prefix for prefix, uri in known.items() if uri or not prefix] or [""]
    prefix = draw(st.sampled_from(usable))
    name = f"{prefix}:{draw(st.sampled_from(NAMES))}" if prefix else draw(st.sampled_from(NAMES))
    attributes = {f"{draw(st.sampled_from(NAMES))}": draw(TEXTS) for _ in range(draw(st.integers(0, 2)))}
    spaced = [one for one in usable if one]
    if spaced:
        attributes[f"{draw(st.sampled_from(spaced))}:x"] = draw(TEXTS)
    for special in draw(st.sets(st.sampled_from(("xml:lang", "xml:space", "xml:base", "xml:other")), max_size=2)):
        attributes[special] = draw(st.sampled_from(("default", "preserve", "../a", "b/")))
    start = "".join(f' xmlns:{one}="{uri}"' if one else f' xmlns="{uri}"' for one, uri in declared.items())
    start += "".join(f' {one}="{_escaped(value)}"' for one, value in attributes.items())
    inner = [_escaped(draw(TEXTS))]
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        kind = draw(st.sampled_from(("element", "element", "comment", "pi")))
        child = {"comment": "<!-- c - -->", "pi": "<?pi  some data ?>"}.get(kind) or draw(
            elements(depth - 1, tuple(known.items()))
        )
        inner += [child, _escaped(draw(TEXTS))]
    return f"<{name}{start}>{''.join(inner)}</{name}>"


def _escaped(text: str) -> str:
    for letter, by in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;")):
        text = text.replace(letter, by)
    return text


FORMS = [method(uri, prefixes) for uri in METHODS for prefixes in ((), ("p",), ("q", "r"), ("#default", "p"))]


@settings(max_examples=150, deadline=None)
@given(st.data(), elements())
def test_our_writer_and_libxml2_agree(data: st.DataObject, text: str) -> None:
    root = etree.fromstring(f"<!-- before --><?pi?>{text}<!-- after -->".encode())
    form = data.draw(st.sampled_from(FORMS))
    assert form is not None
    whole = Tree(top=root, document=True)
    ours = written(whole, form)
    assert written(chosen_from(whole), form) == ours
    if "" not in form.prefixes:
        theirs = etree.tostring(root.getroottree(), method="c14n", exclusive=form.exclusive,
                                with_comments=form.comments,
                                inclusive_ns_prefixes=sorted(form.prefixes) or None)  # fmt: skip
        assert ours == theirs


@pytest.mark.parametrize("letter", ["&amp;", "'", "?a=b&amp;c='d'"])
@pytest.mark.parametrize("uri", METHODS)
def test_letters_of_a_namespace_are_escaped_as_in_attributes(uri: str, letter: str) -> None:
    root = etree.fromstring(f'<p:a xmlns:p="urn:{letter}"><p:b/></p:a>')
    form = METHODS[uri]
    for top in (root, root[0]):
        octets = of(Tree(top=top, document=top is root), form)
        assert octets == written(Tree(top=top, document=top is root), form)
        assert octets.startswith(f'<p:{"a" if top is root else "b"} xmlns:p="urn:'.encode())
        assert etree.fromstring(octets).nsmap == root.nsmap


@settings(max_examples=150, deadline=None)
@given(st.data(), elements())
def test_parts_are_written_alike_by_both_ways(data: st.DataObject, text: str) -> None:
    root = etree.fromstring(text.encode())
    nodes = list(root.iter(etree.Element))
    top = data.draw(st.sampled_from(nodes))
    below = [node for node in top.iter(etree.Element) if node is not top]
    without = frozenset(data.draw(st.lists(st.sampled_from(below), max_size=1)) if below else ())
    tree = Tree(top=top, comments=data.draw(st.booleans()), without=without)
    form = data.draw(st.sampled_from(FORMS))
    assert form is not None
    assert of(tree, form) == written(tree, form) == written(chosen_from(tree), form)
