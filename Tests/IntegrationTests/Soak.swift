import Glibc

/// Sizes: small ones in `make test`, those of the long run with ROOST_SOAK=1.
enum Soak {
    static let isOn = getenv("ROOST_SOAK").map { String(cString: $0) } == "1"
    static func size(_ small: Int, soak: Int) -> Int { isOn ? soak : small }
}
