/// The address of a backend: `http://HOST[:PORT]`.
package struct BackendURL: Sendable, Hashable {
    /// A name in small letters or a literal address without brackets.
    package var host: String
    package var port: UInt16

    /// Reads a URL; nil when it is no URL of a backend.
    package init?(_ text: String) {
        guard Self.fault(in: text) == nil, let (host, port) = HostAndPort.split(Self.authority(of: text)) else {
            return nil
        }
        self.host = host.lowercased()
        self.port = port ?? 80
    }

    /// The literal address of the host, nil where it is a name.
    package var address: IPAddress? { host == "localhost" ? IPAddress("127.0.0.1") : IPAddress(host) }

    private static func authority(of text: String) -> String {
        let rest = text.dropFirst(scheme.count)
        return String(rest.hasSuffix("/") ? rest.dropLast() : rest)
    }

    private static let scheme = "http://"

    static func fault(in text: String) -> (problem: String, mend: String)? {
        if text.hasPrefix("https://") {
            return ("\(text.quoted) wants TLS, which is not available in this version", "use http://")
        }
        guard text.hasPrefix(scheme) else { return ("\(text.quoted) is not a URL", "write http://HOST:PORT") }
        let authority = authority(of: text)
        if authority.contains("@") { return ("\(text.quoted) holds a user name", "remove it, backends get none") }
        if authority.contains(where: { "/?#".contains($0) }) {
            return ("\(text.quoted) has a path", "write http://HOST:PORT only")
        }
        guard let (host, port) = HostAndPort.split(authority), port != 0,
            IPAddress(host) != nil || (!host.hasPrefix("*") && HostPattern.fault(in: host) == nil)
        else {
            return ("\(text.quoted) has no usable host and port", "write http://HOST:PORT, as http://127.0.0.1:9001")
        }
        return nil
    }
}

extension BackendURL: CustomStringConvertible {
    /// The normal form, with its port: `http://127.0.0.1:9001`.
    package var description: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
