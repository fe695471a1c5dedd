/// Where a listener is bound: a literal IP address and a port. Port 0 lets the kernel choose.
package struct ListenAddress: Sendable, Hashable {
    package var address: IPAddress
    package var port: UInt16

    package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` or `*:8080` (every IPv4 address); nil for anything else.
    package init?(_ text: String) {
        guard let (host, port) = HostAndPort.split(text), let port, let address = IPAddress(Self.literal(host)) else {
            return nil
        }
        self.init(address: address, port: port)
    }

    private static func literal(_ host: String) -> String {
        switch host {
        case "localhost": "127.0.0.1"
        case "*": "0.0.0.0"
        default: host
        }
    }

    static func fault(in text: String) -> (problem: String, mend: String)? {
        if ListenAddress(text) != nil { return nil }
        guard let (host, port) = HostAndPort.split(text) else {
            return ("\(text.quoted) is not an address", "write HOST:PORT, as 127.0.0.1:8080 or [::1]:8080")
        }
        guard port != nil else { return ("\(text.quoted) has no port", "write HOST:PORT, as 127.0.0.1:8080") }
        return ("\(host.quoted) is not an IP address", "write the address itself, names are not looked up here")
    }

    /// True where binding both would fail: one port, and one address or one that stands for all.
    package func conflicts(with other: ListenAddress) -> Bool {
        port == other.port && port != 0 && address.isVersion6 == other.address.isVersion6
            && (address == other.address || address.isUnspecified || other.address.isUnspecified)
    }
}

extension ListenAddress: CustomStringConvertible {
    /// `127.0.0.1:8080` or `[::1]:8080`.
    package var description: String { address.isVersion6 ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// `HOST:PORT` taken apart.
enum HostAndPort {
    /// Host (brackets removed) and port; nil when `text` is neither `HOST:PORT` nor `HOST`.
    static func split(_ text: String) -> (host: String, port: UInt16?)? {
        var host = Substring(text)
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            guard IPAddress(String(host))?.isVersion6 == true else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            guard !host.contains(":") else { return nil }
        }
        guard !host.isEmpty else { return nil }
        guard let port else { return (String(host), nil) }
        guard port.utf8.count <= 5, port.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt16(port) else {
            return nil
        }
        return (String(host), number)
    }
}
