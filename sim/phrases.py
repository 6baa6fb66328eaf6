"""The raw material of the letters: Vietnamese office prose in pieces, with places to fill in.

Fields: {year} {next_year} {number} {count} {percent} {money} {day} {past_day} {place} {other_place} {other}
{agency} {topic}. Nothing here is quoted from a real document; names of persons are put together from common ones.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a letter is about."""

    subject: str
    """A noun phrase that follows `về` or `kết quả`."""
    facts: tuple[str, ...]
    tasks: tuple[str, ...]


TOPICS = (
    Topic(
        subject="triển khai Chương trình chuyển đổi số năm {year}",
        facts=(
            "Đã kết nối {count} dịch vụ công trực tuyến với Cổng Dịch vụ công quốc gia; nhận {number} hồ sơ.",
            "Nền tảng tích hợp, chia sẻ dữ liệu đã phục vụ {number} giao dịch, tăng {percent}% so với cùng kỳ.",
        ),
        tasks=(
            "Hoàn thành rà soát, tái cấu trúc quy trình của {count} thủ tục hành chính trước ngày {day}.",
            "Bảo đảm kinh phí {money} triệu đồng để nâng cấp hạ tầng mạng truyền số liệu chuyên dùng.",
        ),
    ),
    Topic(
        subject="công tác phòng, chống thiên tai và tìm kiếm cứu nạn năm {year}",
        facts=(
            "Đã xảy ra {count} đợt thiên tai, ảnh hưởng đến {number} hộ dân; thiệt hại ước tính {money} triệu đồng.",
            "{percent}% số xã, phường đã kiện toàn lực lượng xung kích với {number} người tham gia.",
        ),
        tasks=(
            "Rà soát {count} vị trí có nguy cơ sạt lở, sẵn sàng phương án sơ tán trước ngày {day}.",
            "Kiểm tra an toàn hồ chứa, đê điều; báo cáo kết quả kèm danh mục {count} công trình cần sửa chữa.",
        ),
    ),
    Topic(
        subject="giải ngân vốn đầu tư công năm {year}",
        facts=(
            "Tổng kế hoạch vốn được giao là {money} triệu đồng; lũy kế giải ngân đến ngày {past_day} đạt {percent}%.",
            "Còn {count} dự án chưa hoàn thành thủ tục, nguyên nhân chủ yếu do vướng mắc giải phóng mặt bằng.",
        ),
        tasks=(
            "Điều chuyển {money} triệu đồng từ các dự án chậm tiến độ sang {count} dự án có khối lượng hoàn thành.",
            "Xác định rõ trách nhiệm người đứng đầu đối với từng dự án giải ngân dưới {percent}%.",
        ),
    ),
    Topic(
        subject="rà soát, đơn giản hóa thủ tục hành chính giai đoạn {year} - {next_year}",
        facts=(
            "Qua rà soát {number} thủ tục, đề nghị bãi bỏ {count} thủ tục, cắt giảm {percent}% thời gian giải quyết.",
            "Tỷ lệ hồ sơ giải quyết đúng và trước hạn đạt {percent}%; tiếp nhận {count} phản ánh, kiến nghị.",
        ),
        tasks=(
            "Công khai đầy đủ {count} thủ tục đã sửa đổi trước ngày {day}.",
            "Tổng hợp phương án đơn giản hóa, ước tính chi phí tuân thủ tiết kiệm được {money} triệu đồng.",
        ),
    ),
    Topic(
        subject="bảo đảm an toàn thực phẩm trong dịp lễ, Tết {next_year}",
        facts=(
            "Đã thành lập {count} đoàn kiểm tra liên ngành, kiểm tra {number} cơ sở; {percent}% cơ sở đạt yêu cầu.",
            "Xử phạt {count} trường hợp vi phạm với tổng số tiền {money} triệu đồng.",
        ),
        tasks=(
            "Tăng cường lấy mẫu giám sát, tối thiểu {number} mẫu trước ngày {day}.",
            "Công khai danh sách {count} cơ sở vi phạm trên phương tiện thông tin đại chúng.",
        ),
    ),
    Topic(
        subject="dự thảo Nghị định về quản lý, kết nối và chia sẻ dữ liệu số",
        facts=(
            "Dự thảo gồm {count} điều, đã gửi lấy ý kiến {number} cơ quan, tổ chức, đăng công khai từ ngày {past_day}.",
            "Có {percent}% ý kiến thống nhất; ý kiến còn lại tập trung vào trách nhiệm của cơ quan chủ quản dữ liệu.",
        ),
        tasks=(
            "Nghiên cứu, có ý kiến bằng văn bản đối với {count} nội dung còn khác nhau trước ngày {day}.",
            "Đánh giá tác động đối với {number} hệ thống thông tin hiện có, dự kiến kinh phí {money} triệu đồng.",
        ),
    ),
    Topic(
        subject="sắp xếp tổ chức bộ máy, tinh giản biên chế năm {year}",
        facts=(
            "Đã sắp xếp {count} đơn vị sự nghiệp, giảm {percent}% đầu mối; giải quyết chế độ cho {number} người.",
            "Tổng kinh phí chi trả chính sách là {money} triệu đồng, hoàn thành ngày {past_day}.",
        ),
        tasks=(
            "Hoàn thiện đề án vị trí việc làm của {count} đơn vị còn lại trước ngày {day}.",
            "Báo cáo số biên chế có mặt, đối chiếu với {number} chỉ tiêu được giao.",
        ),
    ),
    Topic(
        subject="tăng cường phòng, chống dịch bệnh trên đàn vật nuôi tại {place}",
        facts=(
            "Đến ngày {past_day}, dịch đã xảy ra tại {count} xã; số gia súc phải tiêu hủy là {number} con.",
            "Tỷ lệ tiêm phòng đạt {percent}%; kinh phí hỗ trợ người chăn nuôi {money} triệu đồng.",
        ),
        tasks=(
            "Tổ chức tiêm phòng bổ sung cho {number} con trước ngày {day}.",
            "Duy trì {count} chốt kiểm dịch tạm thời, kiểm soát chặt việc vận chuyển qua địa bàn {other}.",
        ),
    ),
    Topic(
        subject="tổng kết năm học {year} và phương hướng năm học {next_year}",
        facts=(
            "Toàn ngành có {number} học sinh, {percent}% trường đạt chuẩn quốc gia; kiên cố hóa {count} phòng học.",
            "Kinh phí đầu tư cơ sở vật chất {money} triệu đồng, trong đó nguồn xã hội hóa chiếm {percent}%.",
        ),
        tasks=(
            "Tuyển dụng đủ {count} chỉ tiêu giáo viên còn thiếu trước ngày {day}.",
            "Hoàn thành số hóa học bạ của {number} học sinh.",
        ),
    ),
    Topic(
        subject="quy hoạch, đầu tư tuyến giao thông kết nối {place} với {other_place}",
        facts=(
            "Tuyến dài {count} km, tổng mức đầu tư dự kiến {money} triệu đồng, ảnh hưởng {number} hộ dân.",
            "Công tác giải phóng mặt bằng đạt {percent}%; thời hạn bàn giao là ngày {day}.",
        ),
        tasks=(
            "Thống nhất hướng tuyến, vị trí {count} nút giao trước ngày {day}.",
            "Cân đối {money} triệu đồng vốn đối ứng trong kế hoạch trung hạn.",
        ),
    ),
    Topic(
        subject="gửi, nhận văn bản điện tử có ký số trên Trục liên thông văn bản quốc gia",
        facts=(
            "Trong kỳ đã gửi {number} văn bản điện tử, đạt {percent}%; còn {count} đơn vị gửi kèm văn bản giấy.",
            "Kinh phí tiết kiệm được ước tính {money} triệu đồng tính đến ngày {past_day}.",
        ),
        tasks=(
            "Cập nhật đầy đủ trạng thái xử lý văn bản; khắc phục {count} lỗi kết nối trước ngày {day}.",
            "Cấp bổ sung {count} chứng thư số chuyên dùng cho người có thẩm quyền.",
        ),
    ),
    Topic(
        subject="hỗ trợ doanh nghiệp, người dân khôi phục sản xuất năm {year}",
        facts=(
            "Có {number} doanh nghiệp thành lập mới, tăng {percent}%; {count} doanh nghiệp tạm ngừng hoạt động.",
            "Đã cho vay ưu đãi {money} triệu đồng, giải quyết {count} kiến nghị tại các hội nghị đối thoại.",
        ),
        tasks=(
            "Trả lời dứt điểm {count} kiến nghị còn tồn đọng trước ngày {day}.",
            "Theo dõi việc sử dụng {money} triệu đồng vốn hỗ trợ, bảo đảm đúng đối tượng.",
        ),
    ),
)

GROUNDS = (
    "Căn cứ Luật Tổ chức chính quyền địa phương;",
    "Căn cứ Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về công tác văn thư;",
    "Căn cứ Quyết định số 28/2018/QĐ-TTg ngày 12 tháng 7 năm 2018 của Thủ tướng Chính phủ;",
    "Theo đề nghị của Chánh Văn phòng tại Tờ trình số {count}/TTr-VP ngày {past_day},",
)
OPENINGS = (
    "Thực hiện ý kiến chỉ đạo của Thủ tướng Chính phủ về {topic}, {agency} đã giao nhiệm vụ cụ thể như sau:",
    "Phúc đáp văn bản số {count}/{year} về {topic}, sau khi nghiên cứu hồ sơ, {agency} có ý kiến như sau:",
    "Ngày {past_day}, {agency} đã chủ trì họp với {count} cơ quan liên quan về {topic}. Các bên thống nhất như sau:",
    "Để bảo đảm tiến độ {topic}, {agency} đề nghị các cơ quan, đơn vị phối hợp thực hiện một số nội dung sau đây:",
)
GENERAL = (
    "Giao Văn phòng làm đầu mối theo dõi, đôn đốc; định kỳ ngày {count} hằng tháng tổng hợp, báo cáo lãnh đạo.",
    "Việc cung cấp số liệu thực hiện qua hệ thống thông tin báo cáo, mã biểu {number}, không gửi bản giấy.",
    "Trường hợp có khó khăn, vướng mắc, đề nghị phản ánh về {agency} trước ngày {day} để được hướng dẫn.",
    "Tăng cường công tác thông tin, tuyên truyền; phấn đấu {percent}% cán bộ, công chức nắm vững nội dung.",
    "Phối hợp chặt chẽ với {other} trong trao đổi thông tin, xử lý các vấn đề phát sinh liên địa phương.",
    "Khen thưởng kịp thời {count} tập thể, cá nhân có thành tích; phê bình đơn vị thực hiện chậm.",
    "Kinh phí thực hiện bố trí trong dự toán được giao năm {year}, dự kiến {money} triệu đồng.",
)
CLOSINGS = (
    "{agency} trân trọng đề nghị các cơ quan quan tâm, phối hợp thực hiện./.",
    "Trên đây là nội dung của {agency}, kính gửi các cơ quan nghiên cứu, tổng hợp theo quy định./.",
    "Yêu cầu thủ trưởng các cơ quan, đơn vị nghiêm túc triển khai, báo cáo kết quả trước ngày {day}./.",
)

FAMILY_NAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô")
MIDDLE_NAMES = ("Văn", "Thị", "Hữu", "Đức", "Minh", "Thanh", "Quốc", "Ngọc", "Xuân", "Thu", "Hải", "Công", "Bích")
GIVEN_NAMES = (
    "An",
    "Bình",
    "Cường",
    "Dũng",
    "Hà",
    "Hòa",
    "Hương",
    "Khánh",
    "Lan",
    "Long",
    "Mai",
    "Phong",
    "Sơn",
    "Yến",
)
