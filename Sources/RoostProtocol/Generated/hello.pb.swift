// swift-format-ignore-file
// Generated from Schema/hello.proto by Schema/generate. Do not edit.

/// Who dials.
package enum Role: ProtobufEnum {
    case unspecified
    /// A worker's instance, to its supervisor.
    case worker
    /// A command or another program, to a socket of the supervisor or a worker.
    case client
    case supervisor
    /// A worker, to another worker.
    case peer
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .worker
        case 2: self = .client
        case 3: self = .supervisor
        case 4: self = .peer
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .worker: 1
        case .client: 2
        case .supervisor: 3
        case .peer: 4
        case .unrecognized(let rawValue): rawValue
        }
    }
}

/// The first frame of the side that dialled.
package struct Hello: ProtobufMessage {
    /// The lowest and highest protocol version that the dialler speaks.
    package var minVersion: UInt32 = 0
    package var maxVersion: UInt32 = 0
    package var role: Role = Role(rawValue: 0)
    /// Of a worker its name, such as "proxy"; of a client the program's.
    package var name: String = ""
    /// Of a worker its number, from 0.
    package var instance: UInt32 = 0
    package var pid: Int32 = 0
    package var executableVersion: String = ""
    /// The configuration generation that a worker runs with; 0 none yet.
    package var generation: UInt64 = 0
    /// Bytes of a frame behind its length field that this side accepts; 0: 1 MiB.
    package var maxFrameLength: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: minVersion = try reader.uint32(field)
        case 2: maxVersion = try reader.uint32(field)
        case 3: role = try reader.enumeration(field)
        case 4: name = try reader.string(field)
        case 5: instance = try reader.uint32(field)
        case 6: pid = try reader.int32(field)
        case 7: executableVersion = try reader.string(field)
        case 8: generation = try reader.uint64(field)
        case 9: maxFrameLength = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint32(minVersion, at: 1)
        writer.uint32(maxVersion, at: 2)
        writer.enumeration(role, at: 3)
        writer.string(name, at: 4)
        writer.uint32(instance, at: 5)
        writer.int32(pid, at: 6)
        writer.string(executableVersion, at: 7)
        writer.uint64(generation, at: 8)
        writer.uint32(maxFrameLength, at: 9)
    }
}

/// The first frame of the side that accepted, if it takes the dialler.
package struct Welcome: ProtobufMessage {
    /// The version that is spoken from here on.
    package var version: UInt32 = 0
    /// The accepting process.
    package var name: String = ""
    package var pid: Int32 = 0
    package var executableVersion: String = ""
    /// Bytes of a frame behind its length field that this side accepts; 0: 1 MiB.
    package var maxFrameLength: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: version = try reader.uint32(field)
        case 2: name = try reader.string(field)
        case 3: pid = try reader.int32(field)
        case 4: executableVersion = try reader.string(field)
        case 5: maxFrameLength = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint32(version, at: 1)
        writer.string(name, at: 2)
        writer.int32(pid, at: 3)
        writer.string(executableVersion, at: 4)
        writer.uint32(maxFrameLength, at: 5)
    }
}
