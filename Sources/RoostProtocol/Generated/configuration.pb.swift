// swift-format-ignore-file
// Generated from Schema/configuration.proto by Schema/generate. Do not edit.

/// What the configuration helper hands to the supervisor. Times are nanoseconds, sizes bytes.
package struct ConfigurationBundle: ProtobufMessage {
    /// The layout of `checked`; a reader takes only the one that it was built with.
    package var format: UInt32 = 0
    /// Every fault and warning. With one error among them `checked` is absent.
    package var diagnostics: [Diagnostic] = []
    /// The files as they were read, for the history. The first is roost.yaml; the others are named relative to it.
    package var files: [SourceFile] = []
    /// The validated configuration.
    package var checked: CheckedConfiguration?
    /// SHA-256 over the files and the environment variables that override keys: equal when nothing has changed.
    package var digest: [UInt8] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: format = try reader.uint32(field)
        case 2: try reader.message(field, into: &diagnostics)
        case 3: try reader.message(field, into: &files)
        case 4: try reader.message(field, into: &checked)
        case 5: digest = try reader.bytes(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint32(format, at: 1)
        for value in diagnostics { writer.message(value, at: 2) }
        for value in files { writer.message(value, at: 3) }
        if let checked { writer.message(checked, at: 4) }
        writer.bytes(digest, at: 5)
    }
}

/// `FILE:LINE:COLUMN: KEY: message; mend`
package struct Diagnostic: ProtobufMessage {
    package var file: String = ""
    /// From 1; 0: not about a place.
    package var line: UInt32 = 0
    package var column: UInt32 = 0
    package var key: String = ""
    package var message: String = ""
    package var mend: String = ""
    package var severity: Diagnostic.Severity = Diagnostic.Severity(rawValue: 0)

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: file = try reader.string(field)
        case 2: line = try reader.uint32(field)
        case 3: column = try reader.uint32(field)
        case 4: key = try reader.string(field)
        case 5: message = try reader.string(field)
        case 6: mend = try reader.string(field)
        case 7: severity = try reader.enumeration(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(file, at: 1)
        writer.uint32(line, at: 2)
        writer.uint32(column, at: 3)
        writer.string(key, at: 4)
        writer.string(message, at: 5)
        writer.string(mend, at: 6)
        writer.enumeration(severity, at: 7)
    }

    package enum Severity: ProtobufEnum {
        case unspecified
        case error
        case warning
        /// A number that this build does not know.
        case unrecognized(Int32)

        package init(rawValue: Int32) {
            switch rawValue {
            case 0: self = .unspecified
            case 1: self = .error
            case 2: self = .warning
            default: self = .unrecognized(rawValue)
            }
        }

        package var rawValue: Int32 {
            switch self {
            case .unspecified: 0
            case .error: 1
            case .warning: 2
            case .unrecognized(let rawValue): rawValue
            }
        }
    }
}

package struct SourceFile: ProtobufMessage {
    package var path: String = ""
    package var content: [UInt8] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: path = try reader.string(field)
        case 2: content = try reader.bytes(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(path, at: 1)
        writer.bytes(content, at: 2)
    }
}

package struct CheckedConfiguration: ProtobufMessage {
    package var supervisor: CheckedSupervisor?
    package var limits: CheckedLimits?
    /// In the order of the file, which is that of rest_for_one.
    package var workers: [CheckedWorker] = []
    /// What a worker is told of the configuration; opaque to the supervisor. A worker without one gets nothing.
    package var sections: [CheckedSection] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &supervisor)
        case 2: try reader.message(field, into: &limits)
        case 3: try reader.message(field, into: &workers)
        case 4: try reader.message(field, into: &sections)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        if let supervisor { writer.message(supervisor, at: 1) }
        if let limits { writer.message(limits, at: 2) }
        for value in workers { writer.message(value, at: 3) }
        for value in sections { writer.message(value, at: 4) }
    }
}

package struct CheckedSection: ProtobufMessage {
    /// The worker's name.
    package var name: String = ""
    /// A message of the worker's own; for the proxy a CheckedProxySection.
    package var content: [UInt8] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: content = try reader.bytes(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.bytes(content, at: 2)
    }
}

package struct CheckedSupervisor: ProtobufMessage {
    package var lease: UInt64 = 0
    package var shutdownTimeout: UInt64 = 0
    package var concurrentStarts: UInt32 = 0
    package var spawnRate: UInt32 = 0
    package var spawnBurst: UInt32 = 0
    /// Groups of the control socket; the number is absent where the machine has no such group.
    package var observeGroup: CheckedGroup?
    package var operateGroup: CheckedGroup?
    package var adminGroup: CheckedGroup?
    package var controlConnections: UInt32 = 0
    /// As in roost.yaml: trace, debug, info, notice, warning, error.
    package var logLevel: String = ""
    /// auto, human, json, journal.
    package var logFormat: String = ""
    package var logRing: UInt64 = 0
    package var eventRing: UInt32 = 0
    package var historyGenerations: UInt32 = 0
    package var checkTimeout: UInt64 = 0
    package var prepareTimeout: UInt64 = 0
    package var commitTimeout: UInt64 = 0
    package var watch: Bool = false
    package var watchDebounce: UInt64 = 0
    package var recordSize: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: lease = try reader.uint64(field)
        case 2: shutdownTimeout = try reader.uint64(field)
        case 3: concurrentStarts = try reader.uint32(field)
        case 4: spawnRate = try reader.uint32(field)
        case 5: spawnBurst = try reader.uint32(field)
        case 6: try reader.message(field, into: &observeGroup)
        case 7: try reader.message(field, into: &operateGroup)
        case 8: try reader.message(field, into: &adminGroup)
        case 9: controlConnections = try reader.uint32(field)
        case 10: logLevel = try reader.string(field)
        case 11: logFormat = try reader.string(field)
        case 12: logRing = try reader.uint64(field)
        case 13: eventRing = try reader.uint32(field)
        case 14: historyGenerations = try reader.uint32(field)
        case 15: checkTimeout = try reader.uint64(field)
        case 16: prepareTimeout = try reader.uint64(field)
        case 17: commitTimeout = try reader.uint64(field)
        case 18: watch = try reader.bool(field)
        case 19: watchDebounce = try reader.uint64(field)
        case 20: recordSize = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(lease, at: 1)
        writer.uint64(shutdownTimeout, at: 2)
        writer.uint32(concurrentStarts, at: 3)
        writer.uint32(spawnRate, at: 4)
        writer.uint32(spawnBurst, at: 5)
        if let observeGroup { writer.message(observeGroup, at: 6) }
        if let operateGroup { writer.message(operateGroup, at: 7) }
        if let adminGroup { writer.message(adminGroup, at: 8) }
        writer.uint32(controlConnections, at: 9)
        writer.string(logLevel, at: 10)
        writer.string(logFormat, at: 11)
        writer.uint64(logRing, at: 12)
        writer.uint32(eventRing, at: 13)
        writer.uint32(historyGenerations, at: 14)
        writer.uint64(checkTimeout, at: 15)
        writer.uint64(prepareTimeout, at: 16)
        writer.uint64(commitTimeout, at: 17)
        writer.bool(watch, at: 18)
        writer.uint64(watchDebounce, at: 19)
        writer.uint64(recordSize, at: 20)
    }
}

package struct CheckedGroup: ProtobufMessage {
    package var name: String = ""
    package var id: UInt32?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: id = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        if let id { writer.uint32(id, at: 2, always: true) }
    }
}

package struct CheckedLimits: ProtobufMessage {
    package var frame: UInt64 = 0
    package var sendQueue: UInt64 = 0
    package var logLine: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: frame = try reader.uint64(field)
        case 2: sendQueue = try reader.uint64(field)
        case 3: logLine = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(frame, at: 1)
        writer.uint64(sendQueue, at: 2)
        writer.uint64(logLine, at: 3)
    }
}

package struct CheckedWorker: ProtobufMessage {
    package var name: String = ""
    /// A plain program with its arguments; empty for a worker.
    package var command: [String] = []
    /// The worker's program; empty: roost-NAME beside roostd.
    package var executable: String = ""
    /// Absolute; empty: that of roostd.
    package var directory: String = ""
    package var instances: UInt32 = 0
    /// permanent, transient, temporary.
    package var restart: String = ""
    /// one_for_one, rest_for_one, one_for_all.
    package var strategy: String = ""
    package var strategyGroup: String = ""
    package var intensityRestarts: UInt32 = 0
    package var intensityPeriod: UInt64 = 0
    /// quarantine, escalate.
    package var intensityThen: String = ""
    package var backoffBase: UInt64 = 0
    package var backoffMax: UInt64 = 0
    package var healthyAfter: UInt64 = 0
    /// Both 0 for a plain program.
    package var heartbeatInterval: UInt64 = 0
    package var heartbeatDeadline: UInt64 = 0
    package var startTimeout: UInt64 = 0
    package var drain: UInt64 = 0
    package var stopTimeout: UInt64 = 0
    package var memorySoft: UInt64?
    package var memoryHard: UInt64?
    package var after: [String] = []
    /// Absent: the user and groups of roostd.
    package var account: CheckedAccount?
    package var environmentPass: [String] = []
    package var environmentSet: [CheckedVariable] = []
    package var nice: Int64 = 0
    package var oomScoreAdjust: Int64 = 0
    package var limits: CheckedResourceLimits?
    package var listeners: [CheckedListener] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: command.append(try reader.string(field))
        case 3: executable = try reader.string(field)
        case 4: directory = try reader.string(field)
        case 5: instances = try reader.uint32(field)
        case 6: restart = try reader.string(field)
        case 7: strategy = try reader.string(field)
        case 8: strategyGroup = try reader.string(field)
        case 9: intensityRestarts = try reader.uint32(field)
        case 10: intensityPeriod = try reader.uint64(field)
        case 11: intensityThen = try reader.string(field)
        case 12: backoffBase = try reader.uint64(field)
        case 13: backoffMax = try reader.uint64(field)
        case 14: healthyAfter = try reader.uint64(field)
        case 15: heartbeatInterval = try reader.uint64(field)
        case 16: heartbeatDeadline = try reader.uint64(field)
        case 17: startTimeout = try reader.uint64(field)
        case 18: drain = try reader.uint64(field)
        case 19: stopTimeout = try reader.uint64(field)
        case 20: memorySoft = try reader.uint64(field)
        case 21: memoryHard = try reader.uint64(field)
        case 22: after.append(try reader.string(field))
        case 23: try reader.message(field, into: &account)
        case 24: environmentPass.append(try reader.string(field))
        case 25: try reader.message(field, into: &environmentSet)
        case 26: nice = try reader.sint64(field)
        case 27: oomScoreAdjust = try reader.sint64(field)
        case 28: try reader.message(field, into: &limits)
        case 29: try reader.message(field, into: &listeners)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        for value in command { writer.string(value, at: 2, always: true) }
        writer.string(executable, at: 3)
        writer.string(directory, at: 4)
        writer.uint32(instances, at: 5)
        writer.string(restart, at: 6)
        writer.string(strategy, at: 7)
        writer.string(strategyGroup, at: 8)
        writer.uint32(intensityRestarts, at: 9)
        writer.uint64(intensityPeriod, at: 10)
        writer.string(intensityThen, at: 11)
        writer.uint64(backoffBase, at: 12)
        writer.uint64(backoffMax, at: 13)
        writer.uint64(healthyAfter, at: 14)
        writer.uint64(heartbeatInterval, at: 15)
        writer.uint64(heartbeatDeadline, at: 16)
        writer.uint64(startTimeout, at: 17)
        writer.uint64(drain, at: 18)
        writer.uint64(stopTimeout, at: 19)
        if let memorySoft { writer.uint64(memorySoft, at: 20, always: true) }
        if let memoryHard { writer.uint64(memoryHard, at: 21, always: true) }
        for value in after { writer.string(value, at: 22, always: true) }
        if let account { writer.message(account, at: 23) }
        for value in environmentPass { writer.string(value, at: 24, always: true) }
        for value in environmentSet { writer.message(value, at: 25) }
        writer.sint64(nice, at: 26)
        writer.sint64(oomScoreAdjust, at: 27)
        if let limits { writer.message(limits, at: 28) }
        for value in listeners { writer.message(value, at: 29) }
    }
}

package struct CheckedAccount: ProtobufMessage {
    package var userId: UInt32 = 0
    package var groupId: UInt32 = 0
    /// All groups of the user, group_id included.
    package var groups: [UInt32] = []
    package var name: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: userId = try reader.uint32(field)
        case 2: groupId = try reader.uint32(field)
        case 3: try reader.repeated(field, of: .varint, into: &groups) { (reader, field) throws(ProtobufError) in try reader.uint32(field) }
        case 4: name = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint32(userId, at: 1)
        writer.uint32(groupId, at: 2)
        writer.packed(groups, at: 3) { $0.varint(UInt64($1)) }
        writer.string(name, at: 4)
    }
}

package struct CheckedVariable: ProtobufMessage {
    package var name: String = ""
    package var value: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: value = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.string(value, at: 2)
    }
}

package struct CheckedResourceLimits: ProtobufMessage {
    package var openFiles: UInt64?
    package var processes: UInt64?
    package var core: UInt64?
    package var fileSize: UInt64?
    package var addressSpace: UInt64?
    package var stack: UInt64?
    package var lockedMemory: UInt64?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: openFiles = try reader.uint64(field)
        case 2: processes = try reader.uint64(field)
        case 3: core = try reader.uint64(field)
        case 4: fileSize = try reader.uint64(field)
        case 5: addressSpace = try reader.uint64(field)
        case 6: stack = try reader.uint64(field)
        case 7: lockedMemory = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        if let openFiles { writer.uint64(openFiles, at: 1, always: true) }
        if let processes { writer.uint64(processes, at: 2, always: true) }
        if let core { writer.uint64(core, at: 3, always: true) }
        if let fileSize { writer.uint64(fileSize, at: 4, always: true) }
        if let addressSpace { writer.uint64(addressSpace, at: 5, always: true) }
        if let stack { writer.uint64(stack, at: 6, always: true) }
        if let lockedMemory { writer.uint64(lockedMemory, at: 7, always: true) }
    }
}

package struct CheckedListener: ProtobufMessage {
    /// As in LISTEN_FDNAMES: the key of the configuration, such as "proxy.listen". Several may have one name.
    package var name: String = ""
    /// 4 or 16 bytes.
    package var address: [UInt8] = []
    package var port: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: address = try reader.bytes(field)
        case 3: port = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.bytes(address, at: 2)
        writer.uint32(port, at: 3)
    }
}

package struct CheckedProxySection: ProtobufMessage {
    package var settings: CheckedProxySettings?
    /// By name; the worker orders them.
    package var rules: [CheckedRule] = []
    package var limits: CheckedLimits?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &settings)
        case 2: try reader.message(field, into: &rules)
        case 3: try reader.message(field, into: &limits)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        if let settings { writer.message(settings, at: 1) }
        for value in rules { writer.message(value, at: 2) }
        if let limits { writer.message(limits, at: 3) }
    }
}

package struct CheckedProxySettings: ProtobufMessage {
    package var connections: UInt32 = 0
    package var headBytes: UInt64 = 0
    package var fields: UInt32 = 0
    /// 0: any.
    package var bodyBytes: UInt64 = 0
    /// Path and query of a request.
    package var targetBytes: UInt64 = 0
    package var headTimeout: UInt64 = 0
    package var bodyTimeout: UInt64 = 0
    package var idleTimeout: UInt64 = 0
    package var upstreamIdleConnections: UInt32 = 0
    package var upstreamIdleTimeout: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: connections = try reader.uint32(field)
        case 2: headBytes = try reader.uint64(field)
        case 3: fields = try reader.uint32(field)
        case 4: bodyBytes = try reader.uint64(field)
        case 5: targetBytes = try reader.uint64(field)
        case 6: headTimeout = try reader.uint64(field)
        case 7: bodyTimeout = try reader.uint64(field)
        case 8: idleTimeout = try reader.uint64(field)
        case 9: upstreamIdleConnections = try reader.uint32(field)
        case 10: upstreamIdleTimeout = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint32(connections, at: 1)
        writer.uint64(headBytes, at: 2)
        writer.uint32(fields, at: 3)
        writer.uint64(bodyBytes, at: 4)
        writer.uint64(targetBytes, at: 5)
        writer.uint64(headTimeout, at: 6)
        writer.uint64(bodyTimeout, at: 7)
        writer.uint64(idleTimeout, at: 8)
        writer.uint32(upstreamIdleConnections, at: 9)
        writer.uint64(upstreamIdleTimeout, at: 10)
    }
}

package struct CheckedRule: ProtobufMessage {
    package var name: String = ""
    package var priority: Int64 = 0
    /// Empty: every host.
    package var hosts: [CheckedHost] = []
    /// At most one of the two; neither: every path.
    package var pathPrefix: String?
    package var pathExact: String?
    /// Empty: every method.
    package var methods: [String] = []
    /// Either backends or a content source.
    package var backends: [CheckedBackend] = []
    /// round_robin.
    package var balance: String = ""
    package var connectTimeout: UInt64 = 0
    package var responseTimeout: UInt64 = 0
    package var idleTimeout: UInt64 = 0
    /// welcome.
    package var contentSource: String = ""
    package var stripPrefix: String?
    package var addPrefix: String?
    /// The Host field is the backend's own.
    package var sendsBackendHost: Bool = false

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: priority = try reader.sint64(field)
        case 3: try reader.message(field, into: &hosts)
        case 4: pathPrefix = try reader.string(field)
        case 5: pathExact = try reader.string(field)
        case 6: methods.append(try reader.string(field))
        case 7: try reader.message(field, into: &backends)
        case 8: balance = try reader.string(field)
        case 9: connectTimeout = try reader.uint64(field)
        case 10: responseTimeout = try reader.uint64(field)
        case 11: idleTimeout = try reader.uint64(field)
        case 12: contentSource = try reader.string(field)
        case 13: stripPrefix = try reader.string(field)
        case 14: addPrefix = try reader.string(field)
        case 15: sendsBackendHost = try reader.bool(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.sint64(priority, at: 2)
        for value in hosts { writer.message(value, at: 3) }
        if let pathPrefix { writer.string(pathPrefix, at: 4, always: true) }
        if let pathExact { writer.string(pathExact, at: 5, always: true) }
        for value in methods { writer.string(value, at: 6, always: true) }
        for value in backends { writer.message(value, at: 7) }
        writer.string(balance, at: 8)
        writer.uint64(connectTimeout, at: 9)
        writer.uint64(responseTimeout, at: 10)
        writer.uint64(idleTimeout, at: 11)
        writer.string(contentSource, at: 12)
        if let stripPrefix { writer.string(stripPrefix, at: 13, always: true) }
        if let addPrefix { writer.string(addPrefix, at: 14, always: true) }
        writer.bool(sendsBackendHost, at: 15)
    }
}

package struct CheckedHost: ProtobufMessage {
    package var name: String = ""
    package var subdomains: Bool = false

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: subdomains = try reader.bool(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.bool(subdomains, at: 2)
    }
}

package struct CheckedBackend: ProtobufMessage {
    package var host: String = ""
    package var port: UInt32 = 0
    package var weight: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: host = try reader.string(field)
        case 2: port = try reader.uint32(field)
        case 3: weight = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(host, at: 1)
        writer.uint32(port, at: 2)
        writer.uint32(weight, at: 3)
    }
}
