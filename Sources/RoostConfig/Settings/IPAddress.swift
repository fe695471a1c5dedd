import Glibc

/// A literal IP address: 4 or 16 bytes in network order.
package struct IPAddress: Sendable, Hashable {
    package let bytes: [UInt8]

    /// True for IPv6.
    package var isVersion6: Bool { bytes.count == 16 }
    /// True for `0.0.0.0` and `::`, which stand for every address of the machine.
    package var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// The address that `text` spells as inet_pton(3) reads it (no brackets, no zone), or nil.
    package init?(_ text: String) {
        guard text.utf8.count <= 64, !text.utf8.contains(0) else { return nil }
        var version4 = [UInt8](repeating: 0, count: 4)
        var version6 = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &version4) == 1 {
            bytes = version4
        } else if inet_pton(AF_INET6, text, &version6) == 1 {
            bytes = version6
        } else {
            return nil
        }
    }

    /// The address of 4 or 16 bytes; nil for any other count.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical form, without brackets.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(isVersion6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
