"""HTML as nested calls."""

from dreambooth.ui.markup import Markup, element, join


def test_text_is_escaped():
    assert element("p", "<script> & 'x'") == "<p>&lt;script&gt; &amp; &#x27;x&#x27;</p>"


def test_attribute_is_escaped():
    assert element("p", title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;"></p>'


def test_markup_stays_as_it_is():
    assert element("p", element("b", "x"), " y") == "<p><b>x</b> y</p>"


def test_true_stands_alone_and_false_is_nothing():
    assert element("input", hidden=True, checked=False, title=None) == "<input hidden>"


def test_number_is_told_in_full():
    assert element("input", max=2**32, step=0.0001) == '<input max="4294967296" step="0.0001">'


def test_join_leaves_out_none():
    assert join("a<", None, Markup("<br>")) == "a&lt;<br>"
