"""What a person is told about each reason, in Vietnamese and English."""

from dataclasses import dataclass

from services.signature.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonText:
    """One sentence in two languages."""

    vi: str
    en: str


def _t(vi: str, en: str) -> ReasonText:
    return ReasonText(vi=vi, en=en)


REASON_TEXTS: dict[Reason, ReasonText] = {
    Reason.OK: _t("Chữ ký số hợp lệ.", "The signature holds."),
    Reason.NO_SIGNATURE: _t("Tệp không có chữ ký số.", "The file bears no signature."),
    Reason.PLACEHOLDER: _t("Chỗ ký chỉ có dữ liệu giữ chỗ.", "The signature is a placeholder."),
    Reason.MALFORMED: _t("Tệp hoặc chữ ký không đọc được.", "The file or its signature cannot be read."),
    Reason.DOCTYPE_FORBIDDEN: _t("Tệp XML có khai báo DOCTYPE.", "The XML has a DOCTYPE, which is not allowed."),
    Reason.STRUCTURE: _t("Cấu trúc chữ ký không đúng chuẩn.", "The signature is not built as its standard demands."),
    Reason.WRAPPING: _t(
        "Phần được ký không rõ ràng hoặc bị bọc lại (signature wrapping).",
        "What was signed is ambiguous, or is not what is read (signature wrapping).",
    ),
    Reason.NOT_COVERED: _t("Chữ ký không bao phủ phần được sử dụng.", "The signature does not cover what is used."),
    Reason.DIGEST_MISMATCH: _t("Nội dung đã thay đổi sau khi ký.", "The content is not the one that was signed."),
    Reason.SIGNATURE_MISMATCH: _t("Giá trị chữ ký không khớp với khóa.", "The signature does not fit the key."),
    Reason.ALGORITHM_FORBIDDEN: _t("Thuật toán bị cấm.", "An algorithm is used that is forbidden."),
    Reason.UNSUPPORTED_ALGORITHM: _t("Thuật toán không được hỗ trợ.", "An algorithm is used that is not supported."),
    Reason.TRANSFORM_FORBIDDEN: _t("Phép biến đổi bị cấm.", "A transform is used that is forbidden."),
    Reason.UNSUPPORTED_TRANSFORM: _t("Phép biến đổi không được hỗ trợ.", "A transform is used that is not supported."),
    Reason.EXTERNAL_REFERENCE: _t(
        "Chữ ký tham chiếu dữ liệu bên ngoài chưa được cung cấp.",
        "The signature refers to something outside that was not given.",
    ),
    Reason.WEAK_ALGORITHM: _t(
        "Chữ ký khớp nhưng dùng thuật toán yếu.", "Everything holds, but an algorithm or key is weak."
    ),
    Reason.NO_KEY: _t("Không có khóa để kiểm tra chữ ký.", "There is no key to check the signature with."),
    Reason.UNTRUSTED: _t(
        "Chứng thư không dẫn tới gốc tin cậy.", "The certificate does not lead to an authority that is trusted."
    ),
    Reason.PATH: _t(
        "Đường dẫn chứng thực vi phạm ràng buộc của nó.",
        "The path of certificates breaks a rule: constraint, usage, length or policy.",
    ),
    Reason.NOT_YET_VALID: _t("Chứng thư chưa có hiệu lực.", "A certificate was not valid yet."),
    Reason.EXPIRED: _t("Chứng thư đã hết hạn.", "A certificate had expired."),
    Reason.REVOKED: _t("Chứng thư đã bị thu hồi.", "A certificate was revoked."),
    Reason.REVOCATION_UNKNOWN: _t(
        "Không biết chứng thư có bị thu hồi hay không.", "Nothing says whether a certificate was revoked."
    ),
    Reason.SENDER_MISMATCH: _t("Người ký không phải là bên gửi.", "The signer is not the sender."),
    Reason.PDF_BYTERANGE: _t(
        "Vùng byte được ký trong PDF không hợp lệ.", "The signed byte range is not the file around the signature."
    ),
    Reason.MODIFIED_AFTER_SIGNING: _t("Tệp PDF bị sửa sau khi ký.", "The PDF was changed after it was signed."),
    Reason.ENCRYPTED: _t("Tệp được mã hóa, không mở được.", "The file is encrypted and cannot be opened."),
    Reason.LIMITS: _t("Tệp vượt quá giới hạn kiểm tra.", "The file goes beyond what a verification may take."),
    Reason.TIMEOUT: _t("Quá thời gian kiểm tra.", "The verification took too long."),
    Reason.VERIFIER_CRASHED: _t("Tệp làm hỏng tiến trình kiểm tra.", "The file made the verifier fail."),
    Reason.BAD_REQUEST: _t("Yêu cầu kiểm tra không đúng.", "What was asked cannot be judged."),
}
