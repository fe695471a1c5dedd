/// What a plain program says of itself by sd_notify(3): assignments, one a line, in one datagram.
///
/// Looked at are `READY=1`, `STATUS=`, and `FDSTORE=1` with `FDNAME=`; everything else that the protocol has (`STOPPING=1`, `WATCHDOG=1`, …) is
/// allowed and does nothing, as is what makes no sense.
package struct ProgramNotification: Sendable, Equatable {
    /// Longer datagrams are ignored.
    package static let longest = 4096
    /// Characters of a status that are kept.
    static let longestStatus = 256

    package var isReady = false
    /// One line of text; empty takes the last one back.
    package var status: String?
    /// Of a descriptor that comes with it to be kept.
    package var descriptorName: String?

    /// Reads a datagram; any bytes are one.
    package init(_ datagram: some Collection<UInt8>) {
        guard datagram.count <= Self.longest else { return }
        var isStore = false
        for line in datagram.split(separator: UInt8(ascii: "\n")) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = line[line.index(after: equals)...]
            switch String(decoding: line[..<equals], as: UTF8.self) {
            case "READY": isReady = isReady || value.elementsEqual([UInt8(ascii: "1")])
            case "STATUS": status = Self.line(value)
            case "FDSTORE": isStore = value.elementsEqual([UInt8(ascii: "1")])
            case "FDNAME": descriptorName = Self.line(value)
            default: break
            }
        }
        if !isStore { descriptorName = nil }
    }

    /// What is no UTF-8, and what would command a terminal, is replaced.
    private static func line(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self).prefix(longestStatus)
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 })
        )
    }
}
