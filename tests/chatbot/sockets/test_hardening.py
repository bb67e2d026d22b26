"""Guards against malformed frames and packets."""

from hypothesis import given
from hypothesis import strategies as st

from chatbot.sockets.hardening import CONTROL_FRAMES, MAX_ATTACHMENTS, RESERVED_EVENTS, Packet, is_frame


@given(st.text(max_size=20) | st.from_regex(r"[0-9b].{0,8}", fullmatch=True))
def test_a_text_frame_is_a_control_frame_or_a_message_that_begins_with_its_kind(frame: str) -> None:
    assert is_frame(frame) is (frame in CONTROL_FRAMES or (frame[:1] == "4" and frame[1:2] in set("0123456789")))


def test_a_binary_frame_is_an_attachment_unless_it_is_empty() -> None:
    assert is_frame(b"x")
    assert not is_frame(b"")


@given(
    st.text(max_size=60)
    | st.from_regex(r"[0-6](\d{1,3}-)?(/[a-z]*,)?\d{0,5}[\[{\"].{0,30}", fullmatch=True)
    | st.binary(max_size=30)
)
def test_decoding_returns_a_permitted_packet_or_raises_value_error(sent: str | bytes) -> None:
    try:
        packet = Packet(encoded_packet=sent)
    except ValueError:
        return
    if sent and packet.packet_type in (2, 5):
        assert isinstance(packet.data[0], str)
        assert packet.data[0] not in RESERVED_EVENTS
        assert packet.attachment_count <= MAX_ATTACHMENTS
