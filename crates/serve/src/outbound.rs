//! Where the server may send something, once it does: the check that every webhook will have to pass.
//!
//! Nothing calls out today. Whoever adds it asks twice: [`target`] for the address as it was written, and [`reachable`]
//! for what its name resolved to. Then it connects to exactly those addresses, follows no redirect, and sends the name
//! for TLS: a name that resolves to something else a moment later must not matter.

use axum::http::Uri;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why a target is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not an address at all, or one with a user in it.
    #[error("{0:?} is not an address such as https://hooks.example/path")]
    Malformed(String),
    /// Not encrypted.
    #[error("{0:?} is not encrypted; use https")]
    NotHttps(String),
    /// A port of something else.
    #[error("port {0}; only 443 is allowed")]
    Port(u16),
    /// A host that nobody allowed.
    #[error("the host {0:?} is not on the list of allowed hosts; an admin may add it")]
    NotAllowed(String),
    /// A name that leads into the own network.
    #[error("{host:?} resolves to {address}, which is not a public address")]
    Private {
        /// The name.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// A name that leads nowhere.
    #[error("{0:?} resolves to nothing")]
    Nowhere(String),
}

/// The host of an address that may be called: HTTPS, port 443, without a user, on the list. Numbers are no hosts.
///
/// # Errors
/// [`TargetError`].
pub fn target(address: &str, allowed_hosts: &[String]) -> Result<String, TargetError> {
    let malformed = || TargetError::Malformed(address.to_owned());
    let uri: Uri = address.parse().map_err(|_| malformed())?;
    let authority = uri.authority().ok_or_else(malformed)?;
    if uri.scheme_str() != Some("https") {
        return Err(TargetError::NotHttps(address.to_owned()));
    }
    if authority.as_str().contains('@') {
        return Err(malformed());
    }
    if let Some(port) = authority.port_u16().filter(|port| *port != 443) {
        return Err(TargetError::Port(port));
    }
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    if allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host)) {
        Ok(host)
    } else {
        Err(TargetError::NotAllowed(host))
    }
}

/// What a name resolved to, if all of it is public.
///
/// # Errors
/// [`TargetError::Private`] when any address is not: which one is taken would be chance. [`TargetError::Nowhere`].
pub fn reachable(host: &str, resolved: &[IpAddr]) -> Result<(), TargetError> {
    if resolved.is_empty() {
        return Err(TargetError::Nowhere(host.to_owned()));
    }
    match resolved.iter().find(|address| !is_public(**address)) {
        Some(address) => Err(TargetError::Private { host: host.to_owned(), address: *address }),
        None => Ok(()),
    }
}

/// Whether an address lies in the public internet. What wraps an address of IPv4 is looked into.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        // Shared by customers of one provider (RFC 6598), protocol assignments, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let first = v6.segments()[0];
    // Global unicast is 2000::/3; of it, tunnels into IPv4 (6to4, Teredo) and documentation are left out.
    let tunnels = first == 0x2002 || (first == 0x2001 && matches!(v6.segments()[1], 0 | 0x0db8));
    (0x2000..0x4000).contains(&first) && !tunnels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_of_allowed_hosts_is_a_target() {
        let allowed = ["hooks.example".to_owned()];
        for fine in ["https://hooks.example/a?b=c", "https://HOOKS.example:443/", "https://hooks.example./"] {
            assert_eq!(target(fine, &allowed), Ok("hooks.example".to_owned()), "{fine}");
        }
        for wrong in [
            "http://hooks.example/",
            "https://hooks.example:8443/",
            "https://hooks.example@evil.example/",
            "https://user@hooks.example/",
            "https://hooks.example.evil.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "file:///etc/passwd",
            "/path",
            "",
        ] {
            assert!(target(wrong, &allowed).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_that_leads_into_the_own_network_is_refused() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "2001:db8::1",
        ];
        for address in private {
            let one = [address.parse().unwrap()];
            assert!(matches!(reachable("hooks.example", &one), Err(TargetError::Private { .. })), "{address}");
        }
        let public: Vec<IpAddr> = ["93.184.216.34", "2606:2800:220:1::1"].map(|a| a.parse().unwrap()).to_vec();
        assert_eq!(reachable("hooks.example", &public), Ok(()));
        let mixed = [public[0], IpAddr::from([10, 0, 0, 1])];
        assert!(reachable("hooks.example", &mixed).is_err(), "one of them is enough");
        assert!(reachable("hooks.example", &[]).is_err());
    }
}
