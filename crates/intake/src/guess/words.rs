//! What people call a column, in English, German, French, Spanish, Italian, Dutch, Polish, Chinese and
//! Vietnamese. Names stand best first, parted by bars; they are compared without case, accents, blanks and
//! punctuation.

/// The names of an idea, which is a raw column or, where one column is called differently in two tables,
/// something finer.
pub(super) fn names(idea: &str) -> impl Iterator<Item = &'static str> {
    let found = WORDS.iter().find(|(name, _)| *name == idea);
    found.map_or("", |(_, words)| words).split('|').filter(|word| !word.is_empty())
}

const WORDS: [(&str, &str); 81] = [
    (
        "order_id",
        "order id|order no|order number|order|invoice|invoice no|invoice number|receipt|belegnr\
         |belegnummer|bestellnummer|bestellnr|auftragsnummer|rechnungsnummer|rechnungsnr\
         |numero commande|n commande|commande|facture|pedido|numero de pedido|factura|ordine\
         |numero ordine|fattura|bestelling|ordernummer|factuurnummer|zamowienie|numer zamowienia\
         |faktura|订单号|订单编号|发票号|單號|mã đơn hàng|số hóa đơn",
    ),
    (
        "product_code",
        "sku|product id|product code|item|item code|item no|stock code|article|article no|asin\
         |artikelnummer|artikelnr|artnr|artikel|reference|code article|ref|codigo|codigo producto\
         |referencia|articolo|codice|codice articolo|artikelcode|kod produktu|indeks|商品编号|商品编码|货号\
         |產品編號|mã sản phẩm|mã hàng|produktnummer|produktnr|numero article|codigo articulo\
         |código artículo|产品编号|产品编码|商品代码",
    ),
    (
        "product_name",
        "description|product name|product|title|item name|item description|name|bezeichnung\
         |artikelbezeichnung|produktname|beschreibung|designation|libelle|nom produit|produit\
         |descripcion|producto|nombre|descrizione|prodotto|omschrijving|productnaam|nazwa\
         |nazwa produktu|opis|商品名称|品名|名称|產品名稱|tên sản phẩm|tên hàng",
    ),
    (
        "quantity",
        "quantity|qty|units|pieces|count|menge|anzahl|stuck|stückzahl|quantite|qte|cantidad|unidades\
         |quantita|qta|aantal|ilosc|sztuk|数量|件数|數量|số lượng",
    ),
    (
        "unit_price",
        "unit price|price|price each|item price|einzelpreis|preis|stückpreis|stuckpreis|prix unitaire\
         |prix|pu|precio|precio unitario|prezzo|prezzo unitario|prijs|stukprijs|cena|cena jednostkowa\
         |单价|价格|單價|đơn giá|giá",
    ),
    (
        "amount",
        "amount|line total|total|line amount|betrag|gesamt|gesamtpreis|summe|montant|total ligne\
         |importe|importe total|importo|totale|bedrag|totaal|wartosc|kwota|金额|小计|金額|thành tiền",
    ),
    ("discount", "discount|rabatt|remise|descuento|sconto|korting|rabat|折扣|优惠|giảm giá"),
    (
        "currency",
        "currency|currency code|währung|wahrung|devise|monnaie|moneda|divisa|valuta|waluta|币种|货币|幣別\
         |tiền tệ",
    ),
    (
        "ordered_at",
        "order date|date|invoice date|ordered at|created at|purchase date|datum|bestelldatum\
         |rechnungsdatum|belegdatum|kaufdatum|date commande|date facture|fecha|fecha pedido|data\
         |data ordine|orderdatum|data zamowienia|日期|下单时间|订单日期|订购日期|ngày|ngày đặt hàng",
    ),
    (
        "shopper_key",
        "customer id|customer|customer no|customer number|client id|buyer id|user id|member id\
         |kundennummer|kundennr|kunde|kundenid|client|numero client|n client|cliente|id cliente\
         |codice cliente|klantnummer|klant|klient|nr klienta|客户编号|客户号|会员号|顾客编号|客戶編號|mã khách hàng\
         |client no|id client|numero de cliente|número de cliente|nº cliente|客户id|会员编号",
    ),
    (
        "email",
        "email|e mail|mail|email address|courriel|correo|correo electronico|posta elettronica\
         |adres email|邮箱|电子邮件|電子郵件|thư điện tử",
    ),
    ("phone", "phone|telephone|mobile|telefon|handy|tel|telefono|telefoon|电话|手机|手机号|電話|số điện thoại"),
    (
        "country",
        "country|ship country|shipping country|market|land|lieferland|pays|pais|paese|nazione|kraj|国家\
         |国家地区|國家|quốc gia|nước|country code|ländercode|landercode|code pays|código país|国家代码",
    ),
    ("city", "city|town|stadt|ort|ville|ciudad|citta|plaats|miasto|城市|thành phố"),
    ("status", "status|state|order status|statut|estado|stato|状态|订单状态|狀態|trạng thái"),
    (
        "reason",
        "reason|return reason|reason for return|cause|grund|retourengrund|retouregrund|rückgabegrund\
         |rucksendegrund|motif|motif du retour|raison|motivo|motivo devolucion\
         |motivo de la devolución|motivo de devolución|motivo reso|reden|reden retour|powod\
         |powod zwrotu|原因|退货原因|退款原因|lý do",
    ),
    (
        "returned_at",
        "return date|returned at|date returned|refund date|retourendatum|rückgabedatum|rucksendedatum\
         |date de retour|date retour|fecha devolucion|fecha de devolución|data reso|retourdatum\
         |data zwrotu|退货日期|退货时间|ngày trả",
    ),
    ("tax", "tax|vat|steuer|mwst|ust|tva|taxe|impuesto|iva|btw|podatek|税|税额|税费|thuế"),
    (
        "region",
        "region|state|province|bundesland|region etat|provincia|estado provincia|regione|provincie\
         |województwo|省|省份|州|tỉnh",
    ),
    ("channel", "channel|sales channel|source|kanal|vertriebskanal|canal|canale|kanaal|kanał|渠道|来源|kênh"),
    ("language", "language|locale|lang|sprache|langue|idioma|lingua|taal|język|语言|ngôn ngữ"),
    (
        "accepts_marketing",
        "accepts marketing|newsletter|opt in|consent|einwilligung|werbung|consentement\
         |acepta marketing|suscrito|consenso|toestemming|zgoda|订阅|同意营销",
    ),
    (
        "created_at",
        "created at|registered|registered at|signup date|customer since|angelegt am|registriert am\
         |kunde seit|date inscription|inscrit le|cree le|client depuis|fecha alta|fecha registro\
         |fecha de alta|creato il|aangemaakt|utworzono|注册时间|注册日期|创建时间|ngày đăng ký",
    ),
    (
        "birth_year",
        "birth year|year of birth|born|geburtsjahr|annee de naissance|ano de nacimiento|出生年份|出生年|năm sinh",
    ),
    ("sex", "sex|gender|geschlecht|sexe|sexo|sesso|geslacht|plec|性别|giới tính"),
    ("education", "education|bildung|schulabschluss|etudes|educacion|istruzione|opleiding|学历|học vấn"),
    ("job", "job|occupation|profession|beruf|metier|profesion|ocupacion|professione|beroep|zawod|职业|nghề nghiệp"),
    ("income", "income|income band|household income|einkommen|revenu|ingresos|reddito|inkomen|收入|thu nhập"),
    ("tags", "tags|labels|schlagworte|etiquettes|étiquettes|etiquetas|标签"),
    (
        "description",
        "description|long description|beschreibung|langtext|description longue|descripción\
         |descripcion|descrizione|omschrijving|opis|描述|商品描述|详情|mô tả",
    ),
    (
        "category",
        "category|product category|product type|kategorie|warengruppe|catégorie|categorie|famille\
         |categoría|categoria|familia|kategoria|类目|分类|类别|danh mục",
    ),
    (
        "brand",
        "brand|manufacturer|vendor|marke|hersteller|marque|fabricant|marca|fabricante|merk|marka\
         |producent|品牌|thương hiệu",
    ),
    (
        "price",
        "unit price|price|price each|item price|einzelpreis|preis|stückpreis|stuckpreis|prix unitaire\
         |prix|pu|precio|precio unitario|prezzo|prezzo unitario|prijs|stukprijs|cena|cena jednostkowa\
         |单价|价格|單價|đơn giá|giá|list price|retail price|verkaufspreis|vk|listenpreis|prix de vente\
         |prix public|precio de venta|pvp|售价|零售价|标价",
    ),
    (
        "cost",
        "cost|unit cost|cost price|purchase price|einkaufspreis|ek|ek preis|einstandspreis|kosten\
         |prix achat|prix d achat|cout|coût unitaire|costo|coste|coste unitario|precio de compra\
         |precio compra|inkoopprijs|koszt|成本|成本价|进价|采购价|giá vốn",
    ),
    (
        "gtin",
        "gtin|ean|upc|barcode|ean code|strichcode|code barres|code barre|código de barras\
         |codigo barras|条码|条形码|mã vạch",
    ),
    ("colour", "colour|color|farbe|couleur|colore|kleur|kolor|颜色|màu"),
    (
        "marks",
        "marks|certificates|certifications|certification|compliance marks|approvals|prüfzeichen|kennzeichnung\
         |zertifikate|zertifizierungen|marquages|certifications produit|certificats|certificados|marcados\
         |certificazioni|certificaten|certyfikaty|认证|认证标志|证书|资质证书|chứng nhận",
    ),
    (
        "label_languages",
        "label languages|manual languages|manual language|languages of the manual|sprachen der anleitung\
         |anleitungssprachen|langues de la notice|idiomas del manual|lingue del manuale|talen handleiding\
         |języki instrukcji|说明书语言|标签语言|ngôn ngữ hướng dẫn",
    ),
    (
        "battery",
        "battery|battery type|battery class|lithium battery|batterie|akku|batterietyp|pile|batería|bateria\
         |batteria|accu|电池|电池类型|pin",
    ),
    (
        "liquid",
        "liquid|liquid class|flüssig|flüssigkeit|liquide|líquido|liquido|vloeistof|ciecz|液体|液体类别|chất lỏng",
    ),
    (
        "voltage",
        "voltage|rated voltage|voltage range|spannung|nennspannung|tension|voltaje|tensión|tensione|spanning\
         |napięcie|电压|额定电压|điện áp",
    ),
    ("plug", "plug|plug type|stecker|steckertyp|prise|enchufe|spina|stekker|wtyczka|插头|插头类型|phích cắm"),
    ("weight_kg", "weight|gewicht|poids|peso|waga|重量|trọng lượng"),
    (
        "stock",
        "stock|stock quantity|on hand|bestand|lagerbestand|en stock|existencias|giacenza|voorraad\
         |stan|库存|库存数量|tồn kho",
    ),
    ("image", "image|image url|picture|bild|bild url|photo|imagen|foto|immagine|afbeelding|图片|主图"),
    (
        "warehouse",
        "warehouse|location|depot|lager|lagerort|standort|entrepot|entrepôt|almacén|almacen|deposito\
         |magazzino|magazijn|magazyn|仓库|kho",
    ),
    (
        "on_hand",
        "stock|on hand|quantity on hand|available|bestand|lagerbestand|verfügbar|en stock\
         |stock disponible|disponible|existencias|giacenza|voorraad|stan magazynowy|库存|库存数量|可用库存|现有库存\
         |tồn kho|quantity|qty|units|pieces|count|menge|anzahl|stuck|stückzahl|quantite|qte|cantidad\
         |unidades|quantita|qta|aantal|ilosc|sztuk|数量|件数|數量|số lượng",
    ),
    (
        "as_of",
        "as of|date|count date|stock date|stichtag|datum|bestandsdatum|zum|date inventaire|fecha\
         |fecha inventario|data|peildatum|盘点日期|日期|库存日期|ngày",
    ),
    (
        "valid_from",
        "valid from|from|start date|gültig ab|gueltig ab|ab|valable à partir du|valide du|date debut\
         |válido desde|desde|vigente desde|valido dal|geldig vanaf|生效日期|起始日期",
    ),
    (
        "review_id",
        "review id|review no|bewertungsnummer|bewertung nr|bewertungsid|numero avis|id avis|avis\
         |id reseña|reseña|id resena|recensione|评价编号|评论编号|评论id|mã đánh giá",
    ),
    (
        "rating",
        "rating|stars|score|bewertung|sterne|note|étoiles|etoiles|calificación|calificacion\
         |puntuación|estrellas|valutazione|voto|ocena|评分|星级|đánh giá",
    ),
    (
        "text",
        "text|review|comment|review text|body|kommentar|bewertungstext|rezension|commentaire|texte\
         |comentario|opinión|texto|commento|opmerking|komentarz|评论|评价|评价内容|评论内容|nội dung",
    ),
    (
        "reviewed_at",
        "review date|reviewed at|date|datum|bewertet am|date avis|fecha|data|评价时间|评论时间|评论日期|ngày",
    ),
    (
        "platform",
        "platform|network|social network|plattform|netzwerk|soziales netzwerk|plateforme|réseau|réseau social\
         |plataforma|red social|piattaforma|rete sociale|platforma|平台|社交平台|nền tảng|mạng xã hội",
    ),
    (
        "interaction_id",
        "comment id|interaction id|reply id|id|kommentar id|kommentarnummer|id commentaire|id comentario\
         |id commento|reactie id|id komentarza|评论id|评论编号|互动id|mã bình luận",
    ),
    (
        "post_id",
        "post id|media id|thread id|topic id|video id|post|beitrag|beitrags id|beitragsnummer|publication\
         |id publication|publicación|id publicación|id post|bericht id|id posta|帖子id|笔记id|视频id|作品id\
         |mã bài viết|bài viết",
    ),
    (
        "interaction_kind",
        "interaction type|interaction|type|kind|action|interaktion|interaktionsart|art|typ|type interaction\
         |tipo de interacción|tipo interacción|tipo interazione|tipo|soort|rodzaj|互动类型|类型|loại tương tác",
    ),
    (
        "handle",
        "handle|username|user name|screen name|author|commenter|nickname|benutzername|nutzername|autor|verfasser\
         |pseudo|auteur|nom d utilisateur|nombre de usuario|usuario|nome utente|autore|gebruikersnaam\
         |nazwa użytkownika|用户名|昵称|作者|评论人|发布者|tên người dùng|người bình luận",
    ),
    (
        "message",
        "message|comment|text|body|content|comment text|kommentar|kommentartext|nachricht|commentaire|message texte\
         |texte|comentario|mensaje|texto|commento|messaggio|reactie|bericht|komentarz|评论内容|评论|内容|正文\
         |bình luận|nội dung",
    ),
    (
        "posted_at",
        "created time|created at|timestamp|posted at|published at|commented at|date|time|zeitpunkt|erstellt am\
         |veröffentlicht am|datum|publié le|date|date heure|fecha|fecha hora|publicado el|data|pubblicato il\
         |geplaatst op|data dodania|发布时间|评论时间|时间|日期|thời gian|ngày",
    ),
    (
        "question_id",
        "question id|question no|question number|ticket id|ticket|ticket no|ticket number|conversation id|inquiry id\
         |fragenummer|frage nr|ticketnummer|anfragenummer|id question|numero question|numero ticket|id pregunta\
         |numero de ticket|id domanda|numero ticket|vraagnummer|numer pytania|问题编号|问题id|咨询编号|提问编号|工单号\
         |工单编号|mã câu hỏi",
    ),
    (
        "question",
        "question|question text|inquiry|subject|message|body|text|frage|fragetext|anfrage|betreff|nachricht|question posée\
         |sujet|texte|pregunta|consulta|asunto|domanda|richiesta|oggetto|vraag|onderwerp|pytanie|temat|问题|问题内容|提问\
         |提问内容|咨询|咨询内容|câu hỏi",
    ),
    (
        "answer",
        "answer|answer text|reply|response|antwort|réponse|respuesta|risposta|antwoord|odpowiedź|回答|回复|答复|客服回复\
         |trả lời|câu trả lời",
    ),
    (
        "asked_at",
        "asked at|question date|created at|received at|timestamp|date|gefragt am|erstellt am|eingegangen am|datum\
         |date question|posée le|reçue le|fecha pregunta|fecha|data domanda|data|提问时间|咨询时间|创建时间|时间|日期\
         |ngày hỏi|ngày",
    ),
    (
        "customer_of_shop",
        "customer id|customer no|customer number|customer|kundennummer|kundennr|kunde|numero client|n client\
         |client|cliente|id cliente|numero de cliente|codice cliente|klantnummer|klant|nr klienta|klient|客户编号\
         |会员号|mã khách hàng",
    ),
    ("day", "day|date|tag|datum|kurs vom|jour|date du|fecha|día|dia|giorno|data|dag|dzień|日期|ngày"),
    (
        "base",
        "base|base currency|from currency|from|basiswährung|basis|von|devise base|devise de base|de\
         |moneda base|divisa base|valuta base|基准货币|源币种|本币",
    ),
    (
        "quote",
        "quote|quote currency|to currency|target currency|to|zielwährung|kurswährung|nach\
         |devise cotée|devise cible|vers|moneda cotizada|moneda destino|divisa destino|目标货币|目标币种|外币",
    ),
    (
        "rate",
        "rate|exchange rate|fx rate|kurs|wechselkurs|taux|taux de change|cours|tipo de cambio|tasa\
         |cambio|tasso|wisselkoers|kurs waluty|汇率|tỷ giá",
    ),
    (
        "message_id",
        "message id|event id|id|ereignis id|ereignisnummer|id evenement|id événement|id evento|事件id\
         |事件编号|mã sự kiện",
    ),
    ("kind", "type|event type|kind|ereignistyp|typ|type evenement|tipo|tipo evento|事件类型|类型"),
    (
        "event_name",
        "event|event name|action|ereignis|aktion|evenement|événement|evento|acción|事件|事件名称|行为|sự kiện",
    ),
    (
        "anonymous_id",
        "anonymous id|visitor id|session id|cookie id|besucher|besucher id|sitzung|visiteur\
         |id visiteur|visitante|id visitante|访客id|访客|会话id|khách",
    ),
    (
        "occurred_at",
        "timestamp|time|occurred at|event time|date|zeitpunkt|zeit|datum|horodatage|date heure|heure\
         |fecha hora|momento|fecha|事件时间|时间|发生时间|thời gian",
    ),
    ("query", "query|search|search term|suchbegriff|suche|recherche|terme|búsqueda|busqueda|término|搜索词|关键词"),
    ("url", "url|page|link|seite|adresse|page url|página|pagina|网址|页面|链接"),
    (
        "campaign",
        "campaign|campaign name|kampagne|campagne|campaña|campana|campagna|kampania|广告活动|推广计划|活动名称\
         |chiến dịch",
    ),
    (
        "spend",
        "spend|cost|ad spend|amount spent|ausgaben|werbekosten|kosten|dépense|depenses|dépenses|gasto\
         |inversión|spesa|uitgaven|wydatki|花费|消耗|广告费|chi phí",
    ),
    (
        "impressions",
        "impressions|views|impressionen|einblendungen|affichages|impresiones|visualizzazioni\
         |vertoningen|wyświetlenia|展示|曝光|展现量|hiển thị",
    ),
    ("clicks", "clicks|klicks|clics|clic|kliks|kliknięcia|点击|点击量|点击数|nhấp"),
    (
        "competitor",
        "competitor|rival|seller|wettbewerber|konkurrent|konkurrenz|concurrent|competidor|concorrente\
         |concurrentie|konkurent|竞争对手|竞品店铺|đối thủ",
    ),
];
