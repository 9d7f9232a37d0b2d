//! Sentences of reviews in six languages: an opening by mood, and one for each side of an aspect.
//!
//! `{p}` stands for the type's name. Two variants of each, so that texts vary without losing what
//! they say.

use crate::catalogue::LANGUAGES;

/// What reviews speak of, in the order of the tables.
pub const ASPECTS: [&str; 6] = ["noise", "quality", "delivery", "plug", "size", "ease"];

const N_LANGUAGES: usize = LANGUAGES.len();
type Variants = [&'static str; 2];

/// By language: unhappy, so-so, happy.
pub(crate) static OPENINGS: [[Variants; 3]; N_LANGUAGES] = [
    [
        ["对这个{p}很失望。", "不推荐购买这款{p}。"],
        ["{p}一般般。", "这款{p}还可以，没有惊喜。"],
        ["非常满意这个{p}！", "这款{p}很好用，值得推荐。"],
    ],
    [
        ["Very disappointed with this {p}.", "I would not buy this {p} again."],
        ["The {p} is okay.", "An average {p}, nothing special."],
        ["I love this {p}!", "Great {p}, highly recommended."],
    ],
    [
        ["Sehr enttäuscht: {p}.", "Produkt {p}: nicht zu empfehlen."],
        ["{p}: ganz in Ordnung.", "Durchschnittlich, {p} ohne Besonderheiten."],
        ["{p}: absolut begeistert!", "Tolles Produkt ({p}), sehr zu empfehlen."],
    ],
    [
        ["Rất thất vọng với {p} này.", "Tôi sẽ không mua lại {p} này."],
        ["{p} này tạm được.", "Sản phẩm bình thường, {p} không có gì đặc biệt."],
        ["Tôi rất thích {p} này!", "{p} rất tốt, nên mua."],
    ],
    [["ผิดหวังกับ{p}มาก", "ไม่แนะนำ{p}รุ่นนี้"], ["{p}ใช้ได้ธรรมดา", "{p}พอใช้ได้ ไม่มีอะไรพิเศษ"], ["ชอบ{p}มาก", "{p}ดีมาก แนะนำเลย"]],
    [
        ["خاب ظني في {p}.", "لا أنصح بشراء {p}."],
        ["{p} مقبول.", "{p} عادي ولا يوجد شيء مميز."],
        ["أحببت {p} كثيرا!", "{p} ممتاز وأنصح به."],
    ],
];

/// By language and aspect: what is wrong, what is right.
pub(super) static ASPECT_SENTENCES: [[[Variants; 2]; ASPECTS.len()]; N_LANGUAGES] = [
    [
        [["噪音太大。", "声音很吵，晚上没法用。"], ["声音很小。", "几乎没有噪音。"]],
        [["质量很差，用了几天就坏了。", "做工粗糙。"], ["质量很好，做工精细。", "用料扎实。"]],
        [["物流太慢了。", "等了很久才收到。"], ["物流很快。", "发货迅速，包装完好。"]],
        [["插头不合适。", "插头不能用，要另买转换器。"], ["插头正好合适。", "插上就能用。"]],
        [["比想象中大很多，太占地方。", "体积太大。"], ["大小合适。", "小巧不占地方。"]],
        [["操作复杂，说明书看不懂。", "很难清洗。"], ["操作简单。", "清洗方便，老人也会用。"]],
    ],
    [
        [["It is far too loud.", "The noise is unbearable at night."], ["It is very quiet.", "You hardly hear it."]],
        [
            ["Poor quality, it stopped working after a few days.", "It feels cheap and badly made."],
            ["The build quality is excellent.", "It feels solid and well made."],
        ],
        [
            ["Delivery took forever.", "It arrived very late."],
            ["Fast delivery.", "It arrived earlier than expected and well packed."],
        ],
        [
            ["The plug does not fit our sockets.", "Wrong plug, I had to buy an adapter."],
            ["The plug fits perfectly.", "Works with our sockets right away."],
        ],
        [
            ["Much bigger than expected.", "Too large for my counter."],
            ["The size is just right.", "Compact, it fits anywhere."],
        ],
        [
            ["Complicated to use, the manual is useless.", "Hard to clean."],
            ["Very easy to use.", "Easy to clean and to set up."],
        ],
    ],
    [
        [["Viel zu laut.", "Der Lärm ist nachts unerträglich."], ["Angenehm leise.", "Man hört das Gerät kaum."]],
        [
            ["Schlechte Qualität, nach wenigen Tagen kaputt.", "Billig verarbeitet."],
            ["Sehr gute Qualität.", "Hochwertig und stabil verarbeitet."],
        ],
        [
            ["Die Lieferung hat ewig gedauert.", "Kam viel zu spät an."],
            ["Schnelle Lieferung.", "Früher als erwartet und gut verpackt angekommen."],
        ],
        [
            ["Der Stecker passt nicht in unsere Steckdosen.", "Falscher Stecker, ich brauchte einen Adapter."],
            ["Der Stecker passt perfekt.", "Einstecken und loslegen."],
        ],
        [
            ["Viel größer als gedacht.", "Zu groß für meine Küche."],
            ["Die Größe ist genau richtig.", "Kompakt und platzsparend."],
        ],
        [
            ["Umständliche Bedienung, die Anleitung ist unbrauchbar.", "Schwer zu reinigen."],
            ["Sehr einfach zu bedienen.", "Leicht zu reinigen und schnell aufgebaut."],
        ],
    ],
    [
        [
            ["Tiếng ồn quá lớn.", "Máy kêu to, ban đêm không dùng được."],
            ["Máy chạy rất êm.", "Hầu như không nghe tiếng ồn."],
        ],
        [
            ["Chất lượng kém, dùng vài ngày đã hỏng.", "Gia công sơ sài."],
            ["Chất lượng rất tốt.", "Chắc chắn, hoàn thiện đẹp."],
        ],
        [
            ["Giao hàng quá chậm.", "Đợi rất lâu mới nhận được hàng."],
            ["Giao hàng nhanh.", "Giao sớm hơn dự kiến, đóng gói cẩn thận."],
        ],
        [
            ["Phích cắm không vừa ổ điện.", "Sai loại phích cắm, phải mua thêm đầu chuyển."],
            ["Phích cắm vừa khít.", "Cắm vào là dùng được ngay."],
        ],
        [["To hơn tôi nghĩ nhiều.", "Quá cồng kềnh."], ["Kích thước vừa phải.", "Nhỏ gọn, đặt đâu cũng được."]],
        [["Khó sử dụng, hướng dẫn không rõ.", "Rất khó vệ sinh."], ["Rất dễ sử dụng.", "Dễ vệ sinh và lắp đặt."]],
    ],
    [
        [["เสียงดังเกินไป", "เสียงดังมาก กลางคืนใช้ไม่ได้"], ["เสียงเงียบมาก", "แทบไม่ได้ยินเสียง"]],
        [["คุณภาพแย่ ใช้ไม่กี่วันก็เสีย", "งานประกอบไม่ดี"], ["คุณภาพดีมาก", "แข็งแรง งานประกอบดี"]],
        [["ส่งช้ามาก", "รอนานกว่าจะได้ของ"], ["ส่งเร็ว", "ได้ของเร็วกว่าที่คิด แพ็คมาดี"]],
        [["ปลั๊กไม่พอดีกับเต้ารับ", "ปลั๊กผิดแบบ ต้องซื้อหัวแปลงเพิ่ม"], ["ปลั๊กพอดี", "เสียบแล้วใช้ได้เลย"]],
        [["ใหญ่กว่าที่คิดมาก", "ใหญ่เกินไป เกะกะ"], ["ขนาดกำลังดี", "เล็กกะทัดรัด ไม่เปลืองที่"]],
        [["ใช้งานยาก คู่มืออ่านไม่เข้าใจ", "ทำความสะอาดยาก"], ["ใช้งานง่ายมาก", "ทำความสะอาดง่าย ติดตั้งง่าย"]],
    ],
    [
        [["الصوت مرتفع جدا.", "الضجيج مزعج في الليل."], ["هادئ جدا.", "لا تكاد تسمع صوته."]],
        [["الجودة سيئة وتعطل بعد أيام.", "تصنيع رديء."], ["الجودة ممتازة.", "متين وتصنيعه جيد."]],
        [["التوصيل بطيء جدا.", "وصل متأخرا كثيرا."], ["التوصيل سريع.", "وصل قبل الموعد والتغليف ممتاز."]],
        [
            ["القابس لا يناسب مقابسنا.", "القابس غير مناسب واضطررت لشراء محول."],
            ["القابس مناسب تماما.", "يعمل مباشرة مع المقابس لدينا."],
        ],
        [["أكبر بكثير مما توقعت.", "حجمه كبير جدا."], ["الحجم مناسب.", "صغير ولا يأخذ مساحة."]],
        [["صعب الاستخدام والدليل غير واضح.", "صعب التنظيف."], ["سهل الاستخدام جدا.", "سهل التنظيف والتركيب."]],
    ],
];
