//! The currency codes of ISO 4217: those in use, and those that were in use since exchange rates are
//! published for the euro, because old orders and rate files name them.
//!
//! Source: ISO 4217, lists one and three, as of 2025; funds, metals and test codes are left out.

/// Ascending.
pub(crate) const CODES: [[u8; 3]; 190] = [
    *b"AED", *b"AFN", *b"ALL", *b"AMD", *b"ANG", *b"AOA", *b"ARS", *b"ATS", *b"AUD", *b"AWG", *b"AZN", *b"BAM",
    *b"BBD", *b"BDT", *b"BEF", *b"BGN", *b"BHD", *b"BIF", *b"BMD", *b"BND", *b"BOB", *b"BRL", *b"BSD", *b"BTN",
    *b"BWP", *b"BYN", *b"BYR", *b"BZD", *b"CAD", *b"CDF", *b"CHF", *b"CLF", *b"CLP", *b"CNY", *b"COP", *b"CRC",
    *b"CUC", *b"CUP", *b"CVE", *b"CYP", *b"CZK", *b"DEM", *b"DJF", *b"DKK", *b"DOP", *b"DZD", *b"EEK", *b"EGP",
    *b"ERN", *b"ESP", *b"ETB", *b"EUR", *b"FIM", *b"FJD", *b"FKP", *b"FRF", *b"GBP", *b"GEL", *b"GHS", *b"GIP",
    *b"GMD", *b"GNF", *b"GRD", *b"GTQ", *b"GYD", *b"HKD", *b"HNL", *b"HRK", *b"HTG", *b"HUF", *b"IDR", *b"IEP",
    *b"ILS", *b"INR", *b"IQD", *b"IRR", *b"ISK", *b"ITL", *b"JMD", *b"JOD", *b"JPY", *b"KES", *b"KGS", *b"KHR",
    *b"KMF", *b"KPW", *b"KRW", *b"KWD", *b"KYD", *b"KZT", *b"LAK", *b"LBP", *b"LKR", *b"LRD", *b"LSL", *b"LTL",
    *b"LUF", *b"LVL", *b"LYD", *b"MAD", *b"MDL", *b"MGA", *b"MKD", *b"MMK", *b"MNT", *b"MOP", *b"MRO", *b"MRU",
    *b"MTL", *b"MUR", *b"MVR", *b"MWK", *b"MXN", *b"MYR", *b"MZN", *b"NAD", *b"NGN", *b"NIO", *b"NLG", *b"NOK",
    *b"NPR", *b"NZD", *b"OMR", *b"PAB", *b"PEN", *b"PGK", *b"PHP", *b"PKR", *b"PLN", *b"PTE", *b"PYG", *b"QAR",
    *b"ROL", *b"RON", *b"RSD", *b"RUB", *b"RUR", *b"RWF", *b"SAR", *b"SBD", *b"SCR", *b"SDG", *b"SEK", *b"SGD",
    *b"SHP", *b"SIT", *b"SKK", *b"SLE", *b"SLL", *b"SOS", *b"SRD", *b"SSP", *b"STD", *b"STN", *b"SVC", *b"SYP",
    *b"SZL", *b"THB", *b"TJS", *b"TMT", *b"TND", *b"TOP", *b"TRL", *b"TRY", *b"TTD", *b"TWD", *b"TZS", *b"UAH",
    *b"UGX", *b"USD", *b"UYU", *b"UZS", *b"VED", *b"VEF", *b"VES", *b"VND", *b"VUV", *b"WST", *b"XAF", *b"XCD",
    *b"XCG", *b"XOF", *b"XPF", *b"YER", *b"YUM", *b"ZAR", *b"ZMK", *b"ZMW", *b"ZWG", *b"ZWL",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_so_that_they_can_be_searched() {
        assert!(CODES.is_sorted_by(|a, b| a < b));
        assert!(CODES.binary_search(b"EUR").is_ok() && CODES.binary_search(b"EUE").is_err());
    }
}
