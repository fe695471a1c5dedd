/// Which boot of the machine an entry is of: instants of the monotonic clock compare within one only.
package struct RecordedBoot: Sendable, Hashable {
    /// 16, or none where the kernel does not say.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes.count == 16 ? bytes : [] }

    /// Of the running kernel (random(4), `boot_id`).
    package static func current() -> RecordedBoot {
        RecordedBoot(text: ProcFile.read("/proc/sys/kernel/random/boot_id") ?? [])
    }

    /// From a UUID, with or without its hyphens.
    package init(text: [UInt8]) {
        let digits = text.compactMap { Character(Unicode.Scalar($0)).hexDigitValue.map(UInt8.init(clamping:)) }
        self.init(bytes: stride(from: 1, to: digits.count, by: 2).map { digits[$0 - 1] << 4 | digits[$0] })
    }
}
