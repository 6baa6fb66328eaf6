"""Catalogue of refusals: stable code, sentence and remedy in Vietnamese and English, HTTP status.

Codes never change their meaning; a new reason gets a new code (product rule 7).
"""

from dataclasses import dataclass

from hub.model.refusal_codes import Code

__all__ = ["TEXTS", "Code", "Text", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a person is told about a code."""

    http: int
    vi: str
    en: str
    fix_vi: str
    fix_en: str


def text(code: Code) -> Text:
    """Texts and HTTP status of a code."""
    return TEXTS[code]


def _t(http: int, vi: str, en: str, fix_vi: str, fix_en: str) -> Text:
    return Text(http=http, vi=vi, en=en, fix_vi=fix_vi, fix_en=fix_en)


TEXTS: dict[Code, Text] = {
    Code.NOT_AUTHENTICATED: _t(
        401,
        "Không xác thực được hệ thống gọi.",
        "The calling system could not be authenticated.",
        "Kiểm tra systemid, khóa bí mật và thời hạn của mã truy cập.",
        "Check the system id, the secret and the token's end of validity.",
    ),
    Code.CONNECTION_LOCKED: _t(
        403,
        "Kết nối này đã bị khóa.",
        "This connection is locked.",
        "Liên hệ đơn vị vận hành Trục liên thông.",
        "Contact the hub's operators.",
    ),
    Code.NOT_FOUND: _t(
        404,
        "Không tìm thấy.",
        "Not found.",
        "Kiểm tra lại định danh.",
        "Check the identifier.",
    ),
    Code.BAD_REQUEST: _t(
        400,
        "Yêu cầu không hợp lệ.",
        "The request is not valid.",
        "Sửa tham số được nêu rồi gửi lại.",
        "Correct the parameter named and send again.",
    ),
    Code.METHOD_NOT_ALLOWED: _t(
        405,
        "Phương thức không được phép.",
        "Method not allowed.",
        "Xem tài liệu API.",
        "See the API's documentation.",
    ),
    Code.UNSUPPORTED_ENCODING: _t(
        415,
        "Không nhận nội dung nén (Content-Encoding).",
        "Compressed bodies (Content-Encoding) are not taken.",
        "Gửi nguyên tệp edXML, không nén.",
        "Send the edXML file as it is.",
    ),
    Code.TOO_LARGE: _t(
        413,
        "Gói tin vượt quá dung lượng cho phép.",
        "The package is over the size limit.",
        "Giảm dung lượng tệp đính kèm hoặc chia thành nhiều văn bản.",
        "Reduce the attachments or split the document.",
    ),
    Code.EMPTY_BODY: _t(
        400,
        "Gói tin rỗng.",
        "The body is empty.",
        "Gửi nội dung tệp .edxml trong thân yêu cầu.",
        "Send the .edxml file as the request's body.",
    ),
    Code.HASH_MISMATCH: _t(
        422,
        "Mã băm khai báo (hash-file) khác với nội dung nhận được.",
        "The announced hash (hash-file) differs from what arrived.",
        "Gửi lại tệp; nếu vẫn lỗi, kiểm tra cách tính SHA-256.",
        "Send the file again; if it persists, check how SHA-256 is computed.",
    ),
    Code.NOT_WELL_FORMED: _t(
        400,
        "Tệp không phải XML hợp lệ (XML 1.0, UTF-8).",
        "The file is not well-formed XML 1.0 in UTF-8.",
        "Xuất lại gói tin từ phần mềm quản lý văn bản.",
        "Export the package again from the document system.",
    ),
    Code.DTD_FORBIDDEN: _t(
        400,
        "Không chấp nhận DOCTYPE trong gói tin.",
        "DOCTYPE is not accepted.",
        "Bỏ khai báo DOCTYPE.",
        "Remove the DOCTYPE declaration.",
    ),
    Code.XML_DEPTH: _t(
        400,
        "XML lồng quá sâu.",
        "The XML is nested too deeply.",
        "Kiểm tra phần mềm tạo gói tin.",
        "Check the software that builds the package.",
    ),
    Code.XML_LIMITS: _t(
        400,
        "XML có quá nhiều phần tử, thuộc tính hoặc trường quá dài.",
        "The XML has too many elements or attributes, or a field that is too long.",
        "Kiểm tra phần mềm tạo gói tin.",
        "Check the software that builds the package.",
    ),
    Code.HEADER_MARKUP: _t(
        422,
        "Trường định danh chứa chú thích hoặc thẻ lạ.",
        "An identifying field contains a comment or other markup.",
        "Bỏ chú thích, lệnh xử lý và CDATA trong trường được nêu.",
        "Remove comments, processing instructions and CDATA from the field named.",
    ),
    Code.NOT_EDXML: _t(
        422,
        "Không phải gói tin edXML theo QCVN 102:2016/BTTTT.",
        "This is not an edXML package of QCVN 102:2016/BTTTT.",
        "Dùng phần tử gốc edXML và không gian tên http://www.mic.gov.vn/TBT/QCVN_102_2016.",
        "Use the root edXML in the namespace http://www.mic.gov.vn/TBT/QCVN_102_2016.",
    ),
    Code.STATUS_NOT_DOCUMENT: _t(
        422,
        "Gói tin này là trạng thái xử lý, không phải văn bản.",
        "This is a status message, not a document.",
        "Gửi trạng thái đến /api/v1/statuses.",
        "Send status messages to /api/v1/statuses.",
    ),
    Code.DOCUMENT_NOT_STATUS: _t(
        422,
        "Gói tin này không có StatusCode: không phải trạng thái xử lý.",
        "There is no StatusCode: this is not a status message.",
        "Gửi văn bản đến /api/v1/documents; nếu là trạng thái, điền MessageHeader/StatusCode.",
        "Send documents to /api/v1/documents; for a status fill in MessageHeader/StatusCode.",
    ),
    Code.MISSING_FIELD: _t(
        422,
        "Thiếu trường bắt buộc.",
        "A required field is missing.",
        "Điền trường được nêu rồi gửi lại.",
        "Fill in the field named and send again.",
    ),
    Code.BAD_FIELD: _t(
        422,
        "Giá trị của trường không hợp lệ.",
        "The field's value is not valid.",
        "Sửa trường được nêu rồi gửi lại.",
        "Correct the field named and send again.",
    ),
    Code.BAD_DATE: _t(
        422,
        "Ngày tháng không hợp lệ.",
        "The date is not valid.",
        "Ghi ngày theo dạng yyyy/MM/dd.",
        "Write the date as yyyy/MM/dd.",
    ),
    Code.DATE_IN_FUTURE: _t(
        422,
        "Ngày ban hành sau ngày hiện tại.",
        "The promulgation date lies after today.",
        "Kiểm tra ngày ban hành và đồng hồ của hệ thống.",
        "Check the promulgation date and the system's clock.",
    ),
    Code.SENDER_MISMATCH: _t(
        403,
        "Cơ quan gửi trong gói tin không thuộc kết nối này.",
        "The sender named in the package does not belong to this connection.",
        "Gửi bằng kết nối của cơ quan đó, hoặc đăng ký cơ quan cho kết nối.",
        "Send through that agency's connection, or register the agency for this one.",
    ),
    Code.SENDER_LOCKED: _t(
        403,
        "Cơ quan gửi đang bị khóa hoặc đã giải thể, sáp nhập.",
        "The sending agency is locked, dissolved or merged.",
        "Liên hệ đơn vị vận hành Trục liên thông; nếu đã sáp nhập, gửi với mã định danh của cơ quan kế thừa.",
        "Contact the hub's operators; after a merger send under the successor's identifier.",
    ),
    Code.UNKNOWN_RECIPIENT: _t(
        422,
        "Mã định danh nơi nhận không có trong danh mục.",
        "The recipient's identifier is not in the directory.",
        "Kiểm tra mã định danh trong danh mục cơ quan.",
        "Check the identifier in the directory of agencies.",
    ),
    Code.RECIPIENT_LOCKED: _t(
        422,
        "Cơ quan nhận đang bị khóa.",
        "The recipient is locked.",
        "Gửi bản giấy hoặc chờ cơ quan nhận được mở khóa.",
        "Send on paper or wait until the recipient is unlocked.",
    ),
    Code.RECIPIENT_DISSOLVED: _t(
        422,
        "Cơ quan nhận đã giải thể hoặc sáp nhập.",
        "The recipient has been dissolved or merged.",
        "Dùng mã định danh của cơ quan kế thừa.",
        "Use the identifier of its successor.",
    ),
    Code.DUPLICATE_RECIPIENT: _t(
        422,
        "Một nơi nhận bị nêu nhiều lần.",
        "A recipient is named more than once.",
        "Bỏ nơi nhận trùng.",
        "Remove the repeated recipient.",
    ),
    Code.TOO_MANY_RECIPIENTS: _t(
        422,
        "Quá nhiều nơi nhận.",
        "There are too many recipients.",
        "Chia thành nhiều lần gửi.",
        "Split the sending.",
    ),
    Code.TOO_MANY_ATTACHMENTS: _t(
        422,
        "Quá nhiều tệp đính kèm.",
        "There are too many attachments.",
        "Gộp các tệp đính kèm.",
        "Combine the attachments.",
    ),
    Code.ATTACHMENT_MISSING: _t(
        422,
        "Tệp được khai báo nhưng không được gửi kèm.",
        "An announced attachment is not in the package.",
        "Đính kèm đủ các tệp đã khai báo trong edXMLManifest.",
        "Attach every file announced in edXMLManifest.",
    ),
    Code.ATTACHMENT_UNANNOUNCED: _t(
        422,
        "Có tệp gửi kèm nhưng không được khai báo.",
        "An attachment is in the package but not announced.",
        "Khai báo tệp trong edXMLManifest.",
        "Announce the file in edXMLManifest.",
    ),
    Code.ATTACHMENT_EMPTY: _t(
        422,
        "Tệp đính kèm rỗng.",
        "An attachment is empty.",
        "Đính kèm lại tệp.",
        "Attach the file again.",
    ),
    Code.BASE64: _t(
        422,
        "Nội dung tệp đính kèm không phải base64 hợp lệ.",
        "The attachment's content is not valid base64.",
        "Mã hóa lại tệp bằng base64 chuẩn.",
        "Encode the file again in standard base64.",
    ),
    Code.DOCUMENT_CONFLICT: _t(
        409,
        "DocumentId này đã được gửi cho nơi nhận với nội dung khác.",
        "This DocumentId was already sent to the recipient with other content.",
        "Dùng DocumentId mới, hoặc gửi dạng cập nhật/thay thế.",
        "Use a new DocumentId, or send an update or a replacement.",
    ),
    Code.UNKNOWN_DOCUMENT: _t(
        422,
        "Không tìm thấy văn bản được nhắc tới.",
        "The document referred to is not known.",
        "Giữ nguyên DocumentId của văn bản đã gửi tại trường được nêu.",
        "Give the DocumentId of the document that was sent, unchanged, in the field named.",
    ),
    Code.NOT_A_RECIPIENT: _t(
        403,
        "Cơ quan được nêu không phải là nơi nhận của văn bản.",
        "The agency named is not a recipient of the document.",
        "Kiểm tra mã định danh tại trường được nêu và DocumentId.",
        "Check the identifier in the field named and the DocumentId.",
    ),
    Code.UNKNOWN_STATUS: _t(
        422,
        "Mã trạng thái không có trong danh mục.",
        "The status code is not in the list.",
        "Dùng 01, 02, 03, 04, 05, 06, 13, 15 hoặc 16.",
        "Use 01, 02, 03, 04, 05, 06, 13, 15 or 16.",
    ),
    Code.SIGNATURE_ABSENT: _t(
        422,
        "Văn bản chưa được ký số.",
        "The document carries no digital signature.",
        "Ký số của cơ quan rồi gửi lại với DocumentId mới.",
        "Sign with the agency's certificate and send with a new DocumentId.",
    ),
    Code.SIGNATURE_INVALID: _t(
        422,
        "Chữ ký số không hợp lệ.",
        "The digital signature is not valid.",
        "Ký lại bản chính rồi gửi lại với DocumentId mới.",
        "Sign the original again and send with a new DocumentId.",
    ),
    Code.SIGNATURE_INDETERMINATE: _t(
        422,
        "Chưa đủ căn cứ để kết luận về chữ ký số.",
        "The digital signature cannot be judged.",
        "Kiểm tra chứng thư số và danh sách thu hồi, hoặc liên hệ đơn vị vận hành.",
        "Check the certificate and its revocation data, or contact the hub's operators.",
    ),
    Code.ALREADY_SETTLED: _t(
        409,
        "Mục này đã được báo hoàn tất.",
        "This item was already reported done.",
        "Không cần báo lại; muốn từ chối văn bản, gửi trạng thái 02.",
        "There is nothing to report; to refuse the document send status 02.",
    ),
    Code.UNKNOWN_AGENCY: _t(
        422,
        "Cơ quan được nêu không có trong danh mục.",
        "The agency named is not in the directory.",
        "Đăng ký cơ quan đó trước, hoặc sửa mã định danh.",
        "Register that agency first, or correct its identifier.",
    ),
    Code.CODE_TAKEN: _t(
        409,
        "Mã định danh đã thuộc cơ quan khác.",
        "The identifier belongs to another agency.",
        "Dùng mã khác, hoặc sửa cơ quan đang giữ mã này.",
        "Use another identifier, or change the agency that has this one.",
    ),
    Code.SERVED_ELSEWHERE: _t(
        409,
        "Cơ quan đang do kết nối khác phục vụ.",
        "Another connection serves this agency.",
        "Nêu kết nối hiện tại trong moved_from để chuyển cơ quan sang kết nối này.",
        "Name the present connection in moved_from to move the agency to this one.",
    ),
    Code.TOO_MANY_REQUESTS: _t(
        429,
        "Quá nhiều yêu cầu trong thời gian ngắn.",
        "Too many requests in a short time.",
        "Chờ một phút rồi thử lại.",
        "Wait a minute, then try again.",
    ),
    Code.UNAVAILABLE: _t(
        503,
        "Trục liên thông tạm thời chưa xử lý được; yêu cầu chưa được xác nhận.",
        "The hub cannot do this now; the request is not confirmed.",
        "Gửi lại đúng nội dung này sau số giây nêu trong Retry-After; gửi lại không bao giờ tạo bản thứ hai.",
        "Send the same again after the seconds given in Retry-After; a repeat is never recorded twice.",
    ),
}
