//! Countries of ISO 3166-1 with the names that exports use for them.
//!
//! Names are the English short names of the standard, except that `X, Republic of` forms
//! are kept only where the standard has them; the everyday form is an alias then. Currencies are
//! those in use (ISO 4217); XXX where a place has none.

use crate::{Currency, Market};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A country and how people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub market: Market,
    /// ISO 3166-1 alpha-3.
    pub alpha3: &'static str,
    /// Short English name.
    pub name: &'static str,
    /// Chinese (simplified) name.
    pub name_zh: &'static str,
    /// Currency in use.
    pub currency: Currency,
    /// Other spellings met in exports, lower case (`eire`, `rsa`, `great britain`).
    pub aliases: &'static [&'static str],
}

const fn c(
    code: [u8; 2],
    alpha3: &'static str,
    name: &'static str,
    name_zh: &'static str,
    currency: [u8; 3],
    aliases: &'static [&'static str],
) -> Country {
    let Some(market) = Market::from_code(code) else { panic!("a market is two capital letters") };
    Country { market, alpha3, name, name_zh, currency: Currency::new(currency), aliases }
}

/// All countries, ascending by code.
#[rustfmt::skip]
pub static COUNTRIES: &[Country] = &[
    c(*b"AD", "AND", "Andorra", "安道尔", *b"EUR", &[]),
    c(*b"AE", "ARE", "United Arab Emirates", "阿联酋", *b"AED", &["uae", "emirates", "阿拉伯联合酋长国", "الإمارات العربية المتحدة", "الإمارات"]),
    c(*b"AF", "AFG", "Afghanistan", "阿富汗", *b"AFN", &[]),
    c(*b"AG", "ATG", "Antigua and Barbuda", "安提瓜和巴布达", *b"XCD", &["antigua"]),
    c(*b"AI", "AIA", "Anguilla", "安圭拉", *b"XCD", &[]),
    c(*b"AL", "ALB", "Albania", "阿尔巴尼亚", *b"ALL", &[]),
    c(*b"AM", "ARM", "Armenia", "亚美尼亚", *b"AMD", &[]),
    c(*b"AO", "AGO", "Angola", "安哥拉", *b"AOA", &[]),
    c(*b"AQ", "ATA", "Antarctica", "南极洲", *b"XXX", &[]),
    c(*b"AR", "ARG", "Argentina", "阿根廷", *b"ARS", &[]),
    c(*b"AS", "ASM", "American Samoa", "美属萨摩亚", *b"USD", &[]),
    c(*b"AT", "AUT", "Austria", "奥地利", *b"EUR", &["österreich", "oesterreich", "autriche"]),
    c(*b"AU", "AUS", "Australia", "澳大利亚", *b"AUD", &["澳洲"]),
    c(*b"AW", "ABW", "Aruba", "阿鲁巴", *b"AWG", &[]),
    c(*b"AX", "ALA", "Åland Islands", "奥兰群岛", *b"EUR", &["aland islands", "aland", "åland"]),
    c(*b"AZ", "AZE", "Azerbaijan", "阿塞拜疆", *b"AZN", &[]),
    c(*b"BA", "BIH", "Bosnia and Herzegovina", "波斯尼亚和黑塞哥维那", *b"BAM", &["bosnia", "bosnia-herzegovina", "波黑"]),
    c(*b"BB", "BRB", "Barbados", "巴巴多斯", *b"BBD", &[]),
    c(*b"BD", "BGD", "Bangladesh", "孟加拉国", *b"BDT", &["孟加拉"]),
    c(*b"BE", "BEL", "Belgium", "比利时", *b"EUR", &["belgique", "belgië", "belgie", "belgien"]),
    c(*b"BF", "BFA", "Burkina Faso", "布基纳法索", *b"XOF", &[]),
    c(*b"BG", "BGR", "Bulgaria", "保加利亚", *b"EUR", &["българия"]),
    c(*b"BH", "BHR", "Bahrain", "巴林", *b"BHD", &[]),
    c(*b"BI", "BDI", "Burundi", "布隆迪", *b"BIF", &[]),
    c(*b"BJ", "BEN", "Benin", "贝宁", *b"XOF", &[]),
    c(*b"BL", "BLM", "Saint Barthélemy", "圣巴泰勒米", *b"EUR", &["saint barthelemy", "st barthelemy", "st barts"]),
    c(*b"BM", "BMU", "Bermuda", "百慕大", *b"BMD", &[]),
    c(*b"BN", "BRN", "Brunei Darussalam", "文莱", *b"BND", &["brunei"]),
    c(*b"BO", "BOL", "Bolivia", "玻利维亚", *b"BOB", &["bolivia (plurinational state of)", "bolivia, plurinational state of"]),
    c(*b"BQ", "BES", "Bonaire, Sint Eustatius and Saba", "博奈尔、圣尤斯特歇斯和萨巴", *b"USD", &["bonaire", "caribbean netherlands"]),
    c(*b"BR", "BRA", "Brazil", "巴西", *b"BRL", &["brasil"]),
    c(*b"BS", "BHS", "Bahamas", "巴哈马", *b"BSD", &[]),
    c(*b"BT", "BTN", "Bhutan", "不丹", *b"BTN", &[]),
    c(*b"BV", "BVT", "Bouvet Island", "布韦岛", *b"NOK", &[]),
    c(*b"BW", "BWA", "Botswana", "博茨瓦纳", *b"BWP", &[]),
    c(*b"BY", "BLR", "Belarus", "白俄罗斯", *b"BYN", &[]),
    c(*b"BZ", "BLZ", "Belize", "伯利兹", *b"BZD", &[]),
    c(*b"CA", "CAN", "Canada", "加拿大", *b"CAD", &[]),
    c(*b"CC", "CCK", "Cocos (Keeling) Islands", "科科斯（基林）群岛", *b"AUD", &["cocos islands", "keeling islands"]),
    c(*b"CD", "COD", "Congo, Democratic Republic of the", "刚果（金）", *b"CDF", &["democratic republic of the congo", "dr congo", "drc", "congo-kinshasa", "congo (kinshasa)", "congo (the democratic republic of the)"]),
    c(*b"CF", "CAF", "Central African Republic", "中非共和国", *b"XAF", &["中非"]),
    c(*b"CG", "COG", "Congo", "刚果（布）", *b"XAF", &["republic of the congo", "congo-brazzaville", "congo (brazzaville)"]),
    c(*b"CH", "CHE", "Switzerland", "瑞士", *b"CHF", &["schweiz", "suisse", "svizzera"]),
    c(*b"CI", "CIV", "Côte d'Ivoire", "科特迪瓦", *b"XOF", &["cote d'ivoire", "ivory coast", "côte d’ivoire"]),
    c(*b"CK", "COK", "Cook Islands", "库克群岛", *b"NZD", &[]),
    c(*b"CL", "CHL", "Chile", "智利", *b"CLP", &[]),
    c(*b"CM", "CMR", "Cameroon", "喀麦隆", *b"XAF", &[]),
    c(*b"CN", "CHN", "China", "中国", *b"CNY", &["prc", "p r china", "pr china", "mainland china", "people's republic of china", "中华人民共和国", "中国大陆"]),
    c(*b"CO", "COL", "Colombia", "哥伦比亚", *b"COP", &[]),
    c(*b"CR", "CRI", "Costa Rica", "哥斯达黎加", *b"CRC", &[]),
    c(*b"CU", "CUB", "Cuba", "古巴", *b"CUP", &[]),
    c(*b"CV", "CPV", "Cabo Verde", "佛得角", *b"CVE", &["cape verde"]),
    c(*b"CW", "CUW", "Curaçao", "库拉索", *b"XCG", &["curacao"]),
    c(*b"CX", "CXR", "Christmas Island", "圣诞岛", *b"AUD", &[]),
    c(*b"CY", "CYP", "Cyprus", "塞浦路斯", *b"EUR", &[]),
    c(*b"CZ", "CZE", "Czechia", "捷克", *b"CZK", &["czech republic", "česko", "česká republika", "cesko"]),
    c(*b"DE", "DEU", "Germany", "德国", *b"EUR", &["deutschland", "federal republic of germany", "allemagne", "alemania"]),
    c(*b"DJ", "DJI", "Djibouti", "吉布提", *b"DJF", &[]),
    c(*b"DK", "DNK", "Denmark", "丹麦", *b"DKK", &["danmark"]),
    c(*b"DM", "DMA", "Dominica", "多米尼克", *b"XCD", &[]),
    c(*b"DO", "DOM", "Dominican Republic", "多米尼加", *b"DOP", &["多米尼加共和国"]),
    c(*b"DZ", "DZA", "Algeria", "阿尔及利亚", *b"DZD", &[]),
    c(*b"EC", "ECU", "Ecuador", "厄瓜多尔", *b"USD", &[]),
    c(*b"EE", "EST", "Estonia", "爱沙尼亚", *b"EUR", &["eesti"]),
    c(*b"EG", "EGY", "Egypt", "埃及", *b"EGP", &["مصر"]),
    c(*b"EH", "ESH", "Western Sahara", "西撒哈拉", *b"MAD", &[]),
    c(*b"ER", "ERI", "Eritrea", "厄立特里亚", *b"ERN", &[]),
    c(*b"ES", "ESP", "Spain", "西班牙", *b"EUR", &["españa", "espana", "spanien", "espagne"]),
    c(*b"ET", "ETH", "Ethiopia", "埃塞俄比亚", *b"ETB", &[]),
    c(*b"FI", "FIN", "Finland", "芬兰", *b"EUR", &["suomi"]),
    c(*b"FJ", "FJI", "Fiji", "斐济", *b"FJD", &[]),
    c(*b"FK", "FLK", "Falkland Islands (Malvinas)", "福克兰群岛（马尔维纳斯）", *b"FKP", &["falkland islands", "falklands"]),
    c(*b"FM", "FSM", "Micronesia, Federated States of", "密克罗尼西亚", *b"USD", &["micronesia", "federated states of micronesia", "micronesia (federated states of)"]),
    c(*b"FO", "FRO", "Faroe Islands", "法罗群岛", *b"DKK", &["faeroe islands"]),
    c(*b"FR", "FRA", "France", "法国", *b"EUR", &["frankreich", "francia"]),
    c(*b"GA", "GAB", "Gabon", "加蓬", *b"XAF", &[]),
    c(*b"GB", "GBR", "United Kingdom", "英国", *b"GBP", &["uk", "great britain", "england", "scotland", "wales", "northern ireland", "britain", "united kingdom of great britain and northern ireland", "united kingdom (great britain)", "g britain"]),
    c(*b"GD", "GRD", "Grenada", "格林纳达", *b"XCD", &[]),
    c(*b"GE", "GEO", "Georgia", "格鲁吉亚", *b"GEL", &[]),
    c(*b"GF", "GUF", "French Guiana", "法属圭亚那", *b"EUR", &[]),
    c(*b"GG", "GGY", "Guernsey", "根西", *b"GBP", &[]),
    c(*b"GH", "GHA", "Ghana", "加纳", *b"GHS", &[]),
    c(*b"GI", "GIB", "Gibraltar", "直布罗陀", *b"GIP", &[]),
    c(*b"GL", "GRL", "Greenland", "格陵兰", *b"DKK", &[]),
    c(*b"GM", "GMB", "Gambia", "冈比亚", *b"GMD", &[]),
    c(*b"GN", "GIN", "Guinea", "几内亚", *b"GNF", &[]),
    c(*b"GP", "GLP", "Guadeloupe", "瓜德罗普", *b"EUR", &[]),
    c(*b"GQ", "GNQ", "Equatorial Guinea", "赤道几内亚", *b"XAF", &[]),
    c(*b"GR", "GRC", "Greece", "希腊", *b"EUR", &["hellas", "ελλάδα", "el"]),
    c(*b"GS", "SGS", "South Georgia and the South Sandwich Islands", "南乔治亚岛和南桑威奇群岛", *b"GBP", &[]),
    c(*b"GT", "GTM", "Guatemala", "危地马拉", *b"GTQ", &[]),
    c(*b"GU", "GUM", "Guam", "关岛", *b"USD", &[]),
    c(*b"GW", "GNB", "Guinea-Bissau", "几内亚比绍", *b"XOF", &["guinea bissau"]),
    c(*b"GY", "GUY", "Guyana", "圭亚那", *b"GYD", &[]),
    c(*b"HK", "HKG", "Hong Kong", "香港", *b"HKD", &["hong kong sar", "hong kong sar china", "中国香港", "hongkong"]),
    c(*b"HM", "HMD", "Heard Island and McDonald Islands", "赫德岛和麦克唐纳群岛", *b"AUD", &[]),
    c(*b"HN", "HND", "Honduras", "洪都拉斯", *b"HNL", &[]),
    c(*b"HR", "HRV", "Croatia", "克罗地亚", *b"EUR", &["hrvatska"]),
    c(*b"HT", "HTI", "Haiti", "海地", *b"HTG", &[]),
    c(*b"HU", "HUN", "Hungary", "匈牙利", *b"HUF", &["magyarország", "magyarorszag"]),
    c(*b"ID", "IDN", "Indonesia", "印度尼西亚", *b"IDR", &["印尼"]),
    c(*b"IE", "IRL", "Ireland", "爱尔兰", *b"EUR", &["eire", "éire", "republic of ireland", "irish republic", "ireland, republic of"]),
    c(*b"IL", "ISR", "Israel", "以色列", *b"ILS", &[]),
    c(*b"IM", "IMN", "Isle of Man", "马恩岛", *b"GBP", &[]),
    c(*b"IN", "IND", "India", "印度", *b"INR", &["भारत"]),
    c(*b"IO", "IOT", "British Indian Ocean Territory", "英属印度洋领地", *b"USD", &[]),
    c(*b"IQ", "IRQ", "Iraq", "伊拉克", *b"IQD", &[]),
    c(*b"IR", "IRN", "Iran, Islamic Republic of", "伊朗", *b"IRR", &["iran", "islamic republic of iran", "iran (islamic republic of)"]),
    c(*b"IS", "ISL", "Iceland", "冰岛", *b"ISK", &["ísland", "island"]),
    c(*b"IT", "ITA", "Italy", "意大利", *b"EUR", &["italia", "italien", "italie"]),
    c(*b"JE", "JEY", "Jersey", "泽西", *b"GBP", &[]),
    c(*b"JM", "JAM", "Jamaica", "牙买加", *b"JMD", &[]),
    c(*b"JO", "JOR", "Jordan", "约旦", *b"JOD", &[]),
    c(*b"JP", "JPN", "Japan", "日本", *b"JPY", &["nippon", "日本国"]),
    c(*b"KE", "KEN", "Kenya", "肯尼亚", *b"KES", &[]),
    c(*b"KG", "KGZ", "Kyrgyzstan", "吉尔吉斯斯坦", *b"KGS", &[]),
    c(*b"KH", "KHM", "Cambodia", "柬埔寨", *b"KHR", &[]),
    c(*b"KI", "KIR", "Kiribati", "基里巴斯", *b"AUD", &[]),
    c(*b"KM", "COM", "Comoros", "科摩罗", *b"KMF", &[]),
    c(*b"KN", "KNA", "Saint Kitts and Nevis", "圣基茨和尼维斯", *b"XCD", &["st kitts and nevis"]),
    c(*b"KP", "PRK", "Korea, Democratic People's Republic of", "朝鲜", *b"KPW", &["north korea", "korea (the democratic people's republic of)", "democratic people's republic of korea", "dprk"]),
    c(*b"KR", "KOR", "Korea, Republic of", "韩国", *b"KRW", &["south korea", "korea", "republic of korea", "korea (the republic of)", "korea south", "korea, south", "대한민국", "한국", "大韩民国"]),
    c(*b"KW", "KWT", "Kuwait", "科威特", *b"KWD", &[]),
    c(*b"KY", "CYM", "Cayman Islands", "开曼群岛", *b"KYD", &[]),
    c(*b"KZ", "KAZ", "Kazakhstan", "哈萨克斯坦", *b"KZT", &[]),
    c(*b"LA", "LAO", "Lao People's Democratic Republic", "老挝", *b"LAK", &["laos", "lao pdr"]),
    c(*b"LB", "LBN", "Lebanon", "黎巴嫩", *b"LBP", &[]),
    c(*b"LC", "LCA", "Saint Lucia", "圣卢西亚", *b"XCD", &["st lucia"]),
    c(*b"LI", "LIE", "Liechtenstein", "列支敦士登", *b"CHF", &[]),
    c(*b"LK", "LKA", "Sri Lanka", "斯里兰卡", *b"LKR", &[]),
    c(*b"LR", "LBR", "Liberia", "利比里亚", *b"LRD", &[]),
    c(*b"LS", "LSO", "Lesotho", "莱索托", *b"LSL", &[]),
    c(*b"LT", "LTU", "Lithuania", "立陶宛", *b"EUR", &["lietuva"]),
    c(*b"LU", "LUX", "Luxembourg", "卢森堡", *b"EUR", &["luxemburg"]),
    c(*b"LV", "LVA", "Latvia", "拉脱维亚", *b"EUR", &["latvija"]),
    c(*b"LY", "LBY", "Libya", "利比亚", *b"LYD", &["libyan arab jamahiriya"]),
    c(*b"MA", "MAR", "Morocco", "摩洛哥", *b"MAD", &["maroc"]),
    c(*b"MC", "MCO", "Monaco", "摩纳哥", *b"EUR", &[]),
    c(*b"MD", "MDA", "Moldova, Republic of", "摩尔多瓦", *b"MDL", &["moldova", "republic of moldova", "moldova (the republic of)"]),
    c(*b"ME", "MNE", "Montenegro", "黑山", *b"EUR", &[]),
    c(*b"MF", "MAF", "Saint Martin (French part)", "法属圣马丁", *b"EUR", &["saint martin", "st martin"]),
    c(*b"MG", "MDG", "Madagascar", "马达加斯加", *b"MGA", &[]),
    c(*b"MH", "MHL", "Marshall Islands", "马绍尔群岛", *b"USD", &[]),
    c(*b"MK", "MKD", "North Macedonia", "北马其顿", *b"MKD", &["macedonia", "macedonia, the former yugoslav republic of", "republic of north macedonia", "fyrom"]),
    c(*b"ML", "MLI", "Mali", "马里", *b"XOF", &[]),
    c(*b"MM", "MMR", "Myanmar", "缅甸", *b"MMK", &["burma"]),
    c(*b"MN", "MNG", "Mongolia", "蒙古", *b"MNT", &[]),
    c(*b"MO", "MAC", "Macao", "澳门", *b"MOP", &["macau", "macao sar", "macao sar china", "macau sar china", "中国澳门"]),
    c(*b"MP", "MNP", "Northern Mariana Islands", "北马里亚纳群岛", *b"USD", &[]),
    c(*b"MQ", "MTQ", "Martinique", "马提尼克", *b"EUR", &[]),
    c(*b"MR", "MRT", "Mauritania", "毛里塔尼亚", *b"MRU", &[]),
    c(*b"MS", "MSR", "Montserrat", "蒙特塞拉特", *b"XCD", &[]),
    c(*b"MT", "MLT", "Malta", "马耳他", *b"EUR", &[]),
    c(*b"MU", "MUS", "Mauritius", "毛里求斯", *b"MUR", &[]),
    c(*b"MV", "MDV", "Maldives", "马尔代夫", *b"MVR", &[]),
    c(*b"MW", "MWI", "Malawi", "马拉维", *b"MWK", &[]),
    c(*b"MX", "MEX", "Mexico", "墨西哥", *b"MXN", &["méxico"]),
    c(*b"MY", "MYS", "Malaysia", "马来西亚", *b"MYR", &[]),
    c(*b"MZ", "MOZ", "Mozambique", "莫桑比克", *b"MZN", &[]),
    c(*b"NA", "NAM", "Namibia", "纳米比亚", *b"NAD", &[]),
    c(*b"NC", "NCL", "New Caledonia", "新喀里多尼亚", *b"XPF", &[]),
    c(*b"NE", "NER", "Niger", "尼日尔", *b"XOF", &[]),
    c(*b"NF", "NFK", "Norfolk Island", "诺福克岛", *b"AUD", &[]),
    c(*b"NG", "NGA", "Nigeria", "尼日利亚", *b"NGN", &[]),
    c(*b"NI", "NIC", "Nicaragua", "尼加拉瓜", *b"NIO", &[]),
    c(*b"NL", "NLD", "Netherlands", "荷兰", *b"EUR", &["holland", "nederland", "niederlande", "netherlands, kingdom of the", "netherlands (kingdom of the)"]),
    c(*b"NO", "NOR", "Norway", "挪威", *b"NOK", &["norge", "noreg"]),
    c(*b"NP", "NPL", "Nepal", "尼泊尔", *b"NPR", &[]),
    c(*b"NR", "NRU", "Nauru", "瑙鲁", *b"AUD", &[]),
    c(*b"NU", "NIU", "Niue", "纽埃", *b"NZD", &[]),
    c(*b"NZ", "NZL", "New Zealand", "新西兰", *b"NZD", &["aotearoa"]),
    c(*b"OM", "OMN", "Oman", "阿曼", *b"OMR", &[]),
    c(*b"PA", "PAN", "Panama", "巴拿马", *b"PAB", &[]),
    c(*b"PE", "PER", "Peru", "秘鲁", *b"PEN", &["perú"]),
    c(*b"PF", "PYF", "French Polynesia", "法属波利尼西亚", *b"XPF", &["tahiti"]),
    c(*b"PG", "PNG", "Papua New Guinea", "巴布亚新几内亚", *b"PGK", &[]),
    c(*b"PH", "PHL", "Philippines", "菲律宾", *b"PHP", &["pilipinas"]),
    c(*b"PK", "PAK", "Pakistan", "巴基斯坦", *b"PKR", &[]),
    c(*b"PL", "POL", "Poland", "波兰", *b"PLN", &["polska", "polen"]),
    c(*b"PM", "SPM", "Saint Pierre and Miquelon", "圣皮埃尔和密克隆", *b"EUR", &["st pierre and miquelon"]),
    c(*b"PN", "PCN", "Pitcairn", "皮特凯恩", *b"NZD", &["pitcairn islands"]),
    c(*b"PR", "PRI", "Puerto Rico", "波多黎各", *b"USD", &[]),
    c(*b"PS", "PSE", "Palestine, State of", "巴勒斯坦", *b"ILS", &["palestine", "palestinian territory", "palestinian territories", "palestinian territory, occupied", "state of palestine"]),
    c(*b"PT", "PRT", "Portugal", "葡萄牙", *b"EUR", &[]),
    c(*b"PW", "PLW", "Palau", "帕劳", *b"USD", &[]),
    c(*b"PY", "PRY", "Paraguay", "巴拉圭", *b"PYG", &[]),
    c(*b"QA", "QAT", "Qatar", "卡塔尔", *b"QAR", &[]),
    c(*b"RE", "REU", "Réunion", "留尼汪", *b"EUR", &["reunion"]),
    c(*b"RO", "ROU", "Romania", "罗马尼亚", *b"RON", &["românia"]),
    c(*b"RS", "SRB", "Serbia", "塞尔维亚", *b"RSD", &["srbija"]),
    c(*b"RU", "RUS", "Russian Federation", "俄罗斯", *b"RUB", &["russia", "россия", "俄罗斯联邦", "rossiya"]),
    c(*b"RW", "RWA", "Rwanda", "卢旺达", *b"RWF", &[]),
    c(*b"SA", "SAU", "Saudi Arabia", "沙特阿拉伯", *b"SAR", &["ksa", "kingdom of saudi arabia", "沙特", "السعودية", "المملكة العربية السعودية"]),
    c(*b"SB", "SLB", "Solomon Islands", "所罗门群岛", *b"SBD", &[]),
    c(*b"SC", "SYC", "Seychelles", "塞舌尔", *b"SCR", &[]),
    c(*b"SD", "SDN", "Sudan", "苏丹", *b"SDG", &[]),
    c(*b"SE", "SWE", "Sweden", "瑞典", *b"SEK", &["sverige"]),
    c(*b"SG", "SGP", "Singapore", "新加坡", *b"SGD", &[]),
    c(*b"SH", "SHN", "Saint Helena, Ascension and Tristan da Cunha", "圣赫勒拿、阿森松和特里斯坦-达库尼亚", *b"SHP", &["saint helena", "st helena"]),
    c(*b"SI", "SVN", "Slovenia", "斯洛文尼亚", *b"EUR", &["slovenija"]),
    c(*b"SJ", "SJM", "Svalbard and Jan Mayen", "斯瓦尔巴和扬马延", *b"NOK", &["svalbard"]),
    c(*b"SK", "SVK", "Slovakia", "斯洛伐克", *b"EUR", &["slovak republic", "slovensko"]),
    c(*b"SL", "SLE", "Sierra Leone", "塞拉利昂", *b"SLE", &[]),
    c(*b"SM", "SMR", "San Marino", "圣马力诺", *b"EUR", &[]),
    c(*b"SN", "SEN", "Senegal", "塞内加尔", *b"XOF", &[]),
    c(*b"SO", "SOM", "Somalia", "索马里", *b"SOS", &[]),
    c(*b"SR", "SUR", "Suriname", "苏里南", *b"SRD", &[]),
    c(*b"SS", "SSD", "South Sudan", "南苏丹", *b"SSP", &[]),
    c(*b"ST", "STP", "Sao Tome and Principe", "圣多美和普林西比", *b"STN", &["são tomé and príncipe"]),
    c(*b"SV", "SLV", "El Salvador", "萨尔瓦多", *b"USD", &[]),
    c(*b"SX", "SXM", "Sint Maarten (Dutch part)", "荷属圣马丁", *b"XCG", &["sint maarten"]),
    c(*b"SY", "SYR", "Syrian Arab Republic", "叙利亚", *b"SYP", &["syria"]),
    c(*b"SZ", "SWZ", "Eswatini", "斯威士兰", *b"SZL", &["swaziland"]),
    c(*b"TC", "TCA", "Turks and Caicos Islands", "特克斯和凯科斯群岛", *b"USD", &[]),
    c(*b"TD", "TCD", "Chad", "乍得", *b"XAF", &[]),
    c(*b"TF", "ATF", "French Southern Territories", "法属南部领地", *b"EUR", &[]),
    c(*b"TG", "TGO", "Togo", "多哥", *b"XOF", &[]),
    c(*b"TH", "THA", "Thailand", "泰国", *b"THB", &["ประเทศไทย", "ไทย"]),
    c(*b"TJ", "TJK", "Tajikistan", "塔吉克斯坦", *b"TJS", &[]),
    c(*b"TK", "TKL", "Tokelau", "托克劳", *b"NZD", &[]),
    c(*b"TL", "TLS", "Timor-Leste", "东帝汶", *b"USD", &["east timor", "timor leste"]),
    c(*b"TM", "TKM", "Turkmenistan", "土库曼斯坦", *b"TMT", &[]),
    c(*b"TN", "TUN", "Tunisia", "突尼斯", *b"TND", &[]),
    c(*b"TO", "TON", "Tonga", "汤加", *b"TOP", &[]),
    c(*b"TR", "TUR", "Türkiye", "土耳其", *b"TRY", &["turkey", "turkiye"]),
    c(*b"TT", "TTO", "Trinidad and Tobago", "特立尼达和多巴哥", *b"TTD", &["trinidad"]),
    c(*b"TV", "TUV", "Tuvalu", "图瓦卢", *b"AUD", &[]),
    c(*b"TW", "TWN", "Taiwan, Province of China", "中国台湾", *b"TWD", &["taiwan", "台湾", "taiwan (province of china)", "臺灣"]),
    c(*b"TZ", "TZA", "Tanzania, United Republic of", "坦桑尼亚", *b"TZS", &["tanzania", "united republic of tanzania", "tanzania (the united republic of)"]),
    c(*b"UA", "UKR", "Ukraine", "乌克兰", *b"UAH", &["україна"]),
    c(*b"UG", "UGA", "Uganda", "乌干达", *b"UGX", &[]),
    c(*b"UM", "UMI", "United States Minor Outlying Islands", "美国本土外小岛屿", *b"USD", &["us minor outlying islands"]),
    c(*b"US", "USA", "United States of America", "美国", *b"USD", &["united states", "america", "u s a", "u s", "estados unidos", "états-unis", "vereinigte staaten", "美利坚合众国", "united states (usa)"]),
    c(*b"UY", "URY", "Uruguay", "乌拉圭", *b"UYU", &[]),
    c(*b"UZ", "UZB", "Uzbekistan", "乌兹别克斯坦", *b"UZS", &[]),
    c(*b"VA", "VAT", "Holy See", "梵蒂冈", *b"EUR", &["vatican", "vatican city", "holy see (vatican city state)", "vatican city state"]),
    c(*b"VC", "VCT", "Saint Vincent and the Grenadines", "圣文森特和格林纳丁斯", *b"XCD", &["st vincent and the grenadines", "saint vincent"]),
    c(*b"VE", "VEN", "Venezuela, Bolivarian Republic of", "委内瑞拉", *b"VES", &["venezuela", "venezuela (bolivarian republic of)", "bolivarian republic of venezuela"]),
    c(*b"VG", "VGB", "Virgin Islands (British)", "英属维尔京群岛", *b"USD", &["british virgin islands", "virgin islands, british", "bvi"]),
    c(*b"VI", "VIR", "Virgin Islands (U.S.)", "美属维尔京群岛", *b"USD", &["us virgin islands", "virgin islands, us", "united states virgin islands", "virgin islands"]),
    c(*b"VN", "VNM", "Viet Nam", "越南", *b"VND", &["vietnam", "việt nam", "socialist republic of vietnam"]),
    c(*b"VU", "VUT", "Vanuatu", "瓦努阿图", *b"VUV", &[]),
    c(*b"WF", "WLF", "Wallis and Futuna", "瓦利斯和富图纳", *b"XPF", &[]),
    c(*b"WS", "WSM", "Samoa", "萨摩亚", *b"WST", &[]),
    c(*b"YE", "YEM", "Yemen", "也门", *b"YER", &[]),
    c(*b"YT", "MYT", "Mayotte", "马约特", *b"EUR", &[]),
    c(*b"ZA", "ZAF", "South Africa", "南非", *b"ZAR", &["rsa", "republic of south africa", "suid-afrika"]),
    c(*b"ZM", "ZMB", "Zambia", "赞比亚", *b"ZMW", &[]),
    c(*b"ZW", "ZWE", "Zimbabwe", "津巴布韦", *b"ZWG", &[]),
];

/// The country with this code; `None` for the three codes that are no country.
pub fn country(market: Market) -> Option<&'static Country> {
    COUNTRIES.binary_search_by(|c| c.market.cmp(&market)).ok().map(|i| &COUNTRIES[i])
}

/// The country that a text names: a code of two or three letters, an English or Chinese name, or
/// an alias, in any case, with or without outer blanks, abbreviation points and a leading "the".
pub fn country_by_name(text: &str) -> Option<&'static Country> {
    static BY_NAME: OnceLock<HashMap<String, usize>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        let mut map = HashMap::new();
        for (i, c) in COUNTRIES.iter().enumerate() {
            let names = [c.market.code(), c.alpha3, c.name, c.name_zh].into_iter().chain(c.aliases.iter().copied());
            for name in names {
                // The earlier country keeps a name that two claim; a test says that none do.
                map.entry(key(name)).or_insert(i);
            }
        }
        map
    });
    by_name.get(&key(text)).map(|i| &COUNTRIES[*i])
}

/// The market that a text names: a country, or one of the three places that exports name without a
/// country: `Unspecified`, `European Community`, `Channel Islands`.
///
/// ```
/// use domain::{Market, market_by_name};
/// assert_eq!(market_by_name("EIRE").unwrap().code(), "IE");
/// assert_eq!(market_by_name("Channel Islands"), Some(Market::CHANNEL_ISLANDS));
/// assert_eq!(market_by_name("Atlantis"), None);
/// ```
pub fn market_by_name(text: &str) -> Option<Market> {
    match key(text).as_str() {
        "unspecified" | "unknown" | "not specified" | "none" | "n/a" | "zz" | "未知" | "" => Some(Market::UNKNOWN),
        "european community" | "european union" | "europe" | "eu" | "欧盟" => Some(Market::EUROPEAN_UNION),
        "channel islands" | "xc" | "海峡群岛" => Some(Market::CHANNEL_ISLANDS),
        _ => country_by_name(text).map(|c| c.market),
    }
}

fn key(text: &str) -> String {
    let lower = text.to_lowercase().replace('&', " and ").replace('.', "").replace('’', "'");
    let key = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    match key.strip_prefix("the ") {
        Some(rest) => rest.to_owned(),
        None => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn countries_are_sorted_and_each_code_stands_once() {
        assert!(COUNTRIES.windows(2).all(|w| w[0].market < w[1].market));
        assert_eq!(COUNTRIES.len(), 249);
        let alpha3: std::collections::BTreeSet<_> = COUNTRIES.iter().map(|c| c.alpha3).collect();
        assert_eq!(alpha3.len(), 249);
        assert!(alpha3.iter().all(|a| a.len() == 3 && a.bytes().all(|b| b.is_ascii_uppercase())));
    }

    #[test]
    fn no_two_countries_claim_one_name() {
        let mut owner: BTreeMap<String, &str> = BTreeMap::new();
        for c in COUNTRIES {
            for name in [c.market.code(), c.alpha3, c.name, c.name_zh].iter().chain(c.aliases) {
                let before = owner.insert(key(name), c.alpha3);
                assert!(before.is_none_or(|b| b == c.alpha3), "{name} of {} is also {before:?}", c.alpha3);
            }
        }
    }

    #[test]
    fn names_met_in_exports_lead_to_their_country() {
        for (name, code) in [
            ("EIRE", "IE"),
            ("RSA", "ZA"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("the United States", "US"),
            ("UK", "GB"),
            ("Great Britain", "GB"),
            ("Viet Nam", "VN"),
            ("Vietnam", "VN"),
            ("KSA", "SA"),
            ("Deutschland", "DE"),
            ("Korea, Republic of", "KR"),
            ("Czech Republic", "CZ"),
            ("Holland", "NL"),
            ("UAE", "AE"),
            (" Russia ", "RU"),
            ("Trinidad & Tobago", "TT"),
            ("deu", "DE"),
            ("泰国", "TH"),
            ("中国香港", "HK"),
            ("Hong Kong", "HK"),
            ("Bahrain", "BH"),
            ("Lebanon", "LB"),
        ] {
            assert_eq!(country_by_name(name).map(|c| c.market.code()), Some(code), "{name}");
        }
        assert_eq!(country_by_name("European Community"), None);
    }

    #[test]
    fn places_without_a_country_have_their_own_codes() {
        assert_eq!(market_by_name("Unspecified"), Some(Market::UNKNOWN));
        assert_eq!(market_by_name("European Community"), Some(Market::EUROPEAN_UNION));
        assert_eq!(market_by_name("channel islands"), Some(Market::CHANNEL_ISLANDS));
        assert_eq!(market_by_name("EIRE").map(|m| m.to_string()).as_deref(), Some("IE"));
        assert_eq!(market_by_name("Atlantis"), None);
    }

    #[test]
    fn currencies_are_those_in_use() {
        for (code, currency) in
            [("DE", "EUR"), ("HR", "EUR"), ("BG", "EUR"), ("VN", "VND"), ("SA", "SAR"), ("TH", "THB"), ("CH", "CHF")]
        {
            assert_eq!(country_by_name(code).unwrap().currency.code(), currency, "{code}");
        }
    }
}
