import Glibc

/// `RUNTIME/state` as bytes: what an older version has left (Tests/Fixtures/state), and what a newer one might. Written
/// from the layout in `StateFile`, not with its code.
package struct SavedStateBytes {
    private static let header = 4096
    private static let slotSize = 1 << 20

    package var image: [UInt8]

    /// The versions that have left a state here.
    package static var versions: [String] { Scratch.names(in: folder).filter { $0 != "generate" } }
    private static var folder: String { Program.package + "/Tests/Fixtures/state" }

    /// A whole file as it was left.
    package init(image: [UInt8]) throws {
        self.image = image
        guard image.count == Self.header + 2 * Self.slotSize else { throw TestFailure("\(image.count) bytes of state") }
    }

    /// What a version has left, as if it had been in this boot.
    package init(version: String) throws {
        let kept = Scratch.read("\(Self.folder)/\(version)/state") ?? []
        guard kept.count > Self.header + 24 else { throw TestFailure("no state of \(version)") }
        image = kept[..<Self.header] + [UInt8](repeating: 0, count: 2 * Self.slotSize)
        image.replaceSubrange(slot..<slot + kept.count - Self.header, with: kept[Self.header...])
        let boot = Scratch.text("/proc/sys/kernel/random/boot_id").utf8.prefix(36)
        image.replaceSubrange(16..<16 + boot.count, with: boot)
    }

    package static func configuration(version: String) throws -> [UInt8] {
        guard let bytes = Scratch.read("\(folder)/\(version)/configuration") else {
            throw TestFailure("no configuration of \(version)")
        }
        return bytes
    }

    /// The committed message.
    package var message: [UInt8] {
        get { Array(image[(slot + 24)...].prefix(Int(number(at: slot + 8)))) }
        set {
            put(UInt64(newValue.count), at: slot + 8)
            put(newValue.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }, at: slot + 16)
            image.replaceSubrange(slot + 24..<slot + 24 + newValue.count, with: newValue)
        }
    }

    /// The format of the writer; the lowest of a reader stays.
    package mutating func setFormat(_ format: UInt8) { image[8] = format }

    private var slot: Int { Self.header + Int(number(at: 64) & 1) * Self.slotSize }

    private func number(at offset: Int) -> UInt64 {
        image[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func put(_ number: UInt64, at offset: Int) {
        for index in 0..<8 { image[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(index))) }
    }
}

/// Which fields of a message hold messages, and what they hold.
package indirect enum MessageShape {
    case fields([UInt64: MessageShape])
    package static let leaf = MessageShape.fields([:])
}

extension [UInt8] {
    /// The message as a later version might write it: in it, and in every message within it, a field of every wire type
    /// that nobody knows here.
    package func withUnknownFields(_ shape: MessageShape) -> [UInt8] {
        guard case .fields(let nested) = shape else { return self }
        var result: [UInt8] = []
        var rest = self[...]
        while let tag = rest.takeVarint() {
            result.appendVarint(tag)
            switch tag & 7 {
            case 0: result.appendVarint(rest.takeVarint() ?? 0)
            case 1: result += rest.take(8)
            case 5: result += rest.take(4)
            default:
                var content = rest.take(Int(rest.takeVarint() ?? 0))
                if let inner = nested[tag >> 3] { content = content.withUnknownFields(inner) }
                result.appendVarint(UInt64(content.count))
                result += content
            }
        }
        result.appendVarint(1000 << 3 | 0)
        result.appendVarint(.max)
        result.appendVarint(1001 << 3 | 1)
        result += [1, 2, 3, 4, 5, 6, 7, 8]
        result.appendVarint(1002 << 3 | 2)
        result += [3, 0xFF, 0x00, 0xFE]
        result.appendVarint(1003 << 3 | 5)
        result += [1, 2, 3, 4]
        return result
    }

    fileprivate mutating func appendVarint(_ value: UInt64) {
        var value = value
        while value > 0x7F {
            append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        append(UInt8(value))
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func takeVarint() -> UInt64? {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard let byte = popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << (7 * UInt64(index))
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    fileprivate mutating func take(_ count: Int) -> [UInt8] {
        defer { self = dropFirst(count) }
        return Array(prefix(count))
    }
}

extension MessageShape {
    /// `SavedState` of state.proto.
    package static let savedState: MessageShape = {
        let process = leaf
        let input = leaf
        let cause = MessageShape.fields([3: leaf, 4: input])
        let entry = MessageShape.fields([10: cause, 11: .fields([2: input])])
        let roll = MessageShape.fields([2: process, 3: leaf])
        let instance = MessageShape.fields([
            3: leaf, 11: leaf, 15: leaf, 16: process, 17: roll, 18: entry, 19: entry,
        ])
        return .fields([6: leaf, 7: instance, 20: process])
    }()

    /// `ConfigurationBundle` of configuration.proto, as far as a later version of the same layout may add to it.
    package static let configuration = MessageShape.fields([
        2: leaf, 3: leaf, 4: .fields([1: leaf, 2: leaf, 3: leaf, 4: leaf]),
    ])
}
