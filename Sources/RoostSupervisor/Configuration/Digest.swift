import RoostProtocol

/// Tells configurations apart: FNV-1a of 64 bits over names and contents. No protection against forgery; equality is
/// decided on the contents.
enum Digest {
    static func of(_ files: [SourceFile]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        for file in files {
            add(file.path.utf8)
            add(CollectionOfOne(0))
            add(file.content)
            add(CollectionOfOne(0))
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
