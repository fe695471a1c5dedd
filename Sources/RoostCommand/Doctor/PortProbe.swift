import Glibc
import RoostJSON

/// Whether an address could be bound.
enum PortProbe {
    /// The positive errno of bind(2), nil if it works or cannot be tried. Nothing listens meanwhile, so that no caller
    /// is accepted and lost.
    static func problem(_ address: String) -> Int32? {
        guard let colon = address.lastIndex(of: ":") else { return nil }
        let host = address[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let port = String(address[address.index(after: colon)...])
        guard getaddrinfo(host == "*" || host.isEmpty ? nil : String(host), port, &hints, &found) == 0, let found
        else { return nil }
        defer { freeaddrinfo(found) }
        let kind = found.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(found.pointee.ai_family, kind, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // As roostd binds: connections of a server that has ended do not matter.
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) != 0 else { return nil }
        return errno
    }
}

/// The addresses in what `roost-config show --json` prints: `{"proxy.listen": {"value": "[127.0.0.1:8080]", …}, …}`.
enum ConfiguredListeners {
    static func of(_ settings: JSONValue) -> [(key: String, address: String)] {
        (settings.objectValue?.members ?? []).filter { $0.key.hasSuffix(".listen") }.flatMap { member in
            let list = member.value["value"]?.stringValue ?? ""
            let bare = list.hasPrefix("[") && list.hasSuffix("]") ? String(list.dropFirst().dropLast()) : list
            return bare.split(separator: ",").map { part in
                (member.key, String(part.drop { $0 == " " }))
            }
        }
    }
}
