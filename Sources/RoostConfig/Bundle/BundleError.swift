package import RoostProtocol

/// Why bytes are not a checked configuration. Only a helper of another version, or a broken one, writes such bytes.
package enum BundleError: Error, Equatable {
    /// The bytes are no message.
    case malformed(ProtobufError)
    /// Another version's layout.
    case format(UInt32, expected: UInt32)
    /// A part is missing.
    case missing(String)
    /// A value is outside of what the schema allows.
    case invalid(String)
}
