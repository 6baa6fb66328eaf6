"""What people read: every closed list of this service in Vietnamese and English, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.model.statuses import AlertOutcome, BusinessType, Channel, InboxState, Outcome, SignaturePolicy, StatusCode
from services.status.life import Recall, Stage, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One text in both languages."""

    vi: str
    en: str


def label(vi: str, en: str) -> Label:
    """A text in both languages."""
    return Label(vi=vi, en=en)


STATES: Mapping[State, Label] = {
    State.SENT: label("Đã gửi lên Trục", "Sent"),
    State.PLANNED: label("Đã vào hộp thư", "In the inbox"),
    State.TAKEN: label("Đã tải về", "Downloaded"),
    State.STOPPED: label("Trục không chuyển đi", "Not passed on by the hub"),
    **{State(code.value): label(code.vi, code.en) for code in StatusCode if code.value in State.__members__.values()},
}

RECALLS: Mapping[Recall, Label] = {
    Recall.NONE: label("", ""),
    Recall.ASKED: label("Bên gửi đề nghị lấy lại", "The sender asked it back"),
    Recall.DECLINED: label("Nơi nhận từ chối lấy lại/cập nhật", "The recipient declined the recall or update"),
    Recall.AGREED: label("Nơi nhận đồng ý lấy lại/cập nhật", "The recipient agreed to the recall or update"),
}

TAKEN_BACK = label("Đã lấy lại", "Taken back")

STAGES: Mapping[Stage, Label] = {
    Stage.REFUSED: label("Trục từ chối", "Refused by the hub"),
    Stage.RETURNED: label("Có nơi trả lại", "Returned by a recipient"),
    Stage.RECALLED: TAKEN_BACK,
    Stage.WAITING: label("Chờ nơi nhận", "Waiting for recipients"),
    Stage.PROCESSING: label("Đang xử lý", "In processing"),
    Stage.FINISHED: label("Hoàn thành", "Finished"),
}

LOTS: Mapping[Stage, Label] = {
    Stage.REFUSED: label("không chuyển đi", "not passed on"),
    Stage.RETURNED: label("trả lại", "returned"),
    Stage.RECALLED: label("đã lấy lại", "taken back"),
    Stage.WAITING: label("chờ tải về", "not downloaded"),
    Stage.PROCESSING: label("đang xử lý", "in processing"),
    Stage.FINISHED: label("hoàn thành", "finished"),
}
"""What follows a number of lines."""

EXPECTED: Mapping[State, Label | None] = {
    State.SENT: label("Trục kiểm tra chữ ký số rồi đưa vào hộp thư nơi nhận",
                      "The hub checks the signatures, then puts it into the recipient's inbox"),
    State.PLANNED: label("Hệ thống của nơi nhận tải văn bản về", "The recipient's system downloads it"),
    State.TAKEN: label("Nơi nhận báo “Đã đến” (01)", "The recipient reports “Arrived” (01)"),
    State.ARRIVED: label("Văn thư nơi nhận tiếp nhận (03) hoặc từ chối (02)",
                         "The recipient's clerk accepts (03) or refuses (02)"),
    State.ACCEPTED: label("Lãnh đạo phân công (04)", "A leader assigns it (04)"),
    State.ASSIGNED: label("Người được giao bắt đầu xử lý (05)", "The person in charge starts processing (05)"),
    State.PROCESSING: label("Nơi nhận báo hoàn thành (06)", "The recipient reports completion (06)"),
    State.FINISHED: None,
    State.REFUSED: label("Bên gửi sửa theo lý do từ chối rồi gửi văn bản mới",
                         "The sender corrects what the reason names and sends a new document"),
    State.STOPPED: label("Bên gửi ký số lại rồi gửi với DocumentId mới",
                         "The sender signs again and sends it with a new DocumentId"),
}  # fmt: skip

RECALL_EXPECTED = label(
    "Nơi nhận trả lời đề nghị lấy lại: đồng ý (15) hoặc từ chối (16)",
    "The recipient answers the recall: agreed (15) or declined (16)",
)

ANSWER_EXPECTED = label(
    "Nơi nhận trả lời: đồng ý (15) hoặc từ chối (16)", "The recipient answers: agreed (15) or declined (16)"
)

INBOX_STATES: Mapping[InboxState, Label] = {
    InboxState.INITIAL: label("Chưa xác nhận", "Not acknowledged"),
    InboxState.PROCESSING: label("Hệ thống nơi nhận đang nạp", "The recipient's system is loading it"),
    InboxState.DONE: label("Hệ thống nơi nhận xác nhận đã nạp", "The recipient's system has loaded it"),
    InboxState.FAIL: label("Hệ thống nơi nhận báo lỗi khi nạp", "The recipient's system failed to load it"),
}

ALERTS: Mapping[tuple[Channel, AlertOutcome | None], Label] = {
    (Channel.EMAIL, None): label("Đang nhắc qua thư điện tử", "Being reminded by e-mail"),
    (Channel.SMS, None): label("Đang nhắc qua tin nhắn", "Being reminded by SMS"),
    (Channel.EMAIL, AlertOutcome.SENT): label("Đã nhắc qua thư điện tử", "Reminded by e-mail"),
    (Channel.SMS, AlertOutcome.SENT): label("Đã nhắc qua tin nhắn", "Reminded by SMS"),
    (Channel.EMAIL, AlertOutcome.FAILED): label("Không gửi được thư nhắc", "The e-mail reminder could not be sent"),
    (Channel.SMS, AlertOutcome.FAILED): label("Không gửi được tin nhắn nhắc", "The SMS reminder could not be sent"),
    (Channel.EMAIL, AlertOutcome.UNKNOWN):
        label("Không rõ thư nhắc có đến không", "Whether the e-mail reminder arrived is not known"),
    (Channel.SMS, AlertOutcome.UNKNOWN):
        label("Không rõ tin nhắn có đến không", "Whether the SMS reminder arrived is not known"),
    (Channel.EMAIL, AlertOutcome.NEEDLESS):
        label("Không cần nhắc qua thư nữa: văn bản đã được tải về", "No e-mail needed: it was downloaded meanwhile"),
    (Channel.SMS, AlertOutcome.NEEDLESS):
        label("Không cần nhắc qua tin nhắn nữa: văn bản đã được tải về", "No SMS needed: it was downloaded meanwhile"),
    (Channel.EMAIL, AlertOutcome.NO_CONTACT):
        label("Không nhắc được qua thư: nơi nhận chưa đăng ký hộp thư", "No e-mail reminder: no mailbox is registered"),
    (Channel.SMS, AlertOutcome.NO_CONTACT):
        label("Không nhắc được qua tin nhắn: nơi nhận chưa đăng ký số", "No SMS reminder: no number is registered"),
}  # fmt: skip
"""By channel and outcome; None: under way."""

OUTCOMES: Mapping[Outcome, Label] = {
    Outcome.VALID: label("Chữ ký số hợp lệ", "Signatures valid"),
    Outcome.INVALID: label("Chữ ký số không hợp lệ", "Signatures not valid"),
    Outcome.INDETERMINATE: label("Chưa đủ căn cứ kết luận chữ ký số", "Signatures cannot be judged"),
    Outcome.ABSENT: label("Không có chữ ký số", "Not signed"),
}

POLICIES: Mapping[SignaturePolicy, Label] = {
    SignaturePolicy.REQUIRED: label("bắt buộc chữ ký hợp lệ", "a valid signature is required"),
    SignaturePolicy.OPTIONAL: label("chữ ký không bắt buộc", "a signature is optional"),
    SignaturePolicy.LEGACY_UNSIGNED: label("hệ thống cũ, không ký gói tin", "older system, does not sign packages"),
}

BUSINESS_TYPES: Mapping[BusinessType, Label] = {
    BusinessType.NEW: label("Văn bản mới", "New document"),
    BusinessType.RECALL: label("Thu hồi", "Recall"),
    BusinessType.UPDATE: label("Cập nhật", "Update"),
    BusinessType.REPLACE: label("Thay thế", "Replacement"),
}

PRIORITIES: tuple[Label, ...] = (
    label("Thường", "Normal"),
    label("Khẩn", "Urgent"),
    label("Thượng khẩn", "Very urgent"),
    label("Hỏa tốc", "Express"),
    label("Hỏa tốc hẹn giờ", "Express, timed"),
)

_REASONS: Mapping[str, Label] = {
    "OK": label("mọi chữ ký đều đúng", "all signatures hold"),
    "NO_SIGNATURE": label("không tìm thấy chữ ký", "no signature found"),
    "PLACEHOLDER": label("chữ ký chỉ là mẫu điền sẵn", "the signature is a placeholder"),
    "MALFORMED": label("tệp hoặc chữ ký hỏng", "file or signature is malformed"),
    "DOCTYPE_FORBIDDEN": label("XML chứa DOCTYPE bị cấm", "the XML has a forbidden DOCTYPE"),
    "STRUCTURE": label("cấu trúc chữ ký sai quy định", "the signature's structure breaks the rules"),
    "WRAPPING": label("chữ ký bị gán sang nội dung khác", "the signature was wrapped around other content"),
    "NOT_COVERED": label("chữ ký không bao trùm nội dung", "the signature does not cover the content"),
    "DIGEST_MISMATCH": label("nội dung đã bị sửa sau khi ký", "the content was changed after signing"),
    "SIGNATURE_MISMATCH": label("giá trị chữ ký không khớp", "the signature value does not match"),
    "ALGORITHM_FORBIDDEN": label("thuật toán bị cấm", "a forbidden algorithm"),
    "UNSUPPORTED_ALGORITHM": label("thuật toán chưa hỗ trợ", "an unsupported algorithm"),
    "TRANSFORM_FORBIDDEN": label("phép biến đổi bị cấm", "a forbidden transform"),
    "UNSUPPORTED_TRANSFORM": label("phép biến đổi chưa hỗ trợ", "an unsupported transform"),
    "EXTERNAL_REFERENCE": label("chữ ký trỏ ra ngoài văn bản", "the signature refers outside the document"),
    "WEAK_ALGORITHM": label("thuật toán yếu (SHA-1 hoặc khóa ngắn)", "a weak algorithm (SHA-1 or a short key)"),
    "NO_KEY": label("không có chứng thư số", "no certificate"),
    "UNTRUSTED": label("chứng thư không do cơ quan được tin cậy cấp", "the certificate has no trusted issuer"),
    "PATH": label("chuỗi chứng thư sai quy định", "the certificate path breaks the rules"),
    "NOT_YET_VALID": label("chứng thư chưa có hiệu lực", "the certificate is not yet valid"),
    "EXPIRED": label("chứng thư đã hết hạn", "the certificate has expired"),
    "REVOKED": label("chứng thư đã bị thu hồi", "the certificate was revoked"),
    "REVOCATION_UNKNOWN": label("chưa rõ chứng thư có bị thu hồi không", "whether it was revoked is not known"),
    "SENDER_MISMATCH": label("chứng thư không phải của cơ quan gửi", "the certificate is not the sender's"),
    "PDF_BYTERANGE": label("vùng ký của tệp PDF sai", "the signed range of the PDF is wrong"),
    "MODIFIED_AFTER_SIGNING": label("tệp bị sửa sau khi ký", "the file was modified after signing"),
    "ENCRYPTED": label("tệp bị mã hóa", "the file is encrypted"),
    "LIMITS": label("vượt giới hạn kiểm tra", "beyond the limits of checking"),
    "TIMEOUT": label("kiểm tra quá thời gian", "checking took too long"),
    "VERIFIER_CRASHED": label("bộ kiểm tra gặp sự cố", "the verifier crashed"),
    "BAD_REQUEST": label("không đọc được yêu cầu", "the request could not be read"),
}


def reason(word: str) -> Label:
    """What a verdict's reason means; the word itself when the list has grown since."""
    return _REASONS.get(word) or label(word, word)


def priority(number: int) -> Label:
    """Urgency by its number; values outside the list are shown as they are."""
    return PRIORITIES[number] if 0 <= number < len(PRIORITIES) else label(str(number), str(number))
